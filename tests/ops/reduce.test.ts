// What the op table does not say of reductions, softmax, norms and pooling: bad input, accuracy at size, infinite rows.
import { describe, expect, it } from "vitest";
import { sum } from "../../ts/ops/broadcast.ts";
import { batchNorm, layerNorm } from "../../ts/ops/norm.ts";
import { avgPool2d, globalMaxPool2d, maxPool2d } from "../../ts/ops/pool.ts";
import { argMax, max, mean, variance } from "../../ts/ops/reduce.ts";
import { logSoftmax, softmax, softmaxCrossEntropy } from "../../ts/ops/softmax.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { ones, tensor, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { numbers } from "./reference.ts";

const integers = zeros([2, 3], "i32") as unknown as Tensor;

describe("bad input", () => {
  const cases: [string, () => unknown, new (message: string) => Error, string][] = [
    ["sum of integers", () => sum(integers), DtypeError, "sum: x must be f32, got i32"],
    [
      "sum over a missing axis",
      () => sum(ones([2, 3]), 2),
      ArgumentError,
      "sum: axis must be from -2 to 1 for rank 2, got 2",
    ],
    [
      "mean over an axis twice",
      () => mean(ones([2, 3]), [0, -2]),
      ArgumentError,
      "mean: axes must be different, got [0, -2]",
    ],
    [
      "max of nothing",
      () => max(ones([2, 0]), 1),
      ShapeError,
      "max: the axes must hold at least one element, got axes [1] of [2, 0]",
    ],
    [
      "argMax of a number",
      () => argMax(ones([])),
      ArgumentError,
      "argMax: axis must be from 0 to -1 for rank 0, got -1",
    ],
    [
      "variance",
      () => variance(ones([2]), 0, { correction: -1 }),
      ArgumentError,
      "variance: correction must be at least 0, got -1",
    ],
    ["softmax of integers", () => softmax(integers), DtypeError, "softmax: x must be f32, got i32"],
    [
      "cross-entropy with too few classes",
      () => softmaxCrossEntropy(ones([2, 3]), tensor(Int32Array.of(1, 3))),
      ArgumentError,
      "softmaxCrossEntropy: class numbers must be from 0 to 2, got 3 at position 1",
    ],
    [
      "cross-entropy with labels of another shape",
      () => softmaxCrossEntropy(ones([2, 3]), tensor(Int32Array.of(1))),
      ShapeError,
      "softmaxCrossEntropy: i32 targets must have shape [2] for logits [2, 3], got [1]",
    ],
    [
      "batchNorm with parameters of another shape",
      () => batchNorm(ones([2, 3]), ones([2]), undefined, zeros([3]), ones([3])),
      ShapeError,
      "batchNorm: gamma must have shape [3] for x [2, 3], got [2]",
    ],
    [
      "batchNorm in training on nothing",
      () => batchNorm(ones([0, 3]), undefined, undefined, zeros([3]), ones([3]), { training: true }),
      ShapeError,
      "batchNorm: x must hold at least one row of channels, got shape [0, 3]",
    ],
    [
      "layerNorm",
      () => layerNorm(ones([2]), undefined, undefined, { epsilon: -1 }),
      ArgumentError,
      "layerNorm: epsilon must be",
    ],
    [
      "pooling of a matrix",
      () => maxPool2d(ones([2, 3])),
      ShapeError,
      "maxPool2d: x must be [batch, height, width, channels], got shape [2, 3]",
    ],
    [
      "windows larger than the image",
      () => avgPool2d(ones([1, 2, 2, 1]), { poolSize: 3 }),
      ShapeError,
      "avgPool2d: a window must fit",
    ],
    [
      "windows without pixels",
      () => maxPool2d(ones([1, 2, 2, 1]), { poolSize: 0 }),
      ArgumentError,
      "maxPool2d: poolSize must be",
    ],
    ["global pooling", () => globalMaxPool2d(ones([1, 2, 2])), ShapeError, "globalMaxPool2d: x must be"],
  ];
  it.each(cases)("%s", (_name, f, type, message) => {
    expect(f).toThrow(type);
    expect(f).toThrow(message);
  });
});

describe("accuracy", () => {
  it.each([
    ["a long row", [1_000_000]],
    ["long columns", [200_000, 5]],
  ] as const)("sums %s to within an ulp or two", (_name, shape) => {
    const values = numbers(1_000_000, 0, 1);
    const exact = values.reduce((a, b) => a + b);
    expect(Math.abs(sum(tensor(values, { shape })).item() / exact - 1)).toBeLessThan(2 ** -22);
  });

  it("keeps the variance of numbers far from zero", () => {
    const values = numbers(5000, 999.5, 1000.5).map(Math.fround);
    const centre = values.reduce((a, b) => a + b) / 5000;
    const exact = values.reduce((s, v) => s + (v - centre) ** 2, 0) / 5000;
    const x = tensor(values, { shape: [5000, 1] });
    const moving = [zeros([1]), zeros([1])] as const;
    batchNorm(x, undefined, undefined, ...moving, { training: true, momentum: 0 });
    expect(moving[0].item() / centre - 1).toBeCloseTo(0, 6);
    expect(moving[1].item() / exact - 1).toBeCloseTo(0, 3);
    expect(variance(x).item() / exact - 1).toBeCloseTo(0, 3);
  });
});

describe("infinite numbers", () => {
  it("leaves masked places out of softmax", () => {
    const x = tensor([[0, Number.NEGATIVE_INFINITY, 0]]);
    expect(softmax(x).array()).toEqual([[0.5, 0, 0.5]]);
    expect(logSoftmax(x).data()[1]).toBe(Number.NEGATIVE_INFINITY);
  });

  it("gives NaN where nothing is left, or more than one number is infinite", () => {
    const rows = tensor([
      [-Infinity, -Infinity],
      [Infinity, Infinity],
      [Number.NaN, 0],
    ]);
    expect([...softmax(rows).data()].every(Number.isNaN)).toBe(true);
  });
});
