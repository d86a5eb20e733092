// Cross-entropies: how surprising the truth is to predicted probabilities. What follows softmax or sigmoid is computed
// from their logits.
import {
  binaryFocalOptions,
  focalOptions,
  generalizedCrossentropyOptions,
  smoothedCrossentropyOptions,
  sparseCrossentropyOptions,
} from "../generated/options.ts";
import { activations, logitsOf } from "../layers/activations.ts";
import { add, div, maximum, mul, neg, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, notEqual, where } from "../ops/compare.ts";
import { clip, exp, log, sigmoid, softplus } from "../ops/elementwise.ts";
import { axesLast, reshape } from "../ops/layout.ts";
import { hotRows } from "../ops/lower/picking.ts";
import { pow } from "../ops/powers.ts";
import { logSoftmax, softmaxCrossEntropy } from "../ops/softmax.ts";
import { expm1 } from "../ops/transcendental.ts";
import { ABOVE_0 } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { normalizeAxis, type Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { type Bounds, defineLoss, type LossDetails, type LossFunction } from "./loss.ts";
import { meanOfEach } from "./mean-loss.ts";
import { checkLabels, EPSILON, fractions, labelsFor, type TargetCheck, targetsFor } from "./targets.ts";

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /**
   * Whether yPred are logits, as from a last layer without activation, instead of probabilities; default false. Metrics that
   * `compile` makes by name beside such a loss take them for logits too; others are given `fromLogits` or a threshold of 0.
   */
  fromLogits?: boolean;
}

/** Options of the cross-entropies with an axis of their own. */
export interface CrossentropyAxisOptions extends CrossentropyOptions {
  /** The axis of the classes; of the binary ones that over which there is a mean. Default -1. */
  axis?: number;
}

/** Options of the cross-entropies whose targets are probabilities. */
export interface SmoothedCrossentropyOptions extends CrossentropyAxisOptions {
  /** Draws the targets towards equal probabilities, by this much of the way; from 0, the default, to 1. */
  labelSmoothing?: number;
}

/** Options of the focal cross-entropies. */
export interface FocalOptions extends SmoothedCrossentropyOptions {
  /** The weight of a class, at least 0; in `binaryFocalCrossentropy` at most 1; default 0.25. */
  alpha?: number;
  /** How much less the examples count that are known well already, at least 0; default 2. */
  gamma?: number;
}

/** Options of `binaryFocalCrossentropy`. */
export interface BinaryFocalOptions extends FocalOptions {
  /** Whether class 1 counts alpha and class 0 counts 1 - alpha; default false: both count 1. */
  applyClassBalancing?: boolean;
}

/** Options of `sparseCategoricalCrossentropy`. */
export interface SparseCrossentropyOptions extends CrossentropyAxisOptions {
  /** A class number that says that an example does not count, such as -1; default none. */
  ignoreClass?: number;
}

const smoothing: Bounds<SmoothedCrossentropyOptions> = { labelSmoothing: [0, 1] };

const CLASS_NUMBERS = "; for class numbers take sparseCategoricalCrossentropy";

/** The classes of one example's predictions, as far as they are known. */
function classesOf(shape: Shape, { axis = -1 }: CrossentropyAxisOptions = {}): number {
  return shape.at(axis < 0 ? axis : axis - 1) ?? Number.POSITIVE_INFINITY;
}

/** The check of what classes of more than one share. */
function classShares<O extends CrossentropyAxisOptions>(loss: string): LossDetails<O>["checkTargets"] {
  const check = fractions(loss, CLASS_NUMBERS);
  const { range } = check;
  return Object.assign<NonNullable<LossDetails<O>["checkTargets"]>, Pick<TargetCheck, "range">>(
    (operation, yTrue, shape, options) => {
      if (classesOf(shape, options) === 1) {
        throw new ShapeError(
          `${operation}: ${loss} must have several classes, got 1; of 0 and 1 take binaryCrossentropy`,
        );
      }
      check(operation, yTrue);
    },
    { range },
  );
}

/** -mean(t log(p) + (1 - t) log(1 - p)) over each example: p = yPred, t = yTrue, 0 or 1. */
export const binaryCrossentropy: LossFunction<SmoothedCrossentropyOptions> = defineLoss(
  "binaryCrossentropy",
  (yTrue, p, options) => {
    const targets = smoothed(targetsFor("binaryCrossentropy", yTrue, p), 2, options);
    return meanOfEach(surprise(targets, p, sigmoidLogits(p, options)), options.axis);
  },
  {
    optionNames: smoothedCrossentropyOptions,
    bounds: smoothing,
    checkTargets: fractions("binaryCrossentropy", CLASS_NUMBERS),
  },
);

