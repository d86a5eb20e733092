// ArrayData against plain JavaScript arrays.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArrayData } from "../../ts/data/array.ts";
import { ArgumentError, DtypeError, ShapeError, StateError } from "../../ts/runtime/errors.ts";
import { makeArray } from "../../ts/tensor/dtype.ts";

const counting = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i);

describe("an ArrayData", () => {
  it("has the length of its first axis and the numbers of its rows", () => {
    const array = new ArrayData(counting(12), [3, 2, 2], "f32");
    expect(array.length).toBe(3);
    expect(array.rowSize).toBe(4);
    expect([...array.valuesAt(1)]).toEqual([4, 5, 6, 7]);
    expect(array.array()).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [4, 5],
        [6, 7],
      ],
      [
        [8, 9],
        [10, 11],
      ],
    ]);
  });

  it("says that its memory has moved elsewhere, whatever is read", () => {
    const data = counting(6);
    const array = new ArrayData(data, [3, 2], "f32");
    const rows = array.slice(1);
    structuredClone(data, { transfer: [data.buffer] });
    const readers: (() => unknown)[] = [
      () => array.data,
      () => array.array(),
      () => array.valuesAt(0),
      () => array.slice(1),
      () => array.reshape([6]),
      () => rows.copyRows([0], new Float32Array(2)),
      () => array.firstNonFinite(),
      () => new ArrayData(data, [0], "f32"),
    ];
    for (const read of readers) expect(read).toThrow(StateError);
    expect(() => array.data).toThrow("ArrayData: the data must be in this thread's memory, got memory that was transf");
    expect(new ArrayData(new Float32Array(0), [0, 2], "f32").array()).toEqual([]);
  });

  it("keeps the typed array it was given, and views of it share its memory", () => {
    const data = counting(12);
    const array = new ArrayData(data, [4, 3], "f32");
    expect(array.data).toBe(data);
    const rows = array.slice(1, 3);
    expect(rows.shape).toEqual([2, 3]);
    expect([...array.slice(3).data]).toEqual([9, 10, 11]);
    rows.data[0] = -1;
    expect(array.valuesAt(1)[0]).toBe(-1);
    expect(array.reshape([2, 2, 3]).data.buffer).toBe(data.buffer);
  });

  it("cannot be given another shape afterwards", () => {
    const shape = [2, 3];
    const array = new ArrayData(counting(6), shape, "f32");
    shape[0] = 3;
    expect(array.shape).toEqual([2, 3]);
    expect(Object.isFrozen(array.shape)).toBe(true);
  });

  it("reads bytes as f32 times the scale", () => {
    const array = new ArrayData(new Uint8Array([0, 51, 255, 128]), [2, 2], "f32", 1 / 255);
    expect(array.valuesAt(0)).toEqual(new Float32Array([0, 0.2]));
    expect(array.slice(1).array()).toEqual([[1, Math.fround(128 / 255)]]);
    expect(array.reshape([4]).scale).toBe(1 / 255);
  });

  it("has booleans in its nested arrays where the dtype is bool", () => {
    expect(new ArrayData(new Uint8Array([0, 1]), [2], "bool").array()).toEqual([false, true]);
  });

  it("may have no rows, and rows may have no numbers", () => {
    expect(new ArrayData(new Int32Array(0), [0, 3], "i32").array()).toEqual([]);
    const empty = new ArrayData(new Int32Array(0), [2, 0], "i32");
    expect(empty.array()).toEqual([[], []]);
    empty.copyRows([1, 0, 1], new Int32Array(0));
  });
});

