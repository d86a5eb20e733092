// The safetensors format (https://github.com/huggingface/safetensors): the length of the header as u64, a JSON header
// that tells each tensor's type, shape and place, then the numbers; little-endian, like WebAssembly. Knows typed arrays
// and their names, no tensors and no files.
import { arrayTypes } from "../data/array.ts";
import { ArgumentError, DtypeError, FormatError, ShapeError } from "../runtime/errors.ts";
import { requireAttached } from "../runtime/transferred.ts";
import type { Dtype, TypedArray } from "../tensor/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";

/** What a file holds of one tensor. */
export interface TensorRecord {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** The numbers, row-major, in the typed array of `dtype`. */
  readonly data: TypedArray;
}

/** Tensors by their names. */
export type NamedTensors = ReadonlyMap<string, TensorRecord> | Readonly<Record<string, TensorRecord>>;

/** What a whole file holds: tensors in the order of its header, and text about them. */
export interface Safetensors {
  readonly tensors: Map<string, TensorRecord>;
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";
const SPACE = 0x20;
const OPENING_BRACE = 0x7b;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The bytes of a safetensors file with these tensors, largest elements first, so that each is aligned; metadata
 * defaults to none.
 * Errors: ArgumentError, DtypeError or ShapeError for a record that is not consistent, and text that is not Unicode.
 */
export function encodeSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  if (!isObject(tensors))
    throw new ArgumentError(`encodeSafetensors: tensors must be a record, got ${describe(tensors)}`);
  const records = (tensors instanceof Map ? [...tensors] : Object.entries(tensors)) as [string, TensorRecord][];
  for (const [name, record] of records) checkRecord(name, record);
  checkMetadata(metadata);
  records.sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);

  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let dataBytes = 0;
  for (const [name, { dtype, shape, data }] of records) {
    const begin = dataBytes;
    dataBytes += data.byteLength;
    entries.push([name, { dtype: dtype.toUpperCase(), shape, data_offsets: [begin, dataBytes] }]);
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  if (headerBytes > MAX_HEADER_BYTES) {
    const held = `names and metadata must fit in a header of ${MAX_HEADER_BYTES} bytes`;
    throw new ArgumentError(`encodeSafetensors: ${held}, got ${headerBytes}`);
  }

  const file = new Uint8Array(LENGTH_BYTES + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(SPACE, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  file.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const [, { data }] of records) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * The tensors in the bytes of a safetensors file. F32, I32, U8 and BOOL data are views on `bytes` where they are
 * aligned; F16, BF16 and F64 become f32 and I64 becomes i32, each number exactly. `source` names the bytes in errors,
 * default "safetensors".
 * Errors: FormatError where the bytes are not one whole file, or hold what no Heddle tensor can.
 */
export function decodeSafetensors(bytes: Uint8Array, source = "safetensors"): Safetensors {
  if (!(bytes instanceof Uint8Array))
    throw new FormatError(`${source}: the file must be bytes, got ${describe(bytes)}`);
  const { header, begin } = parseHeader(bytes, source);
  const { [METADATA]: metadata = {}, ...rest } = header;
  if (!isStrings(metadata)) {
    throw new FormatError(`${source}: ${METADATA} must be an object of strings, got ${describe(metadata)}`);
  }
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value, source));
  checkLayout(entries, bytes.length - begin, source);

  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + begin, bytes.length - begin);
  const tensors = new Map<string, TensorRecord>();
  for (const { name, where, type, shape, offsets } of entries) {
    tensors.set(name, { dtype: type.dtype, shape, data: type.read(data.subarray(...offsets), where) });
  }
  return { tensors, metadata };
}

/** A type of the format, and how its bytes become numbers of one of Heddle's types. */
interface FileType {
  readonly bytes: number;
  readonly dtype: Dtype;
  /** `where` names the tensor in errors. */
  read(data: Uint8Array, where: string): TypedArray;
}

const fileTypes = new Map<unknown, FileType>([
  ["F32", { bytes: 4, dtype: "f32", read: (data) => numbers(Float32Array, data) }],
  ["I32", { bytes: 4, dtype: "i32", read: (data) => numbers(Int32Array, data) }],
  ["U8", { bytes: 1, dtype: "u8", read: (data) => data }],
  ["BOOL", { bytes: 1, dtype: "bool", read: booleans }],
  ["F16", { bytes: 2, dtype: "f32", read: halfFloats }],
  ["BF16", { bytes: 2, dtype: "f32", read: brainFloats }],
  ["F64", { bytes: 8, dtype: "f32", read: doubles }],
  ["I64", { bytes: 8, dtype: "i32", read: longs }],
]);

