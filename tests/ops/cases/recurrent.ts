// Rows for ts/ops/recurrent.ts.

import * as ops from "../../../ts/ops/recurrent.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { fromIndices, type NdArray } from "../reference.ts";
import type { RowsOf } from "./case.ts";
import { type Case, type Input, row } from "./case.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The new states of one unit j, hidden first, from what the inputs and the hidden states contribute to its gates. */
type Formula = (projected: readonly number[], product: readonly number[], states: readonly number[]) => number[];

const formulas: Record<"lstm" | "gru" | "simpleRnn", Formula> = {
  lstm([xi, xf, xg, xo], [pi, pf, pg, po], [, c]) {
    const next = sigmoid(xf + pf) * c + sigmoid(xi + pi) * Math.tanh(xg + pg);
    return [sigmoid(xo + po) * Math.tanh(next), next];
  },
  gru([xz, xr, xg], [pz, pr, pg], [h]) {
    const z = sigmoid(xz + pz);
    return [z * h + (1 - z) * Math.tanh(xg + sigmoid(xr + pr) * pg)];
  },
  simpleRnn: ([x], [p]) => [Math.tanh(x + p)],
};

/** The rows of states [batch, rows, units] after each step; the last of them is the cell state where there is one. */
function steps(
  formula: Formula,
  projected: NdArray,
  kernel: NdArray,
  start: readonly (NdArray | undefined)[],
  { bias, mask }: { bias?: NdArray; mask?: NdArray } = {},
): NdArray[][] {
  const [batch, time, columns] = projected.shape;
  const [units] = kernel.shape;
  const gates = Array.from({ length: columns / units }, (_, gate) => gate * units);
  let states = start.map((x) => x ?? fromIndices([batch, units], () => 0));
  return Array.from({ length: time }, (_, t) => {
    const next = states.map(() => fromIndices([batch, units], () => 0));
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < units; j++) {
        const product = gates.map((gate) => {
          let sum = bias?.data[gate + j] ?? 0;
          for (let i = 0; i < units; i++) sum += states[0].data[b * units + i] * kernel.data[i * columns + gate + j];
          return sum;
        });
        const inputs = gates.map((gate) => projected.data[(b * time + t) * columns + gate + j]);
        const before = states.map(({ data }) => data[b * units + j]);
        const after = mask?.data[b * time + t] === 0 ? before : formula(inputs, product, before);
        after.forEach((value, k) => {
          next[k].data[b * units + j] = value;
        });
      }
    }
    states = next;
    return next;
  });
}

function stacked(rows: readonly NdArray[]): NdArray {
  const [batch, units] = rows[0].shape;
  return fromIndices([batch, rows.length, units], ([b, r, j]) => rows[r].data[b * units + j]);
}

/** What an op returns: the hidden states wanted, and the last cell state. */
function result(after: readonly NdArray[][], { returnSequences, returnCell }: ops.LstmSequenceOptions): NdArray {
  const last = after[after.length - 1];
  const hidden = returnSequences ? after.map(([h]) => h) : [last[0]];
  if (returnCell) return stacked([...hidden, last[1]]);
  return returnSequences ? stacked(hidden) : last[0];
}

const masked = (batch: number, time: number): Input => ({ shape: [batch, time], dtype: "bool", low: 0, high: 2 });
const floats = (...shape: number[]): Input => ({ shape, low: -1, high: 1 });
const tolerances = { tolerance: 3e-6, gradientTolerance: 1e-4 };

type Rows = { readonly [name in RowsOf<typeof ops>]: readonly Case[] };

