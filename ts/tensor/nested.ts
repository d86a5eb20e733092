// Nested arrays: values in row-major order as people write them, one level per axis.
import { ShapeError } from "../runtime/errors.ts";
import type { Dtype } from "./dtype.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** Nested arrays of numbers or booleans, one level per axis. */
export type Nested = number | boolean | readonly Nested[];

/** The values of a shape as nested arrays: booleans where the dtype is bool, else numbers. */
export function nest(shape: Shape, dtype: Dtype, values: ArrayLike<number>): Nested {
  const level = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return dtype === "bool" ? values[offset] !== 0 : values[offset];
    const stride = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis] }, (_, i) => level(axis + 1, offset + i * stride));
  };
  return level(0, 0);
}

/** Lengths along the first elements; every sibling must agree. */
export function shapeOf(values: Nested): number[] {
  if (!Array.isArray(values)) return [];
  const list = values as readonly Nested[];
  const inner = list.length > 0 ? shapeOf(list[0]) : [];
  for (const item of list) {
    const other = shapeOf(item);
    if (formatShape(other) !== formatShape(inner)) {
      throw new ShapeError(
        `tensor: nested arrays must all have the same lengths, got ${formatShape(inner)} beside ${formatShape(other)}`,
      );
    }
  }
  return [list.length, ...inner];
}

/** The values in row-major order. */
export function flatten(values: Nested): (number | boolean)[] {
  return Array.isArray(values) ? (values.flat(Number.POSITIVE_INFINITY) as (number | boolean)[]) : [values as number];
}
