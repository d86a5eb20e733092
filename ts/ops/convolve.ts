// The convolution of images [batch, height, width, channels] behind all others: forward pass, input gradient and filter
// gradient are three ops that are each other's gradients.

import { defineOp, type Op } from "../autograd/op.ts";
import { launch } from "../runtime/launch.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { sum } from "./broadcast.ts";
import { reshape, reshaped, transpose } from "./layout.ts";
import { cutFilters, cutIntoBlocks, MOST_CHUNKS, overChunks, WINDOW_ROWS } from "./lower/blocking.ts";
import type { ConvSpec, WindowAxis } from "./lower/conv-geometry.ts";
import { isPlain, overlap, unfold } from "./lower/frames.ts";
import { copyPadded, copyPermuted } from "./lower/strided-copy.ts";
import { hasFewerProducts, winogradBack, winogradConvolve, winogradFilterGradient } from "./lower/winograd.ts";

/** conv(x, filters) + bias with an activation, and the gradients of the sums. @internal */
export const convolve: Op<
  (x: Tensor, filters: Tensor, bias: Tensor | undefined, spec: ConvSpec, activation: number) => Tensor
> = defineOp("conv2d", {
  perExample: () => true,
  forward(x: Tensor, filters: Tensor, bias: Tensor | undefined, spec: ConvSpec, activation: number): Tensor {
    const { batch, rows, columns, channels, outputs, groups } = spec;
    const y = empty(outputShape(spec));
    if (hasFewerProducts(spec)) {
      winogradConvolve(y, x, filters, bias, spec, activation);
      return y;
    }
    const depth = spec.depth;
    const groupOutputs = outputs / groups;
    const panels = Math.ceil(groupOutputs / 8);
    const packed = empty([groups, panels, depth, 8]);
    launch("matmul_pack_f32", groups * panels, depth, packed, filters, groupOutputs, depth, groupOutputs, outputs, 1);
    if (isShallow(spec) && columns.windows >= 4) {
      withPadding(x, spec, (padded) => {
        const cost = 0.06 * columns.windows * depth * outputs;
        launch(
          "conv2d_shallow_f32",
          batch * rows.windows,
          cost,
          y,
          padded,
          packed,
          bias,
          ...spec.paddedSizes,
          activation,
        );
      });
    } else {
      const cut = cutIntoBlocks(batch * rows.windows * columns.windows, groupOutputs, depth, groups, WINDOW_ROWS);
      const { blockRows, blockColumns, units, cost } = cut;
      const plain = mayBeSparse(spec, channels, outputs) ? filters : undefined;
      const infinite = plain && findInfinite(plain);
      launch(
        "conv2d_f32",
        units,
        cost,
        y,
        x,
        packed,
        plain,
        infinite,
        bias,
        spec.batch,
        ...spec.sizes,
        spec.groups,
        blockRows,
        blockColumns,
        activation,
      );
      infinite?.dispose();
    }
    packed.dispose();
    return y;
  },
  gradients: [
    (dy, _y, _x, filters, _bias, spec, activation): Tensor =>
      convolveBack(dy, filters, undefined, spec, 0, activation !== 0),
    (dy, _y, x, _filters, _bias, spec, activation): Tensor => filterGradient(x, dy, spec, activation !== 0),
    (dy) => sum(dy, [0, 1, 2]),
  ],
});

/**
 * The gradient of `convolve` by its images, + bias with an activation, and the gradients of the sums. Behind a ReLU dy
 * has so many zeros (`isSparse`) that leaving them out saves more than Winograd's way.
 * @internal
 */
export const convolveBack: Op<
  (
    dy: Tensor,
    filters: Tensor,
    bias: Tensor | undefined,
    spec: ConvSpec,
    activation: number,
    isSparse?: boolean,
  ) => Tensor
