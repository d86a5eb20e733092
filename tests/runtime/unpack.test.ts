// The packed core: what the build packs, the runtime unpacks.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { model, pack } from "../../scripts/pack.js";
import { unpack } from "../../ts/runtime/unpack.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module whose code section has one function of these instructions, without locals. */
const moduleOf = (...instructions: number[]): Uint8Array => {
  const body = [0, ...instructions, 0x0b];
  return Uint8Array.from([...HEADER, 10, body.length + 2, 1, body.length, ...body]);
};

/** The fields that a walk tells, as [part, instruction]. */
function fieldsOf(module: Uint8Array): number[][] {
  const fields: number[][] = [];
  class Fields extends model.Walk {
    override next(field: number): number {
      fields.push([field >> 7, field & 127]);
      return module[fields.length - 1];
    }
  }
  new Fields().through(module.length);
  return fields;
}

describe("packed", () => {
  it.each([
    ["nothing", Uint8Array.of()],
    ["one byte", Uint8Array.of(255)],
    ["an empty module", Uint8Array.from(HEADER)],
    ["a module with a function", moduleOf(0x20, 0, 0x20, 1, 0x6a, 0x1a)],
    ["a repetition that overlaps itself", new Uint8Array(500).fill(7)],
    [
      "repetitions from recent distances",
      Uint8Array.from({ length: 5000 }, (_, i) => (i % 7) * (i % 11) + (i % 331 ? 0 : 9)),
    ],
    ["this file", new Uint8Array(readFileSync(new URL(import.meta.url)))],
  ])("%s is unpacked as it was", (_name, bytes) => {
    expect(unpack(pack(bytes))).toEqual(bytes);
  });

  it("is anything unpacked as it was", () => {
    const any = fc.uint8Array({ maxLength: 300 });
    const few = fc.uint8Array({ min: 0, max: 3, maxLength: 300 });
    const inModule = any.map((bytes) => moduleOf(...bytes.subarray(0, 100)));
    fc.assert(
      fc.property(fc.oneof(any, few, inModule), (bytes) => {
        expect(unpack(pack(bytes))).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it("is repeated code shorter than it was", () => {
    const once = Array.from({ length: 90 }, (_, i) => (i * i * 7 + (i >> 3)) & 255);
    const length = (times: number) => pack(Uint8Array.from(new Array(times).fill(once).flat())).length;
    expect(length(20)).toBeLessThan(length(1) + 20);
  });
});

describe("the fields of a module", () => {
  it("are none outside of code", () => {
    expect(fieldsOf(Uint8Array.from([...HEADER, 1, 2, 5, 6])).every(([part]) => part === 0)).toBe(true);
  });

  it("tell opcodes by the instruction before, operands by their own", () => {
    // local.get 3, f32x4.add, v128.load32_lane align=2 offset=8 lane 1, i32.const 5
    const module = moduleOf(0x20, 3, 0xfd, 0xe4, 1, 0xfd, 86, 2, 8, 1, 0x41, 5);
    const add = (0xe4 + 90) & 127;
    const lane = (86 + 90) & 127;
    expect(fieldsOf(module).slice(-13)).toEqual([
      [1, 11],
      [3, 0x20],
      [1, 0x20],
      [2, 0x20],
      [2, 0x20],
      [1, add],
      [2, add],
      [3, lane],
      [4, lane],
      [5, lane],
      [1, lane],
      [3, 0x41],
      [1, 0x41],
    ]);
  });
});

describe("numbers in decisions", () => {
  /** Notes decisions, or hands out those that were noted, in the same places. */
  class Notes extends model.Coder {
    readonly decisions: [number, number][] = [];
    reading = false;

    override code(place: number, bit: number): number {
      if (!this.reading) {
        this.decisions.push([place, bit]);
        return bit;
      }
      const [expected, noted] = this.decisions.shift() ?? [];
      expect(place).toBe(expected);
      return noted ?? Number.NaN;
    }
  }

  it("are read as they were written, each decision in the same place", () => {
    const notes = new Notes();
    for (const number of [1, 2, 3, 31, 32, 33, 1000, 2 ** 20 + 1, 2 ** 30 - 1]) {
      notes.reading = false;
      notes.number(5000, number);
      notes.reading = true;
      expect(notes.number(5000, 0)).toBe(number);
      expect(notes.decisions).toEqual([]);
    }
    for (let number = 0; number < 16; number++) {
      notes.reading = false;
      notes.bits(100, 4, number);
      notes.reading = true;
      expect(notes.bits(100, 4, 0)).toBe(number);
      expect(notes.decisions).toEqual([]);
    }
  });

  it("keep within their places", () => {
    const notes = new Notes();
    for (let width = 0; width < 30; width++) notes.number(5000, 2 ** (width + 1) - 1);
    const places = notes.decisions.map(([place]) => place);
    expect(Math.min(...places)).toBeGreaterThan(5000);
    expect(Math.max(...places)).toBeLessThan(6024);
  });
});

describe("what a place knows", () => {
  it("begins at a half and goes where the decisions go, within (0, 1)", () => {
    let known = 0;
    const learn = (bit: number): void => {
      for (let i = 0; i < 1000; i++) known = model.learned(known, bit);
    };
    expect(model.chance(known)).toBe(2048);
    learn(1);
    expect(model.chance(known)).toBeGreaterThan(4000);
    expect(model.chance(known)).toBeLessThan(4096);
    learn(0);
    expect(model.chance(known)).toBeLessThan(96);
    expect(model.chance(known)).toBeGreaterThan(0);
  });
});
