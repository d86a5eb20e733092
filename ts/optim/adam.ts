// Adam and AdamW: steps by running averages of the gradient and of its square, corrected for having begun at zero.
import { launch } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { Optimizer, type OptimizerOptions, requireRange } from "./optimizer.ts";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** How much of the gradient's average each step keeps; default 0.9. */
  beta1?: number;
  /** How much of the square's average each step keeps; default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * momentum = beta1 momentum + (1 - beta1) gradient, velocity = beta2 velocity + (1 - beta2) gradient^2,
 * variable -= learningRate sqrt(1 - beta2^t) / (1 - beta1^t) momentum / (sqrt(velocity) + epsilon) in step t.
 * Kingma and Ba, "Adam" (2015). PyTorch's epsilon is this one divided by sqrt(1 - beta2^t).
 */
export class Adam extends Optimizer {
  protected readonly slotNames = ["momentum", "velocity"];
  private readonly blend1: number;
  private readonly blend2: number;
  private readonly epsilon: number;

  constructor(options: AdamOptions = {}) {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
    super(options, learningRate);
    requireRange("beta1", beta1, 0, 1 - Number.EPSILON);
    requireRange("beta2", beta2, 0, 1 - Number.EPSILON);
    requireRange("epsilon", epsilon, 0, Number.MAX_VALUE);
    this.blend1 = 1 - beta1;
    this.blend2 = 1 - beta2;
    this.epsilon = epsilon;
  }

  protected update(x: Variable, slots: readonly Variable[], g: Tensor, scale: Tensor | undefined, decay: number): void {
    const [momentum, velocity] = slots;
    const { rate, iterations, blend1, blend2, epsilon } = this;
    launch("adam_f32", x.size, 0.6, x, momentum, velocity, g, scale, rate, iterations, decay, blend1, blend2, epsilon);
  }
}

/** Adam with a default weightDecay of 0.004. Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). */
export class AdamW extends Adam {
  constructor({ weightDecay = 0.004, ...options }: AdamOptions = {}) {
    super({ ...options, weightDecay });
  }
}
