// Convolutions of images [batch, height, width, channels]. Forward pass, gradient of the input and gradient of the
// filters are three ops that are each other's gradients; the transposed convolution is the second of them.
import { defineOp } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { launch } from "../runtime/program.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import {
  activated,
  activationCode,
  cutFilters,
  cutIntoBlocks,
  type FusedActivation,
  MOST_CHUNKS,
  overChunks,
  requireBias,
  WINDOW_ROWS,
} from "./gemm.ts";
import { pad, transpose } from "./layout.ts";
import { sum } from "./reduce.ts";
import {
  type Geometry,
  type Pair,
  pairOf,
  readOptions,
  requireImages,
  slideAlong,
  type WindowAxis,
  type WindowOptions,
} from "./window.ts";
import { hasFewerProducts, winogradBack, winogradConvolve, winogradFilterGradient } from "./winograd.ts";

export interface Conv2dOptions extends WindowOptions {
  /** The channels fall into groups, each with filters of its own; default 1. */
  groups?: number;
  /** Applied to the sums; default linear. */
  activation?: FusedActivation;
}

/**
 * activation(conv(x, filters) + bias): each output is the sum over a window of x times a filter.
 * x [batch, height, width, channels], filters [rows, columns, channels / groups, outputs], bias [outputs].
 */
export function conv2d(x: Tensor, filters: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const { groups = 1, activation } = options;
  requireImages("conv2d", x, filters);
  if (!(Number.isInteger(groups) && groups >= 1)) {
    throw new ArgumentError(`conv2d: groups must be a whole number of at least 1, got ${groups}`);
  }
  const [batch, height, width, channels] = x.shape;
  const [tapRows, tapColumns, groupChannels, outputs] = filters.shape;
  if (groupChannels * groups !== channels || outputs % groups !== 0) {
    throw new ShapeError(
      `conv2d: filters must be [rows, columns, channels / groups, outputs] with outputs a multiple of groups, ` +
        `got ${formatShape(filters.shape)} for ${channels} channels and ${groups} groups`,
    );
  }
  requireBias("conv2d", bias, outputs);
  const { strides, dilations, padding } = readOptions("conv2d", options);
  const rows = slideAlong("conv2d", height, tapRows, strides[0], dilations[0], padding);
  const columns = slideAlong("conv2d", width, tapColumns, strides[1], dilations[1], padding);
  const geometry = { batch, rows, columns, channels, outputs, groups };
  return activated(convolve(x, filters, bias, geometry, activationCode("conv2d", activation)), activation);
}

export interface Conv2dTransposeOptions extends WindowOptions {
  /** Rows and columns added at the end; default: as many as the largest image with this many windows has. */
  outputPadding?: Pair;
  /** Applied to the sums; default linear. */
  activation?: FusedActivation;
}

/**
 * The transposed convolution, activation(conv'(x, filters) + bias): each number of x spreads over a window of the
 * result. x [batch, height, width, channels], filters [rows, columns, outputs, channels], bias [outputs]. Sizes as in
 * Keras: the image that `conv2d` with the same options would turn into one of x's size.
 */
export function conv2dTranspose(
  x: Tensor,
  filters: Tensor,
  bias?: Tensor,
  options: Conv2dTransposeOptions = {},
): Tensor {
  const { outputPadding, activation } = options;
  requireImages("conv2dTranspose", x, filters);
  const [batch, height, width, outputs] = x.shape;
  const [tapRows, tapColumns, channels, inputs] = filters.shape;
  if (inputs !== outputs) {
    throw new ShapeError(
      "conv2dTranspose: filters must be [rows, columns, outputs, channels], " +
        `got ${formatShape(filters.shape)} for ${outputs} channels`,
    );
  }
  requireBias("conv2dTranspose", bias, channels);
  const extra = outputPadding === undefined ? undefined : pairOf("conv2dTranspose", "outputPadding", outputPadding, 0);
  const rows = spreadAlong(height, tapRows, 0, options, extra?.[0]);
  const columns = spreadAlong(width, tapColumns, 1, options, extra?.[1]);
  const geometry = { batch, rows, columns, channels, outputs, groups: 1 };
  const code = activationCode("conv2dTranspose", activation);
  return activated(convolveBack(x, filters, bias, geometry, code), activation);
}

/** The windows of the image that a transposed convolution makes, along one axis. */
export function spreadAlong(
  windows: number,
  taps: number,
  axis: 0 | 1,
  options: WindowOptions,
  outputPadding: number | undefined,
): WindowAxis {
  const { strides, dilations, padding } = readOptions("conv2dTranspose", options);
  const stride = strides[axis];
  const dilation = dilations[axis];
  const reach = (taps - 1) * dilation + 1;
  const least = (windows - 1) * stride + (padding === "same" ? reach % 2 : reach);
  const usual = padding === "same" ? windows * stride : least + Math.max(0, stride - reach);
  const size = outputPadding === undefined ? usual : least + outputPadding;
  const made = windows === 0 ? undefined : slideAlong("conv2dTranspose", size, taps, stride, dilation, padding);
  if (made?.windows !== windows) {
    throw new ArgumentError(
      `conv2dTranspose: outputPadding must make an image that ${windows} windows with stride ${stride} cover, ` +
        `got ${outputPadding ?? "none"}, which makes ${size}`,
    );
  }
  return made;
}

