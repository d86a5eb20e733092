// What people see as `activations`: each of them as a function, and finding them by name. Those with parameters take them.
import { type Activation, activations } from "./activations.ts";

export {
  type Activation,
  type ActivationLike,
  type ActivationName,
  activations,
  celu,
  getActivation,
  glu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  logSigmoid,
  mish,
  relu6,
  selu,
  softShrink,
  softsign,
  sparsemax,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanhShrink,
  threshold,
} from "./activations.ts";

/** x itself. */
export const linear: Activation = activations.linear;
/** max(x, 0). */
export const relu: Activation = activations.relu;
/** x where x > 0, else 0.2 x. */
export const leakyRelu: Activation = activations.leakyRelu;
/** x where x > 0, else exp(x) - 1. */
export const elu: Activation = activations.elu;
/** x times the share of a standard normal distribution below x. */
export const gelu: Activation = activations.gelu;
/** x sigmoid(x). */
export const silu: Activation = activations.silu;
/** Another name of silu. */
export const swish: Activation = activations.swish;
/** Another name of hardSilu. */
export const hardSwish: Activation = activations.hardSwish;
/** 1 / (1 + exp(-x)). */
export const sigmoid: Activation = activations.sigmoid;
/** The hyperbolic tangent. */
export const tanh: Activation = activations.tanh;
/** log(1 + exp(x)). */
export const softplus: Activation = activations.softplus;
/** exp(x) / sum(exp(x)) along the last axis. */
export const softmax: Activation = activations.softmax;
/** log(softmax(x)). */
export const logSoftmax: Activation = activations.logSoftmax;
/** exp(x). */
export const exponential: Activation = activations.exponential;
