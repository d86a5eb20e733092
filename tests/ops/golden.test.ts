// Ops against NumPy and PyTorch: what tests/golden/ops.py computed in float64, of the same inputs.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import * as ops from "../../ts/ops/public.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden } from "../golden/read.ts";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** NaN and infinities are text. */
  readonly data: readonly (number | string)[];
}

interface Golden {
  readonly values: readonly { name: string; inputs: readonly Values[]; results: readonly Values[] }[];
  readonly gradients: readonly {
    name: string;
    inputs: readonly Values[];
    direction: Values;
    gradients: readonly Values[];
  }[];
}

const golden: Golden = readGolden("ops");

const toNumbers = ({ data }: Values): number[] =>
  data.map((v) => (typeof v === "number" ? v : Number(v.replace("inf", "Infinity"))));
const toTensor = (values: Values): AnyTensor =>
  tensor(toNumbers(values), { shape: values.shape, dtype: values.dtype === "i32" ? "i32" : "f32" });

function expectLike(actual: AnyTensor, expected: Values): void {
  expect(actual.shape).toEqual(expected.shape);
  const numbers = toNumbers(expected);
  actual.data().forEach((a, i) => {
    const b = numbers[i];
    if (!(Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b)))) {
      expect.fail(`element ${i}: expected ${b}, got ${a}`);
    }
  });
}

type F = Tensor;
type I = Tensor<"i32">;
const { POSITIVE_INFINITY: infinity } = Number;

const values: { readonly [name: string]: (...xs: never[]) => readonly AnyTensor[] } = {
  "einsum chain": (a: F, b: F, c: F) => [ops.einsum("ij,jk,kl", a, b, c)],
  "einsum attention": (a: F, b: F) => [ops.einsum("bqhd,bkhd->bhqk", a, b)],
  "einsum ellipsis": (a: F, b: F) => [ops.einsum("...ij,...jk", a, b)],
  "einsum diagonal": (a: F) => [ops.einsum("iji->j", a)],
  tensordot: (a: F, b: F) => [
    ops.tensordot(a, b, [
      [0, 3],
      [0, 3],
    ]),
  ],
  dot: (a: F, b: F) => [ops.dot(a, b)],
  outer: (a: F, b: F) => [ops.outer(a, b)],
  vdot: (a: F, b: F) => [ops.vdot(a, b)],
  argsort: (x: F) => [ops.argsort(x)],
  sort: (x: F) => [ops.sort(x)],
  "sort columns": (x: F) => [ops.sort(x, 0)],
  "top k": (x: F) => Object.values(ops.topK(x, 2)),
  "argsort descending": (x: F) => [ops.argsort(x, -1, { descending: true })],
  unique: (x: F) => Object.values(ops.unique(x)),
  searchSorted: (x: F, v: F) => [ops.searchSorted(x, v), ops.searchSorted(x, x, { side: "right" })],
  cumsum: (x: F) => [ops.cumsum(x, 1), ops.cumprod(x, 2)],
  prod: (x: F) => [ops.prod(x), ops.prod(x, [0, 2], true)],
  truth: (x: I) => [ops.all(x, 0), ops.any(x, 1), ops.countNonzero(x, 1)],
  norm: (x: F) => [ops.norm(x), ops.norm(x, { ord: 1, axis: 1 }), ops.norm(x, { ord: infinity, axis: 0 })],
  roll: (x: F) => [ops.roll(x, 2), ops.roll(x, -1, 1), ops.roll(x, [1, 5], [0, 2])],
  repeat: (x: F) => [ops.repeat(x, 2), ops.repeat(x, 3, 1)],
  meshgrid: (x: F, y: F) => [...ops.meshgrid([x, y]), ...ops.meshgrid([x, y], { indexing: "ij" })],
  triangles: (x: F) => [ops.tri(3, 4, 1), ops.tril(x, -1), ops.triu(x, 1)],
  diagonals: (v: F, m: F, x: F) => [ops.diag(v, -1), ops.diag(m, 1), ops.diagonal(x, 1, 1, 2), ops.trace(x, 0, 1, 2)],
  take: (x: F, places: I) => {
    const first = ops.reshape(ops.slice(places, [0, 0, 0], [1, 1, 2]), [2]) as I;
    return [ops.take(x, first), ops.takeAlongAxis(x, places, 2)];
  },
  bincount: (x: I) => [ops.bincount(x)],
  histogram: (x: F) => Object.values(ops.histogram(x, { bins: 6 })),
  quantiles: (x: F) => [ops.median(x, 1), ops.quantile(x, [0.1, 0.75], [0, 2]), ops.quantile(x, 0.3)],
  covariance: (x: F) => [ops.cov(x), ops.corrcoef(x)],
  division: (a: F, b: F) => [ops.mod(a, b), ops.floorDivide(a, b)],
  "integer division": (a: I, b: I) => [ops.mod(a, b), ops.floorDivide(a, b)],
  pairs: (a: F, b: F) => [ops.atan2(a, b), ops.hypot(a, b), ops.logAddExp(a, b)],
  "odd numbers": (x: F) => [
    ops.isNaN(x),
    ops.isFinite(x),
    ops.isInfinite(x),
    ops.nanToNum(x, { nan: 7, positiveInfinity: 8, negativeInfinity: -9 }),
  ],
  rounding: (x: F) => [ops.round(x), ops.round(tensor([0.5, 1.5, 2.5, -0.5, -1.5]))],
};

const differentiable: { readonly [name: string]: (...xs: F[]) => F } = {
  prod: (x) => ops.prod(x, 1),
  cumprod: (x) => ops.cumprod(x, 1),
  norm: (x) => ops.norm(x, { axis: 1 }),
  sort: (x) => ops.sort(x, 0),
  "top k": (x) => ops.topK(x, 2, 1).values,
  cumsum: (x) => ops.cumsum(x, 0),
  logAddExp: (a, b) => ops.logAddExp(a, b),
  atan2: (a, b) => ops.atan2(a, b),
  mod: (a, b) => ops.mod(a, b),
  quantile: (x) => ops.quantile(x, 0.3, 1),
  takeAlongAxis: (x) => {
    const take = golden.values.find(({ name }) => name === "take");
    return ops.takeAlongAxis(x, toTensor(take?.inputs[1] as Values) as I, 2);
  },
  einsum: (a, b) => ops.einsum("bqhd,bkhd->bhqk", a, b),
  erfc: (x) => ops.erfc(x),
  acosh: (x) => ops.acosh(x),
};

describe("values", () => {
  it("are those of all calls", () => {
    expect(golden.values.map(({ name }) => name).sort()).toEqual(Object.keys(values).sort());
    expect(golden.gradients.map(({ name }) => name).sort()).toEqual(Object.keys(differentiable).sort());
  });

  it.each(golden.values.map((one) => [one.name, one] as const))("%s", (name, { inputs, results }) => {
    const found = values[name](...(inputs.map(toTensor) as never[]));
    expect(found.length).toBe(results.length);
    found.forEach((y, i) => {
      expectLike(y, results[i]);
    });
  });
});

describe("gradients", () => {
  it.each(golden.gradients.map((one) => [one.name, one] as const))("%s", (name, { inputs, direction, gradients }) => {
    const weighted = (xs: readonly F[]): F =>
      ops.sum(ops.mul(differentiable[name](...xs), toTensor(direction) as F)) as F;
    const found = grad(weighted)(inputs.map(toTensor) as F[]) as F[];
    found.forEach((dx, i) => {
      expectLike(dx, gradients[i]);
    });
  });
});
