// Elementwise functions of one tensor, and their gradients. A gradient that one kernel computes is an op too, with
// gradients for dy and for what it was computed from.

import { defineElementwise, type Op, within } from "../autograd/op.ts";
import { isTracked } from "../autograd/tape.ts";
import { nanToNumOptions } from "../generated/options.ts";
import { requireType } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { alias, type Tensor } from "../tensor/tensor.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { equal, greater, less, notEqual, where } from "./compare.ts";
import type { FusedActivation } from "./lower/epilogue.ts";
import { map, slope } from "./lower/launch-unary.ts";

/** |x|. The gradient at 0 is 0, that of NaN is NaN. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const abs: Op<(x: Tensor) => Tensor> = defineElementwise("abs", {
  forward: (x) => map("abs", "abs_f32", 0.2, x),
  gradients: [(dy, _y, x) => mul(dy, sign(x))],
});

/**
 * Sign of x: -1, 0 or 1; NaN of NaN, and -0 of -0 (PyTorch: 0). No gradient.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const sign: Op<(x: Tensor) => Tensor> = defineElementwise("sign", {
  forward: (x) => map("sign", "sign_f32", 0.2, x),
});

/** The greatest integer not above x. No gradient. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const floor: Op<(x: Tensor) => Tensor> = defineElementwise("floor", {
  forward: (x) => map("floor", "floor_f32", 0.2, x),
});

/** The smallest integer not below x. No gradient. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const ceil: Op<(x: Tensor) => Tensor> = defineElementwise("ceil", {
  forward: (x) => map("ceil", "ceil_f32", 0.2, x),
});

/**
 * x rounded to the nearest integer, halves to even, as in NumPy. No gradient.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const round: Op<(x: Tensor) => Tensor> = defineElementwise("round", {
  forward: (x) => map("round", "round_f32", 0.2, x),
});

/** x rounded towards 0. No gradient. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const trunc: Op<(x: Tensor) => Tensor> = defineElementwise("trunc", {
  forward: (x) => map("trunc", "trunc_f32", 0.2, x),
});

/** Square root, NaN where x < 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const sqrt: Op<(x: Tensor) => Tensor> = defineElementwise("sqrt", {
  forward: (x) => map("sqrt", "sqrt_f32", 0.6, x),
  gradients: [(dy, y) => div(mul(dy, 0.5), y)],
});

/** x^2. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const square: Op<(x: Tensor) => Tensor> = defineElementwise("square", {
  forward: (x) => map("square", "square_f32", 0.2, x),
  gradients: [(dy, _y, x) => mul(mul(dy, 2), x)],
});

/** 1 / x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const reciprocal: Op<(x: Tensor) => Tensor> = defineElementwise("reciprocal", {
  forward: (x) => map("reciprocal", "reciprocal_f32", 0.4, x),
  gradients: [(dy, y) => neg(mul(dy, square(y)))],
});

/** 1 / sqrt(x), NaN where x < 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const rsqrt: Op<(x: Tensor) => Tensor> = defineElementwise("rsqrt", {
  forward: (x) => map("rsqrt", "rsqrt_f32", 0.8, x),
  gradients: [(dy, y, x) => div(mul(dy, mul(y, -0.5)), x)],
});

/** e^x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const exp: Op<(x: Tensor) => Tensor> = defineElementwise("exp", {
  forward: (x) => map("exp", "exp_f32", 1, x),
  gradients: [(dy, y) => mul(dy, y)],
});

/** ln x; -Infinity at 0, NaN where x < 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const log: Op<(x: Tensor) => Tensor> = defineElementwise("log", {
  forward: (x) => map("log", "log_f32", 1.5, x),
  gradients: [(dy, _y, x) => div(dy, x)],
});

/** ln(1 + x), accurate near 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const log1p: Op<(x: Tensor) => Tensor> = defineElementwise("log1p", {
  forward: (x) => map("log1p", "log1p_f32", 1.5, x),
  gradients: [(dy, _y, x) => div(dy, add(x, 1))],
});

/**
 * sin x, x in radians of any size; NaN of infinities. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const sin: Op<(x: Tensor) => Tensor> = defineElementwise("sin", {
  forward: (x) => map("sin", "sin_f32", 1.6, x),
  gradients: [(dy, _y, x) => mul(dy, cos(x))],
});

/**
 * cos x, x in radians of any size; NaN of infinities. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const cos: Op<(x: Tensor) => Tensor> = defineElementwise("cos", {
  forward: (x) => map("cos", "cos_f32", 1.6, x),
  gradients: [(dy, _y, x) => neg(mul(dy, sin(x)))],
});

/**
 * Error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const erf: Op<(x: Tensor) => Tensor> = defineElementwise("erf", {
  forward: (x) => map("erf", "erf_f32", 1, x),
  gradients: [(dy, _y, x) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
});

/** 1 / (1 + e^-x). Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const sigmoid: Op<(x: Tensor) => Tensor> = defineElementwise("sigmoid", {
  forward: (x) => map("sigmoid", "sigmoid_f32", 1.1, x),
  gradients: [(dy, y) => sigmoidGrad(dy, y)],
});

/** dy y (1 - y): the gradient of y = sigmoid(x). @internal */
export const sigmoidGrad: Op<(dy: Tensor, y: Tensor) => Tensor> = defineElementwise("sigmoidGrad", {
  forward: (dy, y) => slope("sigmoid_grad_f32", 0.3, dy, y),
  gradients: [(g, _dx, _dy, y) => sigmoidGrad(g, y), (g, _dx, dy, y) => mul(mul(g, dy), sub(1, mul(y, 2)))],
});

