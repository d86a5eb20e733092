// Special values of the functions of ts/ops/transcendental.ts and gamma.ts, and of division with a remainder.
import { describe, expect, it } from "vitest";
import { floorDivide, mod } from "../../ts/ops/arithmetic.ts";
import * as gamma from "../../ts/ops/gamma.ts";
import * as ops from "../../ts/ops/transcendental.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const f = Math.fround;

describe("of one number", () => {
  const specials = [0, -0, infinity, -infinity, nan];
  const values: { [name: string]: [op: (x: Tensor) => Tensor, expected: number[]] } = {
    tan: [ops.tan, [0, -0, nan, nan, nan]],
    asin: [ops.asin, [0, -0, nan, nan, nan]],
    acos: [ops.acos, [f(Math.PI / 2), f(Math.PI / 2), nan, nan, nan]],
    atan: [ops.atan, [0, -0, f(Math.PI / 2), f(-Math.PI / 2), nan]],
    sinh: [ops.sinh, [0, -0, infinity, -infinity, nan]],
    cosh: [ops.cosh, [1, 1, infinity, infinity, nan]],
    asinh: [ops.asinh, [0, -0, infinity, -infinity, nan]],
    acosh: [ops.acosh, [nan, nan, infinity, nan, nan]],
    atanh: [ops.atanh, [0, -0, nan, nan, nan]],
    expm1: [ops.expm1, [0, -0, infinity, -1, nan]],
    erfc: [ops.erfc, [1, 1, 0, 2, nan]],
    logGamma: [gamma.logGamma, [infinity, infinity, infinity, infinity, nan]],
    digamma: [gamma.digamma, [-infinity, infinity, infinity, nan, nan]],
    polygamma: [(x) => gamma.polygamma(x), [infinity, infinity, 0, nan, nan]],
  };

  // Once in the body of the loops and once in the tail.
  it.each(Object.entries(values))("%s", (_name, [op, expected]) => {
    const ys = Array.from(op(tensor([...specials, 1, 1, 1, ...specials])).data());
    expect(ys.slice(0, 5)).toEqual(expected);
    expect(ys.slice(8)).toEqual(expected);
  });

  it("at the ends of their domains", () => {
    expect([...ops.asin(tensor([1, -1, 1.0000001])).data()]).toEqual([f(Math.PI / 2), f(-Math.PI / 2), nan]);
    expect([...ops.acos(tensor([1, -1, -1.0000001])).data()]).toEqual([0, f(Math.PI), nan]);
    expect([...ops.acosh(tensor([1, 0.9999999, -3])).data()]).toEqual([0, nan, nan]);
    expect([...ops.atanh(tensor([1, -1, 2, -1.5])).data()]).toEqual([infinity, -infinity, nan, nan]);
  });
});

describe("the gamma function's logarithm", () => {
  it("is exact where gamma is 1, infinite at poles, and 1 / x away from 0 near it", () => {
    const x = tensor([1, 2, 3, -1, -7, 1e-30, -1e-30]);
    expect([...gamma.logGamma(x).data()]).toEqual([
      0,
      0,
      f(Math.LN2),
      infinity,
      infinity,
      ...[1, 1].map(() => f(69.07755278982137)),
    ]);
    expect([...gamma.digamma(x).data()].slice(3)).toEqual([nan, nan, f(-1e30), f(1e30)]);
    expect([...gamma.polygamma(x, 1).data()].slice(3)).toEqual([infinity, infinity, infinity, infinity]);
  });

  it("has derivatives of whole orders", () => {
    expect(gamma.polygamma(tensor([2.5]), 0).item()).toBe(gamma.digamma(tensor([2.5])).item());
    for (const order of [-1, 1.5]) expect(() => gamma.polygamma(tensor([1]), order)).toThrow(ArgumentError);
  });
});

describe("of two numbers", () => {
  const both = (op: (a: Tensor, b: Tensor) => Tensor, pairs: readonly (readonly number[])[]): number[] => [
    ...op(tensor(pairs.map(([a]) => a)), tensor(pairs.map(([, b]) => b))).data(),
  ];

  it("atan2 is Math.atan2 on the axes, at infinity and at 0", () => {
    const edges = [0, -0, 1, -1, infinity, -infinity, nan];
    const pairs = edges.flatMap((a) => edges.map((b) => [a, b]));
    expect(both(ops.atan2, pairs)).toEqual(pairs.map(([a, b]) => f(Math.atan2(a, b))));
  });

  it("hypot does not overflow", () => {
    expect(
      both(ops.hypot, [
        [3e38, 1e38],
        [3e-40, 4e-40],
        [infinity, 1],
      ]),
    ).toEqual(
      [
        [3e38, 1e38],
        [3e-40, 4e-40],
        [infinity, 1],
      ].map(([a, b]) => f(Math.hypot(f(a), f(b)))),
    );
  });

  it("logAddExp of infinities", () => {
    const pairs = [
      [infinity, infinity],
      [-infinity, -infinity],
      [-infinity, 3],
      [infinity, -infinity],
      [nan, 1],
      [1, nan],
    ];
    expect(both(ops.logAddExp, pairs)).toEqual([infinity, -infinity, 3, infinity, nan, nan]);
  });

  it("mod and floorDivide have the divisor's sign, as in Python", () => {
    const pairs = [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
      [6, 3],
      [-6, 3],
      [5.5, 0.1],
      [1e8, 3],
      [1, 0],
    ];
    expect(both(mod, pairs)).toEqual(pairs.map(([a, b]) => f(f(a) - Math.floor(f(a) / f(b)) * f(b))));
    expect(both(floorDivide, pairs)).toEqual(pairs.map(([a, b]) => f(Math.floor(f(a) / f(b)))));
  });

  it("mod and floorDivide of integers are exact, also by 0", () => {
    const a = tensor(Int32Array.of(7, -7, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31), 5, -5, 0));
    const b = tensor(Int32Array.of(-3, 3, 2, 3, -1, 0, 0, 0));
    expect([...mod(a, b).data()]).toEqual([-2, 2, 1, 1, 0, 0, 0, 0]);
    const quotients = [-3, -3, 2 ** 30 - 1, -715827883, 2 ** 31 - 1, 0, 0, 0];
    expect([...floorDivide(a, b).data()]).toEqual(quotients);
  });
});
