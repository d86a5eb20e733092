// The safetensors format: round trips, files of the format's own library (tests/golden/make-safetensors.py), and
// everything that can be wrong with a file.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../../ts/formats/safetensors.ts";
import { ArgumentError, DtypeError, FormatError, ShapeError } from "../../ts/runtime/errors.ts";
import { makeArray } from "../../ts/tensor/dtype.ts";

const golden = (file: string): Uint8Array => readFileSync(new URL(`../golden/${file}`, import.meta.url));

/** A file with this header, as it stands, and this many bytes of data. */
function fileOf(header: unknown, data: number | readonly number[] = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Uint8Array(
    Buffer.concat([length, json, typeof data === "number" ? new Uint8Array(data) : Uint8Array.from(data)]),
  );
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("a file of the format's own library", () => {
  it("is read", () => {
    const { tensors, metadata } = decodeSafetensors(golden("native.safetensors"));
    expect(metadata).toEqual({ format: "heddle" });
    expect(Object.fromEntries(tensors)).toEqual({
      "dense/bias": { dtype: "f32", shape: [3], data: Float32Array.of(-0, Infinity, 1e-45) },
      "dense/kernel": { dtype: "f32", shape: [2, 3], data: Float32Array.of(0, 0.125, 0.25, 0.375, 0.5, 0.625) },
      nothing: { dtype: "f32", shape: [0, 4], data: new Float32Array(0) },
      scalar: { dtype: "f32", shape: [], data: Float32Array.of(2.5) },
      'schlüssel ✓ 𝄞 "\\\n': { dtype: "f32", shape: [1], data: Float32Array.of(1) },
      steps: { dtype: "i32", shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
      pixels: { dtype: "u8", shape: [3], data: Uint8Array.of(0, 128, 255) },
      mask: { dtype: "bool", shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) },
    });
  });

  it("is written byte for byte alike", () => {
    const file = golden("native.safetensors");
    const { tensors, metadata } = decodeSafetensors(file);
    expect(encodeSafetensors(tensors, metadata)).toEqual(new Uint8Array(file));
  });

  it("may have types that become f32 and i32", () => {
    const { tensors, metadata } = decodeSafetensors(golden("foreign.safetensors"));
    expect(metadata).toEqual({});
    expect(Object.fromEntries(tensors)).toEqual({
      half: { dtype: "f32", shape: [6], data: Float32Array.of(1.5, -2, 65504, 2 ** -24, Infinity, Number.NaN) },
      brain: { dtype: "f32", shape: [3], data: Float32Array.of(1.5, -2, 2 ** -133) },
      double: { dtype: "f32", shape: [3], data: Float32Array.of(0.5, -3, 2 ** 100) },
      long: { dtype: "i32", shape: [3, 1], data: Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31)) },
    });
  });
});

describe("encodeSafetensors and decodeSafetensors", () => {
  const dtypes = fc.constantFrom("f32", "i32", "u8", "bool");
  const record: fc.Arbitrary<TensorRecord> = fc
    .tuple(dtypes, fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.integer()))
    .map(([dtype, shape, bits]) => {
      const data = makeArray(
        dtype,
        shape.reduce((size, length) => size * length, 1),
      );
      const words = dtype === "f32" ? new Int32Array(data.buffer) : data;
      for (let i = 0; i < words.length; i++) words[i] = dtype === "bool" ? bits.next().value & 1 : bits.next().value;
      return { dtype, shape, data };
    });
  const texts = fc.string({ unit: "binary" });
  const names = fc
    .oneof(texts, fc.constantFrom("__proto__", "constructor", "0", ""))
    .filter((name) => name !== "__metadata__");

  it("are each other's inverse, for any bits and any names", () => {
    const files = fc.tuple(
      fc.uniqueArray(fc.tuple(names, record), { selector: ([name]) => name }),
      fc.dictionary(texts, texts),
    );
    fc.assert(
      fc.property(files, fc.nat(8), ([entries, metadata], shift) => {
        const file = encodeSafetensors(new Map(entries), metadata);
        const moved = new Uint8Array(shift + file.length).subarray(shift);
        moved.set(file);
        const decoded = decodeSafetensors(moved);
        expect(decoded.tensors.size).toBe(entries.length);
        for (const [name, { dtype, shape, data }] of entries) {
          const read = decoded.tensors.get(name);
          expect([read?.dtype, read?.shape]).toEqual([dtype, shape]);
          expect(bitsOf(read?.data)).toEqual(bitsOf(data));
        }
        expect(Object.entries(decoded.metadata)).toEqual(Object.entries(metadata));
      }),
    );
  });

  it("take a plain object of tensors, and typed arrays in shared memory", () => {
    const data = new Float32Array(new SharedArrayBuffer(16), 8);
    data.set([1, 2]);
    const file = encodeSafetensors({ x: { dtype: "f32", shape: [2], data } });
    expect([...(decodeSafetensors(file).tensors.get("x")?.data ?? [])]).toEqual([1, 2]);
  });

  it("align every tensor, so that reading copies nothing", () => {
    const file = encodeSafetensors({
      mask: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
      kernel: { dtype: "f32", shape: [2], data: Float32Array.of(1, 2) },
    });
    expect(file.length % 8).toBe(3);
    for (const { data } of decodeSafetensors(file).tensors.values()) expect(data.buffer).toBe(file.buffer);
  });

  it("have files without tensors", () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors({}, { note: "empty" }));
    expect([tensors.size, metadata.note]).toEqual([0, "empty"]);
    expect(decodeSafetensors(fileOf("{}")).tensors.size).toBe(0);
  });
});

