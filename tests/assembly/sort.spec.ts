// Order: rows sorted by index, the first k, places in a sorted row. Numbers of every kind, integers, both directions.
import * as kernels from "../../assembly/sort";
import { Buffer, check, integers, Launch, oddFloats } from "./launch";

const ROWS: i32 = 3;

function numbers(count: i32, isFloat: i32): Buffer {
  return isFloat ? oddFloats(count) : integers(count, -20, 20);
}

/** The arrays that it sorts in are written too, but nobody promises what with: they are not among the outputs. */
class SortLaunch extends Launch {
  constructor(public columns: i32, public isFloat: i32, public flip: i32) {
    super();
    this.units = ROWS;
    this.reads(numbers(ROWS * columns, isFloat));
    this.writes(ROWS * columns * 4);
    this.reads(new Buffer(ROWS * columns * 8));
    this.reads(new Buffer(ROWS * columns * 8));
  }

  run(begin: i32, end: i32): void {
    kernels.argsort_u32(
      this.y(), this.x(1), this.x(2), this.x(0), this.columns, this.isFloat, this.flip,
      this.scratch, begin, end,
    );
  }
}

class TopLaunch extends Launch {
  constructor(public columns: i32, public k: i32, public isFloat: i32, public flip: i32) {
    super();
    this.units = ROWS;
    this.reads(numbers(ROWS * columns, isFloat));
    this.writes(ROWS * k * 4);
    this.reads(new Buffer(ROWS * k * 4));
  }

  run(begin: i32, end: i32): void {
    kernels.top_k_u32(this.y(), this.x(1), this.x(0), this.columns, this.k, this.isFloat, this.flip, begin, end);
  }
}

class SearchLaunch extends Launch {
  constructor(public n: i32, public right: i32) {
    super();
    this.units = 30;
    this.reads(new Buffer(n * 4));
    for (let i = 0; i < n; i++) store<i32>(this.x() + (i << 2), i / 2 - 3);
    this.reads(integers(30, -6, 8));
    this.writes(30 * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.search_sorted_u32(this.y(), this.x(0), this.x(1), this.n, 0, this.right, begin, end);
  }
}

const COLUMNS: i32[] = [0, 1, 2, 3, 10, 48, 49, 300];

describe("sort", () => {
  test("argsort_u32", () => {
    for (let i = 0; i < COLUMNS.length; i++) for (let flags = 0; flags < 4; flags++) {
      const launch = new SortLaunch(COLUMNS[i], flags & 1, -(flags >> 1));
      expect(check(launch)).toBe("");
      expect(launch.inputs[1].intact && launch.inputs[2].intact).toBe(true);
    }
  });

  test("sorted rows ascend, NaN last, equal numbers in their order", () => {
    for (let i = 3; i < COLUMNS.length; i++) {
      const n = COLUMNS[i];
      const launch = new SortLaunch(n, 1, 0);
      launch.run(0, ROWS);
      for (let row = 0; row < ROWS; row++) for (let c = 1; c < n; c++) {
        const before = load<i32>(launch.y() + ((row * n + c - 1) << 2));
        const after = load<i32>(launch.y() + ((row * n + c) << 2));
        const a = load<f32>(launch.x() + ((row * n + before) << 2));
        const b = load<f32>(launch.x() + ((row * n + after) << 2));
        const isTie = a == b || (a != a && b != b);
        expect(isTie ? before < after : a < b || b != b).toBe(true);
      }
    }
  });

  test("top_k_u32 takes what argsort_u32 puts first", () => {
    for (let i = 1; i < COLUMNS.length; i++) for (let flags = 0; flags < 4; flags++) {
      const n = COLUMNS[i];
      const all = new SortLaunch(n, flags & 1, -(flags >> 1));
      all.run(0, ROWS);
      for (let k = 1; k <= min(n, 9); k += 2) {
        const launch = new TopLaunch(n, k, flags & 1, -(flags >> 1));
        expect(check(launch)).toBe("");
        expect(launch.inputs[1].intact).toBe(true);
        launch.run(0, ROWS);
        for (let row = 0; row < ROWS; row++) for (let c = 0; c < k; c++) {
          expect(load<i32>(launch.y() + ((row * k + c) << 2))).toBe(load<i32>(all.y() + ((row * n + c) << 2)));
        }
      }
    }
  });

  test("search_sorted_u32", () => {
    for (let n = 0; n < 20; n++) for (let right = 0; right < 2; right++) {
      const launch = new SearchLaunch(n, right);
      expect(check(launch)).toBe("");
      launch.run(0, launch.units);
      for (let i = 0; i < launch.units; i++) {
        const value = load<i32>(launch.x(1) + (i << 2));
        let count = 0;
        for (let j = 0; j < n; j++) {
          const other = load<i32>(launch.x(0) + (j << 2));
          if (other < value || (right && other == value)) count++;
        }
        expect(load<i32>(launch.y() + (i << 2))).toBe(count);
      }
    }
  });
});
