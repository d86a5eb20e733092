// The core inside Node's bundles: both builds as one module in base64, not packed, since on a disk a quicker start counts
// more than a smaller file.
import core from "../generated/core-plain.ts";
import { decodeBase64 } from "./base64.ts";
import { type CoreSource, compileBytes } from "./core-source.ts";
import { chooseForm } from "./simd-variants.ts";

/** Both builds, from the JavaScript. */
export const source: CoreSource = {
  compile(simd, twin) {
    const module = decodeBase64(core);
    chooseForm(module, simd);
    return { simd, module: compileBytes(module, twin) };
  },
};
