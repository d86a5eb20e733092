// Regression metrics: errors, explained variance, correlations.
import { noGrad } from "../autograd/tape.ts";
import { axisOptions, metricOptions, r2Options } from "../generated/options.ts";
import { maskOf } from "../layers/masks.ts";
import { cosine } from "../losses/cosine.ts";
import { fittingMask } from "../losses/loss.ts";
import { EPSILON, requirePair, targetsFor } from "../losses/targets.ts";
import { add, div, mul, sub } from "../ops/arithmetic.ts";
import { broadcastTo, sum } from "../ops/broadcast.ts";
import { cast } from "../ops/compare.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import { stack } from "../ops/layout.ts";
import { mean } from "../ops/reduce.ts";
import { requireCount, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { full } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  defineFigure,
  defineMetric,
  type FigureFunction,
  GatheringMetric,
  MeanMetric,
  type MetricDefinition,
  type MetricOptions,
  weightOfEach,
  weightsOf,
} from "./metric.ts";
import { ShiftedTotals, weigh } from "./totals.ts";

/** Options of the metrics of vectors. */
export interface AxisOptions {
  /** The axis of the vectors; default the last. */
  axis?: number;
}

/**
 * Cosine similarity of yTrue and yPred: 1 for the same direction. The loss of this name has the opposite sign.
 * Shapes: `[batch, ..., width]` twice -> `[batch, ...]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for an axis out of range; DtypeError unless yPred is
 * f32.
 */
export const cosineSimilarity: FigureFunction<AxisOptions> = defineFigure(
  "cosineSimilarity",
  (yTrue, yPred, { axis = -1 }) => {
    return cosine(targetsFor("cosineSimilarity", yTrue, yPred), yPred, axis);
  },
  { direction: "max", optionNames: axisOptions },
);

/**
 * Pearson correlation of yTrue and yPred along an axis: covariance / (std(yTrue) std(yPred)); NaN where one is 0.
 * Shapes: `[batch, ..., width]` twice -> `[batch, ...]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for an axis out of range; DtypeError unless yPred is
 * f32.
 */
export const pearsonCorrelation: FigureFunction<AxisOptions> = defineFigure(
  "pearsonCorrelation",
  (yTrue, yPred, { axis = -1 }) => {
    const t = targetsFor("pearsonCorrelation", yTrue, yPred);
    const standard = (x: Tensor): Tensor => {
      const c = centred(x, axis);
      return div(c, sqrt(mean(square(c), axis, true)));
    };
    return mean(mul(standard(t), standard(yPred)), axis);
  },
  { direction: "max", optionNames: axisOptions },
);

/**
 * Concordance correlation along an axis: 2 covariance / (var(yTrue) + var(yPred) + (mean(yTrue) - mean(yPred))^2).
 * Shapes: `[batch, ..., width]` twice -> `[batch, ...]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for an axis out of range; DtypeError unless yPred is
 * f32.
 * Source: Lin 1989.
 */
export const concordanceCorrelation: FigureFunction<AxisOptions> = defineFigure(
  "concordanceCorrelation",
  (yTrue, yPred, { axis = -1 }) => {
    const t = targetsFor("concordanceCorrelation", yTrue, yPred);
    const [a, b] = [t, yPred].map((x) => centred(x, axis));
    const covariance = mean(mul(a, b), axis);
    const spread = add(mean(square(a), axis), mean(square(b), axis));
    const distance = square(sub(mean(t, axis), mean(yPred, axis)));
    return div(mul(covariance, 2), add(add(spread, distance), EPSILON));
  },
  { direction: "max", optionNames: axisOptions },
);

/** x without its mean, and then without the mean that rounding the first one left. */
function centred(x: Tensor, axis: number): Tensor {
  const rest = sub(x, mean(x, axis, true));
  return sub(rest, mean(rest, axis, true));
}

/** The metric that {@link rootMeanSquaredError} makes. */
export class RootMeanSquaredError extends MeanMetric {
  constructor(options: MetricOptions = {}) {
    super(options, (yTrue, yPred) => square(sub(yPred, targetsFor("rootMeanSquaredError", yTrue, yPred))));
  }

  override result(): number {
    return Math.sqrt(super.result());
  }
}

/**
 * Root mean squared error: sqrt(mean((yPred - yTrue)^2)) over all examples.
 * Shapes: `[batch, ...]` twice -> a number.
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const rootMeanSquaredError: MetricDefinition<typeof RootMeanSquaredError> = defineMetric(
  "rootMeanSquaredError",
  RootMeanSquaredError,
  { direction: "min", optionNames: metricOptions },
);

/** How the scores of several outputs are combined; null for a list. */
export type ClassAggregation = "uniformAverage" | "varianceWeightedAverage" | null;

