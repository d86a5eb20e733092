// Comparisons, logic, selection and conversion: results of one byte, and bytes taken sixteen at a time.
import * as kernels from "../../assembly/compare";
import { Buffer, bytes, check, f32At, integers, Launch, oddFloats } from "./launch";

type Comparison = (
  y: usize, a: usize, b: usize, value: f32, rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
) => void;
type Logic = (y: usize, a: usize, b: usize, begin: i32, end: i32) => void;
type Cast = (y: usize, x: usize, begin: i32, end: i32) => void;

class CompareLaunch extends Launch {
  constructor(public kernel: Comparison, public rows: i32, public columns: i32) {
    super();
    this.units = rows * columns;
    this.reads(oddFloats(this.units, 1));
    this.reads(oddFloats(columns, 1));
    this.writes(this.units);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), 0, this.rows, this.columns, 3, 1, begin, end);
  }
}

class LogicLaunch extends Launch {
  constructor(public kernel: Logic, count: i32) {
    super();
    this.units = count;
    this.reads(bytes(count, 2, 1));
    this.reads(bytes(count, 2, 2));
    this.writes(count);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), begin, end);
  }
}

class CastLaunch extends Launch {
  constructor(public kernel: Cast, x: Buffer, count: i32, size: i32) {
    super();
    this.units = count;
    this.reads(x);
    this.writes(count * size);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), begin, end);
  }
}

class ScaleLaunch extends Launch {
  constructor(x: Buffer, count: i32) {
    super();
    this.units = count;
    this.reads(x);
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    const bits = reinterpret<u64>(1.0 / 255);
    kernels.scale_u8_f32(this.y(), this.x(), <i32>bits, <i32>(bits >> 32), begin, end);
  }
}

class WhereLaunch extends Launch {
  constructor(count: i32, public absent: i32) {
    super();
    this.units = count;
    this.reads(bytes(count, 2));
    this.reads(oddFloats(count, 1));
    this.reads(oddFloats(count, 2));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    const a: usize = this.absent & 1 ? 0 : this.x(1);
    const b: usize = this.absent & 2 ? 0 : this.x(2);
    kernels.where_u32(this.y(), this.x(0), a, b, 0x3f800000, 0x7fc00000, begin, end);
  }
}

const COUNTS: i32[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40];

function checkComparison(kernel: Comparison): void {
  for (let i = 0; i < COUNTS.length; i++) expect(check(new CompareLaunch(kernel, 1, COUNTS[i]))).toBe("");
  expect(check(new CompareLaunch(kernel, 3, 5))).toBe("");
}

function checkCast(kernel: Cast, from: i32, to: i32): void {
  for (let i = 0; i < COUNTS.length; i++) {
    const n = COUNTS[i];
    const x = from == 1 ? bytes(n, 256) : from == 4 ? integers(n, -500, 500) : oddFloats(n);
    expect(check(new CastLaunch(kernel, x, n, to))).toBe("");
  }
}

describe("compare", () => {
  test("comparisons", () => {
    checkComparison(kernels.equal_f32);
    checkComparison(kernels.not_equal_f32);
    checkComparison(kernels.less_f32);
    checkComparison(kernels.less_equal_f32);
  });
  test("logic", () => {
    for (let i = 0; i < COUNTS.length; i++) {
      expect(check(new LogicLaunch(kernels.logical_and_u8, COUNTS[i]))).toBe("");
      expect(check(new LogicLaunch(kernels.logical_or_u8, COUNTS[i]))).toBe("");
      expect(check(new LogicLaunch(kernels.logical_xor_u8, COUNTS[i]))).toBe("");
      expect(check(new CastLaunch(kernels.logical_not_u8, bytes(COUNTS[i], 2), COUNTS[i], 1))).toBe("");
    }
  });
  test("where_u32", () => {
    for (let i = 0; i < COUNTS.length; i++) for (let absent = 0; absent < 4; absent++) {
      expect(check(new WhereLaunch(COUNTS[i], absent))).toBe("");
    }
  });
  test("casts", () => {
    checkCast(kernels.cast_i32_f32, 4, 4);
    checkCast(kernels.cast_f32_i32, 5, 4);
    checkCast(kernels.cast_u8_f32, 1, 4);
    checkCast(kernels.cast_u8_i32, 1, 4);
    checkCast(kernels.cast_f32_u8, 5, 1);
    checkCast(kernels.cast_i32_u8, 4, 1);
  });

  test("scaled bytes are rounded once, in the body and in the tail", () => {
    for (let i = 0; i < COUNTS.length; i++) expect(check(new ScaleLaunch(bytes(COUNTS[i], 256), COUNTS[i]))).toBe("");
    const x = new Buffer(259);
    const y = new Buffer(259 * 4);
    for (let i = 0; i < 259; i++) store<u8>(x.pointer + i, <u8>i);
    const scales: f64[] = [1.0 / 255, -0.1, 1.0 / 3, 1e30, 0];
    for (let s = 0; s < scales.length; s++) {
      const bits = reinterpret<u64>(scales[s]);
      kernels.scale_u8_f32(y.pointer, x.pointer, <i32>bits, <i32>(bits >> 32), 0, 259);
      for (let i = 0; i < 259; i++) {
        const wanted = <f32>(<f64>(i & 255) * scales[s]);
        expect(load<u32>(y.pointer + (i << 2))).toBe(reinterpret<u32>(wanted));
      }
    }
  });

  test("NaN equals nothing and is not less, in the body and in the tail", () => {
    const launch = new CompareLaunch(kernels.equal_f32, 1, 13);
    for (let i = 0; i < 13; i++) {
      store<f32>(launch.x(0) + (i << 2), NaN);
      store<f32>(launch.x(1) + (i << 2), i % 2 ? NaN : 1);
    }
    launch.run(0, 13);
    for (let i = 0; i < 13; i++) expect(load<u8>(launch.y() + i)).toBe(0);
    kernels.not_equal_f32(launch.y(), launch.x(0), launch.x(1), 0, 1, 13, 1, 1, 0, 13);
    for (let i = 0; i < 13; i++) expect(load<u8>(launch.y() + i)).toBe(1);
    kernels.less_equal_f32(launch.y(), launch.x(0), launch.x(1), 0, 1, 13, 1, 1, 0, 13);
    for (let i = 0; i < 13; i++) expect(load<u8>(launch.y() + i)).toBe(0);
  });

  test("conversion clamps, and NaN becomes 0", () => {
    const x = oddFloats(9);
    const values: f32[] = [NaN, Infinity, -Infinity, -0.0, 2.9, -2.9, 300, 3e9, -3e9];
    for (let i = 0; i < 9; i++) store<f32>(x.pointer + (i << 2), values[i]);
    const y = new Buffer(36);
    kernels.cast_f32_i32(y.pointer, x.pointer, 0, 9);
    const wanted: i32[] = [0, i32.MAX_VALUE, i32.MIN_VALUE, 0, 2, -2, 300, i32.MAX_VALUE, i32.MIN_VALUE];
    for (let i = 0; i < 9; i++) expect(load<i32>(y.pointer + (i << 2))).toBe(wanted[i]);
    kernels.cast_f32_u8(y.pointer, x.pointer, 0, 9);
    const wantedBytes: i32[] = [0, 255, 0, 0, 2, 0, 255, 255, 0];
    for (let i = 0; i < 9; i++) expect(<i32>load<u8>(y.pointer + i)).toBe(wantedBytes[i]);
    expect(f32At(x, 4)).toBe(2.9);
  });
});
