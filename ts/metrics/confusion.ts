// Metrics of binary predictions: true and false positives and negatives, precision, recall, and one rate at a fixed
// other.
import {
  precisionAtRecallOptions,
  precisionOptions,
  recallAtPrecisionOptions,
  sensitivityAtSpecificityOptions,
  specificityAtSensitivityOptions,
  thresholdOptions,
} from "../generated/options.ts";
import { MOST_LISTED, requireCount, requireList, requireRange } from "../runtime/arguments.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineMetric, GatheringMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";
import {
  type Counts,
  evenThresholds,
  LOWEST,
  precisionOf,
  quotient,
  recallOf,
  type Selection,
  ThresholdCounts,
} from "./thresholds.ts";

/** A number for one threshold, a list for several. */
export type PerThreshold<T> = T extends readonly number[] ? number[] : number;

/** Options of the metrics at thresholds. */
export interface ThresholdOptions<T extends number | readonly number[] = number | readonly number[]>
  extends MetricOptions {
  /** Predictions above it are positive, from 0 to 1: one, or several for a list of results; default 0.5. */
  thresholds?: T;
}

/** Options of {@link Precision} and {@link Recall}. */
export interface PrecisionOptions<T extends number | readonly number[] = number | readonly number[]>
  extends ThresholdOptions<T>,
    Selection {}

/** The threshold of logits: probability 0.5. */
const ofLogits = { thresholds: 0 };

/** A metric of the confusion counts at each threshold. */
abstract class CountMetric<T extends number | readonly number[]> extends GatheringMetric<PerThreshold<T>> {
  /** @internal */
  protected readonly gathered: ThresholdCounts;
  private readonly selection: Selection;
  private readonly isList: boolean;

  constructor(options: PrecisionOptions<T> = {}) {
    super(options);
    const { thresholds, classId, topK } = options;
    const { kind } = this;
    const list: readonly number[] =
      typeof thresholds === "number" ? [thresholds] : (thresholds ?? [topK === undefined ? 0.5 : LOWEST]);
    requireList(kind, "thresholds", list);
    if (thresholds !== undefined) for (const x of list) requireRange(kind, "thresholds", x, 0, 1);
    this.gathered = new ThresholdCounts(kind, list);
    this.selection = { classId, topK };
    this.isList = list.length > 1;
  }

  /** The figure at one threshold. */
  protected abstract figure(counts: Counts): number;

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight, this.selection);
  }

  result(): PerThreshold<T> {
    const figures = this.gathered.counts().map((counts) => this.figure(counts));
    return (this.isList ? figures : figures[0]) as PerThreshold<T>;
  }
}

/** The metric that {@link truePositives} makes. */
export class TruePositives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ truePositives }: Counts): number {
    return truePositives;
  }
}

/**
 * Number of true positives.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for thresholds outside [0, 1] and targets other than 0 and 1; ShapeError unless yTrue has
 * yPred's shape.
 */
export const truePositives: MetricDefinition<
  typeof TruePositives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => TruePositives<T>
> = defineMetric("truePositives", TruePositives, { direction: "max", optionNames: thresholdOptions, ofLogits });

/** The metric that {@link falsePositives} makes. */
export class FalsePositives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ falsePositives }: Counts): number {
    return falsePositives;
  }
}

/**
 * Number of false positives.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for thresholds outside [0, 1] and targets other than 0 and 1; ShapeError unless yTrue has
 * yPred's shape.
 */
export const falsePositives: MetricDefinition<
  typeof FalsePositives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => FalsePositives<T>
> = defineMetric("falsePositives", FalsePositives, { direction: "min", optionNames: thresholdOptions, ofLogits });

/** The metric that {@link trueNegatives} makes. */
export class TrueNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ trueNegatives }: Counts): number {
    return trueNegatives;
  }
}

/**
 * Number of true negatives.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for thresholds outside [0, 1] and targets other than 0 and 1; ShapeError unless yTrue has
 * yPred's shape.
 */
export const trueNegatives: MetricDefinition<
  typeof TrueNegatives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => TrueNegatives<T>
> = defineMetric("trueNegatives", TrueNegatives, { direction: "max", optionNames: thresholdOptions, ofLogits });

/** The metric that {@link falseNegatives} makes. */
export class FalseNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ falseNegatives }: Counts): number {
    return falseNegatives;
  }
}

/**
 * Number of false negatives.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for thresholds outside [0, 1] and targets other than 0 and 1; ShapeError unless yTrue has
 * yPred's shape.
 */
export const falseNegatives: MetricDefinition<
  typeof FalseNegatives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => FalseNegatives<T>
> = defineMetric("falseNegatives", FalseNegatives, { direction: "min", optionNames: thresholdOptions, ofLogits });

/** The metric that {@link precision} makes. */
export class Precision<T extends number | readonly number[] = number> extends CountMetric<T> {
  protected figure(counts: Counts): number {
    return precisionOf(counts);
  }
}

/**
 * Precision: true positives / all predicted positives; 0 where there are none.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const precision: MetricDefinition<
  typeof Precision,
  <T extends number | readonly number[] = number>(options?: PrecisionOptions<T>) => Precision<T>
> = defineMetric("precision", Precision, { direction: "max", optionNames: precisionOptions, ofLogits });

/** The metric that {@link recall} makes. */
export class Recall<T extends number | readonly number[] = number> extends CountMetric<T> {
  protected figure(counts: Counts): number {
    return recallOf(counts);
  }
}

