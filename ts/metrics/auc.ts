// Area under the ROC and precision-recall curves.
import { noGrad } from "../autograd/tape.ts";
import { aucOptions } from "../generated/options.ts";
import { activations } from "../layers/activations.ts";
import { attachMask, maskOf } from "../layers/masks.ts";
import { MOST_LISTED, requireCount, requireList, requireRange } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineMetric, GatheringMetric, type MetricDefinition, type MetricOptions } from "./metric.ts";
import { type Counts, evenThresholds, precisionOf, quotient, recallOf, ThresholdCounts } from "./thresholds.ts";

/** Options of {@link AUC}. */
export interface AUCOptions extends MetricOptions {
  /** Number of thresholds, evenly spaced; default 200. */
  numThresholds?: number;
  /**
   * "ROC", the default: true positive rate over false positive rate; "PR": precision over recall; "PRGAIN": their
   * gains.
   */
  curve?: "ROC" | "PR" | "PRGAIN";
  /**
   * Between two points: "interpolation", the default (for PR that of Davis and Goadrich 2006), or the smaller
   * ("minoring") or larger ("majoring") of their heights.
   */
  summationMethod?: "interpolation" | "minoring" | "majoring";
  /**
   * The thresholds, from 0 to 1, one below and one above all predictions being added; default numThresholds even ones.
   */
  thresholds?: readonly number[];
  /** Whether each output of [batch, labels] has a curve of its own, whose areas are averaged; default false. */
  multiLabel?: boolean;
  /** Weight of each label; default 1. */
  labelWeights?: readonly number[];
  /** Whether yPred are logits; default false. */
  fromLogits?: boolean;
}

/** The outer thresholds: all predictions lie between them, even those that are no probabilities. */
const BEYOND = 1e30;

/** The metric that {@link auc} makes. */
export class AUC extends GatheringMetric {
  private readonly options: Required<Pick<AUCOptions, "curve" | "summationMethod" | "multiLabel" | "fromLogits">>;
  private readonly thresholds: readonly number[];
  private readonly labelWeights: readonly number[] | undefined;
  /** @internal */
  protected gathered: ThresholdCounts | undefined;
  private labels = 1;

  constructor(given: AUCOptions = {}) {
    super(given);
    const { thresholds, labelWeights, ...options } = given;
    const { numThresholds = 200, curve = "ROC", summationMethod = "interpolation" } = options;
    const { multiLabel = false, fromLogits = false } = options;
    requireCount("auc", "numThresholds", numThresholds, 2, MOST_LISTED);
    requireOne("curve", curve, ["ROC", "PR", "PRGAIN"]);
    requireOne("summationMethod", summationMethod, ["interpolation", "minoring", "majoring"]);
    for (const [option, list, greatest] of [
      ["thresholds", thresholds, 1] as const,
      ["labelWeights", labelWeights] as const,
    ]) {
      if (list === undefined) continue;
      requireList("auc", option, list);
      for (const x of list) requireRange("auc", option, x, 0, greatest);
    }
    const inner = thresholds ? [...thresholds].sort((a, b) => a - b) : evenThresholds(numThresholds).slice(1, -1);
    this.thresholds = [-BEYOND, ...inner, BEYOND];
    this.labelWeights = labelWeights && [...labelWeights];
    this.options = { curve, summationMethod, multiLabel, fromLogits };
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const { multiLabel, fromLogits } = this.options;
    if (multiLabel && yPred.rank !== 2) {
      throw new ShapeError(`auc: with multiLabel, yPred must be [batch, labels], got ${formatShape(yPred.shape)}`);
    }
    if (this.gathered === undefined) {
      if (multiLabel) this.labels = yPred.shape[1];
      this.gathered = new ThresholdCounts("auc", this.thresholds, this.labels);
    }
    if (multiLabel) {
      const { labels } = this;
      const counts = [yPred.shape[1], this.labelWeights?.length ?? labels];
      if (counts.some((count) => count !== labels)) {
        throw new ShapeError(
          `auc: yPred and labelWeights must be of as many labels as before, got ${counts.join(" and ")} for ${labels}`,
        );
      }
    }
    const { gathered } = this;
    noGrad(() =>
      scope(() => {
        const answers = fromLogits ? attachMask(activations.sigmoid(yPred), maskOf(yPred)) : yPred;
        const weights = multiLabel || !this.labelWeights ? undefined : tensor([...this.labelWeights]);
        gathered.add(yTrue, answers, sampleWeight, {}, weights);
      }),
    );
  }