export const recurrentCases: Rows = {
  lstm: [
    ...[
      { name: "the last state", batch: 3, time: 4, units: 5, options: {} },
      { name: "all states", batch: 2, time: 3, units: 4, options: { returnSequences: true } },
      { name: "the last states", batch: 2, time: 3, units: 3, options: { returnCell: true } },
      { name: "one step", batch: 2, time: 1, units: 3, options: { returnSequences: true, returnCell: true } },
      { name: "several blocks", batch: 18, time: 2, units: 9, options: { returnSequences: true, returnCell: true } },
      { name: "no examples", batch: 0, time: 2, units: 3, options: { returnSequences: true } },
    ].map(({ name, batch, time, units, options }) =>
      row({
        name,
        inputs: [floats(batch, time, 4 * units), floats(units, 4 * units)],
        run: (x: Tensor, kernel: Tensor) => ops.lstm(x, kernel, undefined, undefined, undefined, options),
        reference: (x, kernel) => result(steps(formulas.lstm, x, kernel, [undefined, undefined]), options),
        ...tolerances,
      }),
    ),
    row({
      name: "from given states",
      inputs: [floats(3, 2, 12), floats(3, 12), floats(3, 3), floats(3, 3)],
      run: (x: Tensor, kernel: Tensor, h: Tensor, c: Tensor) => ops.lstm(x, kernel, h, c),
      reference: (x, kernel, h, c) => result(steps(formulas.lstm, x, kernel, [h, c]), {}),
      ...tolerances,
    }),
    row({
      name: "a mask",
      inputs: [floats(3, 5, 16), floats(4, 16), floats(3, 4), floats(3, 4), masked(3, 5)],
      run: (x: Tensor, kernel: Tensor, h: Tensor, c: Tensor, mask: Tensor<"bool">) =>
        ops.lstm(x, kernel, h, c, mask, { returnSequences: true, returnCell: true }),
      reference: (x, kernel, h, c, mask) =>
        result(steps(formulas.lstm, x, kernel, [h, c], { mask }), { returnSequences: true, returnCell: true }),
      ...tolerances,
    }),
  ],
  gru: [
    ...[
      { name: "the last state", batch: 3, time: 4, units: 5, options: {} },
      { name: "all states", batch: 2, time: 3, units: 4, options: { returnSequences: true } },
      { name: "several blocks", batch: 18, time: 2, units: 9, options: { returnSequences: true } },
    ].map(({ name, batch, time, units, options }) =>
      row({
        name,
        inputs: [floats(batch, time, 3 * units), floats(units, 3 * units)],
        run: (x: Tensor, kernel: Tensor) => ops.gru(x, kernel, undefined, undefined, undefined, options),
        reference: (x, kernel) => result(steps(formulas.gru, x, kernel, [undefined]), options),
        ...tolerances,
      }),
    ),
    row({
      name: "a bias",
      inputs: [floats(3, 3, 9), floats(3, 9), floats(9)],
      run: (x: Tensor, kernel: Tensor, bias: Tensor) => ops.gru(x, kernel, bias),
      reference: (x, kernel, bias) => result(steps(formulas.gru, x, kernel, [undefined], { bias }), {}),
      ...tolerances,
    }),
    row({
      name: "a bias, a given state and a mask",
      inputs: [floats(3, 5, 12), floats(4, 12), floats(12), floats(3, 4), masked(3, 5)],
      run: (x: Tensor, kernel: Tensor, bias: Tensor, h: Tensor, mask: Tensor<"bool">) =>
        ops.gru(x, kernel, bias, h, mask, { returnSequences: true }),
      reference: (x, kernel, bias, h, mask) =>
        result(steps(formulas.gru, x, kernel, [h], { bias, mask }), { returnSequences: true }),
      ...tolerances,
    }),
  ],
  simpleRnn: [
    ...[
      { name: "the last state", batch: 3, time: 4, units: 5, options: {} },
      { name: "all states", batch: 2, time: 3, units: 4, options: { returnSequences: true } },
    ].map(({ name, batch, time, units, options }) =>
      row({
        name,
        inputs: [floats(batch, time, units), floats(units, units)],
        run: (x: Tensor, kernel: Tensor) => ops.simpleRnn(x, kernel, undefined, undefined, options),
        reference: (x, kernel) => result(steps(formulas.simpleRnn, x, kernel, [undefined]), options),
        ...tolerances,
      }),
    ),
    row({
      name: "a given state and a mask",
      inputs: [floats(3, 5, 4), floats(4, 4), floats(3, 4), masked(3, 5)],
      run: (x: Tensor, kernel: Tensor, h: Tensor, mask: Tensor<"bool">) => ops.simpleRnn(x, kernel, h, mask),
      reference: (x, kernel, h, mask) => result(steps(formulas.simpleRnn, x, kernel, [h], { mask }), {}),
      ...tolerances,
    }),
  ],
};
