// The ops that people see: all of them but a few that only other ops need.
export { add, div, floorDivide, maximum, minimum, mod, mul, pow, sub } from "./binary.ts";
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
export { conv2d, conv2dTranspose } from "./conv.ts";
export { depthwiseConv2d } from "./depthwise.ts";
export * from "./elementwise.ts";
export { embedding, gather, gatherNd, oneHot, scatterAdd, scatterNd, take, takeAlongAxis } from "./gather.ts";
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
export { linear, matmul } from "./matmul.ts";
export { diag, diagonal, trace, tri, tril, triu } from "./matrix.ts";
export { batchNorm, layerNorm } from "./norm.ts";
export { avgPool2d, globalAveragePool2d, globalMaxPool2d, maxPool2d } from "./pool.ts";
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
  norm,
  prod,
  std,
  sum,
  variance,
} from "./reduce.ts";
export { cumprod, cumsum } from "./scan.ts";
export { logSoftmax, softmax, softmaxCrossEntropy } from "./softmax.ts";
export { argsort, searchSorted, sort, topK, unique } from "./sort.ts";
export { bincount, corrcoef, cov, histogram, median, quantile } from "./statistics.ts";
export * from "./transcendental.ts";
