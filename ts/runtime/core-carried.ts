// The core as the JavaScript carries it: the baseline build deflated, the relaxed one as what it differs in. Compiled at
// once, so that nobody has to wait for an import to be ready.
import relaxedCore from "../generated/core-relaxed.ts";
import simdCore from "../generated/core-simd.ts";
import { decodeBase64 } from "./base64.ts";
import { type CoreSource, compileBytes } from "./core-source.ts";
import { applyDelta } from "./delta.ts";
import { builtinModule, type Simd } from "./features.ts";
import { inflate } from "./inflate.ts";

/** Both builds, out of the JavaScript. */
export const source: CoreSource = {
  compile: (simd, twin) => ({ simd, module: compileBytes(unpackCore(simd), twin) }),
};

/** The bytes of a build. The relaxed one is carried as what differs from the other. */
export function unpackCore(simd: Simd): Uint8Array<ArrayBuffer> {
  const baseline = unpack(simdCore);
  return simd === "relaxed" ? applyDelta(baseline, unpack(relaxedCore)) : baseline;
}

/** The bytes of a text; where the runtime can inflate at once, it is faster at it than JavaScript not yet warm. */
function unpack(text: string): Uint8Array<ArrayBuffer> {
  const zlib = builtinModule<typeof import("node:zlib")>("node:zlib");
  const deflated = decodeBase64(text);
  return zlib?.inflateRawSync ? new Uint8Array(zlib.inflateRawSync(deflated)) : inflate(deflated);
}
