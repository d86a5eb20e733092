// Rows for ts/ops/differences.ts and ts/ops/reorder.ts.
import * as differences from "../../../ts/ops/differences.ts";
import * as reorder from "../../../ts/ops/reorder.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, row } from "./case.ts";

type Ops = typeof differences & typeof reorder;

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;
const pairs = [
  { shape: [6], values: [1, 1, infinity, infinity, nan, 0] },
  { shape: [6], values: [1.000001, 1.1, infinity, -infinity, nan, 1e-9] },
];
const bools = (...data: number[]): NdArray => ({
  shape: data.length === 1 ? [] : [data.length],
  data: Float64Array.from(data),
});

export const differencesCases: { [name in keyof Ops]: Case[] } = {
  diff: [
    row({
      inputs: [{ shape: [3, 5] }],
      run: (x: Tensor) => differences.diff(x),
      reference: (x) => fromIndices([3, 4], ([i, j]) => at(x, [i, j + 1]) - at(x, [i, j])),
    }),
    row({
      name: "twice, of columns",
      inputs: [{ shape: [4, 2] }],
      run: (x: Tensor) => differences.diff(x, 2, 0),
      reference: (x) => fromIndices([2, 2], ([i, j]) => at(x, [i + 2, j]) - 2 * at(x, [i + 1, j]) + at(x, [i, j])),
    }),
    row({
      name: "until nothing is left",
      inputs: [{ shape: [2, 1] }],
      run: (x: Tensor) => differences.diff(x),
      reference: () => ({ shape: [2, 0], data: new Float64Array(0) }),
    }),
  ],
  isClose: [
    row({
      inputs: pairs,
      run: (a: Tensor, b: Tensor) => differences.isClose(a, b),
      reference: () => bools(1, 0, 1, 0, 0, 1),
      gradients: [],
    }),
    row({
      name: "wider, and NaN to NaN",
      inputs: pairs,
      run: (a: Tensor, b: Tensor) => differences.isClose(a, b, { rtol: 0.1, equalNan: true }),
      reference: () => bools(1, 1, 1, 0, 1, 1),
      gradients: [],
    }),
  ],
  allClose: [0.01, 0.2].map((atol) =>
    row({
      name: `within ${atol}`,
      inputs: [
        { shape: [3], values: [1, 2, 3] },
        { shape: [3], values: [1, 2.1, 3] },
      ],
      run: (a: Tensor, b: Tensor) => differences.allClose(a, b, { atol, rtol: 0 }),
      reference: () => bools(atol === 0.2 ? 1 : 0),
      gradients: [],
    }),
  ),
  swapAxes: [
    row({
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => reorder.swapAxes(x, 0, -1),
      reference: (x) => fromIndices([4, 3, 2], ([i, j, k]) => at(x, [k, j, i])),
    }),
  ],
  moveAxis: [
    row({
      name: "to the end",
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => reorder.moveAxis(x, 0, -1),
      reference: (x) => fromIndices([3, 4, 2], ([i, j, k]) => at(x, [k, i, j])),
    }),
    row({
      name: "to the front",
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => reorder.moveAxis(x, 2, 0),
      reference: (x) => fromIndices([4, 2, 3], ([i, j, k]) => at(x, [j, k, i])),
    }),
  ],
};
