// Rows for ts/ops/indexing.ts.
import * as ops from "../../../ts/ops/indexing.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

/** What an index takes of x: along each axis these elements, or one element whose axis is left out. */
function taken(
  index: string | number,
  shape: readonly number[],
  ...axes: readonly (readonly number[] | number)[]
): Case {
  const kept = axes.flatMap((axis) => (typeof axis === "number" ? [] : [axis.length]));
  return row({
    name: `${index} of [${shape}]`,
    inputs: [{ shape }],
    run: (x: Tensor) => ops.at(x, index),
    reference: (x) =>
      fromIndices(kept, (i) => {
        let next = 0;
        return at(
          x,
          axes.map((axis) => (typeof axis === "number" ? axis : axis[i[next++]])),
        );
      }),
  });
}

export const indexingCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  at: [
    taken("1:-1, ::2", [5, 4], [1, 2, 3], [0, 2]),
    taken(-1, [3, 4], 2, [0, 1, 2, 3]),
    taken("..., 0", [2, 3, 4], [0, 1], [0, 1, 2], 0),
    taken("1, ..., -2:", [2, 3, 4], 1, [0, 1, 2], [2, 3]),
    taken("::-1, 3:0:-2", [3, 5], [2, 1, 0], [3, 1]),
    taken("-100:100", [4], [0, 1, 2, 3]),
    taken("3:1, :", [4, 2], [], [0, 1]),
    taken("5:", [4], []),
    taken(" 0 , 1 ", [2, 3], 0, 1),
    taken("...", [2, 2], [0, 1], [0, 1]),
  ],
  placeAt: [
    row({
      inputs: [{ shape: [2, 2] }],
      run: (x: Tensor) => ops.placeAt(x, [3, 4], "1:, ::-2"),
      reference: (x) => fromIndices([3, 4], ([i, j]) => (i >= 1 && j % 2 === 1 ? at(x, [i - 1, j === 3 ? 0 : 1]) : 0)),
    }),
  ],
};
