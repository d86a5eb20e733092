// What the op table does not see: special values, and errors in units of the last place over the whole range of floats.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import * as ops from "../../ts/ops/elementwise.ts";
import { sum } from "../../ts/ops/reduce.ts";
import { DtypeError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

type Unary = (x: Tensor) => Tensor;

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Every `step`-th float from `low` to `high`, which are of one sign or 0. */
function floats(low: number, high: number, step: number): Float32Array {
  const [from, to] = [low, high]
    .map((x) => {
      float[0] = Math.abs(x);
      return bits[0];
    })
    .sort((a, b) => a - b);
  const xs = new Float32Array(Math.floor((to - from) / step) + 1);
  new Int32Array(xs.buffer).forEach((_, i, words) => {
    words[i] = (from + i * step) | (low < 0 ? -(2 ** 31) : 0);
  });
  return xs;
}

/** The error in units of the last place that the exact value has in f32. */
function ulp(value: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(value, rounded) || value === rounded) return 0;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(exact))), -126) - 23);
  return Math.abs(value - exact) / unit;
}

/** The normal distribution's tail beyond t > 0, by its continued fraction where that converges, else by a series. */
function normalTail(t: number): number {
  if (t > 3) {
    let fraction = 0;
    for (let k = 80; k > 0; k--) fraction = k / (t + fraction);
    return Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI) / (t + fraction);
  }
  let term = t;
  let area = t;
  for (let n = 1; n < 60; n++) {
    term *= (t * t) / (2 * n + 1);
    area += term;
  }
  return 0.5 - (Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)) * area;
}

