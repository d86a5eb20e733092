// Cross-entropy losses. Predictions that come from a softmax or sigmoid are computed from its logits.
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
   * Whether yPred are logits, as from a last layer without activation, instead of probabilities; default false. Metrics
   * that `compile` makes by name beside such a loss take logits too; others are given `fromLogits` or a threshold of 0.
   */
  fromLogits?: boolean;
}

/** Options of the cross-entropies that have an axis. */
export interface CrossentropyAxisOptions extends CrossentropyOptions {
  /** The axis of the classes; for binary ones the axis of the mean. Default -1. */
  axis?: number;
}

/** Options of the cross-entropies whose targets are probabilities. */
export interface SmoothedCrossentropyOptions extends CrossentropyAxisOptions {
  /** Moves targets towards equal probabilities by this fraction, from 0, the default, to 1. */
  labelSmoothing?: number;
}

/** Options of the focal cross-entropies. */
export interface FocalOptions extends SmoothedCrossentropyOptions {
  /** Weight of a class, at least 0; in `binaryFocalCrossentropy` at most 1; default 0.25. */
  alpha?: number;
  /** Focusing exponent, at least 0: the larger, the less well-classified examples count; default 2. */
  gamma?: number;
}

/** Options of {@link binaryFocalCrossentropy}. */
export interface BinaryFocalOptions extends FocalOptions {
  /** Whether class 1 is weighted by alpha and class 0 by 1 - alpha; default false. */
  applyClassBalancing?: boolean;
}

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCrossentropyOptions extends CrossentropyAxisOptions {
  /** A label whose examples are left out, such as -1; default none. */
  ignoreClass?: number;
}

const smoothing: Bounds<SmoothedCrossentropyOptions> = { labelSmoothing: [0, 1] };

const CLASS_NUMBERS = "; for class numbers take sparseCategoricalCrossentropy";

/** The number of classes, Infinity where it is unknown. */
function classesOf(shape: Shape, { axis = -1 }: CrossentropyAxisOptions = {}): number {
  return shape.at(axis < 0 ? axis : axis - 1) ?? Number.POSITIVE_INFINITY;
}

/** Checks targets that are probabilities of at least two classes. */
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

/**
 * Binary cross-entropy: -mean(t log(p) + (1 - t) log(1 - p)), t = yTrue from 0 to 1, p = yPred.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and options out of range;
 * DtypeError unless yPred is f32.
 */
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

/** Another name of {@link binaryCrossentropy}. */
export const bce: LossFunction<SmoothedCrossentropyOptions> = binaryCrossentropy;

/**
 * Binary focal cross-entropy: -mean((1 - q)^gamma log(q)), q = p for target 1 and 1 - p for target 0, p = yPred.
 * Shapes: `[batch, ..., outputs]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and options out of range;
 * DtypeError unless yPred is f32. Source: Lin et al., "Focal loss for dense object detection" (2017).
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

/** -(t log(p) + (1 - t) log(1 - p)), from p's logits where they are known. */
function surprise(t: Tensor, p: Tensor, logits: Tensor | undefined): Tensor {
  if (logits) return sub(softplus(logits), mul(t, logits));
  const inside = clip(p, EPSILON, 1 - EPSILON);
  return neg(add(mul(t, log(inside)), mul(sub(1, t), log(sub(1, inside)))));
}

function sigmoidLogits(yPred: Tensor, { fromLogits = false }: CrossentropyOptions): Tensor | undefined {
  return fromLogits ? yPred : logitsOf(yPred, activations.sigmoid);
}

/**
 * Categorical cross-entropy: -sum(t log(p)) over the classes, t = yTrue probabilities or one-hot rows, p = yPred.
 * Shapes: `[batch, ..., classes]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and options out of range;
 * DtypeError unless yPred is f32.
 */
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

