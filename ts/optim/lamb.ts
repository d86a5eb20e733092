// LAMB: Adam's steps, scaled per variable to its norm.
import { momentOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { MomentOptimizer } from "./adam.ts";
import { blockNorms } from "./clipping.ts";
import { defineOptimizer, type Slots, type Update } from "./optimizer.ts";

/** The optimizer that {@link lamb} makes. */
export class Lamb extends MomentOptimizer {
  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate, updates }: Update): void {
    const { momentum, velocity } = slots;
    const { blend1, blend2, epsilon } = this;
    const step = empty(x.shape);
    const given = [g, scale, gate, updates, blend1, blend2, epsilon] as const;
    launch("lamb_step_f32", x.size, 0.6, step, momentum, velocity, ...given);
    const partials = blockNorms([x, step]);
    const ratio = empty([]);
    launch("lamb_ratio_f32", 1, partials.size, ratio, partials, rate, weightDecay, partials.size / 2);
    launch("sgd_f32", x.size, 0.2, x, step, ratio, gate, rate, weightDecay);
  }
}

/**
 * LAMB: step = Adam's direction with corrected averages, variable -= learningRate |variable| / |step| step.
 * Errors: ArgumentError for options out of range. Source: You et al., "Large batch optimization for deep learning"
 * (2020).
 */
export const lamb: Definition<typeof Lamb> = defineOptimizer("lamb", Lamb, momentOptions);
