// Transcendental functions: trigonometric and hyperbolic functions and their inverses, expm1, erfc.
import { defineElementwise, type Op } from "../autograd/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { toOperand } from "./broadcast.ts";
import { equal, where } from "./compare.ts";
import { exp, rsqrt, sigmoid, square } from "./elementwise.ts";
import { launchPair, type TensorLike } from "./lower/launch-binary.ts";
import { map } from "./lower/launch-unary.ts";
import { inverseOrZero } from "./powers.ts";

/** tan x, x in radians. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const tan: Op<(x: Tensor) => Tensor> = defineElementwise("tan", {
  forward: (x) => map("tan", "tan_f32", 3.4, x),
  gradients: [(dy, y) => mul(dy, add(square(y), 1))],
});

/** arcsin x, from -pi/2 to pi/2; NaN where |x| > 1. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const asin: Op<(x: Tensor) => Tensor> = defineElementwise("asin", {
  forward: (x) => map("asin", "asin_f32", 4, x),
  gradients: [(dy, _y, x) => mul(dy, rsqrt(sub(1, square(x))))],
});

/** arccos x, from 0 to pi; NaN where |x| > 1. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const acos: Op<(x: Tensor) => Tensor> = defineElementwise("acos", {
  forward: (x) => map("acos", "acos_f32", 4, x),
  gradients: [(dy, _y, x) => neg(mul(dy, rsqrt(sub(1, square(x)))))],
});

/** arctan x, from -pi/2 to pi/2. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const atan: Op<(x: Tensor) => Tensor> = defineElementwise("atan", {
  forward: (x) => map("atan", "atan_f32", 4, x),
  gradients: [(dy, _y, x) => div(dy, add(square(x), 1))],
});

/** (e^x - e^-x) / 2. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const sinh: Op<(x: Tensor) => Tensor> = defineElementwise("sinh", {
  forward: (x) => map("sinh", "sinh_f32", 4, x),
  gradients: [(dy, _y, x) => mul(dy, cosh(x))],
});

/** (e^x + e^-x) / 2. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const cosh: Op<(x: Tensor) => Tensor> = defineElementwise("cosh", {
  forward: (x) => map("cosh", "cosh_f32", 4, x),
  gradients: [(dy, _y, x) => mul(dy, sinh(x))],
});

/** Inverse of sinh: ln(x + sqrt(x^2 + 1)). Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const asinh: Op<(x: Tensor) => Tensor> = defineElementwise("asinh", {
  forward: (x) => map("asinh", "asinh_f32", 5, x),
  gradients: [(dy, _y, x) => mul(dy, rsqrt(add(square(x), 1)))],
});

/**
 * Inverse of cosh: ln(x + sqrt(x^2 - 1)); NaN where x < 1. Shapes: `[...]` -> the same. Errors: DtypeError unless x is
 * f32.
 */
export const acosh: Op<(x: Tensor) => Tensor> = defineElementwise("acosh", {
  forward: (x) => map("acosh", "acosh_f32", 5, x),
  gradients: [(dy, _y, x) => mul(dy, rsqrt(mul(sub(x, 1), add(x, 1))))],
});

/**
 * Inverse of tanh: ln((1 + x) / (1 - x)) / 2; NaN where |x| > 1.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const atanh: Op<(x: Tensor) => Tensor> = defineElementwise("atanh", {
  forward: (x) => map("atanh", "atanh_f32", 5, x),
  gradients: [(dy, _y, x) => div(dy, mul(sub(1, x), add(x, 1)))],
});

/** e^x - 1, accurate near 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const expm1: Op<(x: Tensor) => Tensor> = defineElementwise("expm1", {
  forward: (x) => map("expm1", "expm1_f32", 3, x),
  gradients: [(dy, y) => mul(dy, add(y, 1))],
});

/** 1 - erf x, accurate for large x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const erfc: Op<(x: Tensor) => Tensor> = defineElementwise("erfc", {
  forward: (x) => map("erfc", "erfc_f32", 4, x),
  gradients: [(dy, _y, x) => mul(dy, mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI)))],
});

/**
 * Angle of the point (x, y), from -pi to pi: atan(y / x) in the right quadrant. The gradient at (0, 0) is 0.
 * Shapes: y, x -> their broadcast shape. Errors: ShapeError unless the shapes broadcast; DtypeError unless both are
 * f32.
 */
export const atan2: Op<(y: TensorLike, x: TensorLike) => Tensor> = defineElementwise("atan2", {
  forward: (y, x) => launchPair("atan2", "atan2", y, x, 4, ["f32"]),
  gradients: [
    (dy, _angle, y, x) => toOperand(mul(dy, turning(x, y)), y),
    (dy, _angle, y, x) => toOperand(neg(mul(dy, turning(y, x))), x),
  ],
});

/** a / (a^2 + b^2), without overflow; 0 where both are 0. */
function turning(a: TensorLike, b: TensorLike): Tensor {
  const inverse = inverseOrZero(hypot(a, b));
  return mul(mul(inverse, a), inverse);
}

/**
 * sqrt(a^2 + b^2), without overflow; infinite where either is, even beside NaN. The gradient at 0 is 0.
 * Shapes: a, b -> their broadcast shape. Errors: ShapeError unless the shapes broadcast; DtypeError unless both are
 * f32.
 */
export const hypot: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineElementwise("hypot", {
  forward: (a, b) => launchPair("hypot", "hypot", a, b, 1.5, ["f32"]),
  gradients: [
    (dy, y, a) => toOperand(mul(dy, div(a, where(equal(y, 0), 1, y))), a),
    (dy, y, _a, b) => toOperand(mul(dy, div(b, where(equal(y, 0), 1, y))), b),
  ],
});

/**
 * ln(e^a + e^b), without overflow.
 * Shapes: a, b -> their broadcast shape. Errors: ShapeError unless the shapes broadcast; DtypeError unless both are
 * f32.
 */
export const logAddExp: Op<(a: TensorLike, b: TensorLike) => Tensor> = defineElementwise("logAddExp", {
  forward: (a, b) => launchPair("logAddExp", "log_add_exp", a, b, 8, ["f32"]),
  gradients: [
    (dy, _y, a, b) => toOperand(mul(dy, sigmoid(sub(a, b))), a),
    (dy, _y, a, b) => toOperand(mul(dy, sigmoid(sub(b, a))), b),
  ],
});
