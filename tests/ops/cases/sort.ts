// Rows for ts/ops/sort.ts. What reads values is in sort.test.ts.
import { square } from "../../../ts/ops/elementwise.ts";
import * as ops from "../../../ts/ops/sort.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray } from "../reference.ts";
import { type Case, type Input, row } from "./case.ts";
import { spaced } from "./reduce.ts";

/** a before b, NaN last. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b;

/** Where the elements in order stand along the axis; equal ones keep theirs. */
function order(x: NdArray, axis: number, descending = false): NdArray {
  return fromIndices(x.shape, (index) => {
    const values = Array.from({ length: x.shape[axis] }, (_, i) => at(x, index.with(axis, i)));
    const places = values.map((_, i) => i);
    places.sort((i, j) => (descending ? -1 : 1) * ascending(values[i], values[j]) || i - j);
    return places[index[axis]];
  });
}

function picked(x: NdArray, places: NdArray, axis: number): NdArray {
  return fromIndices(places.shape, (index) => at(x, index.with(axis, at(places, index))));
}

function first(x: NdArray, k: number, axis: number): NdArray {
  return fromIndices(x.shape.with(axis, k), (index) => at(x, index));
}

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const odd = [1, nan, -0, 0, -infinity, 3, infinity, -1e-42, nan, -2, 1e-42, 1];
const inputs: [name: string, input: Input, axis: number][] = [
  ["rows", { shape: [3, 9], values: spaced([3, 9]) }, -1],
  ["columns", { shape: [9, 4], values: spaced([9, 4]) }, 0],
  ["a middle axis", { shape: [2, 7, 3], values: spaced([2, 7, 3]) }, 1],
  ["many numbers", { shape: [2, 600], low: -1e6, high: 1e6 }, 1],
  ["many equal numbers", { shape: [2, 300], dtype: "i32", low: -3, high: 3 }, 1],
  ["integers", { shape: [3, 80], dtype: "i32", low: -(2 ** 31), high: 2 ** 31 }, 1],
  ["NaN, infinities and zeros", { shape: [12], values: odd }, 0],
  ["no elements", { shape: [2, 0] }, 1],
  ["no rows", { shape: [0, 2] }, 1],
];

type Order = (x: Tensor, axis: number, descending: boolean) => Tensor;

function rows(
  op: Order,
  reference: (x: NdArray, axis: number, descending: boolean) => NdArray,
  isPicking: boolean,
): Case[] {
  return inputs.flatMap(([name, input, axis]) =>
    [false, true].map((descending) =>
      row({
        name: `${name}${descending ? ", descending" : ""}`,
        inputs: [input],
        run: (x: Tensor) => op(x, axis, descending),
        reference: (x) => reference(x, (axis + input.shape.length) % input.shape.length, descending),
        gradients: isPicking && !input.values?.includes(nan) && !(input.high ?? 0) ? undefined : [],
        second: false,
      }),
    ),
  );
}

const sorted: Input = { shape: [6], values: [-1, 0, 0, 0.5, 2, 7] };
const wanted: Input = { shape: [3, 4], values: [0, -2, 8, 7, 0.5, 0.4, -1, -0, nan, infinity, 1, -infinity] };
const places = (x: NdArray, values: NdArray, right: boolean): NdArray =>
  map(values, (v) => x.data.filter((s) => ascending(s, v) < 0 || (right && ascending(s, v) === 0)).length);

export const sortCases: { [name in Exclude<keyof typeof ops, "unique">]: Case[] } = {
  argsort: rows((x, axis, descending) => ops.argsort(x, axis, { descending }) as Tensor<never>, order, false),
  sort: [
    ...rows(
      (x, axis, descending) => ops.sort(x, axis, { descending }),
      (x, axis, descending) => picked(x, order(x, axis, descending), axis),
      true,
    ),
    row({
      name: "squared, for the gradient of the gradient",
      inputs: [{ shape: [3, 5], values: spaced([3, 5]) }],
      run: (x: Tensor) => square(ops.sort(x)),
      reference: (x) => map(picked(x, order(x, 1), 1), (v) => v * v),
    }),
  ],
  topKIndices: inputs.map(([name, input, axis]) => {
    const at = (axis + input.shape.length) % input.shape.length;
    const k = Math.min(5, input.shape[at]);
    return row({
      name: `${k} of ${name}`,
      inputs: [input],
      run: (x: Tensor) => ops.topKIndices(x, k, axis),
      reference: (x) => first(order(x, at, true), k, at),
      gradients: [],
    });
  }),
  topK: [
    ...[1, 3, 7, 0].map((k) =>
      row({
        name: `the largest ${k}`,
        inputs: [{ shape: [4, 7], values: spaced([4, 7]) }],
        run: (x: Tensor) => square(ops.topK(x, k).values),
        reference: (x) => map(picked(x, first(order(x, 1, true), k, 1), 1), (v) => v * v),
      }),
    ),
    row({
      name: "down columns",
      inputs: [{ shape: [6, 3], values: spaced([6, 3]) }],
      run: (x: Tensor) => ops.topK(x, 2, 0).values,
      reference: (x) => picked(x, first(order(x, 0, true), 2, 0), 0),
      second: false,
    }),
    row({
      name: "more than are inserted",
      inputs: [{ shape: [2, 500] }],
      run: (x: Tensor) => ops.topK(x, 300).values,
      reference: (x) => picked(x, first(order(x, 1, true), 300, 1), 1),
      gradients: [],
    }),
  ],
  searchSorted: [
    row({
      name: "left",
      inputs: [sorted, wanted],
      run: (x: Tensor, values: Tensor) => ops.searchSorted(x, values),
      reference: (x, values) => places(x, values, false),
      gradients: [],
    }),
    row({
      name: "right",
      inputs: [sorted, wanted],
      run: (x: Tensor, values: Tensor) => ops.searchSorted(x, values, { side: "right" }),
      reference: (x, values) => places(x, values, true),
      gradients: [],
    }),
    row({
      name: "integers",
      inputs: [
        { shape: [5], dtype: "i32", values: [-3, -1, -1, 4, 9] },
        { shape: [40], dtype: "i32", low: -5, high: 11 },
      ],
      run: (x: Tensor<"i32">, values: Tensor<"i32">) => ops.searchSorted(x, values, { side: "right" }),
      reference: (x, values) => places(x, values, true),
    }),
    row({
      name: "nothing to search in",
      inputs: [{ shape: [0] }, { shape: [3] }],
      run: (x: Tensor, values: Tensor) => ops.searchSorted(x, values),
      reference: (x, values) => places(x, values, false),
      gradients: [],
    }),
  ],
};
