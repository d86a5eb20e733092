// Dynamic loss scaling, which keeps small gradients from underflowing.
import { lossScaleOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { mul } from "../ops/arithmetic.ts";
import { typeOf } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { full, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { type AnyTensor, empty, type Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { blockNorms } from "./clipping.ts";
import { defineOptimizer, type ExclusionOptions, Optimizer, type OptimizerOptions, type Slots } from "./optimizer.ts";
import { requirePositive, requireSteps } from "./options.ts";

/** Options of {@link LossScaleOptimizer}. */
export interface LossScaleOptions {
  /** The optimizer that takes the steps. */
  innerOptimizer: Optimizer;
  /** Initial factor of the loss; default 2^15. */
  initialScale?: number;
  /** Consecutive steps with finite gradients after which the scale doubles; default 2000. */
  dynamicGrowthSteps?: number;
}

/** The optimizer that {@link lossScaleOptimizer} makes. */
export class LossScaleOptimizer extends Optimizer {
  /** The optimizer that takes the steps. */
  readonly innerOptimizer: Optimizer;
  /** The current loss scale. */
  readonly dynamicScale: Variable;
  /** Steps with finite gradients since the scale changed. */
  private readonly goodSteps: Variable<"i32">;
  private readonly growthSteps: number;

  constructor(options: LossScaleOptions) {
    super(options as OptimizerOptions, 0);
    const { innerOptimizer, initialScale = 2 ** 15, dynamicGrowthSteps = 2000 } = options;
    if (!(innerOptimizer instanceof Optimizer) || innerOptimizer instanceof LossScaleOptimizer) {
      throw new ArgumentError(
        `lossScaleOptimizer: innerOptimizer must be an optimizer without a scale of its own, got ${typeOf(innerOptimizer)}`,
      );
    }
    requirePositive("initialScale", initialScale);
    requireSteps("dynamicGrowthSteps", dynamicGrowthSteps);
    this.innerOptimizer = innerOptimizer;
    this.growthSteps = dynamicGrowthSteps;
    this.dynamicScale = scope(() => new Variable(full([], initialScale), { trainable: false }));
    this.goodSteps = scope(() => new Variable(zeros([], "i32"), { trainable: false }));
  }

  override get iterations(): Variable<"i32"> {
    return this.innerOptimizer.iterations;
  }

  override get learningRate(): number {
    return this.innerOptimizer.learningRate;
  }

  override set learningRate(value: number) {
    this.innerOptimizer.learningRate = value;
  }

  override get hasSchedule(): boolean {
    return this.innerOptimizer.hasSchedule;
  }

  override get keepsAverages(): boolean {
    return this.innerOptimizer.keepsAverages;
  }

  override get groupLearningRates(): number[] {
    return this.innerOptimizer.groupLearningRates;
  }

  override setGroupLearningRate(index: number, value: number): void {
    this.innerOptimizer.setGroupLearningRate(index, value);
  }

  override scaleLoss(loss: Tensor): Tensor {
    return mul(loss, this.dynamicScale);
  }

  override excludeFromWeightDecay(which: ExclusionOptions): void {
    this.innerOptimizer.excludeFromWeightDecay(which);
  }

  override get exclusions(): readonly (Variable | string)[] {
    return this.innerOptimizer.exclusions;
  }

  override build(variables: readonly Variable[]): void {
    this.innerOptimizer.build(variables);
  }

  override launchStep(variables: readonly Variable[], gradients: readonly Tensor[]): void {
    const partials = blockNorms(gradients, 0);
    const gate = empty([], "i32");
    const unscale = empty([]);
    const { dynamicScale, goodSteps, growthSteps } = this;
    const count = partials.size;
    launch("loss_scale_f32", 1, count, gate, unscale, dynamicScale, goodSteps, partials, count, growthSteps);
    this.innerOptimizer.launchStep(variables, gradients, { gate, unscale });
  }

  override forget(variables: readonly Variable[]): void {
    this.innerOptimizer.forget(variables);
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }

  override get averagesInPlace(): boolean {
    return this.innerOptimizer.averagesInPlace;
  }

  override set averagesInPlace(isSo: boolean) {
    this.innerOptimizer.averagesInPlace = isSo;
  }

  override swapAverages(variables: readonly Variable[]): void {
    this.innerOptimizer.swapAverages(variables);
  }

  override state(nameOf?: (variable: Variable) => string): Record<string, AnyTensor> {
    const { innerOptimizer, dynamicScale, goodSteps } = this;
    return { ...innerOptimizer.state(nameOf), lossScale: dynamicScale, goodSteps };
  }

  override dispose(): void {
    for (const thing of [this.innerOptimizer, this.dynamicScale, this.goodSteps]) thing.dispose();
    super.dispose();
  }

  /** The inner optimizer keeps the variables' state .. */
  protected slotsOf(): Slots<Tensor> {
    return {};
  }

  /** .. and updates them. */
  protected update(variable: Variable): void {
    throw new StateError(`LossScaleOptimizer: ${variable.name} must be updated by the inner optimizer`);
  }
}

/**
 * Dynamic loss scaling around another optimizer: gradients of `scaleLoss(loss)` are divided by the scale. A step whose
 * gradients are not all finite only halves the scale.
 * Errors: ArgumentError unless innerOptimizer is an optimizer without a scale of its own, and for options out of range.
 * Source: Micikevicius et al., "Mixed precision training" (2018).
 */
export const lossScaleOptimizer: Definition<typeof LossScaleOptimizer> = defineOptimizer(
  "lossScaleOptimizer",
  LossScaleOptimizer,
  lossScaleOptions,
);
