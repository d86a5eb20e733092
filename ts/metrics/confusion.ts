// Metrics of yes and no: true and false positives and negatives, precision, recall, and one of two at a given other.
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
  /** What an answer must exceed to be a yes, from 0 to 1: one, or several for a list of results; default 0.5. */
  thresholds?: T;
}

/** Options of `Precision` and `Recall`. */
export interface PrecisionOptions<T extends number | readonly number[] = number | readonly number[]>
  extends ThresholdOptions<T>,
    Selection {}

/** Where logits are cut: at the probability 0.5. */
const ofLogits = { thresholds: 0 };

/** A figure of the counts at each threshold. */
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

/** How many answers are rightly yes. */
export class TruePositives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ truePositives }: Counts): number {
    return truePositives;
  }
}

/** How many answers are rightly yes; see `TruePositives`. */
export const truePositives: MetricDefinition<
  typeof TruePositives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => TruePositives<T>
> = defineMetric("truePositives", TruePositives, { direction: "max", optionNames: thresholdOptions, ofLogits });

/** How many answers are wrongly yes. */
export class FalsePositives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ falsePositives }: Counts): number {
    return falsePositives;
  }
}

/** How many answers are wrongly yes; see `FalsePositives`. */
export const falsePositives: MetricDefinition<
  typeof FalsePositives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => FalsePositives<T>
> = defineMetric("falsePositives", FalsePositives, { direction: "min", optionNames: thresholdOptions, ofLogits });

/** How many answers are rightly no. */
export class TrueNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ trueNegatives }: Counts): number {
    return trueNegatives;
  }
}

/** How many answers are rightly no; see `TrueNegatives`. */
export const trueNegatives: MetricDefinition<
  typeof TrueNegatives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => TrueNegatives<T>
> = defineMetric("trueNegatives", TrueNegatives, { direction: "max", optionNames: thresholdOptions, ofLogits });

/** How many answers are wrongly no. */
export class FalseNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super(options);
  }

  protected figure({ falseNegatives }: Counts): number {
    return falseNegatives;
  }
}

/** How many answers are wrongly no; see `FalseNegatives`. */
export const falseNegatives: MetricDefinition<
  typeof FalseNegatives,
  <T extends number | readonly number[] = number>(options?: ThresholdOptions<T>) => FalseNegatives<T>
> = defineMetric("falseNegatives", FalseNegatives, { direction: "min", optionNames: thresholdOptions, ofLogits });

/** The part of the answers yes that is right; 0 where there is none. */
export class Precision<T extends number | readonly number[] = number> extends CountMetric<T> {
  protected figure(counts: Counts): number {
    return precisionOf(counts);
  }
}

/** The part of the answers yes that is right; 0 where there is none; see `Precision`. */
export const precision: MetricDefinition<
  typeof Precision,
  <T extends number | readonly number[] = number>(options?: PrecisionOptions<T>) => Precision<T>
> = defineMetric("precision", Precision, { direction: "max", optionNames: precisionOptions, ofLogits });

/** The part of what is true that is answered yes; 0 where nothing is. */
export class Recall<T extends number | readonly number[] = number> extends CountMetric<T> {
  protected figure(counts: Counts): number {
    return recallOf(counts);
  }
}

/** The part of what is true that is answered yes; 0 where nothing is; see `Recall`. */
export const recall: MetricDefinition<
  typeof Recall,
  <T extends number | readonly number[] = number>(options?: PrecisionOptions<T>) => Recall<T>
> = defineMetric("recall", Recall, { direction: "max", optionNames: precisionOptions, ofLogits });

const specificityOf = ({ trueNegatives, falsePositives }: Counts): number =>
  quotient(trueNegatives, trueNegatives + falsePositives);

/** Options of the metrics that hold one figure at a value. */
export interface TradeOffOptions extends MetricOptions {
  /** How many thresholds are tried, evenly spaced from 0 to 1; default 200. */
  numThresholds?: number;
  /** The class that counts as positive; default: every output is an answer of its own. */
  classId?: number;
}

/** The best of one figure over the thresholds at which another is at least as large as wanted. */
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

/** Options of `SensitivityAtSpecificity`. */
export interface SensitivityAtSpecificityOptions extends TradeOffOptions {
  /** The least specificity, from 0 to 1. */
  specificity: number;
}

/** The best sensitivity (recall of what is true) where the specificity (recall of what is false) is at least as given. */
export class SensitivityAtSpecificity extends TradeOff {
  constructor(options: SensitivityAtSpecificityOptions) {
    super(options, "specificity", specificityOf, recallOf);
  }
}

/** The best sensitivity (recall of what is true) where the specificity (recall of what is false) is at least as given; see `SensitivityAtSpecificity`. */
export const sensitivityAtSpecificity: MetricDefinition<typeof SensitivityAtSpecificity> = defineMetric(
  "sensitivityAtSpecificity",
  SensitivityAtSpecificity,
  { direction: "max", optionNames: sensitivityAtSpecificityOptions },
);

/** Options of `SpecificityAtSensitivity`. */
export interface SpecificityAtSensitivityOptions extends TradeOffOptions {
  /** The least sensitivity, from 0 to 1. */
  sensitivity: number;
}

/** The best specificity where the sensitivity is at least as given. */
export class SpecificityAtSensitivity extends TradeOff {
  constructor(options: SpecificityAtSensitivityOptions) {
    super(options, "sensitivity", recallOf, specificityOf);
  }
}

/** The best specificity where the sensitivity is at least as given; see `SpecificityAtSensitivity`. */
export const specificityAtSensitivity: MetricDefinition<typeof SpecificityAtSensitivity> = defineMetric(
  "specificityAtSensitivity",
  SpecificityAtSensitivity,
  { direction: "max", optionNames: specificityAtSensitivityOptions },
);

/** Options of `PrecisionAtRecall`. */
export interface PrecisionAtRecallOptions extends TradeOffOptions {
  /** The least recall, from 0 to 1. */
  recall: number;
}

/** The best precision where the recall is at least as given. */
export class PrecisionAtRecall extends TradeOff {
  constructor(options: PrecisionAtRecallOptions) {
    super(options, "recall", recallOf, precisionOf);
  }
}

/** The best precision where the recall is at least as given; see `PrecisionAtRecall`. */
export const precisionAtRecall: MetricDefinition<typeof PrecisionAtRecall> = defineMetric(
  "precisionAtRecall",
  PrecisionAtRecall,
  { direction: "max", optionNames: precisionAtRecallOptions },
);

/** Options of `RecallAtPrecision`. */
export interface RecallAtPrecisionOptions extends TradeOffOptions {
  /** The least precision, from 0 to 1. */
  precision: number;
}

/** The best recall where the precision is at least as given. */
export class RecallAtPrecision extends TradeOff {
  constructor(options: RecallAtPrecisionOptions) {
    super(options, "precision", precisionOf, recallOf);
  }
}

/** The best recall where the precision is at least as given; see `RecallAtPrecision`. */
export const recallAtPrecision: MetricDefinition<typeof RecallAtPrecision> = defineMetric(
  "recallAtPrecision",
  RecallAtPrecision,
  { direction: "max", optionNames: recallAtPrecisionOptions },
);
