// The metrics, and finding them by name.
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
import { type Figure, MeanMetric, Metric } from "./metric.ts";
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
export { type Figure, MeanMetric, Metric } from "./metric.ts";
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

const makers: { readonly [name in Exclude<MetricName, FigureName>]: () => Metric } = {
  rootMeanSquaredError: () => new RootMeanSquaredError(),
  r2Score: () => new R2Score(),
  truePositives: () => new TruePositives(),
  falsePositives: () => new FalsePositives(),
  trueNegatives: () => new TrueNegatives(),
  falseNegatives: () => new FalseNegatives(),
  precision: () => new Precision(),
  recall: () => new Recall(),
  auc: () => new AUC(),
  // One number for the log, where Keras logs a list.
  f1Score: () => new F1Score({ average: "macro" }),
  binaryIoU: () => new BinaryIoU(),
  perplexity: () => new Perplexity(),
};

/** How a model is given a metric. */
export type MetricLike = MetricName | Metric | Figure;

/** The metric of this name, or the mean of a figure of one's own; metrics stay. ArgumentError for an unknown name. */
export function getMetric(metric: MetricLike): Metric {
  if (metric instanceof Metric) return metric;
  if (typeof metric === "function") return new MeanMetric(metric.name || "metric", metric);
  return lookUp<() => Metric>("metric", metric, metricMakers())();
}

/** What makes the metric of each name. */
function metricMakers(): { readonly [name: string]: () => Metric } {
  const means = Object.entries<Figure>(figures).map(
    ([name, figure]) => [name, () => new MeanMetric(name, figure)] as const,
  );
  return { ...Object.fromEntries(means), ...makers };
}
