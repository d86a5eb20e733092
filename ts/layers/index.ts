// All layers: by their factory functions, `layers.dense({ units: 10 })`, and as classes, `layers.Dense`.
export * from "../generated/layers.ts";
export type { MethodName } from "../generated/methods.ts";
export type { ConvolutionOptions } from "./convolution.ts";
export type { KernelLayerOptions, KernelOptions } from "./kernel-layer.ts";
export { KeyValueCache, type KeyValueCacheOptions, keyValueCache, type NextTokensOptions } from "./key-value-cache.ts";
export {
  type ApplyOptions,
  type CallContext,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
  type Outputs,
  resetLayerNames,
  type WeightOptions,
} from "./layer.ts";
export { attachMask, type Mask, maskOf } from "./masks.ts";
export type { Projection, ProjectionOptions } from "./projection.ts";
export {
  type CellRun,
  type KernelCellOptions,
  RecurrentCell,
  type SequenceOptions,
  type SequenceResult,
} from "./recurrent-cell.ts";
export { defineLayer, fromConfig } from "./registry.ts";
export type { Shapes } from "./shapes.ts";
export { type Drawer, Symbolic } from "./symbolic.ts";