/** conv(x, filters) + bias with an activation, and the gradients of the sums. */
const convolve = defineOp("conv2d", {
  forward(x: Tensor, filters: Tensor, bias: Tensor | undefined, geometry: Geometry, activation: number): Tensor {
    const { batch, rows, columns, channels, outputs, groups } = geometry;
    const y = empty(outputShape(geometry));
    if (hasFewerProducts(geometry)) {
      winogradConvolve(y, x, filters, bias, geometry, activation);
      return y;
    }
    const depth = depthOf(geometry);
    const groupOutputs = outputs / groups;
    const panels = Math.ceil(groupOutputs / 8);
    const packed = empty([groups, panels, depth, 8]);
    launch("matmul_pack_f32", groups * panels, depth, packed, filters, groupOutputs, depth, groupOutputs, outputs, 1);
    if (isShallow(geometry) && columns.windows >= 4) {
      withPadding(x, geometry, (padded) => {
        const cost = 0.06 * columns.windows * depth * outputs;
        const all = unpaddedSizes(padded, geometry);
        launch("conv2d_shallow_f32", batch * rows.windows, cost, y, padded, packed, bias, ...all, activation);
      });
    } else {
      const cut = cutIntoBlocks(batch * rows.windows * columns.windows, groupOutputs, depth, groups, WINDOW_ROWS);
      const { blockRows, blockColumns, units, cost } = cut;
      const plain = mayBeSparse(geometry, channels, outputs) ? filters : undefined;
      launch(
        "conv2d_f32",
        units,
        cost,
        y,
        x,
        packed,
        plain,
        bias,
        ...sizes(geometry),
        blockRows,
        blockColumns,
        activation,
      );
    }
    packed.dispose();
    return y;
  },
  gradients: [
    (dy, _y, _x, filters, _bias, geometry, activation): Tensor =>
      convolveBack(dy, filters, undefined, geometry, 0, activation !== 0),
    (dy, _y, x, _filters, _bias, geometry, activation): Tensor => filterGradient(x, dy, geometry, activation !== 0),
    (dy) => sum(dy, [0, 1, 2]),
  ],
});

/**
 * The gradient of `convolve` by its images, + bias with an activation, and the gradients of the sums. Behind a ReLU dy
 * has so many zeros (`isSparse`) that leaving them out saves more than Winograd's way.
 */
const convolveBack = defineOp("conv2dTranspose", {
  forward(
    dy: Tensor,
    filters: Tensor,
    bias: Tensor | undefined,
    geometry: Geometry,
    activation: number,
    isSparse = false,
  ): Tensor {
    const { batch, rows, columns, channels, outputs, groups } = geometry;
    const dx = empty(imageShape(geometry));
    if (!isSparse && hasFewerProducts(geometry)) {
      winogradBack(dx, dy, filters, bias, geometry, activation);
      return dx;
    }
    const groupChannels = channels / groups;
    const depth = (rows.taps * columns.taps * outputs) / groups;
    const panels = Math.ceil(groupChannels / 8);
    const packed = empty([groups, panels, depth, 8]);
    launch(
      "conv2d_grad_input_pack_f32",
      groups * panels,
      2 * depth,
      packed,
      filters,
      channels,
      outputs,
      rows.taps,
      columns.taps,
      rows.stride,
      columns.stride,
      rows.dilation,
      columns.dilation,
      groups,
    );
    // Pixels with the same residues modulo the strides meet the same taps: so many convolutions, each with its share.
    const residues = rows.stride * columns.stride;
    const pixels = batch * Math.ceil(rows.size / rows.stride) * Math.ceil(columns.size / columns.stride);
    const cut = cutIntoBlocks(pixels, groupChannels, Math.ceil(depth / residues), groups * residues, WINDOW_ROWS);
    const { blockRows, blockColumns, units, cost } = cut;
    const isPlain = rows.stride === 1 && columns.stride === 1 && rows.dilation === 1;
    const turned =
      isPlain && mayBeSparse(geometry, outputs, channels) ? noGrad(() => transpose(filters, [0, 1, 3, 2])) : undefined;
    launch(
      "conv2d_grad_input_f32",
      units,
      cost,
      dx,
      dy,
      packed,
      turned,
      bias,
      ...sizes(geometry),
      blockRows,
      blockColumns,
      activation,
    );
    packed.dispose();
    turned?.dispose();
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, filters, _bias, geometry): Tensor => convolve(ddx, filters, undefined, geometry, 0),
    (ddx, _dx, dy, _filters, _bias, geometry): Tensor => filterGradient(ddx, dy, geometry),
    (ddx) => sum(ddx, [0, 1, 2]),
  ],
});