interface NumbersConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** The bytes as numbers: on the same memory where they are aligned, else on a copy. */
function numbers<T>(type: NumbersConstructor<T>, bytes: Uint8Array): T {
  const { buffer, byteOffset } = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new type(buffer, byteOffset, bytes.length / type.BYTES_PER_ELEMENT);
}

function booleans(data: Uint8Array, where: string): Uint8Array {
  const stranger = data.find((byte) => byte > 1);
  if (stranger !== undefined) throw new FormatError(`${where} must hold bytes 0 and 1 for BOOL, got ${stranger}`);
  return data;
}

/** The bits of infinity; NaNs are above. */
const INFINITE_HALF = 0x7c00;
const INFINITE_FLOAT = 0x7f80_0000;

function halfFloats(data: Uint8Array): Float32Array {
  const halves = numbers(Uint16Array, data);
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const magnitude = (halves[i] & 0x7fff) << 13;
    const exponent = magnitude < INFINITE_HALF << 13 ? 0 : INFINITE_FLOAT;
    bits[i] = ((halves[i] & 0x8000) << 16) | magnitude | exponent;
    // The exponents of f32 begin 112 lower; multiplying, unlike adding to the exponent, is right for subnormals too.
    floats[i] *= 2 ** 112;
  }
  return floats;
}

function brainFloats(data: Uint8Array): Float32Array {
  const halves = numbers(Uint16Array, data);
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

function doubles(data: Uint8Array, where: string): Float32Array {
  const exact = numbers(Float64Array, data);
  const floats = new Float32Array(exact);
  const stranger = exact.findIndex((number, i) => !Object.is(number, floats[i]));
  if (stranger >= 0) {
    const held = "must hold F64 numbers that f32 has too (save it as F32)";
    throw new FormatError(`${where} ${held}, got ${exact[stranger]} at position ${stranger}`);
  }
  return floats;
}

function longs(data: Uint8Array, where: string): Int32Array {
  const halves = numbers(Int32Array, data);
  const integers = new Int32Array(halves.length / 2);
  for (let i = 0; i < integers.length; i++) {
    const [low, high] = [halves[2 * i], halves[2 * i + 1]];
    if (high !== low >> 31) {
      const got = (BigInt(high) << 32n) | BigInt(low >>> 0);
      throw new FormatError(`${where} must hold I64 numbers that i32 has too, got ${got} at position ${i}`);
    }
    integers[i] = low;
  }
  return integers;
}

/** The JSON header, and the byte where the data begin. */
function parseHeader(bytes: Uint8Array, source: string): { header: Record<string, unknown>; begin: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw new FormatError(`${source}: the file must begin with ${LENGTH_BYTES} bytes of length, got ${bytes.length}`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new FormatError(`${source}: the header must have at most ${MAX_HEADER_BYTES} bytes, got ${length}`);
  }
  const begin = LENGTH_BYTES + Number(length);
  if (begin > bytes.length) {
    const got = `${bytes.length - LENGTH_BYTES} (the file is cut short)`;
    throw new FormatError(`${source}: the header must have the ${length} bytes it says, got ${got}`);
  }
  if (length === 0n || bytes[LENGTH_BYTES] !== OPENING_BRACE) {
    throw new FormatError(`${source}: the header must begin with {, got ${length} bytes of something else`);
  }
  const text = parse(
    () => new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, begin)),
    `${source}: the header must be UTF-8`,
  );
  const header = parse(() => JSON.parse(text) as Record<string, unknown>, `${source}: the header must be JSON`);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) {
    throw new FormatError(`${source}: the header must have each key once, got ${quote(repeated)} twice`);
  }
  return { header, begin };
}

function parse<T>(read: () => T, held: string): T {
  try {
    return read();
  } catch (error) {
    throw new FormatError(`${held}, got ${error}`, { cause: error });
  }
}

