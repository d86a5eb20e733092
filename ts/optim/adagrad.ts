// Adagrad, Adadelta and Ftrl: steps divided by what gradients have summed up to.
import { adadeltaOptions, adagradOptions, ftrlOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { defineOptimizer, Optimizer, type OptimizerOptions, type Slots, slotsLike, type Update } from "./optimizer.ts";
import { requireNonNegative, requirePositive, requireRange } from "./options.ts";

/** Options of `Adagrad`; the default learningRate is 0.001 (PyTorch: 0.01). */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares begin with; default 0.1 (PyTorch: 0). */
  initialAccumulatorValue?: number;
  /** Default 1e-7. */
  epsilon?: number;
}

/**
 * accumulator += gradient^2, variable -= learningRate gradient / sqrt(accumulator + epsilon). PyTorch adds its epsilon
 * after the root. Duchi et al., "Adaptive subgradient methods" (2011).
 */
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

/** Adaptive gradients; see `Adagrad`. */
export const adagrad: Definition<typeof Adagrad> = defineOptimizer("adagrad", Adagrad, adagradOptions);

/** Options of `Adadelta`; the default learningRate is 0.001 (PyTorch: 1). */
export interface AdadeltaOptions extends OptimizerOptions {
  /** How much of the running averages each step keeps; default 0.95 (PyTorch: 0.9). */
  rho?: number;
  /** Default 1e-7 (PyTorch: 1e-6). */
  epsilon?: number;
}

/**
 * squares = rho squares + (1 - rho) gradient^2, step = gradient sqrt(steps + epsilon) / sqrt(squares + epsilon),
 * steps = rho steps + (1 - rho) step^2, variable -= learningRate step. Zeiler, "Adadelta" (2012).
 */
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

/** Adaptive gradients within a window; see `Adadelta`. */
export const adadelta: Definition<typeof Adadelta> = defineOptimizer("adadelta", Adadelta, adadeltaOptions);

/** Options of `Ftrl`; the default learningRate is 0.001. */
export interface FtrlOptions extends OptimizerOptions {
  /** How fast the rate fades with the sum of squares, at most 0; default -0.5. */
  learningRatePower?: number;
  /** What the sums of squares begin with; default 0.1. */
  initialAccumulatorValue?: number;
  /** What keeps weights at exactly 0; default 0. */
  l1RegularizationStrength?: number;
  /** Default 0. */
  l2RegularizationStrength?: number;
  /** l2 that is part of the gradient; default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** What is added to the root of the sum of squares; default 0. */
  beta?: number;
}

/**
 * "Follow the regularized leader": each step computes the variable anew from the sums of gradients and of their squares.
 * McMahan et al., "Ad click prediction: a view from the trenches" (2013).
 */
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

/** "Follow the regularized leader"; see `Ftrl`. */
export const ftrl: Definition<typeof Ftrl> = defineOptimizer("ftrl", Ftrl, ftrlOptions);
