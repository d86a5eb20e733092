// In the worker: what `compile` and `fit` take, of the names and configurations that travel.
import { named as namedNames } from "../generated/options.ts";
import { fromConfig as lossFromConfig } from "../losses/index.ts";
import { getMetric, type MetricLike, type MetricName } from "../metrics/index.ts";
import { fromConfig as optimizerFromConfig } from "../optim/index.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Callback } from "../train/callbacks/callback.ts";
import { callbackFromConfig } from "../train/callbacks/named.ts";
import type { CompileOptions, Model } from "../train/model.ts";
import type { Named } from "./protocol.ts";

/** A function of a worker's own file, called with a model that lives there; what it takes and gives is plain data. */
export type RemoteMethod = (model: Model, ...parameters: never[]) => unknown;

/** What a worker's own file adds to what Heddle has; layers, losses and the like of its own it makes known by `defineLayer` .. */
export interface ServeOptions {
  /** What `RemoteModel.method` calls. */
  methods?: { readonly [name: string]: RemoteMethod };
}

/** A callback by its name. */
export function callbackFrom(given: Named): Callback {
  return callbackFromConfig(named(given));
}

/** What `Model.compile` takes, of what `RemoteModel.compile` was given. */
export function compileOptionsFrom(plain: { readonly [option: string]: unknown }): CompileOptions {
  const { optimizer = "rmsprop", loss, metrics, weightedMetrics, ...rest } = plain;
  return {
    ...rest,
    optimizer: optimizerFromConfig(named(optimizer as string | Named)),
    loss: eachLeaf(loss, (given) => lossFromConfig(named(given))) as CompileOptions["loss"],
    metrics: eachLeaf(metrics, metricFrom) as CompileOptions["metrics"],
    weightedMetrics: eachLeaf(weightedMetrics, metricFrom) as CompileOptions["metrics"],
  };
}

function metricFrom(given: string | Named): MetricLike {
  const { kind, config } = named(given);
  // What a name makes depends on the loss.
  return config === undefined ? (kind as MetricName) : getMetric(kind as MetricName, config);
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
