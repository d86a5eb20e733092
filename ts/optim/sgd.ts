// Stochastic gradient descent, plain, with momentum and with Nesterov's.
import { launch } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { Optimizer, type OptimizerOptions, requireRange } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions extends OptimizerOptions {
  /** Default 0.01. */
  learningRate?: number;
  /** The part of a step that the next one keeps; default 0. */
  momentum?: number;
  /** Whether to step on from where momentum leads; default false. */
  nesterov?: boolean;
}

/**
 * velocity = momentum velocity - learningRate gradient; variable += velocity, or with Nesterov
 * variable += momentum velocity - learningRate gradient. PyTorch keeps the velocity without the learning rate: the two
 * differ while it changes.
 */
export class SGD extends Optimizer {
  protected readonly slotNames: readonly string[];
  private readonly momentum: number;
  private readonly nesterov: boolean;

  constructor(options: SGDOptions = {}) {
    const { learningRate = 0.01, momentum = 0, nesterov = false } = options;
    super(options, learningRate);
    requireRange("momentum", momentum, 0, 1);
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.slotNames = momentum === 0 ? [] : ["velocity"];
  }

  protected update(
    x: Variable,
    [velocity]: readonly Variable[],
    g: Tensor,
    scale: Tensor | undefined,
    decay: number,
  ): void {
    const { momentum, rate } = this;
    if (momentum === 0) launch("sgd_f32", x.size, 0.2, x, g, scale, rate, decay);
    else if (this.nesterov) launch("sgd_nesterov_f32", x.size, 0.3, x, velocity, g, scale, rate, decay, momentum);
    else launch("sgd_momentum_f32", x.size, 0.3, x, velocity, g, scale, rate, decay, momentum);
  }
}
