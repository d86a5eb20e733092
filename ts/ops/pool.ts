// Max and average pooling over windows of sequences, images and volumes. With padding "same", elements outside are left
// out, as in Keras and TensorFlow.

import { within } from "../autograd/op.ts";
import { poolOptions } from "../generated/options.ts";
import { checkOptions } from "../runtime/options.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { reshaped } from "./layout.ts";
import {
  type PerAxis,
  POINT,
  perAxis,
  type Rank,
  readOptions,
  requireImages,
  slideOver,
  type WindowAxis,
  type WindowOptions,
} from "./lower/conv-geometry.ts";
import { avgPool, maxPool, type Pool } from "./lower/pool-images.ts";
import { max, mean } from "./reduce.ts";

/** Options of pooling over windows. */
export interface PoolOptions<R extends Rank = 2> extends Pick<WindowOptions<R>, "strides" | "padding"> {
  /** Size of the window, one number for all axes or one for each; default 2. */
  poolSize?: PerAxis<R>;
}

/**
 * Max pooling over windows along time, channel by channel, NaN if there is one; the first of equal elements, or of NaN,
 * gets the gradient.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime = ceil(time / strides) with padding
 * "same", else floor((time - poolSize) / strides) + 1; strides default to poolSize.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x shorter than a window; DtypeError
 * unless x is f32.
 */
export function maxPool1d(x: Tensor, options?: PoolOptions<1>): Tensor {
  return pooled("maxPool1d", 1, x, options, maxPool);
}

/**
 * Max pooling over windows of images, channel by channel, NaN if there is one; the first of equal elements, or of NaN,
 * gets the gradient.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]`, each new size ceil(size /
 * strides) with padding "same", else floor((size - poolSize) / strides) + 1; strides default to poolSize.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x smaller than a window; DtypeError
 * unless x is f32.
 */
export function maxPool2d(x: Tensor, options?: PoolOptions<2>): Tensor {
  return pooled("maxPool2d", 2, x, options, maxPool);
}

/**
 * Max pooling over windows of volumes, channel by channel, NaN if there is one; the first of equal elements, or of NaN,
 * gets the gradient.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPool2d}.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x smaller than a window; DtypeError
 * unless x is f32.
 */
export function maxPool3d(x: Tensor, options?: PoolOptions<3>): Tensor {
  return pooled("maxPool3d", 3, x, options, maxPool);
}

/**
 * Average pooling over windows along time, channel by channel; padding is not counted.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels]`, newTime as in {@link maxPool1d}.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x shorter than a window; DtypeError
 * unless x is f32.
 */
export function avgPool1d(x: Tensor, options?: PoolOptions<1>): Tensor {
  return pooled("avgPool1d", 1, x, options, avgPool);
}

/**
 * Average pooling over windows of images, channel by channel; padding is not counted.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPool2d}.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x smaller than a window; DtypeError
 * unless x is f32.
 */
export function avgPool2d(x: Tensor, options?: PoolOptions<2>): Tensor {
  return pooled("avgPool2d", 2, x, options, avgPool);
}

/**
 * Average pooling over windows of volumes, channel by channel; padding is not counted.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, channels]`, sizes as in
 * {@link maxPool2d}.
 * Errors: ArgumentError for options out of range; ShapeError for another rank or x smaller than a window; DtypeError
 * unless x is f32.
 */
export function avgPool3d(x: Tensor, options?: PoolOptions<3>): Tensor {
  return pooled("avgPool3d", 3, x, options, avgPool);
}

