// Arithmetic of two operands: every way to broadcast, every kernel.
import * as kernels from "../../assembly/binary";
import { bitsOf, check, f32At, floats, integers, Launch, oddFloats } from "./launch";

type Kernel = (
  y: usize, a: usize, b: usize, value: f32, rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
) => void;
type IntegerKernel = (
  y: usize, a: usize, b: usize, value: i32, rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
) => void;

const COLUMNS: i32 = 1;
const ROWS: i32 = 2;
const PLANES: i32 = 4;
const ALL: i32 = 7;

/** How many numbers an operand of [planes, rows, columns] has. */
function sizeOf(spans: i32, planes: i32, rows: i32, columns: i32): i32 {
  return (spans & PLANES ? planes : 1) * (spans & ROWS ? rows : 1) * (spans & COLUMNS ? columns : 1);
}

class PairLaunch extends Launch {
  constructor(
    public kernel: Kernel, public aSpans: i32, public bSpans: i32, planes: i32, public rows: i32, public columns: i32,
  ) {
    super();
    this.units = planes * rows * columns;
    this.reads(oddFloats(sizeOf(aSpans, planes, rows, columns), 1));
    this.reads(oddFloats(sizeOf(bSpans, planes, rows, columns), 2));
    this.writes(this.units * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), 0, this.rows, this.columns, this.aSpans, this.bSpans, begin, end);
  }
}

class IntegerLaunch extends Launch {
  constructor(public kernel: IntegerKernel, count: i32, public absent: i32) {
    super();
    this.units = count;
    this.reads(integers(count, -1000, 1000));
    this.reads(integers(count, -50, 50));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    const a: usize = this.absent == 1 ? 0 : this.x(0);
    const b: usize = this.absent == 2 ? 0 : this.x(1);
    const n = this.units;
    this.kernel(this.y(), a, b, -7, 1, n, a ? COLUMNS : 0, b ? COLUMNS : 0, begin, end);
  }
}

class AccumulateLaunch extends Launch {
  constructor(count: i32) {
    super();
    this.units = count;
    this.reads(oddFloats(count, 1));
    this.reads(oddFloats(count, 2));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.accumulate_f32(this.y(), this.x(0), this.x(1), begin, end);
  }
}

function checkKernel(kernel: Kernel): void {
  for (let n = 0; n < 20; n++) expect(check(new PairLaunch(kernel, COLUMNS, COLUMNS, 1, 1, n))).toBe("");
  for (let aSpans = 0; aSpans <= ALL; aSpans++) {
    for (let bSpans = 0; bSpans <= ALL; bSpans++) {
      if ((aSpans | bSpans) != ALL) continue;
      expect(check(new PairLaunch(kernel, aSpans, bSpans, 2, 3, 5))).toBe("");
      expect(check(new PairLaunch(kernel, aSpans, bSpans, 3, 2, 1))).toBe("");
    }
  }
}

function checkIntegers(kernel: IntegerKernel): void {
  for (let n = 0; n < 20; n++) for (let absent = 0; absent < 3; absent++) {
    expect(check(new IntegerLaunch(kernel, n, absent))).toBe("");
  }
}

/** The kernel's value, from a vector or, with `tail`, from the loop over single numbers. */
function at(kernel: Kernel, a: f32, b: f32, tail: bool): f32 {
  const n = tail ? 1 : 8;
  const left = floats(n, 1, a, a);
  const right = floats(n, 1, b, b);
  for (let i = 0; i < n; i++) {
    store<f32>(left.pointer + (i << 2), a);
    store<f32>(right.pointer + (i << 2), b);
  }
  const y = floats(n);
  kernel(y.pointer, left.pointer, right.pointer, 0, 1, n, COLUMNS, COLUMNS, 0, n);
  return f32At(y, n - 1);
}

describe("binary", () => {
  test("add_f32", () => { checkKernel(kernels.add_f32); });
  test("sub_f32", () => { checkKernel(kernels.sub_f32); });
  test("mul_f32", () => { checkKernel(kernels.mul_f32); });
  test("div_f32", () => { checkKernel(kernels.div_f32); });
  test("pow_f32", () => { checkKernel(kernels.pow_f32); });
  test("maximum_f32", () => { checkKernel(kernels.maximum_f32); });
  test("minimum_f32", () => { checkKernel(kernels.minimum_f32); });
  test("accumulate_f32", () => {
    for (let n = 0; n < 20; n++) expect(check(new AccumulateLaunch(n))).toBe("");
  });
  test("of integers", () => {
    checkIntegers(kernels.add_i32);
    checkIntegers(kernels.sub_i32);
    checkIntegers(kernels.mul_i32);
    checkIntegers(kernels.maximum_i32);
    checkIntegers(kernels.minimum_i32);
  });

  test("broadcasting repeats the operand that does not span an axis", () => {
    const launch = new PairLaunch(kernels.add_f32, PLANES | COLUMNS, ROWS, 2, 3, 5);
    for (let i = 0; i < 10; i++) store<f32>(launch.x(0) + (i << 2), <f32>i);
    for (let i = 0; i < 3; i++) store<f32>(launch.x(1) + (i << 2), <f32>(i * 100));
    launch.run(0, 30);
    for (let i = 0; i < 30; i++) {
      expect(f32At(launch.outputs[0], i)).toBe(<f32>(i / 15 * 5 + i % 5 + i / 5 % 3 * 100));
    }
  });

  test("NaN and the sign of zero, in the body and in the tail", () => {
    for (let tail = 0; tail < 2; tail++) {
      expect(isNaN(at(kernels.maximum_f32, NaN, 1, tail != 0))).toBe(true);
      expect(isNaN(at(kernels.maximum_f32, 1, NaN, tail != 0))).toBe(true);
      expect(isNaN(at(kernels.minimum_f32, NaN, 1, tail != 0))).toBe(true);
      expect(isNaN(at(kernels.minimum_f32, 1, NaN, tail != 0))).toBe(true);
      expect(bitsOf(at(kernels.add_f32, -0.0, -0.0, tail != 0))).toBe(0x80000000);
      expect(bitsOf(at(kernels.sub_f32, 0, 0, tail != 0))).toBe(0);
      expect(bitsOf(at(kernels.mul_f32, -0.0, 3, tail != 0))).toBe(0x80000000);
      expect(isNaN(at(kernels.sub_f32, Infinity, Infinity, tail != 0))).toBe(true);
      expect(isNaN(at(kernels.mul_f32, Infinity, 0, tail != 0))).toBe(true);
      expect(at(kernels.div_f32, 1, -0.0, tail != 0)).toBe(-Infinity);
      expect(at(kernels.pow_f32, NaN, 0, tail != 0)).toBe(1);
      expect(at(kernels.pow_f32, -2, 3, tail != 0)).toBe(-8);
      expect(isNaN(at(kernels.pow_f32, -2, 0.5, tail != 0))).toBe(true);
    }
  });
});
