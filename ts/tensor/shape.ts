// Shapes: sizes of axes, row-major. Counting, comparing, broadcasting, naming axes.
import { MOST, requireList, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";

/** Sizes of axes, outermost first; a scalar has none. */
export type Shape = readonly number[];

/** The most axes that a tensor has, as in NumPy and PyTorch. */
export const MOST_AXES = 64;

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A shape as text: [2, 3]. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Throws unless each size is a whole number of at least 0 and axes and elements are within bounds. */
export function checkShape(operation: string, shape: Shape): void {
  const refuse = (held: string): never => {
    throw new ShapeError(`${operation}: ${held}, got shape ${textOf(shape)}`);
  };
  if (!Array.isArray(shape)) refuse("a shape must be a list of whole numbers");
  if (shape.length > MOST_AXES) refuse(`a tensor must have at most ${MOST_AXES} axes`);
  for (const length of shape) {
    if (!(Number.isInteger(length) && length >= 0)) refuse("a shape must hold whole numbers of at least 0");
  }
  if (!(sizeOf(shape) <= MOST)) refuse("a tensor must have fewer than 2^31 elements");
}

/** The broadcast shape of two shapes, as in NumPy. ShapeError where they do not fit. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${operation}: shapes must be equal or broadcast (sizes equal or 1, from the right), ` +
          `got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    shape[i] = x === 1 ? y : x;
  }
  checkShape(operation, shape);
  return shape;
}

/** An axis counted from the end when negative, as a whole number from 0 to rank - 1. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ArgumentError(
      `${operation}: axis must be from ${-rank} to ${rank - 1} for rank ${rank}, got ${textOf(axis)}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** Several axes, from 0, ascending, without duplicates; undefined means all. */
export function normalizeAxes(operation: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const given = typeof axes === "number" ? [axes] : axes;
  requireList(operation, "axes", given);
  const list = given.map((axis) => normalizeAxis(operation, axis, rank));
  const unique = [...new Set(list)].sort((a, b) => a - b);
  if (unique.length !== list.length) {
    throw new ArgumentError(`${operation}: axes must be different, got [${(axes as readonly number[]).join(", ")}]`);
  }
  return unique;
}
