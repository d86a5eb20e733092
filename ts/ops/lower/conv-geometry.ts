// Geometry of windows sliding over sequences, images and volumes: strides, padding, dilation and the resulting sizes.
// Tensors are [batch, ...sizes, channels]; the number of sizes is the rank.
import { requireFloat } from "../../autograd/op.ts";
import { MOST, textOf } from "../../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../../runtime/errors.ts";
import { checkShape, formatShape } from "../../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../../tensor/tensor.ts";

/** Axes that windows slide along: 1 for sequences, 2 for images, 3 for volumes. */
export type Rank = 1 | 2 | 3;

interface Lists {
  1: readonly [number];
  2: readonly [number, number];
  3: readonly [number, number, number];
}

/** One number for all axes, or one for each: [time], [vertical, horizontal] or [depth, vertical, horizontal]. */
export type PerAxis<R extends Rank> = number | Lists[R];

/**
 * valid: windows stay inside the image; same: ceil(size / stride) windows, with zeros around, the odd one at the end.
 */
export type Padding = "valid" | "same";

/** Of sequences also causal: zeros before the sequence alone, so that no window reaches what comes after its place. */
export type ConvPadding<R extends Rank> = Padding | (R extends 1 ? "causal" : never);

/** How windows slide over sequences, images and volumes. */
export interface WindowOptions<R extends Rank = 2, P extends ConvPadding<R> = Padding> {
  /** Distance between windows; default 1. */
  strides?: PerAxis<R>;
  /** "valid", the default, or "same"; of convolutions of sequences also "causal". */
  padding?: P;
  /** Distance between the taps of a window; default 1. */
  dilationRate?: PerAxis<R>;
}

/** Options as functions for every rank take them. */
export type AnyWindowOptions = WindowOptions<Rank, ConvPadding<Rank>>;

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

/** An axis of size 1 that windows do not slide along. */
export const POINT: WindowAxis = { size: 1, windows: 1, taps: 1, stride: 1, dilation: 1, before: 0, after: 0 };

/** A convolution of images, worked out once: the windows down (`rows`) and across (`columns`), and what follows from them. */
export interface ConvSpec {
  readonly batch: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
  /** Output channels; of a depthwise convolution those of one channel. */
  readonly outputs: number;
  readonly groups: number;
  /** Numbers in a window of one group. */
  readonly depth: number;
  /** Sizes in the order of the kernels' parameters. */
  readonly sizes: ConvSizes;
  /** The same for kernels that take images with their padding in place. */
  readonly paddedSizes: PaddedConvSizes;
}

type Pair = [rows: number, columns: number];
type Taps = [...taps: Pair, ...strides: Pair];

/** Image, channels, windows, outputs, taps, strides, padding before and dilation. */
export type ConvSizes = [
  ...Pair,
  channels: number,
  ...Pair,
  outputs: number,
  ...Taps,
  ...before: Pair,
  ...dilation: Pair,
];

/** Padded image, channels, windows, outputs, taps, strides and dilation. */
export type PaddedConvSizes = [...Pair, channels: number, ...Pair, outputs: number, ...Taps, ...dilation: Pair];

/** A convolution with these windows and channels. */
export function convSpec(
  batch: number,
  rows: WindowAxis,
  columns: WindowAxis,
  channels: number,
  outputs: number,
  groups: number,
): ConvSpec {
  const taps: Taps = [rows.taps, columns.taps, rows.stride, columns.stride];
  const made = [channels, rows.windows, columns.windows, outputs, ...taps] as const;
  const dilation = [rows.dilation, columns.dilation] as const;
  const padded = ({ size, before, after }: WindowAxis): number => before + size + after;
  return {
    batch,
    rows,
    columns,
    channels,
    outputs,
    groups,
    depth: (rows.taps * columns.taps * channels) / groups,
    sizes: [rows.size, columns.size, ...made, rows.before, columns.before, ...dilation],
    paddedSizes: [padded(rows), padded(columns), ...made, ...dilation],
  };
}

/** What tensors of a rank are called, and their axes. */
export const FORMS = {
  1: "sequences [batch, time, channels]",
  2: "images [batch, height, width, channels]",
  3: "volumes [batch, depth, height, width, channels]",
} as const;

const COUNTS = { 1: "one whole number", 2: "one or two whole numbers", 3: "one or three whole numbers" } as const;

