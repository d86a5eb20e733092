// Regularization layers: dropout, noise and activity penalties. Without `training` they return their inputs.

import {
  activityRegularizationOptions,
  alphaDropoutOptions,
  dropoutOptions,
  gaussianNoiseOptions,
  noisyDropoutOptions,
  spatialDropoutOptions,
} from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { Generator, randomBernoulli, randomNormal } from "../ops/random.ts";
import { requireList, requireShare } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import {
  type CallContext,
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
} from "./layer.ts";
import { l1l2 } from "./regularizers.ts";

/** Options of layers that draw random numbers. */
export interface RandomLayerOptions extends LayerOptions {
  /** Seed of a generator of its own; default: the global generator. */
  seed?: number;
}

/** A layer that draws random numbers in training. */
abstract class RandomLayer extends Layer {
  protected readonly generator: Generator | undefined;

  constructor(kind: LayerKind, options: RandomLayerOptions) {
    super(kind, options);
    this.generator = options.seed === undefined ? undefined : new Generator(options.seed);
  }

  call(x: AnyTensor, { training }: CallContext): Tensor {
    const inputs = this.floats(x);
    return training ? this.disturb(inputs) : inputs;
  }

  /** x with noise or dropout. */
  protected abstract disturb(x: Tensor): Tensor;

  override dispose(): void {
    super.dispose();
    this.generator?.state.dispose();
  }
}

/** Options of {@link dropout}. */
export interface DropoutOptions extends RandomLayerOptions {
  /** Probability that an element is dropped, in [0, 1). */
  rate: number;
  /**
   * Shape of the dropout pattern, batch axis included: size 1 drops along an axis together, null is the input's size.
   * Default: the input's shape.
   */
  noiseShape?: readonly (number | null)[];
}

/** The layer that {@link dropout} makes. */
export class Dropout extends RandomLayer {
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | undefined;

  constructor(options: DropoutOptions, kind: LayerKind = dropout) {
    super(kind, options);
    requireShare(this.name, "rate", options.rate);
    this.rate = options.rate;
    if (options.noiseShape !== undefined) requireList(this.name, "noiseShape", options.noiseShape);
    this.noiseShape = ownCopy(options.noiseShape);
  }

  protected disturb(x: Tensor): Tensor {
    const { rate, generator } = this;
    if (rate === 0) return x;
    return mul(
      x,
      randomBernoulli(this.patternOf(x.shape), { generator, probability: 1 - rate, value: 1 / (1 - rate) }),
    );
  }

  /** The shape of what is drawn: sizes of 1 repeat. ArgumentError where noiseShape does not fit. */
  protected patternOf(shape: Shape): Shape {
    const pattern = this.noiseShape?.map((size, axis) => size ?? shape[axis]) ?? shape;
    if (pattern.length !== shape.length || pattern.some((size, axis) => size !== 1 && size !== shape[axis])) {
      throw new ArgumentError(
        `${this.name}: noiseShape must have the input's sizes or 1, got ${formatShape(pattern)} for ${formatShape(shape)}`,
      );
    }
    return pattern;
  }
}

/**
 * Dropout: in training, zeroes each element with probability `rate` and scales the others by 1 / (1 - rate).
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1, and for a noiseShape that does not fit; DtypeError unless inputs are f32.
 * Source: Srivastava et al. 2014.
 */
export const dropout: LayerDefinition<typeof Dropout> = defineLayer("dropout", Dropout, dropoutOptions);

/** Dropout of whole feature maps: all steps or pixels of a channel together. Source: Tompson et al. 2015. */
abstract class SpatialDropout extends Dropout {
  private readonly axes: number;

  constructor(kind: LayerKind, options: SpatialDropoutOptions, axes: number) {
    super(options, kind);
    this.axes = axes;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== this.axes + 1) {
      throw this.misfit(`have ${this.axes} axes between the batch and the channels`, inputShape);
    }
    return inputShape;
  }

  /** One number for each example and channel. */
  protected override patternOf(shape: Shape): Shape {
    return shape.map((size, axis) => (axis === 0 || axis === shape.length - 1 ? size : 1));
  }
}

/** What spatial dropout takes. */
export type SpatialDropoutOptions = Omit<DropoutOptions, "noiseShape">;

/** The layer that {@link spatialDropout1d} makes. */
export class SpatialDropout1D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(spatialDropout1d, options, 1);
  }
}

/**
 * Drops whole channels of sequences in training.
 * Shapes: `[batch, time, channels]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; ShapeError for inputs of another rank; DtypeError unless they are f32.
 * Source: Tompson et al. 2015.
 */
export const spatialDropout1d: LayerDefinition<typeof SpatialDropout1D> = defineLayer(
  "spatial_dropout1d",
  SpatialDropout1D,
  spatialDropoutOptions,
);

/** The layer that {@link spatialDropout2d} makes. */
export class SpatialDropout2D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(spatialDropout2d, options, 2);
  }
}

/**
 * Drops whole channels of images in training.
 * Shapes: `[batch, height, width, channels]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; ShapeError for inputs of another rank; DtypeError unless they are f32.
 * Source: Tompson et al. 2015.
 */
export const spatialDropout2d: LayerDefinition<typeof SpatialDropout2D> = defineLayer(
  "spatial_dropout2d",
  SpatialDropout2D,
  spatialDropoutOptions,
);

/** The layer that {@link spatialDropout3d} makes. */
export class SpatialDropout3D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(spatialDropout3d, options, 3);
  }
}

