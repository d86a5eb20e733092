// What is too large to be counted or to be kept is refused at once, before anything is computed.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ArrayData } from "../../ts/data/array.ts";
import * as initializers from "../../ts/layers/initializers.ts";
import * as metrics from "../../ts/metrics/index.ts";
import * as ops from "../../ts/ops/public.ts";
import { ArgumentError, OutOfMemoryError, ShapeError } from "../../ts/runtime/errors.ts";
import { arange, eye, full, linspace, ones, tensor, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

/** Sizes, parts and places that no tensor has: beyond 2^31, at it, and beyond the memory's 1 GiB. */
const counts = [2 ** 31, 2 ** 32, 2 ** 53, 2 ** 31 - 1, 2 ** 30, Number.POSITIVE_INFINITY];
const image = (): Tensor => ones([1, 4, 4, 2]);
const row = (): Tensor => ones([4]);

const byCount: { readonly [name: string]: (n: number) => unknown } = {
  zeros: (n) => zeros([n]),
  full: (n) => full([n, 2], 1),
  arange: (n) => arange(n),
  "arange of integers": (n) => arange(0, n, 1, "i32"),
  linspace: (n) => linspace(0, 1, n),
  eye: (n) => eye(n),
  "eye of columns": (n) => eye(2, n),
  tri: (n) => ops.tri(n),
  split: (n) => ops.split(row(), n),
  "split into a list": (n) => ops.split(ones([0]), new Array(Math.min(n, 2 ** 17)).fill(0)),
  "split of nothing": (n) => ops.split(ones([0]), n),
  tensordot: (n) => ops.tensordot(row(), row(), n),
  repeat: (n) => ops.repeat(row(), n),
  tile: (n) => ops.tile(row(), [n]),
  broadcastTo: (n) => ops.broadcastTo(ones([1]), [n]),
  pad: (n) => ops.pad(row(), [[n, n]]),
  oneHot: (n) => ops.oneHot(tensor(Int32Array.of(1)), n),
  histogram: (n) => ops.histogram(row(), { bins: n, range: [0, 1] }),
  bincount: (n) => ops.bincount(tensor(Int32Array.of(1)), { length: n }),
  "adaptive pooling": (n) => ops.adaptiveAveragePool2d(image(), [n, 3]),
  "adaptive pooling in lines": (n) => ops.adaptiveMaxPool1d(ones([1, 3, 1]), n),
  "resize to nearest": (n) => ops.resize(image(), [n, 2], { interpolation: "nearest" }),
  "resize linearly": (n) => ops.resize(image(), [2, n]),
  topK: (n) => ops.topK(row(), n),
  diff: (n) => ops.diff(row(), n),
  rfft: (n) => ops.stft(row(), 2, 1, n),
  extractSequences: (n) => ops.extractSequences(row(), n, 1),
  randomPermutation: (n) => ops.randomPermutation(n),
  randomNormal: (n) => ops.randomNormal([n]),
  scatterNd: (n) => ops.scatterNd(tensor(new Int32Array(1), { shape: [1, 1] }), ones([1]), [n]),
  "windows of pooling": (n) => ops.maxPool2d(image(), { poolSize: n }),
  "dilated windows": (n) => ops.conv2d(image(), ones([3, 3, 2, 1]), undefined, { dilationRate: n, padding: "same" }),
  polygamma: (n) => ops.polygamma(row(), n),
  "thresholds of a metric": (n) => new metrics.AUC({ numThresholds: n }),
  "classes of a metric": (n) => new metrics.MeanIoU({ numClasses: n }),
  "classes of a matrix": (n) => new metrics.ConfusionMatrix({ numClasses: n }),
  affineGrid: (n) => ops.affineGrid(ones([1, 2, 3]), [n, 2]),
  "an orthogonal kernel": (n) => initializers.orthogonal()([n, n]),
};

const made: { readonly [name: string]: () => unknown } = {
  less: () => ops.less(zeros([50_000, 1]), ones([1, 43_000])),
  "arithmetic of integers": () => ops.add(zeros([50_000, 1], "i32"), ones([1, 43_000], "i32")),
  where: () => ops.where(ops.greater(zeros([50_000, 1]), 0), ones([1, 43_000]), 0),
  logicalAnd: () => ops.logicalAnd(ops.greater(zeros([50_000, 1]), 0), ops.greater(ones([1, 43_000]), 0)),
  outer: () => ops.outer(zeros([50_000]), ones([43_000])),
  matmul: () => ops.matmul(zeros([50_000, 1]), ones([1, 43_000])),
  "batched matmul": () => ops.matmul(zeros([50_000, 1, 2, 1]), ones([43_000, 1, 1])),
  einsum: () => ops.einsum("i,j->ij", zeros([50_000]), ones([43_000])),
  meshgrid: () => ops.meshgrid([zeros([50_000]), zeros([43_000])]),
  "repeated bytes": () => ops.tile(zeros([50_000, 1], "u8"), [1, 43_000]),
  "gathered bytes": () => ops.gather(zeros([1, 50_000], "u8"), zeros([43_000], "i32"), 0),
  "transposed convolution": () =>
    ops.conv2dTranspose(zeros([1, 50_000, 1, 1]), ones([1, 1, 1, 1]), undefined, { strides: [1, 43_000] }),
  diag: () => ops.diag(zeros([50_000])),
};

/** The error, and within how many milliseconds it came. */
function refusal(f: () => unknown): [error: unknown, milliseconds: number] {
  const begin = performance.now();
  try {
    f();
    return [undefined, 0];
  } catch (error) {
    return [error, performance.now() - begin];
  }
}

describe.each(Object.entries(byCount))("%s", (_name, f) => {
  it.each(counts)("of %d is refused at once", (n) => {
    const [error, milliseconds] = refusal(() => f(n));
    expect(
      [ArgumentError, ShapeError, OutOfMemoryError].some((kind) => error instanceof kind),
      String(error),
    ).toBe(true);
    expect(milliseconds).toBeLessThan(1000);
  });
});

describe("a result of 2^31 elements or more", () => {
  it.each(Object.entries(made))("of %s is refused", (_name, f) => {
    const [error, milliseconds] = refusal(f);
    expect(error instanceof ShapeError || error instanceof OutOfMemoryError, String(error)).toBe(true);
    expect(milliseconds).toBeLessThan(1000);
  });
});

describe("what is immense", () => {
  const empty = zeros([2 ** 31 - 1, 0]);
  it.each<[string, () => unknown]>([
    ["lists of no numbers", () => empty.array()],
    ["lists of no lists", () => zeros([2 ** 16, 2 ** 14, 0]).array()],
    ["rows of data without numbers", () => new ArrayData(new Float32Array(), [2 ** 31 - 1, 0]).array()],
    ["parts of a tensor", () => ops.unstack(ones([2 ** 18]))],
    ["parts of nothing", () => ops.unstack(empty)],
    ["equal parts", () => ops.split(ones([2 ** 18]), 2 ** 18)],
    ["axes", () => zeros(new Array(65).fill(1))],
    ["axes of nothing", () => zeros(new Array(10_000_000).fill(0))],
    ["axes that reshape makes", () => ops.reshape(ones([1]), new Array(5000).fill(1))],
    ["axes that gather makes", () => ops.gather(zeros(new Array(40).fill(1)), zeros(new Array(40).fill(1), "i32"))],
    ["differences of differences", () => ops.diff(ones([20_000]), 19_999)],
    ["a confusion matrix", () => new metrics.ConfusionMatrix({ numClasses: 8000 })],
  ])("%s are refused at once", (_name, f) => {
    const [error, milliseconds] = refusal(f);
    expect(error instanceof ShapeError || error instanceof ArgumentError, String(error)).toBe(true);
    expect(milliseconds).toBeLessThan(500);
  });

  it.each<[string, () => unknown]>([
    ["no number in many rows", () => String(empty)],
    ["no number in many rows, in a console", () => inspect(empty)],
    ["no number in many rows of rows", () => String(zeros([2 ** 15, 2 ** 16, 0]))],
    ["many quantiles", () => ops.quantile(ones([3]), new Array(100_000).fill(0.5))],
    ["many places of a grid", () => ops.affineGrid(ones([1, 2, 3]), [1000, 1000])],
    ["many numbers in lists", () => zeros([1000, 2000]).array()],
    ["a large identity", () => eye(3000)],
  ])("%s: soon made", (_name, f) => {
    const begin = performance.now();
    f();
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  it("has the text of what can be shown", () => {
    expect(String(empty)).toBe(`Tensor f32 [2147483647, 0]\n[[],\n [],\n [],\n ...,\n [],\n [],\n []]`);
    expect(String(zeros([0, 2 ** 31 - 1]))).toBe("Tensor f32 [0, 2147483647]\n[]");
  });
});
