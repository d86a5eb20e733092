// Makes the module that holds both builds of the core (ts/runtime/simd-variants.ts) from the relaxed build: every multiply-add
// becomes a product and a sum, in opcodes that each build replaces by its own.
import binaryen from "assemblyscript/binaryen";
import { orderFunctions } from "./order.js";

/** The module, from the relaxed build, with only the exports in `names`. */
export function makeTravelForm(relaxed, names) {
  const read = binaryen.readBinary(relaxed);
  read.setFeatures(binaryen.Features.All);
  const exported = Array.from({ length: read.getNumExports() }, (_, i) =>
    binaryen.getExportInfo(read.getExportByIndex(i)),
  );
  for (const { name } of exported) if (!names.includes(name)) read.removeExport(name);
  const { text, count } = splitMultiplyAdds(read.emitText());
  read.dispose();
  const module = binaryen.parseText(orderFunctions(text));
  module.setFeatures(binaryen.Features.All);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  const bytes = module.emitBinary();
  module.dispose();
  return { bytes, count };
}

/** Writes (relaxed_madd a b c) as (relaxed_max (relaxed_min a b) c), and counts them. */
function splitMultiplyAdds(text) {
  const edits = [];
  let count = 0;
  for (const { index, 0: opening, 1: type } of text.matchAll(/\((f32x4|f64x2)\.relaxed_madd\b/g)) {
    let second = text.indexOf("(", index + opening.length);
    second = endOf(text, text.indexOf("(", endOf(text, second)));
    edits.push([index, index + opening.length, `(${type}.relaxed_max (${type}.relaxed_min`], [second, second, ")"]);
    count++;
  }
  edits.sort(([a], [b]) => a - b);
  const parts = [];
  let at = 0;
  for (const [begin, end, replacement] of edits) {
    parts.push(text.slice(at, begin), replacement);
    at = end;
  }
  return { text: [...parts, text.slice(at)].join(""), count };
}

/** The end of the expression that begins at `at`. */
function endOf(text, at) {
  let depth = 0;
  for (let i = at; ; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i + 1;
  }
}
