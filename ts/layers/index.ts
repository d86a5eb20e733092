// All layers: by their factory functions, `layers.dense({ units: 10 })`, and as classes, `layers.Dense`.
export * from "./activation-layers.ts";
export * from "./adaptive-pooling.ts";
export * from "./attention.ts";
export * from "./bidirectional.ts";
export {
  type GatedCellOptions,
  GRUCell,
  type GRUCellOptions,
  gruCell,
  LSTMCell,
  type LSTMCellOptions,
  lstmCell,
  SimpleRNNCell,
  type SimpleRNNCellOptions,
  simpleRnnCell,
} from "./cells.ts";
export * from "./conv.ts";
export * from "./conv-lstm.ts";
export type { ConvolutionOptions } from "./convolution.ts";
export * from "./core.ts";
export * from "./dense.ts";
export * from "./depthwise-conv.ts";
export * from "./einsum-dense.ts";
export * from "./feature-normalization.ts";
export * from "./global-pooling.ts";
export * from "./group-normalization.ts";
export * from "./input.ts";
export type { KernelLayerOptions, KernelOptions } from "./kernel-layer.ts";
export { KeyValueCache, type KeyValueCacheOptions, keyValueCache, type NextTokensOptions } from "./key-value-cache.ts";
export {
  type ApplyOptions,
  type CallContext,
  type Inputs,
  Layer,
  type LayerKind,
  type LayerOptions,
  type Masks,
  type Outputs,
  resetLayerNames,
  type WeightOptions,
} from "./layer.ts";
export { attachMask, type Mask, maskOf } from "./masks.ts";
export * from "./merging.ts";
export * from "./multi-head-attention.ts";
export * from "./normalization.ts";
export * from "./pooling.ts";
export * from "./positions.ts";
export type { Projection, ProjectionOptions } from "./projection.ts";
export {
  GRU,
  type GRUOptions,
  gru,
  LSTM,
  type LSTMOptions,
  lstm,
  SimpleRNN,
  type SimpleRNNOptions,
  simpleRnn,
} from "./recurrent.ts";
export {
  type CellRun,
  type KernelCellOptions,
  RecurrentCell,
  type SequenceOptions,
  type SequenceResult,
} from "./recurrent-cell.ts";
export { type LayerClass, layerFromConfig, registerLayer } from "./registry.ts";
export * from "./regularization.ts";
export * from "./relative-attention.ts";
export * from "./resizing.ts";
export { RecurrentLayer, type RecurrentLayerOptions, RNN, type RNNOptions, rnn } from "./rnn.ts";
export type { Shapes } from "./shapes.ts";
export * from "./stacked-cells.ts";
export { Symbolic } from "./symbolic.ts";
export * from "./time-distributed.ts";
export * from "./transformer.ts";
