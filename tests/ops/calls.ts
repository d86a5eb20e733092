// One right call of each public op with all its parameters: what tests of wrong arguments start from.

import { cast } from "../../ts/ops/compare.ts";
import * as ops from "../../ts/ops/public.ts";
import { tabulate, tensor, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

const numbers = (...shape: number[]): Tensor => tabulate(shape, (i) => ((7 * i) % 5) / 5 + 0.1);
const x = (): Tensor => numbers(2, 3);
const vector = (): Tensor => numbers(3);
const matrix = (): Tensor => tensor([4, 1, 1, 3], { shape: [2, 2] });
const whole = (...values: number[]): Tensor<"i32"> => tensor(Int32Array.from(values));
const truth = (): Tensor<"bool"> => cast(x(), "bool");
const line = (): Tensor => numbers(1, 4, 2);
const image = (): Tensor => numbers(1, 4, 4, 3);
const volume = (): Tensor => numbers(1, 4, 4, 4, 2);
const pair = (): [Tensor, Tensor] => [numbers(4, 4), numbers(4, 4)];

const unary = { call: () => [x()] };
const binary = { call: () => [x(), x()] };
const connective = { call: () => [truth(), truth()] };
const ofMatrix = { call: () => [matrix()] };
const axes = { call: () => [x(), [0, 1], true], flags: [2] };
const axis = { call: () => [x(), 1, true], flags: [2] };
const scanned = { call: () => [x(), 1, {}], options: 2 };
const ofVectors = { call: () => [vector(), vector()] };
const pooled = (call: () => Tensor, poolSize: number): Call => ({ call: () => [call(), { poolSize }], options: 1 });
const whole1 = (call: () => Tensor): Call => ({ call: () => [call(), true], flags: [1] });
const adaptive = (call: () => Tensor): Call => ({ call: () => [call(), 2] });
const convolved = (call: () => Tensor, filters: number[], transposed = false): Call => ({
  call: () => [call(), numbers(...filters), numbers(filters.at(transposed ? -2 : -1) ?? 1), {}],
  options: 3,
});
const random = { call: () => [[2, 3], {}], options: 1 };

/** How an op is called: its arguments, which of them are flags, and which is an object of options. */
export interface Call {
  readonly call: () => unknown[];
  readonly flags?: readonly number[];
  readonly options?: number;
}

type Ops = Omit<typeof ops, "Generator">;

/** The ops that take one tensor of floats and nothing else. */
type UnaryName = {
  [K in keyof Ops]: Ops[K] extends (x: Tensor) => unknown
    ? Parameters<Ops[K]>["length"] extends 1
      ? K
      : never
    : never;
}[keyof Ops];

const own: { readonly [K in Exclude<keyof Ops, UnaryName>]: Call } & { readonly [K in UnaryName]?: Call } = {
  adaptiveAveragePool1d: adaptive(line),
  adaptiveAveragePool2d: adaptive(image),
  adaptiveAveragePool3d: adaptive(volume),
  adaptiveMaxPool1d: adaptive(line),
  adaptiveMaxPool2d: adaptive(image),
  adaptiveMaxPool3d: adaptive(volume),
  add: binary,
  adjustBrightness: { call: () => [image(), 0.1] },
  adjustContrast: { call: () => [image(), 0.1] },
  adjustHue: { call: () => [image(), 0.1] },
  adjustSaturation: { call: () => [image(), 0.1] },
  affineGrid: { call: () => [numbers(1, 2, 3), [2, 2], true], flags: [2] },
  affineWarp: { call: () => [image(), numbers(1, 2, 3), {}], options: 2 },
  all: axes,
  allClose: { call: () => [x(), x(), {}], options: 2 },
  any: axes,
  argMax: axis,
  argMin: axis,
  argsort: scanned,
  at: { call: () => [x(), "1:, ::2"] },
  atan2: binary,
  attention: { call: () => [numbers(1, 2, 1, 4), numbers(1, 2, 1, 4), numbers(1, 2, 1, 4), {}], options: 3 },
  avgPool1d: pooled(line, 2),
  avgPool2d: pooled(image, 2),
  avgPool3d: pooled(volume, 2),
  batchNorm: { call: () => [x(), vector(), vector(), vector(), vector(), {}], options: 5 },
  bincount: { call: () => [whole(0, 1), {}], options: 1 },
  broadcastTo: { call: () => [x(), [2, 2, 3]] },
  cast: { call: () => [x(), "i32"] },
  cholesky: ofMatrix,
  clip: { call: () => [x(), 0, 1] },
  concat: { call: () => [[x(), x()], 1] },
  conv1d: convolved(line, [2, 2, 3]),
  conv1dTranspose: convolved(line, [2, 3, 2], true),
  conv2d: convolved(image, [2, 2, 3, 4]),
  conv2dTranspose: convolved(image, [2, 2, 3, 3], true),
  conv3d: convolved(volume, [2, 2, 2, 2, 3]),
  conv3dTranspose: convolved(volume, [2, 2, 2, 2, 2], true),
  countNonzero: axes,
  cov: { call: () => [x(), {}], options: 1 },
  ctcLoss: { call: () => [numbers(1, 4, 3), tensor(whole(1).data(), { shape: [1, 1] }), whole(4), whole(1), 0] },
  cumMax: scanned,
  cumMin: scanned,
  cumprod: scanned,
  cumsum: scanned,
  depthwiseConv1d: { call: () => [line(), numbers(2, 2, 1), numbers(2), {}], options: 3 },
  depthwiseConv2d: { call: () => [image(), numbers(2, 2, 3, 1), numbers(3), {}], options: 3 },
  det: ofMatrix,
  diag: { call: () => [vector(), 1] },
  diagonal: { call: () => [x(), 0, 0, 1] },
  diff: { call: () => [x(), 1, 0] },
  div: binary,
  dot: ofVectors,
  dropout: { call: () => [x(), 0.5, {}], options: 2 },
  eigh: ofMatrix,
  einsum: { call: () => ["ij,ij->i", x(), x()] },
  elu: { call: () => [x(), 1] },
  embedding: { call: () => [x(), whole(0, 1)] },
  equal: binary,
  expandDims: { call: () => [x(), 1] },
  extractSequences: { call: () => [x(), 2, 1] },
  fft: { call: () => [pair()] },
  fft2: { call: () => [pair()] },
  flip: { call: () => [x(), [0]] },
  floorDivide: binary,
  gather: { call: () => [x(), whole(0, 1), 1] },
  gatherNd: { call: () => [x(), tensor(Int32Array.of(0, 1), { shape: [1, 2] })] },
  gelu: { call: () => [x(), true], flags: [1] },
  globalAveragePool1d: whole1(line),
  globalAveragePool2d: whole1(image),
  globalAveragePool3d: whole1(volume),
  globalMaxPool1d: whole1(line),
  globalMaxPool2d: whole1(image),
  globalMaxPool3d: whole1(volume),
  greater: binary,
  greaterEqual: binary,
  gridSample: { call: () => [image(), numbers(1, 2, 2, 2), {}], options: 2 },
  gru: {
    call: () => [numbers(1, 2, 6), numbers(2, 6), numbers(6), numbers(1, 2), zeros([1, 2], "bool"), {}],
    options: 5,
  },
  histogram: { call: () => [x(), {}], options: 1 },
  hsvToRgb: { call: () => [image()] },
  hypot: binary,
  ifft: { call: () => [pair()] },
  ifft2: { call: () => [pair()] },
  inv: ofMatrix,
  irfft: { call: () => [pair(), 6] },
  isClose: { call: () => [x(), x(), {}], options: 2 },
  istft: { call: () => [[numbers(3, 3), numbers(3, 3)], 4, 2, 4, {}], options: 4 },
  layerNorm: { call: () => [x(), vector(), vector(), {}], options: 3 },
  leakyRelu: { call: () => [x(), 0.1] },
  less: binary,
  lessEqual: binary,
  linear: { call: () => [x(), numbers(3, 2), numbers(2), {}], options: 3 },
  logAddExp: binary,
  logSoftmax: { call: () => [x(), 1] },
  logSumExp: axes,
  logdet: ofMatrix,
  logicalAnd: connective,
  logicalNot: { call: () => [truth()] },
  logicalOr: connective,
  logicalXor: connective,
  lstm: {
    call: () => [numbers(1, 2, 8), numbers(2, 8), numbers(1, 2), numbers(1, 2), zeros([1, 2], "bool"), {}],
    options: 5,
  },
  lstsq: { call: () => [matrix(), numbers(2, 1), {}], options: 2 },
  matmul: { call: () => [x(), numbers(3, 2), {}], options: 2 },
  max: axes,
  maxPool1d: pooled(line, 2),
  maxPool2d: pooled(image, 2),
  maxPool3d: pooled(volume, 2),
  maximum: binary,
  mean: axes,
  median: axes,
  meshgrid: { call: () => [[vector(), vector()], {}], options: 1 },
  min: axes,
  minimum: binary,
  mod: binary,
  moveAxis: { call: () => [x(), 0, 1] },
  mul: binary,
  nanToNum: { call: () => [x(), {}], options: 1 },
  norm: { call: () => [x(), {}], options: 1 },
  notEqual: binary,
  oneHot: { call: () => [whole(0, 1), 3] },
  outer: ofVectors,
  pad: {
    call: () => [
      x(),
      [
        [0, 1],
        [1, 0],
      ],
      1,
    ],
  },
  perImageStandardization: { call: () => [image()] },
  pinv: { call: () => [matrix(), {}], options: 1 },
  polygamma: { call: () => [x(), 1] },
  pow: binary,
  prod: axes,
  qr: { call: () => [matrix(), {}], options: 1 },
  quantile: { call: () => [x(), [0.5, 0.1], [0, 1], true], flags: [3] },
  randomBernoulli: random,
  randomInteger: { call: () => [[2, 3], 0, 5, {}], options: 3 },
  randomNormal: random,
  randomPermutation: { call: () => [4, {}], options: 1 },
  randomTruncatedNormal: random,
  randomUniform: random,
  repeat: { call: () => [x(), 2, 1] },
  reshape: { call: () => [x(), [3, 2]] },
  resize: { call: () => [image(), [2, 3], {}], options: 2 },
  rfft: { call: () => [x(), 4] },
  rgbToGrayscale: { call: () => [image()] },
  rgbToHsv: { call: () => [image()] },
  roll: { call: () => [x(), [1], [0]] },
  rotary: { call: () => [numbers(1, 2, 1, 4), {}], options: 1 },
  scatterAdd: { call: () => [x(), whole(0, 1), x(), 0] },
  scatterNd: { call: () => [tensor(Int32Array.of(0, 1), { shape: [2, 1] }), vector().reshape([3]).slice(0, 2), [4]] },
  searchSorted: { call: () => [tensor([1, 2, 3]), vector(), {}], options: 2 },
  seed: { call: () => [3] },
  separableConv1d: { call: () => [line(), numbers(2, 2, 1), numbers(1, 2, 3), numbers(3), {}], options: 4 },
  separableConv2d: { call: () => [image(), numbers(2, 2, 3, 1), numbers(1, 1, 3, 2), numbers(2), {}], options: 4 },
  simpleRnn: {
    call: () => [numbers(1, 2, 2), numbers(2, 2), numbers(1, 2), zeros([1, 2], "bool"), {}],
    options: 4,
  },
  slice: { call: () => [x(), [0, 1], [1, 2], [1, 1]] },
  slogdet: ofMatrix,
  softmax: { call: () => [x(), 1] },
  softmaxCrossEntropy: binary,
  solve: { call: () => [matrix(), numbers(2, 1)] },
  solveTriangular: { call: () => [matrix(), numbers(2, 1), {}], options: 2 },
  sort: scanned,
  split: { call: () => [x(), [1, 2], 1] },
  squeeze: { call: () => [numbers(1, 2), [0]] },
  stack: { call: () => [[x(), x()], 1] },
  std: { call: () => [x(), [0], {}], options: 2 },
  stft: { call: () => [numbers(8), 4, 2, 4, {}], options: 4 },
  sub: binary,
  sum: axes,
  svd: { call: () => [matrix(), {}], options: 1 },
  svdvals: ofMatrix,
  swapAxes: { call: () => [x(), 0, 1] },
  take: { call: () => [x(), whole(0, 1), 1] },
  takeAlongAxis: { call: () => [vector(), whole(0, 1), 0] },
  tensordot: { call: () => [x(), numbers(3, 2), 1] },
  tile: { call: () => [x(), [1, 2]] },
  topK: { call: () => [x(), 2, 1] },
  trace: { call: () => [x(), 0, 0, 1] },
  transpose: { call: () => [x(), [1, 0]] },
  tri: { call: () => [2, 3, 1] },
  tril: { call: () => [x(), 1] },
  triu: { call: () => [x(), 1] },
  unique: unary,
  unstack: { call: () => [x(), 1] },
  variance: { call: () => [x(), [0], {}], options: 2 },
  vdot: ofVectors,
  where: { call: () => [truth(), x(), x()] },
};

/** The same of what makes tensors. */
export const creations: { readonly [name: string]: Call } = {
  arange: { call: () => [0, 4, 2, "f32"] },
  eye: { call: () => [2, 3] },
  full: { call: () => [[2, 3], 1, "f32"] },
  linspace: { call: () => [0, 1, 3] },
  ones: { call: () => [[2, 3], "f32"] },
  tensor: { call: () => [[1, 2], {}], options: 1 },
  zeros: { call: () => [[2, 3], "f32"] },
};

/** By name; what takes one tensor needs no line above. */
export const calls: { readonly [K in keyof Ops]: Call } = Object.fromEntries(
  Object.keys(ops)
    .filter((name) => name !== "Generator")
    .map((name) => [name, own[name as keyof Ops] ?? unary]),
) as { [K in keyof Ops]: Call };
