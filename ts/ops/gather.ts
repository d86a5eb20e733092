// Elements picked by index along an axis, sums scattered by index, one-hot rows. An index out of range is an
// ArgumentError; inside a captured step, where values cannot be read, it picks zeros and scatters nothing.
import { defineOp, type Op, requireTensor } from "../autograd/op.ts";
import { requireCount } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { zeros } from "../tensor/create.ts";
import { bytesPerElement, type Dtype, requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./binary.ts";
import { requireIndices } from "./indices.ts";
import { reshape, unstack } from "./layout.ts";

/**
 * Slices of x picked along an axis: y[a, i, b] = x[a, indices[i], b], where a and b stand for the axes before and after
 * it. The shape of `indices` takes the place of that axis.
 */
export const gather: Op<<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis?: number) => Tensor<D>> = defineOp(
  "gather",
  {
    forward<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis = 0): Tensor<D> {
      requireTensor("gather", "x", x);
      const at = normalizeAxis("gather", axis, x.rank);
      requireIndices("gather", "indices", indices, x.shape[at]);
      const { outer, inner } = around(x.shape, at);
      const y = empty(x.shape.toSpliced(at, 1, ...indices.shape), x.dtype);
      const sizes = [x.shape[at], indices.size, inner] as const;
      const rows = outer * indices.size;
      if (bytesPerElement(x.dtype) === 4) {
        const [to, from] = [y, x] as Tensor<"f32" | "i32">[];
        launch("gather_u32", rows, 5 + 0.1 * inner, to, from, indices, ...sizes);
      } else {
        const [to, from] = [y, x] as Tensor<"u8" | "bool">[];
        launch("gather_u8", rows, 5 + 0.03 * inner, to, from, indices, ...sizes);
      }
      return y;
    },
    gradients: [
      (dy, _y, x, indices, axis = 0) => scatter(dy, indices, x.shape[normalizeAxis("gather", axis, x.rank)], axis),
    ],
  },
);

/** The rows of a table [vocabulary, width] with the given numbers: [...ids' shape, width]. */
export function embedding(table: Tensor, ids: Tensor<"i32">): Tensor {
  requireTensor("embedding", "table", table);
  if (table.rank !== 2) {
    throw new ShapeError(`embedding: table must be [vocabulary, width], got shape ${formatShape(table.shape)}`);
  }
  return gather(table, ids, 0) as Tensor;
}

/**
 * Sums of slices that share an index: y[a, j, b] = the sum of updates[a, i, b] over all i with indices[i] = j. Axis
 * `axis` of y has the size `length`; in `updates` the shape of `indices` stands there. The gradient of gather.
 */
export const scatter: Op<(updates: Tensor, indices: Tensor<"i32">, length: number, axis?: number) => Tensor> = defineOp(
  "scatter",
  {
    forward(updates: Tensor, indices: Tensor<"i32">, length: number, axis = 0): Tensor {
      requireTensor("scatter", "updates", updates);
      requireDtype("scatter", "updates", updates.dtype, "f32");
      requireIndices("scatter", "indices", indices, length);
      const at = normalizeAxis("scatter", axis, updates.rank - indices.rank + 1);
      const picked = updates.shape.slice(at, at + indices.rank);
      if (!sameShape(picked, indices.shape)) {
        throw new ShapeError(
          `scatter: updates must have the shape of indices at axis ${at}, ` +
            `got ${formatShape(updates.shape)} and ${formatShape(indices.shape)}`,
        );
      }
      const shape = updates.shape.toSpliced(at, indices.rank, length);
      const { outer, inner } = around(shape, at);
      const y = zeros(shape);
      const strips = outer * Math.ceil(inner / 16);
      launch("scatter_add_f32", strips, 8 * indices.size, y, updates, indices, length, indices.size, inner);
      return y;
    },
    gradients: [(dy, _y, _updates, indices, _length, axis) => gather(dy, indices, axis) as Tensor],
  },
);

/** x with updates[a, i, b] added at x[a, indices[i], b], one after the other where indices repeat. */
export function scatterAdd(x: Tensor, indices: Tensor<"i32">, updates: Tensor, axis = 0): Tensor {
  requireTensor("scatterAdd", "x", x);
  const at = normalizeAxis("scatterAdd", axis, x.rank);
  const sums = scatter(updates, indices, x.shape[at], at);
  if (!sameShape(sums.shape, x.shape)) {
    const got = `${formatShape(updates.shape)} for ${formatShape(x.shape)}`;
    throw new ShapeError(`scatterAdd: updates must have x's shape but for axis ${at}, got ${got}`);
  }
  return add(x, sums);
}

/** `gather` along an axis; without one, from x's elements in row-major order. */
export function take<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis?: number): Tensor<D> {
  requireTensor("take", "x", x);
  return axis === undefined ? gather(reshape(x, [-1]) as Tensor<D>, indices, 0) : gather(x, indices, axis);
}

/**
 * Elements picked one by one along an axis: y[a, k, b] = x[a, indices[a, k, b], b], where a and b stand for the axes
 * before and after it. `indices` has x's shape but for that axis.
 */