/** tanh x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const tanh: Op<(x: Tensor) => Tensor> = defineElementwise("tanh", {
  forward: (x) => map("tanh", "tanh_f32", 0.9, x),
  gradients: [(dy, y) => tanhGrad(dy, y)],
});

/** dy (1 - y^2): the gradient of y = tanh(x). @internal */
export const tanhGrad: Op<(dy: Tensor, y: Tensor) => Tensor> = defineElementwise("tanhGrad", {
  forward: (dy, y) => slope("tanh_grad_f32", 0.3, dy, y),
  gradients: [(g, _dx, _dy, y) => tanhGrad(g, y), (g, _dx, dy, y) => mul(mul(g, dy), mul(y, -2))],
});

/** max(x, 0). The gradient at 0 is 0. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const relu: Op<(x: Tensor) => Tensor> = defineElementwise("relu", {
  forward: (x) => map("relu", "relu_f32", 0.2, x),
  gradients: [(dy, y) => reluGrad(dy, y)],
});

/** dy where y > 0, else 0: the gradient of y = relu(x). @internal */
export const reluGrad: Op<(dy: Tensor, y: Tensor) => Tensor> = defineElementwise("reluGrad", {
  forward: (dy, y) => slope("relu_grad_f32", 0.3, dy, y),
  gradients: [(g, _dx, _dy, y) => reluGrad(g, y)],
});

/** ln(1 + e^x). Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
export const softplus: Op<(x: Tensor) => Tensor> = defineElementwise("softplus", {
  forward: (x) => map("softplus", "softplus_f32", 2.4, x),
  gradients: [(dy, _y, x) => softplusGrad(dy, x)],
});

/** dy sigmoid(x): the gradient of softplus. @internal */
export const softplusGrad: Op<(dy: Tensor, x: Tensor) => Tensor> = defineElementwise("softplusGrad", {
  forward: (dy, x) => slope("softplus_grad_f32", 1.2, dy, x),
  gradients: [(g, _dx, _dy, x) => softplusGrad(g, x), (g, _dx, dy, x) => sigmoidGrad(mul(g, dy), sigmoid(x))],
});

/**
 * x sigmoid(x), also called swish. At infinities it and its gradient are their limits, where PyTorch has NaN.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const silu: Op<(x: Tensor) => Tensor> = defineElementwise("silu", {
  forward: (x) => map("silu", "silu_f32", 1.1, x),
  gradients: [(dy, _y, x) => siluGrad(dy, x)],
});

/** dy s (1 + x (1 - s)) with s = sigmoid(x): the gradient of silu. @internal */
export const siluGrad: Op<(dy: Tensor, x: Tensor) => Tensor> = defineElementwise("siluGrad", {
  forward: (dy, x) => slope("silu_grad_f32", 1.2, dy, x),
  gradients: [
    (g, _dx, _dy, x) => siluGrad(g, x),
    (g, _dx, dy, x) => {
      const s = sigmoid(x);
      return mul(sigmoidGrad(mul(g, dy), s), add(mul(x, sub(1, mul(s, 2))), 2));
    },
  ],
});

