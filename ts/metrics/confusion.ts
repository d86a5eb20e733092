// Metrics of yes and no: true and false positives and negatives, precision, recall, and one of two at a given other.
import { precisionOptions, thresholdOptions, tradeOffOptions } from "../generated/options.ts";
import { MOST_LISTED, requireCount, requireList, requireRange } from "../runtime/arguments.ts";
import { checkOptions } from "../runtime/options.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { GatheringMetric } from "./metric.ts";
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
export interface ThresholdOptions<T extends number | readonly number[] = number | readonly number[]> {
  /** What an answer must exceed to be a yes, from 0 to 1: one, or several for a list of results; default 0.5. */
  thresholds?: T;
  name?: string;
}

/** Options of `Precision` and `Recall`. */
export interface PrecisionOptions<T extends number | readonly number[] = number | readonly number[]>
  extends ThresholdOptions<T>,
    Selection {}

/** A figure of the counts at each threshold. */
abstract class CountMetric<T extends number | readonly number[]> extends GatheringMetric<PerThreshold<T>> {
  /** @internal */
  protected readonly gathered: ThresholdCounts;
  private readonly selection: Selection;
  private readonly isList: boolean;

  constructor(kind: string, { thresholds, classId, topK, name }: PrecisionOptions<T>) {
    super(name ?? kind, kind.startsWith("false") ? "min" : "max");
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
    super("truePositives", checkOptions("TruePositives", options, thresholdOptions, new.target === TruePositives));
  }

  protected figure({ truePositives }: Counts): number {
    return truePositives;
  }
}

/** How many answers are wrongly yes. */
export class FalsePositives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super("falsePositives", checkOptions("FalsePositives", options, thresholdOptions, new.target === FalsePositives));
  }

  protected figure({ falsePositives }: Counts): number {
    return falsePositives;
  }
}

/** How many answers are rightly no. */
export class TrueNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super("trueNegatives", checkOptions("TrueNegatives", options, thresholdOptions, new.target === TrueNegatives));
  }

  protected figure({ trueNegatives }: Counts): number {
    return trueNegatives;
  }
}

/** How many answers are wrongly no. */
export class FalseNegatives<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: ThresholdOptions<T> = {}) {
    super("falseNegatives", checkOptions("FalseNegatives", options, thresholdOptions, new.target === FalseNegatives));
  }

  protected figure({ falseNegatives }: Counts): number {
    return falseNegatives;
  }
}

/** The part of the answers yes that is right; 0 where there is none. */
export class Precision<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: PrecisionOptions<T> = {}) {
    super("precision", checkOptions("Precision", options, precisionOptions, new.target === Precision));
  }

  protected figure(counts: Counts): number {
    return precisionOf(counts);
  }
}

/** The part of what is true that is answered yes; 0 where nothing is. */
export class Recall<T extends number | readonly number[] = number> extends CountMetric<T> {
  constructor(options: PrecisionOptions<T> = {}) {
    super("recall", checkOptions("Recall", options, precisionOptions, new.target === Recall));
  }

  protected figure(counts: Counts): number {
    return recallOf(counts);
  }
}

const specificityOf = ({ trueNegatives, falsePositives }: Counts): number =>
  quotient(trueNegatives, trueNegatives + falsePositives);

/** Options of the metrics that hold one figure at a value. */
export interface TradeOffOptions {
  /** How many thresholds are tried, evenly spaced from 0 to 1; default 200. */
  numThresholds?: number;
  /** The class that counts as positive; default: every output is an answer of its own. */
  classId?: number;
  name?: string;
}

/** The best of one figure over the thresholds at which another is at least as large as wanted. */
abstract class TradeOff extends GatheringMetric {
  /** @internal */
  protected readonly gathered: ThresholdCounts;
  private readonly selection: Selection;
  private readonly least: number;
  private readonly held: (counts: Counts) => number;
  private readonly best: (counts: Counts) => number;

  constructor(
    kind: string,
    least: number,
    held: (counts: Counts) => number,
    best: (counts: Counts) => number,
    { numThresholds = 200, classId, name = kind }: TradeOffOptions,
  ) {
    super(name, "max");
    requireRange(kind, "the value", least, 0, 1);
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

/** The best sensitivity (recall of what is true) where the specificity (recall of what is false) is at least as given. */
export class SensitivityAtSpecificity extends TradeOff {
  constructor(specificity: number, options: TradeOffOptions = {}) {
    super(
      "sensitivityAtSpecificity",
      specificity,
      specificityOf,
      recallOf,
      checkOptions("SensitivityAtSpecificity", options, tradeOffOptions, new.target === SensitivityAtSpecificity),
    );
  }
}

/** The best specificity where the sensitivity is at least as given. */
export class SpecificityAtSensitivity extends TradeOff {
  constructor(sensitivity: number, options: TradeOffOptions = {}) {
    super(
      "specificityAtSensitivity",
      sensitivity,
      recallOf,
      specificityOf,
      checkOptions("SpecificityAtSensitivity", options, tradeOffOptions, new.target === SpecificityAtSensitivity),
    );
  }
}

/** The best precision where the recall is at least as given. */
export class PrecisionAtRecall extends TradeOff {
  constructor(recall: number, options: TradeOffOptions = {}) {
    super(
      "precisionAtRecall",
      recall,
      recallOf,
      precisionOf,
      checkOptions("PrecisionAtRecall", options, tradeOffOptions, new.target === PrecisionAtRecall),
    );
  }
}

/** The best recall where the precision is at least as given. */
export class RecallAtPrecision extends TradeOff {
  constructor(precision: number, options: TradeOffOptions = {}) {
    super(
      "recallAtPrecision",
      precision,
      precisionOf,
      recallOf,
      checkOptions("RecallAtPrecision", options, tradeOffOptions, new.target === RecallAtPrecision),
    );
  }
}
