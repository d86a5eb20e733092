// Rows for ts/ops/arithmetic.ts: every way two shapes can meet. Special values are in arithmetic.test.ts.

import * as ops from "../../../ts/ops/arithmetic.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

type Shape = readonly number[];

/** f(a, b), broadcast; the result's sizes are the larger ones, from the right, and 0 wins. */
export function pairs(a: NdArray, b: NdArray, f: (a: number, b: number) => number): NdArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = [a, b].map(({ shape }) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  const shape = padded[0].map((length, axis) => (length === 1 ? padded[1][axis] : length));
  return fromIndices(shape, (index) => f(at(a, index), at(b, index)));
}

export const meetings: readonly [name: string, a: Shape, b: Shape][] = [
  ["one shape", [3, 7], [3, 7]],
  ["a row", [5, 11], [11]],
  ["a row first", [9], [2, 9]],
  ["a column", [5, 11], [5, 1]],
  ["a column first", [4, 1], [4, 9]],
  ["a column and a row", [5, 1], [1, 9]],
  ["one element", [3, 7], [1, 1]],
  ["a scalar first", [], [13]],
  ["two scalars", [], []],
  ["repeated in the middle", [2, 3, 9], [2, 1, 9]],
  ["only the middle", [2, 3, 9], [3, 1]],
  ["outer axes", [2, 3, 4], [2, 1, 1]],
  ["both repeated", [2, 1, 9], [3, 1]],
  ["joined axes", [2, 3, 2, 5], [2, 5]],
  ["four changes of axes", [2, 1, 3, 1], [1, 3, 1, 5]],
  ["six changes of axes", [2, 1, 2, 1, 2, 1], [1, 2, 1, 2, 1, 3]],
  ["nothing", [0, 3], [1, 3]],
];

type Binary = (a: Tensor | number, b: Tensor | number) => Tensor;
type Function = (a: number, b: number) => number;

interface Domain {
  readonly low?: number;
  readonly high?: number;
}

/** All meetings, and plain numbers on either side. */
export function binary(op: Binary, f: Function, { low = -2, high = 2 }: Domain = {}): Case[] {
  return [
    ...meetings.map(([name, a, b]) =>
      row({
        name,
        inputs: [
          { shape: a, low, high },
          { shape: b, low, high },
        ],
        run: (a: Tensor, b: Tensor) => op(a, b),
        reference: (a, b) => pairs(a, b, f),
      }),
    ),
    row({
      name: "a number second",
      inputs: [{ shape: [19], low, high }],
      run: (a: Tensor) => op(a, 1.75),
      reference: (a) => fromIndices(a.shape, (i) => f(at(a, i), 1.75)),
    }),
    row({
      name: "a number first",
      inputs: [{ shape: [2, 6], low, high }],
      run: (b: Tensor) => op(1.75, b),
      reference: (b) => fromIndices(b.shape, (i) => f(1.75, at(b, i))),
    }),
  ];
}

/** Numbers whose quotient is nowhere near a whole one, of both signs. */
const dividends = [-5.3, -2.2, -0.4, 0.7, 1.9, 5.5];
const divisors = [-1.5, 0.8, 2.1, -0.9];

/** Division with a remainder: f32 of all signs, integers of all signs and by 0. */
function division(op: Binary, f: Function, gradients: readonly number[]): Case[] {
  return [
    row({
      inputs: [
        { shape: [6, 1], values: dividends },
        { shape: [4], values: divisors },
      ],
      run: (a: Tensor, b: Tensor) => op(a, b),
      reference: (a, b) => pairs(a, b, f),
      gradients,
      second: false,
    }),
    ...integers(op as unknown as Parameters<typeof integers>[0], (a, b) => (b === 0 ? NaN : f(a, b))).map((one) => ({
      ...one,
      inputs: one.inputs.map((input, i) =>
        i === 1 ? { ...input, low: 1, high: 7 } : { ...input, low: -99, high: 99 },
      ),
    })),
  ];
}

/** The same kernel on integers. */
function integers(op: (a: Tensor<"i32">, b: Tensor<"i32"> | number) => Tensor<"i32">, f: Function): Case[] {
  const inputs = [
    { shape: [3, 13], dtype: "i32", low: -9, high: 9 },
    { shape: [13], dtype: "i32", low: -9, high: 9 },
  ] as const;
  return [
    row({
      name: "i32",
      inputs,
      run: (a: Tensor<"i32">, b: Tensor<"i32">) => op(a, b),
      reference: (a, b) => pairs(a, b, f),
    }),
    row({
      name: "i32 and a number",
      inputs: [inputs[0]],
      run: (a: Tensor<"i32">) => op(a, -3),
      reference: (a) => fromIndices(a.shape, (i) => f(at(a, i), -3)),
    }),
  ];
}

export const arithmeticCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  add: [...binary(ops.add, (a, b) => a + b), ...integers(ops.add, (a, b) => a + b)],
  sub: [...binary(ops.sub, (a, b) => a - b), ...integers(ops.sub, (a, b) => a - b)],
  neg: [
    row({
      inputs: [{ shape: [3, 7] }],
      run: (x: Tensor) => ops.neg(x),
      reference: (x) => fromIndices(x.shape, (i) => -at(x, i)),
    }),
  ],
  mul: [...binary(ops.mul, (a, b) => a * b), ...integers(ops.mul, (a, b) => a * b)],
  div: binary(ops.div, (a, b) => a / b, { low: 0.5, high: 3 }),
  floorDivide: division(ops.floorDivide as Binary, (a, b) => Math.floor(a / b), []),
  mod: division(ops.mod as Binary, (a, b) => a - Math.floor(a / b) * b, [0, 1]),
  maximum: [...binary(ops.maximum, Math.max), ...integers(ops.maximum, Math.max)],
  minimum: [...binary(ops.minimum, Math.min), ...integers(ops.minimum, Math.min)],
};
