// Convolutions and transposed convolutions. All run as convolutions of images: a sequence is an image of height 1; the
// frames of a volume become images with the taps along the depth as channels.
import { convOptions, convTransposeOptions } from "../generated/options.ts";
import { requireCount } from "../runtime/arguments.ts";
import { ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add } from "./arithmetic.ts";
import { convolve, convolveBack, foldFilters, overlapFrames, unfoldFrames } from "./convolve.ts";
import { activated, relu } from "./elementwise.ts";
import { reshaped } from "./layout.ts";
import {
  type ConvPadding,
  convSpec,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  readOptions,
  requireFilters,
  requireImages,
  slideOver,
  spreadOver,
  type WindowOptions,
} from "./lower/conv-geometry.ts";
import { activationCode, type FusedActivation, requireBias } from "./lower/epilogue.ts";
import { isPlain, threeAxes } from "./lower/frames.ts";

export type { ConvPadding, Padding, PerAxis, Rank, WindowOptions } from "./lower/conv-geometry.ts";

/** Options of {@link conv1d}, {@link conv2d} and {@link conv3d}. */
export interface ConvOptions<R extends Rank = 2> extends WindowOptions<R, ConvPadding<R>> {
  /** Splits the channels into groups convolved separately, each with filters of its own; default 1. */
  groups?: number;
  /** Applied to the sums; default "linear". */
  activation?: FusedActivation;
}

/**
 * 1D convolution (cross-correlation): activation(conv(x, filters) + bias), bias default none.
 * Shapes: `[batch, time, channels]`, filters `[taps, channels / groups, outputs]`, bias `[outputs]` ->
 * `[batch, newTime, outputs]`, newTime = ceil(time / strides) unless padding is "valid", then floor((time -
 * dilationRate (taps - 1) - 1) / strides) + 1.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x shorter than a
 * window; DtypeError unless all are f32.
 */
export function conv1d(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvOptions<1>): Tensor {
  return convolution("conv1d", 1, x, filters, bias, options);
}

/**
 * 2D convolution (cross-correlation): activation(conv(x, filters) + bias), bias default none.
 * Example: `conv2d(images, filters, bias, { strides: 2, padding: "same", activation: "relu" })`.
 * Shapes: `[batch, height, width, channels]`, filters `[rows, columns, channels / groups, outputs]`, bias `[outputs]`
 * -> `[batch, newHeight, newWidth, outputs]`, each new size ceil(size / strides) with padding "same", else
 * floor((size - dilationRate (taps - 1) - 1) / strides) + 1.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x smaller than a
 * window; DtypeError unless all are f32.
 */
export function conv2d(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvOptions<2>): Tensor {
  return convolution("conv2d", 2, x, filters, bias, options);
}

/**
 * 3D convolution (cross-correlation): activation(conv(x, filters) + bias), bias default none.
 * Shapes: `[batch, depth, height, width, channels]`, filters `[frames, rows, columns, channels / groups, outputs]`,
 * bias `[outputs]` -> `[batch, newDepth, newHeight, newWidth, outputs]`, sizes as in {@link conv2d}.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x smaller than a
 * window; DtypeError unless all are f32.
 */
export function conv3d(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvOptions<3>): Tensor {
  return convolution("conv3d", 3, x, filters, bias, options);
}

function convolution(
  operation: string,
  rank: Rank,
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  options: ConvOptions<Rank> = {},
): Tensor {
  const { groups = 1, activation } = checkOptions(operation, options, convOptions);
  requireImages(operation, rank, x);
  requireFilters(operation, rank, filters);
  requireCount(operation, "groups", groups);
  const [channels] = x.shape.slice(-1);
  const [groupChannels, outputs] = filters.shape.slice(-2);
  if (groupChannels * groups !== channels || outputs % groups !== 0) {
    throw new ShapeError(
      `${operation}: filters must be [${TAPS[rank]}, channels / groups, outputs] with outputs a multiple of groups, ` +
        `got ${formatShape(filters.shape)} for ${channels} channels and ${groups} groups`,
    );
  }
  requireBias(operation, bias, outputs);
  const read = readOptions(operation, rank, options, true);
  const axes = slideOver(operation, x.shape.slice(1, -1), filters.shape, read);
  const code = activationCode(operation, activation);
  const [frames, rows, columns] = threeAxes(axes);
  const batch = x.shape[0] * frames.windows;
  const spec = convSpec(batch, rows, columns, channels * frames.taps, outputs, groups);
  const y = convolve(unfoldFrames(x, frames, rows, columns, groups), foldFilters(filters), bias, spec, code);
  const windows = axes.map((axis) => axis.windows);
  return activated(reshaped(y, [x.shape[0], ...windows, outputs]), activation);
}

