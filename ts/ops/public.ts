// The ops that people see: all of them but a few that only other ops need.
export { attention, attentionScores, attentionValues, rotary } from "./attention.ts";
export { add, div, maximum, minimum, mul, pow, sub } from "./binary.ts";
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
  notEqual,
  where,
} from "./compare.ts";
export { conv2d, conv2dTranspose } from "./conv.ts";
export { depthwiseConv2d } from "./depthwise.ts";
export * from "./elementwise.ts";
export { embedding, gather, oneHot, scatterAdd } from "./gather.ts";
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  tile,
  transpose,
  unstack,
} from "./layout.ts";
export { linear, matmul } from "./matmul.ts";
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
export { argMax, argMin, logSumExp, max, mean, min, std, sum, variance } from "./reduce.ts";
export { logSoftmax, softmax, softmaxCrossEntropy } from "./softmax.ts";
