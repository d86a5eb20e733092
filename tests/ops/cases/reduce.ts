// Rows for ts/ops/reduce.ts.

import { mul } from "../../../ts/ops/arithmetic.ts";
import { exp, square } from "../../../ts/ops/elementwise.ts";
import * as ops from "../../../ts/ops/reduce.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray, sizeOf } from "../reference.ts";
import type { RowsOf } from "./case.ts";
import { type Case, type Input, row } from "./case.ts";

type Statistic = (values: number[]) => number;

/** f of the numbers that lie along the axes, in row-major order, for each position along the others. */
export function overAxes(x: NdArray, axes: readonly number[], keepDims: boolean, f: Statistic): NdArray {
  const inner = axes.map((axis) => x.shape[axis]);
  const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const { data } = fromIndices(kept, (outer) => {
    const values: number[] = [];
    const index = [...outer];
    fromIndices(inner, (position) => {
      position.forEach((i, k) => {
        index[axes[k]] = i;
      });
      values.push(at(x, index));
      return 0;
    });
    return f(values);
  });
  return { shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data };
}

/** Numbers 0.1 apart in an order that looks random: no two are close. */
export function spaced(shape: readonly number[]): number[] {
  const count = sizeOf(shape);
  return Array.from({ length: count }, (_, i) => ((i * 7919 + 3) % count) * 0.1 - count * 0.05);
}

