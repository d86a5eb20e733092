// Reductions over the middle axis of [outer, length, inner], in blocks and tiles.
import * as kernels from "../../assembly/reduce";
import { check, f32At, floats, Launch, oddFloats } from "./launch";

type Fold = (
  y: usize, x: usize, length: i32, inner: i32, block: i32, tile: i32, begin: i32, end: i32,
) => void;
type Arg = (y: usize, x: usize, length: i32, inner: i32, tile: i32, begin: i32, end: i32) => void;

const OUTER: i32 = 3;

function ceil(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

/** A fold, or without a kernel a sum divided by 3. */
class FoldLaunch extends Launch {
  constructor(public kernel: Fold | null, public length: i32, public inner: i32, public block: i32, public tile: i32) {
    super();
    const blocks = max(ceil(length, block), 1);
    this.units = OUTER * blocks * ceil(inner, tile);
    this.reads(kernel ? oddFloats(OUTER * length * inner) : floats(OUTER * length * inner));
    this.writes(OUTER * blocks * inner * 4);
  }

  run(begin: i32, end: i32): void {
    const kernel = this.kernel;
    if (kernel) kernel(this.y(), this.x(), this.length, this.inner, this.block, this.tile, begin, end);
    else kernels.sum_f32(this.y(), this.x(), this.length, this.inner, this.block, this.tile, 3, begin, end);
  }
}

class ArgLaunch extends Launch {
  constructor(public kernel: Arg, public length: i32, public inner: i32, public tile: i32) {
    super();
    this.units = OUTER * ceil(inner, tile);
    this.reads(oddFloats(OUTER * length * inner));
    this.writes(OUTER * inner * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), this.length, this.inner, this.tile, begin, end);
  }
}

class RunningSumLaunch extends Launch {
  constructor(public n: i32, public times: i32) {
    super();
    this.units = n;
    this.reads(oddFloats(n));
    this.updates(floats(2 * n, 5));
  }

  run(begin: i32, end: i32): void {
    kernels.running_sum_f32(this.y(), this.x(), this.times, begin, end);
  }
}

const LENGTHS: i32[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 600];
const INNERS: i32[] = [1, 2, 3, 4, 5, 7, 16, 19];

function checkFold(kernel: Fold | null): void {
  for (let i = 0; i < LENGTHS.length; i++) for (let j = 0; j < INNERS.length; j++) {
    expect(check(new FoldLaunch(kernel, LENGTHS[i], INNERS[j], 256, 8))).toBe("");
    expect(check(new FoldLaunch(kernel, min(LENGTHS[i], 20), INNERS[j], 4, 4))).toBe("");
  }
}

function checkArg(kernel: Arg): void {
  for (let i = 1; i < LENGTHS.length; i++) for (let j = 0; j < INNERS.length; j++) {
    expect(check(new ArgLaunch(kernel, LENGTHS[i], INNERS[j], 8))).toBe("");
  }
}

describe("reduce", () => {
  test("sum_f32", () => { checkFold(null); });
  test("prod_f32", () => { checkFold(kernels.prod_f32); });
  test("max_f32", () => { checkFold(kernels.max_f32); });
  test("min_f32", () => { checkFold(kernels.min_f32); });
  test("arg_max_f32", () => { checkArg(kernels.arg_max_f32); });
  test("arg_min_f32", () => { checkArg(kernels.arg_min_f32); });

  test("running_sum_f32", () => {
    for (let n = 0; n < 10; n++) expect(check(new RunningSumLaunch(n, n))).toBe("");
    const sums = new RunningSumLaunch(1, 3);
    store<f64>(sums.y(), <f64>(1 << 30));
    store<f32>(sums.x(), 0.1);
    for (let i = 0; i < 1000; i++) sums.run(0, 1);
    let wanted: f64 = <f64>(1 << 30);
    for (let i = 0; i < 1000; i++) wanted += 3 * <f64>(<f32>0.1);
    expect(load<f64>(sums.y())).toBe(wanted);
  });

  test("nothing sums to 0, and the largest of nothing is -Infinity", () => {
    const sum = new FoldLaunch(null, 0, 5, 8, 8);
    sum.run(0, sum.units);
    const largest = new FoldLaunch(kernels.max_f32, 0, 1, 8, 8);
    largest.run(0, largest.units);
    for (let i = 0; i < 5; i++) expect(f32At(sum.outputs[0], i)).toBe(0);
    expect(f32At(largest.outputs[0], 0)).toBe(-Infinity);
  });

  test("NaN wins wherever it stands, and the first one gives the index", () => {
    for (let inner = 1; inner < 6; inner += 2) for (let length = 1; length < 40; length += 6) {
      for (let place = 0; place < length; place += 5) {
        const fold = new FoldLaunch(kernels.max_f32, length, inner, 64, 8);
        const arg = new ArgLaunch(kernels.arg_max_f32, length, inner, 8);
        for (let i = 0; i < OUTER * length * inner; i++) {
          const value: f32 = i / inner % length >= place ? NaN : <f32>i;
          store<f32>(fold.x() + (i << 2), value);
          store<f32>(arg.x() + (i << 2), value);
        }
        fold.run(0, fold.units);
        arg.run(0, arg.units);
        for (let i = 0; i < OUTER * inner; i++) {
          expect(isNaN(f32At(fold.outputs[0], i))).toBe(true);
          expect(load<i32>(arg.y() + (i << 2))).toBe(place);
        }
      }
    }
  });

  test("the first of equal numbers gives the index", () => {
    for (let length = 1; length < 40; length++) {
      const arg = new ArgLaunch(kernels.arg_min_f32, length, 1, 8);
      for (let i = 0; i < OUTER * length; i++) store<f32>(arg.x() + (i << 2), i % length >= length / 2 ? -1 : 1);
      arg.run(0, arg.units);
      for (let i = 0; i < OUTER; i++) expect(load<i32>(arg.y() + (i << 2))).toBe(length / 2);
    }
  });
});
