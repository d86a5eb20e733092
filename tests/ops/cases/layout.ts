// Rows for ts/ops/layout.ts: for every way a view can be walked, and for ops made of others.
import * as ops from "../../../ts/ops/layout.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

const reshaped = (x: NdArray, shape: readonly number[]): NdArray => ({ shape, data: x.data });

const transposed = (x: NdArray, perm: readonly number[]): NdArray =>
  fromIndices(
    perm.map((axis) => x.shape[axis]),
    (index) =>
      at(
        x,
        x.shape.map((_, axis) => index[perm.indexOf(axis)]),
      ),
  );

const flipped = (x: NdArray, axes: readonly number[]): NdArray =>
  fromIndices(x.shape, (index) =>
    at(
      x,
      index.map((i, axis) => (axes.includes(axis) ? x.shape[axis] - 1 - i : i)),
    ),
  );

const sliced = (x: NdArray, begin: readonly number[], size: readonly number[], strides?: readonly number[]): NdArray =>
  fromIndices(size, (index) =>
    at(
      x,
      index.map((i, axis) => begin[axis] + i * (strides?.[axis] ?? 1)),
    ),
  );

function placed(
  x: NdArray,
  shape: readonly number[],
  begin: readonly number[],
  strides: readonly number[],
  value: number,
): NdArray {
  return fromIndices(shape, (index) => {
    const from = index.map((i, axis) => (i - begin[axis]) / strides[axis]);
    return from.every((i, axis) => Number.isInteger(i) && i >= 0 && i < x.shape[axis]) ? at(x, from) : value;
  });
}

const joined = (xs: readonly NdArray[], axis: number): NdArray => {
  const length = xs.reduce((sum, x) => sum + x.shape[axis], 0);
  return fromIndices(xs[0].shape.with(axis, length), (index) => {
    let [i, k] = [index[axis], 0];
    while (i >= xs[k].shape[axis]) i -= xs[k++].shape[axis];
    return at(xs[k], index.with(axis, i));
  });
};

const permutations: [name: string, shape: readonly number[], perm: readonly number[]][] = [
  ["a matrix", [13, 22], [1, 0]],
  ["many tiles", [67, 129], [1, 0]],
  ["two columns", [9, 2], [1, 0]],
  ["NHWC to NCHW", [2, 5, 7, 11], [0, 3, 1, 2]],
  ["NCHW to NHWC", [2, 3, 5, 7], [0, 2, 3, 1]],
  ["filters, all moved", [3, 3, 5, 9], [3, 2, 0, 1]],
  ["heads, the last axis stays", [2, 6, 3, 10], [0, 2, 1, 3]],
  ["the outer two of three", [4, 5, 6], [1, 0, 2]],
  ["reversed", [4, 5, 6], [2, 1, 0]],
  ["nothing moved", [4, 5], [0, 1]],
  ["six axes", [2, 3, 2, 3, 2, 5], [5, 2, 4, 0, 3, 1]],
  ["negative axes", [3, 4, 5], [-1, 0, 1]],
  ["zero size", [3, 0, 2], [2, 0, 1]],
];

