// Rows for ts/ops/pool.ts.
import { square } from "../../ts/ops/elementwise.ts";
import * as ops from "../../ts/ops/pool.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { type Case, row } from "./case.ts";
import { overAxes, spaced } from "./cases-reduce.ts";
import { at, fromIndices, map, type NdArray } from "./reference.ts";

interface Geometry {
  readonly poolSize?: number | [number, number];
  readonly strides?: number | [number, number];
  readonly padding?: "valid" | "same";
}

/** f of the numbers of each window, for each channel. */
function overWindows(x: NdArray, geometry: Geometry, f: (values: number[]) => number): NdArray {
  const { poolSize = 2, strides = poolSize, padding = "valid" } = geometry;
  const [windows, steps] = [poolSize, strides].map((pair) => (typeof pair === "number" ? [pair, pair] : pair));
  const [batch, height, width, channels] = x.shape;
  const [down, across] = [height, width].map((size, axis) => {
    const inside = Math.floor((size - windows[axis]) / steps[axis]) + 1;
    const count = padding === "same" ? Math.ceil(size / steps[axis]) : inside;
    const missing = padding === "same" ? Math.max(0, (count - 1) * steps[axis] + windows[axis] - size) : 0;
    return { count, before: Math.floor(missing / 2) };
  });
  return fromIndices([batch, down.count, across.count, channels], ([n, i, j, c]) => {
    const values: number[] = [];
    for (let h = 0; h < windows[0]; h++) {
      for (let w = 0; w < windows[1]; w++) {
        const [y, z] = [i * steps[0] - down.before + h, j * steps[1] - across.before + w];
        if (y >= 0 && y < height && z >= 0 && z < width) values.push(at(x, [n, y, z, c]));
      }
    }
    return f(values);
  });
}

const largest = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));
const average = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;

const geometries: readonly (Geometry & { name: string; shape: number[] })[] = [
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

function rowsFor(op: (x: Tensor, options?: ops.PoolOptions) => Tensor, f: (values: number[]) => number): Case[] {
  return [
    ...geometries.map(({ name, shape, ...geometry }) =>
      row({
        name,
        inputs: [{ shape, values: spaced(shape) }],
        run: (x: Tensor) => op(x, geometry),
        reference: (x) => overWindows(x, geometry, f),
      }),
    ),
    ...[{}, { poolSize: 3, strides: 1, padding: "same" } as const].map((geometry, i) =>
      row({
        name: `squared, for the gradient of the gradient (${i + 1})`,
        inputs: [{ shape: [2, 4, 4, 3], values: spaced([2, 4, 4, 3]) }],
        run: (x: Tensor) => square(op(x, geometry)),
        reference: (x) => map(overWindows(x, geometry, f), (v) => v * v),
      }),
    ),
    row({
      name: "NaN",
      inputs: [{ shape: [1, 2, 4, 1], values: [1, Number.NaN, 3, 4, 5, 6, 7, 8] }],
      run: (x: Tensor) => op(x),
      reference: (x) => overWindows(x, {}, f),
      gradients: [],
    }),
  ];
}

function globalRows(op: (x: Tensor, keepDims?: boolean) => Tensor, f: (values: number[]) => number): Case[] {
  return [false, true].map((keepDims) =>
    row({
      name: keepDims ? "keeping the axes" : "dropping the axes",
      inputs: [{ shape: [2, 3, 4, 5], values: spaced([2, 3, 4, 5]) }],
      run: (x: Tensor) => op(x, keepDims),
      reference: (x) => overAxes(x, [1, 2], keepDims, f),
    }),
  );
}

export const poolCases: { [name in keyof typeof ops]: Case[] } = {
  maxPool2d: rowsFor(ops.maxPool2d, largest),
  avgPool2d: rowsFor(ops.avgPool2d, average),
  globalAveragePool2d: globalRows(ops.globalAveragePool2d, average),
  globalMaxPool2d: globalRows(ops.globalMaxPool2d, largest),
};
