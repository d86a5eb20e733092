// Hinge losses: nothing for predictions that are right by a margin of 1, more the further they are from it.
import { add, maximum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, logicalNot, logicalOr, where } from "../ops/compare.ts";
import { square } from "../ops/elementwise.ts";
import { max } from "../ops/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineLoss, type LossFunction } from "./loss.ts";
import { defineMeanLoss } from "./mean-loss.ts";
import { type TargetCheck, targetCheck, targetsFor } from "./targets.ts";

/** mean(max(1 - yTrue yPred, 0)) over each example. yTrue is -1 or 1; a batch of nothing but 0 and 1 is taken as such. */
export const hinge: LossFunction = defineMeanLoss("hinge", (t, p) => shortfall(t, p), [], checkSigns("hinge"));

/** mean(max(1 - yTrue yPred, 0)^2) over each example, with yTrue as for `hinge`. */
export const squaredHinge: LossFunction = defineMeanLoss(
  "squaredHinge",
  (t, p) => square(shortfall(t, p)),
  [],
  checkSigns("squaredHinge"),
);

/** Among -1 and 1 a 0 would be -1 in some batches and nothing in others. */
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

/** 0 and 1 as -1 and 1, if nothing else is among the targets. */
function signs(t: Tensor): Tensor {
  const others = cast(logicalNot(logicalOr(equal(t, 0), equal(t, 1))), "f32") as Tensor;
  return where(equal(sum(others), 0), sub(mul(t, 2), 1), t);
}

/** max(max((1 - yTrue) yPred) - sum(yTrue yPred) + 1, 0) for each example; yTrue is 1 for its class, else 0. */
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
