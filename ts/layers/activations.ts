// Activations by name. Softmax and sigmoid leave a note of what they were computed from, so that a loss can start from
// there: the logarithm of a rounded probability has lost what the logits still know.
import { elu, exp, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/elementwise.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lookUp, madeFrom } from "./config.ts";

/** A function of a layer's result. */
export type Activation = (x: Tensor) => Tensor;

interface Origin {
  readonly logits: Tensor;
  readonly activation: Activation;
}

const origins = new WeakMap<Tensor, Origin>();

/** The logits that `activation` turned into y, if it did and they still exist. */
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

/** The activations, with the parameters Keras gives them. */
export const activations = {
  linear: (x: Tensor): Tensor => x,
  relu: (x: Tensor): Tensor => relu(x),
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x, 0.2),
  elu: (x: Tensor): Tensor => elu(x, 1),
  gelu: (x: Tensor): Tensor => gelu(x),
  silu: (x: Tensor): Tensor => silu(x),
  swish: (x: Tensor): Tensor => silu(x),
  sigmoid: remembering((x) => sigmoid(x)),
  tanh: (x: Tensor): Tensor => tanh(x),
  softplus: (x: Tensor): Tensor => softplus(x),
  softmax: remembering((x) => softmax(x)),
  logSoftmax: (x: Tensor): Tensor => logSoftmax(x),
  exponential: (x: Tensor): Tensor => exp(x),
} as const satisfies { readonly [name: string]: Activation };

for (const [name, activation] of Object.entries(activations)) madeFrom(activation, name);

/** The names of the activations. */
export type ActivationName = keyof typeof activations;

/** How layers are given an activation. */
export type ActivationLike = ActivationName | Activation;

/** The activation of this name; a function stays as it is. ArgumentError for an unknown name. */
export function getActivation(activation: ActivationLike): Activation {
  return typeof activation === "function" ? activation : lookUp<Activation>("activation", activation, activations);
}