describe("what is no argument of an ArrayData", () => {
  const array = new ArrayData(counting(6), [3, 2], "f32");
  const bytes = new Uint8Array(4);
  const odd: { readonly [name: string]: unknown } = {
    null: null,
    text: "12",
    "a symbol": Symbol("one"),
    "an object": {},
    "an object without a prototype": Object.create(null),
    "a function": () => 1,
    "a big integer": 1n,
    "a fraction": 2.5,
    "a negative number": -1,
    "no number": Number.NaN,
    "a list of fractions": [2.5],
    "a list of negative numbers": [-1],
    "a list of text": ["0"],
    "a list of symbols": [Symbol("one")],
    "a list of nothing": [undefined],
    "a list of objects": [Object.create(null)],
    "a negative length": { length: -1 },
    "an immense length": { length: 1e12 },
    "a fraction of a length": { length: 1.5 },
    "a map": new Map(),
  };
  const uses: { readonly [name: string]: (value: never) => unknown } = {
    data: (value) => new ArrayData(value as Float32Array),
    shape: (value) => new ArrayData(counting(6), value),
    dtype: (value) => new ArrayData(counting(6), [6], value as "f32"),
    scale: (value) => new ArrayData(bytes, [4], "f32", value),
    "slice from": (value) => array.slice(value, 9),
    "slice to": (value) => array.slice(0, value),
    gather: (value) => array.gather(value),
    filter: (value) => array.filter(value),
    map: (value) => array.map(value),
    "dtype of map": (value) => array.map((row) => [...row], value as "f32"),
    reshape: (value) => array.reshape(value),
    copyRows: (value) => array.copyRows(value, new Float32Array(2)),
    "target of copyRows": (value) => array.copyRows([0], value),
    valuesAt: (value) => array.valuesAt(value),
    "what a map gives": (value) => array.map(() => value),
  };
  it.each(Object.entries(uses))("%s: a typed error", (use, f) => {
    for (const [what, value] of Object.entries(odd)) {
      // Functions are right there, and numbers are.
      if (what === "a function" && ["filter", "map"].includes(use)) continue;
      if (["scale", "what a map gives"].includes(use) && /^a (negative number|fraction)$|^no number$/.test(what))
        continue;
      if (use === "what a map gives" && /^a list of (fractions|negative)/.test(what)) continue;
      let error: unknown;
      try {
        f(value as never);
      } catch (thrown) {
        error = thrown;
      }
      const called = ["slice", "copyRows", "gather", "filter", "map", "valuesAt"].find((name) => use.includes(name));
      const name = use === "what a map gives" ? "map" : (called ?? "ArrayData");
      expect(String(error), what).toMatch(new RegExp(`^(Argument|Dtype|Shape)Error: ${name}: `));
    }
  });
});

describe("copyRows", () => {
  const storages = fc.constantFrom("f32", "scaled", "i32", "u8", "bool");
  const cases = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(70)).chain(([rows, size]) =>
    fc.record({
      array: storages.map((storage) => arrayOf(storage, rows, size)),
      indices: fc.array(fc.nat(rows - 1), { maxLength: 12 }),
      begin: fc.nat(rows),
    }),
  );

  it("copies the rows that were named, whatever the dtype and the length of a row", () => {
    fc.assert(
      fc.property(cases, ({ array, indices, begin }) => {
        const { dtype, length, rowSize, scale } = array;
        const seen = Array.from(array.data, (stored) => Math.fround(stored * scale));
        const rowsOf = (rows: number[]) => rows.flatMap((row) => seen.slice(row * rowSize, (row + 1) * rowSize));

        const gathered = makeArray(dtype, indices.length * rowSize);
        array.copyRows(Int32Array.from(indices), gathered);
        expect([...gathered]).toEqual(rowsOf(indices));

        const range = makeArray(dtype, (length - begin) * rowSize);
        array.copyRows({ begin, end: length }, range);
        expect([...range]).toEqual(seen.slice(begin * rowSize));
      }),
    );
  });

  it("writes into shared memory, and only where it was told", () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 8)).fill(-1);
    new ArrayData(counting(6), [3, 2], "f32").copyRows([2, 0], shared.subarray(2, 6));
    expect([...shared]).toEqual([-1, -1, 4, 5, 0, 1, -1, -1]);
  });

  it("refuses rows that are not there before it writes anything", () => {
    const array = new ArrayData(counting(6), [3, 2], "f32");
    const target = new Float32Array(4).fill(-1);
    expect(() => array.copyRows([0, 3], target)).toThrow(
      new ArgumentError(
        "copyRows: rows must be whole numbers from 0 and less than the 3 rows there are, got 3 at position 1",
      ),
    );
    for (const row of [-1, 0.5, Number.NaN]) expect(() => array.copyRows([0, row], target)).toThrow(ArgumentError);
    expect(() => array.gather([3])).toThrow("gather: rows must be whole numbers");
    expect(() => array.valuesAt(3)).toThrow("valuesAt: rows must be whole numbers");
    expect(() => array.copyRows({ begin: 2, end: 4 }, target)).toThrow(
      new ArgumentError("copyRows: rows must be a range with 0 <= begin <= end <= 3, got begin 2 and end 4"),
    );
    for (const [begin, end] of [
      [2, 1],
      [-1, 1],
      [0, 1.5],
    ]) {
      expect(() => array.copyRows({ begin, end }, target)).toThrow(ArgumentError);
    }
    expect([...target]).toEqual([-1, -1, -1, -1]);
  });

  it("refuses a target of another type or size", () => {
    const array = new ArrayData(counting(6), [3, 2], "f32");
    const wrong: unknown = new Int32Array(2);
    expect(() => array.copyRows([0], wrong as Float32Array)).toThrow(
      new DtypeError("copyRows: target must be Float32Array for f32, got Int32Array"),
    );
    expect(() => array.copyRows([0], new Float32Array(3))).toThrow(
      new ShapeError("copyRows: target must have room for exactly 1 rows of 2 numbers, got room for 3 numbers"),
    );
  });
});

