// Nested arrays: values in row-major order as people write them, one level per axis.
import type { Dtype } from "./dtype.ts";
import { type Shape, sizeOf } from "./shape.ts";

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
