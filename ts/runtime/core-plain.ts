// The core as Node's bundles carry it: both builds as one module, in base64, since files on a disk may be larger when that
// makes them ready sooner.
import core from "../generated/core-plain.ts";
import { decodeBase64 } from "./base64.ts";
import { type CoreSource, compileBytes } from "./core-source.ts";
import { chooseForm } from "./simd-variants.ts";

/** Both builds, out of the JavaScript. */
export const source: CoreSource = {
  compile(simd, twin) {
    const module = decodeBase64(core);
    chooseForm(module, simd);
    return { simd, module: compileBytes(module, twin) };
  },
};
