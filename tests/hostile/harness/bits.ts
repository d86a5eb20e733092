// Values bit by bit: what a run came to, and where two runs differ.
import type { Dtype } from "../../../ts/tensor/dtype.ts";
import { formatShape } from "../../../ts/tensor/shape.ts";
import type { AnyTensor } from "../../../ts/tensor/tensor.ts";
import { must } from "./family.ts";

/** The values of one tensor as bytes. */
export interface Bits {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A copy of a tensor's bits, with one NaN for all: which one comes of two is the compiler's choice. */
export function bitsOf(name: string, x: AnyTensor): Bits {
  const { buffer, byteOffset, byteLength } = x.data();
  const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
  if (x.dtype === "f32") {
    const floats = new Float32Array(bytes.buffer);
    for (let i = 0; i < floats.length; i++) if (Number.isNaN(floats[i])) floats[i] = Number.NaN;
  }
  return { name, dtype: x.dtype, shape: [...x.shape], bytes };
}

/** The bits of figures, such as losses. */
export function figuresOf(name: string, figures: readonly number[]): Bits {
  const bytes = new Uint8Array(Float64Array.from(figures).buffer);
  return { name: `${name} (${figures})`, dtype: "u8", shape: [bytes.length], bytes };
}

/** Throws unless both runs came to the same bits; `what` names the first. */
export function sameBits(got: readonly Bits[], wanted: readonly Bits[], what: string): void {
  must(got.length === wanted.length, `${what}: there must be ${wanted.length} results, got ${got.length}`);
  for (const [i, want] of wanted.entries()) {
    const have = got[i];
    const kind = ({ name, dtype, shape }: Bits): string => `${name.replace(/ .*/, "")}: ${dtype} ${formatShape(shape)}`;
    must(kind(have) === kind(want), () => `${what}: it must be ${kind(want)}, got ${kind(have)}`);
    if (Buffer.compare(have.bytes, want.bytes) === 0) continue;
    const at = want.bytes.findIndex((byte, place) => have.bytes[place] !== byte);
    throw new Error(
      `${what}: ${want.name} must have the same bits, got ${have.name}, others from ${valueAt(have, at)} on`,
    );
  }
}

function valueAt({ dtype, bytes }: Bits, at: number): string {
  const width = dtype === "f32" || dtype === "i32" ? 4 : 1;
  const place = Math.floor(at / width);
  const four = bytes.slice(place * width, (place + 1) * width);
  const value =
    dtype === "f32" ? new Float32Array(four.buffer)[0] : width === 4 ? new Int32Array(four.buffer)[0] : four[0];
  return `number ${place} (${value})`;
}
