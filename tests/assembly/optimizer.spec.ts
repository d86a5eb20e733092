// Optimizers update variables and their own state in place; norms of gradients and the scale that clips them.
import * as kernels from "../../assembly/optimizer";
import * as steps from "../../assembly/optimizer-step";
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
    this.reads(scalar(0.25));
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
    const t = this.x(3);
    const product = this.x(4);
    switch (this.which) {
      case 0: kernels.sgd_f32(v, g, scale, 0, rate, 0.1, begin, end); break;
      case 1: kernels.sgd_momentum_f32(v, a, g, scale, 0, rate, 0.1, 0.9, begin, end); break;
      case 2: kernels.sgd_nesterov_f32(v, a, g, scale, 0, rate, 0.1, 0.9, begin, end); break;
      case 3: kernels.rmsprop_f32(v, a, g, scale, 0, rate, 0.1, 0.1, 1e-7, begin, end); break;
      case 4: kernels.rmsprop_momentum_f32(v, a, b, g, scale, 0, rate, 0.1, 0.1, 1e-7, 0.9, begin, end); break;
      case 5: kernels.rmsprop_centered_f32(v, a, b, g, scale, 0, rate, 0.1, 0.1, 1e-7, begin, end); break;
      case 6:
        kernels.rmsprop_centered_momentum_f32(v, a, b, c, g, scale, 0, rate, 0.1, 0.1, 1e-7, 0.9, begin, end);
        break;
      case 7: kernels.adam_f32(v, a, b, g, scale, 0, rate, t, 0.1, 0.1, 0.001, 1e-7, begin, end); break;
      case 8: kernels.adam_amsgrad_f32(v, a, b, c, g, scale, 0, rate, t, 0.1, 0.1, 0.001, 1e-7, begin, end); break;
      case 9: kernels.adagrad_f32(v, a, g, scale, 0, rate, 0.1, 1e-7, begin, end); break;
      case 10: kernels.adadelta_f32(v, a, b, g, scale, 0, rate, 0.1, 0.05, 1e-7, begin, end); break;
      case 11: kernels.adamax_f32(v, a, b, g, scale, 0, rate, t, 0.1, 0.1, 0.999, 1e-7, begin, end); break;
      case 12: kernels.nadam_f32(v, a, b, g, scale, 0, rate, t, product, 0.1, 0.9, 0.1, 0.001, 1e-7, begin, end); break;
      case 13: kernels.lion_f32(v, a, g, scale, 0, rate, 0.1, 0.1, 0.01, begin, end); break;
      case 14: kernels.lamb_step_f32(v, a, b, g, scale, 0, t, 0.1, 0.001, 1e-7, begin, end); break;
      case 15: kernels.ftrl_f32(v, a, b, g, scale, 0, rate, 0.1, 0.5, 0.01, 0.02, 0.03, 0.04, begin, end); break;
      case 16: steps.accumulate_gradient_f32(v, g, scale, 0, t, begin, end); break;
      case 17: steps.average_weights_f32(a, v, 0, t, 0.1, 7, begin, end); break;
      default: steps.average_weights_f32(a, v, 0, t, 0.1, 0, begin, end);
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
    steps.block_norms_f32(this.y(), this.x(), 0.5, this.size, this.first, begin, end);
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
  test("adam_amsgrad_f32", () => { checkOptimizer(8); });
  test("adagrad_f32", () => { checkOptimizer(9); });
  test("adadelta_f32", () => { checkOptimizer(10); });
  test("adamax_f32", () => { checkOptimizer(11); });
  test("nadam_f32", () => { checkOptimizer(12); });
  test("lion_f32", () => { checkOptimizer(13); });
  test("lamb_step_f32", () => { checkOptimizer(14); });
  test("ftrl_f32", () => { checkOptimizer(15); });
  test("accumulate_gradient_f32", () => { checkOptimizer(16); });
  test("average_weights_f32", () => { checkOptimizer(17); checkOptimizer(18); });
  test("a closed gate leaves everything as it is", () => {
    const gate = integers(1, 0, 1);
    const v = scalar(3);
    const a = scalar(4);
    const g = scalar(5);
    const count = integers(1, 5, 6);
    kernels.sgd_momentum_f32(v.pointer, a.pointer, g.pointer, 0, gate.pointer, g.pointer, 0.1, 0.9, 0, 1);
    steps.accumulate_gradient_f32(a.pointer, g.pointer, 0, gate.pointer, count.pointer, 0, 1);
    steps.average_weights_f32(a.pointer, v.pointer, gate.pointer, count.pointer, 0.5, 1, 0, 1);
    kernels.nadam_product_f32(v.pointer, gate.pointer, count.pointer, 0.9, 0, 1);
    steps.advance_i32(count.pointer, gate.pointer, 0, 1);
    expect(f32At(v, 0)).toBe(3);
    expect(f32At(a, 0)).toBe(4);
    expect(load<i32>(count.pointer)).toBe(5);
  });
  test("accumulation_gate_i32 opens at every third gradient that counts", () => {
    const open = integers(1, 0, 1);
    const pending = integers(1, 0, 1);
    const outer = integers(1, 0, 1);
    let seen = "";
    for (let i = 0; i < 8; i++) {
      store<i32>(outer.pointer, i32(i != 4));
      steps.accumulation_gate_i32(open.pointer, pending.pointer, outer.pointer, 3, 0, 1);
      seen += load<i32>(open.pointer).toString() + load<i32>(pending.pointer).toString() + " ";
    }
    expect(seen).toBe("01 02 13 01 01 02 13 01 ");
  });
  test("lamb_ratio_f32 is the ratio of two norms, or 1", () => {
    const ratio = scalar(0);
    const rate = scalar(0.5);
    const partials = floats(4);
    const norms: f32[] = [3, 4, 0, 2];
    for (let i = 0; i < 4; i++) store<f32>(partials.pointer + (i << 2), norms[i]);
    kernels.lamb_ratio_f32(ratio.pointer, partials.pointer, rate.pointer, 0.5, 2, 0, 1);
    expect(f32At(ratio, 0)).toBe(1.875);
    store<f32>(partials.pointer + 8, 0);
    store<f32>(partials.pointer + 12, 0);
    kernels.lamb_ratio_f32(ratio.pointer, partials.pointer, rate.pointer, 0.5, 2, 0, 1);
    expect(f32At(ratio, 0)).toBe(1);
  });
  test("loss_scale_f32 halves at once, and doubles after two good steps", () => {
    const open = integers(1, 0, 1);
    const unscale = scalar(0);
    const scale = scalar(8);
    const good = integers(1, 0, 1);
    const partials = floats(2);
    let seen = "";
    for (let i = 0; i < 5; i++) {
      store<f32>(partials.pointer, 0);
      store<f32>(partials.pointer + 4, i == 1 ? NaN : 0);
      steps.loss_scale_f32(open.pointer, unscale.pointer, scale.pointer, good.pointer, partials.pointer, 2, 2, 0, 1);
      seen += load<i32>(open.pointer).toString() + " " + i32(<f32>1 / f32At(unscale, 0)).toString() + " ";
      seen += i32(f32At(scale, 0)).toString() + ", ";
    }
    expect(seen).toBe("1 8 8, 0 8 4, 1 4 4, 1 4 8, 1 8 8, ");
  });
  test("block_norms_f32", () => {
    const sizes: i32[] = [1, 2, 3, 4, 5, 15, 17, 33, 4095, 4096, 4097, 10000];
    for (let i = 0; i < sizes.length; i++) expect(check(new SquaresLaunch(sizes[i], i % 3))).toBe("");
  });
  test("advance_i32", () => {
    const count = integers(1, 5, 6);
    steps.advance_i32(count.pointer, 0, 0, 1);
    steps.advance_i32(count.pointer, 0, 0, 0);
    expect(load<i32>(count.pointer)).toBe(6);
    expect(count.intact).toBe(true);
  });

  test("clipping leaves small gradients alone, and NaN is not hidden", () => {
    const scale = floats(1);
    const partials = floats(3);
    const norms: f32[] = [1, 2, 2];
    for (let i = 0; i < 3; i++) store<f32>(partials.pointer + (i << 2), norms[i]);
    steps.clip_scale_f32(scale.pointer, partials.pointer, 0, 3, 5, 0, 1);
    expect(f32At(scale, 0)).toBe(1);
    steps.clip_scale_f32(scale.pointer, partials.pointer, 0, 3, 1.5, 0, 1);
    expect(f32At(scale, 0)).toBe(0.5);
    store<f32>(partials.pointer, NaN);
    steps.clip_scale_f32(scale.pointer, partials.pointer, 0, 3, 5, 0, 1);
    expect(isNaN(f32At(scale, 0))).toBe(true);
    // What is still to be halved has half the norm.
    const half = scalar(0.5);
    store<f32>(partials.pointer, 1);
    steps.clip_scale_f32(scale.pointer, partials.pointer, half.pointer, 3, 0.75, 0, 1);
    expect(f32At(scale, 0)).toBe(0.25);
    expect(scale.intact).toBe(true);
  });
});
