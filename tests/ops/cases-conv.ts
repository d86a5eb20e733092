// Rows for ts/ops/conv.ts and ts/ops/depthwise.ts: strides, paddings, dilations, groups, sizes that do not fill a tile.
import * as conv from "../../ts/ops/conv.ts";
import * as depthwise from "../../ts/ops/depthwise.ts";
import type { WindowOptions } from "../../ts/ops/window.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { type Case, row } from "./case.ts";
import type { NdArray } from "./reference.ts";

type Sizes = readonly number[];

/** Windows along one axis: how many, and the zeros before the image. */
function slide(size: number, taps: number, stride: number, dilation: number, padding: string): [number, number] {
  const reach = (taps - 1) * dilation + 1;
  if (padding === "valid") return [Math.floor((size - reach) / stride) + 1, 0];
  const windows = Math.ceil(size / stride);
  return [windows, Math.floor(Math.max(0, (windows - 1) * stride + reach - size) / 2)];
}

const pair = (value: number | readonly [number, number] = 1): readonly [number, number] =>
  typeof value === "number" ? [value, value] : value;

/**
 * Calls `visit` with the flat positions of each (image pixel, tap, window) that meet: what all convolutions sum over.
 */
function meetings(
  [batch, height, width]: Sizes,
  [tapRows, tapColumns]: Sizes,
  { strides, padding = "valid", dilationRate }: WindowOptions,
  visit: (pixel: number, tap: number, window: number) => void,
): Sizes {
  const [[strideY, strideX], [stepY, stepX]] = [pair(strides), pair(dilationRate)];
  const [rows, top] = slide(height, tapRows, strideY, stepY, padding);
  const [columns, left] = slide(width, tapColumns, strideX, stepX, padding);
  for (let window = 0; window < batch * rows * columns; window++) {
    const image = Math.floor(window / (rows * columns));
    for (let tap = 0; tap < tapRows * tapColumns; tap++) {
      const y = (Math.floor(window / columns) % rows) * strideY + Math.floor(tap / tapColumns) * stepY - top;
      const x = (window % columns) * strideX + (tap % tapColumns) * stepX - left;
      if (y >= 0 && y < height && x >= 0 && x < width) visit((image * height + y) * width + x, tap, window);
    }
  }
  return [batch, rows, columns];
}

function finish(shape: Sizes, data: Float64Array, bias: NdArray | undefined, activation: string | undefined): NdArray {
  const outputs = shape[3];
  const sums = data.map((v, i) => v + (bias?.data[i % outputs] ?? 0));
  return { shape, data: activation === "relu" ? sums.map((v) => Math.max(v, 0)) : sums };
}

function convolved(x: NdArray, filters: NdArray, bias: NdArray | undefined, options: conv.Conv2dOptions): NdArray {
  const [, , groupChannels, outputs] = filters.shape;
  const { groups = 1 } = options;
  const channels = x.shape[3];
  const places = meetings(x.shape, filters.shape, options, () => {});
  const y = new Float64Array(places[0] * places[1] * places[2] * outputs);
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

/** The transposed convolution that makes images of this height and width. */
function spread(
  [height, width]: Sizes,
  x: NdArray,
  filters: NdArray,
  bias: NdArray | undefined,
  options: conv.Conv2dTransposeOptions,
): NdArray {
  const [, , outputs, channels] = filters.shape;
  const shape = [x.shape[0], height, width, outputs];
  const y = new Float64Array(x.shape[0] * height * width * outputs);
  meetings(shape, filters.shape, options, (pixel, tap, window) => {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < channels; c++) {
        y[pixel * outputs + o] += x.data[window * channels + c] * filters.data[(tap * outputs + o) * channels + c];
      }
    }
  });
  return finish(shape, y, bias, options.activation);
}

function convolvedDepthwise(
  x: NdArray,
  filters: NdArray,
  bias: NdArray | undefined,
  options: depthwise.DepthwiseConv2dOptions,
): NdArray {
  const [, , channels, multiplier] = filters.shape;
  const outputs = channels * multiplier;
  const places = meetings(x.shape, filters.shape, options, () => {});
  const y = new Float64Array(places[0] * places[1] * places[2] * outputs);
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

function convRow(
  name: string,
  x: Sizes,
  filters: Sizes,
  options: conv.Conv2dOptions = {},
  rest: Partial<Case> = {},
): Case {
  return row({
    name,
    inputs: inputs(x, filters, [filters[3]]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => conv.conv2d(a, f, bias, options),
    reference: (a, f, bias) => convolved(a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

function transposeRow(
  name: string,
  x: Sizes,
  filters: Sizes,
  image: Sizes,
  options: conv.Conv2dTransposeOptions = {},
  rest: Partial<Case> = {},
): Case {
  return row({
    name,
    inputs: inputs(x, filters, [filters[2]]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => conv.conv2dTranspose(a, f, bias, options),
    reference: (a, f, bias) => spread(image, a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

function depthwiseRow(
  name: string,
  x: Sizes,
  filters: Sizes,
  options: depthwise.DepthwiseConv2dOptions = {},
  rest: Partial<Case> = {},
): Case {
  return row({
    name,
    inputs: inputs(x, filters, [filters[2] * filters[3]]),
    run: (a: Tensor, f: Tensor, bias: Tensor) => depthwise.depthwiseConv2d(a, f, bias, options),
    reference: (a, f, bias) => convolvedDepthwise(a, f, bias, options),
    second: options.activation !== "relu",
    ...common,
    ...rest,
  });
}

const same = "same" as const;
/** Gradients of the filters and the bias only: the image is too large for differences of every element. */
const filtersOnly = { gradients: [1, 2] };

export const convCases: { [name in Exclude<keyof typeof conv, "spreadAlong">]: Case[] } = {
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

export const depthwiseCases: { [name in keyof typeof depthwise]: Case[] } = {
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