> = defineOp("conv2dTranspose", {
  forward(
    dy: Tensor,
    filters: Tensor,
    bias: Tensor | undefined,
    spec: ConvSpec,
    activation: number,
    isSparse = false,
  ): Tensor {
    const { batch, rows, columns, channels, outputs, groups } = spec;
    const dx = empty(imageShape(spec));
    if (!isSparse && hasFewerProducts(spec)) {
      winogradBack(dx, dy, filters, bias, spec, activation);
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
    const transposed =
      isPlain && mayBeSparse(spec, outputs, channels) ? copyPermuted("conv2d", filters, [0, 1, 3, 2]) : undefined;
    const infinite = transposed && findInfinite(filters);
    launch(
      "conv2d_grad_input_f32",
      units,
      cost,
      dx,
      dy,
      packed,
      transposed,
      infinite,
      bias,
      spec.batch,
      ...spec.sizes,
      spec.groups,
      blockRows,
      blockColumns,
      activation,
    );
    packed.dispose();
    transposed?.dispose();
    infinite?.dispose();
    return dx;
  },
  gradients: [
    (ddx, _dx, _dy, filters, _bias, spec): Tensor => convolve(ddx, filters, undefined, spec, 0),
    (ddx, _dx, dy, _filters, _bias, spec): Tensor => filterGradient(ddx, dy, spec),
    (ddx) => sum(ddx, [0, 1, 2]),
  ],
});

/** The filter gradient of `convolve`. */
const filterGradient = defineOp("conv2dFilterGradient", {
  forward(x: Tensor, dy: Tensor, spec: ConvSpec, isSparse = false): Tensor {
    const { rows, columns, channels, outputs, groups } = spec;
    const gradient = empty([rows.taps, columns.taps, channels / groups, outputs]);
    if (!isSparse && hasFewerProducts(spec)) winogradFilterGradient(gradient, x, dy, spec);
    else if (isShallow(spec)) shallowFilterGradient(gradient, x, dy, spec);
    else blockedFilterGradient(gradient, x, dy, spec);
    return gradient;
  },
  gradients: [
    (df, _f, _x, dy, spec): Tensor => convolveBack(dy, df, undefined, spec, 0),
    (df, _f, x, _dy, spec): Tensor => convolve(x, df, undefined, spec, 0),
  ],
});

/** The most elements of all partial sums together. */
const MOST_PARTIAL = 4_000_000;

function blockedFilterGradient(gradient: Tensor, x: Tensor, dy: Tensor, spec: ConvSpec): void {
  const { batch, rows, columns, outputs, groups } = spec;
  const pixels = batch * rows.windows * columns.windows;
  const fitting = Math.max(1, Math.floor(MOST_PARTIAL / Math.max(1, gradient.size)));
  const cut = cutFilters(spec.depth, outputs / groups, pixels, groups, fitting);
  const { chunks, chunkPixels, blockRows, blockColumns, units, cost } = cut;
  withPadding(x, spec, (padded) => {
    overChunks(gradient, chunks, (partial) => {
      launch(
        "conv2d_grad_filter_f32",
        units,
        cost,
        partial,
        padded,
        dy,
        batch,
        ...spec.paddedSizes,
        groups,
        chunkPixels,
        blockRows,
        blockColumns,
      );
    });
  });
}

function shallowFilterGradient(gradient: Tensor, x: Tensor, dy: Tensor, spec: ConvSpec): void {
  const { batch, rows, columns, outputs } = spec;
  const lines = batch * rows.windows;
  const chunkLines = Math.max(1, Math.ceil(lines / MOST_CHUNKS));
  const chunks = Math.max(1, Math.ceil(lines / chunkLines));
  const cost = 0.05 * chunkLines * columns.windows * spec.depth * outputs;
  withPadding(x, spec, (padded) => {
    overChunks(gradient, chunks, (partial) => {
      launch(
        "conv2d_shallow_grad_filter_f32",
        chunks,
        cost,
        partial,
        padded,
        dy,
        batch,
        ...spec.paddedSizes,
        chunkLines,
      );
    });
  });
}

/** Calls `f` with x between the zeros that its windows reach. */
function withPadding(x: Tensor, { rows, columns }: ConvSpec, f: (padded: Tensor) => void): void {
  if (rows.before + rows.after + columns.before + columns.after === 0) {
    f(x);
    return;
  }
  const padded = copyPadded("conv2d", x, [
    [0, 0],
    [rows.before, rows.after],
    [columns.before, columns.after],
    [0, 0],
  ]);
  f(padded);
  padded.dispose();
}

/** Whether windows have so few numbers that they are read directly, without packing. */
function isShallow({ rows, columns, channels, outputs, groups }: ConvSpec): boolean {
  return groups === 1 && rows.taps * columns.taps * channels <= 32 && outputs % 8 === 0 && outputs <= 1024;
}

/** Whether the blocked kernels can leave out the zeros of images with `read` channels for results with `written`. */
function mayBeSparse({ columns, groups }: ConvSpec, read: number, written: number): boolean {
  return groups === 1 && columns.dilation === 1 && read % 4 === 0 && written % 8 === 0;
}

/** One number: 1 if one of the filters is NaN or infinite, so that zeros must be multiplied by it; else 0. */
function findInfinite(filters: Tensor): Tensor {
  const found = empty([1]);
  launch("find_infinite_f32", 1, 0.1 * filters.size, found, filters, filters.size);
  return found;
}

function imageShape({ batch, rows, columns, channels }: ConvSpec): Shape {
  return [batch, rows.size, columns.size, channels];
}

function outputShape({ batch, rows, columns, outputs }: ConvSpec): Shape {
  return [batch, rows.windows, columns.windows, outputs];
}

/**
 * The windows of x along the depth as images [batch windows, height, width, groups taps channels / groups].
 * x [batch, depth, height, width, channels], or [batch, height, width, channels], or [batch, time, channels].
 * @internal
 */
export function unfoldFrames(
  x: Tensor,
  frames: WindowAxis,
  rows: WindowAxis,
  columns: WindowAxis,
  groups: number,
): Tensor {
  const [batch] = x.shape;
  const [channels] = x.shape.slice(-1);
  const image = [batch * frames.windows, rows.size, columns.size, channels * frames.taps];
  if (isPlain(frames)) return reshaped(x, image);
  const pixels = rows.size * columns.size * groups;
  return reshape(
    unfold(reshape(x, [batch, frames.size, pixels, channels / groups]) as Tensor, frames),
    image,
  ) as Tensor;
}

/** The sum of the images that `unfoldFrames` makes of x, each where it was read, as a volume of the shape. @internal */
export function overlapFrames(images: Tensor, frames: WindowAxis, groups: number, shape: Shape): Tensor {
  const [batch, , height, width, channels] = shape;
  const unfolded = [batch, frames.windows, height * width * groups, frames.taps, channels / groups];
  return reshape(overlap(reshape(images, unfolded) as Tensor, frames), shape) as Tensor;
}

/** Filters of any rank as those of the images: [rows, columns, taps channels, outputs]. @internal */
export function foldFilters(filters: Tensor): Tensor {
  const { rank, shape } = filters;
  const [channels, outputs] = shape.slice(-2);
  if (rank === 3) return reshape(filters, [1, ...shape]) as Tensor;
  if (rank === 4) return filters;
  const [taps, rows, columns] = shape;
  const last = taps === 1 ? filters : (transpose(filters, [1, 2, 0, 3, 4]) as Tensor);
  return reshape(last, [rows, columns, taps * channels, outputs]) as Tensor;
}
