// Sampling images at fractional coordinates: gridSample, and affine warps built on it.
import { requireFloat, within } from "../autograd/op.ts";
import { affineWarpOptions, gridSampleOptions } from "../generated/options.ts";
import { requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { tabulate, tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { cast } from "./compare.ts";
import { abs, clip, floor, round } from "./elementwise.ts";
import { pad, reshape, slice } from "./layout.ts";
import { perAxis, requireImages } from "./lower/conv-geometry.ts";
import { pickSlices } from "./lower/picking.ts";
import { matmul } from "./matmul.ts";
import { type Interpolation, requireInterpolation } from "./resize.ts";

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** Default "bilinear". "nearest" has no gradient for the grid, and rounds halves to even pixels. */
  interpolation?: Interpolation;
  /** What lies outside: zeros, the border's pixels, or the reflected image; default "zeros". */
  padding?: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the centres of the outermost pixels; default false, their outer edges. */
  alignCorners?: boolean;
}

/**
 * Samples images at the points of a grid, (-1, -1) being the upper left corner and (1, 1) the lower right, as PyTorch's
 * grid_sample. NaN points give NaN, and points on the border have a gradient, unlike in PyTorch.
 * Shapes: `[batch, height, width, channels]`, grid of (x, y) `[batch, rows, columns, 2]` ->
 * `[batch, rows, columns, channels]`.
 * Errors: ArgumentError for unknown options; ShapeError for shapes that do not fit and empty images; DtypeError unless
 * both are f32. Source: Jaderberg et al. 2015.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const {
    interpolation = "bilinear",
    padding = "zeros",
    alignCorners = false,
  } = checkOptions("gridSample", options, gridSampleOptions);
  requireImages("gridSample", 2, x);
  requireFloat("gridSample", "grid", grid);
  requireInterpolation("gridSample", interpolation);
  if (!["zeros", "border", "reflection"].includes(padding)) {
    throw new ArgumentError(`gridSample: padding must be zeros, border or reflection, got ${textOf(padding)}`);
  }
  const [batch, height, width, channels] = x.shape;
  if (grid.rank !== 4 || grid.shape[0] !== batch || grid.shape[3] !== 2) {
    throw new ShapeError(
      `gridSample: grid must be [batch, rows, columns, 2] for ${batch} images, got ${formatShape(grid.shape)}`,
    );
  }
  if (height * width === 0) {
    throw new ShapeError(`gridSample: images must not be empty, got ${formatShape(x.shape)}`);
  }
  // Zeros outside are a border of zeros: what lies further out reads that.
  const edge = padding === "zeros" ? 1 : 0;
  const images = edge === 0 ? x : pad(x, [NONE, [1, 1], [1, 1], NONE]);
  const position = (axis: 0 | 1, size: number): Tensor => {
    const at = slice(grid, [0, 0, 0, axis], [-1, -1, -1, 1]) as Tensor;
    // From [-1, 1] to pixels.
    const pixel = alignCorners ? mul(add(at, 1), (size - 1) / 2) : sub(mul(add(at, 1), size / 2), 0.5);
    const inside = padding === "reflection" ? reflect(pixel, size, alignCorners) : pixel;
    const meant = interpolation === "nearest" ? round(inside) : inside;
    return clip(add(meant, edge), 0, size - 1 + 2 * edge);
  };
  return sample(images, position(0, width), position(1, height), interpolation, channels);
}

const NONE = [0, 0] as const;

/** Places outside the image folded back into it, at the centres of its outermost pixels or at their outer edges. */
function reflect(position: Tensor, size: number, alignCorners: boolean): Tensor {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return mul(position, 0);
  const distance = sub(position, low);
  const turns = floor(mul(distance, 1 / (2 * span)));
  const within = sub(distance, mul(turns, 2 * span));
  return sub(low + span, abs(sub(within, span)));
}

/** The pixels at places x and y [batch, rows, columns, 1], all inside the images. */
function sample(images: Tensor, x: Tensor, y: Tensor, interpolation: Interpolation, channels: number): Tensor {
  const [batch, height, width] = images.shape;
  const pixels = reshape(images, [batch * height * width, channels]) as Tensor;
  const first = tensor(
    Array.from({ length: batch }, (_, i) => i * height * width),
    { shape: [batch, 1, 1], dtype: "i32" },
  );
  const [, rows, columns] = x.shape;
  const whole = (position: Tensor): Tensor<"i32"> => cast(reshape(position, [batch, rows, columns]), "i32");
  const read = (left: Tensor, top: Tensor): Tensor =>
    pickSlices(pixels, add(add(mul(whole(top), width), whole(left)), first), 0) as Tensor;
  if (interpolation === "nearest") return read(x, y);
  const [left, top] = [floor(x), floor(y)];
  const [right, below] = [clip(add(left, 1), 0, width - 1), clip(add(top, 1), 0, height - 1)];
  const [toRight, down] = [sub(x, left), sub(y, top)];
  const [toLeft, up] = [sub(1, toRight), sub(1, down)];
  const upper = add(mul(read(left, top), mul(toLeft, up)), mul(read(right, top), mul(toRight, up)));
  const lower = add(mul(read(left, below), mul(toLeft, down)), mul(read(right, below), mul(toRight, down)));
  return add(upper, lower);
}

/**
 * The grid with which {@link gridSample} reads images at A (x, y, 1), as PyTorch's affine_grid; alignCorners, default
 * false, must be the same there.
 * Shapes: matrices A `[batch, 2, 3]`, size [height, width] -> `[batch, height, width, 2]`.
 * Errors: ArgumentError for an invalid size; ShapeError for matrices of another shape; DtypeError unless they are f32.
 */
export function affineGrid(matrices: Tensor, size: readonly [number, number], alignCorners = false): Tensor {
  requireFloat("affineGrid", "matrices", matrices);
  const [height, width] = perAxis("affineGrid", "size", size, 2);
  requireType("affineGrid", "alignCorners", alignCorners, "boolean");
  if (matrices.rank !== 3 || matrices.shape[1] !== 2 || matrices.shape[2] !== 3) {
    throw new ShapeError(`affineGrid: matrices must be [batch, 2, 3], got ${formatShape(matrices.shape)}`);
  }
  const along = (count: number, i: number): number =>
    alignCorners ? (count === 1 ? 0 : (2 * i) / (count - 1) - 1) : (2 * i + 1) / count - 1;
  const places = tabulate([1, height * width, 3], (i) => {
    const pixel = Math.floor(i / 3);
    if (i % 3 === 0) return along(width, pixel % width);
    return i % 3 === 1 ? along(height, Math.floor(pixel / width)) : 1;
  });
  const grid = matmul(places, matrices, { transposeB: true });
  return reshape(grid, [matrices.shape[0], height, width, 2]) as Tensor;
}

/** Options of {@link affineWarp}. */
export interface AffineWarpOptions extends GridSampleOptions {
  /** Height and width of the result; default x's. */
  size?: readonly [number, number];
}

/**
 * Warps images by affine maps: the result at (x, y) is the image at A (x, y, 1), coordinates from -1 to 1.
 * Example: `affineWarp(images, matrices, { padding: "reflection" })` rotates, shifts, scales and shears.
 * Shapes: `[batch, height, width, channels]`, matrices A `[batch, 2, 3]` -> `[batch, ...size, channels]`.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit; DtypeError unless both are
 * f32.
 */
export function affineWarp(x: Tensor, matrices: Tensor, options: AffineWarpOptions = {}): Tensor {
  return within("affineWarp", () => {
    checkOptions("affineWarp", options, affineWarpOptions);
    requireImages("affineWarp", 2, x);
    const { size = [x.shape[1], x.shape[2]], ...sampling } = options;
    return gridSample(x, affineGrid(matrices, size, sampling.alignCorners), sampling);
  });
}
