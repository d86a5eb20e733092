// Rows for ts/ops/pool.ts and ts/ops/adaptive-pool.ts.
import * as adaptive from "../../../ts/ops/adaptive-pool.ts";
import { square } from "../../../ts/ops/elementwise.ts";
import * as ops from "../../../ts/ops/pool.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";
import { overAxes, spaced } from "./reduce.ts";

type Numbers = number | readonly number[];

interface Geometry {
  readonly poolSize?: Numbers;
  readonly strides?: Numbers;
  readonly padding?: "valid" | "same";
}

/** All lists of numbers with one of each list. */
function combinations(lists: readonly (readonly number[])[]): number[][] {
  return lists.reduce<number[][]>((all, list) => all.flatMap((head) => list.map((i) => [...head, i])), [[]]);
}

/** f of the numbers of each window, for each channel; `windows[axis][i]` lists the places of window i of an axis. */
function overPlaces(x: NdArray, windows: readonly (readonly number[][])[], f: (values: number[]) => number): NdArray {
  const shape = [x.shape[0], ...windows.map((axis) => axis.length), x.shape[x.shape.length - 1]];
  return fromIndices(shape, (index) => {
    const places = windows.map((axis, i) => axis[index[i + 1]]);
    return f(combinations(places).map((place) => at(x, [index[0], ...place, index[index.length - 1]])));
  });
}

function overWindows(x: NdArray, geometry: Geometry, f: (values: number[]) => number): NdArray {
  const { poolSize = 2, strides = poolSize, padding = "valid" } = geometry;
  const each = (value: Numbers, axis: number): number => (typeof value === "number" ? value : value[axis]);
  const windows = x.shape.slice(1, -1).map((size, axis) => {
    const [window, step] = [each(poolSize, axis), each(strides, axis)];
    const count = padding === "same" ? Math.ceil(size / step) : Math.floor((size - window) / step) + 1;
    const missing = padding === "same" ? Math.max(0, (count - 1) * step + window - size) : 0;
    return Array.from({ length: count }, (_, i) =>
      Array.from({ length: window }, (_, tap) => i * step - Math.floor(missing / 2) + tap).filter(
        (place) => place >= 0 && place < size,
      ),
    );
  });
  return overPlaces(x, windows, f);
}

/** The windows of adaptive pooling, by PyTorch's rule. */
function overEvenWindows(x: NdArray, counts: readonly number[], f: (values: number[]) => number): NdArray {
  const windows = x.shape.slice(1, -1).map((size, axis) =>
    Array.from({ length: counts[axis] }, (_, i) => {
      const first = Math.floor((i * size) / counts[axis]);
      const end = Math.ceil(((i + 1) * size) / counts[axis]);
      return Array.from({ length: end - first }, (_, tap) => first + tap);
    }),
  );
  return overPlaces(x, windows, f);
}

const largest = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));
const average = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;

type Row = Geometry & { name: string; shape: number[] };

const sequences: readonly Row[] = [
  { name: "two", shape: [2, 6, 3] },
  { name: "three, overlapping, padded", shape: [2, 8, 5], poolSize: 3, strides: 2, padding: "same" },
  { name: "four, by one", shape: [1, 7, 4], poolSize: [4], strides: [1] },
  { name: "no sequences", shape: [0, 4, 2] },
];
const volumes: readonly Row[] = [
  { name: "two", shape: [2, 4, 4, 2, 3] },
  { name: "overlapping, padded", shape: [1, 4, 3, 5, 2], poolSize: [3, 2, 3], strides: [2, 1, 2], padding: "same" },
  { name: "oblong, by one", shape: [1, 4, 3, 3, 2], poolSize: [2, 1, 3], strides: 1 },
  { name: "no volumes", shape: [0, 2, 2, 2, 1] },
];
const images: readonly Row[] = [
  { name: "two by two", shape: [2, 4, 6, 3] },
  { name: "two by two, odd image, many channels", shape: [1, 5, 7, 9], poolSize: 2 },
  { name: "two by two, odd image, padded", shape: [2, 5, 3, 4], padding: "same" },
  { name: "two by two, overlapping", shape: [1, 4, 4, 5], strides: 1 },
  { name: "two by two, far apart, padded", shape: [1, 4, 7, 2], strides: 3, padding: "same" },
  { name: "three by three, overlapping", shape: [2, 7, 6, 2], poolSize: 3, strides: 2 },
  { name: "three by three, overlapping, padded", shape: [1, 6, 7, 3], poolSize: 3, strides: [2, 1], padding: "same" },
  { name: "windows of five, padded", shape: [1, 4, 3, 2], poolSize: 5, strides: 1, padding: "same" },
  { name: "oblong windows", shape: [1, 6, 7, 1], poolSize: [2, 3] },
  { name: "no images", shape: [0, 4, 4, 2] },
];

type Pool = (x: Tensor, options?: never) => Tensor;

