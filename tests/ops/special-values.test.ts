// Values and gradients at zeros of both signs, ties, knees, infinities and NaN: those of PyTorch or NumPy (see
// tests/golden/special-values.py), eagerly and captured, but for the differences listed here with their reasons.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import * as activations from "../../ts/layers/activations.ts";
import { cosine } from "../../ts/losses/regression.ts";
import * as ops from "../../ts/ops/public.ts";
import { arange, tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden } from "../golden/read.ts";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** NaN, infinities and -0 are text. */
  readonly data: readonly (number | string)[];
}

interface Row {
  readonly name: string;
  readonly inputs: readonly Values[];
  readonly results: readonly Values[];
  readonly gradients?: readonly Values[];
}

const { rows } = readGolden<{ rows: readonly Row[] }>("special-values");

type Call = (...xs: never[]) => AnyTensor | readonly AnyTensor[];
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

const toNumbers = ({ data }: Values): number[] =>
  data.map((v) => (typeof v === "number" ? v : Number(v.replace("inf", "Infinity"))));

const toTensor = (values: Values): AnyTensor =>
  tensor(toNumbers(values), { shape: values.shape, dtype: values.dtype === "i32" ? "i32" : "f32" });

/** Where ours differ: at which inputs, in what, what they are there, and why. */
interface Difference {
  readonly of: "value" | "gradient";
  /** The inputs at the place of the number, and all of the row. */
  readonly at: (inputs: readonly number[], all: readonly number[]) => boolean;
  readonly ours: number | ((ours: number, inputs: readonly number[]) => boolean);
  readonly why: string;
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
  { of: "gradient", at: isSame, ours: (y) => y === 0 || y === 1, why: "equal numbers stay in their order" },
];
const poles: readonly Difference[] = [
  { of: "gradient", at: isPole, ours: infinity, why: "a pole of one sign, where PyTorch has what rounding leaves" },
];

/** By the name of the row. */
const differences: { readonly [name: string]: readonly Difference[] } = {
  sign: [{ of: "value", at: isOne(Number.NaN), ours: Number.NaN, why: "as in NumPy: NaN shows" }],
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
  slogdet: [{ of: "value", at: hasNaN, ours: Number.NaN, why: "NaN shows" }],
  maxPool2d: [
    { of: "gradient", at: hasNaN, ours: (y) => y >= 0 && y <= 4, why: "of a window with NaN its first number has it" },
  ],
};

const isClose = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 2e-6 + 4e-6 * Math.abs(b);

/** What does not agree: with PyTorch and NumPy, or, where a difference is said, with that. */
function problems(row: Row, what: Difference["of"], actual: ArrayLike<number>, expected: Values): string[] {
  const inputs = row.inputs.map(toNumbers);
  return toNumbers(expected).flatMap((theirs, i) => {
    const at = inputs.map((list) => list[i] ?? Number.NaN);
    const ours = actual[i];
    if (isClose(ours, theirs)) return [];
    const known = differences[row.name]?.find((d) => d.of === what && d.at(at, inputs.flat()));
    if (known && (typeof known.ours === "number" ? isClose(ours, known.ours) : known.ours(ours, at))) {
      used.add(known);
      return [];
    }
    return [`${what} ${i} at ${at.join(", ")} of [${inputs.join("; ")}]: ${theirs}, got ${ours}`];
  });
}

/** Differences that were met. */
const used = new Set<Difference>();

function outcome(row: Row, run: (f: Call) => Call): string[] {
  const call = callOf(row.name);
  const inputs = row.inputs.map(toTensor) as never[];
  const listed: Call = (...xs) => [call(...xs)].flat() as AnyTensor[];
  const results = run(listed)(...inputs) as AnyTensor[];
  const found = results.flatMap((y, i) => problems(row, "value", y.data(), row.results[i]));
  if (row.gradients === undefined) return found;
  const loss = (xs: readonly Tensor[]): Tensor => ops.sum((call as (...xs: Tensor[]) => Tensor)(...xs));
  const gradients = run((...xs) => grad(loss)(xs as readonly Tensor[]) as readonly Tensor[])(...inputs) as Tensor[];
  return [
    ...found,
    ...gradients.flatMap((g, i) => problems(row, "gradient", g.data(), (row.gradients as Values[])[i])),
  ];
}

const names = [...new Set(rows.map(({ name }) => name))];
const byName = names.map((name) => [name, rows.filter((row) => row.name === name)] as const);

describe.each(byName)("%s", (_name, own) => {
  it("is as in PyTorch or NumPy", () => {
    expect(own.flatMap((row) => outcome(row, (f) => f))).toEqual([]);
  });

  it("is the same captured", () => {
    expect(own.flatMap((row) => outcome(row, (f) => capture(f as never) as Call))).toEqual([]);
  });
});

it("no difference is said that is none", () => {
  const unmet = Object.entries(differences).flatMap(([name, list]) =>
    list.filter((difference) => !used.has(difference)).map(({ of, why }) => `${name}: ${of}, ${why}`),
  );
  expect(unmet).toEqual([]);
});
