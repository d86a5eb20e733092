// The metrics, and finding them by name.
import type { Names } from "../generated/options.ts";
import { lookUp } from "../layers/config.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  klDivergence,
  sparseCategoricalCrossentropy,
} from "../losses/crossentropy.ts";
import { categoricalHinge, hinge, squaredHinge } from "../losses/hinge.ts";
import {
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from "../losses/regression.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { pickOptions } from "../runtime/options.ts";
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./accuracy.ts";
import { AUC } from "./auc.ts";
import { FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives } from "./confusion.ts";
import { F1Score } from "./f-score.ts";
import { BinaryIoU } from "./intersection.ts";
import { type Direction, type Figure, MeanMetric, Metric } from "./metric.ts";
import { Perplexity } from "./perplexity.ts";
import {
  concordanceCorrelation,
  cosineSimilarity,
  pearsonCorrelation,
  R2Score,
  RootMeanSquaredError,
} from "./regression.ts";

export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type TopKOptions,
  topKCategoricalAccuracy,
} from "./accuracy.ts";
export { AUC, type AUCOptions } from "./auc.ts";
export * from "./bleu.ts";
export {
  FalseNegatives,
  FalsePositives,
  type PerThreshold,
  Precision,
  PrecisionAtRecall,
  type PrecisionOptions,
  Recall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
  type ThresholdOptions,
  type TradeOffOptions,
  TrueNegatives,
  TruePositives,
} from "./confusion.ts";
export * from "./f-score.ts";
export * from "./intersection.ts";
export { type Direction, type Figure, MeanMetric, Metric } from "./metric.ts";
export * from "./perplexity.ts";
export * from "./regression.ts";
export type { Counts } from "./thresholds.ts";
export { Mean, Sum } from "./totals.ts";

/** The names of the metrics that are the mean of a figure. */
export type FigureName =
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "topKCategoricalAccuracy"
  | "sparseTopKCategoricalAccuracy"
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "meanAbsolutePercentageError"
  | "meanSquaredLogarithmicError"
  | "cosineSimilarity"
  | "logCosh"
  | "poisson"
  | "pearsonCorrelation"
  | "concordanceCorrelation"
  | "hinge"
  | "squaredHinge"
  | "categoricalHinge"
  | "klDivergence"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "acc"
  | "mse"
  | "mae"
  | "mape"
  | "msle"
  | "bce";

const figures: { readonly [name in FigureName]: Figure } = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  meanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  cosineSimilarity,
  logCosh,
  poisson,
  pearsonCorrelation,
  concordanceCorrelation,
  hinge,
  squaredHinge,
  categoricalHinge,
  klDivergence,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  acc: accuracy,
  mse: meanSquaredError,
  mae: meanAbsoluteError,
  mape: meanAbsolutePercentageError,
  msle: meanSquaredLogarithmicError,
  bce: binaryCrossentropy,
};

/** The names of the metrics. */
export type MetricName =
  | FigureName
  | "rootMeanSquaredError"
  | "r2Score"
  | "truePositives"
  | "falsePositives"
  | "trueNegatives"
  | "falseNegatives"
  | "precision"
  | "recall"
  | "auc"
  | "f1Score"
  | "binaryIoU"
  | "perplexity";

const makers: { readonly [name in Exclude<MetricName, FigureName>]: (options?: object) => Metric } = {
  rootMeanSquaredError: (options) => new RootMeanSquaredError(options),
  r2Score: (options) => new R2Score(options),
  truePositives: (options) => new TruePositives(options),
  falsePositives: (options) => new FalsePositives(options),
  trueNegatives: (options) => new TrueNegatives(options),
  falseNegatives: (options) => new FalseNegatives(options),
  precision: (options) => new Precision(options),
  recall: (options) => new Recall(options),
  auc: (options) => new AUC(options),
  // One number for the log, where Keras logs a list.
  f1Score: (options) => new F1Score({ average: "macro", ...options }),
  binaryIoU: (options) => new BinaryIoU(options),
  perplexity: (options) => new Perplexity(options),
};

/** What metrics whose predictions are logits must be told. */
const ofLogits: Partial<Record<MetricName, object>> = {
  auc: { fromLogits: true },
  perplexity: { fromLogits: true },
  binaryIoU: { threshold: 0 },
};
for (const name of [
  "truePositives",
  "falsePositives",
  "trueNegatives",
  "falseNegatives",
  "precision",
  "recall",
] as const) {
  ofLogits[name] = { thresholds: 0 };
}

/** How a model is given a metric. */
export type MetricLike = MetricName | Metric | Figure;

/**
 * The metric of this name with these options, or the mean of a figure; metrics stay. `isOfLogits`: predictions are logits, of
 * which the library's own are told. ArgumentError for an unknown name, for a class, and for what needs probabilities.
 */
export function getMetric(metric: MetricLike, options?: object, isOfLogits = false): Metric {
  if (metric instanceof Metric) return metric;
  if (typeof metric === "function") {
    if (metric.prototype instanceof Metric) {
      throw new ArgumentError(`compile: metrics must be names, figures or made with new, got the class ${metric.name}`);
    }
    return new MeanMetric(metric.name || "metric", metric, isOfLogits ? optionsOfLogits(metric) : undefined);
  }
  const make = lookUp<(options?: object) => Metric>("metric", metric, metricMakers());
  if (!isOfLogits) return make(options);
  const figure = (figures as Partial<Record<string, Figure>>)[metric];
  return make({ ...(figure ? optionsOfLogits(figure) : ofLogits[metric]), ...options });
}

function optionsOfLogits(figure: Figure): object | undefined {
  if (figure === klDivergence) {
    throw new ArgumentError("compile: klDivergence must have probabilities, got the logits of a loss with fromLogits");
  }
  const { optionNames } = figure;
  return optionNames && pickOptions<object>({ fromLogits: true, threshold: 0 }, optionNames as Names<string> as never);
}

/** Which way the metric of this name gets better; undefined where there is none. @internal */
export function namedDirection(name: string): Direction | undefined {
  const make = Object.entries(metricMakers()).find(([known]) => known === name)?.[1];
  const metric = make?.();
  metric?.dispose();
  return metric?.direction;
}

/** What makes the metric of each name. */
function metricMakers(): { readonly [name: string]: (options?: object) => Metric } {
  const means = Object.entries<Figure>(figures).map(
    ([name, figure]) => [name, (options?: object) => new MeanMetric(name, figure, options)] as const,
  );
  return { ...Object.fromEntries(means), ...makers };
}
