// Running extremes: equal numbers, NaN, and what they cannot take.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { cumMax, cumMin } from "../../ts/ops/scan.ts";
import { ArgumentError, DtypeError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

const weights = tensor([1, 2, 4, 8, 16, 32]);
const slope = (f: (x: Tensor) => Tensor, x: number[]): number[] => [
  ...add(grad((v: Tensor) => sum(mul(f(v), weights)))(tensor(x)), 0).data(),
];

describe("running extremes", () => {
  it("give the gradient to the last of equal numbers, as PyTorch does", () => {
    expect(slope((x) => cumMax(x), [1, 3, 2, 3, 0, 5])).toEqual([1, 2 + 4, 0, 8 + 16, 0, 32]);
    expect(slope((x) => cumMin(x), [1, 3, 0, 2, 0, 5])).toEqual([1 + 2, 0, 4 + 8, 0, 16 + 32, 0]);
    expect(slope((x) => cumMax(x, 0, { reverse: true }), [1, 3, 2, 3, 0, 5])).toEqual([0, 0, 0, 0, 0, 63]);
    expect(slope((x) => cumMax(x, 0, { reverse: true }), [9, 3, 7, 3, 7, 5])).toEqual([1, 0, 2 + 4, 0, 8 + 16, 32]);
  });

  it("stay NaN from the first one on", () => {
    const x = tensor([1, Number.NEGATIVE_INFINITY, 2, Number.NaN, 3]);
    expect([...cumMax(x).data()]).toEqual([1, 1, 2, Number.NaN, Number.NaN]);
    expect([...cumMin(x).data()]).toEqual([1, ...[1, 2].map(() => Number.NEGATIVE_INFINITY), Number.NaN, Number.NaN]);
  });

  it("refuse other axes and dtypes", () => {
    expect(() => cumMax(weights, 1)).toThrow(ArgumentError);
    expect(() => cumMax(tensor([1], { dtype: "i32" }) as never)).toThrow(DtypeError);
  });
});
