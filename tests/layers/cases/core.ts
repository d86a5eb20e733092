// The table of layers: dense and convolutions, reshaping, merging, normalizing and disturbing ones.
import * as layers from "../../../ts/layers/index.ts";
import { type Case, seeded } from "./case.ts";

export const coreCases = {
  einsum_dense: {
    make: () =>
      layers.einsumDense({ equation: "...x,xyz->...yz", outputShape: [null, 3, 2], biasAxes: "y", ...seeded }),
    input: [5, 4],
    output: [5, 3, 2],
    weights: { kernel: [4, 3, 2], bias: [3, 1] },
  },
  dense: {
    make: () => layers.dense({ units: 4, activation: "tanh", ...seeded }),
    input: [5],
    output: [4],
    weights: { kernel: [5, 4], bias: [4] },
  },
  conv2d: {
    make: () => layers.conv2d({ filters: 4, kernelSize: [3, 2], padding: "same", strides: 2, groups: 2, ...seeded }),
    input: [5, 6, 2],
    output: [3, 3, 4],
    weights: { kernel: [3, 2, 1, 4], bias: [4] },
  },
  depthwise_conv2d: {
    make: () =>
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, depthwiseInitializer: seeded.kernelInitializer }),
    input: [5, 4, 2],
    output: [3, 2, 4],
    weights: { kernel: [3, 3, 2, 2], bias: [4] },
  },
  conv2d_transpose: {
    make: () => layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same", ...seeded }),
    input: [3, 2, 3],
    output: [6, 4, 2],
    weights: { kernel: [3, 3, 2, 3], bias: [2] },
  },
  max_pooling2d: { make: () => layers.maxPooling2d(), input: [4, 5, 2], output: [2, 2, 2] },
  average_pooling2d: {
    make: () => layers.averagePooling2d({ poolSize: [2, 3], strides: [1, 2], padding: "same" }),
    input: [4, 5, 2],
    output: [4, 3, 2],
  },
  global_average_pooling2d: { make: () => layers.globalAveragePooling2d(), input: [3, 4, 2], output: [2] },
  global_max_pooling2d: {
    make: () => layers.globalMaxPooling2d({ keepDims: true }),
    input: [3, 4, 2],
    output: [1, 1, 2],
  },
  flatten: { make: () => layers.flatten(), input: [3, 4], output: [12] },
  reshape: { make: () => layers.reshape({ targetShape: [-1, 2] }), input: [3, 4], output: [6, 2] },
  activation: { make: () => layers.activation({ activation: "softplus" }), input: [3, 4], output: [3, 4] },
  dropout: { make: () => layers.dropout({ rate: 0.4, seed: 11 }), input: [3, 4], output: [3, 4], random: true },
  spatial_dropout1d: {
    make: () => layers.spatialDropout1d({ rate: 0.4, seed: 11 }),
    input: [3, 4],
    output: [3, 4],
    random: true,
  },
  spatial_dropout2d: {
    make: () => layers.spatialDropout2d({ rate: 0.4, seed: 11 }),
    input: [3, 2, 4],
    output: [3, 2, 4],
    random: true,
  },
  spatial_dropout3d: {
    make: () => layers.spatialDropout3d({ rate: 0.4, seed: 11 }),
    input: [3, 1, 2, 4],
    output: [3, 1, 2, 4],
    random: true,
  },
  gaussian_noise: {
    make: () => layers.gaussianNoise({ stddev: 0.4, seed: 11 }),
    input: [3, 4],
    output: [3, 4],
    random: true,
  },
  gaussian_dropout: {
    make: () => layers.gaussianDropout({ rate: 0.4, seed: 11 }),
    input: [3, 4],
    output: [3, 4],
    random: true,
  },
  alpha_dropout: {
    make: () => layers.alphaDropout({ rate: 0.4, seed: 11 }),
    input: [3, 4],
    output: [3, 4],
    random: true,
  },
  activity_regularization: {
    make: () => layers.activityRegularization({ l1: 0.1, l2: 0.2 }),
    input: [3, 4],
    output: [3, 4],
  },
  permute: { make: () => layers.permute({ dims: [2, 1] }), input: [3, 4], output: [4, 3] },
  repeat_vector: { make: () => layers.repeatVector({ n: 3 }), input: [4], output: [3, 4] },
  identity: { make: () => layers.identity(), input: [3, 4], output: [3, 4] },
  masking: { make: () => layers.masking({ maskValue: 7 }), input: [3, 4], output: [3, 4] },
  relu: { make: () => layers.relu({ maxValue: 1.5, negativeSlope: 0.1, threshold: 0.2 }), input: [7], output: [7] },
  leaky_relu: { make: () => layers.leakyRelu(), input: [7], output: [7] },
  elu: { make: () => layers.elu({ alpha: 0.7 }), input: [7], output: [7] },
  prelu: {
    make: () => layers.prelu({ alphaInitializer: { name: "constant", value: 0.3 }, sharedAxes: [1] }),
    input: [3, 5],
    output: [3, 5],
    weights: { alpha: [1, 5] },
  },
  softmax: { make: () => layers.softmax({ axis: 1 }), input: [3, 4], output: [3, 4] },
  add: {
    make: () => layers.add(),
    input: [
      [3, 4],
      [3, 4],
      [1, 4],
    ],
    output: [3, 4],
  },
  subtract: {
    make: () => layers.subtract(),
    input: [
      [3, 4],
      [3, 4],
    ],
    output: [3, 4],
  },
  multiply: {
    make: () => layers.multiply(),
    input: [
      [3, 4],
      [3, 1],
    ],
    output: [3, 4],
  },
  average: {
    make: () => layers.average(),
    input: [
      [3, 4],
      [3, 4],
    ],
    output: [3, 4],
  },
  maximum: { make: () => layers.maximum(), input: [[3, 4], [4]], output: [3, 4] },
  minimum: { make: () => layers.minimum(), input: [[3, 4], [4]], output: [3, 4] },
  concatenate: {
    make: () => layers.concatenate({ axis: 1 }),
    input: [
      [3, 4],
      [2, 4],
    ],
    output: [5, 4],
  },
  dot: {
    make: () => layers.dot({ axes: [2, 1], normalize: true }),
    input: [
      [3, 4],
      [4, 2],
    ],
    output: [3, 2],
  },
  group_normalization: {
    make: () => layers.groupNormalization({ groups: 2 }),
    input: [3, 4],
    output: [3, 4],
    weights: { gamma: [4], beta: [4] },
  },
  instance_normalization: {
    make: () => layers.instanceNormalization(),
    input: [5, 2, 3],
    output: [5, 2, 3],
    weights: { gamma: [3], beta: [3] },
  },
  rms_normalization: {
    make: () => layers.rmsNormalization(),
    input: [3, 4],
    output: [3, 4],
    weights: { scale: [4] },
  },
  unit_normalization: { make: () => layers.unitNormalization(), input: [3, 4], output: [3, 4] },
  spectral_normalization: {
    make: () => layers.spectralNormalization({ layer: layers.dense({ name: "inside", units: 3, ...seeded }) }),
    input: [4],
    output: [3],
    adapts: true,
  },
  embedding: {
    make: () =>
      layers.embedding({
        inputDim: 7,
        outputDim: 3,
        embeddingsInitializer: { name: "randomNormal", stddev: 1, seed: 1 },
      }),
    input: [4],
    output: [4, 3],
    weights: { embeddings: [7, 3] },
    ids: true,
  },
  batch_normalization: {
    make: () => layers.batchNormalization({ momentum: 0.9 }),
    input: [3, 2],
    output: [3, 2],
    weights: { gamma: [2], beta: [2], movingMean: [2], movingVariance: [2] },
  },
  layer_normalization: {
    make: () => layers.layerNormalization({ epsilon: 1e-2 }),
    input: [3, 5],
    output: [3, 5],
    weights: { gamma: [5], beta: [5] },
  },
} satisfies { readonly [kind: string]: Case };
