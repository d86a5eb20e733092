// What the op table does not see: special values, corners, errors, and shapes too large for finite differences.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { add, maximum, minimum, mul, sub } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { equal, less, where } from "../../ts/ops/compare.ts";
import { pow } from "../../ts/ops/powers.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { arange, ones, tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

const infinity = Number.POSITIVE_INFINITY;
const nan = Number.NaN;
const specials = [
  0,
  -0,
  1,
  -1,
  infinity,
  -infinity,
  nan,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  1.5,
  -1.5,
  16777217,
  -33554432,
  1e-40,
  -1e38,
];

/** The gradients of the sum of op(a, b). */
function gradients(op: (a: Tensor, b: Tensor) => Tensor, a: Tensor, b: Tensor): readonly Tensor[] {
  return grad((xs: readonly Tensor[]) => sum(op(xs[0], xs[1])))([a, b]) as readonly Tensor[];
}

describe("pow", () => {
  it.each(specials)("%d to the power of special values is that of C", (x) => {
    const ys = Array.from(pow(x, tensor(specials)).data());
    // JavaScript alone says NaN of 1 ** NaN, 1 ** Infinity and (-1) ** Infinity.
    const one = (y: number): boolean => x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY);
    const expected = specials.map((y) => (one(y) ? 1 : Math.fround(Math.fround(x) ** Math.fround(y))));
    ys.forEach((y, i) => {
      const exact = Number.isNaN(y) || y === 0 || !Number.isFinite(y) || !Number.isFinite(expected[i]);
      if (exact) expect(y, `${x}^${specials[i]}`).toBe(expected[i]);
      else expect(Math.abs(y / expected[i] - 1), `${x}^${specials[i]}`).toBeLessThan(2e-7);
    });
  });

  it("is within 1 ulp where results are normal", () => {
    const a = Float32Array.from({ length: 4096 }, (_, i) => Math.exp(((i * 2654435761) % 4096) / 46 - 44));
    const b = Float32Array.from({ length: 4096 }, (_, i) => ((i * 40503) % 4096) / 1024 - 2);
    pow(tensor(a), tensor(b))
      .data()
      .forEach((y, i) => {
        const exact = a[i] ** b[i];
        if (exact > 1.2e-38 && exact < 3.4e38) expect(Math.abs(y / exact - 1)).toBeLessThan(2 ** -23);
      });
  });

  it("has PyTorch's gradients at 0", () => {
    const [da, db] = gradients(pow, tensor([0, 0, 2]), tensor([0, 2, 0]));
    expect(Array.from(da.data())).toEqual([0, 0, 0]);
    expect(Array.from(db.data())).toEqual([0, 0, Math.fround(Math.LN2)]);
  });
});

describe("maximum and minimum", () => {
  it("give NaN if either is", () => {
    const a = tensor([nan, 1, 0, infinity]);
    const b = tensor([1, nan, -1, -infinity]);
    expect(Array.from(maximum(a, b).data())).toEqual([nan, nan, 0, infinity]);
    expect(Array.from(minimum(a, b).data())).toEqual([nan, nan, -1, -infinity]);
  });

  it("share the gradient of equal operands evenly", () => {
    for (const op of [maximum, minimum]) {
      const [da, db] = gradients(op, tensor([1, 2]), tensor([1, 2]));
      expect([...da.data(), ...db.data()]).toEqual([0.5, 0.5, 0.5, 0.5]);
    }
  });
});

describe("broadcasting", () => {
  it("repeats short rows", () => {
    const x = arange(1500 * 3);
    const y = add(ones([1500, 3]), tensor([0, 10, 20])).data();
    expect(Array.from(y)).toEqual(Array.from(x.data(), (i) => 1 + 10 * (i % 3)));
    const z = sub(tensor([0, 10, 20]), ones([1501, 3])).data();
    expect(z.every((v, i) => v === 10 * (i % 3) - 1)).toBe(true);
    expect(
      less(ones([1500, 3]), tensor([0, 1, 2]))
        .data()
        .every((v, i) => v === (i % 3 === 2 ? 1 : 0)),
    ).toBe(true);
  });

  it("keeps NaN and integers exact beside numbers", () => {
    expect(Array.from(equal(tensor([nan, 1]), nan).data())).toEqual([0, 0]);
    const large = tensor([16777217, -5], { dtype: "i32" });
    expect(Array.from(equal(large, 16777217).data())).toEqual([1, 0]);
    expect(Array.from(add(large, 2 ** 31 - 1).data())).toEqual([-2130706432, 2147483642]);
    expect(Array.from(where(tensor([true, false]), large, -16777217).data())).toEqual([16777217, -16777217]);
  });

  it("computes with two numbers", () => {
    expect(mul(3, 4).item()).toBe(12);
    expect(where(less(1, 2), 5, 6).item()).toBe(5);
  });
});

it("refuses what does not fit", () => {
  const integers = tensor([1, 2], { dtype: "i32" });
  expect(() => add(ones([2, 3]), ones([2]))).toThrow(ShapeError);
  expect(() => add(ones([2, 3]), ones([2]))).toThrow("got [2, 3] and [2]");
  expect(() => add(integers as unknown as Tensor, ones([2]))).toThrow(DtypeError);
  expect(() => pow(integers as unknown as Tensor, 2)).toThrow(DtypeError);
  expect(() => add(integers, 0.5)).toThrow(ArgumentError);
  expect(() => add(ones([2]), "2" as unknown as number)).toThrow("add: b must be a tensor or a number, got string");
});