/** Another name of binaryCrossentropy. */
export const bce: LossFunction<SmoothedCrossentropyOptions> = binaryCrossentropy;

/**
 * -mean((1 - q)^gamma log(q)) over each example, with q the probability of what yTrue says: p = yPred for 1, 1 - p for 0.
 * Lin et al., "Focal loss for dense object detection" (2017).
 */
export const binaryFocalCrossentropy: LossFunction<BinaryFocalOptions> = defineLoss(
  "binaryFocalCrossentropy",
  (yTrue, p, options) => {
    const { alpha = 0.25, gamma = 2, applyClassBalancing = false, axis } = options;
    const targets = smoothed(targetsFor("binaryFocalCrossentropy", yTrue, p), 2, options);
    const others = sub(1, targets);
    const logits = sigmoidLogits(p, options);
    const [yes, no] = logits ? [sigmoid(logits), sigmoid(neg(logits))] : [p, sub(1, p)];
    const doubt = add(mul(targets, no), mul(others, yes));
    const focal = mul(power(doubt, gamma), surprise(targets, p, logits));
    const balance = (x: Tensor): Tensor => mul(x, add(mul(targets, alpha), mul(others, 1 - alpha)));
    return meanOfEach(applyClassBalancing ? balance(focal) : focal, axis);
  },
  {
    optionNames: binaryFocalOptions,
    bounds: { ...smoothing, alpha: [0, 1], gamma: [0] },
    checkTargets: fractions("binaryFocalCrossentropy", CLASS_NUMBERS),
  },
);

/** -(t log(p) + (1 - t) log(1 - p)), from the logits of p where they are known. */
function surprise(t: Tensor, p: Tensor, logits: Tensor | undefined): Tensor {
  if (logits) return sub(softplus(logits), mul(t, logits));
  const inside = clip(p, EPSILON, 1 - EPSILON);
  return neg(add(mul(t, log(inside)), mul(sub(1, t), log(sub(1, inside)))));
}

function sigmoidLogits(yPred: Tensor, { fromLogits = false }: CrossentropyOptions): Tensor | undefined {
  return fromLogits ? yPred : logitsOf(yPred, activations.sigmoid);
}

/** -sum(t log(p)) over the axis of classes: p = yPred, t = yTrue. */
export const categoricalCrossentropy: LossFunction<SmoothedCrossentropyOptions> = defineLoss(
  "categoricalCrossentropy",
  (yTrue, yPred, options) =>
    softmaxCrossEntropy(
      softmaxLogits("categoricalCrossentropy", yPred, options),
      smoothedClasses("categoricalCrossentropy", yTrue, yPred, options),
    ),
  {
    optionNames: smoothedCrossentropyOptions,
    bounds: smoothing,
    checkTargets: classShares<SmoothedCrossentropyOptions>("categoricalCrossentropy"),
  },
);

/** -sum(alpha (1 - p)^gamma t log(p)) over the axis of classes: p = yPred, t = yTrue. */
export const categoricalFocalCrossentropy: LossFunction<FocalOptions> = defineLoss(
  "categoricalFocalCrossentropy",
  (yTrue, yPred, options) => {
    const { alpha = 0.25, gamma = 2 } = options;
    const targets = smoothedClasses("categoricalFocalCrossentropy", yTrue, yPred, options);
    const logP = logSoftmax(softmaxLogits("categoricalFocalCrossentropy", yPred, options));
    // 1 - p by expm1: of what is nearly sure, 1 less the rounded probability would be nothing.
    return mul(sum(mul(mul(power(neg(expm1(logP)), gamma), targets), logP), -1), -alpha);
  },
  {
    optionNames: focalOptions,
    bounds: { ...smoothing, alpha: [0], gamma: [0] },
    checkTargets: classShares<FocalOptions>("categoricalFocalCrossentropy"),
  },
);

/** doubt^gamma with a finite slope at 0, for gamma below 1: what it is multiplied by is 0 there. */
function power(doubt: Tensor, gamma: number): Tensor {
  return pow(maximum(doubt, 1e-30), gamma);
}

