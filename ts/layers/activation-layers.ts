// Activation layers that have options or weights.

import { eluOptions, leakyReLUOptions, pReLUOptions, reLUOptions, softmaxOptions } from "../generated/options.ts";
import { add, minimum, mul } from "../ops/arithmetic.ts";
import { greaterEqual, where } from "../ops/compare.ts";
import * as elementwise from "../ops/elementwise.ts";
import { reshape } from "../ops/layout.ts";
import * as softmaxes from "../ops/softmax.ts";
import { requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { severalOf } from "./activations.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import { type CallContext, defineLayer, Layer, type LayerDefinition, type LayerOptions } from "./layer.ts";
import type { Mask } from "./masks.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { isTimeAxis } from "./stepping.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of {@link relu}. */
export interface ReLUOptions extends LayerOptions {
  /** Upper bound of the result; default: none. */
  maxValue?: number;
  /** Slope below the threshold; default 0. */
  negativeSlope?: number;
  /** Below it the result is negativeSlope (x - threshold); default 0. */
  threshold?: number;
}

/** The layer that {@link relu} makes. */
export class ReLU extends Layer {
  readonly maxValue: number;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(options: ReLUOptions = {}) {
    super(relu, options);
    const { maxValue = Number.POSITIVE_INFINITY, negativeSlope = 0, threshold = 0 } = options;
    if (!(maxValue >= 0 && negativeSlope >= 0 && threshold >= 0)) {
      throw new ArgumentError(
        `${this.name}: maxValue, negativeSlope and threshold must be at least 0, ` +
          `got ${maxValue}, ${negativeSlope} and ${threshold}`,
      );
    }
    this.maxValue = maxValue;
    this.negativeSlope = negativeSlope;
    this.threshold = threshold;
  }

  call(x: AnyTensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this;
    const inputs = this.floats(x);
    if (threshold === 0) {
      const y = negativeSlope === 0 ? elementwise.relu(inputs) : elementwise.leakyRelu(inputs, negativeSlope);
      return maxValue === Number.POSITIVE_INFINITY ? y : minimum(y, maxValue);
    }
    const below = mul(add(inputs, -threshold), negativeSlope);
    return where(greaterEqual(inputs, threshold), minimum(inputs, maxValue), below);
  }
}

/**
 * Rectified linear unit: min(x, maxValue) where x >= threshold, else negativeSlope (x - threshold).
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless maxValue, negativeSlope and threshold are at least 0; DtypeError unless inputs are f32.
 */
export const relu: LayerDefinition<typeof ReLU> = defineLayer("relu", ReLU, reLUOptions);

/** Options of {@link leakyRelu}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0; default 0.3, as in Keras; PyTorch's is 0.01. */
  negativeSlope?: number;
}

/** The layer that {@link leakyRelu} makes. */
export class LeakyReLU extends Layer {
  readonly negativeSlope: number;

  constructor(options: LeakyReLUOptions = {}) {
    super(leakyRelu, options);
    this.negativeSlope = options.negativeSlope ?? 0.3;
  }

  call(x: AnyTensor): Tensor {
    return elementwise.leakyRelu(this.floats(x), this.negativeSlope);
  }
}

/**
 * Leaky rectified linear unit: x where x > 0, else negativeSlope x.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: DtypeError unless inputs are f32.
 */
export const leakyRelu: LayerDefinition<typeof LeakyReLU> = defineLayer("leaky_relu", LeakyReLU, leakyReLUOptions);

/** Options of {@link elu}. */
export interface ELUOptions extends LayerOptions {
  /** Minus the limit for negative x; default 1. */
  alpha?: number;
}

/** The layer that {@link elu} makes. */
export class ELU extends Layer {
  readonly alpha: number;

  constructor(options: ELUOptions = {}) {
    super(elu, options);
    this.alpha = options.alpha ?? 1;
  }

