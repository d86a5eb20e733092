// Batch and layer normalization.
import { noGrad } from "../autograd/tape.ts";
import { affineNormalizationOptions, batchNormalizationOptions } from "../generated/options.ts";
import { add, div, maximum, mul, sub } from "../ops/arithmetic.ts";
import { broadcastTo, sum } from "../ops/broadcast.ts";
import { cast, greater, where } from "../ops/compare.ts";
import { square } from "../ops/elementwise.ts";
import { reshape } from "../ops/layout.ts";
import { batchNorm, layerNorm } from "../ops/norm.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { ConstraintLike } from "./constraints.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import {
  type CallContext,
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
} from "./layer.ts";
import { firstMask, type Mask } from "./masks.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of the normalizations with gamma and beta. */
export interface AffineNormalizationOptions extends LayerOptions {
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Whether the offset beta is added; default true. */
  center?: boolean;
  /** Whether the result is multiplied by gamma; default true. */
  scale?: boolean;
  /** Default zeros. */
  betaInitializer?: InitializerLike;
  /** Default ones. */
  gammaInitializer?: InitializerLike;
  /** Default: none. */
  betaRegularizer?: RegularizerLike;
  /** Default: none. */
  gammaRegularizer?: RegularizerLike;
  /** Default: none. */
  betaConstraint?: ConstraintLike;
  /** Default: none. */
  gammaConstraint?: ConstraintLike;
}

/** What batch and layer normalization share: an epsilon, and gamma and beta along the last axis. */
export abstract class AffineNormalization extends Layer {
  readonly epsilon: number;
  /** Factors along the last axis; there once the layer is built, unless `scale` is false. */
  gamma: Variable | undefined;
  /** Summands along the last axis; there once the layer is built, unless `center` is false. */
  beta: Variable | undefined;
  private readonly gammaOptions: ShapelessWeightOptions | undefined;
  private readonly betaOptions: ShapelessWeightOptions | undefined;
  private channels = 0;

  constructor(kind: LayerKind, options: AffineNormalizationOptions) {
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

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions extends AffineNormalizationOptions {
  /** Decay of the moving averages, in [0, 1]; default 0.99. PyTorch's momentum is 1 minus this one. */
  momentum?: number;
  /** Default zeros. */
  movingMeanInitializer?: InitializerLike;
  /** Default ones. */
  movingVarianceInitializer?: InitializerLike;
}

/** The layer that {@link batchNormalization} makes. */
export class BatchNormalization extends AffineNormalization {
  readonly momentum: number;
  movingMean!: Variable;
  movingVariance!: Variable;
  private readonly movingMeanInitializer: Initializer;
  private readonly movingVarianceInitializer: Initializer;

  constructor(options: BatchNormalizationOptions = {}) {
    super(batchNormalization, options);
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

  call(x: AnyTensor, { training, mask }: CallContext): Tensor {
    const { gamma, beta, movingMean, movingVariance, momentum, epsilon } = this;
    const inputs = this.floats(x);
    const own = training && this.trainable;
    const kept = firstMask(mask);
    if (!own || kept === undefined) {
      return batchNorm(inputs, gamma, beta, movingMean, movingVariance, { training: own, momentum, epsilon });
    }
    const { mean, variance, count } = maskedMoments(inputs, kept);
    noGrad(() => {
      for (const [average, moment] of [
        [movingMean, mean],
        [movingVariance, variance],
      ] as const) {
        const next = add(mul(average, momentum), mul(moment, 1 - momentum));
        average.assign(where(greater(count, 0), next, average));
      }
    });
    return batchNorm(inputs, gamma, beta, mean, variance, { epsilon });
  }
}

/** The moments of each channel over the steps that the mask keeps, and how many these are; 0 where none is. */
function maskedMoments(x: Tensor, mask: Mask): { mean: Tensor; variance: Tensor; count: Tensor } {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const own = reshape(mask, [...mask.shape, ...x.shape.slice(mask.rank).map(() => 1)]);
  const kept = broadcastTo(own, x.shape) as Mask;
  const count = sum(cast(kept, "f32") as Tensor, axes);
  const meanOf = (values: Tensor): Tensor => div(sum(where(kept, values, 0), axes), maximum(count, 1));
  const mean = meanOf(x);
  return { mean, variance: meanOf(square(sub(x, mean))), count };
}

/**
 * Batch normalization: (x - mean) / sqrt(variance + epsilon) gamma + beta for each channel. Training uses the batch's
 * moments and updates exponential moving averages, moving = momentum moving + (1 - momentum) moment; inference, and a
 * frozen layer, use the averages. Masked steps are not counted. Variances are biased, as in Keras.
 * Shapes: `[batch, ..., channels]` -> the same.
 * Errors: ArgumentError for options out of range; ShapeError for inputs without channels, or with others than those it
 * was built for; DtypeError unless they are f32. Source: Ioffe and Szegedy 2015.
 */
export const batchNormalization: LayerDefinition<typeof BatchNormalization> = defineLayer(
  "batch_normalization",
  BatchNormalization,
  batchNormalizationOptions,
);

/** The layer that {@link layerNormalization} makes. */
export class LayerNormalization extends AffineNormalization {
  constructor(options: AffineNormalizationOptions = {}) {
    super(layerNormalization, options);
  }

  call(x: AnyTensor): Tensor {
    return layerNorm(this.floats(x), this.gamma, this.beta, { epsilon: this.epsilon });
  }
}

/**
 * Layer normalization: (x - mean) / sqrt(variance + epsilon) gamma + beta, with the moments along the last axis.
 * Shapes: `[batch, ..., features]` -> the same.
 * Errors: ArgumentError for a negative epsilon; ShapeError for inputs without features, or with others than those it
 * was built for; DtypeError unless they are f32. Source: Ba, Kiros and Hinton 2016.
 */
export const layerNormalization: LayerDefinition<typeof LayerNormalization> = defineLayer(
  "layer_normalization",
  LayerNormalization,
  affineNormalizationOptions,
);
