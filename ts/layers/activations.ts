// Activations by name. Softmax and sigmoid note the logits they were computed from, so that a loss can use these: the
// logarithm of a rounded probability is less accurate.
import { context } from "../autograd/observe.ts";
import { defineOp, type Op } from "../autograd/op.ts";
import { add, div, mul, neg, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast, greater, less, lessEqual, where } from "../ops/compare.ts";
import {
  abs,
  clip,
  clipGrad,
  elu,
  exp,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  sqrt,
  square,
  tanh,
} from "../ops/elementwise.ts";
import { split } from "../ops/layout.ts";
import { map } from "../ops/lower/launch-unary.ts";
import { cumsum } from "../ops/scan.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import { sort } from "../ops/sort.ts";
import { arange } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asFunction, lookUp, madeFrom } from "./config.ts";

/** An activation function: a tensor of the same dtype. */
export type Activation = (x: Tensor) => Tensor;

interface Origin {
  readonly logits: Tensor;
  readonly activation: Activation;
}

const origins = new WeakMap<Tensor, Origin>();

/** The logits from which `activation` computed y, if it did and they still exist. */
export function logitsOf(y: Tensor, activation: Activation): Tensor | undefined {
  const origin = origins.get(y);
  return origin?.activation === activation && !origin.logits.disposed ? origin.logits : undefined;
}

function remembering(f: Activation): Activation {
  const activation = (logits: Tensor): Tensor => {
    const y = f(logits);
    origins.set(y, { logits, activation });
    return y;
  };
  return activation;
}

/** Layers that were warned of for a softmax over an axis of size 1. */
const warned = new WeakSet<object>();

/** x; warns once per layer where the softmax axis has size 1, so that the result is always 1. */
export function severalOf(x: Tensor, axis = -1): Tensor {
  const { inner, layer } = context;
  if (inner && x.shape.at(axis) === 1 && !warned.has(inner)) {
    warned.add(inner);
    console.warn(
      `heddle: ${layer}: softmax along an axis of size 1 is always 1, so that nothing is learned; did you mean "sigmoid"?`,
    );
  }
  return x;
}

/** SELU's constants. Source: Klambauer et al. 2017. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** x clipped to [lowest, highest], without gradient at the bounds, as PyTorch's hardtanh and unlike `clip`. */
const saturate: Op<(x: Tensor, lowest: number, highest: number) => Tensor> = defineOp("saturate", {
  forward: (x, lowest, highest) => map("saturate", "clip_f32", 0.2, x, lowest, highest),
  gradients: [(dy, _y, x, lowest, highest) => clipGrad(dy, x, towards(lowest, 1), towards(highest, -1))],
});

/** The f32 next to x, upwards or downwards. */
function towards(x: number, direction: 1 | -1): number {
  return x === 0 ? direction * 2 ** -149 : Math.fround(x + direction * Math.abs(x) * 1.2 * 2 ** -24);
}

/**
 * Continuously differentiable ELU: x where x >= 0, else alpha (exp(x / alpha) - 1); alpha defaults to 1.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Barron 2017.
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  return mul(elu(div(x, alpha), 1), alpha);
}

/**
 * Gated linear unit: the first half along the last axis times the sigmoid of the second.
 * Shapes: `[..., 2 n]` -> `[..., n]`.
 * Errors: ArgumentError unless the last axis is even; DtypeError unless x is f32. Source: Dauphin et al. 2016.
 */
export function glu(x: Tensor): Tensor {
  const [a, b] = split(x, 2, -1);
  return mul(a, sigmoid(b));
}

/**
 * Hard shrinkage: x where |x| > threshold, default 0.5, else 0. NaN passes its gradient on, unlike in PyTorch.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function hardShrink(x: Tensor, threshold = 0.5): Tensor {
  return where(lessEqual(abs(x), threshold), 0, x);
}

/**
 * x / 6 + 1 / 2, clipped to [0, 1], where the gradient is 0. As in PyTorch and Keras 3; Keras 2's slope was 0.2.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function hardSigmoid(x: Tensor): Tensor {
  return add(div(saturate(x, -3, 3), 6), 0.5);
}

/**
 * x hardSigmoid(x).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Howard et al. 2019.
 */
export function hardSilu(x: Tensor): Tensor {
  return mul(x, hardSigmoid(x));
}

/**
 * x clipped to [-1, 1]. The gradient at the bounds is 0.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function hardTanh(x: Tensor): Tensor {
  return saturate(x, -1, 1);
}

/**
 * log(sigmoid(x)).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function logSigmoid(x: Tensor): Tensor {
  return sub(0, softplus(neg(x)));
}

/**
 * x tanh(log(1 + exp(x))).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Misra 2019.
 */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/**
 * x clipped to [0, 6]. The gradient at the bounds is 0.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function relu6(x: Tensor): Tensor {
  return saturate(x, 0, 6);
}

/**
 * Scaled ELU: scale elu(x, alpha), with constants that keep mean 0 and variance 1 from layer to layer.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Klambauer et al. 2017.
 */
