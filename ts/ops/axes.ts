// What reductions over axes share: the result's shape, how many numbers make one of it, axes moved to the end.
import { requireType } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { formatShape, normalizeAxes, type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { reshape, transpose } from "./layout.ts";

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

/** y as if it had been reduced with `keepDims`, so that it broadcasts against x. */
export function restored(y: Tensor, x: AnyTensor, axes: Axes): Tensor {
  return reshape(y, reducedShape("reduce", x.shape, normalizeAxes("reduce", axes, x.rank), true)) as Tensor;
}

/** Throws a ShapeError where the axes hold nothing. */
export function requireElements(operation: string, shape: Shape, axes: readonly number[]): void {
  if (countOf(shape, axes) > 0) return;
  throw new ShapeError(
    `${operation}: the axes must hold at least one element, got axes [${axes.join(", ")}] of ${formatShape(shape)}`,
  );
}

/** x with the axes moved behind all others. */
export function axesLast(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.every((axis, i) => axis === x.rank - axes.length + i)) return x;
  const others = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return transpose(x, [...others, ...axes]) as Tensor;
}
