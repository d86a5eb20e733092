// Metric learning: losses that pull embeddings of one class together and push those of others apart.
import {
  circleOptions,
  contrastiveOptions,
  tripletMarginOptions,
  tripletSemiHardOptions,
} from "../generated/options.ts";
import { add, maximum, minimum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, greater, lessEqual, logicalAnd, logicalNot, where } from "../ops/compare.ts";
import { relu, softplus, sqrt, square } from "../ops/elementwise.ts";
import { expandDims, reshape, slice } from "../ops/layout.ts";
import { matmul } from "../ops/matmul.ts";
import { logSumExp, max, min } from "../ops/reduce.ts";
import { ABOVE_0 } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { eye } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineLoss, type LossFunction, ratio } from "./loss.ts";
import { defineMeanLoss } from "./mean-loss.ts";
import { fractions } from "./targets.ts";

/** Options of {@link contrastive}. */
export interface ContrastiveOptions {
  /** Distance beyond which dissimilar pairs no longer count, at least 0; default 1. */
  margin?: number;
}

/**
 * Contrastive loss: mean(t d^2 + (1 - t) max(margin - d, 0)^2), d = yPred the distances of pairs, t = yTrue 1 for
 * similar pairs, else 0.
 * Shapes: `[batch, ..., pairs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and a negative margin;
 * DtypeError unless yPred is f32. Source: Hadsell, Chopra and LeCun, "Dimensionality reduction" (2006), without the
 * factor 1/2.
 */
export const contrastive: LossFunction<ContrastiveOptions> = defineMeanLoss(
  "contrastive",
  (t, distance, { margin = 1 }) => add(mul(t, square(distance)), mul(sub(1, t), square(relu(sub(margin, distance))))),
  contrastiveOptions,
  fractions("contrastive"),
  { margin: [0] },
);

/** Options of {@link tripletMargin}. */
export interface TripletMarginOptions {
  /** How much closer the positive should be than the negative, at least 0; default 1. */
  margin?: number;
  /** Whether the negative's distance to the positive counts where it is smaller; default false. */
  swap?: boolean;
}

/**
 * Triplet loss: max(d(anchor, positive) - d(anchor, negative) + margin, 0), d(a, b) = |a - b + 1e-6| as in PyTorch's
 * TripletMarginLoss. yTrue is ignored. Example: yPred `stack([anchor, positive, negative], 1)`.
 * Shapes: yPred `[batch, 3, width]` -> `[]`, or `[batch]` with reduction "none".
 * Errors: ShapeError for another shape; ArgumentError for a negative margin; DtypeError unless yPred is f32.
 * Source: Balntas et al., "Learning local feature descriptors with triplets" (2016).
 */
export const tripletMargin: LossFunction<TripletMarginOptions> = defineLoss(
  "tripletMargin",
  (_yTrue, yPred, { margin = 1, swap = false }) => {
    if (yPred.rank !== 3 || yPred.shape[1] !== 3) {
      throw new ShapeError(`tripletMargin: yPred must be [batch, 3, width], got ${formatShape(yPred.shape)}`);
    }
    const [batch, , width] = yPred.shape;
    const [anchor, positive, negative] = [0, 1, 2].map(
      (i) => reshape(slice(yPred, [0, i, 0], [batch, 1, width]), [batch, width]) as Tensor,
    );
    const distance = (a: Tensor, b: Tensor): Tensor => sqrt(sum(square(add(sub(a, b), 1e-6)), -1));
    const far = distance(anchor, negative);
    const other = swap ? minimum(far, distance(positive, negative)) : far;
    return relu(add(sub(distance(anchor, positive), other), margin));
  },
  { optionNames: tripletMarginOptions, bounds: { margin: [0] } },
);

/** Options of {@link tripletSemiHard}. */
export interface TripletSemiHardOptions {
  /** How much closer a positive should be than a negative, at least 0; default 1. */
  margin?: number;
}

/**
 * Triplet loss with semi-hard mining: max(d(a, p) - d(a, n) + margin, 0) averaged over all pairs of an anchor a and a
 * positive p of its class, n the nearest negative that is further from a than p, or the furthest one if there is none;
 * d is the Euclidean distance.
 * Shapes: class numbers `[batch]`, embeddings `[batch, width]`, usually of length 1 -> `[]`, or `[batch]` with
 * reduction "none".
 * Errors: ShapeError for other shapes; ArgumentError for a negative margin; DtypeError unless yPred is f32.
 * Source: Schroff, Kalenichenko and Philbin, "FaceNet" (2015).
 */
