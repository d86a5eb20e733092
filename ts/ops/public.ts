// The ops that people see: all of them but a few that only other ops need.
export {
  adaptiveAveragePool1d,
  adaptiveAveragePool2d,
  adaptiveAveragePool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from "./adaptive-pool.ts";
export { add, div, floorDivide, maximum, minimum, mod, mul, neg, sub } from "./arithmetic.ts";
export {
  type AttentionOptions,
  attention,
  type RotaryOptions,
  rotary,
} from "./attention.ts";
export { broadcastTo, type MeshgridOptions, meshgrid, repeat, sum, tile } from "./broadcast.ts";
export * from "./color.ts";
export {
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  where,
} from "./compare.ts";
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
} from "./conv.ts";
export { ctcLoss } from "./ctc.ts";
export {
  type DepthwiseConvOptions,
  depthwiseConv1d,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
} from "./depthwise.ts";
export { diag, diagonal, trace, tri, tril, triu } from "./diagonal.ts";
export * from "./differences.ts";
export { dot, einsum, outer, tensordot, vdot } from "./einsum.ts";
export {
  abs,
  ceil,
  clip,
  cos,
  elu,
  erf,
  exp,
  floor,
  gelu,
  isFinite,
  isInfinite,
  isNaN,
  leakyRelu,
  log,
  log1p,
  type NanToNumOptions,
  nanToNum,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  tanh,
  trunc,
} from "./elementwise.ts";
export {
  type ComplexPair,
  extractSequences,
  fft,
  fft2,
  type IstftOptions,
  ifft,
  ifft2,
  irfft,
  istft,
  rfft,
  type StftOptions,
  stft,
} from "./fft.ts";
export * from "./gamma.ts";
export { embedding, gather, gatherNd, oneHot, scatterAdd, scatterNd, take, takeAlongAxis } from "./gather.ts";
export { type AffineWarpOptions, affineGrid, affineWarp, type GridSampleOptions, gridSample } from "./grid-sample.ts";
export {
  concat,
  expandDims,
  flip,
  pad,
  reshape,
  roll,
  slice,
  split,
  squeeze,
  stack,
  transpose,
  unstack,
} from "./layout.ts";
export {
  cholesky,
  det,
  eigh,
  inv,
  logdet,
  lstsq,
  type PseudoInverseOptions,
  pinv,
  type QrOptions,
  qr,
  type SvdOptions,
  slogdet,
  solve,
  solveTriangular,
  svd,
  svdvals,
  type TriangularOptions,
} from "./linalg.ts";
export type { Axes } from "./lower/axes.ts";
export type { ConvPadding, Padding, PerAxis, Rank, WindowOptions } from "./lower/conv-geometry.ts";
export type { FusedActivation } from "./lower/epilogue.ts";
export type { Arithmetic, Comparison, Numeric, TensorLike } from "./lower/launch-binary.ts";
export { type LinearOptions, linear, type MatmulOptions, matmul } from "./matmul.ts";
export * from "./matrix-norm.ts";
export { type BatchNormOptions, batchNorm, type LayerNormOptions, layerNorm } from "./norm.ts";
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  globalAveragePool1d,
  globalAveragePool2d,
  globalAveragePool3d,
  globalMaxPool1d,
  globalMaxPool2d,
  globalMaxPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type PoolOptions,
} from "./pool.ts";
export { pow } from "./powers.ts";
export {
  dropout,
  Generator,
  type RandomBernoulliOptions,
  type RandomNormalOptions,
  type RandomOptions,
  type RandomUniformOptions,
  randomBernoulli,
  randomInteger,
  randomNormal,
  randomPermutation,
  randomTruncatedNormal,
  randomUniform,
  seed,
} from "./random.ts";
export { gru, type LstmSequenceOptions, lstm, type RecurrentOptions, simpleRnn } from "./recurrent.ts";
export {
  all,
  any,
  argMax,
  argMin,
  countNonzero,
  logSumExp,
  max,
  mean,
  min,
  prod,
  std,
  type VarianceOptions,
  variance,
} from "./reduce.ts";
export * from "./reorder.ts";
export { type Interpolation, type ResizeOptions, resize } from "./resize.ts";
export { cumMax, cumMin, cumprod, cumsum, type ExtremeScanOptions, type ScanOptions } from "./scan.ts";
export { logSoftmax, softmax, softmaxCrossEntropy } from "./softmax.ts";
export {
  argsort,
  type SearchSortedOptions,
  type SortOptions,
  searchSorted,
  sort,
  topK,
  type Unique,
  unique,
} from "./sort.ts";
export {
  type BincountOptions,
  bincount,
  type CovarianceOptions,
  corrcoef,
  cov,
  type HistogramOptions,
  histogram,
  median,
  quantile,
} from "./statistics.ts";
export * from "./transcendental.ts";
