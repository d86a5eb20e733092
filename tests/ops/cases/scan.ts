// Rows for ts/ops/scan.ts.
import * as ops from "../../../ts/ops/scan.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";
import { spaced } from "./reduce.ts";

type Scan = (x: Tensor, axis?: number, options?: ops.ScanOptions) => Tensor;

function scanned(
  x: NdArray,
  axis: number,
  start: number,
  f: (a: number, b: number) => number,
  { reverse = false, exclusive = false }: ops.ScanOptions,
): NdArray {
  return fromIndices(x.shape, (index) => {
    let total = start;
    for (let i = 0; i < x.shape[axis]; i++) {
      const before = reverse ? i >= index[axis] : i <= index[axis];
      if (before && !(exclusive && i === index[axis])) total = f(total, at(x, index.with(axis, i)));
    }
    return total;
  });
}

function rows(op: Scan, start: number, f: (a: number, b: number) => number, second: boolean): Case[] {
  const make = (name: string, shape: number[], axis: number, options: ops.ScanOptions = {}, values?: number[]): Case =>
    row({
      name,
      inputs: [{ shape, values, low: 0.5, high: 1.5 }],
      run: (x: Tensor) => op(x, axis, options),
      reference: (x) => scanned(x, (axis + shape.length) % shape.length, start, f, options),
      second,
    });
  return [
    make("rows", [3, 7], -1),
    make("columns", [6, 5], 0),
    make("a middle axis", [2, 5, 9], 1),
    make("backwards", [3, 6], 1, { reverse: true }),
    make("without the element itself", [3, 6], 1, { exclusive: true }),
    make("both", [5, 3], 0, { reverse: true, exclusive: true }),
    make("one element", [1], 0),
    make("no elements", [3, 0], 1),
    make("no rows", [0, 3], 1),
    make("zeros", [3, 5], 1, {}, [1, 0, 2, 3, -1, 2, 0, 3, 0, 1, 1, 2, 3, 4, 0]),
  ];
}

/** Rows of a running extreme; numbers apart from each other, so that a difference steps over no kink. */
function extremes(op: (x: Tensor, axis?: number, options?: ops.ExtremeScanOptions) => Tensor, start: number): Case[] {
  const pick = start < 0 ? Math.max : Math.min;
  const make = (name: string, shape: number[], axis: number, options: ops.ExtremeScanOptions = {}): Case =>
    row({
      name,
      inputs: [{ shape, values: spaced(shape) }],
      run: (x: Tensor) => op(x, axis, options),
      reference: (x) => scanned(x, axis, start, pick, options),
      second: false,
    });
  return [
    make("rows", [3, 7], 1),
    make("columns, backwards", [6, 5], 0, { reverse: true }),
    make("a middle axis", [2, 5, 9], 1),
    make("one element", [1], 0),
    make("no elements", [3, 0], 1),
  ];
}

export const scanCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  cumsum: rows(ops.cumsum, 0, (a, b) => a + b, false),
  cumprod: rows(ops.cumprod, 1, (a, b) => a * b, true),
  cumMax: extremes(ops.cumMax, Number.NEGATIVE_INFINITY),
  cumMin: extremes(ops.cumMin, Number.POSITIVE_INFINITY),
};
