// Convolutions and transposed convolutions of sequences, images and volumes `[batch, ...sizes, channels]`, channels last.
import { convLayerOptions, convTransposeLayerOptions } from "../generated/options.ts";
import * as conv from "../ops/conv.ts";
import {
  type ConvPadding,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  spreadOver,
} from "../ops/lower/conv-geometry.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { Convolution, type ConvolutionOptions, type Op } from "./convolution.ts";
import type { KernelOptions } from "./kernel-layer.ts";
import { defineLayer, type LayerDefinition, type LayerKind, requireCount } from "./layer.ts";

/** Options of {@link conv1d}, {@link conv2d} and {@link conv3d}. */
export interface ConvLayerOptions<R extends Rank> extends ConvolutionOptions<R>, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Splits the channels into groups convolved separately, each with filters of its own; default 1. */
  groups?: number;
}

/** activation(conv(x, kernel) + bias), kernel [...kernelSize, channels / groups, filters]. */
abstract class Conv<R extends Rank> extends Convolution<R, ConvPadding<R>> {
  readonly filters: number;
  readonly groups: number;
  private readonly op: Op<conv.ConvOptions<R>>;

  constructor(kind: LayerKind, rank: R, op: Op<conv.ConvOptions<R>>, options: ConvLayerOptions<R>) {
    super(kind, rank, options, options, true);
    const { filters, groups = 1 } = options;
    requireCount(this.name, "filters", filters);
    requireGroups(this.name, groups, filters);
    this.filters = filters;
    this.groups = groups;
    this.op = op;
  }

  /** Makes the weights for the channels of the inputs. */
  override build(inputShape: Shape): void {
    super.build(inputShape);
    const { channels } = this.readShape(inputShape);
    this.addKernel([...this.kernelSize, channels / this.groups, this.filters], this.filters);
  }

  override outputShape(inputShape: Shape): Shape {
    const { sizes, channels } = this.readShape(inputShape);
    if (channels % this.groups !== 0) throw this.misfit(`have channels in ${this.groups} equal groups`, inputShape);
    return [...this.windowsOf(sizes), this.filters];
  }

  call(x: AnyTensor): Tensor {
    const { op, groups, window } = this;
    const images = this.floats(x);
    return this.activate((activation) => op(images, this.kernel, this.bias, { ...window, groups, activation }));
  }
}

/** The layer that {@link conv1d} makes. */
export class Conv1D extends Conv<1> {
  constructor(options: ConvLayerOptions<1>) {
    super(conv1d, 1, conv.conv1d, options);
  }
}

/**
 * 1D convolution: activation(conv(x, kernel) + bias). Weights: kernel `[kernelSize, channels / groups, filters]`, bias
 * `[filters]`. With padding "causal" no output sees later steps.
 * Example: `layers.conv1d({ filters: 32, kernelSize: 3, padding: "causal" })`.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, filters]`, newTime = ceil(time / strides) unless padding is
 * "valid", then floor((time - dilationRate (kernelSize - 1) - 1) / strides) + 1.
 * Errors: ArgumentError for options out of range, and unless groups divide filters; ShapeError for inputs of another
 * rank, with channels that do not fit or shorter than a window; DtypeError unless they are f32.
 */
export const conv1d: LayerDefinition<typeof Conv1D> = defineLayer("conv1d", Conv1D, convLayerOptions);

/** The layer that {@link conv2d} makes. */
export class Conv2D extends Conv<2> {
  constructor(options: ConvLayerOptions<2>) {
    super(conv2d, 2, conv.conv2d, options);
  }
}

/**
 * 2D convolution: activation(conv(x, kernel) + bias). Weights: kernel `[...kernelSize, channels / groups, filters]`,
 * bias `[filters]`. Example: `layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1]
 * })`.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, filters]`, each new size ceil(size /
 * strides) with padding "same", else floor((size - dilationRate (kernelSize - 1) - 1) / strides) + 1.
 * Errors: ArgumentError for options out of range, and unless groups divide filters; ShapeError for inputs of another
 * rank, with channels that do not fit or smaller than a window; DtypeError unless they are f32.
 */
export const conv2d: LayerDefinition<typeof Conv2D> = defineLayer("conv2d", Conv2D, convLayerOptions);

/** The layer that {@link conv3d} makes. */
export class Conv3D extends Conv<3> {
  constructor(options: ConvLayerOptions<3>) {
    super(conv3d, 3, conv.conv3d, options);
  }
}

/**
 * 3D convolution: activation(conv(x, kernel) + bias). Weights: kernel `[...kernelSize, channels / groups, filters]`,
 * bias `[filters]`.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, filters]`, each new size
 * ceil(size / strides) with padding "same", else floor((size - dilationRate (kernelSize - 1) - 1) / strides) + 1.
 * Errors: ArgumentError for options out of range, and unless groups divide filters; ShapeError for inputs of another
 * rank, with channels that do not fit or smaller than a window; DtypeError unless they are f32.
 */
export const conv3d: LayerDefinition<typeof Conv3D> = defineLayer("conv3d", Conv3D, convLayerOptions);

/** Options of {@link conv1dTranspose}, {@link conv2dTranspose} and {@link conv3dTranspose}. */
export interface ConvTransposeLayerOptions<R extends Rank> extends ConvolutionOptions<R, Padding>, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Extra size at the end of each axis; default: as much as the largest input of the convolution it transposes. */
  outputPadding?: PerAxis<R>;
  /** Splits the channels into groups convolved separately, as in PyTorch; default 1. */
  groups?: number;
}

