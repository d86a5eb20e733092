// Adaptive pooling to a given size: of n windows over `size` numbers, number i covers floor(i size / n) up to but
// excluding ceil((i + 1) size / n), as in PyTorch.
import { requireNoOptions } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { tabulate } from "../tensor/create.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { type PerAxis, perAxis, type Rank, requireImages, slideAlong } from "./lower/conv-geometry.ts";
import { pickSlices } from "./lower/picking.ts";
import { avgPool, maxPool, type Pool } from "./lower/pool-images.ts";
import { poolLine } from "./pool.ts";

/**
 * Average pooling to a given length: window i of n covers steps floor(i time / n) to ceil((i + 1) time / n) - 1, as in
 * PyTorch.
 * Shapes: `[batch, time, channels]` -> `[batch, outputSize, channels]`.
 * Errors: ArgumentError unless outputSize is a whole number of at least 1; ShapeError for another rank or no steps;
 * DtypeError unless x is f32.
 */
export function adaptiveAveragePool1d(x: Tensor, outputSize: PerAxis<1>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveAveragePool1d", 1, x, outputSize, avgPool, none);
}

/**
 * Average pooling to a given size: window i of n covers pixels floor(i size / n) to ceil((i + 1) size / n) - 1, as in
 * PyTorch.
 * Shapes: `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for another rank or empty
 * images; DtypeError unless x is f32.
 */
export function adaptiveAveragePool2d(x: Tensor, outputSize: PerAxis<2>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveAveragePool2d", 2, x, outputSize, avgPool, none);
}

/**
 * Average pooling to a given size: window i of n covers voxels floor(i size / n) to ceil((i + 1) size / n) - 1, as in
 * PyTorch.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for another rank or empty
 * volumes; DtypeError unless x is f32.
 */
export function adaptiveAveragePool3d(x: Tensor, outputSize: PerAxis<3>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveAveragePool3d", 3, x, outputSize, avgPool, none);
}

/**
 * Max pooling to a given length, with the windows of {@link adaptiveAveragePool1d}.
 * Shapes: `[batch, time, channels]` -> `[batch, outputSize, channels]`.
 * Errors: ArgumentError unless outputSize is a whole number of at least 1; ShapeError for another rank or no steps;
 * DtypeError unless x is f32.
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: PerAxis<1>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveMaxPool1d", 1, x, outputSize, maxPool, none);
}

/**
 * Max pooling to a given size, with the windows of {@link adaptiveAveragePool2d}.
 * Shapes: `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for another rank or empty
 * images; DtypeError unless x is f32.
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: PerAxis<2>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveMaxPool2d", 2, x, outputSize, maxPool, none);
}

/**
 * Max pooling to a given size, with the windows of {@link adaptiveAveragePool3d}.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for another rank or empty
 * volumes; DtypeError unless x is f32.
 */
export function adaptiveMaxPool3d(x: Tensor, outputSize: PerAxis<3>, ...none: never[]): Tensor {
  return adaptivePool("adaptiveMaxPool3d", 3, x, outputSize, maxPool, none);
}

/** Pools axis by axis, the last first, so that the first of equal elements in memory order gets the gradient. */
function adaptivePool(
  operation: string,
  rank: Rank,
  x: Tensor,
  outputSize: PerAxis<Rank>,
  pool: Pool,
  none: never[],
): Tensor {
  requireNoOptions(operation, ...none);
  requireImages(operation, rank, x);
  const sizes = perAxis(operation, "outputSize", outputSize, rank);
  if (x.shape.slice(1, -1).includes(0)) {
    throw new ShapeError(`${operation}: x must not be empty between batch and channels, got ${formatShape(x.shape)}`);
  }
  let y = x;
  for (let axis = rank; axis >= 1; axis--) y = poolEvenly(operation, y, axis, sizes[axis - 1], pool);
  return y;
}

function poolEvenly(operation: string, x: Tensor, axis: number, windows: number, pool: Pool): Tensor {
  const size = x.shape[axis];
  const tiled = (y: Tensor, length: number): Tensor => {
    const taps = length / windows;
    return poolLine(y, axis, slideAlong(operation, length, taps, taps, 1, "valid"), pool);
  };
  if (size % windows === 0) return tiled(x, size);
  // Windows differ in size: elements are gathered window by window, the last of shorter ones repeated.
  const start = (i: number): number => Math.floor((i * size) / windows);
  const lengthOf = (i: number): number => Math.ceil(((i + 1) * size) / windows) - start(i);
  // The size of the longest window.
  const taps = 1 + Math.ceil((size - greatestDivisor(size, windows)) / windows);
  const length = windows * taps;
  checkShape(operation, [length]);
  const window = (i: number): number => Math.floor(i / taps);
  const places = tabulate([length], (i) => start(window(i)) + Math.min(i % taps, lengthOf(window(i)) - 1), "i32");
  const listed = pickSlices(x, places, axis) as Tensor;
  if (pool === maxPool) return tiled(listed, length);
  // Repeated elements get weight 0, the others a weight that makes up for it.
  const shape = [length, ...x.shape.slice(axis + 1).map(() => 1)];
  const share = (i: number): number => (i % taps < lengthOf(window(i)) ? taps / lengthOf(window(i)) : 0);
  return tiled(mul(listed, tabulate(shape, share)), length);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