/** Options of {@link conv1dTranspose}, {@link conv2dTranspose} and {@link conv3dTranspose}. */
export interface ConvTransposeOptions<R extends Rank = 2> extends WindowOptions<R, Padding> {
  /** Extra size at the end of each axis; default: as much as the largest input of the convolution it transposes. */
  outputPadding?: PerAxis<R>;
  /** Splits the channels into groups convolved separately; default 1. */
  groups?: number;
  /** Applied to the sums; default "linear". */
  activation?: FusedActivation;
}

/**
 * Transposed 1D convolution: activation(conv^T(x, filters) + bias), bias default none. Sizes as in Keras: those from
 * which {@link conv1d} with the same options makes x's.
 * Shapes: `[batch, time, channels]`, filters `[taps, outputs / groups, channels]`, bias `[outputs]` ->
 * `[batch, newTime, outputs]`, newTime = time strides with padding "same", else (time - 1) strides + max(dilationRate
 * (taps - 1) + 1, strides); outputPadding changes it.
 * Errors: ArgumentError for options out of range and an outputPadding that does not fit the strides; ShapeError for
 * shapes that do not fit; DtypeError unless all are f32.
 */
export function conv1dTranspose(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvTransposeOptions<1>): Tensor {
  return transposed("conv1dTranspose", 1, x, filters, bias, options);
}

/**
 * Transposed 2D convolution: activation(conv^T(x, filters) + bias), bias default none. Sizes as in Keras: those from
 * which {@link conv2d} with the same options makes x's.
 * Shapes: `[batch, height, width, channels]`, filters `[rows, columns, outputs / groups, channels]`, bias `[outputs]`
 * -> `[batch, newHeight, newWidth, outputs]`, each new size size strides with padding "same", else (size - 1) strides +
 * max(dilationRate (taps - 1) + 1, strides); outputPadding changes it.
 * Errors: ArgumentError for options out of range and an outputPadding that does not fit the strides; ShapeError for
 * shapes that do not fit; DtypeError unless all are f32.
 */
export function conv2dTranspose(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvTransposeOptions<2>): Tensor {
  return transposed("conv2dTranspose", 2, x, filters, bias, options);
}

/**
 * Transposed 3D convolution: activation(conv^T(x, filters) + bias), bias default none. Sizes as in Keras: those from
 * which {@link conv3d} with the same options makes x's.
 * Shapes: `[batch, depth, height, width, channels]`, filters `[frames, rows, columns, outputs / groups, channels]`,
 * bias `[outputs]` -> `[batch, newDepth, newHeight, newWidth, outputs]`, sizes as in {@link conv2dTranspose}.
 * Errors: ArgumentError for options out of range and an outputPadding that does not fit the strides; ShapeError for
 * shapes that do not fit; DtypeError unless all are f32.
 */
export function conv3dTranspose(x: Tensor, filters: Tensor, bias?: Tensor, options?: ConvTransposeOptions<3>): Tensor {
  return transposed("conv3dTranspose", 3, x, filters, bias, options);
}

function transposed(
  operation: string,
  rank: Rank,
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  options: ConvTransposeOptions<Rank> = {},
): Tensor {
  const { outputPadding, groups = 1, activation } = checkOptions(operation, options, convTransposeOptions);
  requireImages(operation, rank, x);
  requireFilters(operation, rank, filters);
  requireCount(operation, "groups", groups);
  const [outputs] = x.shape.slice(-1);
  const [groupChannels, inputs] = filters.shape.slice(-2);
  if (inputs !== outputs || outputs % groups !== 0) {
    const wanted = groups === 1 ? "outputs, channels]" : "outputs / groups, channels] with channels in equal groups";
    const got = `${formatShape(filters.shape)} for ${outputs} channels${groups === 1 ? "" : ` and ${groups} groups`}`;
    throw new ShapeError(`${operation}: filters must be [${TAPS[rank]}, ${wanted}, got ${got}`);
  }
  const channels = groupChannels * groups;
  requireBias(operation, bias, channels);
  const extra = outputPadding === undefined ? undefined : perAxis(operation, "outputPadding", outputPadding, rank, 0);
  const read = readOptions(operation, rank, options);
  const axes = spreadOver(operation, x.shape.slice(1, -1), filters.shape, read, extra);
  const code = activationCode(operation, activation);
  const [frames, rows, columns] = threeAxes(axes);
  const batch = x.shape[0] * frames.windows;
  const images = reshaped(x, [batch, rows.windows, columns.windows, outputs]);
  const spec = convSpec(batch, rows, columns, channels * frames.taps, outputs, groups);
  const shape = [x.shape[0], ...axes.map((axis) => axis.size), channels];
  if (isPlain(frames)) {
    const y = convolveBack(images, foldFilters(filters), bias, spec, code);
    return activated(reshaped(y, shape), activation);
  }
  const spread = convolveBack(images, foldFilters(filters), undefined, spec, 0);
  const y = overlapFrames(spread, frames, groups, shape);
  const sums = bias === undefined ? y : add(y, bias);
  return code === 0 ? sums : relu(sums);
}

const TAPS = { 1: "taps", 2: "rows, columns", 3: "frames, rows, columns" } as const;
