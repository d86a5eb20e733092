// Hinge losses: 0 for predictions that are right by a margin of 1, linear beyond.
import { add, maximum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, logicalNot, logicalOr, where } from "../ops/compare.ts";
import { square } from "../ops/elementwise.ts";
import { max } from "../ops/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { defineMeanLoss } from "./mean-loss.ts";
import { type TargetCheck, targetCheck, targetsFor } from "./targets.ts";

/**
 * Hinge loss: mean(max(1 - t p, 0)), t = yTrue -1 or 1, p = yPred. A batch of only 0 and 1 counts as -1 and 1.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const hinge: LossFunction = defineMeanLoss("hinge", (t, p) => shortfall(t, p), [], checkSigns("hinge"));

/**
 * Squared hinge loss: mean(max(1 - t p, 0)^2), t = yTrue as in {@link hinge}, p = yPred.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const squaredHinge: LossFunction = defineMeanLoss(
  "squaredHinge",
  (t, p) => square(shortfall(t, p)),
  [],
  checkSigns("squaredHinge"),
);

/** Refuses 0 beside -1: it would count as -1 in some batches and as 0 in others. */
function checkSigns(loss: string): TargetCheck {
  const check = (...signs: number[]): TargetCheck =>
    targetCheck(loss, "-1 and 1, or 0 and 1", (t) => t === signs[0] || t === signs[1]);
  return (operation, yTrue) => {
    const all = "data" in yTrue ? yTrue.data : yTrue;
    check(Array.prototype.includes.call(all, -1) ? -1 : 0, 1)(operation, yTrue);
  };
}

function shortfall(t: Tensor, p: Tensor): Tensor {
  return maximum(sub(1, mul(signs(t), p)), 0);
}

/** Targets of only 0 and 1 as -1 and 1. */
function signs(t: Tensor): Tensor {
  const others = cast(logicalNot(logicalOr(equal(t, 0), equal(t, 1))), "f32") as Tensor;
  return where(equal(sum(others), 0), sub(mul(t, 2), 1), t);
}

/**
 * Categorical hinge loss: max(max((1 - t) p) - sum(t p) + 1, 0) over the classes, t = yTrue one-hot, p = yPred.
 * Shapes: `[batch, ..., classes]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; DtypeError unless yPred is f32.
 */
export const categoricalHinge: LossFunction = defineLoss(
  "categoricalHinge",
  (yTrue, yPred) => {
    const t = targetsFor("categoricalHinge", yTrue, yPred);
    const right = sum(mul(t, yPred), -1);
    const wrong = max(mul(sub(1, t), yPred), -1);
    return maximum(add(sub(wrong, right), 1), 0);
  },
  { optionNames: [], checkTargets: targetCheck("categoricalHinge", "-1, 0 or 1", (t) => [-1, 0, 1].includes(t)) },
);