export const layoutCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  reshape: [
    row({
      inputs: [{ shape: [4, 6] }],
      run: (x: Tensor) => ops.reshape(x, [3, 8]),
      reference: (x) => reshaped(x, [3, 8]),
    }),
    row({
      name: "an inferred size",
      inputs: [{ shape: [4, 6] }],
      run: (x: Tensor) => ops.reshape(x, [2, -1, 3]),
      reference: (x) => reshaped(x, [2, 4, 3]),
    }),
    row({
      name: "to a scalar",
      inputs: [{ shape: [1, 1] }],
      run: (x: Tensor) => ops.reshape(x, []),
      reference: (x) => reshaped(x, []),
    }),
  ],
  squeeze: [
    row({
      inputs: [{ shape: [1, 3, 1, 2] }],
      run: (x: Tensor) => ops.squeeze(x),
      reference: (x) => reshaped(x, [3, 2]),
    }),
    row({
      name: "one axis",
      inputs: [{ shape: [1, 3, 1] }],
      run: (x: Tensor) => ops.squeeze(x, -1),
      reference: (x) => reshaped(x, [1, 3]),
    }),
  ],
  expandDims: [
    row({
      inputs: [{ shape: [3, 2] }],
      run: (x: Tensor) => ops.expandDims(x, 1),
      reference: (x) => reshaped(x, [3, 1, 2]),
    }),
    row({
      name: "at the end",
      inputs: [{ shape: [3] }],
      run: (x: Tensor) => ops.expandDims(x, -1),
      reference: (x) => reshaped(x, [3, 1]),
    }),
  ],
  transpose: [
    ...permutations.map(([name, shape, perm]) =>
      row({
        name,
        inputs: [{ shape }],
        run: (x: Tensor) => ops.transpose(x, perm),
        reference: (x) =>
          transposed(
            x,
            perm.map((axis) => (axis + shape.length) % shape.length),
          ),
      }),
    ),
    row({
      name: "default",
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => ops.transpose(x),
      reference: (x) => transposed(x, [2, 1, 0]),
    }),
    row({
      name: "bytes",
      inputs: [{ shape: [3, 4, 5], dtype: "u8", low: 0, high: 255 }],
      run: (x: Tensor<"u8">) => ops.transpose(x, [2, 0, 1]),
      reference: (x) => transposed(x, [2, 0, 1]),
    }),
  ],
  flip: [
    row({ inputs: [{ shape: [3, 4, 5] }], run: (x: Tensor) => ops.flip(x), reference: (x) => flipped(x, [0, 1, 2]) }),
    row({
      name: "the last axis",
      inputs: [{ shape: [3, 9] }],
      run: (x: Tensor) => ops.flip(x, 1),
      reference: (x) => flipped(x, [1]),
    }),
    row({
      name: "the width of images",
      inputs: [{ shape: [2, 4, 5, 3], dtype: "u8", low: 0, high: 255 }],
      run: (x: Tensor<"u8">) => ops.flip(x, 2),
      reference: (x) => flipped(x, [2]),
    }),
  ],
  slice: [
    row({
      inputs: [{ shape: [5, 6] }],
      run: (x: Tensor) => ops.slice(x, [1, 2], [3, 4]),
      reference: (x) => sliced(x, [1, 2], [3, 4]),
    }),
    row({
      name: "what is left",
      inputs: [{ shape: [5, 6] }],
      run: (x: Tensor) => ops.slice(x, [3, 0]),
      reference: (x) => sliced(x, [3, 0], [2, 6]),
    }),
    row({
      name: "strides",
      inputs: [{ shape: [7, 11, 3] }],
      run: (x: Tensor) => ops.slice(x, [1, 0, 0], [-1, -1, -1], [2, 3, 1]),
      reference: (x) => sliced(x, [1, 0, 0], [3, 4, 3], [2, 3, 1]),
    }),
    row({
      name: "nothing",
      inputs: [{ shape: [4, 3] }],
      run: (x: Tensor) => ops.slice(x, [4, 0], [0, 3]),
      reference: (x) => sliced(x, [4, 0], [0, 3]),
    }),
  ],
  place: [
    row({
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.place(x, [4, 9], [1, 1], [2, 3], 0.5),
      reference: (x) => placed(x, [4, 9], [1, 1], [2, 3], 0.5),
    }),
  ],
  pad: [
    row({
      inputs: [{ shape: [3, 4] }],
      run: (x: Tensor) =>
        ops.pad(x, [
          [1, 2],
          [0, 3],
        ]),
      reference: (x) => placed(x, [6, 7], [1, 0], [1, 1], 0),
    }),
    row({
      name: "images, by a value",
      inputs: [{ shape: [2, 3, 4, 2] }],
      run: (x: Tensor) =>
        ops.pad(
          x,
          [
            [0, 0],
            [1, 1],
            [2, 1],
            [0, 0],
          ],
          -1,
        ),
      reference: (x) => placed(x, [2, 5, 7, 2], [0, 1, 2, 0], [1, 1, 1, 1], -1),
    }),
  ],
  concat: [
    row({
      inputs: [{ shape: [2, 3] }, { shape: [1, 3] }, { shape: [4, 3] }],
      run: (...xs: Tensor[]) => ops.concat(xs),
      reference: (...xs) => joined(xs, 0),
    }),
    row({
      name: "the last axis, one part empty",
      inputs: [{ shape: [3, 2] }, { shape: [3, 0] }, { shape: [3, 9] }],
      run: (...xs: Tensor[]) => ops.concat(xs, -1),
      reference: (...xs) => joined(xs, 1),
    }),
    row({
      name: "i32",
      inputs: [
        { shape: [2, 2, 3], dtype: "i32" },
        { shape: [2, 5, 3], dtype: "i32" },
      ],
      run: (...xs: Tensor<"i32">[]) => ops.concat(xs, 1),
      reference: (...xs) => joined(xs, 1),
    }),
  ],
  stack: [
    row({
      inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
      run: (...xs: Tensor[]) => ops.stack(xs, 1),
      reference: (...xs) => fromIndices([2, 2, 3], ([i, k, j]) => at(xs[k], [i, j])),
    }),
    row({
      name: "scalars",
      inputs: [{ shape: [] }, { shape: [] }],
      run: (...xs: Tensor[]) => ops.stack(xs),
      reference: (...xs) => fromIndices([2], ([k]) => at(xs[k], [])),
    }),
  ],
  split: [
    row({
      inputs: [{ shape: [3, 8] }],
      run: (x: Tensor) => ops.split(x, [1, 5, 2], 1)[1],
      reference: (x) => sliced(x, [0, 1], [3, 5]),
    }),
    row({
      name: "equal parts",
      inputs: [{ shape: [6, 2] }],
      run: (x: Tensor) => ops.split(x, 3)[2],
      reference: (x) => sliced(x, [4, 0], [2, 2]),
    }),
  ],
  unstack: [
    row({
      inputs: [{ shape: [3, 4, 2] }],
      run: (x: Tensor) => ops.unstack(x, 1)[2],
      reference: (x) => fromIndices([3, 2], ([i, j]) => at(x, [i, 2, j])),
    }),
  ],
  roll: [
    row({
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => ops.roll(x, 2, 1),
      reference: (x) => fromIndices([3, 5], ([i, j]) => at(x, [i, (j + 3) % 5])),
    }),
    row({
      name: "two axes, one backwards and round more than once",
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => ops.roll(x, [-1, 7], [0, -1]),
      reference: (x) => fromIndices([3, 5], ([i, j]) => at(x, [(i + 1) % 3, (j + 3) % 5])),
    }),
    row({
      name: "all elements",
      inputs: [{ shape: [2, 3], dtype: "i32", low: -9, high: 9 }],
      run: (x: Tensor<"i32">) => ops.roll(x, 1),
      reference: (x) => ({ shape: [2, 3], data: x.data.map((_, i) => x.data[(i + 5) % 6]) }),
    }),
    row({
      name: "nothing",
      inputs: [{ shape: [0, 3] }],
      run: (x: Tensor) => ops.roll(x, 1, 0),
      reference: (x) => x,
    }),
  ],
};
