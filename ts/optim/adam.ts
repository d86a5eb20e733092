// Adam and its variants: steps by bias-corrected moving averages of the gradient and of its square or maximum.
import { adamOptions, momentOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import { full } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireDecay, requireNonNegative } from "./options.ts";

/** Options of {@link adamax}, {@link nadam} and {@link lamb}. */
export interface MomentOptions extends OptimizerOptions {
  /** Decay of the moving average of gradients, in [0, 1); default 0.9. */
  beta1?: number;
  /** Decay of the moving average of squared gradients, or of the maximum, in [0, 1); default 0.999. */
  beta2?: number;
  /** Added to the divisor; default 1e-7. */
  epsilon?: number;
}

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions extends MomentOptions {
  /**
   * Whether to use the largest average of squares so far; default false. Source: Reddi et al., "On the convergence of
   * Adam".
   */
  amsgrad?: boolean;
}

/** Base of optimizers with two betas and an epsilon. */
export abstract class MomentOptimizer extends Optimizer {
  protected readonly beta1: number;
  protected readonly beta2: number;
  protected readonly blend1: number;
  protected readonly blend2: number;
  protected readonly epsilon: number;

  constructor(options: MomentOptions = {}) {
    super(options);
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
    requireDecay("beta1", beta1);
    requireDecay("beta2", beta2);
    requireNonNegative("epsilon", epsilon);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.blend1 = 1 - beta1;
    this.blend2 = 1 - beta2;
    this.epsilon = epsilon;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["momentum", "velocity"]);
  }

  protected override get countsUpdates(): boolean {
    return true;
  }
}

/** The optimizer that {@link adam} makes. */
export class Adam extends MomentOptimizer {
  private readonly amsgrad: boolean;

  constructor(options: AdamOptions = {}) {
    super(options);
    this.amsgrad = options.amsgrad ?? false;
  }

  protected override slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["momentum", "velocity", ...(this.amsgrad ? ["largestVelocity"] : [])]);
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate, updates }: Update): void {
    const { momentum, velocity, largestVelocity } = slots;
    const { blend1, blend2, epsilon } = this;
    const given = [g, scale, gate, rate, updates, weightDecay, blend1, blend2, epsilon] as const;
    if (this.amsgrad) launch("adam_amsgrad_f32", x.size, 0.8, x, momentum, velocity, largestVelocity, ...given);
    else launch("adam_f32", x.size, 0.6, x, momentum, velocity, ...given);
  }
}

/**
 * Adam: momentum = beta1 momentum + (1 - beta1) gradient, velocity = beta2 velocity + (1 - beta2) gradient^2, variable
 * -= learningRate sqrt(1 - beta2^t) / (1 - beta1^t) momentum / (sqrt(velocity) + epsilon) in update t. PyTorch's
 * epsilon is this one divided by sqrt(1 - beta2^t).
 * Errors: ArgumentError for options out of range. Source: Kingma and Ba, "Adam" (2015).
 */
export const adam: Definition<typeof Adam> = defineOptimizer("adam", Adam, adamOptions);

/** The optimizer that {@link adamw} makes. */
export class AdamW extends Adam {
  protected override get defaultWeightDecay(): number {
    return 0.004;
  }
}

/**
 * AdamW: {@link adam} with a default weightDecay of 0.004.
 * Errors: ArgumentError for options out of range. Source: Loshchilov and Hutter, "Decoupled weight decay
 * regularization" (2019).
 */
export const adamw: Definition<typeof AdamW> = defineOptimizer("adamw", AdamW, adamOptions);

/** The optimizer that {@link adamax} makes. */
export class Adamax extends MomentOptimizer {
  protected override slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["momentum", "norm"]);
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate, updates }: Update): void {
    const { momentum, norm } = slots;
    const { blend1, beta2, epsilon } = this;
    const given = [g, scale, gate, rate, updates, weightDecay, blend1, beta2, epsilon] as const;
    launch("adamax_f32", x.size, 0.5, x, momentum, norm, ...given);
  }
}

/**
 * Adamax: Adam with norm = max(beta2 norm, |gradient|) in place of the root mean square: variable -= learningRate /
 * (1 - beta1^t) momentum / (norm + epsilon).
 * Errors: ArgumentError for options out of range. Source: Kingma and Ba, "Adam" (2015), section 7.
 */
export const adamax: Definition<typeof Adamax> = defineOptimizer("adamax", Adamax, momentOptions);

/** The optimizer that {@link nadam} makes. */
export class Nadam extends MomentOptimizer {
  /** `product` is that of the momentum's weights in all updates so far. */
  protected override slotsOf(x: Variable): Slots<Tensor> {
    return { ...super.slotsOf(x), product: full([], 1) };
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate, updates }: Update): void {
    const { momentum, velocity, product } = slots;
    const { beta1, blend1, blend2, epsilon } = this;
    launch("nadam_product_f32", 1, 10, product, gate, updates, beta1);
    const given = [g, scale, gate, rate, updates, product, weightDecay, beta1, blend1, blend2, epsilon] as const;
    launch("nadam_f32", x.size, 0.6, x, momentum, velocity, ...given);
  }
}

/**
 * Nadam: Adam with Nesterov momentum, whose weight grows from step to step.
 * Errors: ArgumentError for options out of range. Source: Dozat, "Incorporating Nesterov momentum" (2016).
 */
export const nadam: Definition<typeof Nadam> = defineOptimizer("nadam", Nadam, momentOptions);
