// Confusion counts at many thresholds at once: each prediction is counted by how many thresholds it exceeds, so that
// the work of a batch does not grow with their number.
import { noGrad } from "../autograd/tape.ts";
import { requireFlags, targetsFor } from "../losses/targets.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { cast, equal, greater, notEqual, where } from "../ops/compare.ts";
import { reshape, slice, stack } from "../ops/layout.ts";
import { addAlong, addSlices } from "../ops/lower/picking.ts";
import { max } from "../ops/reduce.ts";
import { searchSorted, topKIndices } from "../ops/sort.ts";
import { requireCount } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { arange, full, tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { spoiledBy, weightOfEach, weightsOf } from "./metric.ts";
import { Totals } from "./totals.ts";

/** Which predictions are counted. */
export interface Selection {
  /** The positive class, all others being negative; default: every output is a prediction of its own. */
  classId?: number;
  /** Only an example's k largest outputs are positive; default: those above the threshold. */
  topK?: number;
}

/** Below all predictions: with topK, exactly the chosen ones are above it. */
export const LOWEST = -1e10;

/** Weighted numbers of predictions at one threshold. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

export class ThresholdCounts {
  private readonly operation: string;
  /** As given. */
  private readonly thresholds: readonly number[];
  private readonly ascending: readonly number[];
  private readonly labels: number;
  private readonly totals: Totals;

  /** `labels` are counted apart from each other; default 1: all together. */
  constructor(operation: string, thresholds: readonly number[], labels = 1) {
    if (thresholds.length === 0) throw new ArgumentError(`${operation}: thresholds must be at least one, got none`);
    this.operation = operation;
    this.thresholds = [...thresholds];
    this.ascending = [...thresholds].sort((a, b) => a - b);
    this.labels = labels;
    this.totals = new Totals((thresholds.length + 1) * labels * 2);
  }

  /** Counts a batch: yTrue of 0 and 1, yPred of the same shape, as [..., labels] where labels are counted apart. */
  add(
    yTrue: AnyTensor,
    yPred: Tensor,
    sampleWeight?: Tensor,
    { classId, topK }: Selection = {},
    labelWeights?: Tensor,
  ): void {
    noGrad(() =>
      scope(() => {
        let answers = topK === undefined ? yPred : keepLargest(this.operation, yPred, topK);
        let truth = targetsFor(this.operation, yTrue, yPred);
        if (classId !== undefined) [answers, truth] = [answers, truth].map((x) => pick(this.operation, x, classId));
        const given = weightsOf(this.operation, answers, yPred, undefined, sampleWeight);
        let weights = weightOfEach(this.operation, answers, given);
        requireFlags(this.operation, truth, given && notEqual(weights, 0));
        if (labelWeights) weights = mul(weights, labelWeights);
        weights = spoiledBy(answers, weights);
        const positive = mul(cast(notEqual(truth, 0), "f32") as Tensor, weights);
        const flat = (x: Tensor): Tensor => reshape(x, [x.size]) as Tensor;
        const updates = stack([flat(positive), flat(sub(weights, positive))], 1);
        this.totals.add(addSlices(updates, this.buckets(flat(answers)), (this.thresholds.length + 1) * this.labels, 0));
      }),
    );
  }

  /**
   * For each answer the number of thresholds below it, of NaN all, so that its weight is in every count; with labels apart:
   * times their number, plus the label's own.
   */
  private buckets(answers: Tensor): Tensor<"i32"> {
    const bucket = searchSorted(tensor([...this.ascending]), answers);
    if (this.labels === 1) return bucket;
    const rows = answers.size / this.labels;
    const label = broadcastTo(arange(0, this.labels, 1, "i32"), [rows, this.labels]);
    return add(mul(bucket, this.labels), reshape(label, [answers.size]) as Tensor<"i32">);
  }

  /** The counts at each threshold, in their order; with labels, the counts of one of them. */
  counts(label = 0): Counts[] {
    const { thresholds, ascending, labels } = this;
    const values = this.totals.values();
    const bucket = (i: number, kind: number): number => values[(i * labels + label) * 2 + kind];
    const above = [0, 1].map((kind) => {
      const sums = new Float64Array(thresholds.length + 1);
      let sum = 0;
      for (let i = thresholds.length; i >= 0; i--) sums[i] = sum += bucket(i, kind);
      return sums;
    });
    return thresholds.map((threshold) => {
      // Exceeding a threshold is exceeding all that are not above it.
      const rank = ascending.findLastIndex((other) => other <= threshold) + 1;
      const [truePositives, falsePositives] = above.map((sums) => sums[rank]);
      const [positives, negatives] = above.map((sums) => sums[0]);
      return {
        truePositives,
        falsePositives,
        trueNegatives: negatives - falsePositives,
        falseNegatives: positives - truePositives,
      };
    });
  }

  reset(): void {
    this.totals.reset();
  }

  dispose(): void {
    this.totals.dispose();
  }
}

/** Evenly spaced from 0 to 1; 0.5 if there is one. */
export function evenThresholds(count: number): number[] {
  return count === 1 ? [0.5] : Array.from({ length: count }, (_, i) => i / (count - 1));
}

/** a / b, 0 where b is 0. */
export function quotient(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

/** Precision; 0 without predicted positives. */
export function precisionOf({ truePositives, falsePositives }: Counts): number {
  return quotient(truePositives, truePositives + falsePositives);
}

/** Recall, or sensitivity; 0 without actual positives. */
export function recallOf({ truePositives, falseNegatives }: Counts): number {
  return quotient(truePositives, truePositives + falseNegatives);
}

/** The outputs of one class: [..., 1]. */
function pick(operation: string, x: Tensor, classId: number): Tensor {
  const classes = x.shape[x.rank - 1];
  if (x.rank < 2 || !(Number.isInteger(classId) && classId >= 0 && classId < classes)) {
    throw new ShapeError(
      `${operation}: classId must be one of yPred's classes, got ${classId} for ${formatShape(x.shape)}`,
    );
  }
  const begin = x.shape.map((_, axis) => (axis === x.rank - 1 ? classId : 0));
  return slice(x, begin, [...x.shape.slice(0, -1), 1]) as Tensor;
}

/** x where it is among its row's k largest, LOWEST elsewhere; the first of equal elements. NaN makes its row NaN. */
function keepLargest(operation: string, x: Tensor, k: number): Tensor {
  requireCount(operation, "topK", k);
  const classes = x.shape[x.rank - 1];
  const indices = topKIndices(x, Math.min(k, classes));
  const largest = where(greater(addAlong(full(indices.shape, 1), indices, classes, indices.rank - 1), 0), x, LOWEST);
  const most = max(x, -1, true);
  return where(equal(most, most), largest, Number.NaN) as Tensor;
}