/** A whole number of at least `least` for each axis, checked. */
export function perAxis(
  operation: string,
  what: string,
  value: PerAxis<Rank>,
  rank: Rank,
  least = 1,
): readonly number[] {
  const list: readonly number[] =
    typeof value === "number" ? new Array<number>(rank).fill(value) : Array.isArray(value) ? [...value] : value;
  const fits = (n: number): boolean => Number.isInteger(n) && n >= least && n <= MOST;
  if (!(Array.isArray(list) && list.length === rank && list.every(fits))) {
    const range = `of at least ${least} and less than 2^31`;
    throw new ArgumentError(`${operation}: ${what} must be ${COUNTS[rank]} ${range}, got ${textOf(value)}`);
  }
  return list;
}

/** Options with a stride and a dilation for each axis. */
export interface ReadOptions {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: ConvPadding<Rank>;
}

/** Checks the options. `mayBeCausal` where sequences may be padded so. */
export function readOptions(
  operation: string,
  rank: Rank,
  { strides = 1, padding = "valid", dilationRate = 1 }: AnyWindowOptions,
  mayBeCausal = false,
): ReadOptions {
  const isCausal = mayBeCausal && rank === 1;
  if (padding !== "valid" && padding !== "same" && !(isCausal && padding === "causal")) {
    const known = isCausal ? "valid, same or causal" : "valid or same";
    throw new ArgumentError(`${operation}: padding must be ${known}, got ${textOf(padding)}`);
  }
  return {
    strides: perAxis(operation, "strides", strides, rank),
    dilations: perAxis(operation, "dilationRate", dilationRate, rank),
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
  padding: ConvPadding<Rank>,
): WindowAxis {
  const reach = (taps - 1) * dilation + 1;
  checkShape(operation, [reach]);
  const windows = padding === "valid" ? Math.floor((size - reach) / stride) + 1 : Math.ceil(size / stride);
  if (padding === "valid" && size < reach) {
    throw new ShapeError(`${operation}: a window must fit into the image, got windows of ${reach} for size ${size}`);
  }
  // Of a single window the stride is nothing, and gradients would cost as much as it is large.
  if (windows === 1) stride = 1;
  const missing = Math.max(0, (windows - 1) * stride + reach - size);
  if (padding === "causal") return { size, windows, taps, stride, dilation, before: reach - 1, after: 0 };
  const before = padding === "same" ? Math.floor(missing / 2) : 0;
  return { size, windows, taps, stride, dilation, before, after: missing - before };
}

/** The windows that fit along each axis of an image of the sizes. */
export function slideOver(
  operation: string,
  sizes: readonly number[],
  taps: readonly number[],
  { strides, dilations, padding }: ReadOptions,
): WindowAxis[] {
  return sizes.map((size, axis) => slideAlong(operation, size, taps[axis], strides[axis], dilations[axis], padding));
}

/** For each axis the windows of the image that a transposed convolution makes, as large as Keras makes it. */
export function spreadOver(
  operation: string,
  windows: readonly number[],
  taps: readonly number[],
  { strides, dilations, padding }: ReadOptions,
  outputPadding: readonly number[] | undefined,
): WindowAxis[] {
  return windows.map((count, axis) => {
    const [stride, dilation] = [strides[axis], dilations[axis]];
    const reach = (taps[axis] - 1) * dilation + 1;
    const least = (count - 1) * stride + (padding === "same" ? reach % 2 : reach);
    const usual = padding === "same" ? count * stride : least + Math.max(0, stride - reach);
    const size = outputPadding === undefined ? usual : least + outputPadding[axis];
    const made = count === 0 ? undefined : slideAlong(operation, size, taps[axis], stride, dilation, padding);
    if (made?.windows !== count) {
      throw new ArgumentError(
        `${operation}: outputPadding must make an image that ${count} windows with stride ${stride} cover, ` +
          `got ${outputPadding?.[axis] ?? "none"}, which makes ${size}`,
      );
    }
    return made;
  });
}

/** Throws unless x holds floats and has the axes of its rank. */
export function requireImages(operation: string, rank: Rank, x: AnyTensor): void {
  requireFloat(operation, "x", x);
  if (x.rank !== rank + 2) {
    const axes = FORMS[rank].slice(FORMS[rank].indexOf("["));
    throw new ShapeError(`${operation}: x must be ${axes}, got shape ${formatShape(x.shape)}`);
  }
}

/** Throws unless the filters have the axes of a convolution's, none empty. */
export function requireFilters(operation: string, rank: Rank, filters: Tensor): void {
  requireFloat(operation, "filters", filters);
  if (filters.rank !== rank + 2 || filters.size === 0) {
    const count = ["three", "four", "five"][rank - 1];
    throw new ShapeError(
      `${operation}: filters must have ${count} axes, none empty, got ${formatShape(filters.shape)}`,
    );
  }
}
