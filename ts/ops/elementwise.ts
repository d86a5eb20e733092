// Functions of one tensor, element by element, and their gradients. A gradient that one kernel computes is an op too: it
// has gradients for dy and for what it was computed from.
import { defineOp, type Gradient } from "../autograd/op.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./binary.ts";
import { greater, where } from "./compare.ts";
import { map, slope } from "./mapping.ts";

/** -x */
export const neg = defineOp("neg", {
  forward: (x: Tensor) => map("neg", "neg_f32", 0.2, x),
  gradients: [(dy): Gradient => neg(dy)],
});

/** |x|. The gradient at 0 is 0. */
export const abs = defineOp("abs", {
  forward: (x: Tensor) => map("abs", "abs_f32", 0.2, x),
  gradients: [(dy, _y, x): Gradient => mul(dy, sign(x))],
});

/** -1, 0 or 1, by the sign of x. No gradient. */
export const sign = defineOp("sign", {
  forward: (x: Tensor) => map("sign", "sign_f32", 0.2, x),
});

/** The greatest integer not above x. No gradient. */
export const floor = defineOp("floor", {
  forward: (x: Tensor) => map("floor", "floor_f32", 0.2, x),
});

/** The smallest integer not below x. No gradient. */
export const ceil = defineOp("ceil", {
  forward: (x: Tensor) => map("ceil", "ceil_f32", 0.2, x),
});

/** The integer nearest to x, the even one where two are, as in NumPy. No gradient. */
export const round = defineOp("round", {
  forward: (x: Tensor) => map("round", "round_f32", 0.2, x),
});

/** x without its fraction. No gradient. */
export const trunc = defineOp("trunc", {
  forward: (x: Tensor) => map("trunc", "trunc_f32", 0.2, x),
});

/** The square root of x, NaN where x < 0. */
export const sqrt = defineOp("sqrt", {
  forward: (x: Tensor) => map("sqrt", "sqrt_f32", 0.6, x),
  gradients: [(dy, y): Gradient => div(mul(dy, 0.5), y)],
});

/** x^2 */
export const square = defineOp("square", {
  forward: (x: Tensor) => map("square", "square_f32", 0.2, x),
  gradients: [(dy, _y, x): Gradient => mul(dy, mul(x, 2))],
});

/** 1 / x */
export const reciprocal = defineOp("reciprocal", {
  forward: (x: Tensor) => map("reciprocal", "reciprocal_f32", 0.4, x),
  gradients: [(dy, y): Gradient => neg(mul(dy, square(y)))],
});

/** 1 / sqrt(x), NaN where x < 0. */
export const rsqrt = defineOp("rsqrt", {
  forward: (x: Tensor) => map("rsqrt", "rsqrt_f32", 0.8, x),
  gradients: [(dy, y, x): Gradient => div(mul(dy, mul(y, -0.5)), x)],
});

/** e^x */
export const exp = defineOp("exp", {
  forward: (x: Tensor) => map("exp", "exp_f32", 1, x),
  gradients: [(dy, y): Gradient => mul(dy, y)],
});

/** ln x; -infinity at 0, NaN where x < 0. */
export const log = defineOp("log", {
  forward: (x: Tensor) => map("log", "log_f32", 1.5, x),
  gradients: [(dy, _y, x): Gradient => div(dy, x)],
});

/** ln(1 + x), exact near 0 too. */
export const log1p = defineOp("log1p", {
  forward: (x: Tensor) => map("log1p", "log1p_f32", 1.5, x),
  gradients: [(dy, _y, x): Gradient => div(dy, add(x, 1))],
});

/** sin x, x in radians. */
export const sin = defineOp("sin", {
  forward: (x: Tensor) => map("sin", "sin_f32", 1.6, x),
  gradients: [(dy, _y, x): Gradient => mul(dy, cos(x))],
});

