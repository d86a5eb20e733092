// TensorBoard's event files: TFRecord frames (length, checksum, data, checksum) around protocol buffers of
// tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto, of which it writes scalars and histograms.
// Works on bytes, not files.

/** A figure of a step, or how many numbers lie where. */
export type Summary =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: ArrayLike<number> };

/** The record that an event file begins with. */
export function encodeFileVersion(seconds: number): Uint8Array {
  return frame(event(seconds, 0, field(3, text("brain.Event:2"))));
}

/** A record of figures of one step. */
export function encodeSummaries(seconds: number, step: number, summaries: readonly Summary[]): Uint8Array {
  const values = summaries.map((summary) => {
    const value =
      "scalar" in summary ? tagged(2, 5, float32(summary.scalar)) : field(5, encodeHistogram(summary.histogram));
    return field(1, concatenated([field(1, text(summary.tag)), value]));
  });
  return frame(event(seconds, step, field(5, concatenated(values))));
}

function event(seconds: number, step: number, what: Uint8Array): Uint8Array {
  return concatenated([tagged(1, 1, float64([seconds])), tagged(2, 0, varint(step)), what]);
}

/** Numbers that are not finite are left out. */
function encodeHistogram(numbers: ArrayLike<number>): Uint8Array {
  const values = Float64Array.from(numbers).filter(Number.isFinite).sort();
  const { limits, counts } = bucketsOf(values);
  const sum = values.reduce((a, b) => a + b, 0);
  const squares = values.reduce((a, b) => a + b * b, 0);
  const figures = [values[0] ?? 0, values.at(-1) ?? 0, values.length, sum, squares];
  return concatenated([
    ...figures.map((figure, i) => tagged(i + 1, 1, float64([figure]))),
    field(6, float64(limits)),
    field(7, float64(counts)),
  ]);
}

const BUCKETS = 30;

/** How many of the sorted values lie in each of 30 stretches of equal length, up to and including its limit. */
function bucketsOf(values: Float64Array): { limits: number[]; counts: number[] } {
  if (values.length === 0) return { limits: [], counts: [] };
  const [low, high] = [values[0], values[values.length - 1]];
  if (low === high) return { limits: [low], counts: [values.length] };
  const limits = Array.from({ length: BUCKETS }, (_, i) => low + ((high - low) * (i + 1)) / BUCKETS);
  limits[BUCKETS - 1] = high;
  const counts = new Array<number>(BUCKETS).fill(0);
  let bucket = 0;
  for (const value of values) {
    while (value > limits[bucket]) bucket++;
    counts[bucket]++;
  }
  return { limits, counts };
}

/** A record with its length, and the checksums of both. */
function frame(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return bytes;
}

/** Castagnoli's checksum (RFC 3720), rotated and added to as TFRecord does. */
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A protocol buffer's field: its number and kind, then what it holds. Kinds: 0 varint, 1 64 bits, 2 bytes, 5 32 bits. */
function tagged(number: number, kind: number, held: Uint8Array): Uint8Array {
  return concatenated([varint(number * 8 + kind), held]);
}

/** A field of bytes: text, packed numbers or another message. */
function field(number: number, held: Uint8Array): Uint8Array {
  return tagged(number, 2, concatenated([varint(held.length), held]));
}

/** A whole number of at least 0, seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

function float64(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat64(8 * i, value, true);
  });
  return bytes;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
