// The IDX reader: whole files of each type, and everything that can be wrong with one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIdx } from "../../ts/formats/idx.ts";
import { FormatError } from "../../ts/runtime/errors.ts";

/** An IDX file, written number by number. */
function idx(code: number, shape: number[], data: number[]): Uint8Array {
  const bytes = [0, 0, code, shape.length];
  const view = new DataView(new ArrayBuffer(4));
  const push = (): number => bytes.push(...new Uint8Array(view.buffer));
  for (const length of shape) {
    view.setUint32(0, length);
    push();
  }
  for (const number of data) {
    if (code === 0x0c) view.setInt32(0, number);
    if (code === 0x0d) view.setFloat32(0, number);
    if (code === 0x08) bytes.push(number);
    else push();
  }
  return Uint8Array.from(bytes);
}

describe("parseIdx", () => {
  it("reads bytes as a view on the file", () => {
    const file = idx(0x08, [2, 3], [1, 2, 3, 4, 5, 255]);
    const array = parseIdx(file);
    expect([array.dtype, array.shape]).toEqual(["u8", [2, 3]]);
    expect(array.array()).toEqual([
      [1, 2, 3],
      [4, 5, 255],
    ]);
    expect(array.data.buffer).toBe(file.buffer);
  });

  it("reads big-endian i32 and f32, at any address", () => {
    const shifted = (file: Uint8Array): Uint8Array => new Uint8Array([9, ...file]).subarray(1);
    const integers = parseIdx(shifted(idx(0x0c, [3], [-1, 2 ** 31 - 1, -(2 ** 31)])));
    expect([integers.dtype, ...integers.data]).toEqual(["i32", -1, 2 ** 31 - 1, -(2 ** 31)]);
    const floats = parseIdx(shifted(idx(0x0d, [2, 2], [0.5, -0, 2 ** -149, Number.NaN])));
    expect([floats.dtype, ...floats.data]).toEqual(["f32", 0.5, -0, 2 ** -149, Number.NaN]);
  });

  it("reads files of any rank, with empty axes too", () => {
    const shapes = fc.array(fc.nat(3), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const numbers = Array.from({ length: size }, (_, i) => i % 256);
        const array = parseIdx(idx(0x08, shape, numbers));
        expect(array.shape).toEqual(shape);
        expect([...array.data]).toEqual(numbers);
      }),
    );
  });
});

describe("a damaged IDX file", () => {
  const whole = idx(0x0c, [2, 2], [1, 2, 3, 4]);

  it.each([
    ["empty", [], "an IDX file must begin with 4 magic bytes, got 0"],
    ["gzip", [0x1f, 0x8b, 8, 0], "the first two bytes must be 0x0000, got 0x1f8b (gzip: decompress the file first)"],
    ["web page", [...new TextEncoder().encode("<html>")], "the first two bytes must be 0x0000, got 0x3c68"],
    ["i16", [0, 0, 0x0b, 1], "the type code must be 0x08 (u8), 0x0c (i32) or 0x0d (f32), got 0x0b (i16)"],
    ["no type", [0, 0, 0x42, 1], "the type code must be 0x08 (u8), 0x0c (i32) or 0x0d (f32), got 0x42 (no IDX type)"],
    ["rank 0", [0, 0, 0x08, 0, 7], "there must be at least one axis, got rank 0"],
    ["half a header", [0, 0, 0x08, 3, 0, 0, 0, 1], "a header of rank 3 must take 16 bytes, got 8"],
    [
      "cut short",
      [...whole].slice(0, -1),
      "shape [2, 2] of i32 must be followed by 16 bytes, got 15 (the file is cut short)",
    ],
    [
      "too long",
      [...whole, 0],
      "shape [2, 2] of i32 must be followed by 16 bytes, got 17 (something follows the data)",
    ],
    [
      "absurd",
      [...idx(0x0d, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [])],
      `shape [4294967295, 4294967295, 4294967295] of f32 must be followed by ${4 * (2 ** 32 - 1) ** 3} bytes, got 0`,
    ],
  ])("%s", (_, bytes, message) => {
    const read = (): unknown => parseIdx(Uint8Array.from(bytes), "digits");
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^digits: /);
  });

  it("is noticed wherever it is cut", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseIdx(whole.subarray(0, length))).toThrow(FormatError);
    }
  });

  it("never does more than throw a FormatError, whatever its bytes are", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .tuple(fc.constantFrom(8, 12, 13), fc.uint8Array({ maxLength: 40 }))
        .map(([code, rest]) => Uint8Array.of(0, 0, code, ...rest)),
      fc
        .tuple(fc.nat(whole.length - 1), fc.nat(255))
        .map(([at, byte]) => whole.map((old, i) => (i === at ? byte : old))),
    );
    fc.assert(
      fc.property(bytes, (file) => {
        try {
          expect(parseIdx(file).data.byteLength).toBeLessThanOrEqual(file.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