export function selu(x: Tensor): Tensor {
  return mul(elu(x, SELU_ALPHA), SELU_SCALE);
}

/**
 * x / (1 + |x|).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function softsign(x: Tensor): Tensor {
  return div(x, add(abs(x), 1));
}

/**
 * Soft shrinkage: x moved towards 0 by threshold, default 0.5, and 0 within it. NaN passes its gradient on, unlike in
 * PyTorch.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for a negative threshold; DtypeError unless x is f32.
 */
export function softShrink(x: Tensor, threshold = 0.5): Tensor {
  return sub(x, clip(x, -threshold, threshold));
}

/**
 * 0 for x <= -1, (x + 1)^2 / 4 for -1 < x < 1, x for x >= 1.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function sparsePlus(x: Tensor): Tensor {
  return where(less(x, 1), div(square(relu(add(x, 1))), 4), x);
}

/**
 * (x + 1) / 2, clipped to [0, 1], where the gradient is 0.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function sparseSigmoid(x: Tensor): Tensor {
  return div(add(saturate(x, -1, 1), 1), 2);
}

/**
 * Projects x onto the probabilities along the last axis: max(x - t, 0) with t such that they sum to 1. Many are exactly
 * 0.
 * Shapes: `[..., classes]` -> the same.
 * Errors: ArgumentError for a scalar; DtypeError unless x is f32. Source: Martins and Astudillo 2016.
 */
export function sparsemax(x: Tensor): Tensor {
  const largest = sort(severalOf(x), -1, { descending: true });
  const ranks = arange(1, x.shape[x.rank - 1] + 1);
  const supports = cast(greater(add(mul(largest, ranks), 1), cumsum(largest)), "f32") as Tensor;
  const excess = sub(sum(mul(largest, supports), -1, true), 1);
  return relu(sub(x, div(excess, sum(supports, -1, true))));
}

/**
 * (x + sqrt(x^2 + b)) / 2, b defaulting to 4: a smooth rectifier without exponentials.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Barron 2021.
 */
export function squareplus(x: Tensor, b = 4): Tensor {
  return div(add(x, sqrt(add(square(x), b))), 2);
}

/**
 * x - tanh(x).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export function tanhShrink(x: Tensor): Tensor {
  return sub(x, tanh(x));
}

/**
 * x where x > threshold, else value; both default to 0.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32 or i32.
 */
export function threshold(x: Tensor, threshold = 0, value = 0): Tensor {
  return where(lessEqual(x, threshold), value, x);
}

/** The names of the activations. */
export type ActivationName =
  | "linear"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "elu"
  | "celu"
  | "selu"
  | "gelu"
  | "glu"
  | "silu"
  | "swish"
  | "mish"
  | "sigmoid"
  | "logSigmoid"
  | "tanh"
  | "tanhShrink"
  | "softplus"
  | "softsign"
  | "softShrink"
  | "hardShrink"
  | "hardSigmoid"
  | "hardSilu"
  | "hardSwish"
  | "hardTanh"
  | "sparsePlus"
  | "sparseSigmoid"
  | "sparsemax"
  | "squareplus"
  | "threshold"
  | "softmax"
  | "logSoftmax"
  | "exponential";

/** The activations, with the parameters Keras gives them. */
export const activations: { readonly [name in ActivationName]: Activation } = {
  linear: (x) => x,
  relu: (x) => relu(x),
  relu6,
  leakyRelu: (x) => leakyRelu(x, 0.2),
  elu: (x) => elu(x, 1),
  celu,
  selu,
  gelu: (x) => gelu(x),
  glu,
  silu: (x) => silu(x),
  swish: (x) => silu(x),
  mish,
  sigmoid: remembering((x) => sigmoid(x)),
  logSigmoid,
  tanh: (x) => tanh(x),
  tanhShrink,
  softplus: (x) => softplus(x),
  softsign,
  softShrink,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardSwish: (x) => hardSilu(x),
  hardTanh,
  sparsePlus,
  sparseSigmoid,
  sparsemax,
  squareplus,
  threshold,
  softmax: remembering((x) => softmax(severalOf(x))),
  logSoftmax: (x) => logSoftmax(severalOf(x)),
  exponential: (x) => exp(x),
};

for (const [name, activation] of Object.entries(activations)) madeFrom(activation, name);

/** An activation by name, or a function. */
export type ActivationLike = ActivationName | Activation;

/**
 * The activation of this name; a function is returned as it is.
 * Errors: ArgumentError for an unknown name or a class.
 */
export function getActivation(activation: ActivationLike): Activation {
  return typeof activation === "function"
    ? asFunction("activation", activation)
    : lookUp<Activation>("activation", activation, activations);
}
