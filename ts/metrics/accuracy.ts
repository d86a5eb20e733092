// Accuracies: 1 for each right prediction, else 0. NaN is wrong.
import { binaryAccuracyOptions, topKOptions } from "../generated/options.ts";
import { maskOf } from "../layers/masks.ts";
import { alignWeights, fittingMask } from "../losses/loss.ts";
import { perRow, requireFlags, requirePair, targetsFor } from "../losses/targets.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, greater, less, logicalAnd, where } from "../ops/compare.ts";
import { expandDims } from "../ops/layout.ts";
import { argMax, max } from "../ops/reduce.ts";
import { requireCount } from "../runtime/arguments.ts";
import { arange } from "../tensor/create.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineFigure, type FigureFunction } from "./metric.ts";

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Predictions above it are positive; default 0.5. */
  threshold?: number;
}

/**
 * Binary accuracy: 1 where yPred > threshold equals yTrue, 0 or 1, else 0. NaN is wrong. For logits give
 * `threshold: 0`, as `compile` does beside a loss with `fromLogits`.
 * Shapes: `[batch, ...]` twice -> the same.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets other than 0 and 1, in captured steps
 * too.
 */
export const binaryAccuracy: FigureFunction<BinaryAccuracyOptions> = defineFigure(
  "binaryAccuracy",
  (yTrue, yPred, { threshold = 0.5 }) => {
    const said = cast(greater(yPred, threshold), "f32") as Tensor;
    const targets = targetsFor("binaryAccuracy", yTrue, yPred);
    const mask = fittingMask(targets, maskOf(yPred));
    requireFlags("binaryAccuracy", targets, mask && alignWeights("binaryAccuracy", "mask", mask, targets.shape));
    return right(equal(said, targets), yPred);
  },
  { direction: "max", optionNames: binaryAccuracyOptions },
);

/**
 * Categorical accuracy: 1 where yPred's largest class is yTrue's, else 0. A row with NaN is wrong.
 * Shapes: `[batch, ..., classes]` twice -> `[batch, ...]`.
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const categoricalAccuracy: FigureFunction = defineFigure(
  "categoricalAccuracy",
  (yTrue, yPred) => {
    const classes = argMax(targetsFor("categoricalAccuracy", yTrue, yPred));
    return right(equal(argMax(yPred), classes), max(yPred, -1));
  },
  { direction: "max", optionNames: [] },
);

/**
 * Sparse categorical accuracy: 1 where yPred's largest class is yTrue, a class number, else 0. A row with NaN is wrong,
 * and so are labels that are no class.
 * Shapes: yTrue `[batch, ...]` or `[batch, ..., 1]`, yPred `[batch, ..., classes]` -> `[batch, ...]`.
 * Errors: ShapeError for shapes that do not fit; DtypeError unless yPred is f32.
 */
export const sparseCategoricalAccuracy: FigureFunction = defineFigure(
  "sparseCategoricalAccuracy",
  (yTrue, yPred) => {
    const labels = perRow("sparseCategoricalAccuracy", yTrue, yPred);
    return right(equal(cast(argMax(yPred), labels.dtype === "f32" ? "f32" : "i32"), labels), max(yPred, -1));
  },
  { direction: "max", optionNames: [] },
);

/** Options of the top-k accuracies. */
export interface TopKOptions {
  /** How many of the largest classes count; default 5. */
  k?: number;
}

/**
 * Top-k accuracy: 1 where yTrue's largest class is among yPred's k largest, else 0.
 * Shapes: `[batch, ..., classes]` twice -> `[batch, ...]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError unless k is a whole number of at least 1; DtypeError
 * unless yPred is f32.
 */
export const topKCategoricalAccuracy: FigureFunction<TopKOptions> = defineFigure(
  "topKCategoricalAccuracy",
  (yTrue, yPred, { k = 5 }) => {
    return among("topKCategoricalAccuracy", k, argMax(targetsFor("topKCategoricalAccuracy", yTrue, yPred)), yPred);
  },
  { direction: "max", optionNames: topKOptions },
);

/**
 * Top-k accuracy: 1 where yTrue, a class number, is among yPred's k largest classes, else 0. Labels that are no class
 * are wrong.
 * Shapes: yTrue `[batch, ...]` or `[batch, ..., 1]`, yPred `[batch, ..., classes]` -> `[batch, ...]`.
 * Errors: ShapeError for shapes that do not fit; ArgumentError unless k is a whole number of at least 1; DtypeError
 * unless yPred is f32.
 */
export const sparseTopKCategoricalAccuracy: FigureFunction<TopKOptions> = defineFigure(
  "sparseTopKCategoricalAccuracy",
  (yTrue, yPred, { k = 5 }) => {
    return among("sparseTopKCategoricalAccuracy", k, perRow("sparseTopKCategoricalAccuracy", yTrue, yPred), yPred);
  },
  { direction: "max", optionNames: topKOptions },
);

function among(operation: string, k: number, labels: AnyTensor, yPred: Tensor): Tensor {
  requireCount(operation, "k", k);
  const classes = arange(0, yPred.shape[yPred.rank - 1], 1, labels.dtype === "f32" ? "f32" : "i32");
  const isLabel = equal(expandDims(labels, -1), classes);
  const score = max(where(isLabel, yPred, Number.NEGATIVE_INFINITY), -1, true);
  const larger = sum(cast(greater(yPred, score), "f32") as Tensor, -1);
  const isKnown = greater(max(cast(isLabel, "f32") as Tensor, -1), 0);
  return right(logicalAnd(less(larger, k), isKnown), max(yPred, -1));
}

/** 1 where the condition holds and x is a number, else 0. */
function right(condition: Tensor<"bool">, x: Tensor): Tensor {
  return cast(logicalAnd(condition, equal(x, x)), "f32") as Tensor;
}

/**
 * The accuracy that suits the shapes, chosen as in Keras: binary for one output, which the threshold is for, sparse
 * categorical for class numbers, else categorical.
 * Shapes: yPred `[batch, ..., outputs]`, yTrue the same or `[batch, ...]` -> `[batch, ...]`.
 * Errors: those of the chosen accuracy.
 */
export const accuracy: FigureFunction<BinaryAccuracyOptions> = defineFigure(
  "accuracy",
  (yTrue, yPred, options) => {
    requirePair("accuracy", yTrue, yPred);
    const outputs = yPred.shape[yPred.rank - 1];
    if (outputs === 1 || yPred.rank < 2) return binaryAccuracy(yTrue, yPred, options);
    const isSparse = yTrue.rank < yPred.rank || yTrue.shape[yTrue.rank - 1] === 1;
    return isSparse ? sparseCategoricalAccuracy(yTrue, yPred) : categoricalAccuracy(yTrue, yPred);
  },
  { direction: "max", optionNames: binaryAccuracyOptions },
);

/** Another name of {@link accuracy}. */
export const acc: FigureFunction<BinaryAccuracyOptions> = accuracy;