describe("rows that are picked or made", () => {
  const bytes = new ArrayData<"f32">(new Uint8Array([0, 51, 255, 128, 102, 204]), [3, 2], "f32", 1 / 255);
  const values = (...numbers: number[]): number[] => numbers.map((byte) => Math.fround(byte / 255));

  it("gather copies rows in the order asked for, as they are stored", () => {
    const array = new ArrayData(counting(6), [3, 2]);
    const picked = array.gather([2, 0, 2]);
    expect(picked.shape).toEqual([3, 2]);
    expect([...picked.data]).toEqual([4, 5, 0, 1, 4, 5]);
    picked.data[0] = -1;
    expect(array.data[4]).toBe(4);
    const scaled = bytes.gather(Int32Array.of(1));
    expect(scaled.data).toEqual(new Uint8Array([255, 128]));
    expect([scaled.dtype, scaled.scale]).toEqual(["f32", 1 / 255]);
    expect([...scaled.valuesAt(0)]).toEqual(values(255, 128));
    expect(array.gather([]).shape).toEqual([0, 2]);
    expect(() => array.gather([3])).toThrow(ArgumentError);
  });

  it("filter keeps those that are wanted", () => {
    expect(bytes.filter(([first]) => first > 0.3).data).toEqual(new Uint8Array([255, 128, 102, 204]));
    expect(bytes.filter((_, row) => row !== 1).length).toBe(2);
    expect(bytes.filter(() => false).shape).toEqual([0, 2]);
  });

  it("map makes a number of each row, or several, in the shape of the rows where there are as many", () => {
    const array = new ArrayData(counting(12), [3, 2, 2]);
    expect(array.map((row) => row[0]).array()).toEqual([0, 4, 8]);
    expect(array.map((row, i) => [i, row[3], 1], "i32")).toMatchObject({ shape: [3, 3], dtype: "i32" });
    const doubled = array.map((row) => row.map((x) => 2 * x));
    expect(doubled.shape).toEqual([3, 2, 2]);
    expect([...doubled.data]).toEqual([...counting(12)].map((x) => 2 * x));
    expect(bytes.map((row) => row[0]).array()).toEqual(values(0, 255, 102));
    expect(() => array.map((row, i) => [...row].slice(i))).toThrow(
      new ShapeError("map: the function must give as many numbers for each row, got more for one than for another"),
    );
  });

  it("iteration gives the numbers of each row, the caller's own", () => {
    const array = new ArrayData(new Int32Array([1, 2, 3, 4]), [2, 2]);
    const rows = [...array];
    expect(rows).toEqual([new Int32Array([1, 2]), new Int32Array([3, 4])]);
    rows[0][0] = 9;
    expect(array.data[0]).toBe(1);
    expect([...bytes].map((row) => [...row])).toEqual([values(0, 51), values(255, 128), values(102, 204)]);
  });

  it("the constructor takes the dtype of the typed array", () => {
    expect(new ArrayData(counting(2)).dtype).toBe("f32");
    expect(new ArrayData(new Int32Array(2)).dtype).toBe("i32");
    expect(new ArrayData(new Uint8Array(2)).dtype).toBe("u8");
    expect(() => new ArrayData(new Float64Array(2) as never)).toThrow(DtypeError);
  });
});

