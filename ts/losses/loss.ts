// Losses: a function that gives a value for each example, and the reduction of these values to a scalar, with weights
// and masks.

import { requireFloat, requireTensor } from "../autograd/op.ts";
import { lossDetails, type Names, reductionOptions } from "../generated/options.ts";
import { type Json, ownCopy, toJsonRecord } from "../layers/config.ts";
import { div, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, equal, logicalAnd, where } from "../ops/compare.ts";
import { reshape } from "../ops/layout.ts";
import { mean } from "../ops/reduce.ts";
import { requireFunction, requireRange, requireSynchronous, requireType } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { alignTargets, type Labels, requirePair, requireTargets, type TargetRange } from "./targets.ts";

/**
 * A scalar for a batch of targets and predictions: a loss of this library, or any such function, which finds yTrue in the
 * dtype of the data and, as in Keras, in yPred's shape where only a last axis of 1 tells them apart: [batch, 1] for [batch].
 */
export interface Loss {
  (yTrue: Tensor, yPred: Tensor): Tensor;
  readonly name: string;
  /** The values it reduces, one per example. */
  readonly perExample?: (yTrue: AnyTensor, yPred: Tensor) => Tensor;
  /** See `LossFunction`. */
  readonly checkTargets?: LossFunction["checkTargets"];
  /** See `LossFunction`. */
  readonly fromLogits?: boolean;
}

/**
 * How the examples' values become one number. "mean", the default, or "sumOverBatchSize", Keras's name: weighted sum
 * divided by their number (with a mask, the number it keeps). "meanWithSampleWeight": weighted sum divided by the sum
 * of weights. "sum": weighted sum. "none": values times weights.
 */
export type Reduction = "mean" | "sumOverBatchSize" | "meanWithSampleWeight" | "sum" | "none";

/** Options of all losses. */
export interface ReductionOptions {
  /** How the examples' values become one number; default "mean". */
  reduction?: Reduction;
  /** A weight for each example, [batch], or for each of its values, [batch, time]; default 1. */
  sampleWeight?: Tensor;
  /** Which values count, bool [batch] or [batch, time]; default all. */
  mask?: Tensor<"bool">;
}

/** A loss of this library. */
export interface LossFunction<Options extends object = object> {
  /** The values of the examples, reduced to one number. */
  (yTrue: AnyTensor, yPred: Tensor, options?: Options & ReductionOptions): Tensor;
  /** A value for each example: [batch], or [batch, time, ...] where a prediction has more axes than one. */
  readonly perExample: (yTrue: AnyTensor, yPred: Tensor, options?: Options) => Tensor;
  /** Which of these values count, undefined where all do; reductions and metrics leave the others out. */
  readonly countedValues: (
    values: Tensor,
    yTrue: AnyTensor,
    yPred: Tensor,
    options?: Options,
  ) => Tensor<"bool"> | undefined;
  /**
   * Throws an ArgumentError for targets in JavaScript memory that it cannot mean, before any step; `operation` is who asks,
   * `outputShape` that of one example's predictions, [] where it is not known.
   */
  readonly checkTargets: (operation: string, yTrue: Labels, outputShape: Shape) => void;
  readonly reduction: Reduction;
  /** Whether it takes predictions for logits; metrics made by name beside it then do too. */
  readonly fromLogits: boolean;
  /** The same for targets that `checkTargets` has seen. @internal */
  readonly trusting: Pick<Loss, "perExample"> & ((yTrue: AnyTensor, yPred: Tensor) => Tensor);
  /** Whether it is only of probabilities, so that it is refused as a metric beside a loss of logits. */
  readonly ofProbabilities: boolean;
  /** The names of its own options; undefined where they are not known. */
  readonly optionNames: Names | undefined;
  /** As a metric: the smaller the better. */
  readonly direction: "min";
  /** Its name, by which `compile` and `fromConfig` find it. */
  readonly kind: string;
  /** The options that were given `with`, as plain JSON. ArgumentError for those that cannot be, such as tensors. */
  config(): Record<string, Json>;
  /** The same loss with these options as its defaults: `compile({ loss: losses.huber.with({ delta: 2 }) })`. */
  with(options: Options & ReductionOptions): LossFunction<Options>;
}

/** What decides which of a loss's values count. */
export type Counted<Options> = (
  values: Tensor,
  yTrue: AnyTensor,
  yPred: Tensor,
  options: Options,
) => Tensor<"bool"> | undefined;

/** The bounds of options. */
export type Bounds<Options> = { readonly [option in keyof Options]?: readonly [least: number, greatest?: number] };