function rowsFor(op: Pool, f: (values: number[]) => number, geometries: readonly Row[]): Case[] {
  const call = op as (x: Tensor, options?: Geometry) => Tensor;
  const [{ shape }] = geometries;
  return [
    ...geometries.map(({ name, shape, ...geometry }) =>
      row({
        name,
        inputs: [{ shape, values: spaced(shape) }],
        run: (x: Tensor) => call(x, geometry),
        reference: (x) => overWindows(x, geometry, f),
      }),
    ),
    ...[{}, { poolSize: 3, strides: 1, padding: "same" } as const].map((geometry, i) =>
      row({
        name: `squared, for the gradient of the gradient (${i + 1})`,
        inputs: [{ shape, values: spaced(shape) }],
        run: (x: Tensor) => square(call(x, geometry)),
        reference: (x) => map(overWindows(x, geometry, f), (v) => v * v),
      }),
    ),
  ];
}

function imageRows(op: Pool, f: (values: number[]) => number): Case[] {
  return [
    ...rowsFor(op, f, images),
    row({
      name: "NaN",
      inputs: [{ shape: [1, 2, 4, 1], values: [1, Number.NaN, 3, 4, 5, 6, 7, 8] }],
      run: (x: Tensor) => op(x),
      reference: (x) => overWindows(x, {}, f),
      gradients: [],
    }),
  ];
}

type Global = (x: Tensor, keepDims?: boolean) => Tensor;

function globalRows(op: Global, f: (values: number[]) => number, shape: readonly number[]): Case[] {
  const axes = shape.slice(2).map((_, axis) => axis + 1);
  return [false, true].map((keepDims) =>
    row({
      name: keepDims ? "keeping the axes" : "dropping the axes",
      inputs: [{ shape, values: spaced(shape) }],
      run: (x: Tensor) => op(x, keepDims),
      reference: (x) => overAxes(x, axes, keepDims, f),
    }),
  );
}

/** Sizes and numbers of windows: equal windows, unequal ones, more windows than numbers. */
const evenSizes: readonly [string, number[], number[]][] = [
  ["equal windows", [6, 4, 2], [3, 2, 2]],
  ["unequal windows", [7, 5, 4], [3, 2, 3]],
  ["more windows than numbers", [2, 3, 2], [5, 4, 2]],
];

function adaptiveRows(
  op: (x: Tensor, outputSize: never) => Tensor,
  f: (values: number[]) => number,
  rank: number,
): Case[] {
  const call = op as (x: Tensor, outputSize: number | readonly number[]) => Tensor;
  return evenSizes.flatMap(([name, sizes, counts]) => {
    const shape = [2, ...sizes.slice(0, rank), 3];
    const wanted = counts.slice(0, rank);
    return [false, true].map((squared) =>
      row({
        name: squared ? `${name}, squared` : name,
        inputs: [{ shape, values: spaced(shape) }],
        run: (x: Tensor) => (squared ? square(call(x, wanted)) : call(x, wanted)),
        reference: (x) => map(overEvenWindows(x, wanted, f), (v) => (squared ? v * v : v)),
        second: squared,
      }),
    );
  });
}

const [sequence, image, volume] = [
  [2, 4, 5],
  [2, 3, 4, 5],
  [2, 2, 3, 2, 4],
];

export const poolCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  maxPool1d: rowsFor(ops.maxPool1d, largest, sequences),
  maxPool2d: imageRows(ops.maxPool2d, largest),
  maxPool3d: rowsFor(ops.maxPool3d, largest, volumes),
  avgPool1d: rowsFor(ops.avgPool1d, average, sequences),
  avgPool2d: imageRows(ops.avgPool2d, average),
  avgPool3d: rowsFor(ops.avgPool3d, average, volumes),
  globalAveragePool1d: globalRows(ops.globalAveragePool1d, average, sequence),
  globalAveragePool2d: globalRows(ops.globalAveragePool2d, average, image),
  globalAveragePool3d: globalRows(ops.globalAveragePool3d, average, volume),
  globalMaxPool1d: globalRows(ops.globalMaxPool1d, largest, sequence),
  globalMaxPool2d: globalRows(ops.globalMaxPool2d, largest, image),
  globalMaxPool3d: globalRows(ops.globalMaxPool3d, largest, volume),
};

export const adaptivePoolCases: { [name in RowsOf<typeof adaptive>]: Case[] } = {
  adaptiveAveragePool1d: adaptiveRows(adaptive.adaptiveAveragePool1d, average, 1),
  adaptiveAveragePool2d: adaptiveRows(adaptive.adaptiveAveragePool2d, average, 2),
  adaptiveAveragePool3d: adaptiveRows(adaptive.adaptiveAveragePool3d, average, 3),
  adaptiveMaxPool1d: adaptiveRows(adaptive.adaptiveMaxPool1d, largest, 1),
  adaptiveMaxPool2d: adaptiveRows(adaptive.adaptiveMaxPool2d, largest, 2),
  adaptiveMaxPool3d: adaptiveRows(adaptive.adaptiveMaxPool3d, largest, 3),
};
