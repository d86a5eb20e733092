// Values and gradients at zeros of both signs, ties, knees, infinities and NaN: those of PyTorch or NumPy (see
// tests/golden/special-values.py), eagerly and captured, but for the differences listed here with their reasons.
import * as activations from "../../ts/layers/activations.ts";
import { cosine } from "../../ts/losses/cosine.ts";
import * as ops from "../../ts/ops/public.ts";
import { arange } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { type Call, type Difference, type Differences, readRows, walk } from "./special-rows.ts";

type F = Tensor;
const { POSITIVE_INFINITY: infinity } = Number;

/** Calls whose names are those of the ops, or of the activations. */
const named = (name: string): Call | undefined =>
  ((ops as Record<string, unknown>)[name] ?? (activations as Record<string, unknown>)[name]) as Call | undefined;

/** All others. */
const calls: { readonly [name: string]: Call } = {
  geluApproximate: (x: F) => ops.gelu(x, true),
  clip: (x: F) => ops.clip(x, -1, 1),
  threshold: (x: F) => activations.threshold(x, 0.5, 7),
  "norm 1": (x: F) => ops.norm(x, { ord: 1, axis: -1 }),
  "norm 3": (x: F) => ops.norm(x, { ord: 3, axis: -1 }),
  "norm inf": (x: F) => ops.norm(x, { ord: infinity, axis: -1 }),
  "norm -inf": (x: F) => ops.norm(x, { ord: -infinity, axis: -1 }),
  norm: (x: F) => ops.norm(x, { axis: -1 }),
  softmax: (x: F) => ops.mul(ops.softmax(x), arange(1, (x.shape.at(-1) as number) + 1)),
  sort: (x: F) => ops.sort(x),
  "quantile 0": (x: F) => ops.quantile(x, 0, -1),
  "quantile 0.25": (x: F) => ops.quantile(x, 0.25, -1),
  "quantile 1": (x: F) => ops.quantile(x, 1, -1),
  slogdet: (x: F) => Object.values(ops.slogdet(x)),
  eigvalsh: (x: F) => Object.values(ops.eigh(x))[0],
  maxPool2d: (x: F) => ops.maxPool2d(channelsLast(x), { poolSize: 2, strides: 1 }),
  avgPool2d: (x: F) => ops.avgPool2d(channelsLast(x), { poolSize: 2, strides: 1 }),
  cosine: (x: F, y: F) => cosine(x, y, -1),
  det: (x: F) => ops.det(x),
  inv: (x: F) => ops.inv(x),
  cholesky: (x: F) => ops.cholesky(x),
};

/** One image [1, height, width] as [1, height, width, 1]. */
const channelsLast = (x: F): F => ops.reshape(x, [...x.shape, 1]) as F;

const alongLast = new Set(
  "sum mean prod max min logSumExp variance std all any countNonzero median cumsum cumprod cumMax cumMin".split(" "),
);

function callOf(name: string): Call {
  const [first, second] = name.split(" ");
  if (name in calls) return calls[name];
  if (second === "pow") return (x: F) => ops.pow(Number(first), x);
  if (first === "pow" && second !== undefined) return (x: F) => ops.pow(x, Number(second));
  if (first in calls) return calls[first];
  const call = named(first);
  if (call === undefined) throw new Error(`${name} must be an op`);
  return alongLast.has(first) ? (x: F) => (call as (x: F, axis: number) => AnyTensor)(x, -1) : (...xs) => call(...xs);
}

const isOne =
  (...values: readonly number[]) =>
  ([x]: readonly number[]): boolean =>
    values.some((value) => Object.is(value, x));
const isPole = ([x]: readonly number[]): boolean => Number.isInteger(x) && x < 0;
const hasNaN = (_: readonly number[], all: readonly number[]): boolean => all.some(Number.isNaN);
const isUnbounded = (_: readonly number[], all: readonly number[]): boolean => !all.every(Number.isFinite);
const isEndless = ([x]: readonly number[]): boolean => Math.abs(x) > 1e37;
const isSame = (_: readonly number[], all: readonly number[]): boolean => all.every((x) => x === all[0]);

