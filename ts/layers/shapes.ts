// Shapes of a layer's inputs and results: one, or a list.
import { type Shape, sameShape } from "../tensor/shape.ts";

/** The shape of one example, or a list for several inputs or results. */
export type Shapes = Shape | readonly Shape[];

/** Whether these are the shapes of several inputs. */
export function isShapeList(shape: Shapes): shape is readonly Shape[] {
  return Array.isArray(shape[0]);
}

/** The shapes of all inputs or results, of one as a list too. */
export function shapeList(shape: Shapes): readonly Shape[] {
  return isShapeList(shape) ? shape : [shape];
}

/**
 * Whether an input is like the one that was announced: of as many axes and, where it has several, as many features or
 * channels. Sequences may be longer, images larger.
 */
export function isLikeDrawn(shape: Shape, drawn: Shape): boolean {
  return shape.length === drawn.length && (drawn.length < 2 || shape.at(-1) === drawn.at(-1));
}

export function sameShapes(a: Shapes, b: Shapes): boolean {
  if (!isShapeList(a) || !isShapeList(b)) return !isShapeList(a) && !isShapeList(b) && sameShape(a, b);
  return a.length === b.length && a.every((shape, i) => sameShape(shape, b[i]));
}
