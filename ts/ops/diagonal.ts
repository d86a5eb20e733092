// Triangles and diagonals of matrices.
import { defineOp, type Op, requireTensor, within } from "../autograd/op.ts";
import { requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { arange, zeros } from "../tensor/create.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { checkShape, formatShape, normalizeAxis, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sum } from "./broadcast.ts";
import { cast, lessEqual, where } from "./compare.ts";
import { reshape } from "./layout.ts";
import type { Numeric } from "./lower/launch-binary.ts";
import { denseStrides, readView, writeView } from "./lower/strided-copy.ts";

/** Where column - row <= diagonal, in a matrix [rows, columns]. */
function below(rows: number, columns: number, diagonal: number): Tensor<"bool"> {
  const first = Math.max(-rows, Math.min(diagonal, columns));
  const row = arange(first, first + rows, 1, "i32");
  return lessEqual(arange(0, columns, 1, "i32"), reshape(row, [rows, 1]) as Tensor<"i32">);
}

/**
 * A matrix of ones on and below a diagonal, zeros above; columns default to rows. Diagonal 0, the default, is the main
 * one, positive ones are above it.
 * Shapes: -> `[rows, columns]`.
 * Errors: ShapeError for invalid sizes; ArgumentError unless diagonal is a whole number.
 */
export function tri(rows: number, columns: number = rows, diagonal = 0): Tensor {
  checkShape("tri", [rows, columns]);
  requireDiagonal("tri", diagonal);
  return cast(below(rows, columns, diagonal), "f32") as Tensor;
}

/**
 * Lower triangles: x with zeros above a diagonal, default 0, the main one; positive ones are above it.
 * Shapes: `[..., rows, columns]` -> the same.
 * Errors: ShapeError for fewer than two axes; ArgumentError unless diagonal is a whole number; DtypeError unless x is
 * f32 or i32.
 */
export function tril<D extends Numeric = "f32">(x: Tensor<D>, diagonal = 0): Tensor<D> {
  return within("tril", () => {
    const [rows, columns] = matrixOf("tril", x);
    requireDiagonal("tril", diagonal);
    return where(below(rows, columns, diagonal), x, 0);
  });
}

/**
 * Upper triangles: x with zeros below a diagonal, default 0, the main one; positive ones are above it.
 * Shapes: `[..., rows, columns]` -> the same.
 * Errors: ShapeError for fewer than two axes; ArgumentError unless diagonal is a whole number; DtypeError unless x is
 * f32 or i32.
 */
export function triu<D extends Numeric = "f32">(x: Tensor<D>, diagonal = 0): Tensor<D> {
  return within("triu", () => {
    const [rows, columns] = matrixOf("triu", x);
    requireDiagonal("triu", diagonal);
    return where(below(rows, columns, diagonal - 1), 0, x);
  });
}

function requireDiagonal(operation: string, diagonal: number): void {
  if (!Number.isInteger(diagonal)) {
    throw new ArgumentError(`${operation}: diagonal must be a whole number, got ${textOf(diagonal)}`);
  }
}

/** The sizes of the last two axes. */
function matrixOf(operation: string, x: Tensor<Dtype>): [rows: number, columns: number] {
  requireTensor(operation, "x", x);
  if (x.rank < 2)
    throw new ShapeError(`${operation}: x must be [..., rows, columns], got shape ${formatShape(x.shape)}`);
  return [x.shape[x.rank - 2], x.shape[x.rank - 1]];
}

/** A diagonal of a dense tensor as a view: the other axes first, the diagonal last. */
function diagonalView(
  operation: string,
  shape: Shape,
  offset: number,
  axis1: number,
  axis2: number,
): { shape: number[]; strides: number[]; offset: number } {
  requireDiagonal(operation, offset);
  const [first, second] = [axis1, axis2].map((axis) => normalizeAxis(operation, axis, shape.length));
  if (first === second) {
    throw new ArgumentError(`${operation}: axis1 and axis2 must be different, got ${axis1} and ${axis2}`);
  }
  const strides = denseStrides(shape);
  const skipped = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(0, Math.min(shape[first] - skipped[0], shape[second] - skipped[1]));
  const others = (list: readonly number[]): number[] => list.filter((_, axis) => axis !== first && axis !== second);
  return {
    shape: [...others(shape), length],
    strides: [...others(strides), strides[first] + strides[second]],
    offset: length === 0 ? 0 : skipped[0] * strides[first] + skipped[1] * strides[second],
  };
}

/**
 * Diagonals of x along axis1 and axis2, default 0 and 1: y[..., i] = x at i along axis1 and i + offset along axis2;
 * offset defaults to 0, the main diagonal.
 * Shapes: `[rows, columns, ...]` -> `[..., length]`, of any dtype.
 * Errors: ArgumentError for axes that are equal or out of range, and unless offset is a whole number.
 */
export const diagonal: Op<
  <D extends Dtype = "f32">(x: Tensor<D>, offset?: number, axis1?: number, axis2?: number) => Tensor<D>
> = defineOp("diagonal", {
  forward<D extends Dtype = "f32">(x: Tensor<D>, offset = 0, axis1 = 0, axis2 = 1): Tensor<D> {
    requireTensor("diagonal", "x", x);
    const view = diagonalView("diagonal", x.shape, offset, axis1, axis2);
    return readView("diagonal", x, view.shape, view.strides, view.offset);
  },
  gradients: [(dy, _y, x, offset, axis1, axis2) => placeDiagonal(dy, x.shape, offset, axis1, axis2)],
});

/** A tensor of the shape, zero but for the diagonal that `diagonal` would read: that holds x. @internal */
export const placeDiagonal: Op<
  <D extends Dtype = "f32">(x: Tensor<D>, shape: Shape, offset?: number, axis1?: number, axis2?: number) => Tensor<D>
> = defineOp("placeDiagonal", {
  forward<D extends Dtype = "f32">(x: Tensor<D>, shape: Shape, offset = 0, axis1 = 0, axis2 = 1): Tensor<D> {
    const view = diagonalView("placeDiagonal", shape, offset, axis1, axis2);
    const y = zeros(shape, x.dtype);
    writeView("placeDiagonal", y, x, view.strides, view.offset);
    return y;
  },
  gradients: [(dy, _y, _x, _shape, offset, axis1, axis2) => diagonal(dy, offset, axis1, axis2)],
});

/**
 * A matrix with the vector x on a diagonal, or the diagonal of the matrix x; offset, default 0, chooses the diagonal.
 * Shapes: `[n]` -> `[n + |offset|, n + |offset|]`, or `[rows, columns]` -> `[length]`, of any dtype.
 * Errors: ShapeError unless x is a vector or a matrix; ArgumentError unless offset is a whole number.
 */
export function diag<D extends Dtype = "f32">(x: Tensor<D>, offset = 0): Tensor<D> {
  requireType("diag", "offset", offset, "number");
  return within("diag", () => {
    requireTensor("diag", "x", x);
    if (x.rank === 2) return diagonal(x, offset);
    if (x.rank !== 1) throw new ShapeError(`diag: x must be a vector or a matrix, got shape ${formatShape(x.shape)}`);
    const size = x.size + Math.abs(offset);
    return placeDiagonal(x, [size, size], offset);
  });
}

/**
 * Sum of a diagonal along axis1 and axis2, default 0 and 1; offset defaults to 0, the main diagonal.
 * Shapes: `[rows, columns, ...]` -> `[...]`.
 * Errors: ArgumentError for axes that are equal or out of range, and unless offset is a whole number; DtypeError unless
 * x is f32.
 */
export function trace(x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor {
  return within("trace", () => sum(diagonal(x, offset, axis1, axis2), -1));
}
