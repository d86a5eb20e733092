// Rows for ts/ops/elementwise.ts.
import * as ops from "../../ts/ops/elementwise.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { type Case, row } from "./case.ts";
import { at, fromIndices, map } from "./reference.ts";

export const elementwiseCases: { [name in keyof typeof ops]: Case[] } = {
  relu: [
    row({
      inputs: [{ shape: [3, 7] }],
      run: (x: Tensor) => ops.relu(x),
      reference: (x) => map(x, (v) => Math.max(v, 0)),
      second: false,
    }),
    row({
      name: "zero size",
      inputs: [{ shape: [0, 7] }],
      run: (x: Tensor) => ops.relu(x),
      reference: (x) => x,
      second: false,
    }),
  ],
  reluGrad: [
    row({
      inputs: [{ shape: [17] }, { shape: [17] }],
      run: (dy: Tensor, y: Tensor) => ops.reluGrad(dy, y),
      reference: (dy, y) => fromIndices(dy.shape, (i) => (at(y, i) > 0 ? at(dy, i) : 0)),
      gradients: [0],
    }),
  ],
};