/** cos x, x in radians. */
export const cos = defineOp("cos", {
  forward: (x: Tensor) => map("cos", "cos_f32", 1.6, x),
  gradients: [(dy, _y, x): Gradient => neg(mul(dy, sin(x)))],
});

/** The error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export const erf = defineOp("erf", {
  forward: (x: Tensor) => map("erf", "erf_f32", 1, x),
  gradients: [(dy, _y, x): Gradient => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
});

/** 1 / (1 + e^-x) */
export const sigmoid = defineOp("sigmoid", {
  forward: (x: Tensor) => map("sigmoid", "sigmoid_f32", 1.1, x),
  gradients: [(dy, y): Gradient => sigmoidGrad(dy, y)],
});

/** dy y (1 - y): the gradient of y = sigmoid(x). */
export const sigmoidGrad = defineOp("sigmoidGrad", {
  forward: (dy: Tensor, y: Tensor) => slope("sigmoid_grad_f32", 0.3, dy, y),
  gradients: [
    (g, _dx, _dy, y): Gradient => sigmoidGrad(g, y),
    (g, _dx, dy, y): Gradient => mul(mul(g, dy), sub(1, mul(y, 2))),
  ],
});

/** tanh x */
export const tanh = defineOp("tanh", {
  forward: (x: Tensor) => map("tanh", "tanh_f32", 0.9, x),
  gradients: [(dy, y): Gradient => tanhGrad(dy, y)],
});

/** dy (1 - y^2): the gradient of y = tanh(x). */
export const tanhGrad = defineOp("tanhGrad", {
  forward: (dy: Tensor, y: Tensor) => slope("tanh_grad_f32", 0.3, dy, y),
  gradients: [(g, _dx, _dy, y): Gradient => tanhGrad(g, y), (g, _dx, dy, y): Gradient => mul(mul(g, dy), mul(y, -2))],
});

/** max(x, 0). The gradient at 0 is 0. */
export const relu = defineOp("relu", {
  forward: (x: Tensor) => map("relu", "relu_f32", 0.2, x),
  gradients: [(dy, y): Gradient => reluGrad(dy, y)],
});

/** dy where y > 0, else 0: the gradient of y = relu(x). */
export const reluGrad = defineOp("reluGrad", {
  forward: (dy: Tensor, y: Tensor) => slope("relu_grad_f32", 0.3, dy, y),
  gradients: [(g, _dx, _dy, y): Gradient => reluGrad(g, y)],
});

/** ln(1 + e^x) */
export const softplus = defineOp("softplus", {
  forward: (x: Tensor) => map("softplus", "softplus_f32", 2.4, x),
  gradients: [(dy, _y, x): Gradient => softplusGrad(dy, x)],
});

/** dy sigmoid(x): the gradient of softplus. */
export const softplusGrad = defineOp("softplusGrad", {
  forward: (dy: Tensor, x: Tensor) => slope("softplus_grad_f32", 1.2, dy, x),
  gradients: [
    (g, _dx, _dy, x): Gradient => softplusGrad(g, x),
    (g, _dx, dy, x): Gradient => sigmoidGrad(mul(g, dy), sigmoid(x)),
  ],
});

/** x sigmoid(x), also called swish. */
export const silu = defineOp("silu", {
  forward: (x: Tensor) => map("silu", "silu_f32", 1.1, x),
  gradients: [(dy, _y, x): Gradient => siluGrad(dy, x)],
});

/** dy s (1 + x (1 - s)) with s = sigmoid(x): the gradient of silu. */
export const siluGrad = defineOp("siluGrad", {
  forward: (dy: Tensor, x: Tensor) => slope("silu_grad_f32", 1.2, dy, x),
  gradients: [
    (g, _dx, _dy, x): Gradient => siluGrad(g, x),
    (g, _dx, dy, x): Gradient => {
      const s = sigmoid(x);
      return mul(sigmoidGrad(mul(g, dy), s), add(mul(x, sub(1, mul(s, 2))), 2));
    },
  ],
});

