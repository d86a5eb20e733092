// Rows for ts/ops/conv.ts and ts/ops/depthwise.ts: strides, paddings, dilations, groups, sizes that do not fill a tile.
import * as conv from "../../../ts/ops/conv.ts";
import * as depthwise from "../../../ts/ops/depthwise.ts";
import type { AnyWindowOptions, Rank } from "../../../ts/ops/lower/conv-geometry.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import type { NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

type Sizes = readonly number[];
type Options = AnyWindowOptions;

/** Windows along one axis: how many, and the zeros before the image. */
function slide(size: number, taps: number, stride: number, dilation: number, padding: string): [number, number] {
  const reach = (taps - 1) * dilation + 1;
  if (padding === "valid") return [Math.floor((size - reach) / stride) + 1, 0];
  const windows = Math.ceil(size / stride);
  if (padding === "causal") return [windows, reach - 1];
  return [windows, Math.floor(Math.max(0, (windows - 1) * stride + reach - size) / 2)];
}

/** All whole numbers below `sizes`, the last axis first to change. */
function* indices(sizes: Sizes): Generator<Sizes> {
  if (sizes.length === 0) yield [];
  else for (let i = 0; i < sizes[0]; i++) for (const rest of indices(sizes.slice(1))) yield [i, ...rest];
}

const flat = (index: Sizes, sizes: Sizes): number => index.reduce((sum, i, axis) => sum * sizes[axis] + i, 0);

/**
 * Calls `visit` with the flat positions of each (image pixel, tap, window) that meet: what all convolutions sum over.
 */
function meetings(
  x: Sizes,
  filters: Sizes,
  { strides = 1, padding = "valid", dilationRate = 1 }: Options,
  visit: (pixel: number, tap: number, window: number) => void,
): Sizes {
  const [image, taps] = [x.slice(1, -1), filters.slice(0, -2)];
  const each = (value: number | Sizes, axis: number): number => (typeof value === "number" ? value : value[axis]);
  const slides = image.map((size, i) => slide(size, taps[i], each(strides, i), each(dilationRate, i), padding));
  const windows = slides.map(([count]) => count);
  for (const window of indices([x[0], ...windows])) {
    for (const tap of indices(taps)) {
      const at = image.map((_, i) => window[i + 1] * each(strides, i) + tap[i] * each(dilationRate, i) - slides[i][1]);
      if (at.some((place, i) => place < 0 || place >= image[i])) continue;
      visit(flat([window[0], ...at], [x[0], ...image]), flat(tap, taps), flat(window, [x[0], ...windows]));
    }
  }
  return [x[0], ...windows];
}

const product = (sizes: Sizes): number => sizes.reduce((a, b) => a * b, 1);
const last = (sizes: Sizes): number => sizes[sizes.length - 1];

function finish(shape: Sizes, data: Float64Array, bias: NdArray | undefined, activation: string | undefined): NdArray {
  const outputs = last(shape);
  const sums = data.map((v, i) => v + (bias?.data[i % outputs] ?? 0));
  return { shape, data: activation === "relu" ? sums.map((v) => Math.max(v, 0)) : sums };
}

function convolved(x: NdArray, filters: NdArray, bias: NdArray | undefined, options: conv.ConvOptions<Rank>): NdArray {
  const [groupChannels, outputs] = filters.shape.slice(-2);
  const { groups = 1 } = options;
  const channels = last(x.shape);
  const places = meetings(x.shape, filters.shape, options, () => {});
  const y = new Float64Array(product(places) * outputs);
  meetings(x.shape, filters.shape, options, (pixel, tap, window) => {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / (outputs / groups)) * groupChannels;
      for (let c = 0; c < groupChannels; c++) {
        y[window * outputs + o] +=
          x.data[pixel * channels + first + c] * filters.data[(tap * groupChannels + c) * outputs + o];
      }
    }
  });
  return finish([...places, outputs], y, bias, options.activation);
}

