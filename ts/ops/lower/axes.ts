// Shapes and counts of reductions over axes, and axes moved to the end.
import { requireType } from "../../runtime/arguments.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";

/** Axes to reduce: one, several, or all where none are given. Negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

/** The result's shape: without the reduced axes, or with size 1 in their places. */
export function reducedShape(operation: string, shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  requireType(operation, "keepDims", keepDims, "boolean");
  return keepDims
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** How many numbers make one of the result. */
export function countOf(shape: Shape, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => shape[axis]));
}

/** Throws a ShapeError where the axes hold nothing. */
export function requireElements(operation: string, shape: Shape, axes: readonly number[]): void {
  if (countOf(shape, axes) > 0) return;
  throw new ShapeError(
    `${operation}: the axes must hold at least one element, got axes [${axes.join(", ")}] of ${formatShape(shape)}`,
  );
}
