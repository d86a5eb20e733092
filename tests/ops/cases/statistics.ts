// Rows for ts/ops/statistics.ts. What reads values is in sort.test.ts.
import * as ops from "../../../ts/ops/statistics.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";
import { overAxes, spaced } from "./reduce.ts";

function quantileOf(values: readonly number[], q: number): number {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const position = q * (values.length - 1);
  const below = Math.floor(position);
  const weight = position - below;
  return sorted[below] * (1 - weight) + (sorted[below + 1] ?? 0) * weight;
}

function covariance(x: NdArray, correction: number): NdArray {
  const [variables, observations] = x.shape;
  const means = Array.from({ length: variables }, (_, i) => {
    let total = 0;
    for (let k = 0; k < observations; k++) total += at(x, [i, k]);
    return total / observations;
  });
  return fromIndices([variables, variables], ([i, j]) => {
    let total = 0;
    for (let k = 0; k < observations; k++) total += (at(x, [i, k]) - means[i]) * (at(x, [j, k]) - means[j]);
    return total / (observations - correction);
  });
}

export const statisticsCases: { [name in RowsOf<typeof ops> | "histogram"]: Case[] } = {
  quantile: [
    ...[0, 0.3, 0.5, 1].map((q) =>
      row({
        name: `${q} of rows`,
        inputs: [{ shape: [3, 6], values: spaced([3, 6]) }],
        run: (x: Tensor) => ops.quantile(x, q, 1, true),
        reference: (x) => overAxes(x, [1], true, (values) => quantileOf(values, q)),
        second: false,
      }),
    ),
    row({
      name: "several, of two axes",
      inputs: [{ shape: [2, 3, 4], values: spaced([2, 3, 4]) }],
      run: (x: Tensor) => ops.quantile(x, [0.25, 0.9], [0, 2]),
      reference: (x) => ({
        shape: [2, 3],
        data: Float64Array.from(
          [0.25, 0.9].flatMap((q) => [...overAxes(x, [0, 2], false, (v) => quantileOf(v, q)).data]),
        ),
      }),
      second: false,
    }),
    row({
      name: "NaN, and infinity",
      inputs: [{ shape: [2, 3], values: [1, Number.NaN, 2, 1, Number.POSITIVE_INFINITY, 2] }],
      run: (x: Tensor) => ops.quantile(x, 0.5, 1),
      reference: () => ({ shape: [2], data: Float64Array.of(Number.NaN, 2) }),
      gradients: [],
    }),
  ],
  median: [
    row({
      name: "of an odd number",
      inputs: [{ shape: [5, 3], values: spaced([5, 3]) }],
      run: (x: Tensor) => ops.median(x, 0),
      reference: (x) => overAxes(x, [0], false, (values) => quantileOf(values, 0.5)),
      second: false,
    }),
    row({
      name: "of an even number",
      inputs: [{ shape: [2, 4], values: spaced([2, 4]) }],
      run: (x: Tensor) => ops.median(x),
      reference: (x) => overAxes(x, [0, 1], false, (values) => quantileOf(values, 0.5)),
      second: false,
    }),
  ],
  bincount: [
    row({
      inputs: [{ shape: [4, 9], dtype: "i32", low: 0, high: 6 }],
      run: (x: Tensor<"i32">) => ops.bincount(x, { length: 8 }),
      reference: (x) => fromIndices([8], ([i]) => x.data.filter((v) => v === i).length),
    }),
  ],
  histogram: [
    row({
      inputs: [{ shape: [60], low: -1.5, high: 1.5 }],
      run: (x: Tensor) => ops.histogram(x, { bins: 8, range: [-1, 1] }).counts,
      reference: (x) => fromIndices([8], ([i]) => x.data.filter((v) => Math.floor((v + 1) * 4) === i).length),
      gradients: [],
    }),
    row({
      name: "edges, NaN and what lies outside",
      inputs: [{ shape: [8], values: [0, 1, 2, 2, 3, -0.5, Number.NaN, Number.POSITIVE_INFINITY] }],
      run: (x: Tensor) => ops.histogram(x, { bins: 2, range: [0, 2] }).counts,
      reference: () => ({ shape: [2], data: Float64Array.of(1, 3) }),
      gradients: [],
    }),
  ],
  cov: [
    row({
      inputs: [{ shape: [3, 7] }],
      run: (x: Tensor) => ops.cov(x),
      reference: (x) => covariance(x, 1),
    }),
    row({
      name: "of the whole population",
      inputs: [{ shape: [2, 5] }],
      run: (x: Tensor) => ops.cov(x, { correction: 0 }),
      reference: (x) => covariance(x, 0),
    }),
  ],
  corrcoef: [
    row({
      inputs: [{ shape: [3, 7] }],
      run: (x: Tensor) => ops.corrcoef(x),
      reference: (x) => {
        const c = covariance(x, 1);
        return fromIndices([3, 3], ([i, j]) => at(c, [i, j]) / Math.sqrt(at(c, [i, i]) * at(c, [j, j])));
      },
      gradients: [],
    }),
  ],
};
