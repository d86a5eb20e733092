// Rows for ts/ops/powers.ts. Special values are in arithmetic.test.ts.
import * as ops from "../../../ts/ops/powers.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices } from "../reference.ts";
import { binary } from "./arithmetic.ts";
import { type Case, type RowsOf, row } from "./case.ts";

export const powersCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  pow: [
    ...binary(ops.pow, (a, b) => a ** b, { low: 0.5, high: 3 }),
    ...[2, 3, -1, 0].map((exponent) =>
      row({
        name: `to the ${exponent}`,
        inputs: [{ shape: [11], values: [-2, -1.5, -1, -0.7, 0.5, 0.7, 1, 1.5, 2, 2.5, 3] }],
        run: (a: Tensor) => ops.pow(a, exponent),
        reference: (a) => fromIndices(a.shape, (i) => at(a, i) ** exponent),
      }),
    ),
  ],
  rootOrZero: [
    row({
      inputs: [{ shape: [11], low: 0.3, high: 4 }],
      run: (x: Tensor) => ops.rootOrZero(x),
      reference: (x) => fromIndices(x.shape, (i) => Math.sqrt(at(x, i))),
    }),
  ],
};