/** -log(p[label]) for each example: p = yPred, label = yTrue, [batch] or [batch, 1]: yPred's shape without the classes. */
export const sparseCategoricalCrossentropy: LossFunction<SparseCrossentropyOptions> = defineLoss(
  "sparseCategoricalCrossentropy",
  (yTrue, yPred, options) => {
    const logits = softmaxLogits("sparseCategoricalCrossentropy", yPred, options);
    const { ignoreClass } = options;
    const labels = labelsFor("sparseCategoricalCrossentropy", yTrue, logits, ignoreClass);
    if (ignoreClass === undefined) return softmaxCrossEntropy(logits, labels);
    const ignored = equal(labels, ignoreClass);
    return where(ignored, 0, softmaxCrossEntropy(logits, where<"i32">(ignored, 0, labels)));
  },
  {
    optionNames: sparseCrossentropyOptions,
    counted: (values, yTrue, _yPred, { ignoreClass }) =>
      ignoreClass === undefined ? undefined : notEqual(reshape(cast(yTrue, "i32"), values.shape), ignoreClass),
    checkTargets: (operation, yTrue, shape, options) =>
      checkLabels(operation, yTrue, classesOf(shape, options), options.ignoreClass),
  },
);

/** Options of `categoricalGeneralizedCrossEntropy`. */
export interface GeneralizedCrossentropyOptions extends CrossentropyOptions {
  /** Above 0 and at most 1: near 0 it is cross-entropy, at 1 the mean absolute error, which stands wrong labels best; default 0.5. */
  q?: number;
}

/**
 * (1 - p[label]^q) / q for each example: p = yPred, label = yTrue, [batch] or [batch, 1].
 * Zhang and Sabuncu, "Generalized cross entropy loss" (2018).
 */
export const categoricalGeneralizedCrossEntropy: LossFunction<GeneralizedCrossentropyOptions> = defineLoss(
  "categoricalGeneralizedCrossEntropy",
  (yTrue, yPred, options) => {
    const { q = 0.5 } = options;
    const labels = labelsFor("categoricalGeneralizedCrossEntropy", yTrue, yPred);
    const logits = options.fromLogits ? yPred : logitsOf(yPred, activations.softmax);
    const logP = logits
      ? neg(softmaxCrossEntropy(logits, labels))
      : log(clip(sum(mul(yPred, hotRows(labels, yPred.shape[yPred.rank - 1])), -1), EPSILON, 1));
    return div(sub(1, exp(mul(logP, q))), q);
  },
  {
    optionNames: generalizedCrossentropyOptions,
    bounds: { q: [ABOVE_0, 1] },
    checkTargets: (operation, yTrue, shape) => checkLabels(operation, yTrue, shape.at(-1) as number),
  },
);

/** sum(t log(t / p)) over each example's last axis: p = yPred, t = yTrue, both kept from 1e-7 to 1. */
export const klDivergence: LossFunction = defineLoss(
  "klDivergence",
  (yTrue, yPred) => {
    const t = clip(targetsFor("klDivergence", yTrue, yPred), EPSILON, 1);
    const logits = logitsOf(yPred, activations.softmax);
    const logP = logits ? logSoftmax(logits) : log(clip(yPred, EPSILON, 1));
    return sum(mul(t, sub(log(t), logP)), -1);
  },
  { optionNames: [], checkTargets: fractions("klDivergence") },
);

/** Another name of klDivergence. */
export const kld: LossFunction = klDivergence;

/** Numbers whose softmax is yPred, the classes last. */
function softmaxLogits(
  operation: string,
  yPred: Tensor,
  { fromLogits = false, axis = -1 }: CrossentropyAxisOptions,
): Tensor {
  const at = normalizeAxis(operation, axis, yPred.rank);
  // The activation took the softmax along the last axis.
  const known = fromLogits ? yPred : at === yPred.rank - 1 ? logitsOf(yPred, activations.softmax) : undefined;
  return axesLast(known ?? log(clip(yPred, EPSILON, 1)), [at]);
}

function smoothedClasses(name: string, yTrue: AnyTensor, yPred: Tensor, options: SmoothedCrossentropyOptions): Tensor {
  const axis = normalizeAxis(name, options.axis ?? -1, yPred.rank);
  return smoothed(axesLast(targetsFor(name, yTrue, yPred, CLASS_NUMBERS), [axis]), yPred.shape[axis], options);
}

function smoothed(targets: Tensor, classes: number, options: SmoothedCrossentropyOptions): Tensor {
  const { labelSmoothing = 0 } = options;
  return labelSmoothing === 0 ? targets : add(mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
}
