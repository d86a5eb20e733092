// Models and how they are trained.
export * from "../generated/callbacks.ts";
export { Batches, type BatchesOptions, type BatchOf, batches, StreamBatches } from "./batch-iterator.ts";
export type {
  AnyStepBatch,
  Compiled,
  LossParts,
  ModelSteps,
  StepBatch,
  StepFigures,
} from "./batch-step.ts";
export type { ExampleWeighting, Weighting } from "./batches.ts";
export {
  type Callback,
  type Evaluation,
  type LogName,
  type Logs,
  StatefulCallback,
  type TrainingInfo,
} from "./callbacks/callback.ts";
export { History } from "./callbacks/history.ts";
export type { MonitorMode } from "./callbacks/monitor.ts";
export { callbackFromConfig, defineCallback } from "./callbacks/named.ts";
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type Fold,
  type FoldOptions,
  kFold,
  stratifiedKFold,
} from "./cross-validate.ts";
export type { EvaluateOptions, FitOptions, PredictOptions } from "./fit.ts";
export type { FunctionalOptions } from "./graph.ts";
export { importModel, type LoadOptions, loadModel } from "./loading.ts";
export { type CompileOptions, Model } from "./model.ts";
export { type ModelConfig, modelFromConfig } from "./model-config.ts";
export type { Judgement, LossLike, PerOutput } from "./objective.ts";
export {
  ProgressLine as ProgbarLogger,
  ProgressLine,
  type ProgressOptions,
  type ProgressOutput,
  type Verbosity,
} from "./progress.ts";
export type { SaveOptions } from "./saving.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export type { SummaryRow } from "./summary.ts";
