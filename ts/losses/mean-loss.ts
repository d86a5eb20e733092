// Losses that are the mean of an elementwise function. A prediction [batch] counts as one number for each example.
import type { Names } from "../generated/options.ts";
import { reshape } from "../ops/layout.ts";
import { mean } from "../ops/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Bounds, defineLoss, type LossFunction } from "./loss.ts";
import { type TargetCheck, targetsFor } from "./targets.ts";

/** A loss that is the mean over the last axis of f(t, p), elementwise: t the targets, p the predictions. */
/* @__NO_SIDE_EFFECTS__ */
export function defineMeanLoss<Options extends object = object>(
  name: string,
  f: (t: Tensor, p: Tensor, options: Options) => Tensor,
  optionNames: Names<keyof Options & string>,
  checkTargets?: TargetCheck,
  bounds?: Bounds<NoInfer<Options>>,
): LossFunction<Options> {
  return defineLoss<Options>(
    name,
    (yTrue, yPred, options) => meanOfEach(f(targetsFor(name, yTrue, yPred), yPred, options)),
    { optionNames, checkTargets, bounds },
  );
}

/** The mean over an axis, default the last; vectors stay as they are. */
export function meanOfEach(values: Tensor, axis = -1): Tensor {
  return values.rank < 2 ? (reshape(values, [values.size]) as Tensor) : mean(values, axis);
}
