// What the op table does not see: special values, and gradients where there is a corner.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { neg } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import * as ops from "../../ts/ops/elementwise.ts";
import { DtypeError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { floats } from "./ulp.ts";

type Unary = (x: Tensor) => Tensor;

const infinity = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("special values", () => {
  const specials = [0, -0, infinity, -infinity, nan];
  const values: { [name: string]: [op: Unary, expected: number[]] } = {
    neg: [neg, [-0, 0, -infinity, infinity, nan]],
    abs: [ops.abs, [0, 0, infinity, infinity, nan]],
    sign: [ops.sign, [0, -0, 1, -1, nan]],
    floor: [ops.floor, [0, -0, infinity, -infinity, nan]],
    ceil: [ops.ceil, [0, -0, infinity, -infinity, nan]],
    round: [ops.round, [0, -0, infinity, -infinity, nan]],
    trunc: [ops.trunc, [0, -0, infinity, -infinity, nan]],
    sqrt: [ops.sqrt, [0, -0, infinity, nan, nan]],
    rsqrt: [ops.rsqrt, [infinity, -infinity, 0, nan, nan]],
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
