// The table of layers: windows that slide over sequences, images and volumes, and what changes their sizes.
import * as layers from "../../../ts/layers/index.ts";
import { type Case, seeded } from "./case.ts";

const { kernelInitializer } = seeded;
const separable = { depthwiseInitializer: kernelInitializer, pointwiseInitializer: kernelInitializer };

export const windowCases = {
  conv1d: {
    make: () => layers.conv1d({ filters: 4, kernelSize: 3, padding: "causal", dilationRate: 2, groups: 2, ...seeded }),
    input: [6, 2],
    output: [6, 4],
    weights: { kernel: [3, 1, 4], bias: [4] },
  },
  conv3d: {
    make: () => layers.conv3d({ filters: 4, kernelSize: [2, 3, 2], padding: "same", strides: [1, 2, 1], ...seeded }),
    input: [3, 4, 2, 2],
    output: [3, 2, 2, 4],
    weights: { kernel: [2, 3, 2, 2, 4], bias: [4] },
  },
  conv1d_transpose: {
    make: () => layers.conv1dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same", ...seeded }),
    input: [3, 3],
    output: [6, 2],
    weights: { kernel: [3, 2, 3], bias: [2] },
  },
  conv3d_transpose: {
    make: () => layers.conv3dTranspose({ filters: 4, kernelSize: 2, strides: [2, 1, 1], groups: 2, ...seeded }),
    input: [2, 2, 3, 2],
    output: [4, 3, 4, 4],
    weights: { kernel: [2, 2, 2, 2, 2], bias: [4] },
  },
  depthwise_conv1d: {
    make: () => layers.depthwiseConv1d({ kernelSize: 3, depthMultiplier: 2, depthwiseInitializer: kernelInitializer }),
    input: [5, 2],
    output: [3, 4],
    weights: { kernel: [3, 2, 2], bias: [4] },
  },
  separable_conv1d: {
    make: () => layers.separableConv1d({ filters: 3, kernelSize: 3, padding: "causal", ...separable }),
    input: [5, 2],
    output: [5, 3],
    weights: { depthwiseKernel: [3, 2, 1], pointwiseKernel: [1, 2, 3], bias: [3] },
  },
  separable_conv2d: {
    make: () => layers.separableConv2d({ filters: 3, kernelSize: [3, 2], depthMultiplier: 2, ...separable }),
    input: [4, 4, 2],
    output: [2, 3, 3],
    weights: { depthwiseKernel: [3, 2, 2, 2], pointwiseKernel: [1, 1, 4, 3], bias: [3] },
  },
  max_pooling1d: { make: () => layers.maxPooling1d(), input: [5, 2], output: [2, 2] },
  max_pooling3d: {
    make: () => layers.maxPooling3d({ poolSize: [2, 1, 2], strides: 1, padding: "same" }),
    input: [3, 2, 3, 2],
    output: [3, 2, 3, 2],
  },
  average_pooling1d: {
    make: () => layers.averagePooling1d({ poolSize: 3, strides: 2, padding: "same" }),
    input: [5, 2],
    output: [3, 2],
  },
  average_pooling3d: { make: () => layers.averagePooling3d(), input: [2, 5, 4, 2], output: [1, 2, 2, 2] },
  global_average_pooling1d: { make: () => layers.globalAveragePooling1d(), input: [4, 2], output: [2] },
  global_average_pooling3d: {
    make: () => layers.globalAveragePooling3d({ keepDims: true }),
    input: [2, 3, 2, 2],
    output: [1, 1, 1, 2],
  },
  global_max_pooling1d: {
    make: () => layers.globalMaxPooling1d({ keepDims: true }),
    input: [4, 2],
    output: [1, 2],
  },
  global_max_pooling3d: { make: () => layers.globalMaxPooling3d(), input: [2, 3, 2, 2], output: [2] },
  adaptive_average_pooling1d: {
    make: () => layers.adaptiveAveragePooling1d({ outputSize: 3 }),
    input: [7, 2],
    output: [3, 2],
  },
  adaptive_average_pooling2d: {
    make: () => layers.adaptiveAveragePooling2d({ outputSize: [3, 2] }),
    input: [5, 4, 2],
    output: [3, 2, 2],
  },
  adaptive_average_pooling3d: {
    make: () => layers.adaptiveAveragePooling3d({ outputSize: 2 }),
    input: [2, 3, 4, 2],
    output: [2, 2, 2, 2],
  },
  adaptive_max_pooling1d: {
    make: () => layers.adaptiveMaxPooling1d({ outputSize: 3 }),
    input: [7, 2],
    output: [3, 2],
  },
  adaptive_max_pooling2d: {
    make: () => layers.adaptiveMaxPooling2d({ outputSize: [3, 2] }),
    input: [5, 4, 2],
    output: [3, 2, 2],
  },
  adaptive_max_pooling3d: {
    make: () => layers.adaptiveMaxPooling3d({ outputSize: 2 }),
    input: [2, 3, 4, 2],
    output: [2, 2, 2, 2],
  },
  up_sampling1d: { make: () => layers.upSampling1d({ size: 3 }), input: [2, 3], output: [6, 3] },
  up_sampling2d: {
    make: () => layers.upSampling2d({ size: [2, 3], interpolation: "bilinear" }),
    input: [2, 3, 2],
    output: [4, 9, 2],
  },
  up_sampling3d: { make: () => layers.upSampling3d(), input: [1, 2, 3, 2], output: [2, 4, 6, 2] },
  zero_padding1d: { make: () => layers.zeroPadding1d({ padding: [2, 1] }), input: [2, 3], output: [5, 3] },
  zero_padding2d: { make: () => layers.zeroPadding2d({ padding: [1, [0, 2]] }), input: [2, 3, 2], output: [4, 5, 2] },
  zero_padding3d: { make: () => layers.zeroPadding3d(), input: [1, 2, 2, 2], output: [3, 4, 4, 2] },
  cropping1d: { make: () => layers.cropping1d(), input: [5, 2], output: [3, 2] },
  cropping2d: { make: () => layers.cropping2d({ cropping: [[1, 0], 1] }), input: [4, 5, 2], output: [3, 3, 2] },
  cropping3d: {
    make: () => layers.cropping3d({ cropping: [1, 0, [0, 1]] }),
    input: [4, 2, 3, 2],
    output: [2, 2, 2, 2],
  },
} satisfies { readonly [kind: string]: Case };
