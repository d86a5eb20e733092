// Rows for ts/ops/elementwise.ts. Special values are in elementwise.test.ts.
import * as ops from "../../../ts/ops/elementwise.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

export interface Domain {
  readonly low?: number;
  readonly high?: number;
}

/** An op of one tensor: eights, fours and single elements of a row, and nothing at all. */
export function unary(op: (x: Tensor) => Tensor, f: (x: number) => number, { low, high }: Domain = {}): Case[] {
  const reference = (x: NdArray): NdArray => map(x, f);
  const run = (x: Tensor): Tensor => op(x);
  return [
    row({ inputs: [{ shape: [3, 7], low, high }], run, reference }),
    row({ name: "zero size", inputs: [{ shape: [0, 7] }], run, reference }),
    row({ name: "a number", inputs: [{ shape: [], low, high }], run, reference }),
  ];
}

/** An op whose gradient is zero or nothing. */
function flat(op: (x: Tensor) => Tensor, f: (x: number) => number): Case[] {
  return [row({ inputs: [{ shape: [3, 7] }], run: (x: Tensor) => op(x), reference: (x) => map(x, f), gradients: [] })];
}

/** dy f'(x) as an op: linear in dy. `to` names what else has a gradient. */
function slope(
  op: (dy: Tensor, from: Tensor) => Tensor,
  f: (from: number) => number,
  { low, high, linear = false }: Domain & { linear?: boolean } = {},
): Case[] {
  return [
    row({
      inputs: [{ shape: [17] }, { shape: [17], low, high }],
      run: (dy: Tensor, from: Tensor) => op(dy, from),
      reference: (dy, from) => fromIndices(dy.shape, (i) => at(dy, i) * f(at(from, i))),
      gradients: linear ? [0] : undefined,
    }),
  ];
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The error function by its Taylor series, exact in float64 for |x| up to 3. */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (sum * 2) / Math.sqrt(Math.PI);
}

const gelu = (x: number): number => (x * (1 + erf(x / Math.SQRT2))) / 2;
const geluSlope = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2 + x * density(x);
const geluTanh = (x: number): number => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
const geluTanhSlope = (x: number): number => (geluTanh(x + 1e-5) - geluTanh(x - 1e-5)) / 2e-5;

function predicate(op: (x: Tensor) => Tensor<"bool">, f: (x: number) => boolean): Case[] {
  return [
    row({
      inputs: [{ shape: [2, 3], values: odd }],
      run: (x: Tensor) => op(x),
      reference: (x) => map(x, (v) => (f(v) ? 1 : 0)),
      gradients: [],
    }),
  ];
}

const odd = [1.5, Number.NaN, Number.POSITIVE_INFINITY, -2, Number.NEGATIVE_INFINITY, 0];

const LARGEST = 3.4028234663852886e38;

export const elementwiseCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  abs: unary(ops.abs, Math.abs),
  sign: flat(ops.sign, Math.sign),
  floor: flat(ops.floor, Math.floor),
  ceil: flat(ops.ceil, Math.ceil),
  round: flat(ops.round, Math.round),
  trunc: flat(ops.trunc, Math.trunc),
  sqrt: unary(ops.sqrt, Math.sqrt, { low: 0.3, high: 4 }),
  square: unary(ops.square, (x) => x * x),
  reciprocal: unary(ops.reciprocal, (x) => 1 / x, { low: 0.4, high: 3 }),
  rsqrt: unary(ops.rsqrt, (x) => 1 / Math.sqrt(x), { low: 0.5, high: 4 }),
  exp: unary(ops.exp, Math.exp),
  log: unary(ops.log, Math.log, { low: 0.3, high: 5 }),
  log1p: unary(ops.log1p, Math.log1p, { low: -0.7, high: 4 }),
  sin: unary(ops.sin, Math.sin, { low: -9, high: 9 }),
  cos: unary(ops.cos, Math.cos, { low: -9, high: 9 }),
  erf: unary(ops.erf, erf),
  sigmoid: unary(ops.sigmoid, logistic, { low: -6, high: 6 }),
  sigmoidGrad: slope(ops.sigmoidGrad, (y) => y * (1 - y), { low: 0, high: 1 }),
  tanh: unary(ops.tanh, Math.tanh),
  tanhGrad: slope(ops.tanhGrad, (y) => 1 - y * y, { low: -1, high: 1 }),
  relu: unary(ops.relu, (x) => Math.max(x, 0)),
  reluGrad: slope(ops.reluGrad, (y) => (y > 0 ? 1 : 0), { linear: true }),
  softplus: unary(ops.softplus, (x) => Math.log1p(Math.exp(x)), { low: -5, high: 5 }),
  softplusGrad: slope(ops.softplusGrad, logistic),
  silu: unary(ops.silu, (x) => x * logistic(x), { low: -5, high: 5 }),
  siluGrad: slope(ops.siluGrad, (x) => logistic(x) * (1 + x * logistic(-x))),
  gelu: [
    ...unary((x) => ops.gelu(x), gelu),
    ...unary((x) => ops.gelu(x, true), geluTanh).map((one) => ({
      ...one,
      name: `${one.name ?? "usual"}, approximate`,
    })),
  ],
  geluGrad: [
    ...slope((dy, x) => ops.geluGrad(dy, x), geluSlope),
    ...slope((dy, x) => ops.geluGrad(dy, x, true), geluTanhSlope).map((one) => ({ ...one, name: "approximate" })),
  ],
  leakyRelu: unary(
    (x) => ops.leakyRelu(x, 0.1),
    (x) => (x > 0 ? x : 0.1 * x),
  ),
  leakyReluGrad: slope(
    (dy, x) => ops.leakyReluGrad(dy, x, 0.1),
    (x) => (x > 0 ? 1 : 0.1),
    { linear: true },
  ),
  elu: unary(
    (x) => ops.elu(x, 1.5),
    (x) => (x > 0 ? x : 1.5 * Math.expm1(x)),
  ),
  eluGrad: slope(
    (dy, x) => ops.eluGrad(dy, x, 1.5),
    (x) => (x > 0 ? 1 : 1.5 * Math.exp(x)),
  ),
  clip: unary(
    (x) => ops.clip(x, -1, 0.5),
    (x) => Math.min(Math.max(x, -1), 0.5),
  ),
  clipGrad: slope(
    (dy, x) => ops.clipGrad(dy, x, -1, 0.5),
    (x) => (x >= -1 && x <= 0.5 ? 1 : 0),
    { linear: true },
  ),
  isNaN: predicate(ops.isNaN, Number.isNaN),
  isFinite: predicate(ops.isFinite, Number.isFinite),
  isInfinite: predicate(ops.isInfinite, (x) => Math.abs(x) === Number.POSITIVE_INFINITY),
  nanToNum: [
    row({
      inputs: [{ shape: [6], values: odd }],
      run: (x: Tensor) => ops.nanToNum(x),
      reference: (x) => map(x, (v) => (Number.isNaN(v) ? 0 : Math.min(Math.max(v, -LARGEST), LARGEST))),
      gradients: [],
    }),
    row({
      name: "other numbers",
      inputs: [{ shape: [6], values: odd }],
      run: (x: Tensor) => ops.nanToNum(x, { nan: 5, positiveInfinity: 6, negativeInfinity: -7 }),
      reference: (x) => map(x, (v) => (Number.isNaN(v) ? 5 : v === Infinity ? 6 : v === -Infinity ? -7 : v)),
      gradients: [],
    }),
    row({
      name: "the gradient of finite numbers",
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => ops.nanToNum(x),
      reference: (x) => x,
      second: false,
    }),
  ],
};
