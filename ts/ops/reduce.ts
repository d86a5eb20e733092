// Reductions over axes and their gradients: mean, max, min and what is built on them; argMax and argMin.

import { grad } from "../autograd/grad.ts";
import { defineOp, type Op, requireFloat, requireTensor, within } from "../autograd/op.ts";
import { varianceOptions } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { normalizeAxes, normalizeAxis, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { broadcastTo, keepsFirst, restored, sum } from "./broadcast.ts";
import { cast, equal, notEqual } from "./compare.ts";
import { exp, square } from "./elementwise.ts";
import { axesLast, pad, reshape, slice } from "./layout.ts";
import { type Axes, countOf, reducedShape, requireElements } from "./lower/axes.ts";
import { type FoldKernel, fold, TILE } from "./lower/fold.ts";
import { rootOrZero } from "./powers.ts";

export type { Axes } from "./lower/axes.ts";

/**
 * Mean over the axes, default all, NaN where they are empty; keepDims, default false, keeps them with size 1.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; DtypeError unless x is f32.
 */
export const mean: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("mean", {
  perExample: keepsFirst,
  forward(x, axes, keepDims = false) {
    requireFloat("mean", "x", x);
    const list = normalizeAxes("mean", axes, x.rank);
    return fold("sum_f32", x, list, reducedShape("mean", x.shape, list, keepDims), countOf(x.shape, list));
  },
  gradients: [
    (dy, _y, x, axes) => {
      const count = countOf(x.shape, normalizeAxes("mean", axes, x.rank));
      return broadcastTo(restored(div(dy, count), x, axes), x.shape) as Tensor;
    },
  ],
});

/**
 * Product over the axes, default all, 1 where they are empty; keepDims, default false, keeps them with size 1. The
 * gradient, made without division, holds for zeros too.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; DtypeError unless x is f32.
 */
export const prod: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("prod", {
  perExample: keepsFirst,
  forward(x, axes, keepDims = false) {
    requireFloat("prod", "x", x);
    const list = normalizeAxes("prod", axes, x.rank);
    return fold("prod_f32", x, list, reducedShape("prod", x.shape, list, keepDims));
  },
  gradients: [
    (dy, y, x, axes) => grad((v: Tensor) => sum(mul(reshape(halving(v, axes), y.shape) as Tensor, dy)))(x) as Tensor,
  ],
});

/** The product by repeated halving: without division, so that zeros have gradients. */
function halving(x: Tensor, axes: Axes): Tensor {
  const list = normalizeAxes("prod", axes, x.rank);
  const count = countOf(x.shape, list);
  const rows = sizeOf(x.shape.filter((_, axis) => !list.includes(axis)));
  const withOne = (numbers: Tensor): Tensor =>
    pad(
      numbers,
      [
        [0, 0],
        [0, 1],
      ],
      1,
    ) as Tensor;
  let y = reshape(axesLast(x, list), [rows, count]) as Tensor;
  if (count === 0) y = withOne(y);
  for (let n = count; n > 1; n = Math.ceil(n / 2)) {
    const half = Math.ceil(n / 2);
    const rest = slice(y, [0, half], [rows, n - half]) as Tensor;
    y = mul(slice(y, [0, 0], [rows, half]) as Tensor, n % 2 === 0 ? rest : withOne(rest));
  }
  return y;
}

/**
 * Number of elements that are not 0 over the axes, default all, exact up to 2^24; keepDims, default false, keeps them
 * with size 1.
 * Shapes: `[a, b]` of any dtype -> i32 `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated.
 */
export function countNonzero(x: AnyTensor, axes?: Axes, keepDims = false): Tensor<"i32"> {
  return within("countNonzero", () => {
    requireTensor("countNonzero", "x", x);
    return cast(sum(cast(notEqual(x, 0), "f32"), axes, keepDims), "i32");
  });
}

/**
 * Whether all elements over the axes, default all, are true or not 0; keepDims, default false, keeps them with size 1.
 * Shapes: `[a, b]` of any dtype -> bool `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated.
 */
export function all(x: AnyTensor, axes?: Axes, keepDims = false): Tensor<"bool"> {
  return within("all", () => {
    requireTensor("all", "x", x);
    return equal(sum(cast(equal(x, 0), "f32"), axes, keepDims), 0);
  });
}

/**
 * Whether some element over the axes, default all, is true or not 0; keepDims, default false, keeps them with size 1.
 * Shapes: `[a, b]` of any dtype -> bool `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated.
 */
export function any(x: AnyTensor, axes?: Axes, keepDims = false): Tensor<"bool"> {
  return within("any", () => {
    requireTensor("any", "x", x);
    return notEqual(sum(cast(notEqual(x, 0), "f32"), axes, keepDims), 0);
  });
}

/**
 * Maximum over the axes, default all, NaN if there is one; keepDims, default false, keeps them with size 1. Equal
 * elements share the gradient evenly.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; ShapeError where they are empty; DtypeError unless x is f32.
 */
export const max: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("max", {
  perExample: keepsFirst,
  forward: (x, axes, keepDims = false) => extreme("max", "max_f32", x, axes, keepDims),
  gradients: [(dy, y, x, axes) => shareOut(dy, y, x, axes)],
});

/**
 * Minimum over the axes, default all, NaN if there is one; keepDims, default false, keeps them with size 1. Equal
 * elements share the gradient evenly.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; ShapeError where they are empty; DtypeError unless x is f32.
 */
export const min: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("min", {
  perExample: keepsFirst,
  forward: (x, axes, keepDims = false) => extreme("min", "min_f32", x, axes, keepDims),
  gradients: [(dy, y, x, axes) => shareOut(dy, y, x, axes)],
});

function extreme(operation: string, kernel: FoldKernel, x: Tensor, axes: Axes, keepDims: boolean): Tensor {
  requireFloat(operation, "x", x);
  const list = normalizeAxes(operation, axes, x.rank);
  requireElements(operation, x.shape, list);
  return fold(kernel, x, list, reducedShape(operation, x.shape, list, keepDims));
}

/** dy / n at each of the n elements of x that equal the extreme y, else 0. */
function shareOut(dy: Tensor, y: Tensor, x: Tensor, axes: Axes): Tensor {
  const chosen = cast(equal(x, restored(y, x, axes)), "f32");
  return mul(chosen, div(restored(dy, x, axes), sum(chosen, axes, true)));
}

/**
 * Index of the maximum along the axis, default the last: the first of equal ones, or the first NaN; keepDims, default
 * false, keeps the axis with size 1.
 * Shapes: `[..., n]` -> i32 `[...]`.
 * Errors: ArgumentError for an axis out of range; ShapeError where it is empty; DtypeError unless x is f32.
 */
export const argMax: Op<(x: Tensor, axis?: number, keepDims?: boolean) => Tensor<"i32">> = defineOp("argMax", {
  forward: (x, axis = -1, keepDims = false) => locate("argMax", "arg_max_f32", x, axis, keepDims),
});

/**
 * Index of the minimum along the axis, default the last: the first of equal ones, or the first NaN; keepDims, default
 * false, keeps the axis with size 1.
 * Shapes: `[..., n]` -> i32 `[...]`.
 * Errors: ArgumentError for an axis out of range; ShapeError where it is empty; DtypeError unless x is f32.
 */
export const argMin: Op<(x: Tensor, axis?: number, keepDims?: boolean) => Tensor<"i32">> = defineOp("argMin", {
  forward: (x, axis = -1, keepDims = false) => locate("argMin", "arg_min_f32", x, axis, keepDims),
});

function locate(
  operation: string,
  kernel: "arg_max_f32" | "arg_min_f32",
  x: Tensor,
  axis: number,
  keepDims: boolean,
): Tensor<"i32"> {
  requireFloat(operation, "x", x);
  const at = normalizeAxis(operation, axis, x.rank);
  requireElements(operation, x.shape, [at]);
  const length = x.shape[at];
  const inner = sizeOf(x.shape.slice(at + 1));
  const y = empty(reducedShape(operation, x.shape, [at], keepDims), "i32");
  const units = sizeOf(x.shape.slice(0, at)) * Math.ceil(inner / TILE);
  launch(kernel, units, 20 + 0.5 * length * Math.min(inner, TILE), y, x, length, inner, TILE);
  return y;
}

/**
 * log(sum(e^x)) over the axes, default all, without overflow; keepDims, default false, keeps them with size 1.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; DtypeError unless x is f32.
 */
export const logSumExp: Op<(x: Tensor, axes?: Axes, keepDims?: boolean) => Tensor> = defineOp("logSumExp", {
  perExample: keepsFirst,
  forward(x, axes, keepDims = false) {
    requireFloat("logSumExp", "x", x);
    const list = normalizeAxes("logSumExp", axes, x.rank);
    const y = empty(reducedShape("logSumExp", x.shape, list, keepDims));
    const rows = axesLast(x, list);
    const columns = countOf(x.shape, list);
    launch("log_sum_exp_f32", y.size, 20 + columns, y, rows, columns);
    if (rows !== x) rows.dispose();
    return y;
  },
  gradients: [(dy, y, x, axes) => mul(restored(dy, x, axes), exp(sub(x, restored(y, x, axes))))],
});

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions {
  /** Whether reduced axes stay, with size 1; default false. */
  keepDims?: boolean;
  /**
   * Subtracted from the number of elements before dividing; default 0, the population's variance; 1 is Bessel's
   * correction.
   */
  correction?: number;
}

/**
 * Variance over the axes, default all: the mean squared deviation from the mean.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated and a negative correction; DtypeError unless x is f32.
 */
export function variance(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  return within("variance", () => {
    const { keepDims = false, correction = 0 } = checkOptions("variance", options, varianceOptions);
    requireFloat("variance", "x", x);
    const list = normalizeAxes("variance", axes, x.rank);
    const count = countOf(x.shape, list);
    if (!(correction >= 0)) throw new ArgumentError(`variance: correction must be at least 0, got ${correction}`);
    const squares = square(sub(x, mean(x, list, true)));
    if (correction === 0) return mean(squares, list, keepDims);
    return div(sum(squares, list, keepDims), Math.max(count - correction, 0));
  });
}

/**
 * Standard deviation over the axes, default all. Its gradient is 0 where all elements are equal.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated and a negative correction; DtypeError unless x is f32.
 */
export function std(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  return within("std", () => rootOrZero(variance(x, axes, checkOptions("std", options, varianceOptions))));
}
