// Inflate against zlib: what it packs must come out, and damage must be told or be what zlib makes of it, too.
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../ts/runtime/errors.ts";
import { inflate } from "../../ts/runtime/inflate.ts";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Bytes of all kinds: random ones, and runs and echoes of earlier ones that compress well. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 2000 }))
        .map(([byte, n]) => new Uint8Array(n).fill(byte)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 }))
        .map(([word, n]) => Buffer.alloc(word.length * n, word)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

const packings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

/** What inflate makes of some bytes: contents, or the word that they are none. */
function outcome(data: Uint8Array): Uint8Array | "no DEFLATE data" {
  try {
    return inflate(data);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return "no DEFLATE data";
  }
}

function zlibOutcome(data: Uint8Array): Uint8Array | "no DEFLATE data" {
  try {
    return new Uint8Array(inflateRawSync(data));
  } catch {
    return "no DEFLATE data";
  }
}

describe("inflate", () => {
  it("unpacks what zlib packs, at any level and with any strategy", () => {
    fc.assert(
      fc.property(contents, packings, (bytes, options) => {
        expect(inflate(deflateRawSync(bytes, options))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["stored", { level: 0 }, 0],
    ["fixed", { strategy: Z_FIXED }, 1],
    ["dynamic", { level: 9 }, 2],
  ])("unpacks %s blocks", (_name, options, type) => {
    const text = Array.from({ length: 30_000 }, (_, i) => `${(i * i) % 977} `).join("");
    const packed = deflateRawSync(text, options);
    expect((packed[0] >> 1) & 3).toBe(type);
    expect(Buffer.from(inflate(packed)).toString()).toBe(text);
  });

  it("refuses data that ends early, wherever it ends", () => {
    for (const options of [{ level: 0 }, { strategy: Z_FIXED }, { level: 9 }]) {
      const packed = deflateRawSync(Buffer.from("a rose is a rose is a rose, and a daisy is not ".repeat(9)), options);
      for (let length = 0; length < packed.length; length++) {
        expect(() => inflate(packed.subarray(0, length))).toThrow(FormatError);
      }
    }
  });

  it("takes damaged data as zlib does: as other contents or as none", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(contents, packings, damage, (bytes, options, flips) => {
        const packed = new Uint8Array(deflateRawSync(bytes, options));
        for (const [at, flip] of flips) packed[at % packed.length] ^= flip;
        expect(outcome(packed)).toEqual(zlibOutcome(packed));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes any bytes at all as zlib does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcome(bytes)).toEqual(zlibOutcome(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    [[], "truncated stream"],
    [[0b111], "the block type must be 0, 1 or 2, got 3"],
    [[1, 5, 0, 5, 0, 1, 2, 3, 4, 5], "a stored block's length must be confirmed by its complement"],
    [[1, 5, 0, 250, 255, 1, 2], "truncated stream"],
    [[0b011, 0b10], "a copy must start within the output"],
  ])("says what is wrong with %j", (bytes, message) => {
    expect(() => inflate(Uint8Array.from(bytes))).toThrow(message);
  });
});