/** Options of {@link R2Score}. */
export interface R2Options<A extends ClassAggregation = ClassAggregation> {
  /** "uniformAverage", the default, "varianceWeightedAverage", or null for a list with one number per output. */
  classAggregation?: A;
  /** Number of regressors, for the adjusted score where above 0; default 0. */
  numRegressors?: number;
  /** Its name in logs; default that of its kind. */
  name?: string;
}

/** The metric that {@link r2Score} makes. */
export class R2Score<A extends ClassAggregation = "uniformAverage"> extends GatheringMetric<
  A extends string ? number : number[]
> {
  /** @internal */
  protected gathered: ShiftedTotals | undefined;
  private readonly aggregation: ClassAggregation;
  private readonly numRegressors: number;

  constructor(options: R2Options<A> = {}) {
    super(options);
    const { numRegressors = 0, classAggregation = "uniformAverage" } = options;
    this.aggregation = classAggregation;
    if (![null, "uniformAverage", "varianceWeightedAverage"].includes(this.aggregation)) {
      throw new ArgumentError(
        `r2Score: classAggregation must be uniformAverage, varianceWeightedAverage or null, got ${textOf(this.aggregation)}`,
      );
    }
    this.numRegressors = numRegressors;
    requireCount("r2Score", "numRegressors", numRegressors, 0);
  }

  update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void {
    requirePair("r2Score", yTrue, yPred);
    if (yPred.rank !== 2)
      throw new ShapeError(`r2Score: yPred must be [batch, outputs], got ${formatShape(yPred.shape)}`);
    noGrad(() =>
      scope(() => {
        const t = targetsFor("r2Score", yTrue, yPred);
        const weights = weightOfEach("r2Score", t, weightsOf("r2Score", t, yPred, undefined, sampleWeight));
        const residuals = weigh(square(sub(t, yPred)), weights);
        const mask = fittingMask(t, maskOf(yPred));
        const numbers = mask ? mul(sum(cast(mask, "f32") as Tensor), t.size / mask.size) : full([], t.size);
        this.gathered ??= new ShiftedTotals(t.shape[1], 5);
        const distance = this.gathered.shifted(t);
        const weighted = mul(distance, weights);
        const sums = [weights, weighted, mul(distance, weighted), residuals].map((x) => sum(x, 0));
        this.gathered.add(stack([...sums, broadcastTo(numbers, [t.shape[1]]) as Tensor]));
      }),
    );
  }

  result(): A extends string ? number : number[] {
    return this.aggregate() as A extends string ? number : number[];
  }

  private aggregate(): number | number[] {
    const values = this.gathered?.values() ?? new Float64Array(5);
    const outputs = values.length / 5;
    const row = (i: number): Float64Array => values.subarray(i * outputs, (i + 1) * outputs);
    const [counts, sums, squares, residuals] = [0, 1, 2, 3].map(row);
    const variances = Array.from(squares, (s, i) => s - (sums[i] * sums[i]) / counts[i]);
    const scores = variances
      .map((v, i) => 1 - residuals[i] / v)
      .map((r) => (Math.abs(r) === Number.POSITIVE_INFINITY ? 0 : r));
    const n = row(4)[0];
    const free = n - this.numRegressors - 1;
    const adjusted = (r: number): number => (this.numRegressors > 0 && free > 0 ? 1 - ((1 - r) * (n - 1)) / free : r);
    const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
    if (this.aggregation === null) return scores.map(adjusted);
    if (this.aggregation === "uniformAverage") return adjusted(total(scores) / outputs);
    return adjusted(total(scores.map((r, i) => r * variances[i])) / total(variances));
  }
}

/**
 * R^2, the explained part of the variance: 1 - sum((yTrue - yPred)^2) / sum((yTrue - mean)^2); adjusted: 1 - (1 - R^2)
 * (n - 1) / (n - numRegressors - 1), n the count of all numbers.
 * Shapes: `[batch, outputs]` twice -> a number, or a list with classAggregation null.
 * Errors: ArgumentError for options out of range; ShapeError for other shapes; DtypeError unless yPred is f32.
 */
export const r2Score: MetricDefinition<
  typeof R2Score,
  <A extends ClassAggregation = "uniformAverage">(options?: R2Options<A>) => R2Score<A>
> = defineMetric("r2Score", R2Score, { direction: "max", optionNames: r2Options });
