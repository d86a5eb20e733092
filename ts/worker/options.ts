// What a remote model is told by name or configuration, where a model at hand would be given functions and objects.
import type callbacks from "../generated/callbacks.ts";
import type { Json } from "../layers/config.ts";
import type { LossName } from "../losses/index.ts";
import type { MetricName } from "../metrics/index.ts";
import type * as optimizers from "../optim/index.ts";
import type { ScheduleName } from "../optim/schedules.ts";
import type { Weighting } from "../train/batches.ts";
import type { PredictOptions } from "../train/fit.ts";
import type { PerOutput } from "../train/objective.ts";
import type { Named } from "./protocol.ts";
import type { RemoteTargets } from "./remote-data.ts";

/** A schedule of learning rates: `{ kind: "cosineDecay", config: { initialLearningRate: 0.01, decaySteps: 1000 } }`. */
export type ScheduleConfig = Named<ScheduleName>;

/** An optimizer's options without those that are functions; a schedule by configuration. */
export type PlainOptimizerOptions<Options> = Omit<Options, "learningRate" | "decays" | "groups"> & {
  readonly learningRate?: number | ScheduleConfig;
};

/** An optimizer by name and options: `{ kind: "adam", config: { learningRate: 0.01 } }`. */
export type OptimizerConfig = {
  [K in optimizers.OptimizerName]: Named<K, PlainOptimizerOptions<NonNullable<Parameters<(typeof optimizers)[K]>[0]>>>;
}[optimizers.OptimizerName];

/** A loss by name and options: `{ kind: "huber", config: { delta: 2 } }`; names of the worker's own count too. */
export type LossConfig = Named;

/** A metric by name and options: `{ kind: "topKCategoricalAccuracy", config: { k: 3 } }`; or one of the worker's own. */
export type MetricConfig = Named;

/** A metric by name, or with options. */
export type RemoteMetric = MetricName | MetricConfig;

/** What `RemoteModel.compile` takes: names and configurations, since functions cannot travel. */
export interface RemoteCompileOptions {
  /** Default "rmsprop", as in Keras. */
  optimizer?: optimizers.OptimizerName | OptimizerConfig | Named;
  /** May be left out where layers add the loss by `addLoss`. */
  loss?: PerOutput<LossName | LossConfig>;
  /** How much each output's loss counts; default 1. */
  lossWeights?: PerOutput<number>;
  /** For several outputs a list of lists, or a record. */
  metrics?: MetricLists;
  /** Metrics that take sample weights into account. */
  weightedMetrics?: MetricLists;
  /** Whether steps run anew each time, slowly, instead of being captured: for debugging a worker's own layers; default false. */
  runEagerly?: boolean;
}

/** The metrics of one output, or of each. */
export type MetricLists =
  | readonly RemoteMetric[]
  | readonly (readonly RemoteMetric[])[]
  | { readonly [output: string]: readonly RemoteMetric[] };

/** A callback that runs in the worker: `{ kind: "earlyStopping", config: { patience: 3 } }`, or one of the worker's own. */
export type CallbackConfig =
  | {
      [K in keyof typeof callbacks]: Named<K, NonNullable<Parameters<(typeof callbacks)[K]>[0]>>;
    }[keyof typeof callbacks]
  | Named;

/** What examples count. */
export interface RemoteExampleWeighting {
  /** A number for each example (or step): how much its loss counts; one for all outputs or one for each. */
  sampleWeight?: RemoteTargets;
}

/** What examples count in training: a number for each, or for each class of the only output. */
export interface RemoteWeighting extends RemoteExampleWeighting, Omit<Weighting, "sampleWeight"> {}

/** What `RemoteModel.predict` takes beside the data. */
export interface RemotePredictOptions extends Omit<PredictOptions, "verbose"> {}

/** What `RemoteModel.evaluate` takes beside the data. */
export interface RemoteEvaluateOptions extends RemotePredictOptions, RemoteExampleWeighting {}

/** A layer by its kind and the options of its factory: `{ kind: "dense", config: { units: 10 } }`. */
export type LayerConfig = Named<string, { readonly [option: string]: Json }>;
