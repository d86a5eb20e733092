// Gather, scatter, embedding and one-hot. Indices count from the front: one out of range is an ArgumentError, in
// captured steps too, and nothing is computed.
import { requireTensor, within } from "../autograd/op.ts";
import { requireCount, requireNoOptions } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { checkShape, formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { reshape, unstack } from "./layout.ts";
import { requireIndices } from "./lower/indices.ts";
import { addAlong, addSlices, hotRows, pickAlong, pickSlices } from "./lower/picking.ts";

/**
 * Slices of x picked along an axis, default 0: y[a, i, b] = x[a, indices[i], b], a and b the axes before and after it.
 * Shapes: `[...a, size, ...b]`, i32 `[...i]` -> `[...a, ...i, ...b]`, of any dtype.
 * Errors: ArgumentError for an axis or indices out of range, in captured steps too; DtypeError unless indices are i32.
 */
export function gather<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis = 0): Tensor<D> {
  return gathered("gather", x, indices, axis);
}

function gathered<D extends Dtype>(operation: string, x: Tensor<D>, indices: Tensor<"i32">, axis: number): Tensor<D> {
  requireTensor(operation, "x", x);
  const at = normalizeAxis(operation, axis, x.rank);
  requireIndices(operation, "indices", indices, x.shape[at]);
  return pickSlices(x, indices, at);
}

/**
 * Rows of a table by their numbers.
 * Shapes: `[vocabulary, width]`, i32 ids `[...]` -> `[..., width]`.
 * Errors: ArgumentError for ids out of range, in captured steps too; ShapeError unless the table has two axes;
 * DtypeError unless ids are i32.
 */
export function embedding(table: Tensor, ids: Tensor<"i32">): Tensor {
  requireTensor("embedding", "table", table);
  if (table.rank !== 2) {
    throw new ShapeError(`embedding: table must be [vocabulary, width], got shape ${formatShape(table.shape)}`);
  }
  requireIndices("embedding", "ids", ids, table.shape[0]);
  return pickSlices(table, ids, 0);
}

/**
 * Sums of slices that share an index: y[a, j, b] = the sum of updates[a, i, b] over all i with indices[i] = j. Axis
 * `axis` of y has the size `length`; in `updates` the shape of `indices` stands there. The gradient of gather.
 * @internal
 */
export function scatter(updates: Tensor, indices: Tensor<"i32">, length: number, axis = 0): Tensor {
  return scattered("scatter", updates, indices, length, axis);
}

function scattered(operation: string, updates: Tensor, indices: Tensor<"i32">, length: number, axis: number): Tensor {
  requireTensor(operation, "updates", updates);
  requireDtype(operation, "updates", updates.dtype, "f32");
  requireTensor(operation, "indices", indices);
  const at = normalizeAxis(operation, axis, updates.rank - indices.rank + 1);
  const picked = updates.shape.slice(at, at + indices.rank);
  if (!sameShape(picked, indices.shape)) {
    throw new ShapeError(
      `${operation}: updates must have the shape of indices at axis ${at}, ` +
        `got ${formatShape(updates.shape)} and ${formatShape(indices.shape)}`,
    );
  }
  requireIndices(operation, "indices", indices, length);
  return addSlices(updates, indices, length, at);
}

/**
 * x with updates[a, i, b] added at x[a, indices[i], b] along an axis, default 0; repeated indices add up.
 * Shapes: `[...a, size, ...b]`, i32 `[...i]`, `[...a, ...i, ...b]` -> x's shape.
 * Errors: ArgumentError for an axis or indices out of range, in captured steps too; ShapeError for updates of another
 * shape; DtypeError unless x and updates are f32 and indices i32.
 */
export function scatterAdd(x: Tensor, indices: Tensor<"i32">, updates: Tensor, axis = 0): Tensor {
  return within("scatterAdd", () => {
    requireTensor("scatterAdd", "x", x);
    requireTensor("scatterAdd", "updates", updates);
    const at = normalizeAxis("scatterAdd", axis, x.rank);
    requireTensor("scatterAdd", "indices", indices);
    if (!sameShape(updates.shape.toSpliced(at, indices.rank, x.shape[at]), x.shape)) {
      const got = `${formatShape(updates.shape)} for ${formatShape(x.shape)}`;
      throw new ShapeError(`scatterAdd: updates must have x's shape but for axis ${at}, got ${got}`);
    }
    return add(x, scattered("scatterAdd", updates, indices, x.shape[at], at));
  });
}

/**
 * {@link gather} along an axis; default: from x's elements in row-major order.
 * Shapes: `[...a, size, ...b]`, i32 `[...i]` -> `[...a, ...i, ...b]`, or without axis `[...i]`; of any dtype.
 * Errors: ArgumentError for an axis or indices out of range, in captured steps too; DtypeError unless indices are i32.
 */
export function take<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis?: number): Tensor<D> {
  requireTensor("take", "x", x);
  const [from, at] = axis === undefined ? [reshape(x, [-1]) as Tensor<D>, 0] : [x, axis];
  return gathered("take", from, indices, at);
}

