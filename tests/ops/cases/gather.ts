// Rows for ts/ops/gather.ts.
import * as ops from "../../../ts/ops/gather.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

function picked(x: NdArray, indices: NdArray, axis: number): NdArray {
  const rank = indices.shape.length;
  return fromIndices(x.shape.toSpliced(axis, 1, ...indices.shape), (index) =>
    at(x, index.toSpliced(axis, rank, at(indices, index.slice(axis, axis + rank)))),
  );
}

function scattered(updates: NdArray, indices: NdArray, length: number, axis: number): NdArray {
  const rank = indices.shape.length;
  const y = fromIndices(updates.shape.toSpliced(axis, rank, length), () => 0);
  const positions = fromIndices(y.shape, () => 0);
  positions.data.forEach((_, i) => {
    positions.data[i] = i;
  });
  fromIndices(updates.shape, (index) => {
    const to = index.toSpliced(axis, rank, at(indices, index.slice(axis, axis + rank)));
    y.data[at(positions, to)] += at(updates, index);
    return 0;
  });
  return y;
}

const plus = (a: NdArray, b: NdArray): NdArray => ({ shape: a.shape, data: a.data.map((v, i) => v + b.data[i]) });

/** Where an index is, with its place along the axis taken from `indices`. */
const along = (indices: NdArray, index: number[], axis: number): number[] => index.with(axis, at(indices, index));

function taken(x: NdArray, indices: NdArray, axis: number): NdArray {
  return fromIndices(indices.shape, (index) => at(x, along(indices, index, axis)));
}

function scatteredAlong(updates: NdArray, indices: NdArray, length: number, axis: number): NdArray {
  const shape = updates.shape.with(axis, length);
  return fromIndices(shape, (index) => {
    let total = 0;
    for (let k = 0; k < updates.shape[axis]; k++) {
      const from = index.with(axis, k);
      if (at(indices, from) === index[axis]) total += at(updates, from);
    }
    return total;
  });
}

/** Shapes around the axis: one row, rows, columns, a middle axis. */
const alongs: [name: string, shape: number[], axis: number, count: number][] = [
  ["one row", [7], 0, 9],
  ["rows", [4, 5], -1, 3],
  ["columns", [5, 6], 0, 4],
  ["a middle axis", [2, 4, 3], 1, 5],
  ["nothing", [3, 4], 1, 0],
];

