// Metrics: figures for people, gathered over the batches of an epoch. Updates are made of ops and change variables in
// place, so that they can be part of a captured step; only `result` reads.
import { noGrad } from "../autograd/tape.ts";
import { add, mul } from "../ops/binary.ts";
import { cast, equal, greater, logicalAnd } from "../ops/compare.ts";
import { concat, reshape } from "../ops/layout.ts";
import { argMax, max, sum } from "../ops/reduce.ts";
import { full, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { lookUp } from "./config.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./losses.ts";
import { labelsFor, targetsFor } from "./targets.ts";

/** A figure gathered over batches. */
export abstract class Metric {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Takes a batch into account: made of ops and updates in place, reading nothing. */
  abstract update(yTrue: AnyTensor, yPred: Tensor, sampleWeight?: Tensor): void;

  /** The figure over all batches since the last reset. */
  abstract result(): number;

  /** Forgets all batches. */
  abstract reset(): void;

  /** Frees its variables. */
  abstract dispose(): void;
}

/** The running mean of numbers: their total and count lie in one variable and are read together. */
export class Mean {
  private readonly state = scope(() => new Variable(zeros([2]), { name: "mean", trainable: false }));

  /** Takes in the mean of `values`, counted as `weight` numbers (default: as many as there are). */
  add(values: Tensor, weight = values.size): void {
    if (weight === 0 || values.size === 0) return;
    noGrad(() =>
      scope(() => {
        const total = reshape(sum(values), [1]) as Tensor;
        const factor = weight / values.size;
        const added = concat([factor === 1 ? total : mul(total, factor), full([1], weight)]) as Tensor;
        this.state.assign(add(this.state, added));
      }),
    );
  }

  /** 0 when nothing was added. */
  result(): number {
    const [total, count] = this.state.data();
    return count === 0 ? 0 : total / count;
  }

  reset(): void {
    this.state.assign([0, 0]);
  }

  dispose(): void {
    this.state.dispose();
  }
}

/** A batch's figure: a scalar, or a number for each example or each of its parts. A loss is one. */
export type Figure = (yTrue: AnyTensor, yPred: Tensor) => Tensor;

/** The mean of a figure over all examples. */
export class MeanMetric extends Metric {
  private readonly mean = new Mean();
  private readonly figure: Figure;

  constructor(name: string, figure: Figure) {
    super(name);
    this.figure = figure;
  }

  update(yTrue: AnyTensor, yPred: Tensor): void {
    noGrad(() => scope(() => this.mean.add(this.figure(yTrue, yPred), yPred.shape[0])));
  }

  result(): number {
    return this.mean.result();
  }

  reset(): void {
    this.mean.reset();
  }

  dispose(): void {
    this.mean.dispose();
  }
}

/** 1 where yPred > threshold is what yTrue, 0 or 1, says, else 0. NaN is wrong. */
export function binaryAccuracy(
  yTrue: AnyTensor,
  yPred: Tensor,
  { threshold = 0.5 }: { threshold?: number } = {},
): Tensor {
  const said = cast(greater(yPred, threshold), "f32") as Tensor;
  return right(equal(said, targetsFor("binaryAccuracy", yTrue, yPred)), yPred);
}

/** 1 for each row whose largest number stands where yTrue's does, else 0. Rows with NaN are wrong. */
export function categoricalAccuracy(yTrue: AnyTensor, yPred: Tensor): Tensor {
  const classes = argMax(targetsFor("categoricalAccuracy", yTrue, yPred));
  return right(equal(argMax(yPred), classes), max(yPred, -1));
}

/** 1 for each row whose largest number stands where yTrue, its class number, says, else 0. Rows with NaN are wrong. */
export function sparseCategoricalAccuracy(yTrue: AnyTensor, yPred: Tensor): Tensor {
  return right(equal(argMax(yPred), labelsFor("sparseCategoricalAccuracy", yTrue, yPred)), max(yPred, -1));
}

/** 1 where the condition holds and x is a number, else 0. */
function right(condition: Tensor<"bool">, x: Tensor): Tensor {
  return cast(logicalAnd(condition, equal(x, x)), "f32") as Tensor;
}

/** The accuracy that suits the shapes, chosen as Keras does: binary for one output, sparse for class numbers. */
export function accuracy(yTrue: AnyTensor, yPred: Tensor): Tensor {
  const outputs = yPred.shape[yPred.rank - 1];
  if (outputs === 1 || yPred.rank < 2) return binaryAccuracy(yTrue, yPred);
  const isSparse = yTrue.rank < yPred.rank || yTrue.shape[yTrue.rank - 1] === 1;
  return isSparse ? sparseCategoricalAccuracy(yTrue, yPred) : categoricalAccuracy(yTrue, yPred);
}

const figures = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  meanSquaredError,
  meanAbsoluteError,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  acc: accuracy,
  mse: meanSquaredError,
  mae: meanAbsoluteError,
} as const satisfies { readonly [name: string]: Figure };

/** The names of the metrics. */
export type MetricName = keyof typeof figures;

/** How a model is given a metric. */
export type MetricLike = MetricName | Metric | Figure;

/** The metric of this name, or the mean of a figure of one's own; metrics stay. ArgumentError for an unknown name. */
export function getMetric(metric: MetricLike): Metric {
  if (metric instanceof Metric) return metric;
  if (typeof metric === "function") return new MeanMetric(metric.name || "metric", metric);
  return new MeanMetric(metric, lookUp<Figure>("metric", metric, figures));
}