  call(x: AnyTensor): Tensor {
    return elementwise.elu(this.floats(x), this.alpha);
  }
}

/**
 * Exponential linear unit: x where x > 0, else alpha (exp(x) - 1).
 * Shapes: `[batch, ...]` -> the same.
 * Errors: DtypeError unless inputs are f32. Source: Clevert et al. 2015.
 */
export const elu: LayerDefinition<typeof ELU> = defineLayer("elu", ELU, eluOptions);

/** Options of {@link prelu}. */
export interface PReLUOptions extends LayerOptions {
  /** Default zeros; PyTorch's slopes start at 0.25. */
  alphaInitializer?: InitializerLike;
  /** Default: none. */
  alphaRegularizer?: RegularizerLike;
  /** Default: none. */
  alphaConstraint?: ConstraintLike;
  /** Axes along which slopes are shared, the batch being 0; default none. PyTorch shares all but the channels. */
  sharedAxes?: readonly number[];
}

/** The layer that {@link prelu} makes. */
export class PReLU extends Layer {
  /** One slope for each number of an example, size 1 along shared axes; there once the layer is built. */
  alpha!: Variable;
  readonly sharedAxes: readonly number[];
  private readonly alphaOptions: ShapelessWeightOptions;

  constructor(options: PReLUOptions = {}) {
    super(prelu, options);
    const { alphaInitializer = "zeros", alphaRegularizer, alphaConstraint } = options;
    this.alphaOptions = weightOptions(alphaInitializer, alphaRegularizer, alphaConstraint);
    const { sharedAxes = [] } = options;
    requireList(this.name, "sharedAxes", sharedAxes);
    this.sharedAxes = [...sharedAxes];
    for (const axis of this.sharedAxes) requireCount(this.name, "sharedAxes", axis);
  }

  override build(inputShape: Shape): void {
    const shape = inputShape.map((size, i) => (this.sharedAxes.includes(i + 1) ? 1 : size));
    this.alpha = this.addWeight("alpha", { shape, ...this.alphaOptions });
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    return add(elementwise.relu(inputs), mul(minimum(inputs, 0), this.alpha));
  }
}

/**
 * Parametric rectified linear unit: x where x > 0, else alpha x with trained slopes alpha.
 * Shapes: `[batch, ...]` -> the same; alpha has one example's shape, with size 1 along sharedAxes.
 * Errors: ArgumentError unless sharedAxes are whole numbers of at least 1; ShapeError for inputs that do not broadcast
 * with alpha; DtypeError unless they are f32. Source: He et al. 2015.
 */
export const prelu: LayerDefinition<typeof PReLU> = defineLayer("prelu", PReLU, pReLUOptions);

/** Options of {@link softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** The axis along which probabilities sum to 1; default -1. */
  axis?: number;
}

/** The layer that {@link softmax} makes. */
export class Softmax extends Layer {
  readonly axis: number;

  constructor(options: SoftmaxOptions = {}) {
    super(softmax, options);
    this.axis = options.axis ?? -1;
  }

  override get mixesSteps(): boolean {
    return isTimeAxis(this.axis);
  }

  override get supportsMasking(): boolean {
    return true;
  }

  call(x: AnyTensor, { mask }: CallContext): Tensor {
    let logits = this.floats(x);
    if (mask !== undefined) {
      const counts = mask as Mask;
      const axes = [...counts.shape, ...logits.shape.slice(counts.rank).map(() => 1)];
      logits = where(reshape(counts, axes) as Mask, logits, LEAST_LOGIT);
    }
    return softmaxes.softmax(severalOf(logits, this.axis), this.axis);
  }
}

/**
 * Softmax: exp(x) / sum(exp(x)) along an axis. Masked steps get a probability of 0.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless inputs are f32.
 */
export const softmax: LayerDefinition<typeof Softmax> = defineLayer("softmax", Softmax, softmaxOptions);

/** exp of it is 0. */
const LEAST_LOGIT = -1e9;