/**
 * x Phi(x), Phi the standard normal distribution function; approximate, default false, uses x (1 + tanh(sqrt(2 / pi)
 * (x + 0.044715 x^3))) / 2. At infinities it and its gradient are their limits, where PyTorch has NaN.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. Source: Hendrycks and Gimpel 2016.
 */
export const gelu: Op<(x: Tensor, approximate?: boolean) => Tensor> = defineElementwise("gelu", {
  forward(x, approximate = false) {
    requireType("gelu", "approximate", approximate, "boolean");
    return approximate ? map("gelu", "gelu_tanh_f32", 1.8, x) : map("gelu", "gelu_f32", 2, x);
  },
  gradients: [(dy, _y, x, approximate) => geluGrad(dy, x, approximate)],
});

/** dy times the derivative of gelu at x. @internal */
export const geluGrad: Op<(dy: Tensor, x: Tensor, approximate?: boolean) => Tensor> = defineElementwise("geluGrad", {
  forward: (dy, x, approximate = false) =>
    approximate ? slope("gelu_tanh_grad_f32", 1.5, dy, x) : slope("gelu_grad_f32", 2.1, dy, x),
  gradients: [
    (g, _dx, _dy, x, approximate) => geluGrad(g, x, approximate),
    (g, _dx, dy, x, approximate) => mul(mul(g, dy), approximate ? geluTanhCurvature(x) : geluCurvature(x)),
  ],
});

/** The second derivative of gelu: p(x) (2 - x^2) with the normal density p. */
function geluCurvature(x: Tensor): Tensor {
  const squared = square(x);
  return mul(mul(exp(mul(squared, -0.5)), 1 / Math.sqrt(2 * Math.PI)), sub(2, squared));
}

/** The second derivative of x s(u), s = sigmoid, u = a x + b x^3: s'(u) (2 u' + x ((1 - 2 s(u)) u'^2 + u'')). */
function geluTanhCurvature(x: Tensor): Tensor {
  const a = Math.sqrt(8 / Math.PI);
  const b = a * 0.044715;
  const squared = square(x);
  const s = sigmoid(mul(x, add(mul(squared, b), a)));
  const u1 = add(mul(squared, 3 * b), a);
  const bend = add(mul(sub(1, mul(s, 2)), square(u1)), mul(x, 6 * b));
  return mul(mul(s, sub(1, s)), add(mul(u1, 2), mul(x, bend)));
}

/**
 * x where x > 0, else negativeSlope x, default 0.2. The gradient at 0 is negativeSlope.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const leakyRelu: Op<(x: Tensor, negativeSlope?: number) => Tensor> = defineElementwise("leakyRelu", {
  forward: (x, negativeSlope = 0.2) => map("leakyRelu", "leaky_relu_f32", 0.2, x, negativeSlope),
  gradients: [(dy, _y, x, negativeSlope = 0.2) => leakyReluGrad(dy, x, negativeSlope)],
});

/** dy where x > 0, else negativeSlope dy: the gradient of leakyRelu. @internal */
export const leakyReluGrad: Op<(dy: Tensor, x: Tensor, negativeSlope: number) => Tensor> = defineElementwise(
  "leakyReluGrad",
  {
    forward: (dy, x, negativeSlope) => slope("leaky_relu_grad_f32", 0.3, dy, x, negativeSlope),
    gradients: [(g, _dx, _dy, x, negativeSlope) => leakyReluGrad(g, x, negativeSlope)],
  },
);

/**
 * x where x > 0, else alpha (e^x - 1), alpha default 1. The gradient at 0 is alpha.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32.
 */
