// The IDX format of MNIST (http://yann.lecun.com/exdb/mnist): four magic bytes `0 0 type rank`, the length of each axis
// as u32, then the numbers, all big-endian. Everything is checked before anything is allocated.

import { ArrayData } from "../data/array.ts";
import { FormatError } from "../runtime/errors.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";

const MAGIC_BYTES = 4;
const LENGTH_BYTES = 4;

interface IdxType {
  readonly dtype: "u8" | "i32" | "f32";
  readonly bytes: number;
}

/** The types that are read, by their code in the magic number. */
const idxTypes = new Map<number, IdxType>([
  [0x08, { dtype: "u8", bytes: 1 }],
  [0x0c, { dtype: "i32", bytes: 4 }],
  [0x0d, { dtype: "f32", bytes: 4 }],
]);

/** The types of the format that are not read: named, so that the error tells what the file is. */
const otherTypes = new Map([
  [0x09, "i8"],
  [0x0b, "i16"],
  [0x0e, "f64"],
]);

/**
 * Reads the bytes of one IDX file of u8, i32 or f32 numbers. u8 numbers are not copied: they are a view on `bytes`.
 * `source` names the bytes in errors. Throws FormatError unless `bytes` are exactly one whole file.
 */
export function parseIdx(bytes: Uint8Array, source = "idx"): ArrayData<"u8" | "i32" | "f32"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type, shape, begin } = parseHeader(view, source);
  const size = sizeOf(shape);
  const expected = size * type.bytes;
  const present = bytes.length - begin;
  if (present !== expected) {
    const held = `shape ${formatShape(shape)} of ${type.dtype} must be followed by ${expected} bytes`;
    const cause = present < expected ? "the file is cut short" : "something follows the data";
    throw new FormatError(`${source}: ${held}, got ${present} (${cause})`);
  }
  if (type.dtype === "u8") {
    return new ArrayData(new Uint8Array(bytes.buffer, bytes.byteOffset + begin, size), shape, "u8");
  }
  if (type.dtype === "i32") {
    const numbers = new Int32Array(size);
    for (let i = 0; i < size; i++) numbers[i] = view.getInt32(begin + i * type.bytes);
    return new ArrayData(numbers, shape, "i32");
  }
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = view.getFloat32(begin + i * type.bytes);
  return new ArrayData(numbers, shape, "f32");
}

function parseHeader(view: DataView, source: string): { type: IdxType; shape: number[]; begin: number } {
  if (view.byteLength < MAGIC_BYTES) {
    throw new FormatError(`${source}: an IDX file must begin with ${MAGIC_BYTES} magic bytes, got ${view.byteLength}`);
  }
  if (view.getUint16(0) !== 0) {
    const remedy = view.getUint16(0) === 0x1f8b ? " (gzip: decompress the file first)" : "";
    throw new FormatError(`${source}: the first two bytes must be 0x0000, got ${hex(view.getUint16(0), 4)}${remedy}`);
  }
  const code = view.getUint8(2);
  const type = idxTypes.get(code);
  if (!type) {
    const name = otherTypes.get(code) ?? "no IDX type";
    const known = "0x08 (u8), 0x0c (i32) or 0x0d (f32)";
    throw new FormatError(`${source}: the type code must be ${known}, got ${hex(code, 2)} (${name})`);
  }
  const rank = view.getUint8(3);
  const begin = MAGIC_BYTES + rank * LENGTH_BYTES;
  if (rank === 0) throw new FormatError(`${source}: there must be at least one axis, got rank 0`);
  if (view.byteLength < begin) {
    throw new FormatError(`${source}: a header of rank ${rank} must take ${begin} bytes, got ${view.byteLength}`);
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(MAGIC_BYTES + axis * LENGTH_BYTES));
  return { type, shape, begin };
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
