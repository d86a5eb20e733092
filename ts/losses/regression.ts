// Regression losses: errors, relative errors, and angles.
import { cosineOptions, huberOptions } from "../generated/options.ts";
import { add, div, maximum, mul, neg, sub } from "../ops/arithmetic.ts";
import { less, lessEqual, where } from "../ops/compare.ts";
import { abs, clip, log, log1p, softplus, square } from "../ops/elementwise.ts";
import { sinh } from "../ops/transcendental.ts";
import { ABOVE_0 } from "../runtime/arguments.ts";
import { cosine } from "./cosine.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { defineMeanLoss } from "./mean-loss.ts";
import { amounts, EPSILON, targetsFor } from "./targets.ts";

/**
 * Mean squared error: mean((yPred - yTrue)^2).
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const meanSquaredError: LossFunction = defineMeanLoss("meanSquaredError", (t, p) => square(sub(p, t)), []);

/** Another name of {@link meanSquaredError}. */
export const mse: LossFunction = meanSquaredError;

/**
 * Mean absolute error: mean(|yPred - yTrue|).
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const meanAbsoluteError: LossFunction = defineMeanLoss("meanAbsoluteError", (t, p) => abs(sub(p, t)), []);

/** Another name of {@link meanAbsoluteError}. */
export const mae: LossFunction = meanAbsoluteError;

/**
 * Mean absolute percentage error: 100 mean(|yPred - yTrue| / max(|yTrue|, 1e-7)).
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const meanAbsolutePercentageError: LossFunction = defineMeanLoss(
  "meanAbsolutePercentageError",
  (t, p) => mul(abs(div(sub(p, t), maximum(abs(t), EPSILON))), 100),
  [],
);

/** Another name of {@link meanAbsolutePercentageError}. */
export const mape: LossFunction = meanAbsolutePercentageError;

/**
 * Mean squared logarithmic error: mean((log(1 + yPred) - log(1 + yTrue))^2), both at least 1e-7.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const meanSquaredLogarithmicError: LossFunction = defineMeanLoss(
  "meanSquaredLogarithmicError",
  (t, p) => square(sub(log1p(maximum(p, EPSILON)), log1p(maximum(t, EPSILON)))),
  [],
);

/** Another name of {@link meanSquaredLogarithmicError}. */
export const msle: LossFunction = meanSquaredLogarithmicError;

/** Options of {@link huber}. */
export interface HuberOptions {
  /** The error beyond which the loss is linear, above 0; default 1. */
  delta?: number;
}

/**
 * Huber loss: the mean of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2, e = yPred - yTrue.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError unless delta is above 0; DtypeError unless yPred is
 * f32.
 * Source: Huber, "Robust estimation of a location parameter" (1964).
 */
export const huber: LossFunction<HuberOptions> = defineMeanLoss(
  "huber",
  (t, p, { delta = 1 }) => {
    const error = sub(p, t);
    const size = abs(error);
    return where(lessEqual(size, delta), mul(square(error), 0.5), sub(mul(size, delta), 0.5 * delta * delta));
  },
  huberOptions,
  undefined,
  { delta: [ABOVE_0] },
);

/**
 * Log-cosh loss: mean(log(cosh(yPred - yTrue))), like e^2 / 2 near 0 and |e| - log 2 far from it.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const logCosh: LossFunction = defineMeanLoss(
  "logCosh",
  (t, p) => {
    const error = sub(p, t);
    const size = abs(error);
    // log1p near 0, where the other formula would cancel.
    const small = log1p(mul(square(sinh(mul(clip(error, -1, 1), 0.5))), 2));
    return where(less(size, 1), small, sub(add(size, softplus(mul(size, -2))), Math.LN2));
  },
  [],
);

/**
 * Poisson loss: mean(yPred - yTrue log(yPred + 1e-7)), yTrue counts. PyTorch's poisson_nll_loss takes log(yPred) by
 * default.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for negative targets; DtypeError unless yPred is
 * f32.
 */
export const poisson: LossFunction = defineMeanLoss(
  "poisson",
  (t, p) => sub(p, mul(t, log(add(p, EPSILON)))),
  [],
  amounts("poisson"),
);

/** Options of {@link cosineSimilarity}. */
export interface CosineOptions {
  /** The axis of the vectors; default the last. */
  axis?: number;
}

/**
 * Negative cosine similarity of yTrue and yPred, from -1 (the same direction) to 1; 0 for a vector of zeros.
 * Shapes: `[batch, ..., width]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for an axis out of range; DtypeError unless yPred is
 * f32.
 */
export const cosineSimilarity: LossFunction<CosineOptions> = defineLoss(
  "cosineSimilarity",
  (yTrue, yPred, { axis = -1 }) => neg(cosine(targetsFor("cosineSimilarity", yTrue, yPred), yPred, axis)),
  { optionNames: cosineOptions },
);
