// Cumulative sums, products, maxima and minima along an axis; sums and products in f64.

import { grad } from "../autograd/grad.ts";
import { defineOp, type Op, requireTensor, within } from "../autograd/op.ts";
import { extremeScanOptions, scanOptions } from "../generated/options.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { arange } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { normalizeAxis, sizeOf } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { mul, neg, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast, equal, logicalOr, notEqual, where } from "./compare.ts";
import { flip, pad, reshape, slice } from "./layout.ts";
import { addAlong } from "./lower/picking.ts";

/** Options of {@link cumsum} and {@link cumprod}. */
export interface ScanOptions {
  /** Whether to run from the end; default false. */
  reverse?: boolean;
  /** Whether to leave out the element itself: the first result is 0, of a product 1; default false. */
  exclusive?: boolean;
}

function scan(
  operation: string,
  kernel: "cum_sum_f32" | "cum_prod_f32" | "cum_max_f32",
  x: Tensor,
  axis: number,
  { reverse = false, exclusive = false }: ScanOptions,
): Tensor {
  requireTensor(operation, "x", x);
  requireDtype(operation, "x", x.dtype, "f32");
  const at = normalizeAxis(operation, axis, x.rank);
  const length = x.shape[at];
  const inner = sizeOf(x.shape.slice(at + 1));
  const strips = sizeOf(x.shape.slice(0, at)) * Math.ceil(inner / 4);
  const y = empty(x.shape);
  if (length > 0) launch(kernel, strips, 2 * length, y, x, length, inner, reverse ? 1 : 0, exclusive ? 1 : 0);
  return y;
}

/**
 * Cumulative sum y[i] = x[0] + ... + x[i] along the axis, default the last.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export const cumsum: Op<(x: Tensor, axis?: number, options?: ScanOptions) => Tensor> = defineOp("cumsum", {
  options: true,
  forward: (x, axis = -1, options = {}) =>
    scan("cumsum", "cum_sum_f32", x, axis, checkOptions("cumsum", options, scanOptions)),
  gradients: [(dy, _y, _x, axis, options) => cumsum(dy, axis, { ...options, reverse: !options?.reverse })],
});

/**
 * Cumulative product y[i] = x[0] ... x[i] along the axis, default the last. The gradient, made without division, holds
 * for zeros.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export const cumprod: Op<(x: Tensor, axis?: number, options?: ScanOptions) => Tensor> = defineOp("cumprod", {
  options: true,
  forward: (x, axis = -1, options = {}) =>
    scan("cumprod", "cum_prod_f32", x, axis, checkOptions("cumprod", options, scanOptions)),
  gradients: [
    (dy, _y, x, axis = -1, options = {}) =>
      grad((v: Tensor) => sum(mul(doubling(v, normalizeAxis("cumprod", axis, v.rank), options), dy)))(x) as Tensor,
  ],
});

/** The cumulative product by doubling: without division, so that zeros have gradients. */
function doubling(x: Tensor, axis: number, { reverse = false, exclusive = false }: ScanOptions): Tensor {
  const length = x.shape[axis];
  /** x moved on by `steps`, ones coming in. */
  const moved = (v: Tensor, steps: number): Tensor => {
    const kept = slice(
      v,
      v.shape.map(() => 0),
      v.shape.with(axis, length - steps),
    ) as Tensor;
    return pad(
      kept,
      v.shape.map((_, i): [number, number] => [i === axis ? steps : 0, 0]),
      1,
    ) as Tensor;
  };
  let y = reverse ? (flip(x, axis) as Tensor) : x;
  if (exclusive && length > 0) y = moved(y, 1);
  for (let steps = 1; steps < length; steps *= 2) y = mul(y, moved(y, steps));
  return reverse ? (flip(y, axis) as Tensor) : y;
}

/** Options of {@link cumMax} and {@link cumMin}. */
export type ExtremeScanOptions = Pick<ScanOptions, "reverse">;

/**
 * Cumulative maximum y[i] = max(x[0], ..., x[i]) along the axis, default the last; the last of equal elements has the
 * gradient.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export const cumMax: Op<(x: Tensor, axis?: number, options?: ExtremeScanOptions) => Tensor> = defineOp("cumMax", {
  options: true,
  forward: (x: Tensor, axis = -1, options: ExtremeScanOptions = {}) =>
    scan("cumMax", "cum_max_f32", x, axis, checkOptions("cumMax", options, extremeScanOptions)),
  gradients: [
    (dy, y, x, axis = -1, options = {}): Tensor => {
      const at = normalizeAxis("cumMax", axis, x.rank);
      const length = x.shape[at];
      const shape = x.shape.map((_, i) => (i === at ? length : 1));
      // The running maximum, or NaN, is where x last equalled it: the last such step in scan order.
      const last = length - 1;
      const steps = reshape(options.reverse ? arange(last, -1, -1) : arange(length), shape) as Tensor;
      const found = cumMax(where(logicalOr(equal(x, y), notEqual(x, x)), steps, 0), at, options);
      const indices = cast(options.reverse ? sub(last, found) : found, "i32") as Tensor<"i32">;
      return addAlong(dy, indices, length, at);
    },
  ],
});

/**
 * Cumulative minimum y[i] = min(x[0], ..., x[i]) along the axis, default the last; the last of equal elements has the
 * gradient.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32.
 */
export function cumMin(x: Tensor, axis = -1, options: ExtremeScanOptions = {}): Tensor {
  return within("cumMin", () => neg(cumMax(neg(x), axis, checkOptions("cumMin", options, extremeScanOptions))));
}
