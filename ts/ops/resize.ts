// Resizing images, and repeating elements along axes.
import { resizeOptions } from "../generated/options.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { tabulate } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import { reshape } from "./layout.ts";
import { perAxis, requireImages } from "./lower/conv-geometry.ts";
import { pickSlices } from "./lower/picking.ts";

/** nearest: the pixel whose area holds the position; bilinear: the four around it, weighted by nearness. */
export type Interpolation = "nearest" | "bilinear";

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** Default "bilinear". */
  interpolation?: Interpolation;
}

/** Throws unless the interpolation is one of those known. @internal */
export function requireInterpolation(operation: string, interpolation: Interpolation): void {
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    throw new ArgumentError(`${operation}: interpolation must be nearest or bilinear, got ${textOf(interpolation)}`);
  }
}

/**
 * Resizes images. Pixel i of n is centred at (i + 1/2) / n, as in Keras and PyTorch's alignCorners = false; no
 * antialiasing. Pixels of weight 0 do not count, even if NaN, unlike in PyTorch.
 * Shapes: `[batch, height, width, channels]` -> `[batch, ...size, channels]`.
 * Errors: ArgumentError for an invalid size or interpolation; ShapeError for another rank or empty images; DtypeError
 * unless x is f32.
 */
export function resize(x: Tensor, size: readonly [number, number], options: ResizeOptions = {}): Tensor {
  const { interpolation = "bilinear" } = checkOptions("resize", options, resizeOptions);
  requireImages("resize", 2, x);
  requireInterpolation("resize", interpolation);
  perAxis("resize", "size", size, 2);
  if (x.shape[1] * x.shape[2] === 0) {
    throw new ShapeError(`resize: images must not be empty, got ${formatShape(x.shape)}`);
  }
  const along = interpolation === "nearest" ? nearestAlong : linearAlong;
  return along(along(x, 1, size[0]), 2, size[1]);
}

function nearestAlong(x: Tensor, axis: number, size: number): Tensor {
  const from = x.shape[axis];
  if (from === size) return x;
  const places = tabulate([size], (i) => Math.floor(((2 * i + 1) * from) / (2 * size)), "i32");
  return pickSlices(x, places, axis) as Tensor;
}

function linearAlong(x: Tensor, axis: number, size: number): Tensor {
  const from = x.shape[axis];
  if (from === size) return x;
  const position = (i: number): number => Math.min(Math.max(((2 * i + 1) * from) / (2 * size) - 0.5, 0), from - 1);
  // At a pixel's centre both halves are that pixel, so that its neighbour does not count, even if NaN.
  const isWhole = (i: number): boolean => Number.isInteger(position(i));
  const picked = (shift: number): Tensor => {
    const rows = tabulate([size], (i) => Math.floor(position(i)) + (isWhole(i) ? 0 : shift), "i32");
    return pickSlices(x, rows, axis) as Tensor;
  };
  const share = (i: number): number => (isWhole(i) ? 0.5 : position(i) - Math.floor(position(i)));
  const shape = [size, ...x.shape.slice(axis + 1).map(() => 1)];
  const near = mul(
    picked(0),
    tabulate(shape, (i) => 1 - share(i)),
  );
  return add(near, mul(picked(1), tabulate(shape, share)));
}

/** Each element of an axis `count` times in a row: [a, b] -> [a, a, b, b]. @internal */
export function repeatEach(x: Tensor, axis: number, count: number): Tensor {
  if (count === 1) return x;
  const [before, after] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const repeated = broadcastTo(reshape(x, [...before, 1, ...after]), [...before, count, ...after]);
  return reshape(repeated, x.shape.with(axis, x.shape[axis] * count)) as Tensor;
}
