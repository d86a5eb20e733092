// heddle/worker: models that live in a worker of their own, so that a page stays smooth; and `serve`, for worker files.
export { EngineWorker, type EngineWorkerOptions } from "./engine-worker.ts";
export type { WorkerLike } from "./line.ts";
export type { Maker, ServeOptions } from "./makers.ts";
export type {
  CallbackConfig,
  LayerConfig,
  LossConfig,
  MetricConfig,
  MetricLists,
  Named,
  OptimizerConfig,
  RemoteCallback,
  RemoteCompileOptions,
  RemoteEvaluateOptions,
  RemoteFitOptions,
  RemoteTrainingInfo,
  ScheduleConfig,
} from "./options.ts";
export { RemoteData, type RemoteInput, type RemoteInputs, type RemoteTargets } from "./remote-data.ts";
export { RemoteModel, type RemoteModelOptions, type RemoteModelSource } from "./remote-model.ts";
export { serve } from "./serve.ts";
