// Losses of segmentation: how far two regions are from covering each other.
import { diceOptions, tverskyOptions } from "../generated/options.ts";
import { add, div, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import type { Axes } from "../ops/reduce.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { EPSILON, fractions, targetsFor } from "./targets.ts";

/** Options of `dice`. */
export interface DiceOptions {
  /** The axes of one region. Default: all, so that the batch is one region; [1, 2, 3] for one in each image. */
  axis?: Axes;
}

/** 1 - 2 sum(yTrue yPred) / (sum(yTrue) + sum(yPred)). Milletari, Navab and Ahmadi, "V-Net" (2016), without squares. */
export const dice: LossFunction<DiceOptions> = defineLoss(
  "dice",
  (yTrue, yPred, { axis }) => {
    const t = targetsFor("dice", yTrue, yPred);
    const both = sum(mul(t, yPred), axis);
    return sub(1, div(mul(both, 2), add(add(sum(t, axis), sum(yPred, axis)), EPSILON)));
  },
  { optionNames: diceOptions, checkTargets: fractions("dice") },
);

/** Options of `tversky`. */
export interface TverskyOptions extends DiceOptions {
  /** How much sum(yTrue (1 - yPred)) counts, at least 0; default 0.5. */
  alpha?: number;
  /** How much sum((1 - yTrue) yPred) counts, at least 0; default 0.5. With both at 0.5 it is `dice`. */
  beta?: number;
}

/**
 * 1 - s / (s + alpha sum(yTrue (1 - yPred)) + beta sum((1 - yTrue) yPred)), with s = sum(yTrue yPred).
 * Salehi, Erdogmus and Gholipour, "Tversky loss" (2017).
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
  { optionNames: tverskyOptions, bounds: { alpha: [0], beta: [0] }, checkTargets: fractions("tversky") },
);
