// Shapes: sizes of axes, row-major. Counting, comparing, broadcasting, naming axes.
import { MOST, requireList } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";

/** Sizes of axes, the outermost first; a scalar has none. */
export type Shape = readonly number[];

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

/** A shape as people read it: [2, 3]. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Throws unless every size is a whole number of at least 0 and the whole has fewer than 2^31 elements. */
export function checkShape(operation: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new ShapeError(`${operation}: a shape must be a list of whole numbers, got ${shape}`);
  for (const length of shape) {
    if (!(Number.isInteger(length) && length >= 0)) {
      throw new ShapeError(`${operation}: a shape must hold whole numbers of at least 0, got ${formatShape(shape)}`);
    }
  }
  if (!(sizeOf(shape) <= MOST)) {
    throw new ShapeError(`${operation}: a tensor must have fewer than 2^31 elements, got shape ${formatShape(shape)}`);
  }
}

/** The shape that NumPy's broadcasting gives two shapes; ShapeError where they do not fit. */
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
    throw new ArgumentError(`${operation}: axis must be from ${-rank} to ${rank - 1} for rank ${rank}, got ${axis}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Several axes, normalised, ascending, each once; undefined means all. */
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
