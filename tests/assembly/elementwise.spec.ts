// Functions of one number, and their gradients.
import * as kernels from "../../assembly/elementwise";
import { bitsOf, Buffer, check, f32At, floats, Launch, oddFloats } from "./launch";

type Map = (y: usize, x: usize, begin: i32, end: i32) => void;
type Zip = (dx: usize, dy: usize, x: usize, begin: i32, end: i32) => void;
type MapWith = (y: usize, x: usize, c: f32, begin: i32, end: i32) => void;
type ZipWith = (dx: usize, dy: usize, x: usize, c: f32, begin: i32, end: i32) => void;

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

class MapWithLaunch extends Launch {
  constructor(public kernel: MapWith, count: i32) {
    super();
    this.units = count;
    this.reads(oddFloats(count));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(), 0.3, begin, end);
  }
}

/** A launch that reads dy and x, or y, and writes dx. */
abstract class GradientLaunch extends Launch {
  constructor(count: i32) {
    super();
    this.units = count;
    this.reads(oddFloats(count, 2));
    this.reads(oddFloats(count));
    this.writes(count * 4);
  }
}

class ZipLaunch extends GradientLaunch {
  constructor(public kernel: Zip, count: i32) {
    super(count);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), begin, end);
  }
}

class ZipWithLaunch extends GradientLaunch {
  constructor(public kernel: ZipWith, count: i32) {
    super(count);
  }

  run(begin: i32, end: i32): void {
    this.kernel(this.y(), this.x(0), this.x(1), 0.3, begin, end);
  }
}

class ClipLaunch extends GradientLaunch {
  constructor(public gradient: bool, count: i32) {
    super(count);
  }

  run(begin: i32, end: i32): void {
    if (this.gradient) kernels.clip_grad_f32(this.y(), this.x(0), this.x(1), -1, 0.5, begin, end);
    else kernels.clip_f32(this.y(), this.x(1), -1, 0.5, begin, end);
  }
}

const COUNTS: i32[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 33, 100];

function checkMap(kernel: Map): void {
  for (let i = 0; i < COUNTS.length; i++) expect(check(new MapLaunch(kernel, COUNTS[i]))).toBe("");
}

function checkZip(kernel: Zip): void {
  for (let i = 0; i < COUNTS.length; i++) expect(check(new ZipLaunch(kernel, COUNTS[i]))).toBe("");
}

/** The kernel's value at x, computed in a vector and in the tail, which must agree. */
function at(kernel: Map, x: f32): f32 {
  const input = floats(5);
  const output = new Buffer(20);
  for (let i = 0; i < 5; i++) store<f32>(input.pointer + (i << 2), x);
  kernel(output.pointer, input.pointer, 0, 5);
  const first = load<u32>(output.pointer);
  const last = load<u32>(output.pointer + 16);
  if (first != last && f32At(output, 0) == f32At(output, 0)) return f32.MIN_VALUE;
  return f32At(output, 0);
}