const normal = (x: number): number => (x > 0 ? 1 - normalTail(x) : normalTail(-x));
const sigmoid = (x: number): number => Math.exp(Math.min(x, 700)) / (1 + Math.exp(Math.min(x, 700)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const accuracy: [name: string, op: Unary, exact: (x: number) => number, ulps: number, ranges: [number, number][]][] = [
  [
    "exp",
    ops.exp,
    Math.exp,
    2.5,
    [
      [0, 90],
      [-0, -110],
    ],
  ],
  ["log", ops.log, Math.log, 2, [[1e-45, 3.4e38]]],
  [
    "log1p",
    ops.log1p,
    Math.log1p,
    2.5,
    [
      [0, 3.4e38],
      [-1e-45, -0.9999999],
    ],
  ],
  [
    "sin",
    ops.sin,
    Math.sin,
    2,
    [
      [0, 1.6e6],
      [-1e-45, -1.6e6],
    ],
  ],
  [
    "cos",
    ops.cos,
    Math.cos,
    2,
    [
      [0, 1.6e6],
      [-1e-45, -1.6e6],
    ],
  ],
  [
    "tanh",
    ops.tanh,
    Math.tanh,
    5.5,
    [
      [1e-38, 3.4e38],
      [-1e-38, -3.4e38],
    ],
  ],
  [
    "erf",
    ops.erf,
    (x) => 2 * normal(x * Math.SQRT2) - 1,
    7,
    [
      [0.1, 3.4e38],
      [-0.1, -3.4e38],
    ],
  ],
  [
    "sigmoid",
    ops.sigmoid,
    sigmoid,
    3.5,
    [
      [0, 3.4e38],
      [-1e-45, -110],
    ],
  ],
  [
    "softplus",
    ops.softplus,
    softplus,
    3,
    [
      [0, 3.4e38],
      [-1e-45, -110],
    ],
  ],
  [
    "silu",
    ops.silu,
    (x) => x * sigmoid(x),
    4.5,
    [
      [1e-38, 3.4e38],
      [-1e-38, -87],
    ],
  ],
  [
    "gelu",
    (x) => ops.gelu(x),
    (x) => x * normal(x),
    7,
    [
      [1e-37, 3.4e38],
      [-1e-37, -13.1],
    ],
  ],
  [
    "elu",
    (x) => ops.elu(x),
    (x) => (x > 0 ? x : Math.expm1(x)),
    2,
    [
      [1e-38, 3.4e38],
      [-1e-38, -3.4e38],
    ],
  ],
];

describe.each(accuracy)("%s", (_name, op, exact, ulps, ranges) => {
  it(`is within ${ulps} ulp`, () => {
    for (const [low, high] of ranges) {
      const xs = floats(low, high, 50_021);
      const ys = op(tensor(xs)).data();
      let worst = { error: 0, x: 0, y: 0 };
      ys.forEach((y, i) => {
        const error = ulp(y, exact(xs[i]));
        if (!(error <= worst.error)) worst = { error, x: xs[i], y };
      });
      expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(ulps);
    }
  });
});

const infinity = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("special values", () => {
  const specials = [0, -0, infinity, -infinity, nan];
  const values: { [name: string]: [op: Unary, expected: number[]] } = {
    neg: [ops.neg, [-0, 0, -infinity, infinity, nan]],
    abs: [ops.abs, [0, 0, infinity, infinity, nan]],
    sign: [ops.sign, [0, -0, 1, -1, nan]],
    floor: [ops.floor, [0, -0, infinity, -infinity, nan]],
    sqrt: [ops.sqrt, [0, -0, infinity, nan, nan]],
    square: [ops.square, [0, 0, infinity, infinity, nan]],
    reciprocal: [ops.reciprocal, [infinity, -infinity, 0, -0, nan]],
    exp: [ops.exp, [1, 1, infinity, 0, nan]],
    log: [ops.log, [-infinity, -infinity, infinity, nan, nan]],
    log1p: [ops.log1p, [0, -0, infinity, nan, nan]],
    sin: [ops.sin, [0, -0, nan, nan, nan]],
    cos: [ops.cos, [1, 1, nan, nan, nan]],
    erf: [ops.erf, [0, -0, 1, -1, nan]],
    sigmoid: [ops.sigmoid, [0.5, 0.5, 1, 0, nan]],
    tanh: [ops.tanh, [0, -0, 1, -1, nan]],
    relu: [ops.relu, [0, -0, infinity, 0, nan]],
    softplus: [ops.softplus, [Math.fround(Math.LN2), Math.fround(Math.LN2), infinity, 0, nan]],
    silu: [ops.silu, [0, -0, infinity, -0, nan]],
    gelu: [(x) => ops.gelu(x), [0, -0, infinity, -0, nan]],
    "gelu, approximate": [(x) => ops.gelu(x, true), [0, -0, infinity, -0, nan]],
    leakyRelu: [(x) => ops.leakyRelu(x, 0.1), [0, -0, infinity, -infinity, nan]],
    elu: [(x) => ops.elu(x), [0, -0, infinity, -1, nan]],
    clip: [(x) => ops.clip(x, -1, 2), [0, -0, 2, -1, nan]],
  };

  // Once in the body of the loops and once in the tail.
  it.each(Object.entries(values))("%s", (_name, [op, expected]) => {
    const ys = Array.from(op(tensor([...specials, 1, 1, 1, ...specials])).data());
    expect(ys.slice(0, 5)).toEqual(expected);
    expect(ys.slice(8)).toEqual(expected);
  });

  it("exp overflows and vanishes where f32 does", () => {
    const ys = ops.exp(tensor([88.72283, 88.72284, -103.97, -103.98])).data();
    expect(Array.from(ys)).toEqual([Math.fround(Math.exp(Math.fround(88.72283))), infinity, 2 ** -149, 0]);
  });

  it("sin stays within its bounds for any float", () => {
    for (const y of ops.sin(tensor(floats(1e6, 3.4e38, 9_973))).data()) expect(Math.abs(y)).toBeLessThanOrEqual(1);
  });
});

describe("gradients where there is a corner", () => {
  const at = (op: Unary, x: number): number => (grad((v: Tensor) => sum(op(v)))(tensor([x])) as Tensor).item();

  it("are PyTorch's", () => {
    expect(at(ops.relu, 0)).toBe(0);
    expect(at(ops.abs, 0)).toBe(0);
    expect(at((x) => ops.leakyRelu(x, 0.25), 0)).toBe(0.25);
    expect(at((x) => ops.elu(x, 2), 0)).toBe(2);
    expect([-1.5, -1, 0, 1, 1.5].map((x) => at((v) => ops.clip(v, -1, 1), x))).toEqual([0, 1, 1, 1, 0]);
  });

  it("reach infinity without NaN", () => {
    for (const op of [ops.silu, ops.softplus, (x: Tensor) => ops.gelu(x), (x: Tensor) => ops.gelu(x, true)]) {
      expect([at(op, infinity), Math.abs(at(op, -infinity))]).toEqual([1, 0]);
    }
  });
});

it("refuses other dtypes and bounds in the wrong order", () => {
  const integers = tensor([1, 2], { dtype: "i32" }) as unknown as Tensor;
  expect(() => ops.exp(integers)).toThrow(DtypeError);
  expect(() => ops.exp(integers)).toThrow("exp: x must be f32, got i32");
  expect(() => ops.clip(tensor([1]), 2, 1)).toThrow("clip: lowest must not be above highest, got 2 and 1");
});
