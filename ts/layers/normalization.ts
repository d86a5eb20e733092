// Layers that bring their inputs to mean 0 and variance 1.
import { batchNormalizationOptions, normalizationOptions } from "../generated/options.ts";
import { batchNorm, layerNorm } from "../ops/norm.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { ConstraintLike } from "./constraints.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import { type CallContext, Layer, type LayerKind, type LayerOptions } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of both normalizations. */
export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Whether beta is added; default true. */
  center?: boolean;
  /** Whether the result is multiplied by gamma; default true. */
  scale?: boolean;
  /** Default zeros. */
  betaInitializer?: InitializerLike;
  /** Default ones. */
  gammaInitializer?: InitializerLike;
  betaRegularizer?: RegularizerLike;
  gammaRegularizer?: RegularizerLike;
  betaConstraint?: ConstraintLike;
  gammaConstraint?: ConstraintLike;
}

/** What batch and layer normalization share: an epsilon, and gamma and beta along the last axis. */
export abstract class Normalization extends Layer {
  readonly epsilon: number;
  /** Factors along the last axis; there once the layer is built, unless `scale` is false. */
  gamma: Variable | undefined;
  /** Summands along the last axis; there once the layer is built, unless `center` is false. */
  beta: Variable | undefined;
  private readonly gammaOptions: ShapelessWeightOptions | undefined;
  private readonly betaOptions: ShapelessWeightOptions | undefined;
  private channels = 0;

  constructor(kind: LayerKind, options: NormalizationOptions) {
    super(kind, options);
    const {
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = "zeros",
      gammaInitializer = "ones",
    } = options;
    if (!(epsilon >= 0)) throw new ArgumentError(`${this.name}: epsilon must be at least 0, got ${epsilon}`);
    this.epsilon = epsilon;
    const { gammaRegularizer, gammaConstraint, betaRegularizer, betaConstraint } = options;
    this.gammaOptions = scale ? weightOptions(gammaInitializer, gammaRegularizer, gammaConstraint) : undefined;
    this.betaOptions = center ? weightOptions(betaInitializer, betaRegularizer, betaConstraint) : undefined;
  }

  override build(inputShape: Shape): void {
    this.channels = inputShape[inputShape.length - 1];
    const shape = [this.channels];
    const { gammaOptions, betaOptions } = this;
    if (gammaOptions) this.gamma = this.addWeight("gamma", { shape, ...gammaOptions });
    if (betaOptions) this.beta = this.addWeight("beta", { shape, ...betaOptions });
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.misfit("have an axis of channels after the batch", inputShape);
    if (this.built && inputShape[inputShape.length - 1] !== this.channels) {
      throw this.misfit(`keep the ${this.channels} channels it was built for`, inputShape);
    }
    return inputShape;
  }
}

/** What `batchNormalization` takes. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** How much of the moving statistics stays at each training step; default 0.99. */
  momentum?: number;
  /** Default zeros. */
  movingMeanInitializer?: InitializerLike;
  /** Default ones. */
  movingVarianceInitializer?: InitializerLike;
}

/**
 * (x - mean) / sqrt(variance + epsilon) gamma + beta for each channel, the last axis. In training the mean and the
 * variance are the batch's own, and the moving ones are drawn towards them; otherwise, and while the layer is frozen,
 * they are the moving ones. The variance is the biased one, as in Keras. Source: Ioffe and Szegedy 2015.
 */
export class BatchNormalization extends Normalization {
  readonly momentum: number;
  movingMean!: Variable;
  movingVariance!: Variable;
  private readonly movingMeanInitializer: Initializer;
  private readonly movingVarianceInitializer: Initializer;

  constructor(options: BatchNormalizationOptions = {}) {
    super(["batch_normalization", BatchNormalization, batchNormalizationOptions], options);
    const { momentum = 0.99, movingMeanInitializer = "zeros", movingVarianceInitializer = "ones" } = options;
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new ArgumentError(`${this.name}: momentum must be from 0 to 1, got ${momentum}`);
    }
    this.momentum = momentum;
    this.movingMeanInitializer = getInitializer(movingMeanInitializer);
    this.movingVarianceInitializer = getInitializer(movingVarianceInitializer);
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    const shape = inputShape.slice(-1);
    const { movingMeanInitializer, movingVarianceInitializer } = this;
    this.movingMean = this.addWeight("movingMean", { shape, initializer: movingMeanInitializer, trainable: false });
    this.movingVariance = this.addWeight("movingVariance", {
      shape,
      initializer: movingVarianceInitializer,
      trainable: false,
    });
  }

  call(x: AnyTensor, { training }: CallContext): Tensor {
    const { gamma, beta, movingMean, movingVariance, momentum, epsilon } = this;
    const options = { training: training && this.trainable, momentum, epsilon };
    return batchNorm(this.floats(x), gamma, beta, movingMean, movingVariance, options);
  }
}

/** Mean 0 and variance 1 for each channel, over the batch. */
export function batchNormalization(options?: BatchNormalizationOptions): BatchNormalization {
  return new BatchNormalization(options);
}

/** (x - mean) / sqrt(variance + epsilon) gamma + beta along the last axis. Source: Ba, Kiros and Hinton 2016. */
export class LayerNormalization extends Normalization {
  constructor(options: NormalizationOptions = {}) {
    super(["layer_normalization", LayerNormalization, normalizationOptions], options);
  }

  call(x: AnyTensor): Tensor {
    return layerNorm(this.floats(x), this.gamma, this.beta, { epsilon: this.epsilon });
  }
}

/** Mean 0 and variance 1 for each row along the last axis. */
export function layerNormalization(options?: NormalizationOptions): LayerNormalization {
  return new LayerNormalization(options);
}