/** Details of {@link defineLoss}. */
export interface LossDetails<Options> {
  /** The names of its options, which are then checked; by default every option is accepted. */
  optionNames?: Names<keyof Options & string>;
  /** Which values count; default all. */
  counted?: Counted<Options>;
  /** Lower and upper bounds of numeric options, the upper one optional; default none. */
  bounds?: Bounds<NoInfer<Options>>;
  /** Throws for targets that the loss cannot take, see `LossFunction`; default: none. */
  checkTargets?: TargetsCheck<Options>;
  /** Whether predictions must be probabilities; default false. See `LossFunction`. */
  ofProbabilities?: boolean;
}

/** A check of targets; with a range, those of tensors are looked at too. */
export interface TargetsCheck<Options> {
  (operation: string, yTrue: Labels, outputShape: Shape, options: Options): void;
  readonly range?: TargetRange;
}

/** A loss from its values for each example. */
/* @__NO_SIDE_EFFECTS__ */
export function defineLoss<Options extends object = object>(
  name: string,
  perExample: (yTrue: AnyTensor, yPred: Tensor, options: Options) => Tensor,
  details: LossDetails<Options> = {},
): LossFunction<Options> {
  const known = checkOptions("defineLoss", details, lossDetails);
  requireType("defineLoss", "name", name, "string");
  requireFunction("defineLoss", perExample);
  return withDefaults(name, perExample, known, {} as Options);
}

function withDefaults<Options extends object>(
  name: string,
  perExample: (yTrue: AnyTensor, yPred: Tensor, options: Options) => Tensor,
  details: LossDetails<Options>,
  defaults: Options & ReductionOptions,
): LossFunction<Options> {
  const { counted, checkTargets, optionNames, bounds = {}, ofProbabilities = false } = details;
  const limits = Object.entries<readonly [number, number?]>(bounds as Record<string, [number, number?]>);
  const own: Names = optionNames ?? [];
  const all: Names = [own, reductionOptions];
  /** The defaults, with what is given in their places. */
  const merge = <O extends object>(given: O, known: Names = own): Options & O => {
    const options = Object.entries(checkOptions(name, given, known, optionNames !== undefined));
    for (const [option, [least, greatest]] of limits) {
      const value = (given as { readonly [option: string]: unknown })[option];
      if (value !== undefined) requireRange(name, option, value, least, greatest);
    }
    return { ...defaults, ...Object.fromEntries(options.filter(([, value]) => value !== undefined)) } as Options & O;
  };
  const range = checkTargets?.range;
  const check = (yTrue: AnyTensor, yPred: Tensor): void => {
    requirePair(name, yTrue, yPred);
    requireFloat(name, "yPred", yPred);
    if (range) requireTargets(name, yTrue, range);
  };
  const reduced = (yTrue: AnyTensor, yPred: Tensor, options: Options & ReductionOptions): Tensor => {
    const values = perExample(yTrue, yPred, options);
    const { reduction, sampleWeight, mask } = options;
    const kept = bothMasks(values, counted?.(values, yTrue, yPred, options), mask);
    return reduceLoss(values, { reduction, sampleWeight, mask: kept });
  };
  const loss = (yTrue: AnyTensor, yPred: Tensor, given: Options & ReductionOptions = {} as Options): Tensor => {
    const options = merge(given, all);
    check(yTrue, yPred);
    return reduced(yTrue, yPred, options);
  };
  const trusting = Object.assign((yTrue: AnyTensor, yPred: Tensor) => reduced(yTrue, yPred, defaults), {
    perExample: (yTrue: AnyTensor, yPred: Tensor) => perExample(yTrue, yPred, defaults),
  });
  return Object.assign(Object.defineProperty(loss, "name", { value: name }), {
    perExample: (yTrue: AnyTensor, yPred: Tensor, given = {} as Options) => {
      const options = merge(given);
      check(yTrue, yPred);
      return perExample(yTrue, yPred, options);
    },
    trusting,
    fromLogits: (defaults as { fromLogits?: boolean }).fromLogits === true,
    countedValues: (values: Tensor, yTrue: AnyTensor, yPred: Tensor, given = {} as Options) => {
      const options = merge(given);
      return counted?.(values, yTrue, yPred, options);
    },
    checkTargets: (operation: string, yTrue: Labels, outputShape: Shape) =>
      checkTargets?.(operation, yTrue, outputShape, defaults),
    reduction: defaults.reduction ?? "mean",
    optionNames,
    ofProbabilities,
    direction: "min" as const,
    kind: name,
    config: () => toJsonRecord(name, defaults),
    with: (options: Options & ReductionOptions) =>
      withDefaults(name, perExample, details, ownCopy(merge(options, all))),
  });
}

/** What a loss or a figure returned. ArgumentError for what is no tensor, DtypeError for what is none of floats. */
export function requireValues(name: string, returned: Tensor): Tensor {
  requireFloat(name, "what it returns", requireSynchronous(name, returned));
  return returned;
}

