// Generates code from the kernels' signatures: the dispatcher that turns a launch into a call
// (assembly/generated/dispatch.ts), the core's entry (assembly/generated/core.ts) and the types of `launch`
// (ts/generated/kernels.ts).
import { readdirSync, readFileSync } from "node:fs";

const notKernels = new Set(["signature.ts", "program.ts"]);
const banner = "// Generated from the kernels' signatures by scripts/generate.js: do not edit.\n";

/** TypeScript's view of a pointer's element type. */
const elementTypes = { f32: '"f32"', i32: '"i32"', u8: '"u8" | "bool"', u32: '"f32" | "i32"' };

/** Every exported function of assembly/*.ts, in the order of file and line. */
export function readKernels(folder) {
  const kernels = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".ts") || notKernels.has(file)) continue;
    const source = readFileSync(`${folder}/${file}`, "utf8");
    for (const match of source.matchAll(/^export function (\w+)\(([^)]*)\): (\w+) \{/gm)) {
      kernels.push({
        file: file.slice(0, -3),
        ...readTags(source.slice(0, match.index)),
        ...parseSignature(`${folder}/${file}`, match),
      });
    }
  }
  const names = kernels.map((kernel) => kernel.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Error(`assembly: every kernel must have a name of its own, got ${twice} twice`);
  return kernels;
}

/**
 * The tags in the comment right before a kernel. `@flops` is followed by an expression in the kernel's parameters: its
 * floating-point operations. `@pack` says that it only rearranges what it reads, for kernels that read it often.
 */
function readTags(before) {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n$/.exec(before)?.[1] ?? "";
  const flops = /@flops ((?:(?!@)[\s\S])*)/
    .exec(comment)?.[1]
    .replace(/\s*\n \*\s*/g, " ")
    .trim();
  return { flops, pack: /@pack\b/.test(comment) };
}

function parseSignature(path, [, name, list, result]) {
  const fail = (what) => {
    throw new Error(`${path}: ${name}: ${what}`);
  };
  const parameters = list
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => {
      const match = /^(\w+): (?:(Out|InOut|In|OptionalIn)(Each)?<(\w+)>|(i32|f32|Scratch|Note))$/.exec(text);
      if (!match)
        fail(`parameter '${text}' must be Out|InOut|In|OptionalIn[Each]<f32|i32|u8|u32>, i32, f32, Scratch or Note`);
      if (match[4] && !(match[4] in elementTypes)) fail(`unknown element type in '${text}'`);
      if (match[5] === "Note") return { name: match[1], access: "Note", element: "i32" };
      return { name: match[1], access: match[2], each: match[3], element: match[4], scalar: match[5] };
    });
  if (result !== "void") fail("a kernel must return void");
  const range = parameters.splice(-2);
  if (range.map((p) => `${p.name}: ${p.scalar}`).join() !== "begin: i32,end: i32") {
    fail("the last parameters must be begin: i32, end: i32");
  }
  return { name, parameters };
}

export function dispatcherSource(kernels) {
  const cases = kernels.map(({ name, parameters }, index) => {
    let offset = 0;
    const call = parameters.map(({ scalar }) => {
      if (scalar === "Scratch") return "scratch";
      const type = scalar ?? "usize";
      const text = `load<${type}>(launch${offset ? `, ${offset}` : ""})`;
      offset += 4;
      return text;
    });
    return `    case ${index}:\n      ${name}(${[...call, "begin", "end"].join(", ")});\n      break;`;
  });
  const files = [...new Set(kernels.map((kernel) => kernel.file))];
  const imports = files.map((file) => {
    const names = kernels.filter((kernel) => kernel.file === file).map((kernel) => kernel.name);
    return `import { ${names.join(", ")} } from "../${file}";`;
  });
  return `${banner}
${imports.join("\n")}

let scratch: usize = 0;

/** Sets the address of this thread's scratch memory. */
export function set_scratch(address: usize): void {
  scratch = address;
}

/** Calls kernel number \`kernel\` with the arguments at \`launch\` over units [begin, end). */
export function dispatch(kernel: i32, launch: usize, begin: i32, end: i32): void {
  switch (kernel) {
${cases.join("\n")}
  }
}
`;
}