/** The transposed convolution that makes images of these sizes. */
function spread(
  sizes: Sizes,
  x: NdArray,
  filters: NdArray,
  bias: NdArray | undefined,
  options: conv.ConvTransposeOptions<Rank>,
): NdArray {
  const [groupOutputs, channels] = filters.shape.slice(-2);
  const { groups = 1 } = options;
  const outputs = groupOutputs * groups;
  const shape = [x.shape[0], ...sizes, outputs];
  const y = new Float64Array(product(shape));
  meetings(shape, filters.shape, options, (pixel, tap, window) => {
    for (let c = 0; c < channels; c++) {
      const first = Math.floor(c / (channels / groups)) * groupOutputs;
      for (let o = 0; o < groupOutputs; o++) {
        y[pixel * outputs + first + o] +=
          x.data[window * channels + c] * filters.data[(tap * groupOutputs + o) * channels + c];
      }
    }
  });
  return finish(shape, y, bias, options.activation);
}

function convolvedDepthwise(
  x: NdArray,
  filters: NdArray,
  bias: NdArray | undefined,
  options: depthwise.DepthwiseConvOptions<1 | 2>,
): NdArray {
  const [channels, multiplier] = filters.shape.slice(-2);
  const outputs = channels * multiplier;
  const places = meetings(x.shape, filters.shape, options, () => {});
  const y = new Float64Array(product(places) * outputs);
  meetings(x.shape, filters.shape, options, (pixel, tap, window) => {
    for (let o = 0; o < outputs; o++) {
      y[window * outputs + o] +=
        x.data[pixel * channels + Math.floor(o / multiplier)] * filters.data[tap * outputs + o];
    }
  });
  return finish([...places, outputs], y, bias, options.activation);
}

const common = { gradientTolerance: 3e-4, tolerance: 5e-6 };
const inputs = (...shapes: Sizes[]) => shapes.map((shape) => ({ shape, low: -1, high: 1 }));

const convolutions = { 1: conv.conv1d, 2: conv.conv2d, 3: conv.conv3d };
const transposes = { 1: conv.conv1dTranspose, 2: conv.conv2dTranspose, 3: conv.conv3dTranspose };
const depthwises = { 1: depthwise.depthwiseConv1d, 2: depthwise.depthwiseConv2d };
const separables = { 1: depthwise.separableConv1d, 2: depthwise.separableConv2d };

type Call<O> = (x: Tensor, filters: Tensor, bias?: Tensor, options?: O) => Tensor;

