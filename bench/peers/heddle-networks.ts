// The networks Heddle is measured with, made as its users make them.
import { layers, Sequential } from "../heddle.ts";

const { activation, batchNormalization, conv2d, dense, flatten, globalAveragePooling2d, lstm, maxPooling2d } = layers;

/** The convolutional network of the README, for digits. */
export function cnn(): Sequential {
  return new Sequential([
    conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    flatten(),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]);
}

/** A small dense network for digits as 784 numbers. */
export function mlp(): Sequential {
  return new Sequential([
    dense({ units: 64, activation: "relu", inputShape: [784] }),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]);
}

/** A small language model: four decoder blocks of 128 features and 4 heads. */
export function gpt(length: number, vocabulary: number): Sequential {
  const block = () =>
    layers.transformerDecoder({ intermediateDim: 512, numHeads: 4, activation: "gelu", normalizeFirst: true });
  return new Sequential([
    layers.embedding({ inputDim: vocabulary, outputDim: 128 }),
    layers.positionEmbedding({ sequenceLength: length }),
    ...[1, 2, 3, 4].map(block),
    layers.layerNormalization({ epsilon: 1e-5 }),
    dense({ units: vocabulary, activation: "softmax" }),
  ]);
}

/** Four convolutions with batch normalization, for images [32, 32, 3]. */
export function convBn(): Sequential {
  const block = (filters: number, strides: number, inputShape?: number[]) => [
    conv2d({ filters, kernelSize: 3, strides, padding: "same", useBias: false, inputShape }),
    batchNormalization(),
    activation({ activation: "relu" }),
  ];
  return new Sequential([
    ...block(32, 1, [32, 32, 3]),
    ...block(64, 2),
    ...block(128, 2),
    ...block(128, 1),
    globalAveragePooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ]);
}

/** Long short-term memory that reads a digit row by row. */
export function rowReader(): Sequential {
  return new Sequential([lstm({ units: 128, inputShape: [28, 28] }), dense({ units: 10, activation: "softmax" })]);
}
