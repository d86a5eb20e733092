// Rows for ts/ops/ctc.ts. The reference adds up all alignments, one by one.
import * as ops from "../../../ts/ops/ctc.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

/** What a path of classes says: without repetitions, then without blanks. */
function collapse(path: readonly number[], blank: number): number[] {
  return path.filter((label, t) => label !== blank && label !== path[t - 1]);
}

/** All sequences of `length` numbers below `classes`. */
function paths(length: number, classes: number): number[][] {
  if (length === 0) return [[]];
  return paths(length - 1, classes).flatMap((path) => Array.from({ length: classes }, (_, k) => [...path, k]));
}

function lossOf(logits: NdArray, b: number, steps: number, labels: readonly number[], blank: number): number {
  const classes = logits.shape[2];
  const logs = Array.from({ length: steps }, (_, t) => {
    const line = Array.from({ length: classes }, (_, k) => at(logits, [b, t, k]));
    const total = Math.log(line.reduce((sum, x) => sum + Math.exp(x), 0));
    return line.map((x) => x - total);
  });
  const fitting = paths(steps, classes).filter((path) => String(collapse(path, blank)) === String(labels));
  const probability = fitting.reduce((sum, path) => sum + Math.exp(path.reduce((s, k, t) => s + logs[t][k], 0)), 0);
  return -Math.log(probability);
}

function make(
  name: string,
  [batch, time, classes]: readonly [number, number, number],
  labels: readonly (readonly number[])[],
  inputs: readonly number[],
  { blank = 0, more = {} }: { blank?: number; more?: Partial<Case> } = {},
): Case {
  const longest = labels.reduce((most, list) => Math.max(most, list.length), 0);
  const padded = labels.flatMap((list) => Array.from({ length: longest }, (_, i) => list[i] ?? blank));
  const counts = labels.map((list) => list.length);
  const lengths = { shape: [batch], dtype: "i32" } as const;
  return row({
    name,
    inputs: [
      { shape: [batch, time, classes] },
      { shape: [batch, longest], dtype: "i32", values: padded },
      { ...lengths, values: inputs },
      { ...lengths, values: counts },
    ],
    run: (x: Tensor, y: Tensor<"i32">, steps: Tensor<"i32">, lengths: Tensor<"i32">) =>
      ops.ctcLoss(x, y, steps, lengths, blank),
    reference: (x) => ({
      shape: [batch],
      data: Float64Array.from(labels, (list, b) => lossOf(x, b, inputs[b], list, blank)),
    }),
    ...more,
  });
}

export const ctcCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  ctcLoss: [
    make("one label", [1, 3, 3], [[2]], [3]),
    make("repeated labels, and different lengths", [4, 5, 3], [[1, 1], [2, 1], [], [1, 2, 1]], [5, 4, 3, 5]),
    make(
      "a blank that is the last class",
      [2, 4, 3],
      [
        [0, 1],
        [1, 1],
      ],
      [4, 3],
      { blank: 2 },
    ),
    make("more labels than four states hold", [1, 6, 3], [[1, 2, 1, 2, 2]], [6]),
    make("no labels at all", [2, 3, 2], [[], []], [3, 0]),
    make("no examples", [0, 3, 2], [], []),
    make(
      "labels that do not fit",
      [2, 2, 3],
      [
        [1, 1],
        [1, 2],
      ],
      [2, 2],
      { more: { gradients: [] } },
    ),
  ],
};
