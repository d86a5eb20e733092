// The core inside the JavaScript: both builds as one packed module. Compiled synchronously, so that the import need not be
// awaited.
import core from "../generated/core.ts";
import { decodeBase64 } from "./base64.ts";
import { type CoreSource, compileBytes } from "./core-source.ts";
import type { Simd } from "./features.ts";
import { chooseForm } from "./simd-variants.ts";
import { unpack } from "./unpack.ts";

/** Both builds, from the JavaScript. */
export const source: CoreSource = {
  compile: (simd, twin) => ({ simd, module: compileBytes(unpackCore(simd), twin) }),
};

/** The bytes of a build. */
export function unpackCore(simd: Simd): Uint8Array<ArrayBuffer> {
  const module = unpack(decodeBase64(core));
  chooseForm(module, simd);
  return module;
}
