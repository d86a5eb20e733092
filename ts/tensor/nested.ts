// Nested arrays, one level per axis, to and from values in row-major order.
import { ShapeError } from "../runtime/errors.ts";
import type { Dtype, TypedArray } from "./dtype.ts";
import { formatShape, MOST_AXES, type Shape, sizeOf } from "./shape.ts";

/** Nested arrays of numbers or booleans, one level per axis. */
export type Nested = number | boolean | readonly Nested[];

/** The most that JavaScript's heap holds. A list takes as much memory as so many values. */
const MOST_VALUES = 2 ** 27;
const LIST = 8;

/**
 * The values of a shape as nested arrays: booleans where the dtype is bool, else numbers. ShapeError where these would be
 * more than 2^27 values or 2^24 lists.
 */
export function nest(shape: Shape, dtype: Dtype, values: () => TypedArray): Nested {
  let room = 0;
  let count = 1;
  for (const length of shape) {
    room += count * LIST;
    count *= length;
  }
  if (room + count > MOST_VALUES) {
    throw new ShapeError(`array: lists must hold fewer values, got shape ${formatShape(shape)}; data() has them all`);
  }
  const all = values();
  const last = shape.length - 1;
  const level = (axis: number, begin: number, end: number): Nested => {
    if (axis >= last) {
      const row = all.subarray(begin, end);
      return dtype === "bool" ? Array.from(row, (value) => value !== 0) : Array.from(row);
    }
    const stride = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis] }, (_, i) => level(axis + 1, begin + i * stride, begin + (i + 1) * stride));
  };
  const lists = level(0, 0, count);
  return last < 0 ? (lists as readonly Nested[])[0] : lists;
}

/** The shape, by the first elements; `fail` is called with two siblings that differ. */
export function shapeOf(values: Nested, depth = 0, fail: (shapes: string) => never = differ): number[] {
  if (!Array.isArray(values)) return [];
  if (depth === MOST_AXES) {
    throw new ShapeError(`tensor: lists must be nested at most ${MOST_AXES} deep, got deeper ones, or one in itself`);
  }
  const list = values as readonly Nested[];
  const inner = list.length > 0 ? shapeOf(list[0], depth + 1, fail) : [];
  for (const item of list) {
    const other = shapeOf(item, depth + 1, fail);
    if (formatShape(other) !== formatShape(inner)) {
      fail(`${formatShape(inner)} beside ${formatShape(other)}`);
    }
  }
  return [list.length, ...inner];
}

function differ(shapes: string): never {
  throw new ShapeError(`tensor: nested arrays must all have the same lengths, got ${shapes}`);
}

/** The values in row-major order. */
export function flatten(values: Nested): (number | boolean)[] {
  return Array.isArray(values) ? (values.flat(MOST_AXES) as (number | boolean)[]) : [values as number];
}