export const elu: Op<(x: Tensor, alpha?: number) => Tensor> = defineElementwise("elu", {
  forward: (x, alpha = 1) => map("elu", "elu_f32", 1.1, x, alpha),
  gradients: [(dy, _y, x, alpha = 1) => eluGrad(dy, x, alpha)],
});

/** dy where x > 0, else dy alpha e^x: the gradient of elu. @internal */
export const eluGrad: Op<(dy: Tensor, x: Tensor, alpha: number) => Tensor> = defineElementwise("eluGrad", {
  forward: (dy, x, alpha) => slope("elu_grad_f32", 1.1, dy, x, alpha),
  gradients: [
    (g, _dx, _dy, x, alpha) => eluGrad(g, x, alpha),
    (g, _dx, dy, x, alpha) => where(greater(x, 0), 0, eluGrad(mul(g, dy), x, alpha)),
  ],
});

/**
 * x clipped to [lowest, highest]. The bounds pass the gradient on, as in TensorFlow, unlike in PyTorch.
 * Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32; ArgumentError unless lowest <= highest.
 */
export const clip: Op<(x: Tensor, lowest: number, highest: number) => Tensor> = defineElementwise("clip", {
  forward(x, lowest, highest) {
    for (const bound of [lowest, highest]) requireType("clip", "each bound", bound, "number");
    if (!(lowest <= highest)) {
      throw new ArgumentError(`clip: lowest must not be above highest, got ${lowest} and ${highest}`);
    }
    return map("clip", "clip_f32", 0.2, x, lowest, highest);
  },
  gradients: [(dy, _y, x, lowest, highest) => clipGrad(dy, x, lowest, highest)],
});

/** dy where lowest <= x <= highest, else 0: the gradient of clip. @internal */
export const clipGrad: Op<(dy: Tensor, x: Tensor, lowest: number, highest: number) => Tensor> = defineElementwise(
  "clipGrad",
  {
    forward: (dy, x, lowest, highest) => slope("clip_grad_f32", 0.3, dy, x, lowest, highest),
    gradients: [(g, _dx, _dy, x, lowest, highest) => clipGrad(g, x, lowest, highest)],
  },
);

/** Whether x is NaN; bool. Shapes: `[...]` -> the same. Errors: none of its own. */
function nan(x: Tensor): Tensor<"bool"> {
  return within("isNaN", () => notEqual(x, x));
}

/** Whether x is neither infinite nor NaN; bool. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
function finite(x: Tensor): Tensor<"bool"> {
  return within("isFinite", () => less(abs(x), Number.POSITIVE_INFINITY));
}

/** Whether x is Infinity or -Infinity; bool. Shapes: `[...]` -> the same. Errors: DtypeError unless x is f32. */
function infinite(x: Tensor): Tensor<"bool"> {
  return within("isInfinite", () => equal(abs(x), Number.POSITIVE_INFINITY));
}

// JavaScript's own functions of these names are not shadowed here.
export { finite as isFinite, infinite as isInfinite, nan as isNaN };

/** Options of {@link nanToNum}. */
export interface NanToNumOptions {
  /** Replaces NaN; default 0. */
  nan?: number;
  /** Replaces Infinity; default the largest f32. */
  positiveInfinity?: number;
  /** Replaces -Infinity; default the lowest f32. */
  negativeInfinity?: number;
}

const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * x with numbers in place of NaN and infinities. The gradient there is 0.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  return within("nanToNum", () => {
    const { positiveInfinity = LARGEST, negativeInfinity = -LARGEST } = checkOptions(
      "nanToNum",
      options,
      nanToNumOptions,
    );
    const other = where(greater(x, 0), positiveInfinity, where(less(x, 0), negativeInfinity, options.nan ?? 0));
    return where(finite(x), x, other);
  });
}

const afterRelu = defineElementwise("relu", {
  forward: (y: Tensor) => alias(y),
  gradients: [(dy, y) => reluGrad(dy, y)],
});

/**
 * The result of an op that applied an activation to its sums by itself: shares the op's memory, and has the
 * activation's gradient, so that the op's own gradients are those of the sums.
 * @internal
 */
export function activated(y: Tensor, activation: FusedActivation | undefined): Tensor {
  return activation === "relu" && isTracked(y) ? afterRelu(y) : y;
}
