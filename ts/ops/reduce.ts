// Reductions over axes and their gradients: sum, mean, max, min and what is made of them; the places of extremes.
import { defineOp, requireTensor } from "../autograd/op.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxes, normalizeAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./binary.ts";
import { cast, equal } from "./compare.ts";
import { exp, sqrt, square } from "./elementwise.ts";
import { type FoldKernel, fold, TILE } from "./fold.ts";
import { broadcastTo, reshape, transpose } from "./layout.ts";

/** Axes to reduce: one, several, or all where none are given. Negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

/** The result's shape: without the reduced axes, or with size 1 in their places. */
function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));
}

function requireFloat(operation: string, x: Tensor): void {
  requireTensor(operation, "x", x);
  requireDtype(operation, "x", x.dtype, "f32");
}

/** How many numbers make one of the result. */
function countOf(shape: Shape, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => shape[axis]));
}

/** y as if it had been reduced with `keepDims`, so that it broadcasts against x. */
function restored(y: Tensor, x: AnyTensor, axes: Axes): Tensor {
  return reshape(y, reducedShape(x.shape, normalizeAxes("reduce", axes, x.rank), true)) as Tensor;
}

/** The sum over the axes. */
export const sum = defineOp("sum", {
  forward(x: Tensor, axes?: Axes, keepDims = false) {
    requireFloat("sum", x);
    const list = normalizeAxes("sum", axes, x.rank);
    return fold("sum_f32", x, list, reducedShape(x.shape, list, keepDims));
  },
  gradients: [(dy, _y, x, axes): Tensor => broadcastTo(restored(dy, x, axes), x.shape) as Tensor],
});

/** The mean over the axes; NaN where they are empty. */
export const mean = defineOp("mean", {
  forward(x: Tensor, axes?: Axes, keepDims = false) {
    requireFloat("mean", x);
    const list = normalizeAxes("mean", axes, x.rank);
    return fold("sum_f32", x, list, reducedShape(x.shape, list, keepDims), countOf(x.shape, list));
  },
  gradients: [
    (dy, _y, x, axes): Tensor => {
      const count = countOf(x.shape, normalizeAxes("mean", axes, x.rank));
      return broadcastTo(restored(div(dy, count), x, axes), x.shape) as Tensor;
    },
  ],
});

/** x summed over the axes along which a tensor of `shape` would be repeated to x's shape: undoes broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const repeated = (axis: number): boolean => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1);
  const axes = x.shape.flatMap((_, axis) => (repeated(axis) ? [axis] : []));
  return reshape(sum(x, axes), shape) as Tensor;
}

/** The largest number over the axes, NaN if there is one. Equal ones share the gradient evenly. */
export const max = defineOp("max", {
  forward: (x: Tensor, axes?: Axes, keepDims = false) => extreme("max", "max_f32", x, axes, keepDims),
  gradients: [(dy, y, x, axes): Tensor => shareOut(dy, y, x, axes)],
});

/** The smallest number over the axes, NaN if there is one. Equal ones share the gradient evenly. */
export const min = defineOp("min", {
  forward: (x: Tensor, axes?: Axes, keepDims = false) => extreme("min", "min_f32", x, axes, keepDims),
  gradients: [(dy, y, x, axes): Tensor => shareOut(dy, y, x, axes)],
});

function extreme(operation: string, kernel: FoldKernel, x: Tensor, axes: Axes, keepDims: boolean): Tensor {
  requireFloat(operation, x);
  const list = normalizeAxes(operation, axes, x.rank);
  requireElements(operation, x.shape, list);
  return fold(kernel, x, list, reducedShape(x.shape, list, keepDims));
}

function requireElements(operation: string, shape: Shape, axes: readonly number[]): void {
  if (countOf(shape, axes) > 0) return;
  throw new ShapeError(
    `${operation}: the axes must hold at least one element, got axes [${axes.join(", ")}] of ${formatShape(shape)}`,
  );
}

/** dy / n at each of the n elements of x that equal the extreme y, else 0. */
function shareOut(dy: Tensor, y: Tensor, x: Tensor, axes: Axes): Tensor {
  const chosen = cast(equal(x, restored(y, x, axes)), "f32");
  return mul(chosen, div(restored(dy, x, axes), sum(chosen, axes, true)));
}

/** Where the largest number stands along the axis: the first of equal ones, or the first NaN. */
export const argMax = defineOp("argMax", {
  forward: (x: Tensor, axis = -1, keepDims = false) => locate("argMax", "arg_max_f32", x, axis, keepDims),
});

/** Where the smallest number stands along the axis: the first of equal ones, or the first NaN. */
export const argMin = defineOp("argMin", {
  forward: (x: Tensor, axis = -1, keepDims = false) => locate("argMin", "arg_min_f32", x, axis, keepDims),
});

function locate(
  operation: string,
  kernel: "arg_max_f32" | "arg_min_f32",
  x: Tensor,
  axis: number,
  keepDims: boolean,
): Tensor<"i32"> {
  requireFloat(operation, x);
  const at = normalizeAxis(operation, axis, x.rank);
  requireElements(operation, x.shape, [at]);
  const length = x.shape[at];
  const inner = sizeOf(x.shape.slice(at + 1));
  const y = empty(reducedShape(x.shape, [at], keepDims), "i32");
  const units = sizeOf(x.shape.slice(0, at)) * Math.ceil(inner / TILE);
  launch(kernel, units, 20 + 0.5 * length * Math.min(inner, TILE), y, x, length, inner, TILE);
  return y;
}

/** log of the sum of e^x over the axes, without overflow. */
export const logSumExp = defineOp("logSumExp", {
  forward(x: Tensor, axes?: Axes, keepDims = false) {
    requireFloat("logSumExp", x);
    const list = normalizeAxes("logSumExp", axes, x.rank);
    const y = empty(reducedShape(x.shape, list, keepDims));
    const rows = axesLast(x, list);
    const columns = countOf(x.shape, list);
    launch("log_sum_exp_f32", y.size, 20 + columns, y, rows, columns);
    if (rows !== x) rows.dispose();
    return y;
  },
  gradients: [(dy, y, x, axes): Tensor => mul(restored(dy, x, axes), exp(sub(x, restored(y, x, axes))))],
});

/** x with the axes moved behind all others. */
function axesLast(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.every((axis, i) => axis === x.rank - axes.length + i)) return x;
  const others = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return transpose(x, [...others, ...axes]) as Tensor;
}

/** What `variance` and `std` take beside the axes. */
export interface VarianceOptions {
  keepDims?: boolean;
  /** Taken off the number of elements before dividing; default 0, the population's variance; 1 gives Bessel's. */
  correction?: number;
}

/** The mean squared deviation from the mean over the axes. */
export function variance(x: Tensor, axes?: Axes, { keepDims = false, correction = 0 }: VarianceOptions = {}): Tensor {
  requireFloat("variance", x);
  const list = normalizeAxes("variance", axes, x.rank);
  const count = countOf(x.shape, list);
  if (!(correction >= 0)) throw new ArgumentError(`variance: correction must be at least 0, got ${correction}`);
  const squares = square(sub(x, mean(x, list, true)));
  if (correction === 0) return mean(squares, list, keepDims);
  return div(sum(squares, list, keepDims), count - correction);
}

/** The square root of the variance. Its gradient is infinite where all elements are equal. */
export function std(x: Tensor, axes?: Axes, options?: VarianceOptions): Tensor {
  return sqrt(variance(x, axes, options));
}