function convRow<R extends Rank = 2>(
  name: string,
  x: Sizes,
  filters: Sizes,
  options: conv.ConvOptions<R> = {},
  rest: Partial<Case> = {},
): Case {
  const op = convolutions[(x.length - 2) as Rank] as Call<conv.ConvOptions<R>>;
  return row({
    name,
    inputs: inputs(x, filters, [last(filters)]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => op(a, f, bias, options),
    reference: (a, f, bias) => convolved(a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

function transposeRow<R extends Rank = 2>(
  name: string,
  x: Sizes,
  filters: Sizes,
  image: Sizes,
  options: conv.ConvTransposeOptions<R> = {},
  rest: Partial<Case> = {},
): Case {
  const op = transposes[(x.length - 2) as Rank] as Call<conv.ConvTransposeOptions<R>>;
  return row({
    name,
    inputs: inputs(x, filters, [filters[filters.length - 2] * (options.groups ?? 1)]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => op(a, f, bias, options),
    reference: (a, f, bias) => spread(image, a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

function depthwiseRow<R extends 1 | 2 = 2>(
  name: string,
  x: Sizes,
  filters: Sizes,
  options: depthwise.DepthwiseConvOptions<R> = {},
  rest: Partial<Case> = {},
): Case {
  const op = depthwises[(x.length - 2) as 1 | 2] as Call<depthwise.DepthwiseConvOptions<R>>;
  return row({
    name,
    inputs: inputs(x, filters, [product(filters.slice(-2))]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => op(a, f, bias, options),
    reference: (a, f, bias) => convolvedDepthwise(a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

function separableRow<R extends 1 | 2>(
  name: string,
  x: Sizes,
  filters: Sizes,
  outputs: number,
  options: depthwise.DepthwiseConvOptions<R> = {},
): Case {
  const op = separables[(x.length - 2) as 1 | 2] as (...tensors: (Tensor | object)[]) => Tensor;
  const { activation, ...window } = options;
  return row({
    name,
    inputs: inputs(x, filters, [...filters.slice(0, -2).map(() => 1), product(filters.slice(-2)), outputs], [outputs]),
    run: (a: Tensor, f: Tensor, p: Tensor, bias: Tensor) => op(a, f, p, bias, options),
    reference: (a, f, p, bias) => convolved(convolvedDepthwise(a, f, undefined, window), p, bias, { activation }),
    second: activation !== "relu",
    ...common,
  });
}

const same = "same" as const;
const causal = "causal" as const;
/** Gradients of the filters and the bias only: the image is too large for differences of every element. */
const filtersOnly = { gradients: [1, 2] };

export const convCases: { [name in RowsOf<typeof conv>]: Case[] } = {
  conv1d: [
    convRow<1>("valid", [2, 9, 3], [3, 3, 5]),
    convRow<1>("same, strides", [1, 8, 4], [3, 4, 8], { strides: 2, padding: same }),
    convRow<1>("causal", [2, 7, 3], [3, 3, 4], { padding: causal }),
    convRow<1>("causal, dilation", [1, 9, 2], [3, 2, 8], { padding: causal, dilationRate: 2 }),
    convRow<1>("causal, strides, more taps than steps", [1, 5, 2], [7, 2, 3], { padding: causal, strides: [2] }),
    convRow<1>("groups, relu", [1, 7, 6], [2, 2, 9], { groups: 3, activation: "relu" }),
    convRow<1>("few channels", [3, 12, 1], [5, 1, 8], { dilationRate: [2] }),
    convRow<1>("no sequences", [0, 7, 2], [3, 2, 3]),
  ],
  conv2d: [
    convRow("one window", [1, 3, 3, 4], [3, 3, 4, 8]),
    convRow("odd sizes", [2, 5, 6, 3], [3, 2, 3, 5]),
    convRow("relu", [2, 5, 5, 4], [3, 3, 4, 6], { activation: "relu" }),
    convRow("1 x 1", [2, 3, 4, 5], [1, 1, 5, 7]),
    convRow("four images", [4, 4, 4, 5], [3, 3, 5, 3]),
    convRow("four images, same", [4, 3, 4, 4], [3, 3, 4, 3], { padding: same }),
    convRow("same, even taps", [1, 5, 4, 2], [4, 2, 2, 3], { padding: same }),
    convRow("strides", [1, 7, 8, 3], [3, 3, 3, 4], { strides: 2 }),
    convRow("strides, same", [1, 7, 8, 3], [3, 3, 3, 4], { strides: 2, padding: same }),
    convRow("different strides", [1, 7, 9, 2], [3, 2, 2, 3], { strides: [2, 3], padding: same }),
    convRow("strides beyond the taps", [1, 8, 8, 2], [2, 2, 2, 3], { strides: 3 }),
    convRow("strides beyond the taps, same", [2, 7, 7, 2], [1, 1, 2, 3], { strides: 3, padding: same }),
    convRow("dilation", [1, 8, 7, 3], [3, 3, 3, 4], { dilationRate: [2, 3] }),
    convRow("dilation, same", [1, 6, 5, 3], [3, 3, 3, 4], { dilationRate: 2, padding: same }),
    convRow("strides and dilation", [1, 9, 9, 2], [3, 3, 2, 3], { strides: 2, dilationRate: 2, padding: same }),
    convRow("strides 2 and dilation 3", [1, 9, 9, 2], [3, 3, 2, 3], { strides: 2, dilationRate: 3, padding: same }),
    convRow("groups", [2, 4, 5, 6], [3, 3, 2, 9], { groups: 3 }),
    convRow("groups, same, strides", [1, 5, 5, 8], [3, 3, 4, 6], { groups: 2, padding: same, strides: 2 }),
    convRow("one channel a group", [1, 4, 4, 4], [3, 3, 1, 8], { groups: 4, padding: same }),
    convRow("few channels", [2, 5, 7, 1], [3, 3, 1, 8]),
    convRow("few channels, relu", [1, 5, 8, 2], [2, 3, 2, 16], { activation: "relu" }),
    convRow("few channels, same", [2, 4, 5, 1], [3, 3, 1, 8], { padding: same }),
    convRow("few channels, strides and dilation", [1, 7, 11, 3], [2, 2, 3, 8], { strides: [1, 2], dilationRate: 2 }),
    convRow("few channels, few windows", [2, 4, 4, 1], [3, 3, 1, 8]),
    convRow("chunks of pixels", [1, 40, 40, 4], [3, 3, 4, 5], { padding: same }, filtersOnly),
    convRow("few channels, many lines", [2, 30, 10, 1], [3, 3, 1, 8], {}, filtersOnly),
    convRow("several blocks", [4, 11, 10, 40], [3, 3, 40, 70], { padding: same }, { gradients: [], tolerance: 2e-5 }),
    convRow("Winograd", [1, 6, 4, 32], [3, 3, 32, 32], { padding: same }, { tolerance: 1e-5 }),
    convRow(
      "Winograd, odd sizes",
      [2, 6, 7, 32],
      [3, 3, 32, 40],
      { activation: "relu" },
      { second: false, tolerance: 1e-5 },
    ),
    convRow("no images", [0, 5, 5, 4], [3, 3, 4, 5]),
    row({
      name: "no bias",
      inputs: inputs([2, 4, 5, 3], [2, 2, 3, 5]),
      run: (a: Tensor, f: Tensor) => conv.conv2d(a, f),
      reference: (a, f) => convolved(a, f, undefined, {}),
      ...common,
    }),
  ],
  conv3d: [
    convRow<3>("valid", [2, 4, 3, 4, 2], [2, 2, 3, 2, 3]),
    convRow<3>("same", [1, 4, 3, 3, 2], [3, 3, 3, 2, 4], { padding: same }),
    convRow<3>("one frame", [1, 3, 4, 4, 2], [1, 2, 2, 2, 3]),
    convRow<3>("one frame, strides", [1, 5, 4, 4, 2], [1, 2, 2, 2, 3], { strides: [2, 1, 2] }),
    convRow<3>("strides, same", [1, 5, 4, 3, 2], [3, 2, 2, 2, 3], { strides: 2, padding: same }),
    convRow<3>("strides beyond the taps", [1, 7, 3, 3, 1], [2, 2, 2, 1, 3], { strides: [3, 1, 1] }),
    convRow<3>("dilation", [1, 6, 4, 3, 2], [3, 2, 2, 2, 3], { dilationRate: [2, 2, 1] }),
    convRow<3>("groups", [1, 4, 3, 3, 4], [2, 2, 2, 2, 6], { groups: 2, padding: same }),
    convRow<3>("relu", [1, 3, 3, 3, 2], [2, 2, 2, 2, 4], { activation: "relu" }),
    convRow<3>("no volumes", [0, 3, 3, 3, 2], [2, 2, 2, 2, 3]),
    row({
      name: "no bias",
      inputs: inputs([1, 3, 3, 4, 2], [2, 2, 2, 2, 3]),
      run: (a: Tensor, f: Tensor) => conv.conv3d(a, f),
      reference: (a, f) => convolved(a, f, undefined, {}),
      ...common,
    }),
  ],
  conv1dTranspose: [
    transposeRow<1>("valid", [2, 4, 3], [3, 4, 3], [6]),
    transposeRow<1>("strides, same", [1, 4, 3], [3, 2, 3], [8], { strides: 2, padding: same }),
    transposeRow<1>("dilation, groups", [1, 4, 4], [3, 3, 4], [8], { dilationRate: 2, groups: 2 }),
    transposeRow<1>("outputPadding", [1, 4, 2], [3, 2, 2], [10], { strides: 2, outputPadding: 1 }),
  ],
  conv3dTranspose: [
    transposeRow<3>("valid", [2, 2, 3, 2, 3], [2, 2, 3, 2, 3], [3, 4, 4]),
    transposeRow<3>("strides, same", [1, 2, 2, 3, 2], [3, 3, 3, 2, 2], [4, 4, 6], { strides: 2, padding: same }),
    transposeRow<3>("strides beyond the taps", [1, 2, 2, 2, 2], [2, 1, 2, 3, 2], [6, 2, 3], { strides: [3, 1, 1] }),
    transposeRow<3>("one frame", [1, 2, 2, 2, 2], [1, 2, 2, 3, 2], [2, 3, 3], { activation: "relu" }),
    transposeRow<3>("groups, relu", [1, 2, 2, 2, 4], [2, 2, 2, 3, 4], [3, 3, 3], { groups: 2, activation: "relu" }),
    transposeRow<3>("dilation", [1, 2, 2, 2, 2], [2, 2, 2, 3, 2], [4, 3, 4], { dilationRate: [2, 1, 2] }),
    transposeRow<3>("outputPadding", [1, 2, 2, 2, 1], [3, 2, 2, 2, 1], [6, 5, 4], {
      strides: 2,
      outputPadding: [1, 1, 0],
    }),
    row({
      name: "no bias",
      inputs: inputs([1, 2, 2, 3, 2], [2, 2, 2, 3, 2]),
      run: (a: Tensor, f: Tensor) => conv.conv3dTranspose(a, f, undefined, { strides: 2 }),
      reference: (a, f) => spread([4, 4, 6], a, f, undefined, { strides: 2 }),
      ...common,
    }),
  ],
  conv2dTranspose: [
    transposeRow("valid", [2, 3, 4, 3], [3, 2, 5, 3], [5, 5]),
    transposeRow("same", [1, 3, 4, 3], [3, 3, 4, 3], [3, 4], { padding: same }),
    transposeRow("strides", [1, 3, 4, 3], [3, 3, 4, 3], [7, 9], { strides: 2 }),
    transposeRow("strides, same", [1, 3, 4, 3], [3, 3, 4, 3], [6, 8], { strides: 2, padding: same }),
    transposeRow("strides, same, even taps", [2, 3, 3, 2], [4, 4, 3, 2], [6, 6], { strides: 2, padding: same }),
    transposeRow("strides beyond the taps", [1, 3, 2, 2], [2, 1, 3, 2], [9, 6], { strides: 3 }),
    transposeRow("strides beyond the taps, same", [1, 2, 2, 2], [2, 2, 3, 2], [6, 6], { strides: 3, padding: same }),
    transposeRow("outputPadding", [1, 3, 3, 2], [3, 3, 3, 2], [8, 7], { strides: 2, outputPadding: [1, 0] }),
    transposeRow("outputPadding, same", [1, 3, 3, 2], [3, 3, 3, 2], [5, 6], {
      strides: 2,
      padding: same,
      outputPadding: [0, 1],
    }),
    transposeRow("dilation", [1, 3, 3, 2], [3, 2, 3, 2], [7, 6], { dilationRate: [2, 3] }),
    transposeRow("groups", [2, 3, 3, 6], [2, 3, 4, 6], [6, 7], { strides: 2, groups: 2 }),
    transposeRow("groups, same, one channel each", [1, 3, 4, 3], [3, 3, 1, 3], [3, 4], { groups: 3, padding: same }),
    transposeRow("relu", [4, 3, 3, 4], [3, 3, 8, 4], [6, 6], { strides: 2, padding: same, activation: "relu" }),
    transposeRow(
      "several blocks",
      [2, 7, 8, 40],
      [3, 3, 33, 40],
      [14, 16],
      { strides: 2, padding: same },
      {
        gradients: [],
        tolerance: 2e-5,
      },
    ),
    transposeRow("Winograd", [1, 4, 4, 32], [3, 3, 32, 32], [6, 6], {}, { tolerance: 1e-5 }),
    transposeRow("no images", [0, 3, 3, 2], [3, 3, 4, 2], [5, 5]),
    row({
      name: "no bias",
      inputs: inputs([1, 3, 3, 2], [2, 2, 3, 2]),
      run: (a: Tensor, f: Tensor) => conv.conv2dTranspose(a, f, undefined, { strides: 2 }),
      reference: (a, f) => spread([6, 6], a, f, undefined, { strides: 2 }),
      ...common,
    }),
  ],
};

export const depthwiseCases: { [name in Exclude<RowsOf<typeof depthwise>, "convolveChannels">]: Case[] } = {
  depthwiseConv1d: [
    depthwiseRow<1>("valid", [2, 6, 5], [3, 5, 1]),
    depthwiseRow<1>("same, strides, multiplier 2", [1, 7, 3], [3, 3, 2], { padding: same, strides: 2 }),
    depthwiseRow<1>("causal, dilation", [2, 7, 8], [3, 8, 1], { padding: causal, dilationRate: 2 }),
    depthwiseRow<1>("relu", [1, 6, 4], [2, 4, 1], { activation: "relu" }),
  ],
  separableConv1d: [
    separableRow<1>("valid", [2, 6, 3], [3, 3, 2], 4),
    separableRow<1>("causal, relu", [1, 6, 3], [3, 3, 1], 5, { padding: causal, activation: "relu" }),
  ],
  separableConv2d: [
    separableRow<2>("valid", [2, 4, 5, 3], [3, 2, 3, 1], 4),
    separableRow<2>("same, strides", [1, 5, 4, 2], [3, 3, 2, 2], 3, { padding: same, strides: 2 }),
    separableRow<2>("relu", [1, 4, 4, 2], [3, 3, 2, 1], 3, { activation: "relu" }),
  ],
  depthwiseConv2d: [
    depthwiseRow("one channel", [2, 4, 5, 1], [3, 3, 1, 1]),
    depthwiseRow("odd channels", [2, 4, 4, 13], [3, 3, 13, 1]),
    depthwiseRow("same", [1, 4, 5, 9], [3, 3, 9, 1], { padding: same }),
    depthwiseRow("relu", [1, 4, 5, 8], [3, 3, 8, 1], { padding: same, activation: "relu" }),
    depthwiseRow("strides, same", [1, 6, 7, 4], [3, 3, 4, 1], { padding: same, strides: 2 }),
    depthwiseRow("different strides", [1, 7, 8, 3], [2, 3, 3, 1], { strides: [3, 2] }),
    depthwiseRow("dilation", [1, 7, 6, 5], [3, 2, 5, 1], { dilationRate: 2 }),
    depthwiseRow("strides and dilation", [1, 8, 9, 3], [3, 3, 3, 1], { strides: 2, dilationRate: 3, padding: same }),
    depthwiseRow("multiplier 2", [1, 4, 4, 5], [3, 3, 5, 2], { padding: same }),
    depthwiseRow("multiplier 4", [1, 4, 4, 3], [2, 2, 3, 4]),
    depthwiseRow("multiplier 3, strides", [2, 5, 5, 3], [2, 3, 3, 3], { strides: 2 }),
    depthwiseRow("many lines", [2, 20, 6, 3], [3, 3, 3, 1], {}, filtersOnly),
    depthwiseRow("four pixels at a time", [1, 4, 11, 20], [3, 3, 20, 1], { padding: same }),
    depthwiseRow("four pixels, strides as dilation", [1, 5, 14, 4], [3, 3, 4, 1], { strides: 2, dilationRate: 2 }),
    depthwiseRow("four pixels of five taps", [1, 3, 9, 4], [2, 5, 4, 1], { padding: same }),
    depthwiseRow("no images", [0, 4, 4, 3], [3, 3, 3, 2]),
    row({
      name: "no bias",
      inputs: inputs([1, 4, 4, 6], [3, 3, 6, 1]),
      run: (a: Tensor, f: Tensor) => depthwise.depthwiseConv2d(a, f),
      reference: (a, f) => convolvedDepthwise(a, f, undefined, {}),
      ...common,
    }),
  ],
};