/** The transposed convolution, which makes data larger by the strides; kernel [...kernelSize, filters / groups, channels]. */
abstract class ConvTranspose<R extends Rank> extends Convolution<R, Padding> {
  readonly filters: number;
  readonly groups: number;
  readonly outputPadding: readonly number[] | undefined;
  private readonly op: Op<conv.ConvTransposeOptions<R>>;
  private readonly given: PerAxis<R> | undefined;

  constructor(kind: LayerKind, rank: R, op: Op<conv.ConvTransposeOptions<R>>, options: ConvTransposeLayerOptions<R>) {
    super(kind, rank, options, options, false);
    const { filters, groups = 1, outputPadding } = options;
    requireCount(this.name, "filters", filters);
    requireGroups(this.name, groups, filters);
    this.filters = filters;
    this.groups = groups;
    this.given = ownCopy(outputPadding);
    this.outputPadding =
      outputPadding === undefined ? undefined : perAxis(this.name, "outputPadding", outputPadding, rank, 0);
    this.op = op;
  }

  /** Makes the weights for the channels of the inputs. */
  override build(inputShape: Shape): void {
    super.build(inputShape);
    const { channels } = this.readShape(inputShape);
    this.addKernel([...this.kernelSize, this.filters / this.groups, channels], this.filters);
  }

  override outputShape(inputShape: Shape): Shape {
    const { sizes, channels } = this.readShape(inputShape);
    if (channels % this.groups !== 0) throw this.misfit(`have channels in ${this.groups} equal groups`, inputShape);
    const axes = spreadOver(this.name, sizes, this.kernelSize, this.readWindow, this.outputPadding);
    return [...axes.map(({ size }) => size), this.filters];
  }

  call(x: AnyTensor): Tensor {
    const { op, groups, window, given: outputPadding } = this;
    const images = this.floats(x);
    return this.activate((activation) =>
      op(images, this.kernel, this.bias, { ...window, outputPadding, groups, activation }),
    );
  }
}

/** The layer that {@link conv1dTranspose} makes. */
export class Conv1DTranspose extends ConvTranspose<1> {
  constructor(options: ConvTransposeLayerOptions<1>) {
    super(conv1dTranspose, 1, conv.conv1dTranspose, options);
  }
}

/**
 * Transposed 1D convolution (deconvolution), which upsamples by the strides. Weights: kernel
 * `[kernelSize, filters / groups, channels]`, bias `[filters]`.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, filters]`, newTime = time strides with padding "same", else
 * (time - 1) strides + max(dilationRate (kernelSize - 1) + 1, strides); outputPadding changes it.
 * Errors: ArgumentError for options out of range, groups that do not divide filters, and an outputPadding that does not
 * fit the strides; ShapeError for inputs of another rank or with channels that do not fit; DtypeError unless they are
 * f32.
 */
export const conv1dTranspose: LayerDefinition<typeof Conv1DTranspose> = defineLayer(
  "conv1d_transpose",
  Conv1DTranspose,
  convTransposeLayerOptions,
);

/** The layer that {@link conv2dTranspose} makes. */
export class Conv2DTranspose extends ConvTranspose<2> {
  constructor(options: ConvTransposeLayerOptions<2>) {
    super(conv2dTranspose, 2, conv.conv2dTranspose, options);
  }
}

/**
 * Transposed 2D convolution (deconvolution), which upsamples by the strides. Weights: kernel
 * `[...kernelSize, filters / groups, channels]`, bias `[filters]`.
 * Example: `layers.conv2dTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: "same" })` doubles height and
 * width.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, filters]`, each new size size strides
 * with padding "same", else (size - 1) strides + max(dilationRate (kernelSize - 1) + 1, strides); outputPadding changes
 * it.
 * Errors: ArgumentError for options out of range, groups that do not divide filters, and an outputPadding that does not
 * fit the strides; ShapeError for inputs of another rank or with channels that do not fit; DtypeError unless they are
 * f32.
 */
export const conv2dTranspose: LayerDefinition<typeof Conv2DTranspose> = defineLayer(
  "conv2d_transpose",
  Conv2DTranspose,
  convTransposeLayerOptions,
);

/** The layer that {@link conv3dTranspose} makes. */
export class Conv3DTranspose extends ConvTranspose<3> {
  constructor(options: ConvTransposeLayerOptions<3>) {
    super(conv3dTranspose, 3, conv.conv3dTranspose, options);
  }
}

/**
 * Transposed 3D convolution (deconvolution), which upsamples by the strides. Weights: kernel
 * `[...kernelSize, filters / groups, channels]`, bias `[filters]`.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, newDepth, newHeight, newWidth, filters]`, each new size
 * size strides with padding "same", else (size - 1) strides + max(dilationRate (kernelSize - 1) + 1, strides);
 * outputPadding changes it.
 * Errors: ArgumentError for options out of range, groups that do not divide filters, and an outputPadding that does not
 * fit the strides; ShapeError for inputs of another rank or with channels that do not fit; DtypeError unless they are
 * f32.
 */
export const conv3dTranspose: LayerDefinition<typeof Conv3DTranspose> = defineLayer(
  "conv3d_transpose",
  Conv3DTranspose,
  convTransposeLayerOptions,
);

function requireGroups(name: string, groups: number, filters: number): void {
  requireCount(name, "groups", groups);
  if (filters % groups !== 0) {
    throw new ArgumentError(`${name}: filters must be a multiple of groups, got ${filters} and ${groups}`);
  }
}
