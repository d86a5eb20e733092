// The bytes of the core's builds, out of the one module in which they travel.
import core from "../generated/core.ts";
import type { Simd } from "./features.ts";
import { chooseForm } from "./forms.ts";
import { unpack } from "./unpack.ts";

/** The bytes of a build. */
export function unpackCore(simd: Simd): Uint8Array<ArrayBuffer> {
  const module = unpack(decodeBase64(core));
  chooseForm(module, simd);
  return module;
}

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
