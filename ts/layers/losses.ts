// Losses: how far predictions are from the truth. Each is a mean over the numbers of an example and then over the
// batch, a scalar. What follows softmax or sigmoid is computed from their logits.
import { add, mul, sub } from "../ops/binary.ts";
import { abs, clip, log, neg, softplus, square } from "../ops/elementwise.ts";
import { mean } from "../ops/reduce.ts";
import { softmaxCrossEntropy } from "../ops/softmax.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { activations, logitsOf } from "./activations.ts";
import { lookUp } from "./config.ts";
import { labelsFor, targetsFor } from "./targets.ts";

export { checkLabels, type Labels } from "./targets.ts";

/** A scalar for a batch of targets and predictions. */
export type Loss = (yTrue: AnyTensor, yPred: Tensor) => Tensor;

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /** Whether yPred are logits, as from a last layer without activation, instead of probabilities; default false. */
  fromLogits?: boolean;
}

/** Options of the cross-entropies whose targets are probabilities. */
export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** Draws the targets towards equal probabilities, by this much of the way; from 0, the default, to 1. */
  labelSmoothing?: number;
}

/** Probabilities are kept this far from 0 and 1 where their logits are not known. */
const LEAST_PROBABILITY = 1e-7;

/** mean((yPred - yTrue)^2) over each example, then over the batch. */
export function meanSquaredError(yTrue: AnyTensor, yPred: Tensor): Tensor {
  return mean(square(sub(yPred, targetsFor("meanSquaredError", yTrue, yPred))));
}

/** mean(|yPred - yTrue|) over each example, then over the batch. */
export function meanAbsoluteError(yTrue: AnyTensor, yPred: Tensor): Tensor {
  return mean(abs(sub(yPred, targetsFor("meanAbsoluteError", yTrue, yPred))));
}

/** -mean(t log(p) + (1 - t) log(1 - p)) over each example, then over the batch: p = yPred, t = yTrue, 0 or 1. */
export function binaryCrossentropy(yTrue: AnyTensor, yPred: Tensor, options: SmoothedCrossentropyOptions = {}): Tensor {
  const targets = smoothed("binaryCrossentropy", targetsFor("binaryCrossentropy", yTrue, yPred), 2, options);
  const logits = options.fromLogits ? yPred : logitsOf(yPred, activations.sigmoid);
  if (logits !== undefined) return mean(sub(softplus(logits), mul(targets, logits)));
  const p = clip(yPred, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY);
  return neg(mean(add(mul(targets, log(p)), mul(sub(1, targets), log(sub(1, p))))));
}

/** -sum(t log(p)) over each example's classes, the last axis, then the mean over the batch: p = yPred, t = yTrue. */
export function categoricalCrossentropy(
  yTrue: AnyTensor,
  yPred: Tensor,
  options: SmoothedCrossentropyOptions = {},
): Tensor {
  const classes = yPred.shape[yPred.rank - 1];
  const targets = smoothed(
    "categoricalCrossentropy",
    targetsFor("categoricalCrossentropy", yTrue, yPred),
    classes,
    options,
  );
  return mean(softmaxCrossEntropy(logitsFor(yPred, options), targets));
}

/** -log(p[label]) for each example, then the mean over the batch: p = yPred, label = yTrue, [batch] or [batch, 1]. */
export function sparseCategoricalCrossentropy(
  yTrue: AnyTensor,
  yPred: Tensor,
  options: CrossentropyOptions = {},
): Tensor {
  const labels = labelsFor("sparseCategoricalCrossentropy", yTrue, yPred);
  return mean(softmaxCrossEntropy(logitsFor(yPred, options), labels));
}

/** Numbers whose softmax is yPred. */
function logitsFor(yPred: Tensor, { fromLogits = false }: CrossentropyOptions): Tensor {
  if (fromLogits) return yPred;
  return logitsOf(yPred, activations.softmax) ?? log(clip(yPred, LEAST_PROBABILITY, 1));
}

function smoothed(operation: string, targets: Tensor, classes: number, options: SmoothedCrossentropyOptions): Tensor {
  const { labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ArgumentError(`${operation}: labelSmoothing must be from 0 to 1, got ${labelSmoothing}`);
  }
  return labelSmoothing === 0 ? targets : add(mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
}

const losses = {
  meanSquaredError,
  meanAbsoluteError,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  mse: meanSquaredError,
  mae: meanAbsoluteError,
} as const satisfies { readonly [name: string]: Loss };

/** The names of the losses. */
export type LossName = keyof typeof losses;

/** The loss of this name; a function stays as it is. ArgumentError for an unknown name. */
export function getLoss(loss: LossName | Loss): Loss {
  return typeof loss === "function" ? loss : lookUp<Loss>("loss", loss, losses);
}
