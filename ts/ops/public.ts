// The ops that people see: all of them but a few that only other ops need.
export {
  adaptiveAveragePool1d,
  adaptiveAveragePool2d,
  adaptiveAveragePool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from "./adaptive-pool.ts";
export { attention, attentionScores, attentionValues, rotary } from "./attention.ts";
export { add, div, floorDivide, maximum, minimum, mod, mul, pow, sub } from "./binary.ts";
export * from "./color.ts";
export {
  cast,
  equal,
  greater,
  greaterEqual,
  isFinite,
  isInfinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  nanToNum,
  notEqual,
  where,
} from "./compare.ts";
export { dot, einsum, outer, tensordot, vdot } from "./contract.ts";
export { conv1d, conv1dTranspose, conv2d, conv2dTranspose, conv3d, conv3dTranspose } from "./conv.ts";
export { ctcLoss } from "./ctc.ts";
export { depthwiseConv1d, depthwiseConv2d, separableConv1d, separableConv2d } from "./depthwise.ts";
export * from "./differences.ts";
export * from "./elementwise.ts";
export {
  type ComplexPair,
  extractSequences,
  fft,
  fft2,
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
export { affineGrid, affineWarp, gridSample } from "./grid-sample.ts";
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  meshgrid,
  pad,
  repeat,
  reshape,
  roll,
  slice,
  split,
  squeeze,
  stack,
  tile,
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
} from "./linalg.ts";
export { linear, matmul } from "./matmul.ts";
export { diag, diagonal, trace, tri, tril, triu } from "./matrix.ts";
export * from "./matrix-norm.ts";
export { batchNorm, layerNorm } from "./norm.ts";
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
} from "./pool.ts";
export {
  dropout,
  Generator,
  randomBernoulli,
  randomInteger,
  randomNormal,
  randomPermutation,
  randomTruncatedNormal,
  randomUniform,
  seed,
} from "./random.ts";
export { gru, lstm, simpleRnn } from "./recurrent.ts";
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
  sum,
  variance,
} from "./reduce.ts";
export * from "./reorder.ts";
export { resize } from "./resize.ts";
export { cumMax, cumMin, cumprod, cumsum } from "./scan.ts";
export { logSoftmax, softmax, softmaxCrossEntropy } from "./softmax.ts";
export { argsort, searchSorted, sort, topK, unique } from "./sort.ts";
export { bincount, corrcoef, cov, histogram, median, quantile } from "./statistics.ts";
export * from "./transcendental.ts";