/**
 * Categorical focal cross-entropy: -sum(alpha (1 - p)^gamma t log(p)) over the classes, t = yTrue, p = yPred.
 * Shapes: `[batch, ..., classes]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1] and options out of range;
 * DtypeError unless yPred is f32.
 */
export const categoricalFocalCrossentropy: LossFunction<FocalOptions> = defineLoss(
  "categoricalFocalCrossentropy",
  (yTrue, yPred, options) => {
    const { alpha = 0.25, gamma = 2 } = options;
    const targets = smoothedClasses("categoricalFocalCrossentropy", yTrue, yPred, options);
    const logP = logSoftmax(softmaxLogits("categoricalFocalCrossentropy", yPred, options));
    // 1 - p by expm1: near p = 1, the difference of the rounded probability would be 0.
    return mul(sum(mul(mul(power(neg(expm1(logP)), gamma), targets), logP), -1), -alpha);
  },
  {
    optionNames: focalOptions,
    bounds: { ...smoothing, alpha: [0], gamma: [0] },
    checkTargets: classShares<FocalOptions>("categoricalFocalCrossentropy"),
  },
);

/** doubt^gamma with a finite slope at 0 for gamma below 1, where its factor is 0. */
function power(doubt: Tensor, gamma: number): Tensor {
  return pow(maximum(doubt, 1e-30), gamma);
}

/**
 * Cross-entropy of class numbers: -log(p[label]), label = yTrue, p = yPred.
 * Example: `sparseCategoricalCrossentropy(labels, logits, { fromLogits: true })`.
 * Shapes: yTrue `[batch, ...]` or `[batch, ..., 1]`, yPred `[batch, ..., classes]` -> `[]`, or `[batch, ...]` with
 * reduction "none".
 * Errors: ShapeError for shapes that do not fit; ArgumentError for labels that are no class, in captured steps too, and
 * options out of range; DtypeError unless yPred is f32.
 */
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

/** Options of {@link categoricalGeneralizedCrossEntropy}. */
export interface GeneralizedCrossentropyOptions extends CrossentropyOptions {
  /**
   * Above 0 and at most 1: near 0 it is cross-entropy, at 1 the mean absolute error, which is robust to wrong labels;
   * default 0.5.
   */
  q?: number;
}

/**
 * Generalized cross-entropy of class numbers, robust to wrong labels: (1 - p[label]^q) / q, label = yTrue, p = yPred.
 * Shapes: yTrue `[batch, ...]` or `[batch, ..., 1]`, yPred `[batch, ..., classes]` -> `[]`, or `[batch, ...]` with
 * reduction "none".
 * Errors: ShapeError for shapes that do not fit; ArgumentError for labels that are no class, in captured steps too, and
 * options out of range; DtypeError unless yPred is f32. Source: Zhang and Sabuncu, "Generalized cross entropy loss"
 * (2018).
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

/**
 * Kullback-Leibler divergence: sum(t log(t / p)) over the last axis, t = yTrue, p = yPred, both clipped to [1e-7, 1].
 * Shapes: `[batch, ..., classes]` twice -> `[]`, or `[batch, ...]` with reduction "none".
 * Errors: ShapeError unless yTrue has yPred's shape; ArgumentError for targets outside [0, 1]; DtypeError unless yPred
 * is f32.
 */
export const klDivergence: LossFunction = defineLoss(
  "klDivergence",
  (yTrue, yPred) => {
    const t = clip(targetsFor("klDivergence", yTrue, yPred), EPSILON, 1);
    const logits = logitsOf(yPred, activations.softmax);
    const logP = logits ? logSoftmax(logits) : log(clip(yPred, EPSILON, 1));
    return sum(mul(t, sub(log(t), logP)), -1);
  },
  { optionNames: [], checkTargets: fractions("klDivergence"), ofProbabilities: true },
);

/** Another name of {@link klDivergence}. */
export const kld: LossFunction = klDivergence;

/** Logits of yPred, with the axis of classes last. */
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