/** The gradient of `convolve` by its filters. */
const filterGradient = defineOp("conv2dFilterGradient", {
  forward(x: Tensor, dy: Tensor, geometry: Geometry, isSparse = false): Tensor {
    const { rows, columns, channels, outputs, groups } = geometry;
    const gradient = empty([rows.taps, columns.taps, channels / groups, outputs]);
    if (!isSparse && hasFewerProducts(geometry)) winogradFilterGradient(gradient, x, dy, geometry);
    else if (isShallow(geometry)) shallowFilterGradient(gradient, x, dy, geometry);
    else blockedFilterGradient(gradient, x, dy, geometry);
    return gradient;
  },
  gradients: [
    (df, _f, _x, dy, geometry): Tensor => convolveBack(dy, df, undefined, geometry, 0),
    (df, _f, x, _dy, geometry): Tensor => convolve(x, df, undefined, geometry, 0),
  ],
});

/** Numbers that all chunks' partial sums may take together. */
const MOST_PARTIAL = 4_000_000;

function blockedFilterGradient(gradient: Tensor, x: Tensor, dy: Tensor, geometry: Geometry): void {
  const { batch, rows, columns, outputs, groups } = geometry;
  const pixels = batch * rows.windows * columns.windows;
  const fitting = Math.max(1, Math.floor(MOST_PARTIAL / Math.max(1, gradient.size)));
  const cut = cutFilters(depthOf(geometry), outputs / groups, pixels, groups, fitting);
  const { chunks, chunkPixels, blockRows, blockColumns, units, cost } = cut;
  withPadding(x, geometry, (padded) => {
    overChunks(gradient, chunks, (partial) => {
      const all = unpaddedSizes(padded, geometry);
      launch(
        "conv2d_grad_filter_f32",
        units,
        cost,
        partial,
        padded,
        dy,
        batch,
        ...all,
        groups,
        chunkPixels,
        blockRows,
        blockColumns,
      );
    });
  });
}

function shallowFilterGradient(gradient: Tensor, x: Tensor, dy: Tensor, geometry: Geometry): void {
  const { batch, rows, columns, outputs } = geometry;
  const lines = batch * rows.windows;
  const chunkLines = Math.max(1, Math.ceil(lines / MOST_CHUNKS));
  const chunks = Math.max(1, Math.ceil(lines / chunkLines));
  const cost = 0.05 * chunkLines * columns.windows * depthOf(geometry) * outputs;
  withPadding(x, geometry, (padded) => {
    overChunks(gradient, chunks, (partial) => {
      launch(
        "conv2d_shallow_grad_filter_f32",
        chunks,
        cost,
        partial,
        padded,
        dy,
        batch,
        ...unpaddedSizes(padded, geometry),
        chunkLines,
      );
    });
  });
}

/** Calls `f` with x between the zeros that its windows reach. */
function withPadding(x: Tensor, { rows, columns }: Geometry, f: (padded: Tensor) => void): void {
  if (rows.before + rows.after + columns.before + columns.after === 0) {
    f(x);
    return;
  }
  const padded = noGrad(() =>
    pad(x, [
      [0, 0],
      [rows.before, rows.after],
      [columns.before, columns.after],
      [0, 0],
    ]),
  );
  f(padded);
  padded.dispose();
}

/** Whether windows have so few numbers that they are read directly, without packing. */
function isShallow({ rows, columns, channels, outputs, groups }: Geometry): boolean {
  return groups === 1 && rows.taps * columns.taps * channels <= 32 && outputs % 8 === 0 && outputs <= 1024;
}

/** Whether the blocked kernels can leave out the zeros of images with `read` channels for results with `written`. */
function mayBeSparse({ columns, groups }: Geometry, read: number, written: number): boolean {
  return groups === 1 && columns.dilation === 1 && read % 4 === 0 && written % 8 === 0;
}

/** Numbers in a window of one group. */
function depthOf({ rows, columns, channels, groups }: Geometry): number {
  return (rows.taps * columns.taps * channels) / groups;
}

function imageShape({ batch, rows, columns, channels }: Geometry): Shape {
  return [batch, rows.size, columns.size, channels];
}

function outputShape({ batch, rows, columns, outputs }: Geometry): Shape {
  return [batch, rows.windows, columns.windows, outputs];
}

/** The sizes in the order of the blocked kernels' parameters. */
function sizes({ batch, rows, columns, channels, outputs, groups }: Geometry) {
  return [
    batch,
    rows.size,
    columns.size,
    channels,
    rows.windows,
    columns.windows,
    outputs,
    rows.taps,
    columns.taps,
    rows.stride,
    columns.stride,
    rows.before,
    columns.before,
    rows.dilation,
    columns.dilation,
    groups,
  ] as const;
}

/** The sizes in the order of the parameters of kernels that take images with their padding in place. */
function unpaddedSizes(padded: Tensor, { rows, columns, channels, outputs }: Geometry) {
  const [, height, width] = padded.shape;
  return [
    height,
    width,
    channels,
    rows.windows,
    columns.windows,
    outputs,
    rows.taps,
    columns.taps,
    rows.stride,
    columns.stride,
    rows.dilation,
    columns.dilation,
  ] as const;
}
