// Broadcasting along axes and the sum that undoes it: each is the other's gradient.

import { defineOp, type Op, requireFloat, requireTensor } from "../autograd/op.ts";
import { meshgridOptions } from "../generated/options.ts";
import { requireNumbers, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype } from "../tensor/dtype.ts";
import {
  checkShape,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
} from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { expandDims, requireTensors, reshape } from "./layout.ts";
import { type Axes, reducedShape } from "./lower/axes.ts";
import { fold } from "./lower/fold.ts";
import type { TensorLike } from "./lower/launch-binary.ts";
import { copyBroadcast } from "./lower/strided-copy.ts";

/**
 * Repeats x along its axes of size 1, and along new leading axes, to a shape.
 * Shapes: `[a, 1]` -> `[n, a, b]` with shape [n, a, b], of any dtype.
 * Errors: ShapeError unless x broadcasts to it.
 */
export const broadcastTo: Op<<D extends Dtype>(x: Tensor<D>, shape: Shape) => Tensor<D>> = defineOp("broadcastTo", {
  forward<D extends Dtype>(x: Tensor<D>, shape: Shape): Tensor<D> {
    requireTensor("broadcastTo", "x", x);
    checkShape("broadcastTo", shape);
    const added = shape.length - x.rank;
    const fits = added >= 0 && x.shape.every((length, axis) => length === 1 || length === shape[axis + added]);
    if (!fits) {
      throw new ShapeError(
        `broadcastTo: sizes must be equal or 1, from the right, got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    }
    return copyBroadcast("broadcastTo", x, shape);
  },
  gradients: [(dy, _y, x) => sumTo(dy, x.shape)],
});

/** Whether a reduction leaves the first axis as it is. @internal */
export const keepsFirst = (x: AnyTensor, axes?: Axes): boolean =>
  !normalizeAxes("perExampleGrad", axes, x.rank).includes(0);

/**
 * Sum over the axes, default all; keepDims, default false, keeps them with size 1.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; DtypeError unless x is f32.
 */
export const sum: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("sum", {
  perExample: keepsFirst,
  forward(x, axes, keepDims = false) {
    requireFloat("sum", "x", x);
    const list = normalizeAxes("sum", axes, x.rank);
    return fold("sum_f32", x, list, reducedShape("sum", x.shape, list, keepDims));
  },
  gradients: [(dy, _y, x, axes) => broadcastTo(restored(dy, x, axes), x.shape) as Tensor],
});

/** y as if it had been reduced with `keepDims`, so that it broadcasts against x. @internal */
export function restored(y: Tensor, x: AnyTensor, axes: Axes): Tensor {
  return reshape(y, reducedShape("reduce", x.shape, normalizeAxes("reduce", axes, x.rank), true)) as Tensor;
}

/** x summed over the axes along which a tensor of `shape` would be repeated to x's shape: undoes broadcasting. @internal */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const repeated = (axis: number): boolean => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1);
  const axes = x.shape.flatMap((_, axis) => (repeated(axis) ? [axis] : []));
  return reshape(sum(x, axes), shape) as Tensor;
}

/** The gradient with respect to an operand: summed over the axes along which it was repeated; none for a number. @internal */
export function toOperand(dx: AnyTensor, x: TensorLike<Dtype>): Tensor | undefined {
  return typeof x === "number" ? undefined : sumTo(dx as Tensor, x.shape);
}

/**
 * Repeats x repeats[i] times along each axis i.
 * Shapes: `[a, b]` -> `[a repeats[0], b repeats[1]]`, of any dtype.
 * Errors: ArgumentError unless there is a number for each axis; ShapeError unless they are whole and at least 0.
 */
export function tile<D extends Dtype>(x: Tensor<D>, repeats: readonly number[]): Tensor<D> {
  requireTensor("tile", "x", x);
  requireNumbers("tile", "repeats", repeats);
  if (repeats.length !== x.rank) {
    throw new ArgumentError(
      `tile: repeats must be one number for each axis of ${formatShape(x.shape)}, got [${repeats.join(", ")}]`,
    );
  }
  checkShape("tile", repeats);
  let y = x;
  repeats.forEach((count, axis) => {
    if (count === 1) return;
    const outer = sizeOf(y.shape.slice(0, axis));
    const inner = sizeOf(y.shape.slice(axis));
    const repeated = broadcastTo(reshape(y, [outer, 1, inner]), [outer, count, inner]);
    y = reshape(repeated, y.shape.with(axis, y.shape[axis] * count));
  });
  return y === x ? reshape(x, x.shape) : y;
}

/**
 * Repeats each element `repeats` times along the axis; default: of x's elements in row-major order.
 * Shapes: `[a, b]` -> `[a repeats, b]` with axis 0, or `[a b repeats]` without; of any dtype.
 * Errors: ArgumentError for an axis out of range; ShapeError unless repeats is a whole number of at least 0.
 */
export function repeat<D extends Dtype>(x: Tensor<D>, repeats: number, axis?: number): Tensor<D> {
  requireTensor("repeat", "x", x);
  checkShape("repeat", [repeats]);
  if (axis === undefined) return repeat(reshape(x, [x.size]) as Tensor<D>, repeats, 0);
  const at = normalizeAxis("repeat", axis, x.rank);
  const spread = broadcastTo(expandDims(x, at + 1), x.shape.toSpliced(at + 1, 0, repeats));
  return reshape(spread, x.shape.with(at, x.shape[at] * repeats)) as Tensor<D>;
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** "xy", the default as in NumPy: the first tensor along axis 1, the second along axis 0; "ij": in their order. */
  indexing?: "xy" | "ij";
}

/**
 * Coordinates of the points of a grid: each vector repeated along the others' axes.
 * Shapes: `[n]`, `[m]` -> `[m, n]` twice, or `[n, m]` with indexing "ij"; of any dtype.
 * Errors: ArgumentError for an empty list or unknown indexing; ShapeError for tensors of more than one axis; DtypeError
 * unless they have one dtype.
 */
export function meshgrid<D extends Dtype>(xs: readonly Tensor<D>[], options: MeshgridOptions = {}): Tensor<D>[] {
  const { indexing = "xy" } = checkOptions("meshgrid", options, meshgridOptions);
  requireTensors("meshgrid", xs);
  if (indexing !== "xy" && indexing !== "ij") {
    throw new ArgumentError(`meshgrid: indexing must be xy or ij, got ${textOf(indexing)}`);
  }
  const axisOf = (i: number): number => (indexing === "xy" && xs.length > 1 && i < 2 ? 1 - i : i);
  const shape = xs.map((_, i) => xs[axisOf(i)].size);
  return xs.map((x, i) => {
    if (x.rank > 1) throw new ShapeError(`meshgrid: the tensors must have one axis, got shape ${formatShape(x.shape)}`);
    const own = shape.map((length, axis) => (axis === axisOf(i) ? length : 1));
    return broadcastTo(reshape(x, own), shape) as Tensor<D>;
  });
}
