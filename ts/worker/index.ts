// heddle/worker: models that live in a worker of their own, so that a page stays smooth; and `serve`, for worker files.

export { EngineWorker, type EngineWorkerOptions } from "./engine-worker.ts";

// The core comes first, in bundles too (ts/index.ts).

export type { ModelConfig } from "../train/model-config.ts";
export type { WorkerLike } from "./line.ts";
export type { RemoteMethod, ServeOptions } from "./makers.ts";
export type {
  CallbackConfig,
  LayerConfig,
  LossConfig,
  MetricConfig,
  MetricLists,
  OptimizerConfig,
  PlainOptimizerOptions,
  RemoteCompileOptions,
  RemoteEvaluateOptions,
  RemoteExampleWeighting,
  RemoteMetric,
  RemotePredictOptions,
  RemoteWeighting,
  ScheduleConfig,
} from "./options.ts";
export type { Named, TrainingHooks } from "./protocol.ts";
export {
  RemoteData,
  type RemoteInput,
  type RemoteInputs,
  type RemoteTargets,
  type SendOptions,
} from "./remote-data.ts";
export {
  type RemoteCallback,
  type RemoteFitOptions,
  RemoteModel,
  type RemoteModelOptions,
  type RemoteModelSource,
  type RemoteTrainingInfo,
} from "./remote-model.ts";
export { serve } from "./serve.ts";
