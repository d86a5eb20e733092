// What is too large to be counted or to be kept is refused at once, before anything is computed.
import { describe, expect, it } from "vitest";
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