describe("firstNonFinite", () => {
  it("tells where the first NaN or infinity is", () => {
    const data = counting(24);
    const array = new ArrayData(data, [2, 3, 4], "f32");
    expect(array.firstNonFinite()).toBeUndefined();
    data[22] = Number.NaN;
    expect(array.firstNonFinite()).toEqual([1, 2, 2]);
    data[5] = Number.NEGATIVE_INFINITY;
    expect(array.firstNonFinite()).toEqual([0, 1, 1]);
    expect(array.slice(1).firstNonFinite()).toEqual([0, 2, 2]);
  });

  it("finds nothing in bytes and integers", () => {
    expect(new ArrayData(new Uint8Array(3), [3], "f32", 1 / 255).firstNonFinite()).toBeUndefined();
    expect(new ArrayData(new Int32Array(3), [3], "i32").firstNonFinite()).toBeUndefined();
  });
});

describe("what an ArrayData refuses", () => {
  const error = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (caught) {
      return caught;
    }
  };
  const wrong = (data: unknown): Float32Array => data as Float32Array;

  it.each([
    [
      () => new ArrayData(counting(5), [2, 3], "f32"),
      ShapeError,
      "shape [2, 3] must hold all numbers of the data, got 6 places for 5 numbers",
    ],
    [
      () => new ArrayData(counting(1), [], "f32"),
      ShapeError,
      "shape must be one or more whole numbers, none negative, got []",
    ],
    [
      () => new ArrayData(counting(1), [-1, -1], "f32"),
      ShapeError,
      "shape must be one or more whole numbers, none negative, got [-1, -1]",
    ],
    [
      () => new ArrayData(counting(1), [0.5, 2], "f32"),
      ShapeError,
      "shape must be one or more whole numbers, none negative, got [0.5, 2]",
    ],
    [
      () => new ArrayData(wrong(new Float64Array(2)), [2], "f32"),
      DtypeError,
      "data for f32 must be Float32Array or Uint8Array, got Float64Array",
    ],
    [
      () => new ArrayData(wrong([1, 2]), [2], "f32"),
      DtypeError,
      "data for f32 must be Float32Array or Uint8Array, got Array",
    ],
    [
      () => new ArrayData(wrong(undefined), [2], "f32"),
      DtypeError,
      "data for f32 must be Float32Array or Uint8Array, got Undefined",
    ],
    [
      () => new ArrayData(new Uint8Array(2) as never, [2], "i32"),
      DtypeError,
      "data for i32 must be Int32Array, got Uint8Array",
    ],
    [() => new ArrayData(counting(2), [2], "f64" as "f32"), DtypeError, "dtype must be f32, i32, u8, bool, got f64"],
    [() => new ArrayData(new Uint8Array([0, 7]), [2], "bool"), ArgumentError, "bool data must be bytes 0 and 1, got 7"],
    [() => new ArrayData(new Uint8Array(2), [2], "f32", Number.NaN), ArgumentError, "scale must be a number, got NaN"],
    [
      () => new ArrayData(new Uint8Array(2), [2], "f32", 1e37),
      ArgumentError,
      "scale must keep bytes finite in f32, got 1e+37",
    ],
    [
      () => new ArrayData(counting(2), [2], "f32", 2),
      ArgumentError,
      "scale must be 1 unless bytes are read as f32, got 2",
    ],
  ])("case %#", (make, type, message) => {
    expect(error(make)).toEqual(new type(`ArrayData: ${message}`));
    expect(error(make)).toBeInstanceOf(type);
  });

  it("slices outside its rows", () => {
    expect(() => new ArrayData(counting(4), [4], "f32").slice(1, 5)).toThrow(
      new ArgumentError("slice: rows must be a range with 0 <= begin <= end <= 4, got begin 1 and end 5"),
    );
  });
});

function arrayOf(storage: "f32" | "scaled" | "i32" | "u8" | "bool", rows: number, size: number): ArrayData {
  const length = rows * size;
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
  if (storage === "scaled") return new ArrayData(bytes, [rows, size], "f32", 1 / 255);
  if (storage === "u8") return new ArrayData(bytes, [rows, size], "u8");
  if (storage === "bool")
    return new ArrayData(
      bytes.map((byte) => byte & 1),
      [rows, size],
      "bool",
    );
  if (storage === "i32") return new ArrayData(new Int32Array(bytes), [rows, size], "i32");
  return new ArrayData(new Float32Array(bytes), [rows, size], "f32");
}

it("refuses functions that give promises", () => {
  const data = new ArrayData(new Float32Array([1, 2]), [2], "f32");
  expect(() => data.filter((async () => false) as never)).toThrow(ArgumentError);
  expect(() => data.map((async () => 1) as never)).toThrow(ArgumentError);
});
