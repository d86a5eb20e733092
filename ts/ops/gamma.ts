// The log-gamma function and its derivatives, computed by one kernel.
import { defineElementwise, defineOp, type Gradient, type Op } from "../autograd/op.ts";
import { requireCount } from "../runtime/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { map } from "./lower/launch-unary.ts";

/**
 * ln |gamma(x)|, with gamma(n) = (n - 1)!; Infinity at 0, -1, -2, ...
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const logGamma: Op<(x: Tensor) => Tensor> = defineOp("logGamma", {
  forward: (x) => map("logGamma", "polygamma_f32", 60, x, 0),
  gradients: [(dy, _y, x): Gradient => mul(dy, digamma(x))],
});

/**
 * The derivative of ln |gamma(x)|; NaN at -1, -2, ... and -Infinity at 0.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const digamma: Op<(x: Tensor) => Tensor> = defineOp("digamma", {
  forward: (x) => map("digamma", "polygamma_f32", 60, x, 1),
  gradients: [(dy, _y, x): Gradient => mul(dy, polygamma(x))],
});

/** Beyond it the factorials that polygamma is made of are infinite. */
const MOST_ORDERS = 170;

/**
 * Derivative of {@link digamma} of this order, default 1, the trigamma function. At -1, -2, ... Infinity for odd
 * orders, NaN for even ones, whose poles have two signs.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError unless order is a whole number from 0 to 170; DtypeError unless x is f32.
 */
export const polygamma: Op<(x: Tensor, order?: number) => Tensor> = defineElementwise("polygamma", {
  forward(x: Tensor, order = 1): Tensor {
    requireCount("polygamma", "order", order, 0, MOST_ORDERS);
    return map("polygamma", "polygamma_f32", 60 + 10 * order, x, order + 1);
  },
  gradients: [(dy, _y, x, order = 1): Gradient => mul(dy, polygamma(x, order + 1))],
});
