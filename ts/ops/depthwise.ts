// Depthwise convolutions: each channel has filters of its own. As in conv.ts, the forward pass and its two gradients
// are three ops that are each other's gradients.
import { defineOp } from "../autograd/op.ts";
import { ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { activated, activationCode, type FusedActivation, MOST_CHUNKS, overChunks, requireBias } from "./gemm.ts";
import { sum } from "./reduce.ts";
import { readOptions, requireImages, slideAlong, type WindowAxis, type WindowOptions } from "./window.ts";

export interface DepthwiseConv2dOptions extends WindowOptions {
  /** Applied to the sums; default linear. */
  activation?: FusedActivation;
}

/**
 * activation(depthwise conv(x, filters) + bias): output channel c multiplier + i is channel c under its filter i.
 * x [batch, height, width, channels], filters [rows, columns, channels, multiplier], bias [channels multiplier].
 */
export function depthwiseConv2d(
  x: Tensor,
  filters: Tensor,
  bias?: Tensor,
  options: DepthwiseConv2dOptions = {},
): Tensor {
  const { activation } = options;
  requireImages("depthwiseConv2d", x, filters);
  const [batch, height, width, channels] = x.shape;
  const [tapRows, tapColumns, filterChannels, multiplier] = filters.shape;
  if (filterChannels !== channels) {
    throw new ShapeError(
      "depthwiseConv2d: filters must be [rows, columns, channels, multiplier], " +
        `got ${formatShape(filters.shape)} for ${channels} channels`,
    );
  }
  requireBias("depthwiseConv2d", bias, channels * multiplier);
  const { strides, dilations, padding } = readOptions("depthwiseConv2d", options);
  const rows = slideAlong("depthwiseConv2d", height, tapRows, strides[0], dilations[0], padding);
  const columns = slideAlong("depthwiseConv2d", width, tapColumns, strides[1], dilations[1], padding);
  const geometry = { batch, rows, columns, channels, multiplier };
  return activated(convolve(x, filters, bias, geometry, activationCode("depthwiseConv2d", activation)), activation);
}

/** All sizes of a depthwise convolution; `rows` and `columns` are the windows down and across. */
interface Geometry {
  readonly batch: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
  readonly multiplier: number;
}

const NANOSECONDS_PER_MULTIPLICATION = 0.15;

/** The convolution + bias with an activation, and the gradients of the sums. */
const convolve = defineOp("depthwiseConv2d", {
  forward(x: Tensor, filters: Tensor, bias: Tensor | undefined, geometry: Geometry, activation: number): Tensor {
    const { batch, rows, columns, channels, multiplier } = geometry;
    const y = empty([batch, rows.windows, columns.windows, channels * multiplier]);
    const cost = lineCost(geometry);
    launch("depthwise_conv2d_f32", batch * rows.windows, cost, y, x, filters, bias, ...sizes(geometry), activation);
    return y;
  },
  gradients: [
    (dy, _y, _x, filters, _bias, geometry): Tensor => inputGradient(dy, filters, geometry),
    (dy, _y, x, _filters, _bias, geometry): Tensor => filterGradient(x, dy, geometry),
    (dy) => sum(dy, [0, 1, 2]),
  ],
});

/** The gradient of `convolve` by its images. */
const inputGradient = defineOp("depthwiseConv2dInputGradient", {
  forward(dy: Tensor, filters: Tensor, geometry: Geometry): Tensor {
    const { batch, rows, columns, channels } = geometry;
    const dx = empty([batch, rows.size, columns.size, channels]);
    const cost = (lineCost(geometry) * rows.windows) / Math.max(1, rows.size);
    launch("depthwise_conv2d_grad_input_f32", batch * rows.size, cost, dx, dy, filters, ...sizes(geometry));
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, filters, geometry): Tensor => convolve(ddx, filters, undefined, geometry, 0),
    (ddx, _dx, dy, _filters, geometry): Tensor => filterGradient(ddx, dy, geometry),
  ],
});

/** The gradient of `convolve` by its filters. */
const filterGradient = defineOp("depthwiseConv2dFilterGradient", {
  forward(x: Tensor, dy: Tensor, geometry: Geometry): Tensor {
    const { batch, rows, columns, channels, multiplier } = geometry;
    const gradient = empty([rows.taps, columns.taps, channels, multiplier]);
    const lines = batch * rows.windows;
    const chunkLines = Math.max(1, Math.ceil(lines / MOST_CHUNKS));
    const chunks = Math.max(1, Math.ceil(lines / chunkLines));
    const cost = chunkLines * lineCost(geometry);
    overChunks(gradient, chunks, (partial) => {
      launch("depthwise_conv2d_grad_filter_f32", chunks, cost, partial, x, dy, batch, ...sizes(geometry), chunkLines);
    });
    return gradient;
  },
  gradients: [
    (df, _f, _x, dy, geometry): Tensor => inputGradient(dy, df, geometry),
    (df, _f, x, _dy, geometry): Tensor => convolve(x, df, undefined, geometry, 0),
  ],
});

/** Nanoseconds for a line of windows. */
function lineCost({ rows, columns, channels, multiplier }: Geometry): number {
  return NANOSECONDS_PER_MULTIPLICATION * columns.windows * rows.taps * columns.taps * channels * multiplier;
}

/** The sizes in the order of the kernels' parameters. */
function sizes({ rows, columns, channels, multiplier }: Geometry) {
  return [
    rows.size,
    columns.size,
    channels,
    rows.windows,
    columns.windows,
    multiplier,
    rows.taps,
    columns.taps,
    rows.stride,
    columns.stride,
    rows.before,
    columns.before,
    rows.dilation,
    columns.dilation,
  ] as const;
}
