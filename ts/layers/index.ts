// Layers by their factory functions, `layers.dense({ units: 10 })`, and as classes, `layers.Dense`.
import { type Json, lookUp } from "./config.ts";
import {
  Conv2D,
  type Conv2DOptions,
  Conv2DTranspose,
  type Conv2DTransposeOptions,
  DepthwiseConv2D,
  type DepthwiseConv2DOptions,
} from "./conv.ts";
import {
  Activation,
  type ActivationOptions,
  Dropout,
  type DropoutOptions,
  Embedding,
  type EmbeddingOptions,
  Flatten,
  Reshape,
  type ReshapeOptions,
} from "./core.ts";
import { Dense, type DenseOptions } from "./dense.ts";
import { InputLayer, type InputOptions } from "./input.ts";
import type { Layer, LayerOptions } from "./layer.ts";
import {
  BatchNormalization,
  type BatchNormalizationOptions,
  LayerNormalization,
  type NormalizationOptions,
} from "./normalization.ts";
import {
  AveragePooling2D,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  type GlobalPoolingOptions,
  MaxPooling2D,
  type PoolingOptions,
} from "./pooling.ts";
import type { Symbolic } from "./symbolic.ts";

export * from "./conv.ts";
export * from "./core.ts";
export * from "./dense.ts";
export * from "./input.ts";
export {
  type ApplyOptions,
  type CallContext,
  type Inputs,
  Layer,
  type LayerOptions,
  type Masks,
  type Outputs,
  resetLayerNames,
  type WeightOptions,
} from "./layer.ts";
export { attachMask, type Mask, maskOf } from "./masks.ts";
export * from "./normalization.ts";
export * from "./pooling.ts";
export type { Shapes } from "./shapes.ts";
export { Symbolic } from "./symbolic.ts";

/** Where data come into a functional model: what layers can be applied to before there are values. */
export function input(options: InputOptions): Symbolic {
  return new InputLayer(options).output;
}

/** activation(x kernel + bias) along the last axis. */
export function dense(options: DenseOptions): Dense {
  return new Dense(options);
}

/** activation(conv(x, kernel) + bias) of images. */
export function conv2d(options: Conv2DOptions): Conv2D {
  return new Conv2D(options);
}

/** A convolution of each channel with filters of its own. */
export function depthwiseConv2d(options: DepthwiseConv2DOptions): DepthwiseConv2D {
  return new DepthwiseConv2D(options);
}

/** The transposed convolution, which makes images larger. */
export function conv2dTranspose(options: Conv2DTransposeOptions): Conv2DTranspose {
  return new Conv2DTranspose(options);
}

/** The largest number of each window. */
export function maxPooling2d(options?: PoolingOptions): MaxPooling2D {
  return new MaxPooling2D(options);
}

/** The mean of each window. */
export function averagePooling2d(options?: PoolingOptions): AveragePooling2D {
  return new AveragePooling2D(options);
}

/** The mean of each channel. */
export function globalAveragePooling2d(options?: GlobalPoolingOptions): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(options);
}

/** The largest number of each channel. */
export function globalMaxPooling2d(options?: GlobalPoolingOptions): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(options);
}

/** All axes but the batch made into one. */
export function flatten(options?: LayerOptions): Flatten {
  return new Flatten(options);
}

/** The same numbers in another shape. */
export function reshape(options: ReshapeOptions): Reshape {
  return new Reshape(options);
}

/** A function of each number. */
export function activation(options: ActivationOptions): Activation {
  return new Activation(options);
}

/** In training, zeroes numbers at random. */
export function dropout(options: DropoutOptions): Dropout {
  return new Dropout(options);
}

/** Rows of a trained table by their numbers. */
export function embedding(options: EmbeddingOptions): Embedding {
  return new Embedding(options);
}

/** Mean 0 and variance 1 for each channel, over the batch. */
export function batchNormalization(options?: BatchNormalizationOptions): BatchNormalization {
  return new BatchNormalization(options);
}

/** Mean 0 and variance 1 for each row along the last axis. */
export function layerNormalization(options?: NormalizationOptions): LayerNormalization {
  return new LayerNormalization(options);
}

const kinds: Record<string, new (options: never) => Layer> = {
  input: InputLayer,
  dense: Dense,
  conv2d: Conv2D,
  depthwise_conv2d: DepthwiseConv2D,
  conv2d_transpose: Conv2DTranspose,
  max_pooling2d: MaxPooling2D,
  average_pooling2d: AveragePooling2D,
  global_average_pooling2d: GlobalAveragePooling2D,
  global_max_pooling2d: GlobalMaxPooling2D,
  flatten: Flatten,
  reshape: Reshape,
  activation: Activation,
  dropout: Dropout,
  embedding: Embedding,
  batch_normalization: BatchNormalization,
  layer_normalization: LayerNormalization,
};

/** Makes layers of a class of one's own known to `layerFromConfig`; `kind` is what the class hands to `Layer`. */
export function registerLayer(kind: string, layer: new (options: never) => Layer): void {
  kinds[kind] = layer;
}

/** A new layer from a layer's `kind` and `config()`. ArgumentError for an unknown kind. */
export function layerFromConfig(kind: string, config: { readonly [option: string]: Json }): Layer {
  return new (lookUp("layer", kind, kinds))(config as never);
}
