// The geometry of windows sliding over images: strides, padding and dilation, and what they make of the sizes.
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { requireFloat } from "./gemm.ts";

/** One number for both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/**
 * valid: windows stay inside the image; same: ceil(size / stride) windows, with zeros around, the odd one at the end.
 */
export type Padding = "valid" | "same";

export interface WindowOptions {
  /** Distance from window to window; default 1. */
  strides?: Pair;
  /** Default valid. */
  padding?: Padding;
  /** Distance between the taps of a window; default 1. */
  dilationRate?: Pair;
}

/** Windows along one axis. */
export interface WindowAxis {
  /** Size of the image. */
  readonly size: number;
  /** Number of windows. */
  readonly windows: number;
  /** Taps of a window. */
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the image. */
  readonly before: number;
  /** Zeros after it, as far as windows reach. */
  readonly after: number;
}

/** A pair of whole numbers of at least `least`, checked. */
export function pairOf(operation: string, what: string, value: Pair, least = 1): readonly [number, number] {
  const pair = typeof value === "number" ? ([value, value] as const) : value;
  if (!(Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= least))) {
    const got = Array.isArray(value) ? `[${value.join(", ")}]` : value;
    throw new ArgumentError(`${operation}: ${what} must be one or two whole numbers of at least ${least}, got ${got}`);
  }
  return pair;
}

/** Checks the options and returns, for each axis, its stride and dilation. */
export function readOptions(
  operation: string,
  options: WindowOptions,
): {
  strides: readonly [number, number];
  dilations: readonly [number, number];
  padding: Padding;
} {
  const { strides = 1, padding = "valid", dilationRate = 1 } = options;
  if (padding !== "valid" && padding !== "same") {
    throw new ArgumentError(`${operation}: padding must be valid or same, got ${String(padding)}`);
  }
  return {
    strides: pairOf(operation, "strides", strides),
    dilations: pairOf(operation, "dilationRate", dilationRate),
    padding,
  };
}

/** The windows that fit along an axis, as in TensorFlow. */
export function slideAlong(
  operation: string,
  size: number,
  taps: number,
  stride: number,
  dilation: number,
  padding: Padding,
): WindowAxis {
  const reach = (taps - 1) * dilation + 1;
  const windows = padding === "same" ? Math.ceil(size / stride) : Math.floor((size - reach) / stride) + 1;
  if (padding === "valid" && size < reach) {
    throw new ShapeError(`${operation}: a window must fit into the image, got windows of ${reach} for size ${size}`);
  }
  const missing = Math.max(0, (windows - 1) * stride + reach - size);
  const before = padding === "same" ? Math.floor(missing / 2) : 0;
  return { size, windows, taps, stride, dilation, before, after: missing - before };
}

/** Throws unless x and the filters have the axes of a convolution. */
export function requireImages(operation: string, x: Tensor, filters: Tensor): void {
  requireFloat(operation, "x", x);
  requireFloat(operation, "filters", filters);
  if (x.rank !== 4) {
    throw new ShapeError(`${operation}: x must be [batch, height, width, channels], got ${formatShape(x.shape)}`);
  }
  if (filters.rank !== 4 || filters.size === 0) {
    throw new ShapeError(`${operation}: filters must have four axes, none empty, got ${formatShape(filters.shape)}`);
  }
}

/** All sizes of a convolution; `rows` and `columns` are the windows down and across. */
export interface Geometry {
  readonly batch: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
  readonly outputs: number;
  readonly groups: number;
}
