// Differences of neighbours along an axis, and closeness of two tensors.
import { requireTensor, within } from "../autograd/op.ts";
import { closeOptions } from "../generated/options.ts";
import { requireCount } from "../runtime/arguments.ts";
import { checkOptions } from "../runtime/options.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { equal, lessEqual, logicalAnd, logicalOr, notEqual } from "./compare.ts";
import { abs } from "./elementwise.ts";
import { slice } from "./layout.ts";
import { all } from "./reduce.ts";

/** More differences have binomial coefficients beyond f32, and each takes a pass. */
const MOST_DIFFERENCES = 1000;

/**
 * Differences of neighbours, y[i] = x[i + 1] - x[i] along the axis (default the last), n times, at most 1000; default
 * once.
 * Shapes: `[..., size]` -> `[..., size - n]`.
 * Errors: ArgumentError unless n is a whole number from 0 to the axis's size, and for an axis out of range; DtypeError
 * unless x is f32 or i32.
 */
export function diff(x: Tensor, n = 1, axis = -1): Tensor {
  return within("diff", () => {
    requireTensor("diff", "x", x);
    const at = normalizeAxis("diff", axis, x.rank);
    requireCount("diff", "n", n, 0, Math.min(x.shape[at], MOST_DIFFERENCES));
    let y = x;
    for (let size = x.shape[at] - 1; size >= x.shape[at] - n; size--) {
      const part = (first: number): Tensor =>
        slice(
          y,
          y.shape.map((_, i) => (i === at ? first : 0)),
          y.shape.with(at, size),
        ) as Tensor;
      y = sub(part(1), part(0));
    }
    return y;
  });
}

/** Options of {@link isClose} and {@link allClose}. */
export interface CloseOptions {
  /** Relative tolerance, of |b|; default 1e-5. */
  rtol?: number;
  /** Absolute tolerance; default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN; default false. */
  equalNan?: boolean;
}

/**
 * |a - b| <= atol + rtol |b|, or a = b, as infinities may be; bool.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export function isClose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor<"bool"> {
  return within("isClose", () => {
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = checkOptions("isClose", options, closeOptions);
    const size = abs(b);
    const near = logicalAnd(lessEqual(abs(sub(a, b)), add(mul(size, rtol), atol)), notEqual(size, Infinity));
    const close = logicalOr(near, equal(a, b));
    return equalNan ? logicalOr(close, logicalAnd(notEqual(a, a), notEqual(b, b))) : close;
  });
}

/**
 * Whether all elements of a are close to b's, as in {@link isClose}; bool.
 * Shapes: a, b, which broadcast -> `[]`.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are f32.
 */
export function allClose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor<"bool"> {
  return within("allClose", () => all(isClose(a, b, checkOptions("allClose", options, closeOptions))));
}