/** The first key that an object in `json`, which is known to be valid JSON, has twice: JSON.parse keeps the last. */
function repeatedKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  let string = "";
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{") objects.push(new Set());
    else if (character === "}") objects.pop();
    else if (character === '"') {
      const begin = at;
      while (json[++at] !== '"') if (json[at] === "\\") at++;
      string = json.slice(begin, at + 1);
    } else if (character === ":") {
      const key = JSON.parse(string) as string;
      const keys = objects[objects.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

interface Entry {
  readonly name: string;
  readonly where: string;
  readonly type: FileType;
  readonly shape: Shape;
  /** Where its bytes begin and end, from the beginning of the data. */
  readonly offsets: readonly [begin: number, end: number];
}

function parseEntry(name: string, value: unknown, source: string): Entry {
  const where = `${source}: tensor ${quote(name)}`;
  if (LONE_SURROGATE.test(name)) throw new FormatError(`${where} must be named in Unicode, got half a character`);
  if (!isObject(value)) throw new FormatError(`${where} must be described by an object, got ${describe(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  const type = fileTypes.get(dtype);
  if (!type) {
    const known = [...fileTypes.keys()].join(", ");
    throw new FormatError(`${where} must have a dtype of ${known}, got ${describe(dtype)}`);
  }
  if (!isCounts(shape)) {
    throw new FormatError(`${where} must have a shape of whole numbers, none negative, got ${describe(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new FormatError(`${where} must have data_offsets [begin, end], got ${describe(offsets)}`);
  }
  const [begin, end] = offsets;
  const bytes = sizeOf(shape) * type.bytes;
  if (bytes !== end - begin) {
    const held = `of ${describe(dtype)} ${describe(shape)} must take ${bytes} bytes`;
    throw new FormatError(`${where} ${held}, got ${end - begin}`);
  }
  return { name, where, type, shape, offsets: [begin, end] };
}

/** The tensors must fill the data from the first byte to the last, without holes and overlaps. */
function checkLayout(entries: readonly Entry[], dataBytes: number, source: string): void {
  const inOrder = [...entries].sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  let filled = 0;
  for (const { where, offsets } of inOrder) {
    const [begin, end] = offsets;
    if (begin !== filled) {
      const cause = begin < filled ? "an overlap" : "a hole";
      const held = `must begin at byte ${filled}, where the tensor before it ends`;
      throw new FormatError(`${where} ${held}, got ${begin} (${cause})`);
    }
    filled = end;
  }
  if (filled !== dataBytes) {
    const cause = filled > dataBytes ? "the file is cut short" : "something follows the data";
    const held = `the header must be followed by the ${filled} bytes of its tensors`;
    throw new FormatError(`${source}: ${held}, got ${dataBytes} (${cause})`);
  }
}

function checkRecord(name: string, { dtype, shape, data }: TensorRecord): void {
  const where = `encodeSafetensors: tensor ${quote(name)}`;
  if (name === METADATA || LONE_SURROGATE.test(name)) {
    throw new ArgumentError(`${where} must be named in Unicode, but not ${METADATA}, got ${quote(name)}`);
  }
  if (!Object.hasOwn(arrayTypes, dtype) || !(data instanceof arrayTypes[dtype])) {
    const stored = Object.entries(arrayTypes).map(([known, type]) => `${known} in ${type.name}`);
    const got = `${describe(dtype)} in ${Object.prototype.toString.call(data)}`;
    throw new DtypeError(`${where} must be ${stored.join(", ")}, got ${got}`);
  }
  requireAttached(`encodeSafetensors: tensor ${quote(name)}`, "data", data);
  if (!isCounts(shape) || sizeOf(shape) !== data.length) {
    throw new ShapeError(`${where} must have a shape for its ${data.length} numbers, got ${describe(shape)}`);
  }
  if (dtype === "bool" && data.some((byte) => byte > 1)) {
    throw new ArgumentError(`${where} must hold bytes 0 and 1 for bool, got ${data.find((byte) => byte > 1)}`);
  }
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string" || LONE_SURROGATE.test(key) || LONE_SURROGATE.test(value)) {
      const got = `${quote(key)}: ${describe(value)}`;
      throw new ArgumentError(`encodeSafetensors: metadata must be strings of Unicode, got ${got}`);
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

const MAX_QUOTED = 80;

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text);
}

/** A value of the header, shortly: whatever it is, the message stays one line. */
function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (isCounts(value) && value.length <= 8) return formatShape(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return isObject(value) ? `an object of ${quote(Object.keys(value).join(", "))}` : String(value);
}
