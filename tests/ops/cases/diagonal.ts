// Rows for ts/ops/diagonal.ts.

import * as ops from "../../../ts/ops/diagonal.ts";
import { square } from "../../../ts/ops/elementwise.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

const shapes = [
  [4, 6],
  [5, 3],
  [2, 3, 3],
  [0, 3],
];

function triangle(op: (x: Tensor, k?: number) => Tensor, isKept: (distance: number, k: number) => boolean): Case[] {
  return shapes.flatMap((shape) =>
    [0, 1, -2, 9].map((k) =>
      row({
        name: `[${shape}] from ${k}`,
        inputs: [{ shape }],
        run: (x: Tensor) => square(op(x, k)),
        reference: (x) =>
          fromIndices(shape, (index) => {
            const [i, j] = index.slice(-2);
            return isKept(j - i, k) ? at(x, index) ** 2 : 0;
          }),
      }),
    ),
  );
}

const diagonals: [shape: number[], offset: number, axis1: number, axis2: number][] = [
  [[4, 6], 0, 0, 1],
  [[4, 6], 2, 0, 1],
  [[4, 6], -1, 0, 1],
  [[4, 6], 0, 1, 0],
  [[3, 2, 3], 0, 0, 2],
  [[2, 4, 3], -1, -2, -1],
  [[3, 3], 5, 0, 1],
  [[0, 3], 0, 0, 1],
];

/** The elements at index i along axis1 and i + offset along axis2, last. */
function diagonalOf(x: NdArray, offset: number, axis1: number, axis2: number): NdArray {
  const rank = x.shape.length;
  const [first, second] = [(axis1 + rank) % rank, (axis2 + rank) % rank];
  const skipped = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(0, Math.min(x.shape[first] - skipped[0], x.shape[second] - skipped[1]));
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  return fromIndices([...others.map((axis) => x.shape[axis]), length], (index) => {
    const i = index[index.length - 1];
    const from = x.shape.map((_, axis) => index[others.indexOf(axis)]);
    from[first] = i + skipped[0];
    from[second] = i + skipped[1];
    return at(x, from);
  });
}

export const diagonalCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  tri: [
    row({
      inputs: [],
      run: () => ops.tri(3),
      reference: () => fromIndices([3, 3], ([i, j]) => (j <= i ? 1 : 0)),
    }),
    row({
      name: "another diagonal",
      inputs: [],
      run: () => ops.tri(3, 5, 1),
      reference: () => fromIndices([3, 5], ([i, j]) => (j <= i + 1 ? 1 : 0)),
    }),
  ],
  tril: [
    ...triangle(ops.tril, (distance, k) => distance <= k),
    row({
      name: "integers",
      inputs: [{ shape: [3, 4], dtype: "i32", low: 1, high: 9 }],
      run: (x: Tensor<"i32">) => ops.tril(x),
      reference: (x) => fromIndices([3, 4], ([i, j]) => (j <= i ? at(x, [i, j]) : 0)),
    }),
  ],
  triu: triangle(ops.triu, (distance, k) => distance >= k),
  diagonal: diagonals.map(([shape, offset, axis1, axis2]) =>
    row({
      name: `${offset} of [${shape}] along ${axis1} and ${axis2}`,
      inputs: [{ shape }],
      run: (x: Tensor) => square(ops.diagonal(x, offset, axis1, axis2)),
      reference: (x) => map(diagonalOf(x, offset, axis1, axis2), (v) => v * v),
    }),
  ),
  placeDiagonal: [
    row({
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => square(ops.placeDiagonal(x, [2, 4, 4], 1, 1, 2)),
      reference: (x) => fromIndices([2, 4, 4], ([n, i, j]) => (j === i + 1 ? at(x, [n, i]) ** 2 : 0)),
    }),
  ],
  diag: [
    ...[0, 2, -1].map((offset) =>
      row({
        name: `number ${offset} from a vector`,
        inputs: [{ shape: [3] }],
        run: (x: Tensor) => square(ops.diag(x, offset)),
        reference: (x) =>
          fromIndices([3 + Math.abs(offset), 3 + Math.abs(offset)], ([i, j]) =>
            j - i === offset ? at(x, [Math.min(i, j)]) ** 2 : 0,
          ),
      }),
    ),
    row({
      name: "of a matrix",
      inputs: [{ shape: [4, 3] }],
      run: (x: Tensor) => ops.diag(x, -1),
      reference: (x) => diagonalOf(x, -1, 0, 1),
    }),
  ],
  trace: [
    row({
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => square(ops.trace(x, 1)),
      reference: (x) => ({ shape: [], data: Float64Array.of((at(x, [0, 1]) + at(x, [1, 2]) + at(x, [2, 3])) ** 2) }),
    }),
  ],
};