export const gatherCases: { [name in RowsOf<typeof ops> | "scatter" | "scatterAlongAxis"]: Case[] } = {
  gather: [
    row({
      name: "rows",
      inputs: [{ shape: [5, 21] }, { shape: [6], dtype: "i32", values: [4, 0, 3, 3, 1, 3] }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gather(x, indices),
      reference: (x, indices) => picked(x, indices, 0),
    }),
    row({
      name: "a middle axis by a matrix of indices",
      inputs: [{ shape: [2, 4, 3] }, { shape: [2, 3], dtype: "i32", values: [3, 0, 0, 2, 1, 1] }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gather(x, indices, 1),
      reference: (x, indices) => picked(x, indices, 1),
    }),
    row({
      name: "columns",
      inputs: [{ shape: [17, 6] }, { shape: [4], dtype: "i32", values: [5, 5, 0, 2] }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gather(x, indices, -1),
      reference: (x, indices) => picked(x, indices, 1),
    }),
    row({
      name: "one element, bytes",
      inputs: [
        { shape: [3, 4], dtype: "u8", low: 0, high: 255 },
        { shape: [], dtype: "i32", values: [2] },
      ],
      run: (x: Tensor<"u8">, indices: Tensor<"i32">) => ops.gather(x, indices),
      reference: (x, indices) => picked(x, indices, 0),
    }),
    row({
      name: "no indices",
      inputs: [{ shape: [3, 4] }, { shape: [0], dtype: "i32" }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gather(x, indices),
      reference: (x, indices) => picked(x, indices, 0),
    }),
  ],
  embedding: [
    row({
      inputs: [{ shape: [7, 40] }, { shape: [2, 5], dtype: "i32", low: 0, high: 7 }],
      run: (table: Tensor, ids: Tensor<"i32">) => ops.embedding(table, ids),
      reference: (table, ids) => picked(table, ids, 0),
    }),
  ],
  scatter: [
    row({
      inputs: [{ shape: [2, 5, 19] }, { shape: [5], dtype: "i32", values: [3, 0, 3, 1, 3] }],
      run: (updates: Tensor, indices: Tensor<"i32">) => ops.scatter(updates, indices, 4, 1),
      reference: (updates, indices) => scattered(updates, indices, 4, 1),
    }),
    row({
      name: "by a matrix of indices",
      inputs: [{ shape: [2, 3, 35] }, { shape: [2, 3], dtype: "i32", values: [5, 0, 0, 2, 1, 5] }],
      run: (updates: Tensor, indices: Tensor<"i32">) => ops.scatter(updates, indices, 6),
      reference: (updates, indices) => scattered(updates, indices, 6, 0),
    }),
  ],
  scatterAdd: [
    row({
      inputs: [{ shape: [4, 3] }, { shape: [5], dtype: "i32", values: [3, 0, 3, 1, 3] }, { shape: [5, 3] }],
      run: (x: Tensor, indices: Tensor<"i32">, updates: Tensor) => ops.scatterAdd(x, indices, updates),
      reference: (x, indices, updates) => plus(x, scattered(updates, indices, 4, 0)),
    }),
  ],
  take: [
    row({
      name: "of all elements",
      inputs: [{ shape: [3, 4] }, { shape: [2, 3], dtype: "i32", low: 0, high: 12 }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.take(x, indices),
      reference: (x, indices) => picked({ shape: [12], data: x.data }, indices, 0),
    }),
    row({
      name: "along an axis",
      inputs: [{ shape: [3, 4] }, { shape: [5], dtype: "i32", low: 0, high: 4 }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.take(x, indices, 1),
      reference: (x, indices) => picked(x, indices, 1),
    }),
  ],
  takeAlongAxis: alongs.map(([name, shape, axis, count]) =>
    row({
      name,
      inputs: [{ shape }, { shape: shape.with(axis, count), dtype: "i32", low: 0, high: shape.at(axis) }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.takeAlongAxis(x, indices, axis),
      reference: (x, indices) => taken(x, indices, (axis + shape.length) % shape.length),
    }),
  ),
  scatterAlongAxis: alongs.map(([name, shape, axis, count]) =>
    row({
      name,
      inputs: [
        { shape: shape.with(axis, count) },
        { shape: shape.with(axis, count), dtype: "i32", low: 0, high: shape.at(axis) },
      ],
      run: (updates: Tensor, indices: Tensor<"i32">) =>
        ops.scatterAlongAxis(updates, indices, shape.at(axis) as number, axis),
      reference: (updates, indices) =>
        scatteredAlong(updates, indices, shape.at(axis) as number, (axis + shape.length) % shape.length),
    }),
  ),
  gatherNd: [
    row({
      name: "elements",
      inputs: [{ shape: [3, 4] }, { shape: [5, 2], dtype: "i32", low: 0, high: 3 }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gatherNd(x, indices),
      reference: (x, indices) => fromIndices([5], ([i]) => at(x, [at(indices, [i, 0]), at(indices, [i, 1])])),
    }),
    row({
      name: "rows",
      inputs: [{ shape: [2, 3, 4] }, { shape: [2, 2, 2], dtype: "i32", low: 0, high: 2 }],
      run: (x: Tensor, indices: Tensor<"i32">) => ops.gatherNd(x, indices),
      reference: (x, indices) =>
        fromIndices([2, 2, 4], ([i, j, k]) => at(x, [at(indices, [i, j, 0]), at(indices, [i, j, 1]), k])),
    }),
  ],
  scatterNd: [
    row({
      inputs: [{ shape: [4, 2], dtype: "i32", values: [1, 2, 0, 0, 1, 2, 2, 1] }, { shape: [4, 5] }],
      run: (indices: Tensor<"i32">, updates: Tensor) => ops.scatterNd(indices, updates, [3, 3, 5]),
      reference: (indices, updates) =>
        fromIndices([3, 3, 5], ([i, j, k]) => {
          const rows = [0, 1, 2, 3].filter((r) => at(indices, [r, 0]) === i && at(indices, [r, 1]) === j);
          return rows.reduce((sum, r) => sum + at(updates, [r, k]), 0);
        }),
    }),
  ],
  oneHot: [
    row({
      inputs: [{ shape: [3, 4], dtype: "i32", low: 0, high: 5 }],
      run: (indices: Tensor<"i32">) => ops.oneHot(indices, 5),
      reference: (indices) => fromIndices([3, 4, 5], ([i, j, k]) => (at(indices, [i, j]) === k ? 1 : 0)),
    }),
  ],
};
