// What matrix products and convolutions refuse, and that results do not depend on how a product is cut.
import { describe, expect, it } from "vitest";
import { conv2d, conv2dTranspose } from "../../ts/ops/conv.ts";
import { depthwiseConv2d } from "../../ts/ops/depthwise.ts";
import { slice } from "../../ts/ops/layout.ts";
import { cutIntoBlocks } from "../../ts/ops/lower/blocking.ts";
import { linear, matmul } from "../../ts/ops/matmul.ts";
import { randomNormal } from "../../ts/ops/random.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { ones, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

describe("bad input", () => {
  const cases: [name: string, f: () => unknown, error: new (message: string) => Error, message: string][] = [
    [
      "sizes that do not meet",
      () => matmul(ones([4, 3]), ones([5, 2])),
      ShapeError,
      "matmul: a's columns must equal b's rows, got [4, 3] and [5, 2]",
    ],
    [
      "transposed sizes that do not meet",
      () => matmul(ones([4, 3]), ones([3, 2]), { transposeB: true }),
      ShapeError,
      "matmul: a's columns must equal b's rows, got [4, 3] and [3, 2] transposed",
    ],
    [
      "a scalar",
      () => matmul(ones([]), ones([3])),
      ShapeError,
      "matmul: a and b must be vectors or matrices, got [] and [3]",
    ],
    [
      "batches",
      () => matmul(ones([2, 3, 4]), ones([3, 4, 5])),
      ShapeError,
      "matmul: shapes must be equal or broadcast",
    ],
    [
      "integers",
      () => matmul(ones([2, 2], "i32") as never, ones([2, 2])),
      DtypeError,
      "matmul: a must be f32, got i32",
    ],
    ["weights", () => linear(ones([2, 3]), ones([4, 5])), ShapeError, "linear: weights must be a matrix with a row"],
    [
      "bias",
      () => linear(ones([2, 3]), ones([3, 5]), ones([4])),
      ShapeError,
      "linear: bias must have shape [5], got [4]",
    ],
    [
      "activation",
      () => linear(ones([2, 3]), ones([3, 5]), undefined, { activation: "rleu" as never }),
      ArgumentError,
      "linear: activation must be linear or relu, got rleu",
    ],
    [
      "rank",
      () => conv2d(ones([5, 5, 1]), ones([3, 3, 1, 8])),
      ShapeError,
      "conv2d: x must be [batch, height, width, channels]",
    ],
    [
      "channels",
      () => conv2d(ones([1, 5, 5, 2]), ones([3, 3, 3, 8])),
      ShapeError,
      "conv2d: filters must be [rows, columns",
    ],
    ["window", () => conv2d(ones([1, 2, 5, 1]), ones([3, 3, 1, 8])), ShapeError, "got windows of 3 for size 2"],
    [
      "groups",
      () => conv2d(ones([1, 5, 5, 4]), ones([3, 3, 2, 3]), undefined, { groups: 2 }),
      ShapeError,
      "outputs a multiple of groups",
    ],
    [
      "strides",
      () => conv2d(ones([1, 5, 5, 1]), ones([3, 3, 1, 8]), undefined, { strides: 0 }),
      ArgumentError,
      "conv2d: strides must be one or two whole numbers of at least 1 and less than 2^31, got 0",
    ],
    [
      "padding",
      () => conv2d(ones([1, 5, 5, 1]), ones([3, 3, 1, 8]), undefined, { padding: "full" as never }),
      ArgumentError,
      "conv2d: padding must be valid or same, got full",
    ],
    [
      "outputPadding",
      () => conv2dTranspose(ones([1, 3, 3, 2]), ones([3, 3, 4, 2]), undefined, { strides: 2, outputPadding: 2 }),
      ArgumentError,
      "conv2dTranspose: outputPadding must make an image that 3 windows with stride 2 cover, got 2",
    ],
    [
      "depthwise channels",
      () => depthwiseConv2d(ones([1, 5, 5, 2]), ones([3, 3, 3, 1])),
      ShapeError,
      "depthwiseConv2d: filters must be [rows, columns, channels, multiplier], got [3, 3, 3, 1] for 2 channels",
    ],
  ];

  it.each(cases)("%s", (_name, f, error, message) => {
    expect(f).toThrow(error);
    expect(f).toThrow(message);
  });
});

describe("blocks", () => {
  it("cover the product, and give many threads work", () => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [32, 64, 576],
      [96, 10, 4000],
      [960, 960, 960],
      [3872, 64, 288],
      [5, 5000, 300],
    ]) {
      const { blockRows, blockColumns, units } = cutIntoBlocks(m, n, k, 1, 96);
      expect(blockRows % 4).toBe(0);
      expect(blockRows).toBeLessThanOrEqual(128);
      expect(blockColumns % 8).toBe(0);
      expect(units).toBe(Math.ceil(m / blockRows) * Math.ceil(n / blockColumns));
      if (m * n * k > 5_000_000) expect(units).toBeGreaterThanOrEqual(16);
    }
  });

  it("do not show in the result: a row's product has the same bits in any company", () => {
    const a = randomNormal([400, 300]);
    const b = randomNormal([300, 70]);
    const all = matmul(a, b).data();
    for (const [first, rows] of [
      [0, 2],
      [7, 33],
      [100, 300],
    ]) {
      const some = matmul(slice(a, [first, 0], [rows, 300]) as Tensor, b).data();
      expect(some).toEqual(all.slice(first * 70, (first + rows) * 70));
    }
  });

  it("leave nothing out where nothing is summed", () => {
    expect(matmul(zeros([2, 0]), zeros([0, 3])).data()).toEqual(new Float32Array(6));
    expect(linear(zeros([2, 0]), zeros([0, 3]), ones([3])).data()).toEqual(new Float32Array(6).fill(1));
  });
});