/**
 * Elements picked along an axis, default the last: y[a, k, b] = x[a, indices[a, k, b], b].
 * Shapes: `[...a, size, ...b]`, i32 `[...a, picks, ...b]` -> the indices' shape.
 * Errors: ArgumentError for an axis or indices out of range, in captured steps too; ShapeError for indices of another
 * shape; DtypeError unless x is f32 or i32 and indices i32.
 */
export function takeAlongAxis<D extends "f32" | "i32" = "f32">(
  x: Tensor<D>,
  indices: Tensor<"i32">,
  axis = -1,
): Tensor<D> {
  requireTensor("takeAlongAxis", "x", x);
  requireDtype("takeAlongAxis", "x", x.dtype, "f32", "i32");
  const at = normalizeAxis("takeAlongAxis", axis, x.rank);
  requireTensor("takeAlongAxis", "indices", indices);
  if (!sameShape(indices.shape, x.shape.with(at, indices.shape[at]))) {
    throw new ShapeError(
      `takeAlongAxis: indices must have x's shape but for axis ${at}, ` +
        `got ${formatShape(indices.shape)} for ${formatShape(x.shape)}`,
    );
  }
  requireIndices("takeAlongAxis", "indices", indices, x.shape[at]);
  return pickAlong(x, indices, at);
}

/**
 * y[a, indices[a, k, b], b] = the sum of the updates[a, k, b] with that index, 0 where there is none. Axis `axis` of y
 * has the size `length`. The gradient of takeAlongAxis.
 * @internal
 */
export function scatterAlongAxis(updates: Tensor, indices: Tensor<"i32">, length: number, axis = -1): Tensor {
  requireTensor("scatterAlongAxis", "updates", updates);
  requireDtype("scatterAlongAxis", "updates", updates.dtype, "f32");
  const at = normalizeAxis("scatterAlongAxis", axis, updates.rank);
  requireTensor("scatterAlongAxis", "indices", indices);
  if (!sameShape(indices.shape, updates.shape)) {
    throw new ShapeError(
      "scatterAlongAxis: indices must have the shape of updates, " +
        `got ${formatShape(indices.shape)} for ${formatShape(updates.shape)}`,
    );
  }
  requireIndices("scatterAlongAxis", "indices", indices, length);
  return addAlong(updates, indices, length, at);
}

/**
 * Slices of x picked by several indices: y[i, ...] = x[indices[i, 0], indices[i, 1], ..., ...].
 * Shapes: `[...first, ...rest]`, i32 `[...i, n]` for the first n axes -> `[...i, ...rest]`, of any dtype.
 * Errors: ArgumentError for indices out of range, in captured steps too; ShapeError unless n is from 1 to x's rank;
 * DtypeError unless indices are i32.
 */
export function gatherNd<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">): Tensor<D> {
  requireTensor("gatherNd", "x", x);
  const { rows, rest, flat } = flattened("gatherNd", x.shape, indices);
  return pickSlices(reshape(x, [rows, ...rest]) as Tensor<D>, flat, 0);
}

/**
 * Zeros of a shape, plus updates[i, ...] at [indices[i, 0], indices[i, 1], ..., ...]; repeated indices add up.
 * Shapes: i32 `[...i, n]`, `[...i, ...rest]` -> `shape`, that is n axes and then rest.
 * Errors: ArgumentError for indices out of range, in captured steps too; ShapeError for shapes that do not fit;
 * DtypeError unless updates are f32 and indices i32.
 */
export function scatterNd(indices: Tensor<"i32">, updates: Tensor, shape: Shape): Tensor {
  return within("scatterNd", () => {
    const { rows, flat } = flattened("scatterNd", shape, indices);
    return reshape(scattered("scatterNd", updates, flat, rows, 0), shape) as Tensor;
  });
}

/** Indices of the first axes of a shape as one number each, and the shape with these axes as one: [rows, ...rest]. */
function flattened(
  operation: string,
  shape: Shape,
  indices: Tensor<"i32">,
): { rows: number; rest: Shape; flat: Tensor<"i32"> } {
  requireTensor(operation, "indices", indices);
  checkShape(operation, shape);
  const depth = indices.shape.at(-1) ?? 0;
  if (depth < 1 || depth > shape.length) {
    throw new ShapeError(
      `${operation}: indices must be [..., n] for n of the ${shape.length} axes, got shape ${formatShape(indices.shape)}`,
    );
  }
  const columns = unstack(indices, -1);
  columns.forEach((column, axis) => {
    requireIndices(operation, "indices", column, shape[axis]);
  });
  const flat = columns.reduce((sum, column, axis) => add(mul(sum, shape[axis]), column));
  return { rows: sizeOf(shape.slice(0, depth)), rest: shape.slice(depth), flat };
}

/**
 * 1 where the position along a new last axis is the index, else 0. Example: `oneHot(labels, 10)`.
 * Shapes: i32 `[...]` -> f32 `[..., depth]`.
 * Errors: ArgumentError for a depth below 1 and indices outside [0, depth), in captured steps too; DtypeError unless
 * they are i32.
 */
export function oneHot(indices: Tensor<"i32">, depth: number, ...none: never[]): Tensor {
  requireNoOptions("oneHot", ...none);
  requireCount("oneHot", "depth", depth);
  requireIndices("oneHot", "indices", indices, depth);
  return hotRows(indices, depth);
}