/**
 * Drops whole channels of volumes in training.
 * Shapes: `[batch, depth, height, width, channels]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; ShapeError for inputs of another rank; DtypeError unless they are f32.
 * Source: Tompson et al. 2015.
 */
export const spatialDropout3d: LayerDefinition<typeof SpatialDropout3D> = defineLayer(
  "spatial_dropout3d",
  SpatialDropout3D,
  spatialDropoutOptions,
);

/** Options of {@link gaussianNoise}. */
export interface GaussianNoiseOptions extends RandomLayerOptions {
  /** Standard deviation of the noise. */
  stddev: number;
}

/** The layer that {@link gaussianNoise} makes. */
export class GaussianNoise extends RandomLayer {
  readonly stddev: number;

  constructor(options: GaussianNoiseOptions) {
    super(gaussianNoise, options);
    const { stddev } = options;
    if (!(stddev >= 0)) throw new ArgumentError(`${this.name}: stddev must be at least 0, got ${stddev}`);
    this.stddev = stddev;
  }

  protected disturb(x: Tensor): Tensor {
    const { stddev, generator } = this;
    return add(x, randomNormal(x.shape, { stddev, generator }));
  }
}

/**
 * Adds normal noise of mean 0 in training.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless stddev is at least 0; DtypeError unless inputs are f32.
 */
export const gaussianNoise: LayerDefinition<typeof GaussianNoise> = defineLayer(
  "gaussian_noise",
  GaussianNoise,
  gaussianNoiseOptions,
);

/** Options of {@link gaussianDropout} and {@link alphaDropout}. */
export interface NoisyDropoutOptions extends RandomLayerOptions {
  /** Probability of the equivalent dropout, in [0, 1). */
  rate: number;
}

/** The layer that {@link gaussianDropout} makes. */
export class GaussianDropout extends RandomLayer {
  readonly rate: number;

  constructor(options: NoisyDropoutOptions) {
    super(gaussianDropout, options);
    requireShare(this.name, "rate", options.rate);
    this.rate = options.rate;
  }

  protected disturb(x: Tensor): Tensor {
    const { rate, generator } = this;
    return mul(x, randomNormal(x.shape, { mean: 1, stddev: Math.sqrt(rate / (1 - rate)), generator }));
  }
}

/**
 * Multiplies by normal noise of mean 1 and variance rate / (1 - rate) in training.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; DtypeError unless inputs are f32. Source: Srivastava et al. 2014.
 */
export const gaussianDropout: LayerDefinition<typeof GaussianDropout> = defineLayer(
  "gaussian_dropout",
  GaussianDropout,
  noisyDropoutOptions,
);

/** Options of {@link alphaDropout}. */
export interface AlphaDropoutOptions extends NoisyDropoutOptions {
  /**
   * Shape of the dropout pattern, batch axis included: size 1 drops along an axis together. Default: the input's shape.
   */
  noiseShape?: Shape;
}

/** SELU's lower limit, the value of dropped elements. */
const LEAST_SELU = -1.7580993408473766;

/** The layer that {@link alphaDropout} makes. */
export class AlphaDropout extends RandomLayer {
  readonly rate: number;
  readonly noiseShape: Shape | undefined;

  constructor(options: AlphaDropoutOptions) {
    super(alphaDropout, options);
    requireShare(this.name, "rate", options.rate);
    this.rate = options.rate;
    this.noiseShape = ownCopy(options.noiseShape);
  }

  protected disturb(x: Tensor): Tensor {
    const { rate, generator } = this;
    const kept = randomBernoulli(this.noiseShape ?? x.shape, { generator, probability: 1 - rate });
    const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * LEAST_SELU ** 2));
    const keeps = broadcastTo(kept, x.shape) as Tensor;
    // x where kept, the least value elsewhere; then scale and shift.
    const chosen = add(mul(x, keeps), mul(add(mul(keeps, -1), 1), LEAST_SELU));
    return add(mul(chosen, scale), -scale * LEAST_SELU * rate);
  }
}

/**
 * Dropout for SELU networks: in training, sets elements to SELU's lower limit, then scales and shifts all so that mean
 * and variance stay.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError unless 0 <= rate < 1; ShapeError for a noiseShape that does not broadcast to the inputs;
 * DtypeError unless they are f32. Source: Klambauer et al. 2017.
 */
export const alphaDropout: LayerDefinition<typeof AlphaDropout> = defineLayer(
  "alpha_dropout",
  AlphaDropout,
  alphaDropoutOptions,
);

/** Options of {@link activityRegularization}. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of absolute values; default 0. */
  l1?: number;
  /** Factor of the sum of squares; default 0. */
  l2?: number;
}

/** The layer that {@link activityRegularization} makes. */
export class ActivityRegularization extends Layer {
  private readonly penalty: (x: Tensor) => Tensor;

  constructor(options: ActivityRegularizationOptions = {}) {
    super(activityRegularization, options);
    const { l1 = 0, l2 = 0 } = options;
    this.penalty = l1l2({ l1, l2 });
  }

  call(x: AnyTensor, { addLoss }: CallContext): Tensor {
    const inputs = this.floats(x);
    addLoss(this.penalty(inputs));
    return inputs;
  }
}

/**
 * Returns its inputs and adds l1 sum(|x|) + l2 sum(x^2) to the loss.
 * Shapes: `[batch, ...]` -> the same.
 * Errors: ArgumentError for negative factors; DtypeError unless inputs are f32.
 */
export const activityRegularization: LayerDefinition<typeof ActivityRegularization> = defineLayer(
  "activity_regularization",
  ActivityRegularization,
  activityRegularizationOptions,
);