describe("decodeSafetensors", () => {
  it("reads every F16 number", () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const file = fileOf({ x: entry("F16", [65_536], 0, 131_072) }, [...new Uint8Array(halves.buffer)]);
    expect(decodeSafetensors(file).tensors.get("x")?.data).toEqual(Float32Array.from(halves, naiveHalf));
  });

  it("reads tensors that are not aligned, and unknown keys beside the known ones", () => {
    const header = {
      a: entry("BOOL", [1], 0, 1),
      b: { ...entry("F32", [1], 1, 5), note: "odd" },
      c: entry("I64", [1], 5, 13),
    };
    const { tensors } = decodeSafetensors(fileOf(header, [1, 0, 0, 0x80, 0x3f, 5, 0, 0, 0, 0, 0, 0, 0]));
    expect([...tensors].map(([name, { data }]) => [name, ...data])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 5],
    ]);
  });

  const header = (name: string, ...values: Parameters<typeof entry>) => ({ [name]: entry(...values) });
  const infinite = [0, 0, 0, 0, 0, 0, 0xf0, 0x7f];

  it.each<[string, Uint8Array, string]>([
    ["empty", Uint8Array.of(), "the file must begin with 8 bytes of length, got 0"],
    [
      "a huge header",
      Uint8Array.of(1, 225, 245, 5, 0, 0, 0, 0),
      "the header must have at most 100000000 bytes, got 100000001",
    ],
    [
      "an absurd header",
      new Uint8Array(8).fill(255),
      "the header must have at most 100000000 bytes, got 18446744073709551615",
    ],
    [
      "a cut header",
      fileOf("{}").subarray(0, 9),
      "the header must have the 2 bytes it says, got 1 (the file is cut short)",
    ],
    ["no header", fileOf(""), "the header must begin with {, got 0 bytes of something else"],
    ["a list", fileOf("[]"), "the header must begin with {, got 2 bytes of something else"],
    ["no JSON", fileOf("{x}"), "the header must be JSON, got SyntaxError"],
    ["no UTF-8", fileOf("{}").fill(0xff, 9), "the header must be UTF-8, got TypeError"],
    ["a key twice", fileOf('{"a":{"x":{}},"\\u0061":1}'), 'the header must have each key once, got "a" twice'],
    [
      "an inner key twice",
      fileOf('{"a":{"dtype":"F32","dtype":"I32"}}'),
      'the header must have each key once, got "dtype" twice',
    ],
    [
      "metadata of numbers",
      fileOf({ __metadata__: { a: 1 } }),
      '__metadata__ must be an object of strings, got an object of "a"',
    ],
    ["metadata of nothing", fileOf({ __metadata__: null }), "__metadata__ must be an object of strings, got null"],
    ["half a character", fileOf('{"\\ud800":1}'), "must be named in Unicode, got half a character"],
    ["no entry", fileOf({ a: 7 }), 'tensor "a" must be described by an object, got 7'],
    [
      "an unknown dtype",
      fileOf(header("a", "F8_E4M3", [1], 0, 1), 1),
      'tensor "a" must have a dtype of F32, I32, U8, BOOL, F16, BF16, F64, I64, got "F8_E4M3"',
    ],
    ["no dtype", fileOf({ a: { shape: [1], data_offsets: [0, 4] } }, 4), "got undefined"],
    [
      "half a row",
      fileOf(header("a", "U8", [0.5], 0, 1), 1),
      'tensor "a" must have a shape of whole numbers, none negative, got an array of 1',
    ],
    ["a negative shape", fileOf(header("a", "U8", [-1, -1], 0, 1), 1), "must have a shape of whole numbers"],
    [
      "deep shape",
      fileOf(`{"a":{"dtype":"U8","shape":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`),
      "got an array of 1",
    ],
    [
      "backward offsets",
      fileOf(header("a", "U8", [1], 1, 0), 1),
      'tensor "a" must have data_offsets [begin, end], got [1, 0]',
    ],
    [
      "other sizes",
      fileOf(header("a", "F32", [2, 3], 0, 20), 20),
      'tensor "a" of "F32" [2, 3] must take 24 bytes, got 20',
    ],
    ["absurd sizes", fileOf(header("a", "F32", [1e15, 1e15], 0, 8), 8), "must take 4e+30 bytes, got 8"],
    [
      "a hole",
      fileOf({ a: entry("U8", [1], 0, 1), b: entry("U8", [1], 2, 3) }, 3),
      'tensor "b" must begin at byte 1, where the tensor before it ends, got 2 (a hole)',
    ],
    [
      "an overlap",
      fileOf({ a: entry("U8", [2], 0, 2), b: entry("U8", [2], 1, 3) }, 3),
      'tensor "b" must begin at byte 2, where the tensor before it ends, got 1 (an overlap)',
    ],
    [
      "missing data",
      fileOf(header("a", "U8", [9], 0, 9), 8),
      "the header must be followed by the 9 bytes of its tensors, got 8 (the file is cut short)",
    ],
    [
      "too much data",
      fileOf(header("a", "U8", [9], 0, 9), 10),
      "the header must be followed by the 9 bytes of its tensors, got 10 (something follows the data)",
    ],
    [
      "a bool of 2",
      fileOf(header("a", "BOOL", [2], 0, 2), [1, 2]),
      'tensor "a" must hold bytes 0 and 1 for BOOL, got 2',
    ],
    [
      "an inexact F64",
      fileOf(header("a", "F64", [2], 0, 16), [...infinite, 1, 0, 0, 0, 0, 0, 0xf0, 0x3f]),
      'tensor "a" must hold F64 numbers that f32 has too (save it as F32), got 1.0000000000000002 at position 1',
    ],
    [
      "a large I64",
      fileOf(header("a", "I64", [1], 0, 8), [0, 0, 0, 0x80, 0, 0, 0, 0]),
      'tensor "a" must hold I64 numbers that i32 has too, got 2147483648 at position 0',
    ],
    [
      "a small I64",
      fileOf(header("a", "I64", [1], 0, 8), [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff]),
      "got -2147483649 at position 0",
    ],
  ])("refuses %s", (_, file, message) => {
    const read = (): unknown => decodeSafetensors(file, "weights");
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^weights: [^\n]{1,300}$/);
  });

  it.each(["native.safetensors", "foreign.safetensors"])("notices wherever %s is cut", (name) => {
    const file = golden(name);
    for (let length = 0; length < file.length; length++) {
      expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(FormatError);
    }
  });

  it("never does more than throw a FormatError, whatever its bytes are", () => {
    const files = ["native.safetensors", "foreign.safetensors"].map((name) => new Uint8Array(golden(name)));
    const changes = fc.array(fc.tuple(fc.nat(2 ** 20), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const corrupted = fc.tuple(fc.constantFrom(...files), changes).map(([file, bytes]) => {
      const copy = file.slice();
      for (const [at, byte] of bytes) copy[at % copy.length] = byte;
      return copy;
    });
    const values = fc.oneof(
      fc.jsonValue(),
      fc.record({ dtype: fc.constantFrom("F32", "U8"), shape: fc.jsonValue(), data_offsets: fc.jsonValue() }),
    );
    const invented = fc
      .tuple(fc.dictionary(fc.string(), values), fc.nat(64))
      .map(([header, data]) => fileOf(header, data));
    fc.assert(
      fc.property(fc.oneof(corrupted, invented, fc.uint8Array({ maxLength: 64 })), (file) => {
        try {
          decodeSafetensors(file);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("encodeSafetensors", () => {
  const one = { dtype: "f32", shape: [1], data: Float32Array.of(1) } as const;
  const wrong = (record: unknown): TensorRecord => record as TensorRecord;

  it.each([
    [
      () => encodeSafetensors({ a: { ...one, shape: [2] } }),
      ShapeError,
      'tensor "a" must have a shape for its 1 numbers, got [2]',
    ],
    [() => encodeSafetensors({ a: { ...one, shape: [-1, -1] } }), ShapeError, "got an array of 2"],
    [
      () => encodeSafetensors({ a: { ...one, dtype: "i32" } }),
      DtypeError,
      'i32 in Int32Array, u8 in Uint8Array, bool in Uint8Array, got "i32" in [object Float32Array]',
    ],
    [() => encodeSafetensors({ a: wrong({ ...one, dtype: "f64" }) }), DtypeError, 'got "f64" in'],
    [
      () => encodeSafetensors({ a: { dtype: "bool", shape: [1], data: Uint8Array.of(3) } }),
      ArgumentError,
      'tensor "a" must hold bytes 0 and 1 for bool, got 3',
    ],
    [() => encodeSafetensors({ __metadata__: one }), ArgumentError, "but not __metadata__"],
    [
      () => encodeSafetensors({ "\ud800": one }),
      ArgumentError,
      'must be named in Unicode, but not __metadata__, got "\\ud800"',
    ],
    [
      () => encodeSafetensors({ a: one }, { b: 3 as unknown as string }),
      ArgumentError,
      'metadata must be strings of Unicode, got "b": 3',
    ],
    [() => encodeSafetensors({ a: one }, { b: "\udc00" }), ArgumentError, "metadata must be strings of Unicode"],
  ])("refuses what no file can hold (case %#)", (encode, type, message) => {
    expect(encode).toThrow(type);
    expect(encode).toThrow(message);
    expect(encode).toThrow(/^encodeSafetensors: /);
  });
});

function bitsOf(data: TensorRecord["data"] | undefined): number[] {
  return data ? [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] : [];
}

/** IEEE 754 binary16, by the book. */
function naiveHalf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