/**
 * Recall: true positives / all actual positives; 0 where there are none.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number, or a list for several thresholds.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const recall: MetricDefinition<
  typeof Recall,
  <T extends number | readonly number[] = number>(options?: PrecisionOptions<T>) => Recall<T>
> = defineMetric("recall", Recall, { direction: "max", optionNames: precisionOptions, ofLogits });

const specificityOf = ({ trueNegatives, falsePositives }: Counts): number =>
  quotient(trueNegatives, trueNegatives + falsePositives);

/** Options of the metrics that fix one rate and report another. */
export interface TradeOffOptions extends MetricOptions {
  /** Number of thresholds tried, evenly spaced from 0 to 1; default 200. */
  numThresholds?: number;
  /** The positive class; default: every output is a prediction of its own. */
  classId?: number;
}

/** The best of one rate over the thresholds at which another is at least the given one. */
abstract class TradeOff extends GatheringMetric {
  /** @internal */
  protected readonly gathered: ThresholdCounts;
  private readonly selection: Selection;
  private readonly least: number;
  private readonly held: (counts: Counts) => number;
  private readonly best: (counts: Counts) => number;

  /** `option` has the least value of what is held. */
  constructor(
    options: TradeOffOptions,
    option: string,
    held: (counts: Counts) => number,
    best: (counts: Counts) => number,
  ) {
    super(options);
    const { numThresholds = 200, classId } = options;
    const { kind } = this;
    const least = (options as { readonly [option: string]: unknown })[option] as number;
    requireRange(kind, option, least, 0, 1);
    requireCount(kind, "numThresholds", numThresholds, 1, MOST_LISTED);
    this.gathered = new ThresholdCounts(kind, evenThresholds(numThresholds));
    this.selection = { classId };
    this.least = least;
    this.held = held;
    this.best = best;
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    this.gathered.add(yTrue, yPred, sampleWeight, this.selection);
  }

  result(): number {
    const feasible = this.gathered.counts().filter((counts) => !(this.held(counts) < this.least));
    return feasible.reduce((most, counts) => Math.max(most, this.best(counts)), 0);
  }
}

/** Options of {@link SensitivityAtSpecificity}. */
export interface SensitivityAtSpecificityOptions extends TradeOffOptions {
  /** The minimum specificity, from 0 to 1. */
  specificity: number;
}

/** The metric that {@link sensitivityAtSpecificity} makes. */
export class SensitivityAtSpecificity extends TradeOff {
  constructor(options: SensitivityAtSpecificityOptions) {
    super(options, "specificity", specificityOf, recallOf);
  }
}

/**
 * The best sensitivity (recall of positives) at a specificity (recall of negatives) of at least the given one.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const sensitivityAtSpecificity: MetricDefinition<typeof SensitivityAtSpecificity> = defineMetric(
  "sensitivityAtSpecificity",
  SensitivityAtSpecificity,
  { direction: "max", optionNames: sensitivityAtSpecificityOptions },
);

/** Options of {@link SpecificityAtSensitivity}. */
export interface SpecificityAtSensitivityOptions extends TradeOffOptions {
  /** The minimum sensitivity, from 0 to 1. */
  sensitivity: number;
}

/** The metric that {@link specificityAtSensitivity} makes. */
export class SpecificityAtSensitivity extends TradeOff {
  constructor(options: SpecificityAtSensitivityOptions) {
    super(options, "sensitivity", recallOf, specificityOf);
  }
}

/**
 * The best specificity at a sensitivity of at least the given one.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const specificityAtSensitivity: MetricDefinition<typeof SpecificityAtSensitivity> = defineMetric(
  "specificityAtSensitivity",
  SpecificityAtSensitivity,
  { direction: "max", optionNames: specificityAtSensitivityOptions },
);

/** Options of {@link PrecisionAtRecall}. */
export interface PrecisionAtRecallOptions extends TradeOffOptions {
  /** The minimum recall, from 0 to 1. */
  recall: number;
}

/** The metric that {@link precisionAtRecall} makes. */
export class PrecisionAtRecall extends TradeOff {
  constructor(options: PrecisionAtRecallOptions) {
    super(options, "recall", recallOf, precisionOf);
  }
}

/**
 * The best precision at a recall of at least the given one.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const precisionAtRecall: MetricDefinition<typeof PrecisionAtRecall> = defineMetric(
  "precisionAtRecall",
  PrecisionAtRecall,
  { direction: "max", optionNames: precisionAtRecallOptions },
);

/** Options of {@link RecallAtPrecision}. */
export interface RecallAtPrecisionOptions extends TradeOffOptions {
  /** The minimum precision, from 0 to 1. */
  precision: number;
}

/** The metric that {@link recallAtPrecision} makes. */
export class RecallAtPrecision extends TradeOff {
  constructor(options: RecallAtPrecisionOptions) {
    super(options, "precision", precisionOf, recallOf);
  }
}

/**
 * The best recall at a precision of at least the given one.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ..., classes]` -> a number.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for shapes or a classId
 * that do not fit.
 */
export const recallAtPrecision: MetricDefinition<typeof RecallAtPrecision> = defineMetric(
  "recallAtPrecision",
  RecallAtPrecision,
  { direction: "max", optionNames: recallAtPrecisionOptions },
);
