// Optimizers update variables and their own state in place; norms of gradients and the scale that clips them.
import * as kernels from "../../assembly/optimizer";
import { Buffer, check, f32At, floats, integers, Launch } from "./launch";

function scalar(value: f32): Buffer {
  const buffer = floats(1);
  store<f32>(buffer.pointer, value);
  return buffer;
}

class OptimizerLaunch extends Launch {
  constructor(public which: i32, count: i32, public scaled: bool) {
    super();
    this.units = count;
    this.reads(floats(count, 1));
    this.reads(scalar(0.5));
    this.reads(scalar(0.01));
    this.reads(integers(1, 6, 7));
    for (let i = 0; i < 4; i++) this.updates(floats(count, 2 + i, 0.5, 2));
  }

  run(begin: i32, end: i32): void {
    const g = this.x(0);
    const scale: usize = this.scaled ? this.x(1) : 0;
    const rate = this.x(2);
    const v = this.y(0);
    const a = this.y(1);
    const b = this.y(2);
    const c = this.y(3);
    switch (this.which) {
      case 0: kernels.sgd_f32(v, g, scale, rate, 0.1, begin, end); break;
      case 1: kernels.sgd_momentum_f32(v, a, g, scale, rate, 0.1, 0.9, begin, end); break;
      case 2: kernels.sgd_nesterov_f32(v, a, g, scale, rate, 0.1, 0.9, begin, end); break;
      case 3: kernels.rmsprop_f32(v, a, g, scale, rate, 0.1, 0.1, 1e-7, begin, end); break;
      case 4: kernels.rmsprop_momentum_f32(v, a, b, g, scale, rate, 0.1, 0.1, 1e-7, 0.9, begin, end); break;
      case 5: kernels.rmsprop_centered_f32(v, a, b, g, scale, rate, 0.1, 0.1, 1e-7, begin, end); break;
      case 6: kernels.rmsprop_centered_momentum_f32(v, a, b, c, g, scale, rate, 0.1, 0.1, 1e-7, 0.9, begin, end); break;
      default: kernels.adam_f32(v, a, b, g, scale, rate, this.x(3), 0.1, 0.1, 0.001, 1e-7, begin, end);
    }
  }
}

class SquaresLaunch extends Launch {
  constructor(public size: i32, public first: i32) {
    super();
    this.units = (size + 4095) / 4096;
    this.reads(floats(size));
    this.updates(floats(first + this.units + 2));
  }

  run(begin: i32, end: i32): void {
    kernels.sum_squares_f32(this.y(), this.x(), this.size, this.first, begin, end);
  }
}

function checkOptimizer(which: i32): void {
  for (let n = 0; n < 20; n++) {
    expect(check(new OptimizerLaunch(which, n, false))).toBe("");
    expect(check(new OptimizerLaunch(which, n, true))).toBe("");
  }
}

describe("optimizer", () => {
  test("sgd_f32", () => { checkOptimizer(0); });
  test("sgd_momentum_f32", () => { checkOptimizer(1); });
  test("sgd_nesterov_f32", () => { checkOptimizer(2); });
  test("rmsprop_f32", () => { checkOptimizer(3); });
  test("rmsprop_momentum_f32", () => { checkOptimizer(4); });
  test("rmsprop_centered_f32", () => { checkOptimizer(5); });
  test("rmsprop_centered_momentum_f32", () => { checkOptimizer(6); });
  test("adam_f32", () => { checkOptimizer(7); });
  test("sum_squares_f32", () => {
    const sizes: i32[] = [1, 2, 3, 4, 5, 15, 17, 33, 4095, 4096, 4097, 10000];
    for (let i = 0; i < sizes.length; i++) expect(check(new SquaresLaunch(sizes[i], i % 3))).toBe("");
  });
  test("advance_i32", () => {
    const count = integers(1, 5, 6);
    kernels.advance_i32(count.pointer, 0, 1);
    kernels.advance_i32(count.pointer, 0, 0);
    expect(load<i32>(count.pointer)).toBe(6);
    expect(count.intact).toBe(true);
  });

  test("clipping leaves small gradients alone, and NaN is not hidden", () => {
    const scale = floats(1);
    const partials = floats(3);
    const sums: f32[] = [1, 4, 4];
    for (let i = 0; i < 3; i++) store<f32>(partials.pointer + (i << 2), sums[i]);
    kernels.clip_scale_f32(scale.pointer, partials.pointer, 3, 5, 0, 1);
    expect(f32At(scale, 0)).toBe(1);
    kernels.clip_scale_f32(scale.pointer, partials.pointer, 3, 1.5, 0, 1);
    expect(f32At(scale, 0)).toBe(0.5);
    store<f32>(partials.pointer, NaN);
    kernels.clip_scale_f32(scale.pointer, partials.pointer, 3, 5, 0, 1);
    expect(isNaN(f32At(scale, 0))).toBe(true);
    expect(scale.intact).toBe(true);
  });
});
