// RMSprop: steps divided by a running root mean square of the gradient.
import { launch } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { Optimizer, type OptimizerOptions, requireRange } from "./optimizer.ts";

/** Options of `RMSprop`. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: number;
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
  protected readonly slotNames: readonly string[];
  private readonly blend: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly centered: boolean;

  constructor(options: RMSpropOptions = {}) {
    const { learningRate = 0.001, rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = options;
    super(options, learningRate);
    requireRange("rho", rho, 0, 1);
    requireRange("momentum", momentum, 0, 1);
    requireRange("epsilon", epsilon, 0, Number.MAX_VALUE);
    this.blend = 1 - rho;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.centered = centered;
    this.slotNames = ["velocity", ...(centered ? ["average"] : []), ...(momentum > 0 ? ["momentum"] : [])];
  }

  protected update(x: Variable, slots: readonly Variable[], g: Tensor, scale: Tensor | undefined, decay: number): void {
    const { rate, blend, epsilon, momentum, centered } = this;
    const [velocity, second, third] = slots;
    if (centered && momentum > 0) {
      launch(
        "rmsprop_centered_momentum_f32",
        x.size,
        0.8,
        x,
        velocity,
        second,
        third,
        g,
        scale,
        rate,
        decay,
        blend,
        epsilon,
        momentum,
      );
    } else if (centered) {
      launch("rmsprop_centered_f32", x.size, 0.7, x, velocity, second, g, scale, rate, decay, blend, epsilon);
    } else if (momentum > 0) {
      launch("rmsprop_momentum_f32", x.size, 0.6, x, velocity, second, g, scale, rate, decay, blend, epsilon, momentum);
    } else {
      launch("rmsprop_f32", x.size, 0.5, x, velocity, g, scale, rate, decay, blend, epsilon);
    }
  }
}
