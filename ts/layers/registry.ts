// Layers by kind, to be made from configurations. Only this file imports all layers, so that bundles without it stay
// small.

import { requireRecord, requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import * as activations from "./activation-layers.ts";
import * as adaptivePooling from "./adaptive-pooling.ts";
import * as plainAttention from "./attention.ts";
import { Bidirectional } from "./bidirectional.ts";
import * as cells from "./cells.ts";
import { type Json, lookUp } from "./config.ts";
import * as conv from "./conv.ts";
import * as convLstm from "./conv-lstm.ts";
import * as core from "./core.ts";
import { Dense } from "./dense.ts";
import * as depthwise from "./depthwise-conv.ts";
import { EinsumDense } from "./einsum-dense.ts";
import { Normalization } from "./feature-normalization.ts";
import * as globalPooling from "./global-pooling.ts";
import * as groups from "./group-normalization.ts";
import { InputLayer } from "./input.ts";
import { Layer } from "./layer.ts";
import * as merging from "./merging.ts";
import { setTrainableParts } from "./module.ts";
import * as headAttention from "./multi-head-attention.ts";
import * as normalization from "./normalization.ts";
import * as pooling from "./pooling.ts";
import * as positions from "./positions.ts";
import * as recurrent from "./recurrent.ts";
import { families, type LayerMaker, registered } from "./registered.ts";
import * as regularization from "./regularization.ts";
import { RelativeMultiHeadAttention } from "./relative-attention.ts";
import * as resizing from "./resizing.ts";
import { RNN } from "./rnn.ts";
import { StackedRNNCells } from "./stacked-cells.ts";
import { TimeDistributed } from "./time-distributed.ts";
import * as transformer from "./transformer.ts";

/** A class of layers, constructed from its options. */
export type LayerClass = new (options: never) => Layer;

const kinds = {
  input: InputLayer,
  dense: Dense,
  einsum_dense: EinsumDense,
  conv1d: conv.Conv1D,
  conv2d: conv.Conv2D,
  conv3d: conv.Conv3D,
  conv1d_transpose: conv.Conv1DTranspose,
  conv2d_transpose: conv.Conv2DTranspose,
  conv3d_transpose: conv.Conv3DTranspose,
  depthwise_conv1d: depthwise.DepthwiseConv1D,
  depthwise_conv2d: depthwise.DepthwiseConv2D,
  separable_conv1d: depthwise.SeparableConv1D,
  separable_conv2d: depthwise.SeparableConv2D,
  max_pooling1d: pooling.MaxPooling1D,
  max_pooling2d: pooling.MaxPooling2D,
  max_pooling3d: pooling.MaxPooling3D,
  average_pooling1d: pooling.AveragePooling1D,
  average_pooling2d: pooling.AveragePooling2D,
  average_pooling3d: pooling.AveragePooling3D,
  global_average_pooling1d: globalPooling.GlobalAveragePooling1D,
  global_average_pooling2d: globalPooling.GlobalAveragePooling2D,
  global_average_pooling3d: globalPooling.GlobalAveragePooling3D,
  global_max_pooling1d: globalPooling.GlobalMaxPooling1D,
  global_max_pooling2d: globalPooling.GlobalMaxPooling2D,
  global_max_pooling3d: globalPooling.GlobalMaxPooling3D,
  adaptive_average_pooling1d: adaptivePooling.AdaptiveAveragePooling1D,
  adaptive_average_pooling2d: adaptivePooling.AdaptiveAveragePooling2D,
  adaptive_average_pooling3d: adaptivePooling.AdaptiveAveragePooling3D,
  adaptive_max_pooling1d: adaptivePooling.AdaptiveMaxPooling1D,
  adaptive_max_pooling2d: adaptivePooling.AdaptiveMaxPooling2D,
  adaptive_max_pooling3d: adaptivePooling.AdaptiveMaxPooling3D,
  up_sampling1d: resizing.UpSampling1D,
  up_sampling2d: resizing.UpSampling2D,
  up_sampling3d: resizing.UpSampling3D,
  zero_padding1d: resizing.ZeroPadding1D,
  zero_padding2d: resizing.ZeroPadding2D,
  zero_padding3d: resizing.ZeroPadding3D,
  cropping1d: resizing.Cropping1D,
  cropping2d: resizing.Cropping2D,
  cropping3d: resizing.Cropping3D,
  flatten: core.Flatten,
  reshape: core.Reshape,
  permute: core.Permute,
  repeat_vector: core.RepeatVector,
  identity: core.Identity,
  masking: core.Masking,
  activation: core.Activation,
  relu: activations.ReLU,
  leaky_relu: activations.LeakyReLU,
  prelu: activations.PReLU,
  elu: activations.ELU,
  softmax: activations.Softmax,
  embedding: core.Embedding,
  dropout: regularization.Dropout,
  spatial_dropout1d: regularization.SpatialDropout1D,
  spatial_dropout2d: regularization.SpatialDropout2D,
  spatial_dropout3d: regularization.SpatialDropout3D,
  gaussian_noise: regularization.GaussianNoise,
  gaussian_dropout: regularization.GaussianDropout,
  alpha_dropout: regularization.AlphaDropout,
  activity_regularization: regularization.ActivityRegularization,
  add: merging.Add,
  subtract: merging.Subtract,
  multiply: merging.Multiply,
  average: merging.Average,
  maximum: merging.Maximum,
  minimum: merging.Minimum,
  concatenate: merging.Concatenate,
  dot: merging.Dot,
  attention: plainAttention.Attention,
  additive_attention: plainAttention.AdditiveAttention,
  multi_head_attention: headAttention.MultiHeadAttention,
  grouped_query_attention: headAttention.GroupedQueryAttention,
  sliding_window_attention: headAttention.SlidingWindowAttention,
  relative_multi_head_attention: RelativeMultiHeadAttention,
  position_embedding: positions.PositionEmbedding,
  sine_position_encoding: positions.SinePositionEncoding,
  rotary_embedding: positions.RotaryEmbedding,
  transformer_encoder: transformer.TransformerEncoder,
  transformer_decoder: transformer.TransformerDecoder,
  normalization: Normalization,
  batch_normalization: normalization.BatchNormalization,
  layer_normalization: normalization.LayerNormalization,
  group_normalization: groups.GroupNormalization,
  instance_normalization: groups.InstanceNormalization,
  rms_normalization: groups.RMSNormalization,
  unit_normalization: groups.UnitNormalization,
  spectral_normalization: groups.SpectralNormalization,
  simple_rnn: recurrent.SimpleRNN,
  lstm: recurrent.LSTM,
  gru: recurrent.GRU,
  conv_lstm1d: convLstm.ConvLSTM1D,
  conv_lstm2d: convLstm.ConvLSTM2D,
  conv_lstm3d: convLstm.ConvLSTM3D,
  rnn: RNN,
  simple_rnn_cell: cells.SimpleRNNCell,
  lstm_cell: cells.LSTMCell,
  gru_cell: cells.GRUCell,
  stacked_rnn_cells: StackedRNNCells,
  bidirectional: Bidirectional,
  time_distributed: TimeDistributed,
} satisfies Record<string, LayerClass>;

/**
 * Registers a layer class of your own for `layerFromConfig`; `kind` is what the class passes to `Layer`.
 * Errors: ArgumentError unless it is a string and a class of layers.
 */
export function registerLayer(kind: string, layer: LayerClass): void {
  if (typeof kind !== "string" || !((layer as { prototype?: unknown } | undefined)?.prototype instanceof Layer)) {
    throw new ArgumentError(
      `registerLayer: it must get a kind and a class of layers, got ${textOf(kind)} and ${textOf(layer)}`,
    );
  }
  const family = [...families].filter(([base]) => layer.prototype instanceof base).at(-1)?.[1];
  registered.set(kind, (options) => family?.(layer as never, options) ?? new layer(options));
}

/** The layers of the configuration that is being read which occur in it several times. */
let shared: Map<unknown, Layer> | undefined;
/** What is being read: from the outermost configuration to the innermost. */
const open = new Set<unknown>();

/**
 * A new layer or model from its `kind` and `config()`. Weights are newly initialized.
 * Shapes: those of the layer.
 * Errors: ArgumentError for an unknown kind or a configuration that does not fit it.
 */
export function layerFromConfig(kind: string, config: { readonly [option: string]: Json }): Layer {
  requireRecord(`layerFromConfig: config of ${textOf(kind)}`, config);
  const outer = shared;
  shared ??= new Map();
  try {
    const make = registered.get(kind) ?? maker(kind);
    const { trainableParts, ...options } = withLayers(config) as Record<string, unknown>;
    if (trainableParts !== undefined) {
      requireRecord(`${kind}: trainableParts`, trainableParts);
      for (const [path, value] of Object.entries(trainableParts as object)) {
        requireType(kind, `trainableParts[${path}]`, value, "boolean");
      }
    }
    const layer = make(options as never);
    setTrainableParts(layer, trainableParts as Record<string, boolean> | undefined);
    return layer;
  } finally {
    shared = outer;
  }
}

function maker(kind: string): LayerMaker {
  try {
    const made = lookUp<LayerClass>("layer", kind, kinds);
    return (options) => new made(options);
  } catch (error) {
    throw new ArgumentError(`${(error as Error).message}; a class of one's own must be made known by registerLayer`);
  }
}

/** Options in which configurations of layers have become layers. */
function withLayers(value: Json): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (open.has(value) || open.size > 1000) {
    throw new ArgumentError(
      "layerFromConfig: a configuration must not contain itself or be 1000 deep, got one that is so",
    );
  }
  open.add(value);
  try {
    if (Array.isArray(value)) return [...value].map(withLayers);
    const { kind, config, shared: again } = value as { readonly [option: string]: Json };
    if (typeof kind === "string" && config !== undefined) {
      const layer = layerFromConfig(kind, config as Record<string, Json>);
      if (again !== undefined) shared?.set(again, layer);
      return layer;
    }
    if (typeof kind === "string" && again !== undefined) {
      const layer = shared?.get(again);
      if (layer) return layer;
      throw new ArgumentError(
        `layerFromConfig: shared must name a layer before it, got ${textOf(again)} of kind ${kind}`,
      );
    }
    return Object.fromEntries(Object.entries(value).map(([option, item]) => [option, withLayers(item)]));
  } finally {
    open.delete(value);
  }
}
