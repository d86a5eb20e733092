// F-scores: the weighted harmonic mean of precision and recall.
import { noGrad } from "../autograd/tape.ts";
import { f1Options, fBetaOptions } from "../generated/options.ts";
import { EPSILON, requireFlags, requirePair, targetsFor } from "../losses/targets.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, greater, greaterEqual, logicalAnd, notEqual } from "../ops/compare.ts";
import { abs } from "../ops/elementwise.ts";
import { stack } from "../ops/layout.ts";
import { max } from "../ops/reduce.ts";
import { ABOVE_0, requireRange } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  defineMetric,
  GatheringMetric,
  type MetricDefinition,
  type MetricOptions,
  spoiledBy,
  weightOfEach,
  weightsOf,
} from "./metric.ts";
import { Totals } from "./totals.ts";

/** How the classes' scores are combined; undefined for a list. */
export type Average = "micro" | "macro" | "weighted" | undefined;

/** Options of {@link F1Score}. */
export interface F1Options<A extends Average = Average> extends MetricOptions {
  /**
   * "micro": over all predictions of all classes; "macro": the mean of the classes' scores; "weighted": that weighted
   * by how many are actually positive; default: a list.
   */
  average?: A;
  /** Predictions above it are positive, above 0 and at most 1; default: only an example's largest is. */
  threshold?: number;
}

/** Options of {@link FBetaScore}. */
export interface FBetaOptions<A extends Average = Average> extends F1Options<A> {
  /** How many times as much recall counts as precision; default 1. */
  beta?: number;
}

/** The metric that {@link fBetaScore} makes. */
export class FBetaScore<A extends Average = undefined> extends GatheringMetric<A extends string ? number : number[]> {
  private readonly average: Average;
  private readonly beta: number;
  private readonly threshold: number | undefined;
  /** For each class: true positives, predicted positives, actual positives. @internal */
  protected gathered: Totals | undefined;

  constructor(options: FBetaOptions<A> = {}) {
    super(options);
    const { average, threshold, beta = 1 } = options;
    if (![undefined, "micro", "macro", "weighted"].includes(average)) {
      throw new ArgumentError(
        `${this.kind}: average must be one of micro, macro, weighted, or nothing, got ${average}`,
      );
    }
    requireRange(this.kind, "beta", beta, ABOVE_0);
    if (threshold !== undefined) requireRange(this.kind, "threshold", threshold, ABOVE_0, 1);
    this.average = average;
    this.beta = beta;
    this.threshold = threshold;
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    requirePair(this.kind, yTrue, yPred);
    if (yPred.rank !== 2) {
      throw new ShapeError(`${this.kind}: yPred must be [batch, classes], got ${formatShape(yPred.shape)}`);
    }
    noGrad(() =>
      scope(() => {
        const truth = targetsFor(this.kind, yTrue, yPred);
        const said = cast(this.answers(yPred), "f32") as Tensor;
        const given = weightsOf(this.kind, yPred, yPred, undefined, sampleWeight);
        // Without a threshold each prediction depends on its whole row.
        const told = this.threshold === undefined ? max(yPred, -1, true) : yPred;
        const own = weightOfEach(this.kind, yPred, given);
        requireFlags(this.kind, truth, given && notEqual(own, 0));
        const weights = spoiledBy(told, own);
        const total = (x: Tensor): Tensor => sum(mul(x, weights), 0);
        this.gathered ??= new Totals(3 * yPred.shape[1]);
        this.gathered.add(stack([mul(said, truth), said, truth].map(total)));
      }),
    );
  }

  private answers(yPred: Tensor): Tensor<"bool"> {
    if (this.threshold !== undefined) return greater(yPred, this.threshold);
    // A row of zeros predicts nothing.
    return logicalAnd(greaterEqual(yPred, max(yPred, -1, true)), greater(abs(yPred), 1e-9));
  }

  result(): A extends string ? number : number[] {
    return this.aggregate() as A extends string ? number : number[];
  }

  private aggregate(): number | number[] {
    const values = this.gathered?.values() ?? new Float64Array(3);
    const classes = values.length / 3;
    const [hits, said, truth] = [0, 1, 2].map((i) => values.subarray(i * classes, (i + 1) * classes));
    const total = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0);
    if (this.average === "micro") return this.score(total(hits), total(said), total(truth));
    const scores = Array.from(hits, (hit, i) => this.score(hit, said[i], truth[i]));
    if (this.average === "macro") return total(scores) / classes;
    if (this.average === "weighted")
      return total(scores.map((score, i) => score * truth[i])) / (total(truth) + EPSILON);
    return scores;
  }

  private score(hits: number, said: number, truth: number): number {
    const square = this.beta * this.beta;
    const [precision, recall] = [hits / (said + EPSILON), hits / (truth + EPSILON)];
    return ((1 + square) * precision * recall) / (square * precision + recall + EPSILON);
  }
}

/** The metric that {@link f1Score} makes. */
export class F1Score<A extends Average = undefined> extends FBetaScore<A> {
  constructor(options: F1Options<A> = {}) {
    super(options);
  }
}

const details = { direction: "max", byName: { average: "macro" } } as const;

/**
 * F-beta score: (1 + beta^2) precision recall / (beta^2 precision + recall). By name alone, the mean over classes.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, classes]` -> a list with one number per class, or a number with
 * average.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for other shapes.
 */
export const fBetaScore: MetricDefinition<
  typeof FBetaScore,
  <A extends Average = undefined>(options?: FBetaOptions<A>) => FBetaScore<A>
> = defineMetric("fBetaScore", FBetaScore, { ...details, optionNames: fBetaOptions });

/**
 * F1 score: 2 precision recall / (precision + recall). By name alone, the mean over classes.
 * Shapes: yTrue of 0 and 1 and yPred, both `[batch, classes]` -> a list with one number per class, or a number with
 * average.
 * Errors: ArgumentError for options out of range and targets other than 0 and 1; ShapeError for other shapes.
 */
export const f1Score: MetricDefinition<
  typeof F1Score,
  <A extends Average = undefined>(options?: F1Options<A>) => F1Score<A>
> = defineMetric("f1Score", F1Score, { ...details, optionNames: f1Options });
