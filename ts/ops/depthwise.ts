// Depthwise and separable convolutions of sequences and images. As in convolve.ts, the forward pass and its two
// gradients are three ops that are each other's gradients.

import { defineOp, type Op, requireTensor } from "../autograd/op.ts";
import { depthwiseConvOptions } from "../generated/options.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { sum } from "./broadcast.ts";
import { foldFilters } from "./convolve.ts";
import { activated } from "./elementwise.ts";
import { reshaped } from "./layout.ts";
import { MOST_CHUNKS, overChunks } from "./lower/blocking.ts";
import {
  type ConvPadding,
  type ConvSpec,
  convSpec,
  readOptions,
  requireFilters,
  requireImages,
  slideOver,
  type WindowOptions,
} from "./lower/conv-geometry.ts";
import { activationCode, type FusedActivation, requireBias } from "./lower/epilogue.ts";
import { threeAxes } from "./lower/frames.ts";
import { linear } from "./matmul.ts";

/** The ranks that have depthwise convolutions. */
type Flat = 1 | 2;

/** Options of depthwise and separable convolutions. */
export interface DepthwiseConvOptions<R extends Flat = 2> extends WindowOptions<R, ConvPadding<R>> {
  /** Applied to the sums; default "linear". */
  activation?: FusedActivation;
}

/**
 * Depthwise 1D convolution: activation(conv(x, filters) + bias), bias default none; output channel c multiplier + i is
 * channel c under its filter i.
 * Shapes: `[batch, time, channels]`, filters `[taps, channels, multiplier]`, bias `[channels multiplier]` ->
 * `[batch, newTime, channels multiplier]`, newTime as in {@link conv1d}.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x shorter than a
 * window; DtypeError unless all are f32.
 */
export function depthwiseConv1d(x: Tensor, filters: Tensor, bias?: Tensor, options?: DepthwiseConvOptions<1>): Tensor {
  return depthwiseConvolution("depthwiseConv1d", 1, x, filters, bias, options);
}

/**
 * Depthwise 2D convolution: activation(conv(x, filters) + bias), bias default none; output channel c multiplier + i is
 * channel c under its filter i.
 * Shapes: `[batch, height, width, channels]`, filters `[rows, columns, channels, multiplier]`, bias
 * `[channels multiplier]` -> `[batch, newHeight, newWidth, channels multiplier]`, sizes as in {@link conv2d}.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x smaller than a
 * window; DtypeError unless all are f32.
 */
export function depthwiseConv2d(x: Tensor, filters: Tensor, bias?: Tensor, options?: DepthwiseConvOptions<2>): Tensor {
  return depthwiseConvolution("depthwiseConv2d", 2, x, filters, bias, options);
}

function depthwiseConvolution(
  operation: string,
  rank: Flat,
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  options: DepthwiseConvOptions<Flat> = {},
): Tensor {
  const { activation } = checkOptions(operation, options, depthwiseConvOptions);
  requireImages(operation, rank, x);
  requireFilters(operation, rank, filters);
  const [channels] = x.shape.slice(-1);
  const [filterChannels, multiplier] = filters.shape.slice(-2);
  if (filterChannels !== channels) {
    throw new ShapeError(
      `${operation}: filters must be [${TAPS[rank]}, channels, multiplier], ` +
        `got ${formatShape(filters.shape)} for ${channels} channels`,
    );
  }
  requireBias(operation, bias, channels * multiplier);
  const axes = slideOver(operation, x.shape.slice(1, -1), filters.shape, readOptions(operation, rank, options, true));
  const code = activationCode(operation, activation);
  const [, rows, columns] = threeAxes(axes);
  const batch = x.shape[0];
  const images = reshaped(x, [batch, rows.size, columns.size, channels]);
  const y = convolveChannels(
    images,
    foldFilters(filters),
    bias,
    convSpec(batch, rows, columns, channels, multiplier, channels),
    code,
  );
  const windows = axes.map((axis) => axis.windows);
  return activated(reshaped(y, [batch, ...windows, channels * multiplier]), activation);
}

const TAPS = { 1: "taps", 2: "rows, columns" } as const;

/**
 * Depthwise 1D convolution, then a pointwise one: activation(pointwise(depthwise(x)) + bias), bias default none.
 * Shapes: `[batch, time, channels]`, depthwise `[taps, channels, multiplier]`, pointwise
 * `[1, channels multiplier, outputs]`, bias `[outputs]` -> `[batch, newTime, outputs]`, newTime as in {@link conv1d}.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x shorter than a
 * window; DtypeError unless all are f32.
 */
export function separableConv1d(
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  bias?: Tensor,
  options?: DepthwiseConvOptions<1>,
): Tensor {
  return separableConvolution("separableConv1d", 1, x, depthwise, pointwise, bias, options);
}

