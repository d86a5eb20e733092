// Layers by their factory functions, `layers.dense({ units: 10 })`, and as classes, `layers.Dense`.
import { type Json, lookUp } from "./config.ts";
import {
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  DepthwiseConv1D,
  DepthwiseConv2D,
  type DepthwiseConvLayerOptions,
  SeparableConv1D,
  SeparableConv2D,
  type SeparableConvLayerOptions,
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
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
  type AdaptivePoolingOptions,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  type GlobalPoolingOptions,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  type PoolingOptions,
} from "./pooling.ts";
import {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  type CroppingOptions,
  UpSampling1D,
  UpSampling2D,
  type UpSampling2DOptions,
  UpSampling3D,
  type UpSamplingOptions,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
  type ZeroPaddingOptions,
} from "./resizing.ts";
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
export * from "./resizing.ts";
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

/** activation(conv(x, kernel) + bias) of sequences. */
export function conv1d(options: ConvLayerOptions<1>): Conv1D {
  return new Conv1D(options);
}

/** activation(conv(x, kernel) + bias) of images. */
export function conv2d(options: ConvLayerOptions<2>): Conv2D {
  return new Conv2D(options);
}

/** activation(conv(x, kernel) + bias) of volumes. */
export function conv3d(options: ConvLayerOptions<3>): Conv3D {
  return new Conv3D(options);
}

/** The transposed convolution, which makes sequences larger. */
export function conv1dTranspose(options: ConvTransposeLayerOptions<1>): Conv1DTranspose {
  return new Conv1DTranspose(options);
}

/** The transposed convolution, which makes images larger. */
export function conv2dTranspose(options: ConvTransposeLayerOptions<2>): Conv2DTranspose {
  return new Conv2DTranspose(options);
}

/** The transposed convolution, which makes volumes larger. */
export function conv3dTranspose(options: ConvTransposeLayerOptions<3>): Conv3DTranspose {
  return new Conv3DTranspose(options);
}

/** A convolution of each channel of sequences with filters of its own. */
export function depthwiseConv1d(options: DepthwiseConvLayerOptions<1>): DepthwiseConv1D {
  return new DepthwiseConv1D(options);
}

/** A convolution of each channel of images with filters of its own. */
export function depthwiseConv2d(options: DepthwiseConvLayerOptions<2>): DepthwiseConv2D {
  return new DepthwiseConv2D(options);
}

/** A depthwise convolution of sequences, then sums over its channels. */
export function separableConv1d(options: SeparableConvLayerOptions<1>): SeparableConv1D {
  return new SeparableConv1D(options);
}

/** A depthwise convolution of images, then sums over its channels. */
export function separableConv2d(options: SeparableConvLayerOptions<2>): SeparableConv2D {
  return new SeparableConv2D(options);
}

/** The largest number of each window of sequences. */
export function maxPooling1d(options?: PoolingOptions<1>): MaxPooling1D {
  return new MaxPooling1D(options);
}

/** The largest number of each window of images. */
export function maxPooling2d(options?: PoolingOptions<2>): MaxPooling2D {
  return new MaxPooling2D(options);
}

/** The largest number of each window of volumes. */
export function maxPooling3d(options?: PoolingOptions<3>): MaxPooling3D {
  return new MaxPooling3D(options);
}

/** The mean of each window of sequences. */
export function averagePooling1d(options?: PoolingOptions<1>): AveragePooling1D {
  return new AveragePooling1D(options);
}

/** The mean of each window of images. */
export function averagePooling2d(options?: PoolingOptions<2>): AveragePooling2D {
  return new AveragePooling2D(options);
}

/** The mean of each window of volumes. */
export function averagePooling3d(options?: PoolingOptions<3>): AveragePooling3D {
  return new AveragePooling3D(options);
}

/** The mean of each channel of sequences. */
export function globalAveragePooling1d(options?: GlobalPoolingOptions): GlobalAveragePooling1D {
  return new GlobalAveragePooling1D(options);
}

/** The mean of each channel of images. */
export function globalAveragePooling2d(options?: GlobalPoolingOptions): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(options);
}

/** The mean of each channel of volumes. */
export function globalAveragePooling3d(options?: GlobalPoolingOptions): GlobalAveragePooling3D {
  return new GlobalAveragePooling3D(options);
}

/** The largest number of each channel of sequences. */
export function globalMaxPooling1d(options?: GlobalPoolingOptions): GlobalMaxPooling1D {
  return new GlobalMaxPooling1D(options);
}

/** The largest number of each channel of images. */
export function globalMaxPooling2d(options?: GlobalPoolingOptions): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(options);
}

/** The largest number of each channel of volumes. */
export function globalMaxPooling3d(options?: GlobalPoolingOptions): GlobalMaxPooling3D {
  return new GlobalMaxPooling3D(options);
}

