// Stochastic gradient descent, optionally with momentum.
import { sgdOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireRange } from "./options.ts";

/** Options of {@link sgd}; the default learningRate is 0.01. */
export interface SGDOptions extends OptimizerOptions {
  /** Decay of the momentum, in [0, 1]; default 0. */
  momentum?: number;
  /** Whether to use Nesterov momentum; default false. */
  nesterov?: boolean;
}

/** The optimizer that {@link sgd} makes. */
export class SGD extends Optimizer {
  private readonly momentum: number;
  private readonly nesterov: boolean;

  constructor(options: SGDOptions = {}) {
    super(options, 0.01);
    const { momentum = 0, nesterov = false } = options;
    requireRange("momentum", momentum, 0, 1);
    this.momentum = momentum;
    this.nesterov = nesterov;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, this.momentum === 0 ? [] : ["velocity"]);
  }

  protected update(x: Variable, { velocity }: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    const { momentum } = this;
    if (momentum === 0) launch("sgd_f32", x.size, 0.2, x, g, scale, gate, rate, weightDecay);
    else {
      const kernel = this.nesterov ? "sgd_nesterov_f32" : "sgd_momentum_f32";
      launch(kernel, x.size, 0.3, x, velocity, g, scale, gate, rate, weightDecay, momentum);
    }
  }
}

/**
 * Stochastic gradient descent: velocity = momentum velocity - learningRate gradient, variable += velocity, or with
 * Nesterov variable += momentum velocity - learningRate gradient. PyTorch's velocity leaves out the learning rate: the
 * two differ while it changes.
 * Errors: ArgumentError for options out of range.
 */
export const sgd: Definition<typeof SGD> = defineOptimizer("sgd", SGD, sgdOptions);