/**
 * Depthwise 2D convolution, then a pointwise one: activation(pointwise(depthwise(x)) + bias), bias default none.
 * Shapes: `[batch, height, width, channels]`, depthwise `[rows, columns, channels, multiplier]`, pointwise
 * `[1, 1, channels multiplier, outputs]`, bias `[outputs]` -> `[batch, newHeight, newWidth, outputs]`, sizes as in
 * {@link conv2d}.
 * Errors: ArgumentError for options out of range; ShapeError for shapes that do not fit, and for x smaller than a
 * window; DtypeError unless all are f32.
 */
export function separableConv2d(
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  bias?: Tensor,
  options?: DepthwiseConvOptions<2>,
): Tensor {
  return separableConvolution("separableConv2d", 2, x, depthwise, pointwise, bias, options);
}

function separableConvolution(
  operation: string,
  rank: Flat,
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  bias: Tensor | undefined,
  options: DepthwiseConvOptions<Flat> = {},
): Tensor {
  const { activation, ...window } = checkOptions(operation, options, depthwiseConvOptions);
  requireTensor(operation, "depthwise filters", depthwise);
  requireTensor(operation, "pointwise filters", pointwise);
  requireFilters(operation, rank, pointwise);
  const [channels, outputs] = pointwise.shape.slice(-2);
  const between = depthwise.shape.slice(-2).reduce((a, b) => a * b, 1);
  if (pointwise.size !== channels * outputs || channels !== between) {
    throw new ShapeError(
      `${operation}: pointwise filters must be [${rank === 1 ? "1" : "1, 1"}, channels multiplier, outputs], ` +
        `got ${formatShape(pointwise.shape)} for depthwise filters ${formatShape(depthwise.shape)}`,
    );
  }
  requireBias(operation, bias, outputs);
  activationCode(operation, activation);
  const images = depthwiseConvolution(operation, rank, x, depthwise, undefined, window);
  return linear(images, reshaped(pointwise, [channels, outputs]), bias, { activation });
}

const NANOSECONDS_PER_MULTIPLICATION = 0.15;

/** The convolution + bias with an activation, and the gradients of the sums. @internal */
export const convolveChannels: Op<
  (x: Tensor, filters: Tensor, bias: Tensor | undefined, spec: ConvSpec, activation: number) => Tensor
> = defineOp("depthwiseConv2d", {
  perExample: () => true,
  forward(x: Tensor, filters: Tensor, bias: Tensor | undefined, spec: ConvSpec, activation: number): Tensor {
    const { batch, rows, columns, channels, outputs: multiplier } = spec;
    const y = empty([batch, rows.windows, columns.windows, channels * multiplier]);
    const cost = lineCost(spec);
    launch("depthwise_conv2d_f32", batch * rows.windows, cost, y, x, filters, bias, ...spec.sizes, activation);
    return y;
  },
  gradients: [
    (dy, _y, _x, filters, _bias, spec): Tensor => inputGradient(dy, filters, spec),
    (dy, _y, x, _filters, _bias, spec): Tensor => filterGradient(x, dy, spec),
    (dy) => sum(dy, [0, 1, 2]),
  ],
});

/** The input gradient of `convolveChannels`. */
const inputGradient = defineOp("depthwiseConv2dInputGradient", {
  forward(dy: Tensor, filters: Tensor, spec: ConvSpec): Tensor {
    const { batch, rows, columns, channels } = spec;
    const dx = empty([batch, rows.size, columns.size, channels]);
    const cost = (lineCost(spec) * rows.windows) / Math.max(1, rows.size);
    launch("depthwise_conv2d_grad_input_f32", batch * rows.size, cost, dx, dy, filters, ...spec.sizes);
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, filters, spec): Tensor => convolveChannels(ddx, filters, undefined, spec, 0),
    (ddx, _dx, dy, _filters, spec): Tensor => filterGradient(ddx, dy, spec),
  ],
});

/** The filter gradient of `convolveChannels`. */
const filterGradient = defineOp("depthwiseConv2dFilterGradient", {
  forward(x: Tensor, dy: Tensor, spec: ConvSpec): Tensor {
    const { batch, rows, columns, channels, outputs: multiplier } = spec;
    const gradient = empty([rows.taps, columns.taps, channels, multiplier]);
    const lines = batch * rows.windows;
    const chunkLines = Math.max(1, Math.ceil(lines / MOST_CHUNKS));
    const chunks = Math.max(1, Math.ceil(lines / chunkLines));
    const cost = chunkLines * lineCost(spec);
    overChunks(gradient, chunks, (partial) => {
      launch("depthwise_conv2d_grad_filter_f32", chunks, cost, partial, x, dy, batch, ...spec.sizes, chunkLines);
    });
    return gradient;
  },
  gradients: [
    (df, _f, _x, dy, spec): Tensor => inputGradient(dy, df, spec),
    (df, _f, x, _dy, spec): Tensor => convolveChannels(x, df, undefined, spec, 0),
  ],
});

/** Nanoseconds for a line of windows. */
function lineCost({ rows, columns, channels, outputs: multiplier }: ConvSpec): number {
  return NANOSECONDS_PER_MULTIPLICATION * columns.windows * rows.taps * columns.taps * channels * multiplier;
}
