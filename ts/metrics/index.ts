// The metrics, and look-up by name.
import all, { type MetricKind } from "../generated/metrics.ts";
import { figureDetails, metricDetails, type Names } from "../generated/options.ts";
import { lookUp } from "../layers/config.ts";
import { type Config, type OptionsClass, readConfig } from "../layers/definition.ts";
import { type LossFunction, type LossName, namedLosses } from "../losses/index.ts";
import { requireFunction, requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions, pickOptions } from "../runtime/options.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  type Direction,
  defineFigure as define,
  defineMetric as defineClass,
  type Figure,
  type FigureDetails,
  type FigureFunction,
  MeanMetric,
  Metric,
  type MetricDefinition,
  type MetricDetails,
  type MetricOptions,
} from "./metric.ts";

export * from "../generated/metrics.ts";
export * from "./bleu.ts";
export {
  type Direction,
  type Figure,
  type FigureDetails,
  type FigureFunction,
  MeanMetric,
  Metric,
  type MetricDefinition,
  type MetricDetails,
  type MetricOptions,
} from "./metric.ts";
export type { Counts } from "./thresholds.ts";
export { Mean, Sum } from "./totals.ts";

/** The names of the metrics: those that need no options, and the losses, whose means they are. */
export type MetricName = MetricKind | LossName;

/** How a model is given a metric. */
export type MetricLike = MetricName | Metric | Figure;

/** What is found by name: a figure whose mean is the metric, or what makes metrics of a class. */
type NamedMetric = Figure | (MetricDefinition<OptionsClass<Metric>> & ((options: object) => Metric));

/** Those that were defined since. */
const defined = new Map<string, NamedMetric>();

/**
 * Defines a metric by a class of your own, which takes one record of options and passes it to `Metric`. `compile` and
 * `fromConfig` then find it by name; a later definition replaces it. The result makes metrics of it; details default to
 * none.
 * Shapes: those of the class.
 * Errors: ArgumentError unless kind is a string and the class one of metrics.
 */
export function defineMetric<C extends OptionsClass<Metric<unknown>>>(
  kind: string,
  made: C,
  details: MetricDetails = {},
): MetricDefinition<C> {
  const known = checkOptions("defineMetric", details, metricDetails);
  requireType("defineMetric", "kind", kind, "string");
  if (!((made as { prototype?: unknown } | undefined)?.prototype instanceof Metric)) {
    throw new ArgumentError(`defineMetric: ${kind} must be a class of metrics, got ${textOf(made)}`);
  }
  const definition = defineClass(kind, made, known);
  defined.set(kind, definition as never);
  return definition;
}

/**
 * Defines a metric as the mean of a function of each example. `compile` and `fromConfig` then find it by name; a later
 * definition replaces it; details default to none.
 * Shapes: f returns `[batch]`, or `[batch, ...]`.
 * Errors: ArgumentError unless kind is a string and f a function.
 */
export function defineFigure<Options extends object = object>(
  kind: string,
  f: (yTrue: AnyTensor, yPred: Tensor, options: Options) => Tensor,
  details: FigureDetails<Options> = {},
): FigureFunction<Options> {
  const known = checkOptions("defineFigure", details, figureDetails);
  requireType("defineFigure", "kind", kind, "string");
  requireFunction("defineFigure", f);
  const figure = define(kind, f, known);
  defined.set(kind, figure as Figure);
  return figure;
}

/** The losses count as metrics too; where both have a name, it is the metric's. */
function known(): { readonly [name: string]: NamedMetric } {
  return { ...namedLosses(), ...all, ...Object.fromEntries(defined) } as object as {
    readonly [name: string]: NamedMetric;
  };
}

/**
 * The metric of this name, options defaulting to its own, or the mean of a figure; metrics are returned as they are.
 * isOfLogits, default false, says that predictions are logits.
 * Shapes: those of the metric.
 * Errors: ArgumentError for an unknown name, for a class, and for logits where probabilities are needed.
 */
export function getMetric(metric: MetricLike, options?: object, isOfLogits = false): Metric {
  if (metric instanceof Metric) return metric;
  if (typeof metric !== "function") {
    const found = lookUp<NamedMetric>("metric", metric, known());
    if (!("made" in found)) {
      const { name = metric, ...own } = (options ?? {}) as MetricOptions;
      return meanOf(found, name, own, isOfLogits);
    }
    return found({ ...found.byName, ...(isOfLogits ? found.ofLogits : undefined), ...options });
  }
  if (metric.prototype instanceof Metric) {
    throw new ArgumentError(`compile: metrics must be names, figures or made with new, got the class ${metric.name}`);
  }
  return meanOf(metric, metric.name || "metric", undefined, isOfLogits);
}

/**
 * The metric of this name with these options, `{ kind: "precision", config: { thresholds: 0.9 } }`, as its `kind` and
 * `config()` return them.
 * Shapes: those of the metric.
 * Errors: ArgumentError for an unknown name and for options that it does not have.
 */
export function fromConfig(config: Config | string): Metric {
  const { kind, options } = readConfig("metric", config);
  const found = lookUp<NamedMetric>("metric", kind, known());
  if ("made" in found) return found(options ?? {});
  const { name = kind, ...own } = (options ?? {}) as MetricOptions;
  // A loss takes more options by itself than as a figure.
  return "with" in found ? meanOf((found as LossFunction).with(own), name) : meanOf(found, name, own);
}

/** The mean of a figure, with options for logits if it has them. */
function meanOf(figure: Figure, name: string, options?: object, isOfLogits = false): Metric {
  const { optionNames } = figure;
  if (isOfLogits && (figure as Partial<LossFunction>).ofProbabilities) {
    throw new ArgumentError(
      `compile: ${figure.name} must have probabilities, got the logits of a loss with fromLogits`,
    );
  }
  const ofLogits =
    isOfLogits && optionNames
      ? pickOptions<object>({ fromLogits: true, threshold: 0 }, optionNames as Names<string> as never)
      : undefined;
  return new MeanMetric(name, figure, (options || ofLogits) && { ...ofLogits, ...options });
}

/** Which way the metric of this name gets better; undefined where there is none. @internal */
export function namedDirection(name: string): Direction | undefined {
  const all = known();
  return Object.hasOwn(all, name) ? all[name].direction : undefined;
}