/** A box is pooled plane by plane, then along its depth: its largest number and mean are those of its planes' ones. */
function pooled(operation: string, rank: Rank, x: Tensor, options: PoolOptions<Rank> = {}, pool: Pool): Tensor {
  const { poolSize = 2, strides = poolSize, padding } = checkOptions(operation, options, poolOptions);
  requireImages(operation, rank, x);
  const sizes = perAxis(operation, "poolSize", poolSize, rank);
  const read = readOptions(operation, rank, { strides, padding });
  const axes = slideOver(operation, x.shape.slice(1, -1), sizes, read);
  if (rank === 1) return poolLine(x, 1, axes[0], pool);
  const [down, across] = axes.slice(-2);
  if (rank === 2) return pool(x, down, across);
  const [batch, depth, height, width, channels] = x.shape;
  const planes = pool(reshaped(x, [batch * depth, height, width, channels]), down, across);
  return poolLine(reshaped(planes, [batch, depth, down.windows, across.windows, channels]), 1, axes[0], pool);
}

/**
 * Mean of each channel over time; keepDims, default false, keeps the axis with size 1.
 * Shapes: `[batch, time, channels]` -> `[batch, channels]`, or `[batch, 1, channels]` with keepDims.
 * Errors: ShapeError for another rank; DtypeError unless x is f32.
 */
export function globalAveragePool1d(x: Tensor, keepDims = false): Tensor {
  return within("globalAveragePool1d", () => {
    requireImages("globalAveragePool1d", 1, x);
    return mean(x, [1], keepDims);
  });
}

/**
 * Mean of each channel over the image; keepDims, default false, keeps the axes with size 1.
 * Shapes: `[batch, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, channels]` with keepDims.
 * Errors: ShapeError for another rank; DtypeError unless x is f32.
 */
export function globalAveragePool2d(x: Tensor, keepDims = false): Tensor {
  return within("globalAveragePool2d", () => {
    requireImages("globalAveragePool2d", 2, x);
    return mean(x, [1, 2], keepDims);
  });
}

/**
 * Mean of each channel over the volume; keepDims, default false, keeps the axes with size 1.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, 1, channels]` with
 * keepDims.
 * Errors: ShapeError for another rank; DtypeError unless x is f32.
 */
export function globalAveragePool3d(x: Tensor, keepDims = false): Tensor {
  return within("globalAveragePool3d", () => {
    requireImages("globalAveragePool3d", 3, x);
    return mean(x, [1, 2, 3], keepDims);
  });
}

/**
 * Maximum of each channel over time; keepDims, default false, keeps the axis with size 1.
 * Shapes: `[batch, time, channels]` -> `[batch, channels]`, or `[batch, 1, channels]` with keepDims.
 * Errors: ShapeError for another rank or no steps; DtypeError unless x is f32.
 */
export function globalMaxPool1d(x: Tensor, keepDims = false): Tensor {
  return within("globalMaxPool1d", () => {
    requireImages("globalMaxPool1d", 1, x);
    return max(x, [1], keepDims);
  });
}

/**
 * Maximum of each channel over the image; keepDims, default false, keeps the axes with size 1.
 * Shapes: `[batch, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, channels]` with keepDims.
 * Errors: ShapeError for another rank or empty images; DtypeError unless x is f32.
 */
export function globalMaxPool2d(x: Tensor, keepDims = false): Tensor {
  return within("globalMaxPool2d", () => {
    requireImages("globalMaxPool2d", 2, x);
    return max(x, [1, 2], keepDims);
  });
}

/**
 * Maximum of each channel over the volume; keepDims, default false, keeps the axes with size 1.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, 1, channels]` with
 * keepDims.
 * Errors: ShapeError for another rank or empty volumes; DtypeError unless x is f32.
 */
export function globalMaxPool3d(x: Tensor, keepDims = false): Tensor {
  return within("globalMaxPool3d", () => {
    requireImages("globalMaxPool3d", 3, x);
    return max(x, [1, 2, 3], keepDims);
  });
}

/** x pooled along one of its axes alone. @internal */
export function poolLine(x: Tensor, axis: number, windows: WindowAxis, pool: Pool): Tensor {
  const before = sizeOf(x.shape.slice(0, axis));
  const after = sizeOf(x.shape.slice(axis + 1));
  const y = pool(reshaped(x, [before, windows.size, 1, after]), windows, POINT);
  return reshaped(y, x.shape.with(axis, windows.windows));
}
