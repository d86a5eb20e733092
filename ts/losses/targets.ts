// Targets of losses and metrics: checks, and alignment with the predictions' shape.
import { requireTensor } from "../autograd/op.ts";
import { cast, equal, where } from "../ops/compare.ts";
import { reshape } from "../ops/layout.ts";
import { requireWhole, requireWithin } from "../ops/lower/indices.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";

/** Keeps logarithms and quotients finite, as in Keras. */
export const EPSILON = 1e-7;

/** Throws an ArgumentError unless both are tensors. */
export function requirePair(operation: string, yTrue: AnyTensor, yPred: Tensor): void {
  requireTensor(operation, "yTrue", yTrue);
  requireTensor(operation, "yPred", yPred);
}

/** yTrue as floats in yPred's shape; either may have a last axis of size 1 that the other lacks. */
export function targetsFor(operation: string, yTrue: AnyTensor, yPred: Tensor, remedy = ""): Tensor {
  requirePair(operation, yTrue, yPred);
  const targets = alignTargets(yTrue, yPred);
  if (!sameShape(targets.shape, yPred.shape)) {
    throw new ShapeError(
      `${operation}: yTrue must have yPred's shape, got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}${remedy}`,
    );
  }
  return cast(targets, "f32") as Tensor;
}

/** yTrue in yPred's shape where only a last axis of size 1 tells them apart, as [batch] and [batch, 1]; else as it is. */
export function alignTargets(yTrue: AnyTensor, yPred: AnyTensor): AnyTensor {
  if (yTrue.rank === yPred.rank || yTrue.size !== yPred.size) return yTrue;
  const fits = sameShape(trimmed(yTrue.shape, yPred.shape), trimmed(yPred.shape, yTrue.shape));
  return fits ? reshape(yTrue, yPred.shape) : yTrue;
}

/** The shape without a last axis of size 1 that the other does not have. */
function trimmed(shape: Shape, other: Shape): Shape {
  return shape.length === other.length + 1 && shape[shape.length - 1] === 1 ? shape.slice(0, -1) : shape;
}

/** The loss or metric that takes one-hot rows, where they were given to one that takes class numbers. */
function remedyFor(operation: string): string {
  const other = operation.replace(/^sparse./, (start) => start[6].toLowerCase());
  return other === operation ? "" : `; for one-hot rows take ${other}`;
}

/** yTrue in the shape of yPred without its last axis, as class numbers. Errors: ShapeError. */
export function perRow(operation: string, yTrue: AnyTensor, yPred: Tensor): AnyTensor {
  requirePair(operation, yTrue, yPred);
  const rows = yPred.shape.slice(0, -1);
  if (yPred.rank === 0 || !sameShape(trimmed(yTrue.shape, rows), rows)) {
    throw new ShapeError(
      `${operation}: yTrue must have one class number for each row of yPred, ` +
        `got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}${remedyFor(operation)}`,
    );
  }
  return reshape(yTrue, rows);
}

/**
 * yTrue as class numbers, one for each row of yPred, whose last axis counts the classes. Errors: ShapeError; ArgumentError
 * for what is neither a class number nor `ignored`, in captured steps too.
 */
export function labelsFor(operation: string, yTrue: AnyTensor, yPred: Tensor, ignored?: number): Tensor<"i32"> {
  const given = perRow(operation, yTrue, yPred);
  const labels = cast(given, "i32") as Tensor<"i32">;
  const numbers = given.dtype === "f32" ? (given as Tensor) : labels;
  const counted = ignored === undefined ? numbers : where(equal(numbers, ignored), 0, numbers);
  requireWhole(operation, "labels", counted as Tensor, yPred.shape[yPred.rank - 1]);
  return labels;
}

/** Labels in JavaScript memory: numbers, or an array of data with numbers in it, `scale` times what they are. */
export type Labels = ArrayLike<number> | { readonly data: ArrayLike<number>; readonly scale?: number };

/** Throws an ArgumentError for targets that a loss cannot take: `checkTargets` of its definition. */
export interface TargetCheck {
  (operation: string, yTrue: Labels): void;
  readonly range?: TargetRange;
}

/** Bounds of the targets, and their description for errors. */
export type TargetRange = readonly [least: number, greatest: number, must: string];

/** Checks that `holds` is true of each target; `must` and `remedy` are for the error. */
export function targetCheck(loss: string, must: string, holds: (target: number) => boolean, remedy = ""): TargetCheck {
  return (operation, yTrue) => {
    const { data, scale = 1 }: { data: ArrayLike<number>; scale?: number } = "data" in yTrue ? yTrue : { data: yTrue };
    for (let i = 0; i < data.length; i++) {
      const target = data[i] * scale;
      if (holds(target)) continue;
      throw new ArgumentError(`${operation}: targets of ${loss} must be ${must}, got ${target} at index ${i}${remedy}`);
    }
  };
}

/** Checks that targets are in [0, 1], up to rounding. */
export function fractions(loss: string, remedy?: string): TargetCheck {
  return rangeCheck(loss, [0, 1 + 1e-6, "from 0 to 1"], remedy);
}

/** Checks that no target is negative. */
export function amounts(loss: string): TargetCheck {
  return rangeCheck(loss, [0, Number.POSITIVE_INFINITY, "at least 0"]);
}

function rangeCheck(loss: string, range: TargetRange, remedy?: string): TargetCheck {
  const [least, greatest, must] = range;
  return Object.assign(
    targetCheck(loss, must, (t) => t >= least && t <= greatest, remedy),
    { range },
  );
}

/** Throws an ArgumentError for a target out of range, in captured steps too. */
export function requireTargets(operation: string, yTrue: AnyTensor, [least, greatest, must]: TargetRange): void {
  if (yTrue.dtype !== "bool") requireWithin(operation, "yTrue", cast(yTrue, "f32") as Tensor, [least, greatest], must);
}

/** Throws an ArgumentError for binary targets other than 0 and 1 where they count, in captured steps too. */
export function requireFlags(operation: string, targets: Tensor, counted?: Tensor<"bool">): void {
  requireWhole(operation, "yTrue", counted ? (where(counted, targets, 0) as Tensor) : targets, 2, "0 or 1");
}

/**
 * Checks labels in JavaScript memory.
 * Errors: ArgumentError naming the first that is neither a whole number in [0, classes) nor `ignored`, default none.
 */
export function checkLabels(operation: string, labels: Labels, classes: number, ignored?: number): void {
  const numbers = "data" in labels ? labels.data : labels;
  for (let i = 0; i < numbers.length; i++) {
    const label = numbers[i];
    if (!(Number.isInteger(label) && label >= 0 && label < classes) && label !== ignored) {
      throw new ArgumentError(
        `${operation}: labels must be whole numbers from 0 to ${classes - 1}, got ${label} at index ${i}` +
          (label > 0 && label < 1 ? "; for rows of probabilities take categoricalCrossentropy" : ""),
      );
    }
  }
}
