// What losses and metrics compare predictions with, checked and brought into the predictions' shape.
import { requireTensor } from "../autograd/op.ts";
import { cast, equal, where } from "../ops/compare.ts";
import { reshape } from "../ops/layout.ts";
import { requireWhole, requireWithin } from "../ops/lower/indices.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";

/** Where a logarithm or a quotient would be infinite, numbers are kept this far from 0, as in Keras. */
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

/** Where one-hot rows were given to what takes class numbers: what takes them. */
function remedyFor(operation: string): string {
  const other = operation.replace(/^sparse./, (start) => start[6].toLowerCase());
  return other === operation ? "" : `; for one-hot rows take ${other}`;
}

/** yTrue in the shape of yPred's rows, as class numbers lie. Errors: ShapeError. */
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

/** Throws an ArgumentError for targets that a loss cannot mean: what `checkTargets` is in its definition. */
export interface TargetCheck {
  (operation: string, yTrue: Labels): void;
  readonly range?: TargetRange;
}

/** From where to where targets must be, and what that is in words. */
export type TargetRange = readonly [least: number, greatest: number, must: string];

/** The check that `holds` is true of each target of a loss; what they must be, in words, and the remedy. */
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

/** The check that targets are from 0 to 1, but for what rounding does. */
export function fractions(loss: string, remedy?: string): TargetCheck {
  return rangeCheck(loss, [0, 1 + 1e-6, "from 0 to 1"], remedy);
}

/** The check that no target is below 0. */
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

/** Throws an ArgumentError for targets of yes and no that are neither 0 nor 1 where they count, in captured steps too. */
export function requireFlags(operation: string, targets: Tensor, counted?: Tensor<"bool">): void {
  requireWhole(operation, "yTrue", counted ? (where(counted, targets, 0) as Tensor) : targets, 2, "0 or 1");
}

/**
 * Throws an ArgumentError naming the first of `labels` that is neither a whole number from 0 to classes - 1 nor `ignored`.
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
