// Adafactor: moving averages of squared gradients for the rows and columns of a matrix instead of for each element.
import { adafactorOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { add, div, maximum, minimum, mul, sub } from "../ops/arithmetic.ts";
import { cast } from "../ops/compare.ts";
import { reciprocal, sqrt, square } from "../ops/elementwise.ts";
import { expandDims } from "../ops/layout.ts";
import { pow } from "../ops/powers.ts";
import { mean } from "../ops/reduce.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { bounded } from "./clipping.ts";
import {
  assignThrough,
  defineOptimizer,
  Optimizer,
  type OptimizerOptions,
  type Slots,
  slotsLike,
  type Update,
} from "./optimizer.ts";
import { requireNonNegative, requirePositive, requireRange } from "./options.ts";

/** Options of {@link Adafactor}; the default learningRate is 0.001. */
export interface AdafactorOptions extends OptimizerOptions {
  /** Moving averages decay by 1 - t^beta2Decay in step t; default -0.8. */
  beta2Decay?: number;
  /** Added to squared gradients; default 1e-30. */
  epsilon1?: number;
  /** Lower bound of the root mean square of a variable, by which steps are scaled; default 0.001. */
  epsilon2?: number;
  /** Upper bound of the root mean square of a step; default 1. */
  clipThreshold?: number;
}

/** The optimizer that {@link adafactor} makes. */
export class Adafactor extends Optimizer {
  private readonly beta2Decay: number;
  private readonly epsilon1: number;
  private readonly epsilon2: number;
  private readonly clipThreshold: number;

  constructor(options: AdafactorOptions = {}) {
    super(options);
    const { beta2Decay = -0.8, epsilon1 = 1e-30, epsilon2 = 1e-3, clipThreshold = 1 } = options;
    requireRange("beta2Decay", beta2Decay, -Number.MAX_VALUE, 0);
    requireNonNegative("epsilon1", epsilon1);
    requireNonNegative("epsilon2", epsilon2);
    requirePositive("clipThreshold", clipThreshold);
    this.beta2Decay = beta2Decay;
    this.epsilon1 = epsilon1;
    this.epsilon2 = epsilon2;
    this.clipThreshold = clipThreshold;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    if (x.rank < 2) return slotsLike(x, ["velocity"]);
    const columns = [...x.shape.slice(0, -2), x.shape[x.rank - 1]];
    return { rows: zeros(x.shape.slice(0, -1)), columns: zeros(columns) };
  }

  protected override get countsUpdates(): boolean {
    return true;
  }

  protected update(
    x: Variable,
    slots: Slots,
    gradient: Tensor,
    { rate, weightDecay, scale, gate, updates }: Update,
  ): void {
    const t = add(cast(updates, "f32") as Tensor, 1);
    const g = bounded(scale === undefined ? gradient : mul(gradient, scale));
    const squares = add(square(g), this.epsilon1);
    const blend = pow(t, this.beta2Decay);
    const average = (kept: Variable, now: Tensor): Tensor => {
      const next = add(mul(sub(1, blend), kept), mul(blend, now));
      assignThrough(gate, kept, next);
      return next;
    };
    let direction: Tensor;
    if (x.rank < 2) direction = div(g, sqrt(average(slots.velocity, squares)));
    else {
      const rows = average(slots.rows, mean(squares, -1));
      const columns = average(slots.columns, mean(squares, -2));
      const share = div(rows, mean(rows, -1, true));
      direction = div(g, sqrt(mul(expandDims(share, -1), expandDims(columns, -2))));
    }
    const kept = weightDecay === 0 ? x : mul(x, sub(1, mul(rate, weightDecay)));
    const slowest = minimum(rate, reciprocal(sqrt(t)));
    const alpha = mul(maximum(rootMeanSquare(kept), this.epsilon2), slowest);
    const limit = maximum(div(rootMeanSquare(direction), this.clipThreshold), 1);
    assignThrough(gate, x, sub(kept, mul(direction, div(alpha, limit))));
  }
}

/**
 * Adafactor, Adam with little memory: velocity = rows columns / mean(rows), moving averages of squared gradients over a
 * matrix's rows and columns (for vectors, of the squares themselves), step = gradient / sqrt(velocity) within
 * clipThreshold, variable -= max(epsilon2, rms(variable)) min(learningRate, 1 / sqrt(t)) step. Keras's relativeStep
 * changes nothing there either.
 * Errors: ArgumentError for options out of range. Source: Shazeer and Stern, "Adafactor" (2018).
 */
export const adafactor: Definition<typeof Adafactor> = defineOptimizer("adafactor", Adafactor, adafactorOptions);

function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}
