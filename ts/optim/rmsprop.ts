// RMSprop: steps divided by a moving root mean square of the gradient.
import { rmSpropOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireNonNegative, requireRange } from "./options.ts";

/** Options of {@link RMSprop}; the default learningRate is 0.001. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the moving averages, in [0, 1]; default 0.9. */
  rho?: number;
  /** Decay of the momentum, in [0, 1]; default 0. */
  momentum?: number;
  /** Added under the root; default 1e-7. */
  epsilon?: number;
  /** Whether to divide by the standard deviation instead of the root mean square; default false. */
  centered?: boolean;
}

/** The optimizer that {@link rmsprop} makes. */
export class RMSprop extends Optimizer {
  private readonly blend: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly centered: boolean;

  constructor(options: RMSpropOptions = {}) {
    super(options);
    const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = options;
    requireRange("rho", rho, 0, 1);
    requireRange("momentum", momentum, 0, 1);
    requireNonNegative("epsilon", epsilon);
    this.blend = 1 - rho;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.centered = centered;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    const { centered, momentum } = this;
    return slotsLike(x, ["velocity", ...(centered ? ["average"] : []), ...(momentum > 0 ? ["momentum"] : [])]);
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    const { size } = x;
    const { blend, epsilon, momentum, centered } = this;
    const { velocity, average, momentum: step } = slots;
    const given = [g, scale, gate, rate, weightDecay, blend, epsilon] as const;
    if (centered && momentum > 0) {
      launch("rmsprop_centered_momentum_f32", size, 0.8, x, velocity, average, step, ...given, momentum);
    } else if (centered) launch("rmsprop_centered_f32", size, 0.7, x, velocity, average, ...given);
    else if (momentum > 0) launch("rmsprop_momentum_f32", size, 0.6, x, velocity, step, ...given, momentum);
    else launch("rmsprop_f32", size, 0.5, x, velocity, ...given);
  }
}

/**
 * RMSprop: velocity = rho velocity + (1 - rho) gradient^2, variable -= learningRate gradient / sqrt(velocity +
 * epsilon). PyTorch adds epsilon after the root.
 * Errors: ArgumentError for options out of range. Source: Tieleman and Hinton 2012.
 */
export const rmsprop: Definition<typeof RMSprop> = defineOptimizer("rmsprop", RMSprop, rmSpropOptions);
