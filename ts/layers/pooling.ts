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
import { defineLayer, Layer, type LayerDefinition, type LayerKind, type LayerOptions } from "./layer.ts";

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
    super(maxPooling1d, 1, pool.maxPool1d, options);
  }
}

/**
 * Max pooling over windows along time, channel by channel.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime = ceil(time / strides) with padding
 * "same", else floor((time - poolSize) / strides) + 1.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or shorter than a window;
 * DtypeError unless they are f32.
 */
export const maxPooling1d: LayerDefinition<typeof MaxPooling1D> = defineLayer(
  "max_pooling1d",
  MaxPooling1D,
  poolingOptions,
);

/** The layer that {@link maxPooling2d} makes. */
export class MaxPooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(maxPooling2d, 2, pool.maxPool2d, options);
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
export const maxPooling2d: LayerDefinition<typeof MaxPooling2D> = defineLayer(
  "max_pooling2d",
  MaxPooling2D,
  poolingOptions,
);

/** The layer that {@link maxPooling3d} makes. */
export class MaxPooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(maxPooling3d, 3, pool.maxPool3d, options);
  }
}

/**
 * Max pooling over windows of volumes, channel by channel.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export const maxPooling3d: LayerDefinition<typeof MaxPooling3D> = defineLayer(
  "max_pooling3d",
  MaxPooling3D,
  poolingOptions,
);

/** The layer that {@link averagePooling1d} makes. */
export class AveragePooling1D extends Pooling<1> {
  constructor(options: PoolingOptions<1> = {}) {
    super(averagePooling1d, 1, pool.avgPool1d, options);
  }
}

/**
 * Average pooling over windows along time, channel by channel; padding is not counted.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime as in {@link maxPooling1d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or shorter than a window;
 * DtypeError unless they are f32.
 */
export const averagePooling1d: LayerDefinition<typeof AveragePooling1D> = defineLayer(
  "average_pooling1d",
  AveragePooling1D,
  poolingOptions,
);

/** The layer that {@link averagePooling2d} makes. */
export class AveragePooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(averagePooling2d, 2, pool.avgPool2d, options);
  }
}

/**
 * Average pooling over windows of images, channel by channel; padding is not counted.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export const averagePooling2d: LayerDefinition<typeof AveragePooling2D> = defineLayer(
  "average_pooling2d",
  AveragePooling2D,
  poolingOptions,
);

/** The layer that {@link averagePooling3d} makes. */
export class AveragePooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(averagePooling3d, 3, pool.avgPool3d, options);
  }
}

/**
 * Average pooling over windows of volumes, channel by channel; padding is not counted.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPooling2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank or smaller than a window;
 * DtypeError unless they are f32.
 */
export const averagePooling3d: LayerDefinition<typeof AveragePooling3D> = defineLayer(
  "average_pooling3d",
  AveragePooling3D,
  poolingOptions,
);
