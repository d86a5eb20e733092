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
/**
 * Rectified linear unit: min(x, maxValue) where x >= threshold, else negativeSlope (x - threshold).
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless maxValue, negativeSlope and threshold are at least 0; DtypeError unless inputs are f32.
 */
export const relu: Activation = activations.relu;
/**
 * Leaky rectified linear unit: x where x > 0, else negativeSlope x.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: DtypeError unless inputs are f32.
 */
export const leakyRelu: Activation = activations.leakyRelu;
/**
 * Exponential linear unit: x where x > 0, else alpha (exp(x) - 1).
 * Shapes: `[batch, ...]` -> the same.
 * Errors: DtypeError unless inputs are f32. Source: Clevert et al. 2015.
 */
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
/**
 * Softmax: exp(x) / sum(exp(x)) along an axis. Masked steps get a probability of 0.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless inputs are f32.
 */
export const softmax: Activation = activations.softmax;
/** log(softmax(x)). */
export const logSoftmax: Activation = activations.logSoftmax;
/** exp(x). */
export const exponential: Activation = activations.exponential;
