// Layers that make training harder on purpose: they drop, add noise, or punish large results. Without `training` all of
// them hand on their inputs.

import {
  activityRegularizationOptions,
  alphaDropoutOptions,
  dropoutOptions,
  gaussianNoiseOptions,
  noisyDropoutOptions,
  spatialDropoutOptions,
} from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/layout.ts";
import { Generator, randomBernoulli, randomNormal } from "../ops/random.ts";
import { requireList, requireShare } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { type CallContext, Layer, type LayerKind, type LayerOptions } from "./layer.ts";
import { l1l2 } from "./regularizers.ts";

/** What layers that draw random numbers take. */
export interface RandomLayerOptions extends LayerOptions {
  /** A seed of its own; default: the default generator draws. */
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

  /** x with noise. */
  protected abstract disturb(x: Tensor): Tensor;

  override dispose(): void {
    super.dispose();
    this.generator?.state.dispose();
  }
}

/** What `dropout` takes. */
export interface DropoutOptions extends RandomLayerOptions {
  /** Probability that a number is dropped, at least 0 and less than 1. */
  rate: number;
  /** Shape of the pattern, batch axis included, where numbers are to be dropped together; null: as the input's axis. */
  noiseShape?: readonly (number | null)[];
}

/** In training, zeroes each number with probability `rate` and divides the others by 1 - rate; else does nothing. */
export class Dropout extends RandomLayer {
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | undefined;

  constructor(options: DropoutOptions, kind: LayerKind = ["dropout", Dropout, dropoutOptions]) {
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

/** In training, zeroes numbers at random. */
export function dropout(options: DropoutOptions): Dropout {
  return new Dropout(options);
}

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

/** Drops whole channels of [batch, time, channels]. */
export class SpatialDropout1D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(["spatial_dropout1d", SpatialDropout1D, spatialDropoutOptions], options, 1);
  }
}

/** In training, drops whole channels of sequences. */
export function spatialDropout1d(options: SpatialDropoutOptions): SpatialDropout1D {
  return new SpatialDropout1D(options);
}

/** Drops whole channels of [batch, height, width, channels]. */
export class SpatialDropout2D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(["spatial_dropout2d", SpatialDropout2D, spatialDropoutOptions], options, 2);
  }
}

/** In training, drops whole channels of images. */
export function spatialDropout2d(options: SpatialDropoutOptions): SpatialDropout2D {
  return new SpatialDropout2D(options);
}

/** Drops whole channels of [batch, depth, height, width, channels]. */
export class SpatialDropout3D extends SpatialDropout {
  constructor(options: SpatialDropoutOptions) {
    super(["spatial_dropout3d", SpatialDropout3D, spatialDropoutOptions], options, 3);
  }
}

/** In training, drops whole channels of volumes. */
export function spatialDropout3d(options: SpatialDropoutOptions): SpatialDropout3D {
  return new SpatialDropout3D(options);
}

/** What `gaussianNoise` takes. */
export interface GaussianNoiseOptions extends RandomLayerOptions {
  /** Standard deviation of what is added. */
  stddev: number;
}

/** In training, adds normal noise of mean 0. */
export class GaussianNoise extends RandomLayer {
  readonly stddev: number;

  constructor(options: GaussianNoiseOptions) {
    super(["gaussian_noise", GaussianNoise, gaussianNoiseOptions], options);
    const { stddev } = options;
    if (!(stddev >= 0)) throw new ArgumentError(`${this.name}: stddev must be at least 0, got ${stddev}`);
    this.stddev = stddev;
  }

  protected disturb(x: Tensor): Tensor {
    const { stddev, generator } = this;
    return add(x, randomNormal(x.shape, { stddev, generator }));
  }
}

/** In training, adds normal noise. */
export function gaussianNoise(options: GaussianNoiseOptions): GaussianNoise {
  return new GaussianNoise(options);
}

/** What `gaussianDropout` and `alphaDropout` take. */
export interface NoisyDropoutOptions extends RandomLayerOptions {
  /** Probability of the dropout that it stands for, at least 0 and less than 1. */
  rate: number;
}

/** In training, multiplies by normal noise of mean 1 and variance rate / (1 - rate). Source: Srivastava et al. 2014. */
export class GaussianDropout extends RandomLayer {
  readonly rate: number;

  constructor(options: NoisyDropoutOptions) {
    super(["gaussian_dropout", GaussianDropout, noisyDropoutOptions], options);
    requireShare(this.name, "rate", options.rate);
    this.rate = options.rate;
  }

  protected disturb(x: Tensor): Tensor {
    const { rate, generator } = this;
    return mul(x, randomNormal(x.shape, { mean: 1, stddev: Math.sqrt(rate / (1 - rate)), generator }));
  }
}

/** In training, multiplies by normal noise. */
export function gaussianDropout(options: NoisyDropoutOptions): GaussianDropout {
  return new GaussianDropout(options);
}

/** What `alphaDropout` takes. */
export interface AlphaDropoutOptions extends NoisyDropoutOptions {
  /** Shape of the pattern, batch axis included, where numbers are to be dropped together. */
  noiseShape?: Shape;
}

/** SELU's least value, which stands for "dropped". */
const LEAST_SELU = -1.7580993408473766;

/**
 * In training, sets numbers to SELU's least value and scales and shifts all of them such that mean and variance stay.
 * Source: Klambauer et al. 2017.
 */
export class AlphaDropout extends RandomLayer {
  readonly rate: number;
  readonly noiseShape: Shape | undefined;

  constructor(options: AlphaDropoutOptions) {
    super(["alpha_dropout", AlphaDropout, alphaDropoutOptions], options);
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

/** In training, drops numbers such that mean and variance stay. */
export function alphaDropout(options: AlphaDropoutOptions): AlphaDropout {
  return new AlphaDropout(options);
}

/** What `activityRegularization` takes. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of the sum of the inputs' absolute values; default 0. */
  l1?: number;
  /** Factor of the sum of their squares; default 0. */
  l2?: number;
}

/** Its inputs, whose size is added to the loss: l1 sum(|x|) + l2 sum(x^2). */
export class ActivityRegularization extends Layer {
  private readonly penalty: (x: Tensor) => Tensor;

  constructor(options: ActivityRegularizationOptions = {}) {
    super(["activity_regularization", ActivityRegularization, activityRegularizationOptions], options);
    const { l1 = 0, l2 = 0 } = options;
    this.penalty = l1l2({ l1, l2 });
  }

  call(x: AnyTensor, { addLoss }: CallContext): Tensor {
    const inputs = this.floats(x);
    addLoss(this.penalty(inputs));
    return inputs;
  }
}

/** Its inputs, whose size is added to the loss. */
export function activityRegularization(options?: ActivityRegularizationOptions): ActivityRegularization {
  return new ActivityRegularization(options);
}