const limits: readonly Difference[] = [
  { of: "value", at: isEndless, ours: (y, [x]) => y === Math.max(x, 0), why: "the limit, not infinity times 0" },
  { of: "gradient", at: isEndless, ours: (y, [x]) => y === (x > 0 ? 1 : 0), why: "the limit, not infinity times 0" },
];
const shown: readonly Difference[] = [{ of: "gradient", at: hasNaN, ours: Number.NaN, why: "NaN shows" }];
const passing: readonly Difference[] = [
  { of: "gradient", at: isOne(Number.NaN), ours: 1, why: "NaN does not lie within the threshold" },
];
const products: readonly Difference[] = [
  { of: "gradient", at: isUnbounded, ours: () => true, why: "the products of the others, made without division" },
];
const ordered: readonly Difference[] = [
  { of: "value", at: isUnbounded, ours: (y) => !Number.isFinite(y), why: "an infinity, not infinity times 0" },
  { of: "value", at: isSame, ours: -0, why: "equal numbers stay in their order" },
  { of: "gradient", at: isSame, ours: (y) => y === 0 || y === 1, why: "equal numbers stay in their order" },
];
const poles: readonly Difference[] = [
  { of: "gradient", at: isPole, ours: infinity, why: "a pole of one sign, where PyTorch has what rounding leaves" },
];

const extremes: readonly Difference[] = [
  { of: "value", at: () => true, ours: (y) => y === 0, why: "0 is larger than -0, as in IEEE 754's maximum" },
];
const unsigned: readonly Difference[] = [
  { of: "value", at: () => true, ours: (y, _, theirs) => y === 0 && theirs === 0, why: "0, where pivots leave -0" },
];

/** By the name of the row. */
const differences: Differences = {
  sign: [
    { of: "value", at: isOne(-0), ours: -0, why: "as Math.sign: -0 stays what it is" },
    { of: "value", at: isOne(Number.NaN), ours: Number.NaN, why: "as in NumPy: NaN shows" },
  ],
  maximum: extremes,
  minimum: extremes,
  cumMax: extremes,
  cumMin: extremes,
  det: unsigned,
  abs: shown,
  "norm 1": shown,
  "norm inf": shown,
  "norm -inf": shown,
  silu: limits,
  gelu: limits,
  geluApproximate: limits,
  hardShrink: passing,
  softShrink: passing,
  clip: [{ of: "gradient", at: isOne(1, -1), ours: 1, why: "the bounds pass the gradient on, as in TensorFlow" }],
  digamma: poles,
  polygamma: [
    { of: "value", at: isPole, ours: infinity, why: "a pole of one sign, where PyTorch has what rounding leaves" },
    { of: "gradient", at: isPole, ours: Number.NaN, why: "a pole of two signs" },
    { of: "gradient", at: isOne(infinity), ours: 0, why: "the limit" },
    { of: "gradient", at: isOne(-infinity), ours: Number.NaN, why: "there is no limit" },
  ],
  hypot: [{ of: "gradient", at: ([a, b]) => a === 0 && b === 0, ours: 0, why: "that of a length at 0, as of norm" }],
  "pow 0.5": [
    { of: "value", at: isOne(-0), ours: 0, why: "as in C, where PyTorch takes the square root" },
    { of: "value", at: isOne(-infinity), ours: infinity, why: "as in C and NumPy" },
    { of: "gradient", at: isOne(-infinity), ours: 0, why: "that of what C and NumPy have there" },
  ],
  "floorDivide of integers": [
    { of: "value", at: ([a, b]) => a === -(2 ** 31) && b === -1, ours: 2 ** 31 - 1, why: "the nearest there is" },
  ],
  prod: products,
  cumprod: products,
  variance: [
    {
      of: "gradient",
      at: ([x], all) => isUnbounded([x], all) || all.some((v) => v > 1e30),
      ours: Number.NaN,
      why: "NaN shows",
    },
  ],
  logSoftmax: [
    {
      of: "value",
      at: (_, all) => all.includes(infinity),
      ours: (y) => !Number.isFinite(y),
      why: "no distribution: NaN at infinity, -infinity elsewhere",
    },
    { of: "gradient", at: (_, all) => all.includes(infinity), ours: (y) => !(y > 1), why: "likewise" },
  ],
  median: ordered,
  "quantile 0": ordered,
  "quantile 0.25": ordered,
  "quantile 1": ordered,
  slogdet: [{ of: "value", at: hasNaN, ours: Number.NaN, why: "NaN shows" }, ...unsigned],
};

walk(readRows("special-values"), callOf, differences);
