// Transcendental functions in f64, and division with a remainder.
import * as kernels from "../../assembly/transcendental";
import { check, f32At, integers, Launch, oddFloats } from "./launch";

type Map = (y: usize, x: usize, begin: i32, end: i32) => void;
type Pair = (
  y: usize, a: usize, b: usize, value: f32, rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
) => void;

class MapLaunch extends Launch {
  constructor(public kernel: Map, count: i32) {
    super();
    this.units = count;
    this.reads(oddFloats(count));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), begin, end);
  }
}

/** Two vectors of one shape, or one and a number. */
class PairLaunch extends Launch {
  constructor(public kernel: Pair, count: i32, public isAlone: bool) {
    super();
    this.units = count;
    this.reads(oddFloats(count, 1));
    this.reads(oddFloats(count, 2));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    const b: usize = this.isAlone ? 0 : this.x(1);
    this.kernel(this.y(), this.x(0), b, 0.7, 1, this.units, 1, b ? 1 : 0, begin, end);
  }
}

class IntegerLaunch extends Launch {
  constructor(public isModulo: bool, count: i32) {
    super();
    this.units = count;
    this.reads(integers(count, -1000, 1000));
    this.reads(integers(count, -5, 5));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    const n = this.units;
    if (this.isModulo) kernels.mod_i32(this.y(), this.x(0), this.x(1), 0, 1, n, 1, 1, begin, end);
    else kernels.floor_divide_i32(this.y(), this.x(0), this.x(1), 0, 1, n, 1, 1, begin, end);
  }
}

const COUNTS: i32[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 33, 100];

function checkMap(kernel: Map): void {
  for (let i = 0; i < COUNTS.length; i++) {
    const launch = new MapLaunch(kernel, COUNTS[i]);
    expect(check(launch)).toBe("");
    for (let j = 0; j < COUNTS[i]; j++) {
      if (isNaN(f32At(launch.inputs[0], j))) expect(isNaN(f32At(launch.outputs[0], j))).toBe(true);
    }
  }
}

function checkPair(kernel: Pair): void {
  for (let i = 0; i < COUNTS.length; i++) {
    expect(check(new PairLaunch(kernel, COUNTS[i], false))).toBe("");
    expect(check(new PairLaunch(kernel, COUNTS[i], true))).toBe("");
  }
}

describe("transcendental", () => {
  test("tan_f32", () => { checkMap(kernels.tan_f32); });
  test("asin_f32", () => { checkMap(kernels.asin_f32); });
  test("acos_f32", () => { checkMap(kernels.acos_f32); });
  test("atan_f32", () => { checkMap(kernels.atan_f32); });
  test("sinh_f32", () => { checkMap(kernels.sinh_f32); });
  test("cosh_f32", () => { checkMap(kernels.cosh_f32); });
  test("asinh_f32", () => { checkMap(kernels.asinh_f32); });
  test("acosh_f32", () => { checkMap(kernels.acosh_f32); });
  test("atanh_f32", () => { checkMap(kernels.atanh_f32); });
  test("expm1_f32", () => { checkMap(kernels.expm1_f32); });
  test("erfc_f32", () => { checkMap(kernels.erfc_f32); });
  test("atan2_f32", () => { checkPair(kernels.atan2_f32); });
  test("hypot_f32", () => { checkPair(kernels.hypot_f32); });
  test("log_add_exp_f32", () => { checkPair(kernels.log_add_exp_f32); });
  test("mod_f32", () => { checkPair(kernels.mod_f32); });
  test("floor_divide_f32", () => { checkPair(kernels.floor_divide_f32); });

  test("mod_i32 and floor_divide_i32", () => {
    for (let i = 0; i < COUNTS.length; i++) {
      expect(check(new IntegerLaunch(true, COUNTS[i]))).toBe("");
      expect(check(new IntegerLaunch(false, COUNTS[i]))).toBe("");
    }
    const quotients = new IntegerLaunch(false, 100);
    const remainders = new IntegerLaunch(true, 100);
    quotients.run(0, 100);
    remainders.run(0, 100);
    for (let i = 0; i < 100; i++) {
      const a = load<i32>(quotients.x(0) + (i << 2));
      const b = load<i32>(quotients.x(1) + (i << 2));
      const r = load<i32>(remainders.y() + (i << 2));
      if (b != 0) expect(load<i32>(quotients.y() + (i << 2)) * b + r).toBe(a);
      else expect(r).toBe(0);
      expect(b > 0 ? r >= 0 && r < b : r <= 0 && (b == 0 || r > b)).toBe(true);
    }
  });
});
