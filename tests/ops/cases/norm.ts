// Rows for ts/ops/norm.ts.
import { add } from "../../../ts/ops/arithmetic.ts";
import * as ops from "../../../ts/ops/norm.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

/** The mean and variance of the numbers that `groupOf` puts into one group. */
function moments(x: NdArray, groups: number, groupOf: (position: number) => number): [Float64Array, Float64Array] {
  const [mean, variance] = [new Float64Array(groups), new Float64Array(groups)];
  const size = x.data.length / groups;
  x.data.forEach((v, i) => {
    mean[groupOf(i)] += v / size;
  });
  x.data.forEach((v, i) => {
    variance[groupOf(i)] += (v - mean[groupOf(i)]) ** 2 / size;
  });
  return [mean, variance];
}

function normalized(
  x: NdArray,
  [mean, variance]: readonly [ArrayLike<number>, ArrayLike<number>],
  groupOf: (position: number) => number,
  epsilon: number,
  gamma?: NdArray,
  beta?: NdArray,
): NdArray {
  const channels = x.shape[x.shape.length - 1];
  const data = x.data.map((v, i) => {
    const standard = (v - mean[groupOf(i)]) / Math.sqrt(variance[groupOf(i)] + epsilon);
    return standard * (gamma?.data[i % channels] ?? 1) + (beta?.data[i % channels] ?? 0);
  });
  return { shape: x.shape, data };
}

function byChannel(x: NdArray, epsilon: number, gamma?: NdArray, beta?: NdArray): NdArray {
  const channels = x.shape[x.shape.length - 1];
  const group = (i: number): number => i % channels;
  return normalized(x, moments(x, channels, group), group, epsilon, gamma, beta);
}

function byRow(x: NdArray, epsilon: number, gamma?: NdArray, beta?: NdArray): NdArray {
  const columns = x.shape[x.shape.length - 1];
  const group = (i: number): number => Math.floor(i / columns);
  return normalized(x, moments(x, x.data.length / columns, group), group, epsilon, gamma, beta);
}

const parameters = (channels: number) => [{ shape: [channels] }, { shape: [channels] }] as const;
const averages = (channels: number) => [{ shape: [channels] }, { shape: [channels], low: 0.5, high: 2 }] as const;

/** The moving averages after one training step. */
function moved(name: string, which: 0 | 1): Case {
  return row({
    name,
    inputs: [{ shape: [4, 3, 5] }, ...averages(5)],
    run: (x: Tensor, mean: Tensor, variance: Tensor) => {
      ops.batchNorm(x, undefined, undefined, mean, variance, { training: true, momentum: 0.9 });
      return add([mean, variance][which], 0);
    },
    reference: (x, ...before) => {
      const now = moments(x, 5, (i) => i % 5)[which];
      return { shape: [5], data: before[which].data.map((v, i) => 0.9 * v + 0.1 * now[i]) };
    },
    gradients: [],
    repeatable: false,
  });
}

export const normCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  batchNorm: [
    ...[
      { name: "training", shape: [6, 4], epsilon: 1e-3 },
      { name: "training on images", shape: [2, 3, 2, 5], epsilon: 1e-2 },
      { name: "training on a long batch", shape: [1030, 2], epsilon: 1e-3 },
      { name: "training on rows of more than eight channels", shape: [3, 13], epsilon: 1e-1 },
    ].map(({ name, shape, epsilon }) =>
      row({
        name,
        inputs: [{ shape }, ...parameters(shape[shape.length - 1]), ...averages(shape[shape.length - 1])],
        run: (x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) =>
          ops.batchNorm(x, gamma, beta, mean, variance, { training: true, epsilon }),
        reference: (x, gamma, beta) => byChannel(x, epsilon, gamma, beta),
        gradients: [0, 1, 2],
        tolerance: 1e-5,
      }),
    ),
    row({
      name: "training without scale",
      inputs: [{ shape: [5, 3] }, { shape: [3] }, ...averages(3)],
      run: (x: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) =>
        ops.batchNorm(x, undefined, beta, mean, variance, { training: true }),
      reference: (x, beta) => byChannel(x, 1e-3, undefined, beta),
      gradients: [0, 1],
      tolerance: 1e-5,
    }),
    moved("training moves the mean", 0),
    moved("training moves the variance", 1),
    row({
      name: "inference",
      inputs: [{ shape: [2, 3, 7] }, ...parameters(7), ...averages(7)],
      run: (x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) =>
        ops.batchNorm(x, gamma, beta, mean, variance),
      reference: (x, gamma, beta, mean, variance) =>
        normalized(x, [mean.data, variance.data], (i) => i % 7, 1e-3, gamma, beta),
    }),
    row({
      name: "inference without scale and offset",
      inputs: [{ shape: [4, 3] }, ...averages(3)],
      run: (x: Tensor, mean: Tensor, variance: Tensor) =>
        ops.batchNorm(x, undefined, undefined, mean, variance, { epsilon: 0 }),
      reference: (x, mean, variance) => normalized(x, [mean.data, variance.data], (i) => i % 3, 0),
    }),
    row({
      name: "inference on no rows",
      inputs: [{ shape: [0, 3] }, ...averages(3)],
      run: (x: Tensor, mean: Tensor, variance: Tensor) => ops.batchNorm(x, undefined, undefined, mean, variance),
      reference: (x) => x,
    }),
  ],
  layerNorm: [
    ...[
      { name: "rows", shape: [5, 7], epsilon: 1e-3 },
      { name: "a sequence", shape: [2, 3, 12], epsilon: 1e-2 },
      { name: "one row", shape: [9], epsilon: 1e-3 },
      { name: "many rows", shape: [1030, 3], epsilon: 1e-1 },
    ].map(({ name, shape, epsilon }) =>
      row({
        name,
        inputs: [{ shape }, ...parameters(shape[shape.length - 1])],
        run: (x: Tensor, gamma: Tensor, beta: Tensor) => ops.layerNorm(x, gamma, beta, { epsilon }),
        reference: (x, gamma, beta) => byRow(x, epsilon, gamma, beta),
        tolerance: 1e-5,
      }),
    ),
    row({
      name: "without scale and offset",
      inputs: [{ shape: [4, 6] }],
      run: (x: Tensor) => ops.layerNorm(x),
      reference: (x) => byRow(x, 1e-3),
    }),
    row({
      name: "without offset",
      inputs: [{ shape: [3, 5] }, { shape: [5] }],
      run: (x: Tensor, gamma: Tensor) => ops.layerNorm(x, gamma),
      reference: (x, gamma) => byRow(x, 1e-3, gamma),
    }),
    row({
      name: "no rows",
      inputs: [{ shape: [0, 4] }, ...parameters(4)],
      run: (x: Tensor, gamma: Tensor, beta: Tensor) => ops.layerNorm(x, gamma, beta),
      reference: (x) => fromIndices(x.shape, (index) => at(x, index)),
    }),
  ],
};