describe("elementwise", () => {
  test("neg_f32", () => { checkMap(kernels.neg_f32); });
  test("abs_f32", () => { checkMap(kernels.abs_f32); });
  test("sign_f32", () => { checkMap(kernels.sign_f32); });
  test("floor_f32", () => { checkMap(kernels.floor_f32); });
  test("ceil_f32", () => { checkMap(kernels.ceil_f32); });
  test("round_f32", () => { checkMap(kernels.round_f32); });
  test("trunc_f32", () => { checkMap(kernels.trunc_f32); });
  test("sqrt_f32", () => { checkMap(kernels.sqrt_f32); });
  test("square_f32", () => { checkMap(kernels.square_f32); });
  test("reciprocal_f32", () => { checkMap(kernels.reciprocal_f32); });
  test("rsqrt_f32", () => { checkMap(kernels.rsqrt_f32); });
  test("exp_f32", () => { checkMap(kernels.exp_f32); });
  test("log_f32", () => { checkMap(kernels.log_f32); });
  test("log1p_f32", () => { checkMap(kernels.log1p_f32); });
  test("sin_f32", () => { checkMap(kernels.sin_f32); });
  test("cos_f32", () => { checkMap(kernels.cos_f32); });
  test("erf_f32", () => { checkMap(kernels.erf_f32); });
  test("sigmoid_f32", () => { checkMap(kernels.sigmoid_f32); });
  test("tanh_f32", () => { checkMap(kernels.tanh_f32); });
  test("relu_f32", () => { checkMap(kernels.relu_f32); });
  test("softplus_f32", () => { checkMap(kernels.softplus_f32); });
  test("silu_f32", () => { checkMap(kernels.silu_f32); });
  test("gelu_f32", () => { checkMap(kernels.gelu_f32); });
  test("gelu_tanh_f32", () => { checkMap(kernels.gelu_tanh_f32); });
  test("gradients", () => {
    checkZip(kernels.sigmoid_grad_f32);
    checkZip(kernels.tanh_grad_f32);
    checkZip(kernels.relu_grad_f32);
    checkZip(kernels.softplus_grad_f32);
    checkZip(kernels.silu_grad_f32);
    checkZip(kernels.gelu_grad_f32);
    checkZip(kernels.gelu_tanh_grad_f32);
  });
  test("functions with a parameter", () => {
    for (let i = 0; i < COUNTS.length; i++) {
      expect(check(new MapWithLaunch(kernels.leaky_relu_f32, COUNTS[i]))).toBe("");
      expect(check(new MapWithLaunch(kernels.elu_f32, COUNTS[i]))).toBe("");
      expect(check(new ZipWithLaunch(kernels.leaky_relu_grad_f32, COUNTS[i]))).toBe("");
      expect(check(new ZipWithLaunch(kernels.elu_grad_f32, COUNTS[i]))).toBe("");
      expect(check(new ClipLaunch(false, COUNTS[i]))).toBe("");
      expect(check(new ClipLaunch(true, COUNTS[i]))).toBe("");
    }
  });

  test("NaN stays NaN", () => {
    const maps: Map[] = [
      kernels.neg_f32, kernels.abs_f32, kernels.sign_f32, kernels.floor_f32, kernels.sqrt_f32, kernels.square_f32,
      kernels.reciprocal_f32, kernels.exp_f32, kernels.log_f32, kernels.log1p_f32, kernels.sin_f32, kernels.cos_f32,
      kernels.erf_f32, kernels.sigmoid_f32, kernels.tanh_f32, kernels.relu_f32, kernels.softplus_f32, kernels.silu_f32,
      kernels.gelu_f32, kernels.gelu_tanh_f32, kernels.ceil_f32, kernels.round_f32, kernels.trunc_f32,
      kernels.rsqrt_f32,
    ];
    for (let i = 0; i < maps.length; i++) expect(isNaN(at(maps[i], NaN))).toBe(true, "number " + i.toString());
  });

  test("zeros keep their sign", () => {
    expect(bitsOf(at(kernels.neg_f32, 0))).toBe(0x80000000, "-(0)");
    expect(bitsOf(at(kernels.neg_f32, -0.0))).toBe(0, "-(-0)");
    expect(bitsOf(at(kernels.abs_f32, -0.0))).toBe(0, "|-0|");
    expect(bitsOf(at(kernels.sign_f32, -0.0))).toBe(0x80000000, "sign(-0)");
    expect(bitsOf(at(kernels.floor_f32, -0.0))).toBe(0x80000000, "floor(-0)");
    expect(bitsOf(at(kernels.sqrt_f32, -0.0))).toBe(0x80000000, "sqrt(-0)");
    expect(bitsOf(at(kernels.sin_f32, -0.0))).toBe(0x80000000, "sin(-0)");
    expect(bitsOf(at(kernels.tanh_f32, -0.0))).toBe(0x80000000, "tanh(-0)");
    expect(bitsOf(at(kernels.erf_f32, -0.0))).toBe(0x80000000, "erf(-0)");
    expect(bitsOf(at(kernels.log1p_f32, -0.0))).toBe(0x80000000, "log1p(-0)");
  });

  test("infinities and poles", () => {
    expect(at(kernels.exp_f32, -Infinity)).toBe(0);
    expect(at(kernels.exp_f32, Infinity)).toBe(Infinity);
    expect(at(kernels.log_f32, 0)).toBe(-Infinity);
    expect(isNaN(at(kernels.log_f32, -1))).toBe(true);
    expect(at(kernels.reciprocal_f32, -0.0)).toBe(-Infinity);
    expect(isNaN(at(kernels.sqrt_f32, -1))).toBe(true);
    expect(at(kernels.tanh_f32, -Infinity)).toBe(-1);
    expect(at(kernels.sigmoid_f32, -Infinity)).toBe(0);
    expect(at(kernels.softplus_f32, Infinity)).toBe(Infinity);
    expect(isNaN(at(kernels.sin_f32, Infinity))).toBe(true);
  });
});
