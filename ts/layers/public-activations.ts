// The public `activations`: each as a function, and look-up by name. Those with parameters take them.
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

/**
 * x itself.
 * Shapes: `[...]` -> the same, of any dtype.
 * Errors: none of its own.
 */
export const linear: Activation = activations.linear;
/**
 * Rectified linear unit: max(x, 0).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const relu: Activation = activations.relu;
/**
 * Leaky rectified linear unit: x where x > 0, else 0.2 x.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const leakyRelu: Activation = activations.leakyRelu;
/**
 * Exponential linear unit: x where x > 0, else exp(x) - 1.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Clevert et al. 2015.
 */
export const elu: Activation = activations.elu;
/**
 * Gaussian error linear unit: x Phi(x), Phi the standard normal distribution function.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32. Source: Hendrycks and Gimpel 2016.
 */
export const gelu: Activation = activations.gelu;
/**
 * Sigmoid linear unit, or swish: x sigmoid(x).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const silu: Activation = activations.silu;
/** Another name of {@link silu}. */
export const swish: Activation = activations.swish;
/** Another name of {@link hardSilu}. */
export const hardSwish: Activation = activations.hardSwish;
/**
 * 1 / (1 + exp(-x)).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const sigmoid: Activation = activations.sigmoid;
/**
 * The hyperbolic tangent.
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const tanh: Activation = activations.tanh;
/**
 * log(1 + exp(x)).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const softplus: Activation = activations.softplus;
/**
 * exp(x) / sum(exp(x)) along the last axis.
 * Shapes: `[..., classes]` -> the same.
 * Errors: ArgumentError for a scalar; DtypeError unless x is f32.
 */
export const softmax: Activation = activations.softmax;
/**
 * log(softmax(x)) along the last axis.
 * Shapes: `[..., classes]` -> the same.
 * Errors: ArgumentError for a scalar; DtypeError unless x is f32.
 */
export const logSoftmax: Activation = activations.logSoftmax;
/**
 * exp(x).
 * Shapes: `[...]` -> the same.
 * Errors: DtypeError unless x is f32.
 */
export const exponential: Activation = activations.exponential;
