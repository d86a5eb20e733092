// The core as Node's bundles carry it: both builds as they are, in base64, since files on a disk may be larger when that
// makes them ready sooner.
import { relaxed, simd } from "../generated/core-plain.ts";
import { decodeBase64 } from "./base64.ts";
import { type CoreSource, compileBytes } from "./core-source.ts";

const texts = { simd, relaxed };

/** Both builds, out of the JavaScript. */
export const source: CoreSource = {
  compile: (simd, twin) => ({ simd, module: compileBytes(decodeBase64(texts[simd]), twin) }),
};