/** The means of as many windows of sequences as are wanted. */
export function adaptiveAveragePooling1d(options: AdaptivePoolingOptions<1>): AdaptiveAveragePooling1D {
  return new AdaptiveAveragePooling1D(options);
}

/** The means of as many windows of images as are wanted. */
export function adaptiveAveragePooling2d(options: AdaptivePoolingOptions<2>): AdaptiveAveragePooling2D {
  return new AdaptiveAveragePooling2D(options);
}

/** The means of as many windows of volumes as are wanted. */
export function adaptiveAveragePooling3d(options: AdaptivePoolingOptions<3>): AdaptiveAveragePooling3D {
  return new AdaptiveAveragePooling3D(options);
}

/** The largest numbers of as many windows of sequences as are wanted. */
export function adaptiveMaxPooling1d(options: AdaptivePoolingOptions<1>): AdaptiveMaxPooling1D {
  return new AdaptiveMaxPooling1D(options);
}

/** The largest numbers of as many windows of images as are wanted. */
export function adaptiveMaxPooling2d(options: AdaptivePoolingOptions<2>): AdaptiveMaxPooling2D {
  return new AdaptiveMaxPooling2D(options);
}

/** The largest numbers of as many windows of volumes as are wanted. */
export function adaptiveMaxPooling3d(options: AdaptivePoolingOptions<3>): AdaptiveMaxPooling3D {
  return new AdaptiveMaxPooling3D(options);
}

/** Sequences larger by whole factors. */
export function upSampling1d(options?: UpSamplingOptions<1>): UpSampling1D {
  return new UpSampling1D(options);
}

/** Images larger by whole factors. */
export function upSampling2d(options?: UpSampling2DOptions): UpSampling2D {
  return new UpSampling2D(options);
}

/** Volumes larger by whole factors. */
export function upSampling3d(options?: UpSamplingOptions<3>): UpSampling3D {
  return new UpSampling3D(options);
}

/** Zeros around sequences. */
export function zeroPadding1d(options?: ZeroPaddingOptions<1>): ZeroPadding1D {
  return new ZeroPadding1D(options);
}

/** Zeros around images. */
export function zeroPadding2d(options?: ZeroPaddingOptions<2>): ZeroPadding2D {
  return new ZeroPadding2D(options);
}

/** Zeros around volumes. */
export function zeroPadding3d(options?: ZeroPaddingOptions<3>): ZeroPadding3D {
  return new ZeroPadding3D(options);
}

/** The inner part of sequences. */
export function cropping1d(options?: CroppingOptions<1>): Cropping1D {
  return new Cropping1D(options);
}

/** The inner part of images. */
export function cropping2d(options?: CroppingOptions<2>): Cropping2D {
  return new Cropping2D(options);
}

/** The inner part of volumes. */
export function cropping3d(options?: CroppingOptions<3>): Cropping3D {
  return new Cropping3D(options);
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
  conv1d: Conv1D,
  conv3d: Conv3D,
  conv1d_transpose: Conv1DTranspose,
  conv2d_transpose: Conv2DTranspose,
  conv3d_transpose: Conv3DTranspose,
  depthwise_conv1d: DepthwiseConv1D,
  depthwise_conv2d: DepthwiseConv2D,
  separable_conv1d: SeparableConv1D,
  separable_conv2d: SeparableConv2D,
  max_pooling1d: MaxPooling1D,
  max_pooling2d: MaxPooling2D,
  max_pooling3d: MaxPooling3D,
  average_pooling1d: AveragePooling1D,
  average_pooling2d: AveragePooling2D,
  average_pooling3d: AveragePooling3D,
  global_average_pooling1d: GlobalAveragePooling1D,
  global_average_pooling2d: GlobalAveragePooling2D,
  global_average_pooling3d: GlobalAveragePooling3D,
  global_max_pooling1d: GlobalMaxPooling1D,
  global_max_pooling2d: GlobalMaxPooling2D,
  global_max_pooling3d: GlobalMaxPooling3D,
  adaptive_average_pooling1d: AdaptiveAveragePooling1D,
  adaptive_average_pooling2d: AdaptiveAveragePooling2D,
  adaptive_average_pooling3d: AdaptiveAveragePooling3D,
  adaptive_max_pooling1d: AdaptiveMaxPooling1D,
  adaptive_max_pooling2d: AdaptiveMaxPooling2D,
  adaptive_max_pooling3d: AdaptiveMaxPooling3D,
  up_sampling1d: UpSampling1D,
  up_sampling2d: UpSampling2D,
  up_sampling3d: UpSampling3D,
  zero_padding1d: ZeroPadding1D,
  zero_padding2d: ZeroPadding2D,
  zero_padding3d: ZeroPadding3D,
  cropping1d: Cropping1D,
  cropping2d: Cropping2D,
  cropping3d: Cropping3D,
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
