// Products, convolutions, attention, transforms, order, indices, factorizations and normalizations at NaN, infinities, ties,
// borders, one element and none: as PyTorch and NumPy have them (see tests/golden/special-structures.py), but for the
// differences listed here with their reasons.
import { attentionScores, attentionValues } from "../../ts/ops/attention.ts";
import * as ops from "../../ts/ops/public.ts";
import { zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { type Call, type Difference, type Differences, readRows, walk } from "./special-rows.ts";

type F = Tensor;
type I = Tensor<"i32">;
type B = Tensor<"bool">;

/** Calls with more than the row's tensors, by the name of the row or its first word. */
const calls: { readonly [name: string]: Call } = {
  "linear relu": (x: F, w: F, b: F) => ops.linear(x, w, b, { activation: "relu" }),
  tensordot: (a: F, b: F) => ops.tensordot(a, b, 1),
  "tensordot 0": (a: F, b: F) => ops.tensordot(a, b, 0),
  einsum: (a: F, b: F) => ops.einsum("ij,jk->ik", a, b),
  "einsum trace": (a: F) => ops.einsum("ii", a),
  "conv2d padded": (x: F, w: F, b: F) => ops.conv2d(x, w, b, { padding: "same" }),
  adaptiveMaxPool1d: (x: F) => ops.adaptiveMaxPool1d(x, 2),
  adaptiveMaxPool2d: (x: F) => ops.adaptiveMaxPool2d(x, 2),
  adaptiveMaxPool3d: (x: F) => ops.adaptiveMaxPool3d(x, 2),
  adaptiveAveragePool1d: (x: F) => ops.adaptiveAveragePool1d(x, 2),
  adaptiveAveragePool2d: (x: F) => ops.adaptiveAveragePool2d(x, 2),
  adaptiveAveragePool3d: (x: F) => ops.adaptiveAveragePool3d(x, 2),
  "attention causal": (q: F, k: F, v: F) => ops.attention(q, k, v, { causal: true }),
  "attention masked": (q: F, k: F, v: F, mask: B) => ops.attention(q, k, v, { mask }),
  "attention added": (q: F, k: F, v: F, mask: F) => ops.attention(q, k, v, { mask }),
  attentionScores,
  attentionValues,
  "attentionScores masked": (q: F, k: F, mask: B) => attentionScores(q, k, { mask }),
  "batchNorm training": (x: F, gamma: F, beta: F) =>
    ops.batchNorm(x, gamma, beta, zeros([2]), zeros([2]), { training: true }),
  batchNorm: (x: F, mean: F, variance: F) => ops.batchNorm(x, undefined, undefined, mean, variance),
  fft: (a: F, b: F) => ops.fft([a, b]),
  ifft: (a: F, b: F) => ops.ifft([a, b]),
  fft2: (a: F, b: F) => ops.fft2([a, b]),
  ifft2: (a: F, b: F) => ops.ifft2([a, b]),
  irfft: (a: F, b: F) => ops.irfft([a, b]),
  stft: (x: F) => ops.stft(x, 4, 2, 4),
  "sort descending": (x: F) => ops.sort(x, -1, { descending: true }),
  unique: (x: F) => ops.unique(x).values,
  "searchSorted left": (a: F, b: F) => ops.searchSorted(a, b),
  "searchSorted right": (a: F, b: F) => ops.searchSorted(a, b, { side: "right" }),
  histogram: (x: F) => Object.values(ops.histogram(x, { bins: 4, range: [0, 1] })),
  "bincount 4": (x: I) => ops.bincount(x, { length: 4 }),
  "quantile 1 0": (x: F) => ops.quantile(x, [1, 0]),
  scatterNd: (i: I, u: F) => ops.scatterNd(i, u, [3, 2]),
  "svd values": (x: F) => ops.svd(x)[1],
  "eigh values": (x: F) => ops.eigh(x)[0],
  "qr product": (x: F) => ops.matmul(...ops.qr(x)),
  reshape: (x: F) => ops.reshape(x, x.size > 0 ? [3, -1] : [3, 0]),
  flip: (x: F) => ops.flip(x, 1),
  slice: (x: F) => ops.slice(x, [0, 1], [-1, 1]),
  "slice nothing": (x: F) => ops.slice(x, [0, 1], [-1, 0]),
  tile: (x: F) => ops.tile(x, [2, 1]),
  "tile nothing": (x: F) => ops.tile(x, [1, 0]),
  repeat: (x: F) => ops.repeat(x, 2, 1),
  "repeat nothing": (x: F) => ops.repeat(x, 0, 1),
  roll: (x: F) => ops.roll(x, 1, 1),
  concat: (x: F) => ops.concat([x, x], 1),
  stack: (x: F) => ops.stack([x, x]),
  expandDims: (x: F) => ops.expandDims(x, 0),
  squeeze: (x: F) => ops.squeeze(x),
  broadcastTo: (x: F) => ops.broadcastTo(x, [2, ...x.shape]),
  split: (x: F) => ops.split(x, [1, 1, 1], 1),
  unstack: (x: F) => ops.unstack(x, 1),
  swapAxes: (x: F) => ops.swapAxes(x, 0, 1),
  moveAxis: (x: F) => ops.moveAxis(x, 0, 1),
  diag: (x: F) => ops.diag(x),
  diagonal: (x: F) => ops.diagonal(x, 1),
  pad: (x: F) =>
    ops.pad(x, [
      [0, 0],
      [1, 0],
    ]),
  "pad nothing": (x: F) =>
    ops.pad(x, [
      [0, 0],
      [0, 0],
    ]),
  meshgrid: (x: F) => ops.meshgrid([ops.reshape(x, [x.size]), ops.reshape(x, [x.size])], { indexing: "ij" }),
  "isClose equalNan": (a: F, b: F) => ops.isClose(a, b, { equalNan: true }),
  affineGrid: (m: F) => ops.affineGrid(m, [2, 2]),
};

function callOf(name: string): Call {
  const bare = name.replace(/ of .*/, "");
  const [first, ...more] = bare.split(" ");
  if (bare in calls) return calls[bare];
  if (first === "cast") return (x: F) => ops.cast(x, more[0] as "f32");
  if (first === "topK") return (x: F) => ops.topK(x, Number(more[0])).values;
  if (first === "oneHot") return (x: I) => ops.oneHot(x, Number(more[0]));
  if (first === "extractSequences") return (x: F) => ops.extractSequences(x, 2, 2);
  if (first === "resize") {
    const interpolation = more[2] === "nearest" ? "nearest" : "bilinear";
    return (x: F) => ops.resize(x, [Number(more[0]), Number(more[1])], { interpolation });
  }
  if (first === "gridSample") {
    const [padding, corners, interpolation] = more as ["zeros", string, "nearest"];
    return (x: F, grid: F) => ops.gridSample(x, grid, { padding, alignCorners: corners === "corners", interpolation });
  }
  return calls[first] ?? ((ops as Record<string, unknown>)[first] as Call);
}

const isUnbounded = (_: readonly number[], all: readonly number[]): boolean => !all.every(Number.isFinite);
const always = (): boolean => true;
const whereTheirsIsNaN = (ours: number, _: readonly number[], theirs: number): boolean =>
  Number.isNaN(theirs) && Number.isFinite(ours);
const isUnsigned = (ours: number, _: readonly number[], theirs: number): boolean => Object.is(ours, 0) && theirs === 0;

const between: readonly Difference[] = [
  { of: "gradient", at: isUnbounded, ours: Number.NaN, why: "zeros stand where no window is, and are multiplied" },
];
const mixed: readonly Difference[] = [
  { of: "value", at: isUnbounded, ours: Number.NaN, why: "each number is a sum over all: NaN shows in both parts" },
];
const unseen: readonly Difference[] = [
  { of: "value", at: always, ours: whereTheirsIsNaN, why: "keys that are not seen do not count; without any, zeros" },
  { of: "gradient", at: always, ours: whereTheirsIsNaN, why: "keys that are not seen do not count" },
];
const stepless: readonly Difference[] = [
  { of: "error", at: (_, all) => all.length < 5, ours: /at least one step/, why: "no step has no last state" },
];
const weighed: readonly Difference[] = [
  {
    of: "value",
    at: isUnbounded,
    ours: (y, _, theirs) => Number.isNaN(theirs) && !Number.isNaN(y),
    why: "pixels of weight 0 do not count, were they NaN or infinite",
  },
];
const borders: readonly Difference[] = [
  { of: "gradient", at: always, ours: (y) => y !== 0, why: "the outermost place passes the gradient on, as clip does" },
];
const unsigned: readonly Difference[] = [
  { of: "value", at: always, ours: isUnsigned, why: "0, where PyTorch leaves -0 behind" },
];

/** By the name of the row, or its first word. */
const differences: Differences = {
  conv1d: between,
  conv2d: between,
  conv3d: between,
  "attention masked": unseen,
  "attentionScores masked": unseen,
  ctcLoss: [
    {
      of: "gradient",
      at: always,
      ours: whereTheirsIsNaN,
      why: "labels that do not fit have no gradient, as with zero_infinity; classes of probability 0 leave the others theirs",
    },
  ],
  softmaxCrossEntropy: [
    ...unsigned,
    { of: "gradient", at: isUnbounded, ours: 0, why: "a class that is infinitely less probable" },
  ],
  lstm: stepless,
  gru: stepless,
  simpleRnn: stepless,
  resize: weighed,
  "gridSample border corners bilinear": borders,
  "gridSample reflection corners bilinear": borders,
  fft: mixed,
  ifft: mixed,
  fft2: mixed,
  ifft2: mixed,
  rfft: mixed,
  irfft: mixed,
  stft: mixed,
  scatterAdd: unsigned,
  unique: [{ of: "error", at: always, ours: /captured step/, why: "how many values there are depends on them" }],
  det: unsigned,
};

walk(readRows("special-structures"), callOf, differences);
