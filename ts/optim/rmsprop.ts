// RMSprop: steps divided by a running root mean square of the gradient.
import { rmSpropOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireNonNegative, requireRange } from "./options.ts";

/** Options of `RMSprop`; the default learningRate is 0.001. */
export interface RMSpropOptions extends OptimizerOptions {
  /** How much of the running averages each step keeps; default 0.9. */
  rho?: number;
  /** The part of a step that the next one keeps; default 0. */
  momentum?: number;
  /** Default 1e-7. */
  epsilon?: number;
  /** Whether to divide by the deviation instead of the root mean square; default false. */
  centered?: boolean;
}

/**
 * velocity = rho velocity + (1 - rho) gradient^2; variable -= learningRate gradient / sqrt(velocity + epsilon).
 * PyTorch adds its epsilon after the root.
 */
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

/** Root mean square propagation; see `RMSprop`. */
export const rmsprop: Definition<typeof RMSprop> = defineOptimizer("rmsprop", RMSprop, rmSpropOptions);
