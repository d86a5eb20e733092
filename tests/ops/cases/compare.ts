// Rows for ts/ops/compare.ts.

import * as ops from "../../../ts/ops/compare.ts";
import type { Dtype } from "../../../ts/tensor/dtype.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map } from "../reference.ts";
import { meetings, pairs } from "./arithmetic.ts";
import type { RowsOf } from "./case.ts";
import { type Case, type Input, row } from "./case.ts";

type Comparison = (a: AnyTensor | number, b: AnyTensor | number) => Tensor<"bool">;

/** Values that are often equal, of each dtype and in each meeting of shapes. */
function comparison(op: Comparison, f: (a: number, b: number) => boolean): Case[] {
  const reference: Case["reference"] = (a, b) => pairs(a, b, (x, y) => (f(x, y) ? 1 : 0));
  const values = (shape: readonly number[], from: number): number[] =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7 + from) % 5) - 2);
  return [
    ...meetings.map(([name, a, b]) =>
      row({
        name,
        inputs: [
          { shape: a, values: values(a, 0) },
          { shape: b, values: values(b, 3) },
        ],
        run: (a: Tensor, b: Tensor) => op(a, b),
        reference,
        gradients: [],
      }),
    ),
    ...(["i32", "u8", "bool"] as const).map((dtype) => {
      const input: Input = { shape: [2, 13], dtype, low: dtype === "i32" ? -2 : 0, high: dtype === "bool" ? 2 : 4 };
      return row({
        name: dtype,
        inputs: [input, { ...input, shape: [13] }],
        run: (a: Tensor, b: Tensor) => op(a, b),
        reference,
      });
    }),
    row({
      name: "numbers on either side",
      inputs: [{ shape: [9], dtype: "i32", low: -3, high: 3 }],
      run: (x: Tensor<"i32">) => ops.logicalAnd(op(x, 1), op(1, x)),
      reference: (x) => map(x, (v) => (f(v, 1) && f(1, v) ? 1 : 0)),
    }),
  ];
}

function logic(
  op: (a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">,
  f: (a: number, b: number) => number,
): Case[] {
  const shapes = [
    [[37], [37]],
    [[3, 7], [7]],
    [
      [3, 1],
      [1, 5],
    ],
    [[0], [0]],
  ];
  return shapes.map(([a, b]) =>
    row({
      name: `[${a}] and [${b}]`,
      inputs: [a, b].map((shape): Input => ({ shape, dtype: "bool", low: 0, high: 2 })),
      run: (a: Tensor<"bool">, b: Tensor<"bool">) => op(a, b),
      reference: (a, b) => pairs(a, b, f),
    }),
  );
}

const condition = (shape: readonly number[]): Input => ({ shape, dtype: "bool", low: 0, high: 2 });

function cast(from: Dtype, to: Dtype, f: (x: number) => number, input: Partial<Input> = {}): Case {
  return row({
    name: `${from} to ${to}`,
    inputs: [{ shape: [21], dtype: from, low: -4, high: 4, ...input }],
    run: (x: AnyTensor) => ops.cast(x, to),
    reference: (x) => map(x, f),
    gradients: from === "f32" && to === "f32" ? [0] : [],
  });
}

const wide = [-3e9, 3e9, -1e5, 1e5, 255.9, 256, -0.9, 0.9, -1.1, 1.1, 0];
const truth = (x: number): number => (x === 0 ? 0 : 1);
const byte = (x: number): number => Math.min(Math.max(Math.trunc(x), 0), 255);

export const compareCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  equal: comparison(ops.equal, (a, b) => a === b),
  notEqual: comparison(ops.notEqual, (a, b) => a !== b),
  less: comparison(ops.less, (a, b) => a < b),
  lessEqual: comparison(ops.lessEqual, (a, b) => a <= b),
  greater: comparison(ops.greater, (a, b) => a > b),
  greaterEqual: comparison(ops.greaterEqual, (a, b) => a >= b),
  logicalAnd: logic(ops.logicalAnd, (a, b) => a & b),
  logicalOr: logic(ops.logicalOr, (a, b) => a | b),
  logicalXor: logic(ops.logicalXor, (a, b) => a ^ b),
  logicalNot: [
    row({
      inputs: [condition([37])],
      run: (x: Tensor<"bool">) => ops.logicalNot(x),
      reference: (x) => map(x, (v) => 1 - v),
    }),
  ],
  where: [
    row({
      inputs: [condition([3, 7]), { shape: [3, 7] }, { shape: [3, 7] }],
      run: (c: Tensor<"bool">, a: Tensor, b: Tensor) => ops.where(c, a, b),
      reference: (c, a, b) => fromIndices([3, 7], (i) => (at(c, i) ? at(a, i) : at(b, i))),
    }),
    row({
      name: "broadcast",
      inputs: [condition([5, 1]), { shape: [6] }, { shape: [2, 1, 6] }],
      run: (c: Tensor<"bool">, a: Tensor, b: Tensor) => ops.where(c, a, b),
      reference: (c, a, b) => fromIndices([2, 5, 6], (i) => (at(c, i) ? at(a, i) : at(b, i))),
    }),
    row({
      name: "a number second",
      inputs: [condition([2, 9]), { shape: [2, 9] }],
      run: (c: Tensor<"bool">, a: Tensor) => ops.where(c, a, -1.5),
      reference: (c, a) => fromIndices([2, 9], (i) => (at(c, i) ? at(a, i) : -1.5)),
    }),
    row({
      name: "two numbers",
      inputs: [condition([11])],
      run: (c: Tensor<"bool">) => ops.where(c, 0.25, -3),
      reference: (c) => map(c, (v) => (v ? 0.25 : -3)),
    }),
    row({
      name: "i32",
      inputs: [condition([11]), { shape: [11], dtype: "i32", low: -9, high: 9 }],
      run: (c: Tensor<"bool">, a: Tensor<"i32">) => ops.where(c, 7, a),
      reference: (c, a) => fromIndices([11], (i) => (at(c, i) ? 7 : at(a, i))),
    }),
  ],
  cast: [
    cast("f32", "f32", (x) => x),
    cast("f32", "i32", (x) => Math.min(Math.max(Math.trunc(x), -(2 ** 31)), 2 ** 31 - 1), {
      shape: [11],
      values: wide,
    }),
    cast("f32", "u8", byte, { shape: [11], values: wide }),
    cast("f32", "bool", truth, { shape: [11], values: wide }),
    cast("i32", "f32", Math.fround, { low: -(2 ** 31), high: 2 ** 31 }),
    cast("i32", "u8", byte, { low: -300, high: 600 }),
    cast("i32", "bool", truth),
    cast("u8", "f32", (x) => x, { low: 0, high: 256 }),
    cast("u8", "i32", (x) => x, { low: 0, high: 256 }),
    cast("u8", "bool", truth, { low: 0, high: 3 }),
    cast("bool", "f32", (x) => x, { low: 0, high: 2 }),
    cast("bool", "i32", (x) => x, { low: 0, high: 2 }),
    cast("bool", "u8", (x) => x, { low: 0, high: 2 }),
  ],
};
