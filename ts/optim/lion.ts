// Lion: steps of fixed size in the direction of the momentum's sign.
import { lionOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireDecay } from "./options.ts";

/** Options of {@link Lion}; the default learningRate is 0.001. */
export interface LionOptions extends OptimizerOptions {
  /** Weight of the momentum in the step, the rest being the gradient's, in [0, 1); default 0.9. */
  beta1?: number;
  /** Decay of the momentum, in [0, 1); default 0.99. */
  beta2?: number;
}

/** The optimizer that {@link lion} makes. */
export class Lion extends Optimizer {
  private readonly blend1: number;
  private readonly blend2: number;

  constructor(options: LionOptions = {}) {
    super(options);
    const { beta1 = 0.9, beta2 = 0.99 } = options;
    requireDecay("beta1", beta1);
    requireDecay("beta2", beta2);
    this.blend1 = 1 - beta1;
    this.blend2 = 1 - beta2;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["momentum"]);
  }

  protected update(x: Variable, { momentum }: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    launch("lion_f32", x.size, 0.3, x, momentum, g, scale, gate, rate, weightDecay, this.blend1, this.blend2);
  }
}

/**
 * Lion: variable -= learningRate sign(beta1 momentum + (1 - beta1) gradient), then momentum = beta2 momentum + (1 -
 * beta2) gradient.
 * Errors: ArgumentError for options out of range. Source: Chen et al., "Symbolic discovery of optimization algorithms"
 * (2023).
 */
export const lion: Definition<typeof Lion> = defineOptimizer("lion", Lion, lionOptions);