export const takeAlongAxis: Op<
  <D extends "f32" | "i32" = "f32">(x: Tensor<D>, indices: Tensor<"i32">, axis?: number) => Tensor<D>
> = defineOp("takeAlongAxis", {
  forward<D extends "f32" | "i32" = "f32">(x: Tensor<D>, indices: Tensor<"i32">, axis = -1): Tensor<D> {
    requireTensor("takeAlongAxis", "x", x);
    requireDtype("takeAlongAxis", "x", x.dtype, "f32", "i32");
    const at = normalizeAxis("takeAlongAxis", axis, x.rank);
    requireIndices("takeAlongAxis", "indices", indices, x.shape[at]);
    const count = indices.shape[at];
    if (!sameShape(indices.shape, x.shape.with(at, count))) {
      throw new ShapeError(
        `takeAlongAxis: indices must have x's shape but for axis ${at}, ` +
          `got ${formatShape(indices.shape)} for ${formatShape(x.shape)}`,
      );
    }
    const y = empty(indices.shape, x.dtype);
    const { inner } = around(x.shape, at);
    launch(
      "take_along_u32",
      y.size,
      2,
      y as AnyTensor as Tensor,
      x as AnyTensor as Tensor,
      indices,
      x.shape[at],
      count,
      inner,
    );
    return y;
  },
  gradients: [(dy, _y, x, indices, axis = -1) => scatterAlongAxis(dy, indices, x.shape.at(axis) as number, axis)],
});

/**
 * y[a, indices[a, k, b], b] = the sum of the updates[a, k, b] with that index, 0 where there is none. Axis `axis` of y
 * has the size `length`. The gradient of takeAlongAxis.
 */
export const scatterAlongAxis: Op<(updates: Tensor, indices: Tensor<"i32">, length: number, axis?: number) => Tensor> =
  defineOp("scatterAlongAxis", {
    forward(updates: Tensor, indices: Tensor<"i32">, length: number, axis = -1): Tensor {
      requireTensor("scatterAlongAxis", "updates", updates);
      requireDtype("scatterAlongAxis", "updates", updates.dtype, "f32");
      const at = normalizeAxis("scatterAlongAxis", axis, updates.rank);
      requireIndices("scatterAlongAxis", "indices", indices, length);
      if (!sameShape(indices.shape, updates.shape)) {
        throw new ShapeError(
          "scatterAlongAxis: indices must have the shape of updates, " +
            `got ${formatShape(indices.shape)} for ${formatShape(updates.shape)}`,
        );
      }
      const y = zeros(updates.shape.with(at, length));
      const { outer, inner } = around(y.shape, at);
      const count = updates.shape[at];
      launch("scatter_along_f32", outer * inner, 2 * count, y, updates, indices, length, count, inner);
      return y;
    },
    gradients: [(dy, _y, _updates, indices, _length, axis) => takeAlongAxis(dy, indices, axis)],
  });

/**
 * Slices of x picked by several indices: y[i, ...] = x[indices[i, 0], indices[i, 1], ..., ...]. indices are [..., n] for
 * the first n axes of x; what is left of x's axes follows in the result.
 */
export function gatherNd<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">): Tensor<D> {
  requireTensor("gatherNd", "x", x);
  const { rows, rest, flat } = flattened("gatherNd", x.shape, indices);
  return gather(reshape(x, [rows, ...rest]) as Tensor<D>, flat, 0);
}

/**
 * A tensor of zeros with y[indices[i, 0], indices[i, 1], ..., ...] = the sum of the updates[i, ...] for this place. indices
 * are [..., n] for the first n axes of `shape`.
 */
export function scatterNd(indices: Tensor<"i32">, updates: Tensor, shape: Shape): Tensor {
  const { rows, flat } = flattened("scatterNd", shape, indices);
  return reshape(scatter(updates, flat, rows, 0), shape) as Tensor;
}

/** Indices of the first axes of a shape as one number each, and the shape with these axes as one: [rows, ...rest]. */
function flattened(
  operation: string,
  shape: Shape,
  indices: Tensor<"i32">,
): { rows: number; rest: Shape; flat: Tensor<"i32"> } {
  requireTensor(operation, "indices", indices);
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

/** 1 where the last axis's index equals the number, else 0: [...indices' shape, depth]. */
export const oneHot: Op<(indices: Tensor<"i32">, depth: number) => Tensor> = defineOp("oneHot", {
  forward(indices: Tensor<"i32">, depth: number): Tensor {
    requireCount("oneHot", "depth", depth);
    requireIndices("oneHot", "indices", indices, depth);
    const y = empty([...indices.shape, depth]);
    launch("one_hot_f32", indices.size, 3 + 0.1 * depth, y, indices, depth, 1, 0);
    return y;
  },
});

/** The numbers of elements before and after an axis. */
function around(shape: Shape, axis: number): { outer: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), inner: sizeOf(shape.slice(axis + 1)) };
}
