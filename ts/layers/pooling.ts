// Max and average pooling over windows of sequences, images and volumes `[batch, ...sizes, channels]`, channels last.
import { poolingOptions } from "../generated/options.ts";
import {
  FORMS,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  type ReadOptions,
  readOptions,
  slideOver,
} from "../ops/lower/conv-geometry.ts";
import * as pool from "../ops/pool.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { Layer, type LayerKind, type LayerOptions } from "./layer.ts";

/** Options of {@link maxPooling1d} to {@link averagePooling3d}. */
export interface PoolingOptions<R extends Rank> extends LayerOptions {
  /** Size of the window, one number for all axes or one for each; default 2. */
  poolSize?: PerAxis<R>;
  /** Distance between windows; default: poolSize. */
  strides?: PerAxis<R>;
  /** "valid", the default, or "same". */
  padding?: Padding;
}

abstract class Pooling<R extends Rank> extends Layer {
  readonly poolSize: readonly number[];
  private readonly rank: R;
  private readonly op: (x: Tensor, options: pool.PoolOptions<R>) => Tensor;
  private readonly window: pool.PoolOptions<R>;
  private readonly read: ReadOptions;

  constructor(
    kind: LayerKind,
    rank: R,
    op: (x: Tensor, options: pool.PoolOptions<R>) => Tensor,
    options: PoolingOptions<R>,
  ) {
    super(kind, options);
    const { poolSize = 2, strides = poolSize, padding } = options;
    this.rank = rank;
    this.op = op;
    this.poolSize = perAxis(this.name, "poolSize", poolSize, rank);
    this.read = readOptions(this.name, rank, { strides, padding });
    this.window = ownCopy({ poolSize, strides, padding });
  }

  get strides(): readonly number[] {
    return this.read.strides;
  }

  override get mixesSteps(): boolean {
    return this.poolSize[0] > 1 || this.strides[0] > 1;
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, name, poolSize, read } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    const axes = slideOver(name, inputShape.slice(0, rank), poolSize, read);
    return [...axes.map(({ windows }) => windows), inputShape[rank]];
  }

  call(x: AnyTensor): Tensor {
    return this.op(this.floats(x), this.window);
  }
}

/** The layer that {@link maxPooling1d} makes. */
export class MaxPooling1D extends Pooling<1> {
  constructor(options: PoolingOptions<1> = {}) {
    super(["max_pooling1d", MaxPooling1D, poolingOptions], 1, pool.maxPool1d, options);
  }
}

/**
 * Max pooling over windows along time, channel by channel.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime = ceil(time / strides) with padding
 * "same", else floor((time - poolSize) / strides) + 1.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or shorter than a window;
 * DtypeError unless they are f32.
 */
export function maxPooling1d(options?: PoolingOptions<1>): MaxPooling1D {
  return new MaxPooling1D(options);
}

/** The layer that {@link maxPooling2d} makes. */
export class MaxPooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(["max_pooling2d", MaxPooling2D, poolingOptions], 2, pool.maxPool2d, options);
  }
}

/**
 * Max pooling over windows of images, channel by channel: `layers.maxPooling2d({ poolSize: 2 })` halves height and
 * width.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]`, each new size ceil(size /
 * strides) with padding "same", else floor((size - poolSize) / strides) + 1.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export function maxPooling2d(options?: PoolingOptions<2>): MaxPooling2D {
  return new MaxPooling2D(options);
}

/** The layer that {@link maxPooling3d} makes. */
export class MaxPooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(["max_pooling3d", MaxPooling3D, poolingOptions], 3, pool.maxPool3d, options);
  }
}

/**
 * Max pooling over windows of volumes, channel by channel.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export function maxPooling3d(options?: PoolingOptions<3>): MaxPooling3D {
  return new MaxPooling3D(options);
}

/** The layer that {@link averagePooling1d} makes. */
export class AveragePooling1D extends Pooling<1> {
  constructor(options: PoolingOptions<1> = {}) {
    super(["average_pooling1d", AveragePooling1D, poolingOptions], 1, pool.avgPool1d, options);
  }
}

/**
 * Average pooling over windows along time, channel by channel; padding is not counted.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime as in {@link maxPooling1d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or shorter than a window;
 * DtypeError unless they are f32.
 */
export function averagePooling1d(options?: PoolingOptions<1>): AveragePooling1D {
  return new AveragePooling1D(options);
}

/** The layer that {@link averagePooling2d} makes. */
export class AveragePooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(["average_pooling2d", AveragePooling2D, poolingOptions], 2, pool.avgPool2d, options);
  }
}

/**
 * Average pooling over windows of images, channel by channel; padding is not counted.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export function averagePooling2d(options?: PoolingOptions<2>): AveragePooling2D {
  return new AveragePooling2D(options);
}

/** The layer that {@link averagePooling3d} makes. */
export class AveragePooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(["average_pooling3d", AveragePooling3D, poolingOptions], 3, pool.avgPool3d, options);
  }
}

/**
 * Average pooling over windows of volumes, channel by channel; padding is not counted.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export function averagePooling3d(options?: PoolingOptions<3>): AveragePooling3D {
  return new AveragePooling3D(options);
}