  /** 0 before the first update. */
  result(): number {
    const { gathered } = this;
    if (gathered === undefined) return 0;
    const areas = Array.from({ length: this.labels }, (_, label) => this.area(gathered.counts(label)));
    const weights = areas.map((_, i) => (this.options.multiLabel ? (this.labelWeights?.[i] ?? 1) : 1));
    const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
    return quotient(total(areas.map((area, i) => (weights[i] === 0 ? 0 : area * weights[i]))), total(weights));
  }

  /** The area under the curve through these points, whose thresholds ascend. */
  private area(points: readonly Counts[]): number {
    const { curve, summationMethod } = this.options;
    if (curve === "PR" && summationMethod === "interpolation") return interpolatedPrecision(points);
    const positions = points.map((point) => position[curve](point));
    const height = heights[summationMethod];
    let sum = 0;
    for (let i = 0; i + 1 < positions.length; i++) {
      const [[x, y], [nextX, nextY]] = [positions[i], positions[i + 1]];
      sum += (x - nextX) * height(y, nextY);
    }
    return sum;
  }
}

/**
 * Area under the ROC or precision-recall curve, approximated by a sum over thresholds.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, ...]`, with multiLabel `[batch, labels]` -> a number.
 * Errors: ArgumentError for options out of range, and for targets other than 0 and 1; ShapeError for shapes that do not
 * fit.
 */
export const auc: MetricDefinition<typeof AUC> = defineMetric("auc", AUC, {
  direction: "max",
  optionNames: aucOptions,
  ofLogits: { fromLogits: true },
});

const heights = {
  interpolation: (a: number, b: number): number => (a + b) / 2,
  minoring: Math.min,
  majoring: Math.max,
};

/** Coordinates of a point of each curve. */
const position = {
  ROC: (counts: Counts): [number, number] => {
    const { falsePositives, trueNegatives } = counts;
    return [quotient(falsePositives, falsePositives + trueNegatives), recallOf(counts)];
  },
  PR: (counts: Counts): [number, number] => [recallOf(counts), precisionOf(counts)],
  /** Flach and Kull, "Precision-recall-gain curves" (2015). */
  PRGAIN: ({ truePositives, falsePositives, trueNegatives, falseNegatives }: Counts): [number, number] => {
    if (truePositives === 0) return [0, 1];
    const odds = quotient(truePositives + falseNegatives, trueNegatives + falsePositives);
    const gain = (wrong: number): number => 1 - (odds * wrong) / truePositives;
    return [Math.max(gain(falseNegatives), 0), gain(falsePositives)];
  },
};

/** Between two points, true positives grow linearly with all positives, and precision as it follows from that. */
function interpolatedPrecision(points: readonly Counts[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < points.length; i++) {
    const [low, high] = [points[i], points[i + 1]];
    const [all, fewer] = [low, high].map(({ truePositives, falsePositives }) => truePositives + falsePositives);
    const gained = low.truePositives - high.truePositives;
    const slope = quotient(gained, Math.max(all - fewer, 0));
    const intercept = high.truePositives - slope * fewer;
    const ratio = all > 0 && fewer > 0 ? all / fewer : 1;
    const increment = slope * (gained + intercept * Math.log(ratio));
    sum += quotient(increment, high.truePositives + high.falseNegatives);
  }
  return sum;
}

function requireOne(what: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new ArgumentError(`auc: ${what} must be one of ${known.join(", ")}, got ${value}`);
}
