// Adagrad, Adadelta and Ftrl: steps scaled by accumulated squared gradients.
import { adadeltaOptions, adagradOptions, ftrlOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireNonNegative, requirePositive, requireRange } from "./options.ts";

/** Options of {@link Adagrad}; the default learningRate is 0.001 (PyTorch: 0.01). */
export interface AdagradOptions extends OptimizerOptions {
  /** Initial value of the sums of squares; default 0.1 (PyTorch: 0). */
  initialAccumulatorValue?: number;
  /** Added under the root; default 1e-7. */
  epsilon?: number;
}

/** The optimizer that {@link adagrad} makes. */
export class Adagrad extends Optimizer {
  private readonly initial: number;
  private readonly epsilon: number;

  constructor(options: AdagradOptions = {}) {
    super(options);
    const { initialAccumulatorValue = 0.1, epsilon = 1e-7 } = options;
    requireNonNegative("initialAccumulatorValue", initialAccumulatorValue);
    requireNonNegative("epsilon", epsilon);
    this.initial = initialAccumulatorValue;
    this.epsilon = epsilon;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["accumulator"], this.initial);
  }

  protected update(x: Variable, { accumulator }: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    launch("adagrad_f32", x.size, 0.5, x, accumulator, g, scale, gate, rate, weightDecay, this.epsilon);
  }
}

/**
 * Adagrad: accumulator += gradient^2, variable -= learningRate gradient / sqrt(accumulator + epsilon). PyTorch adds
 * epsilon after the root, and its learningRate is 0.01.
 * Errors: ArgumentError for options out of range. Source: Duchi et al., "Adaptive subgradient methods" (2011).
 */
export const adagrad: Definition<typeof Adagrad> = defineOptimizer("adagrad", Adagrad, adagradOptions);

/** Options of {@link Adadelta}; the default learningRate is 0.001 (PyTorch: 1). */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of the moving averages, in [0, 1]; default 0.95 (PyTorch: 0.9). */
  rho?: number;
  /** Added under both roots; default 1e-7 (PyTorch: 1e-6). */
  epsilon?: number;
}

/** The optimizer that {@link adadelta} makes. */
export class Adadelta extends Optimizer {
  private readonly blend: number;
  private readonly epsilon: number;

  constructor(options: AdadeltaOptions = {}) {
    super(options);
    const { rho = 0.95, epsilon = 1e-7 } = options;
    requireRange("rho", rho, 0, 1);
    requireNonNegative("epsilon", epsilon);
    this.blend = 1 - rho;
    this.epsilon = epsilon;
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, ["squares", "steps"]);
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    const { squares, steps } = slots;
    const { blend, epsilon } = this;
    launch("adadelta_f32", x.size, 0.9, x, squares, steps, g, scale, gate, rate, weightDecay, blend, epsilon);
  }
}

/**
 * Adadelta: squares = rho squares + (1 - rho) gradient^2, step = gradient sqrt(steps + epsilon) / sqrt(squares +
 * epsilon), steps = rho steps + (1 - rho) step^2, variable -= learningRate step. PyTorch's learningRate is 1.
 * Errors: ArgumentError for options out of range. Source: Zeiler, "Adadelta" (2012).
 */
export const adadelta: Definition<typeof Adadelta> = defineOptimizer("adadelta", Adadelta, adadeltaOptions);

/** Options of {@link Ftrl}; the default learningRate is 0.001. */
export interface FtrlOptions extends OptimizerOptions {
  /** Exponent with which the learning rate decays in the sum of squares, at most 0; default -0.5. */
  learningRatePower?: number;
  /** Initial value of the sums of squares; default 0.1. */
  initialAccumulatorValue?: number;
  /** L1 penalty, which keeps weights at exactly 0; default 0. */
  l1RegularizationStrength?: number;
  /** L2 penalty; default 0. */
  l2RegularizationStrength?: number;
  /** L2 penalty as part of the gradient; default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** Added to the root of the sum of squares; default 0. */
  beta?: number;
}

/** The optimizer that {@link ftrl} makes. */
export class Ftrl extends Optimizer {
  private readonly initial: number;
  private readonly constants: readonly [power: number, l1: number, l2: number, shrinkage: number, beta: number];

  constructor(options: FtrlOptions = {}) {
    super(options);
    const { learningRate, learningRatePower = -0.5, initialAccumulatorValue = 0.1, beta = 0 } = options;
    const { l1RegularizationStrength: l1 = 0, l2RegularizationStrength: l2 = 0 } = options;
    const { l2ShrinkageRegularizationStrength: shrinkage = 0 } = options;
    // It is divided by.
    if (typeof learningRate === "number") requirePositive("learningRate", learningRate);
    requireRange("learningRatePower", learningRatePower, -Number.MAX_VALUE, 0);
    requireNonNegative("initialAccumulatorValue", initialAccumulatorValue);
    requireNonNegative("l1RegularizationStrength", l1);
    requireNonNegative("l2RegularizationStrength", l2);
    requireNonNegative("l2ShrinkageRegularizationStrength", shrinkage);
    requireNonNegative("beta", beta);
    this.initial = initialAccumulatorValue;
    this.constants = [-learningRatePower, l1, l2, shrinkage, beta];
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return { ...slotsLike(x, ["accumulator"], this.initial), ...slotsLike(x, ["linear"]) };
  }

  protected update(x: Variable, slots: Slots, g: Tensor, { rate, weightDecay, scale, gate }: Update): void {
    const { accumulator, linear } = slots;
    launch("ftrl_f32", x.size, 10, x, accumulator, linear, g, scale, gate, rate, weightDecay, ...this.constants);
  }
}

/**
 * FTRL ("follow the regularized leader"): each step computes the variable from the sums of gradients and of their
 * squares.
 * Errors: ArgumentError for options out of range, a learningRate of 0 included. Source: McMahan et al., "Ad click
 * prediction: a view from the trenches" (2013).
 */
export const ftrl: Definition<typeof Ftrl> = defineOptimizer("ftrl", Ftrl, ftrlOptions);
