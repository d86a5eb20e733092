// Rows for ts/ops/softmax.ts.
import * as ops from "../../../ts/ops/softmax.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";
import { overAxes } from "./reduce.ts";

/** x minus the logarithm of the sum of e^x along the axis. */
function logProbabilities(x: NdArray, axis: number): NdArray {
  return fromIndices(x.shape, (index) => {
    const line = Array.from({ length: x.shape[axis] }, (_, i) => at(x, index.with(axis, i)));
    const shift = line.reduce((a, b) => Math.max(a, b));
    return at(x, index) - shift - Math.log(line.reduce((sum, v) => sum + Math.exp(v - shift), 0));
  });
}

function probabilities(x: NdArray, axis: number): NdArray {
  const { shape, data } = logProbabilities(x, axis);
  return { shape, data: data.map(Math.exp) };
}

const large = [1000, 1001, 999.5, -1000, -1003, -1000.5];

function rowsFor(op: (x: Tensor, axis?: number) => Tensor, f: (x: NdArray, axis: number) => NdArray): Case[] {
  const make = (name: string, shape: number[], axis: number, more: Partial<Case> = {}): Case =>
    row({
      name,
      inputs: [{ shape }],
      run: (x: Tensor) => op(x, axis),
      reference: (x) => f(x, axis < 0 ? axis + shape.length : axis),
      ...more,
    });
  return [
    make("rows", [3, 10], -1),
    make("rows of odd length", [5, 7], 1),
    make("a vector", [9], 0),
    make("columns", [4, 3], 0),
    make("a middle axis", [2, 5, 3], 1),
    make("one number in a row", [4, 1], 1),
    make("long rows", [2, 1031], -1, { gradients: [] }),
    make("no rows", [0, 3], 1),
    make("empty rows", [3, 0], 1),
    make("large numbers", [2, 3], 1, { inputs: [{ shape: [2, 3], values: large }], gradients: [] }),
  ];
}

export const softmaxCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  softmax: rowsFor(ops.softmax, probabilities),
  logSoftmax: rowsFor(ops.logSoftmax, logProbabilities),
  softmaxCrossEntropy: [
    ...[
      { name: "classes", shape: [4, 10], labels: [0, 9, 3, 3] },
      { name: "classes of a sequence", shape: [2, 3, 5], labels: [0, 1, 2, 3, 4, 4] },
      { name: "one row", shape: [3], labels: [1] },
      { name: "no rows", shape: [0, 3], labels: [] },
    ].map(({ name, shape, labels }) =>
      row({
        name,
        inputs: [{ shape }, { shape: shape.slice(0, -1), dtype: "i32", values: labels }],
        run: (x: Tensor, targets: Tensor<"i32">) => ops.softmaxCrossEntropy(x, targets),
        reference: (x, targets) => {
          const logs = logProbabilities(x, shape.length - 1);
          return fromIndices(targets.shape, (index) => -at(logs, [...index, at(targets, index)]));
        },
      }),
    ),
    ...[
      { name: "probabilities", shape: [3, 7] },
      { name: "probabilities of a sequence", shape: [2, 2, 4] },
    ].map(({ name, shape }) =>
      row({
        name: `${name}, which need not sum to one`,
        inputs: [{ shape }, { shape, low: 0, high: 1 }],
        run: (x: Tensor, targets: Tensor) => ops.softmaxCrossEntropy(x, targets),
        reference: (x, targets) => {
          const logs = logProbabilities(x, shape.length - 1);
          const losses = fromIndices(shape, (index) => -at(targets, index) * at(logs, index));
          return overAxes(losses, [shape.length - 1], false, (values) => values.reduce((a, b) => a + b));
        },
      }),
    ),
    row({
      name: "sure and wrong",
      inputs: [
        { shape: [2, 3], values: large },
        { shape: [2], dtype: "i32", values: [2, 1] },
      ],
      run: (x: Tensor, targets: Tensor<"i32">) => ops.softmaxCrossEntropy(x, targets),
      reference: (x, targets) => {
        const logs = logProbabilities(x, 1);
        return fromIndices([2], (index) => -at(logs, [...index, at(targets, index)]));
      },
      gradients: [],
    }),
  ],
};