/** What is called by name in the core, beside the kernels, which run by launches. */
const machinery = {
  "../program": ["redo", "run", "run_alone", "run_launch", "walk", "work"],
  "./dispatch": ["set_scratch"],
  "../simd/gemm-wide": ["set_wide"],
};

/** The exports that the package's core has; ts/runtime/wide.ts calls the one kernel. */
export const calledByName = [...Object.values(machinery).flat(), "matmul_f32"];

export function coreSource(kernels) {
  const files = [...new Set(kernels.map((kernel) => kernel.file))];
  const exports = Object.entries(machinery).map(([file, names]) => `export { ${names.join(", ")} } from "${file}";`);
  // Exported kernels are never inlined into the dispatcher, where V8 could not optimize them one by one.
  return `${banner}
${files.map((file) => `export * from "../${file}";`).join("\n")}
${exports.join("\n")}
`;
}

export function typesSource(kernels) {
  const letters = { Note: "w", Out: "w", InOut: "u", In: "r", OptionalIn: "r" };
  const types = kernels.map(({ name, parameters }) => {
    const taken = parameters
      .filter((parameter) => parameter.scalar !== "Scratch")
      .map(({ name, access, element, scalar }) => {
        if (scalar) return `${name}: number`;
        return `${name}: Operand<${elementTypes[element]}>${access === "OptionalIn" ? " | undefined" : ""}`;
      });
    return `  ${name}: [${taken.join(", ")}];`;
  });
  const formulas = [];
  const table = kernels.map(({ name, parameters, flops, pack }) => {
    const passed = parameters.filter((parameter) => parameter.scalar !== "Scratch");
    const kinds = passed
      .map(({ access, scalar }) => (access ? letters[access] : scalar === "f32" ? "f" : "i"))
      .join("");
    const each = passed.map(({ each, element }) => (each ? (element === "u8" ? 1 : 4) : 0)).join("");
    const numbers = passed.filter(({ scalar }) => scalar).map((parameter) => parameter.name);
    const formula = flops?.replace(/[a-zA-Z]\w*/g, (word) =>
      numbers.includes(word) ? `n[${numbers.indexOf(word)}]` : word,
    );
    if (formula) formulas.push(`  ${name}: (${/\bunits\b/.test(formula) ? "n, units" : "n"}) => ${formula},`);
    return `${name} ${kinds} ${each.replace(/0+$/, "")}${pack ? " pack" : ""}`.trimEnd();
  });
  return `${banner}
import type { Operand } from "../runtime/operand.ts";

/** What each kernel takes: operands for its pointers, numbers for its sizes and scalars. */
export interface Kernels {
${types.join("\n")}
}

/** What a launch needs of a kernel. */
export interface Kernel {
  /** Its number in the dispatcher. */
  readonly index: number;
  /** A letter per parameter: w written, u updated, r read, i integer, f float. */
  readonly kinds: string;
  /** A digit per parameter: the bytes of the one element that unit i touches there, or 0 where it may touch others. */
  readonly each: string;
  /** Floating-point operations of a launch with these numbers, if the kernel declares them. */
  readonly flops?: (numbers: readonly number[], units: number) => number;
  /** Whether it only rearranges what it reads, for kernels that read it often. */
  readonly pack?: boolean;
}

const flops: { [name: string]: Kernel["flops"] } = {
${formulas.join("\n")}
};

/** A line for each kernel, in the dispatcher's order: name, kinds, each without its last zeros, and \`pack\` where it is one. */
const lines = \`${table.join("\n")}\`;

/** All kernels by name. */
export const kernels: { readonly [K in keyof Kernels]: Kernel } = Object.fromEntries(
  lines.split("\\n").map((line, index) => {
    const [name, kinds, each = "", pack] = line.split(" ");
    return [name, { index, kinds, each: each.padEnd(kinds.length, "0"), flops: flops[name], pack: pack !== undefined }];
  }),
) as { [K in keyof Kernels]: Kernel };
`;
}