/** The mask, if it has the first axes of the values: not where a loss has already summed over the masked steps. */
export function fittingMask(values: AnyTensor, mask: Tensor<"bool"> | undefined): Tensor<"bool"> | undefined {
  return mask && sameShape(mask.shape, values.shape.slice(0, mask.rank)) ? mask : undefined;
}

/** Both masks combined. */
export function bothMasks(
  values: AnyTensor,
  kept: Tensor<"bool"> | undefined,
  mask: Tensor<"bool"> | undefined,
): Tensor<"bool"> | undefined {
  if (kept === undefined || mask === undefined) return kept ?? mask;
  return logicalAnd(kept, alignWeights("loss", "mask", mask, values.shape));
}

/**
 * Any loss as a weighted scalar. A mask over steps that a loss has already summed over does not count. Errors:
 * ArgumentError for a function that gives a scalar where there are weights or a mask.
 */
export function weightedLoss(
  loss: Loss,
  yTrue: AnyTensor,
  yPred: Tensor,
  { sampleWeight, mask }: Pick<ReductionOptions, "sampleWeight" | "mask"> = {},
): Tensor {
  const targets = alignTargets(yTrue, yPred) as Tensor;
  const name = loss.name || "loss";
  const own = "countedValues" in loss ? (loss as LossFunction) : undefined;
  const { trusting = loss } = own ?? {};
  if (sampleWeight === undefined && mask === undefined) {
    const value = requireValues(name, trusting(targets, yPred));
    return value.rank === 0 ? value : mean(value);
  }
  const values = requireValues(name, (trusting.perExample ?? trusting)(targets, yPred));
  if (values.rank === 0 && own === undefined) {
    throw new ArgumentError(
      `${name}: with sample weights or masks, a loss must return a number for each example, got a scalar`,
    );
  }
  const kept = bothMasks(values, own?.countedValues(values, targets, yPred), fittingMask(values, mask));
  return reduceLoss(values, { reduction: own?.reduction, sampleWeight, mask: kept });
}

/**
 * Reduces the examples' values to one number, with weights and a mask; with reduction "none" they are only weighted.
 * Shapes: `[batch, ...]`, weights and mask of its first axes -> `[]`.
 * Errors: ShapeError for weights or masks that do not fit; ArgumentError for an unknown reduction.
 */
export function reduceLoss(values: Tensor, options: ReductionOptions = {}): Tensor {
  const { reduction = "mean", sampleWeight, mask } = checkOptions("reduceLoss", options, reductionOptions);
  if (!reductions.includes(reduction)) {
    throw new ArgumentError(`loss: reduction must be one of ${reductions.join(", ")}, got ${reduction}`);
  }
  const overCount = reduction === "mean" || reduction === "sumOverBatchSize";
  let weights =
    sampleWeight === undefined ? undefined : alignWeights("loss", "sampleWeight", sampleWeight, values.shape);
  if (mask !== undefined) {
    const kept = cast(alignWeights("loss", "mask", mask, values.shape), "f32") as Tensor;
    const factor = overCount ? mul(kept, ratio(kept.size, sum(kept))) : kept;
    weights = weights ? mul(weights, factor) : factor;
  }
  const weighted = weights ? mul(values, weights) : values;
  if (reduction === "none") return weighted;
  if (overCount || weights === undefined) return reduction === "sum" ? sum(weighted) : mean(weighted);
  return reduction === "sum" ? sum(weighted) : ratio(sum(weighted), sum(weights));
}

const reductions: readonly Reduction[] = ["mean", "sumOverBatchSize", "meanWithSampleWeight", "sum", "none"];

/** a / b; 0 without a gradient where b is 0. */
export function ratio(a: Tensor | number, b: Tensor): Tensor {
  const isZero = equal(b, 0);
  return mul(div(a, where(isZero, 1, b)), where(isZero, 0, 1));
}

/** Weights of the first axes of values as a tensor that broadcasts against them. ShapeError for others. */
export function alignWeights<D extends Dtype>(
  operation: string,
  what: string,
  weights: Tensor<D>,
  shape: Shape,
): Tensor<D> {
  requireTensor(operation, what, weights);
  if (shape.length === 0) return weights;
  let given = weights.shape;
  while (given.length > shape.length && given[given.length - 1] === 1) given = given.slice(0, -1);
  if (given.length > shape.length || given.some((length, axis) => length !== 1 && length !== shape[axis])) {
    throw new ShapeError(
      `${operation}: ${what} must have the first axes of the values, ` +
        `got ${formatShape(weights.shape)} for ${formatShape(shape)}`,
    );
  }
  return reshape(weights, [...given, ...shape.slice(given.length).map(() => 1)]);
}
