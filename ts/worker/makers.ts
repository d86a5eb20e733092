// In the worker: optimizers, losses, metrics and callbacks from their names and configurations.
import { named as namedNames } from "../generated/options.ts";
import { lookUp } from "../layers/config.ts";
import type { Layer } from "../layers/layer.ts";
import { getLoss, type Loss, type LossFunction, type LossName } from "../losses/index.ts";
import { getMetric, type Metric, type MetricLike, type MetricName } from "../metrics/index.ts";
import { type Optimizer, fromConfig as optimizerFromConfig } from "../optim/index.ts";
import { fromConfig } from "../optim/schedules.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Callback } from "../train/callbacks/callback.ts";
import { BackupAndRestore, ModelCheckpoint } from "../train/callbacks/checkpoint.ts";
import { SwapEMAWeights, TerminateOnNaN } from "../train/callbacks/control.ts";
import { CSVLogger } from "../train/callbacks/csv-logger.ts";
import { EarlyStopping } from "../train/callbacks/early-stopping.ts";
import { ReduceLROnPlateau } from "../train/callbacks/learning-rate.ts";
import { TensorBoard } from "../train/callbacks/tensorboard.ts";
import type { CompileOptions, Model } from "../train/model.ts";
import type { LossLike } from "../train/objective.ts";
import type { Named } from "./protocol.ts";

/** Makes something from its options. */
export type Maker<T> = (config: never) => T;

/** A function of a worker's own file, called with a model that lives there; what it takes and gives is plain data. */
export type RemoteMethod = (model: Model, ...parameters: never[]) => unknown;

/** What a worker's own file adds to what Heddle has, by the names that the page uses. */
export interface ServeOptions {
  /** Layer classes by their kinds, and models among them. */
  layers?: { readonly [kind: string]: new (options: never) => Layer };
  /** A new one for each model: it is freed with the model, or when that is compiled anew. */
  optimizers?: { readonly [kind: string]: Maker<Optimizer> };
  losses?: { readonly [name: string]: Loss };
  metrics?: { readonly [kind: string]: Maker<Metric> };
  /** Callbacks that run in the worker. */
  callbacks?: { readonly [kind: string]: Maker<Callback> };
  /** What `RemoteModel.method` calls. */
  methods?: { readonly [name: string]: RemoteMethod };
}

const callbackMakers: { readonly [kind: string]: Maker<Callback> } = {
  EarlyStopping: (config) => new EarlyStopping(config),
  ReduceLROnPlateau: (config) => new ReduceLROnPlateau(config),
  TerminateOnNaN: (config) => new TerminateOnNaN(config),
  SwapEMAWeights: (config) => new SwapEMAWeights(config),
  ModelCheckpoint: (config) => new ModelCheckpoint(config),
  BackupAndRestore: (config) => new BackupAndRestore(config),
  CSVLogger: (config) => new CSVLogger(config),
  TensorBoard: (config) => new TensorBoard(config),
};

/** A callback by its class's name. */
export function callbackFrom(given: Named, own: ServeOptions): Callback {
  const { kind, config = {} } = named(given);
  return lookUp("callback", kind, { ...callbackMakers, ...own.callbacks })(config as never);
}

/** What `Model.compile` takes, of what `RemoteModel.compile` was given. */
export function compileOptionsFrom(plain: { readonly [option: string]: unknown }, own: ServeOptions): CompileOptions {
  const { optimizer = "rmsprop", loss, metrics, weightedMetrics, ...rest } = plain;
  const metric = (given: string | Named): MetricLike => metricFrom(named(given), own);
  return {
    ...rest,
    optimizer: optimizerFrom(named(optimizer as string | Named), own),
    loss: eachLeaf(loss, (given) => lossFrom(named(given), own)) as CompileOptions["loss"],
    metrics: eachLeaf(metrics, metric) as CompileOptions["metrics"],
    weightedMetrics: eachLeaf(weightedMetrics, metric) as CompileOptions["metrics"],
  };
}

function optimizerFrom({ kind, config = {} }: Named, own: ServeOptions): Optimizer {
  const make = own.optimizers?.[kind];
  return make ? make(withSchedules(config) as never) : optimizerFromConfig({ kind, config });
}

function lossFrom({ kind, config }: Named, own: ServeOptions): LossLike {
  const loss = own.losses?.[kind] ?? getLoss(kind as LossName);
  if (config === undefined) return loss;
  if ("with" in loss) return (loss as LossFunction).with(config);
  throw new ArgumentError(`compile: a loss with options must be made by defineLoss, got ${kind}`);
}

function metricFrom({ kind, config }: Named, own: ServeOptions): MetricLike {
  const make = own.metrics?.[kind];
  if (make) return make((config ?? {}) as never);
  // What a name makes depends on the loss.
  return config === undefined ? (kind as MetricName) : getMetric(kind as MetricName, config);
}

/** Options in which configurations of schedules have become schedules. */
function withSchedules(config: object): object {
  return Object.fromEntries(
    Object.entries(config).map(([option, value]) => [option, isNamed(value) ? fromConfig(value) : value]),
  );
}

function isNamed(value: unknown): value is Named {
  return typeof value === "object" && value !== null && typeof (value as Named).kind === "string";
}

function named(given: string | Named): Named {
  return isNamed(given) ? checkOptions(`"${given.kind}"`, given, namedNames) : { kind: given };
}

/** Lists and records with each name or configuration in them replaced. */
function eachLeaf<T>(value: unknown, f: (given: string | Named) => T): unknown {
  if (value === undefined || value === null) return value;
  if (typeof value !== "object" || isNamed(value)) return f(value as string | Named);
  if (Array.isArray(value)) return value.map((item) => eachLeaf(item, f));
  return Object.fromEntries(Object.entries(value).map(([output, item]) => [output, eachLeaf(item, f)]));
}