export const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const average = (values: number[]): number => total(values) / values.length;
const largest = (values: number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const smallest = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const logTotal = (values: number[]): number => {
  const shift = largest(values);
  return shift + Math.log(total(values.map((v) => Math.exp(v - shift))));
};
const spread = (values: number[], correction = 0): number => {
  const centre = average(values);
  return total(values.map((v) => (v - centre) ** 2)) / (values.length - correction);
};

const product = (values: number[]): number => values.reduce((a, b) => a * b, 1);
/** Counts: of floats, integers and bools, along axes and over nothing. */
function truthRows(op: (x: AnyTensor, axes?: ops.Axes, keepDims?: boolean) => AnyTensor, f: Statistic): Case[] {
  const make = (name: string, input: Input, axes: ops.Axes, keepDims = false): Case =>
    row({
      name,
      inputs: [input],
      run: (x: AnyTensor) => op(x, axes, keepDims),
      reference: (x) => overAxes(x, normal(axes, input.shape.length), keepDims, f),
      gradients: [],
    });
  return [
    make("floats", { shape: [3, 4], values: [0, 1, 2, 0, 1, 2, 3, 4, 0, 0, 0, -0] }, 1),
    make("integers", { shape: [5, 3], dtype: "i32", low: 0, high: 2 }, 0, true),
    make("bools", { shape: [2, 3], dtype: "bool", low: 0, high: 2 }, undefined),
    make("nothing", { shape: [2, 0] }, 1),
  ];
}

type Reduction = (x: Tensor, axes?: ops.Axes, keepDims?: boolean) => Tensor;

/** Rows that every reduction shares: all axes, one of them, neighbours, axes apart, odd sizes, long axes in blocks. */
export function reductionRows(op: Reduction, f: Statistic, special: Partial<Case> = {}): Case[] {
  const make = (name: string, shape: number[], axes: ops.Axes, keepDims = false, more: Partial<Case> = {}): Case =>
    row({
      name,
      inputs: [{ shape, values: spaced(shape) }],
      run: (x: Tensor) => op(x, axes, keepDims),
      reference: (x) => overAxes(x, normal(axes, shape.length), keepDims, f),
      ...special,
      ...more,
    });
  const large = (name: string, shape: number[], axes: number): Case =>
    make(name, shape, axes, false, { inputs: [{ shape }], gradients: [] });
  return [
    make("all axes", [3, 5, 7], undefined),
    make("a number", [], undefined),
    make("the last axis", [5, 33], -1),
    make("the first axis", [9, 5], 0, true),
    make("a middle axis", [2, 11, 3], 1),
    make("neighbouring axes", [2, 3, 5, 4], [1, 2]),
    make("axes apart", [3, 4, 5], [0, 2], true),
    make("axes apart around an axis of size 1", [3, 1, 5], [0, -1]),
    make("an axis of size 1", [4, 1, 3], 1),
    make("no axes", [2, 3], []),
    make("no rows", [0, 3], 1),
    make("long columns", [1030, 2], 0),
    large("long rows", [2, 9001], 1),
    large("long columns of a wide matrix", [130, 1100], 0),
    large("long columns of two matrices", [2, 1100, 3], 1),
    large("long columns of many matrices", [70, 1030, 2], 1),
  ];
}

function normal(axes: ops.Axes, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  return (typeof axes === "number" ? [axes] : [...axes]).map((axis) => (axis + rank) % rank).sort((a, b) => a - b);
}

const withNaN = [1, Number.NaN, 3, 4, 5, 6, 7, 8, 9, 2, 2, 2];

function indexRows(op: (x: Tensor, axis?: number, keepDims?: boolean) => Tensor<"i32">, best: Statistic): Case[] {
  const where = (values: number[]): number => {
    const first = values.findIndex(Number.isNaN);
    return first < 0 ? values.indexOf(best(values)) : first;
  };
  const make = (name: string, shape: number[], axis: number, keepDims: boolean, values = spaced(shape)): Case =>
    row({
      name,
      inputs: [{ shape, values }],
      run: (x: Tensor) => op(x, axis, keepDims),
      reference: (x) => overAxes(x, normal(axis, shape.length), keepDims, where),
      gradients: [],
    });
  return [
    make("rows", [4, 10], -1, false),
    make("short rows", [4, 3], 1, true),
    make("columns", [7, 5], 0, false),
    make("a middle axis", [2, 6, 9], 1, true),
    make("wide", [3, 2100], 0, false),
    make("equal numbers: the first", [3, 4], 1, false, [1, 2, 2, 1, 0, 0, 0, 0, -1, -3, -1, -3]),
    make("equal numbers down columns: the first", [4, 3], 0, false, [1, 2, 2, 1, 0, 0, 1, 2, 0, -1, 0, 2]),
    make("NaN: the first", [3, 4], 1, false, withNaN),
    make("no rows", [0, 3], 1, false),
  ];
}

/** Extremes of equal numbers: pairs, so that a central difference also gives each one half. */
function extremeRows(op: Reduction, f: Statistic): Case[] {
  return [
    ...reductionRows(op, f),
    row({
      name: "pairs of equal numbers share the gradient",
      inputs: [{ shape: [2, 4], values: [3, 3, -1, -1, 0.5, -2, 0.5, -2] }],
      run: (x: Tensor) => op(x, 1),
      reference: (x) => overAxes(x, [1], false, f),
      second: false,
    }),
    row({
      name: "squared, for the gradient of the gradient",
      inputs: [{ shape: [3, 5], values: spaced([3, 5]) }],
      run: (x: Tensor) => square(op(x, 0)),
      reference: (x) => map(overAxes(x, [0], false, f), (v) => v * v),
    }),
    row({
      name: "NaN",
      inputs: [{ shape: [3, 4], values: withNaN }],
      run: (x: Tensor) => op(x, 1),
      reference: (x) => overAxes(x, [1], false, f),
      gradients: [],
    }),
  ];
}

export const reduceCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  prod: [
    // Of numbers near 1, since thousands of others would be far too large or too small.
    ...reductionRows(
      (x, axes, keepDims) => ops.prod(exp(mul(x, 0.01)), axes, keepDims),
      (values) => product(values.map((v) => Math.exp(v / 100))),
      { tolerance: 5e-5 },
    ),
    row({
      name: "over no elements: 1",
      inputs: [{ shape: [3, 0] }],
      run: (x: Tensor) => ops.prod(x, 1),
      reference: (x) => overAxes(x, [1], false, product),
    }),
    row({
      name: "with one zero and with two",
      inputs: [{ shape: [3, 5], values: [1, 2, 0, 3, -1, 0, 2, 3, 0, 1.5, 1, 2, 3, -2, 0.5] }],
      run: (x: Tensor) => ops.prod(x, 1),
      reference: (x) => overAxes(x, [1], false, product),
    }),
  ],
  countNonzero: truthRows(ops.countNonzero, (values) => values.filter((v) => v !== 0).length),
  all: truthRows(ops.all, (values) => (values.every((v) => v !== 0) ? 1 : 0)),
  any: truthRows(ops.any, (values) => (values.some((v) => v !== 0) ? 1 : 0)),
  mean: [
    ...reductionRows(ops.mean, average),
    row({
      name: "over no elements: NaN",
      inputs: [{ shape: [3, 0] }],
      run: (x: Tensor) => ops.mean(x, 1),
      reference: (x) => overAxes(x, [1], false, average),
      gradients: [],
    }),
  ],
  max: extremeRows(ops.max, largest),
  min: extremeRows(ops.min, smallest),
  argMax: indexRows(ops.argMax, largest),
  argMin: indexRows(ops.argMin, smallest),
  logSumExp: [
    ...reductionRows(ops.logSumExp, logTotal),
    row({
      name: "numbers that would overflow",
      inputs: [{ shape: [2, 3], values: [1000, 1000, 999, -1000, -1001, -1000] }],
      run: (x: Tensor) => ops.logSumExp(x, 1),
      reference: (x) => overAxes(x, [1], false, logTotal),
      gradients: [],
    }),
    row({
      name: "infinite numbers",
      inputs: [{ shape: [3, 2], values: [-Infinity, -Infinity, Infinity, 1, -Infinity, 2] }],
      run: (x: Tensor) => ops.logSumExp(x, 1),
      reference: () => ({ shape: [3], data: Float64Array.of(-Infinity, Infinity, 2) }),
      gradients: [],
    }),
  ],
  variance: [
    ...reductionRows((x, axes, keepDims) => ops.variance(x, axes, { keepDims }), spread, { tolerance: 1e-5 }),
    row({
      name: "with Bessel's correction",
      inputs: [{ shape: [4, 5] }],
      run: (x: Tensor) => ops.variance(x, 0, { correction: 1 }),
      reference: (x) => overAxes(x, [0], false, (values) => spread(values, 1)),
    }),
  ],
  std: [
    row({
      inputs: [{ shape: [4, 5] }],
      run: (x: Tensor) => ops.std(x, 1, { keepDims: true }),
      reference: (x) => overAxes(x, [1], true, (values) => Math.sqrt(spread(values))),
    }),
    row({
      name: "with Bessel's correction",
      inputs: [{ shape: [3, 4] }],
      run: (x: Tensor) => ops.std(x, 0, { correction: 1 }),
      reference: (x) => overAxes(x, [0], false, (values) => Math.sqrt(spread(values, 1))),
    }),
  ],
};
