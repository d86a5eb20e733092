// Rows for ts/ops/broadcast.ts.

import * as ops from "../../../ts/ops/broadcast.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";
import { overAxes, reductionRows, total } from "./reduce.ts";

export const broadcastCases: { [name in RowsOf<typeof ops> | "sumTo"]: Case[] } = {
  sum: [
    ...reductionRows(ops.sum, total, { tolerance: 1e-4 }),
    row({
      name: "over no elements",
      inputs: [{ shape: [3, 0] }],
      run: (x: Tensor) => ops.sum(x, 1),
      reference: (x) => overAxes(x, [1], false, total),
    }),
  ],
  sumTo: [
    row({
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => ops.sumTo(x, [3, 1]),
      reference: (x) => ({ shape: [3, 1], data: overAxes(x, [0, 2], true, total).data }),
    }),
    row({
      name: "to a number",
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.sumTo(x, []),
      reference: (x) => overAxes(x, [0, 1], false, total),
    }),
    row({
      name: "nothing to do",
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.sumTo(x, [2, 3]),
      reference: (x) => x,
    }),
  ],
  broadcastTo: [
    row({
      inputs: [{ shape: [3, 1, 4] }],
      run: (x: Tensor) => ops.broadcastTo(x, [3, 5, 4]),
      reference: (x) => fromIndices([3, 5, 4], (i) => at(x, i)),
    }),
    row({
      name: "new axes",
      inputs: [{ shape: [9] }],
      run: (x: Tensor) => ops.broadcastTo(x, [2, 3, 9]),
      reference: (x) => fromIndices([2, 3, 9], (i) => at(x, i)),
    }),
    row({
      name: "a scalar",
      inputs: [{ shape: [] }],
      run: (x: Tensor) => ops.broadcastTo(x, [3, 7]),
      reference: (x) => fromIndices([3, 7], (i) => at(x, i)),
    }),
    row({
      name: "columns",
      inputs: [{ shape: [4, 1] }],
      run: (x: Tensor) => ops.broadcastTo(x, [4, 30]),
      reference: (x) => fromIndices([4, 30], (i) => at(x, i)),
    }),
  ],
  tile: [
    row({
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.tile(x, [2, 3]),
      reference: (x) => fromIndices([4, 9], ([i, j]) => at(x, [i % 2, j % 3])),
    }),
    row({
      name: "one axis of three",
      inputs: [{ shape: [2, 3, 2] }],
      run: (x: Tensor) => ops.tile(x, [1, 2, 1]),
      reference: (x) => fromIndices([2, 6, 2], ([i, j, k]) => at(x, [i, j % 3, k])),
    }),
  ],
  repeat: [
    row({
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.repeat(x, 3, 1),
      reference: (x) => fromIndices([2, 9], ([i, j]) => at(x, [i, Math.floor(j / 3)])),
    }),
    row({
      name: "rows",
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.repeat(x, 2, 0),
      reference: (x) => fromIndices([4, 3], ([i, j]) => at(x, [Math.floor(i / 2), j])),
    }),
    row({
      name: "all elements",
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.repeat(x, 2),
      reference: (x) => fromIndices([12], ([i]) => x.data[Math.floor(i / 2)]),
    }),
    row({
      name: "not at all",
      inputs: [{ shape: [2, 3] }],
      run: (x: Tensor) => ops.repeat(x, 0, 1),
      reference: () => fromIndices([2, 0], () => 0),
    }),
  ],
  meshgrid: [
    row({
      name: "x of xy",
      inputs: [{ shape: [3] }, { shape: [4] }],
      run: (...xs: Tensor[]) => ops.meshgrid(xs)[0],
      reference: (x) => fromIndices([4, 3], ([, j]) => at(x, [j])),
      gradients: [0],
    }),
    row({
      name: "y of xy",
      inputs: [{ shape: [3] }, { shape: [4] }, { shape: [2] }],
      run: (...xs: Tensor[]) => ops.meshgrid(xs)[1],
      reference: (_x, y) => fromIndices([4, 3, 2], ([i]) => at(y, [i])),
      gradients: [1],
    }),
    row({
      name: "ij",
      inputs: [{ shape: [3] }, { shape: [4] }],
      run: (...xs: Tensor[]) => ops.meshgrid(xs, { indexing: "ij" })[1],
      reference: (_x, y) => fromIndices([3, 4], ([, j]) => at(y, [j])),
      gradients: [1],
    }),
  ],
};