/**
 * x P(X <= x) for X of the standard normal distribution; `approximate` uses tanh instead,
 * x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Source: Hendrycks and Gimpel 2016.
 */
export const gelu = defineOp("gelu", {
  forward: (x: Tensor, approximate = false) =>
    approximate ? map("gelu", "gelu_tanh_f32", 1.8, x) : map("gelu", "gelu_f32", 2, x),
  gradients: [(dy, _y, x, approximate): Gradient => geluGrad(dy, x, approximate)],
});

/** dy times the derivative of gelu at x. */
export const geluGrad = defineOp("geluGrad", {
  forward: (dy: Tensor, x: Tensor, approximate = false) =>
    approximate ? slope("gelu_tanh_grad_f32", 1.5, dy, x) : slope("gelu_grad_f32", 2.1, dy, x),
  gradients: [
    (g, _dx, _dy, x, approximate): Gradient => geluGrad(g, x, approximate),
    (g, _dx, dy, x, approximate): Gradient => mul(mul(g, dy), approximate ? geluTanhCurvature(x) : geluCurvature(x)),
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

/** x where x > 0, else negativeSlope x. The gradient at 0 is negativeSlope. */
export const leakyRelu = defineOp("leakyRelu", {
  forward: (x: Tensor, negativeSlope = 0.2) => map("leakyRelu", "leaky_relu_f32", 0.2, x, negativeSlope),
  gradients: [(dy, _y, x, negativeSlope = 0.2): Gradient => leakyReluGrad(dy, x, negativeSlope)],
});

/** dy where x > 0, else negativeSlope dy: the gradient of leakyRelu. */
export const leakyReluGrad = defineOp("leakyReluGrad", {
  forward: (dy: Tensor, x: Tensor, negativeSlope: number) => slope("leaky_relu_grad_f32", 0.3, dy, x, negativeSlope),
  gradients: [(g, _dx, _dy, x, negativeSlope): Gradient => leakyReluGrad(g, x, negativeSlope)],
});

/** x where x > 0, else alpha (e^x - 1). The gradient at 0 is alpha. */
export const elu = defineOp("elu", {
  forward: (x: Tensor, alpha = 1) => map("elu", "elu_f32", 1.1, x, alpha),
  gradients: [(dy, _y, x, alpha = 1): Gradient => eluGrad(dy, x, alpha)],
});

/** dy where x > 0, else dy alpha e^x: the gradient of elu. */
export const eluGrad = defineOp("eluGrad", {
  forward: (dy: Tensor, x: Tensor, alpha: number) => slope("elu_grad_f32", 1.1, dy, x, alpha),
  gradients: [
    (g, _dx, _dy, x, alpha): Gradient => eluGrad(g, x, alpha),
    (g, _dx, dy, x, alpha): Gradient => where(greater(x, 0), 0, eluGrad(mul(g, dy), x, alpha)),
  ],
});

/** x, but at least `lowest` and at most `highest`. The bounds themselves pass the gradient on. */
export const clip = defineOp("clip", {
  forward(x: Tensor, lowest: number, highest: number) {
    if (!(lowest <= highest)) {
      throw new ArgumentError(`clip: lowest must not be above highest, got ${lowest} and ${highest}`);
    }
    return map("clip", "clip_f32", 0.2, x, lowest, highest);
  },
  gradients: [(dy, _y, x, lowest, highest): Gradient => clipGrad(dy, x, lowest, highest)],
});

/** dy where lowest <= x <= highest, else 0: the gradient of clip. */
export const clipGrad = defineOp("clipGrad", {
  forward: (dy: Tensor, x: Tensor, lowest: number, highest: number) =>
    slope("clip_grad_f32", 0.3, dy, x, lowest, highest),
  gradients: [(g, _dx, _dy, x, lowest, highest): Gradient => clipGrad(g, x, lowest, highest)],
});
