// Segmentation losses by overlap: Dice and Tversky.
import { diceOptions, tverskyOptions } from "../generated/options.ts";
import { add, div, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import type { Axes } from "../ops/reduce.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { EPSILON, fractions, targetsFor } from "./targets.ts";

/** Options of {@link dice}. */
export interface DiceOptions {
  /** The axes of one region; default all, so that the batch is one region; [1, 2, 3] for one per image. */
  axis?: Axes;
}

/**
 * Dice loss of segmentations: 1 - 2 sum(t p) / (sum(t) + sum(p)), t = yTrue, p = yPred.
 * Shapes: `[batch, height, width, channels]` twice, or any other -> `[]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and axes out of range;
 * DtypeError unless yPred is f32. Source: Milletari, Navab and Ahmadi, "V-Net" (2016), without squares.
 */
export const dice: LossFunction<DiceOptions> = defineLoss(
  "dice",
  (yTrue, yPred, { axis }) => {
    const t = targetsFor("dice", yTrue, yPred);
    const both = sum(mul(t, yPred), axis);
    return sub(1, div(mul(both, 2), add(add(sum(t, axis), sum(yPred, axis)), EPSILON)));
  },
  { optionNames: diceOptions, checkTargets: fractions("dice"), ofProbabilities: true },
);

/** Options of {@link tversky}. */
export interface TverskyOptions extends DiceOptions {
  /** Weight of false negatives, sum(t (1 - p)), at least 0; default 0.5. */
  alpha?: number;
  /** Weight of false positives, sum((1 - t) p), at least 0; default 0.5. With both at 0.5 it is `dice`. */
  beta?: number;
}

/**
 * Tversky loss of segmentations: 1 - s / (s + alpha sum(t (1 - p)) + beta sum((1 - t) p)), s = sum(t p), t = yTrue, p =
 * yPred.
 * Shapes: `[batch, height, width, channels]` twice, or any other -> `[]`.
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and options out of range;
 * DtypeError unless yPred is f32. Source: Salehi, Erdogmus and Gholipour, "Tversky loss" (2017).
 */
export const tversky: LossFunction<TverskyOptions> = defineLoss(
  "tversky",
  (yTrue, yPred, { axis, alpha = 0.5, beta = 0.5 }) => {
    const t = targetsFor("tversky", yTrue, yPred);
    const both = sum(mul(t, yPred), axis);
    const missed = sum(mul(t, sub(1, yPred)), axis);
    const added = sum(mul(sub(1, t), yPred), axis);
    const all = add(both, add(mul(missed, alpha), mul(added, beta)));
    return sub(1, div(both, add(all, EPSILON)));
  },
  {
    optionNames: tverskyOptions,
    bounds: { alpha: [0], beta: [0] },
    checkTargets: fractions("tversky"),
    ofProbabilities: true,
  },
);
