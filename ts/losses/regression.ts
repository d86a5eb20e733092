// Losses of numbers: differences between predictions and targets, their ratios and angles.
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

/** mean((yPred - yTrue)^2) over each example. */
export const meanSquaredError: LossFunction = defineMeanLoss("meanSquaredError", (t, p) => square(sub(p, t)), []);

/** Another name of meanSquaredError. */
export const mse: LossFunction = meanSquaredError;

/** mean(|yPred - yTrue|) over each example. */
export const meanAbsoluteError: LossFunction = defineMeanLoss("meanAbsoluteError", (t, p) => abs(sub(p, t)), []);

/** Another name of meanAbsoluteError. */
export const mae: LossFunction = meanAbsoluteError;

/** 100 mean(|yPred - yTrue| / max(|yTrue|, 1e-7)) over each example. */
export const meanAbsolutePercentageError: LossFunction = defineMeanLoss(
  "meanAbsolutePercentageError",
  (t, p) => mul(abs(div(sub(p, t), maximum(abs(t), EPSILON))), 100),
  [],
);

/** Another name of meanAbsolutePercentageError. */
export const mape: LossFunction = meanAbsolutePercentageError;

/** mean((log(1 + yPred) - log(1 + yTrue))^2) over each example; numbers below 1e-7 count as 1e-7. */
export const meanSquaredLogarithmicError: LossFunction = defineMeanLoss(
  "meanSquaredLogarithmicError",
  (t, p) => square(sub(log1p(maximum(p, EPSILON)), log1p(maximum(t, EPSILON)))),
  [],
);

/** Another name of meanSquaredLogarithmicError. */
export const msle: LossFunction = meanSquaredLogarithmicError;

/** Options of `huber`. */
export interface HuberOptions {
  /** The error from which on the loss grows linearly, above 0; default 1. */
  delta?: number;
}

/**
 * The mean over each example of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2, with e = yPred - yTrue.
 * Huber, "Robust estimation of a location parameter" (1964).
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

/** mean(log(cosh(yPred - yTrue))) over each example: like e^2 / 2 near 0, like |e| - log 2 far from it. */
export const logCosh: LossFunction = defineMeanLoss(
  "logCosh",
  (t, p) => {
    const error = sub(p, t);
    const size = abs(error);
    // The logarithm of 1 and a little more: of the other formula rounding would leave nothing.
    const small = log1p(mul(square(sinh(mul(clip(error, -1, 1), 0.5))), 2));
    return where(less(size, 1), small, sub(add(size, softplus(mul(size, -2))), Math.LN2));
  },
  [],
);

/** mean(yPred - yTrue log(yPred + 1e-7)) over each example, yTrue counts. PyTorch's poisson_nll_loss takes log(yPred) by default. */
export const poisson: LossFunction = defineMeanLoss(
  "poisson",
  (t, p) => sub(p, mul(t, log(add(p, EPSILON)))),
  [],
  amounts("poisson"),
);

/** Options of `cosineSimilarity`. */
export interface CosineOptions {
  /** The axis along which the vectors lie; default the last. */
  axis?: number;
}

/** -cos of the angle between yTrue and yPred, from -1 (the same direction) to 1; 0 for a vector of zeros. */
export const cosineSimilarity: LossFunction<CosineOptions> = defineLoss(
  "cosineSimilarity",
  (yTrue, yPred, { axis = -1 }) => neg(cosine(targetsFor("cosineSimilarity", yTrue, yPred), yPred, axis)),
  { optionNames: cosineOptions },
);