export const tripletSemiHard: LossFunction<TripletSemiHardOptions> = defineLoss(
  "tripletSemiHard",
  (yTrue, yPred, { margin = 1 }) => {
    const [batch] = requireEmbeddings("tripletSemiHard", yTrue, yPred);
    const distance = pairwiseDistances(yPred);
    const [positive, negative] = pairMasks(yTrue, yTrue, true);
    // [anchor, positive, negative]
    const toNegative = expandDims(distance, 1) as Tensor;
    const beyond = logicalAnd(
      expandDims(negative, 1) as Tensor<"bool">,
      greater(toNegative, expandDims(distance, 2) as Tensor),
    );
    const nearest = min(where(beyond, toNegative, FAR), 2);
    const furthest = max(where(negative, distance, -FAR), 1, true);
    const chosen = where(equal(nearest, FAR), where(greater(furthest, -FAR), furthest, 0), nearest);
    const pairs = cast(positive, "f32") as Tensor;
    const values = mul(relu(add(sub(distance, chosen), margin)), pairs);
    return mul(sum(values, 1), ratio(batch, sum(pairs)));
  },
  { optionNames: tripletSemiHardOptions, bounds: { margin: [0] } },
);

/** Beyond all distances, and finite, so that 0 times it is 0. */
const FAR = 1e30;

/** Euclidean distances between the rows of x, [batch, batch]; those of equal rows are 0 and have no gradient. */
function pairwiseDistances(x: Tensor): Tensor {
  const squares = sum(square(x), -1, true);
  const products = matmul(x, x, { transposeB: true });
  const squared = maximum(sub(add(squares, reshape(squares, [1, x.shape[0]]) as Tensor), mul(products, 2)), 0);
  const apart = logicalAnd(logicalNot(lessEqual(squared, 0)), equal(eye(x.shape[0]), 0));
  return where(apart, sqrt(where(apart, squared, 1)), 0);
}

/** Options of {@link circle}. */
export interface CircleOptions {
  /** Scale of the exponents, above 0; default 80. */
  gamma?: number;
  /** Relaxation of the similarities' targets, from 0 to 1; default 0.4. */
  margin?: number;
  /** Whether an embedding is not compared with itself; default true. */
  removeDiagonal?: boolean;
  /** Embeddings to compare with; default yPred. */
  refEmbeddings?: Tensor;
  /** Class numbers of refEmbeddings; default yTrue. */
  refLabels?: AnyTensor;
}

/**
 * Circle loss: log(1 + sum_p e^(-gamma a_p (margin - d_p)) sum_n e^(gamma a_n (1 - margin - d_n))), d = 1 - cosine to
 * each other embedding of the same class (p) and of other classes (n), a_p = margin + d_p, a_n = 1 + margin - d_n.
 * Examples without a loss are left out of the mean.
 * Shapes: class numbers `[batch]`, embeddings of length 1 `[batch, width]` -> `[]`, or `[batch]` with reduction "none".
 * Errors: ShapeError for other shapes; ArgumentError for options out of range; DtypeError unless yPred is f32.
 * Source: Sun et al., "Circle loss" (2020).
 */
export const circle: LossFunction<CircleOptions> = defineLoss(
  "circle",
  (yTrue, yPred, options) => {
    const { gamma = 80, margin = 0.4, removeDiagonal = true } = options;
    requireEmbeddings("circle", yTrue, yPred);
    const references = options.refEmbeddings ?? yPred;
    const [positive, negative] = pairMasks(yTrue, options.refLabels ?? yTrue, removeDiagonal);
    const distance = relu(sub(1, matmul(yPred, references, { transposeB: true })));
    const pull = mul(mul(add(distance, margin), sub(distance, margin)), gamma);
    const push = mul(mul(relu(sub(1 + margin, distance)), sub(1 - margin, distance)), gamma);
    const among = (mask: Tensor<"bool">, exponents: Tensor): Tensor => logSumExp(where(mask, exponents, -FAR), 1);
    return softplus(add(among(positive, pull), among(negative, push)));
  },
  {
    optionNames: circleOptions,
    bounds: { gamma: [ABOVE_0], margin: [0, 1] },
    counted: (values) => greater(values, 0),
  },
);

function requireEmbeddings(name: string, yTrue: AnyTensor, yPred: Tensor): [batch: number, width: number] {
  const [batch, width] = yPred.shape;
  if (yPred.rank !== 2 || yTrue.size !== batch) {
    throw new ShapeError(
      `${name}: yPred must be [batch, width] and yTrue [batch], ` +
        `got ${formatShape(yPred.shape)} and ${formatShape(yTrue.shape)}`,
    );
  }
  return [batch, width];
}

/** Which pairs share a class, and which do not: [labels, others]. Without the diagonal, none is a pair with itself. */
function pairMasks(
  labels: AnyTensor,
  others: AnyTensor,
  removeDiagonal: boolean,
): [positive: Tensor<"bool">, negative: Tensor<"bool">] {
  // Whole numbers as integers, all of which they tell apart.
  const dtype = labels.dtype === "f32" || others.dtype === "f32" ? "f32" : "i32";
  const column = reshape(cast(labels, dtype), [labels.size, 1]);
  const same = equal(column as Tensor, reshape(cast(others, dtype), [1, others.size]) as Tensor);
  const positive = removeDiagonal ? logicalAnd(same, equal(eye(labels.size, others.size), 0)) : same;
  return [positive, logicalNot(same)];
}
