// Convolutions over images [batch, height, width, channels].
import * as conv from "../ops/conv.ts";
import * as depthwise from "../ops/depthwise.ts";
import { type Padding, type Pair, pairOf, readOptions, slideAlong, type WindowOptions } from "../ops/window.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { InitializerLike } from "./initializers.ts";
import { KernelLayer, type KernelLayerOptions, type KernelOptions } from "./kernel-layer.ts";
import { requireCount } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";

/** Options of all convolutions. */
export interface ConvolutionOptions extends KernelLayerOptions, WindowOptions {
  /** Height and width of the window. */
  kernelSize: Pair;
}

/** A window that slides over images, and the channels they have. */
abstract class Convolution extends KernelLayer {
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  readonly dilationRate: readonly [number, number];
  private channels: number | undefined;

  constructor(kind: string, options: ConvolutionOptions, kernel: KernelOptions) {
    super(kind, options, kernel);
    this.kernelSize = pairOf(this.name, "kernelSize", options.kernelSize);
    const { strides, padding, dilations } = readOptions(this.name, options);
    this.strides = strides;
    this.padding = padding;
    this.dilationRate = dilations;
  }

  override build(inputShape: Shape): void {
    this.channels = inputShape[2];
  }

  /** Height, width and channels of an image; ShapeError if it is none, or has other channels than before. */
  protected imageOf(inputShape: Shape): readonly [number, number, number] {
    if (inputShape.length !== 3) throw this.misfit("be images [batch, height, width, channels]", inputShape);
    const [height, width, channels] = inputShape;
    if (this.channels !== undefined && channels !== this.channels) {
      throw this.misfit(`keep the ${this.channels} channels it was built for`, inputShape);
    }
    return [height, width, channels];
  }

  /** The number of windows along both axes of an image. */
  protected windowsOf(height: number, width: number): [number, number] {
    const { kernelSize, strides, dilationRate, padding, name } = this;
    const along = (size: number, axis: 0 | 1): number =>
      slideAlong(name, size, kernelSize[axis], strides[axis], dilationRate[axis], padding).windows;
    return [along(height, 0), along(width, 1)];
  }
}

/** What `conv2d` takes. */
export interface Conv2DOptions extends ConvolutionOptions, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** The channels fall into groups, each with filters of its own; default 1. */
  groups?: number;
}

/** activation(conv(x, kernel) + bias), kernel [height, width, channels / groups, filters]. */
export class Conv2D extends Convolution {
  readonly filters: number;
  readonly groups: number;

  constructor(options: Conv2DOptions) {
    super("conv2d", options, options);
    const { filters, groups = 1 } = options;
    requireCount(this.name, "filters", filters);
    requireCount(this.name, "groups", groups);
    if (filters % groups !== 0) {
      throw new ArgumentError(`${this.name}: filters must be a multiple of groups, got ${filters} and ${groups}`);
    }
    this.filters = filters;
    this.groups = groups;
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    this.addKernel([...this.kernelSize, inputShape[2] / this.groups, this.filters], this.filters);
  }

  override outputShape(inputShape: Shape): Shape {
    const [height, width, channels] = this.imageOf(inputShape);
    if (channels % this.groups !== 0) throw this.misfit(`have channels in ${this.groups} equal groups`, inputShape);
    return [...this.windowsOf(height, width), this.filters];
  }

  call(x: AnyTensor): Tensor {
    const { strides, padding, dilationRate, groups } = this;
    const images = this.floats(x);
    return this.activate((activation) =>
      conv.conv2d(images, this.kernel, this.bias, { strides, padding, dilationRate, groups, activation }),
    );
  }
}

/** activation(conv(x, kernel) + bias) of images. */
export function conv2d(options: Conv2DOptions): Conv2D {
  return new Conv2D(options);
}

/** What `depthwiseConv2d` takes. */
export interface DepthwiseConv2DOptions extends ConvolutionOptions {
  /** Output channels for each input channel; default 1. */
  depthMultiplier?: number;
  /** Default glorotUniform. */
  depthwiseInitializer?: InitializerLike;
  depthwiseRegularizer?: RegularizerLike;
}

/** A convolution of each channel with filters of its own, kernel [height, width, channels, depthMultiplier]. */
export class DepthwiseConv2D extends Convolution {
  readonly depthMultiplier: number;

  constructor(options: DepthwiseConv2DOptions) {
    const { depthwiseInitializer: kernelInitializer, depthwiseRegularizer: kernelRegularizer } = options;
    super("depthwise_conv2d", options, { kernelInitializer, kernelRegularizer });
    const { depthMultiplier = 1 } = options;
    requireCount(this.name, "depthMultiplier", depthMultiplier);
    this.depthMultiplier = depthMultiplier;
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    const channels = inputShape[2];
    this.addKernel([...this.kernelSize, channels, this.depthMultiplier], channels * this.depthMultiplier);
  }

  override outputShape(inputShape: Shape): Shape {
    const [height, width, channels] = this.imageOf(inputShape);
    return [...this.windowsOf(height, width), channels * this.depthMultiplier];
  }

  call(x: AnyTensor): Tensor {
    const { strides, padding, dilationRate } = this;
    const images = this.floats(x);
    return this.activate((activation) =>
      depthwise.depthwiseConv2d(images, this.kernel, this.bias, { strides, padding, dilationRate, activation }),
    );
  }
}

/** A convolution of each channel with filters of its own. */
export function depthwiseConv2d(options: DepthwiseConv2DOptions): DepthwiseConv2D {
  return new DepthwiseConv2D(options);
}

/** What `conv2dTranspose` takes. */
export interface Conv2DTransposeOptions extends ConvolutionOptions, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Rows and columns added at the end; default: as many as the largest image with this many windows has. */
  outputPadding?: Pair;
}

/** The transposed convolution, which makes images larger by the strides; kernel [height, width, filters, channels]. */
export class Conv2DTranspose extends Convolution {
  readonly filters: number;
  readonly outputPadding: readonly [number, number] | undefined;

  constructor(options: Conv2DTransposeOptions) {
    super("conv2d_transpose", options, options);
    const { filters, outputPadding } = options;
    requireCount(this.name, "filters", filters);
    this.filters = filters;
    this.outputPadding = outputPadding === undefined ? undefined : pairOf(this.name, "outputPadding", outputPadding, 0);
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    this.addKernel([...this.kernelSize, this.filters, inputShape[2]], this.filters);
  }

  override outputShape(inputShape: Shape): Shape {
    const [height, width] = this.imageOf(inputShape);
    const { kernelSize, strides, padding, dilationRate, outputPadding } = this;
    const along = (windows: number, axis: 0 | 1): number =>
      conv.spreadAlong(windows, kernelSize[axis], axis, { strides, padding, dilationRate }, outputPadding?.[axis]).size;
    return [along(height, 0), along(width, 1), this.filters];
  }

  call(x: AnyTensor): Tensor {
    const { strides, padding, dilationRate, outputPadding } = this;
    const images = this.floats(x);
    return this.activate((activation) =>
      conv.conv2dTranspose(images, this.kernel, this.bias, {
        strides,
        padding,
        dilationRate,
        outputPadding,
        activation,
      }),
    );
  }
}

/** The transposed convolution, which makes images larger. */
export function conv2dTranspose(options: Conv2DTransposeOptions): Conv2DTranspose {
  return new Conv2DTranspose(options);
}
