// Depthwise and separable convolutions of sequences and images `[batch, ...sizes, channels]`, channels last.
import { depthwiseConvLayerOptions, separableConvLayerOptions } from "../generated/options.ts";
import * as depthwise from "../ops/depthwise.ts";
import type { ConvPadding } from "../ops/lower/conv-geometry.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { ConstraintLike } from "./constraints.ts";
import { Convolution, type ConvolutionOptions, type Op } from "./convolution.ts";
import type { InitializerLike } from "./initializers.ts";
import { defineLayer, type LayerDefinition, type LayerKind, requireCount } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** The kernel of a depthwise convolution. */
export interface DepthwiseKernelOptions {
  /** Number of output channels for each input channel; default 1. */
  depthMultiplier?: number;
  /** Default glorotUniform. */
  depthwiseInitializer?: InitializerLike;
  /** Default: none. */
  depthwiseRegularizer?: RegularizerLike;
  /** Default: none. */
  depthwiseConstraint?: ConstraintLike;
}

/** Options of {@link depthwiseConv1d} and {@link depthwiseConv2d}. */
export interface DepthwiseConvLayerOptions<R extends 1 | 2> extends ConvolutionOptions<R>, DepthwiseKernelOptions {}

/** A convolution of each channel with filters of its own, kernel [...kernelSize, channels, depthMultiplier]. */
abstract class DepthwiseConv<R extends 1 | 2> extends Convolution<R, ConvPadding<R>> {
  readonly depthMultiplier: number;
  private readonly op: Op<depthwise.DepthwiseConvOptions<R>>;

  constructor(
    kind: LayerKind,
    rank: R,
    op: Op<depthwise.DepthwiseConvOptions<R>>,
    options: DepthwiseConvLayerOptions<R>,
  ) {
    const kernel = {
      kernelInitializer: options?.depthwiseInitializer,
      kernelRegularizer: options?.depthwiseRegularizer,
      kernelConstraint: options?.depthwiseConstraint,
    };
    super(kind, rank, options, kernel, true);
    const { depthMultiplier = 1 } = options;
    requireCount(this.name, "depthMultiplier", depthMultiplier);
    this.depthMultiplier = depthMultiplier;
    this.op = op;
  }

  /** Makes the weights for the channels of the inputs. */
  override build(inputShape: Shape): void {
    super.build(inputShape);
    const { channels } = this.readShape(inputShape);
    this.addKernel([...this.kernelSize, channels, this.depthMultiplier], channels * this.depthMultiplier);
  }

  override outputShape(inputShape: Shape): Shape {
    const { sizes, channels } = this.readShape(inputShape);
    return [...this.windowsOf(sizes), channels * this.depthMultiplier];
  }

  call(x: AnyTensor): Tensor {
    const { op, window } = this;
    const images = this.floats(x);
    return this.activate((activation) => op(images, this.kernel, this.bias, { ...window, activation }));
  }
}

/** The layer that {@link depthwiseConv1d} makes. */
export class DepthwiseConv1D extends DepthwiseConv<1> {
  constructor(options: DepthwiseConvLayerOptions<1>) {
    super(depthwiseConv1d, 1, depthwise.depthwiseConv1d, options);
  }
}

/**
 * Depthwise 1D convolution: each channel is convolved with depthMultiplier filters of its own. Weights: kernel
 * `[kernelSize, channels, depthMultiplier]`, bias `[channels depthMultiplier]`.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, channels depthMultiplier]`, newTime as in {@link conv1d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or shorter than a window; DtypeError unless they are f32.
 */
export const depthwiseConv1d: LayerDefinition<typeof DepthwiseConv1D> = defineLayer(
  "depthwise_conv1d",
  DepthwiseConv1D,
  depthwiseConvLayerOptions,
);

/** The layer that {@link depthwiseConv2d} makes. */
export class DepthwiseConv2D extends DepthwiseConv<2> {
  constructor(options: DepthwiseConvLayerOptions<2>) {
    super(depthwiseConv2d, 2, depthwise.depthwiseConv2d, options);
  }
}

/**
 * Depthwise 2D convolution: each channel is convolved with depthMultiplier filters of its own. Weights: kernel
 * `[...kernelSize, channels, depthMultiplier]`, bias `[channels depthMultiplier]`.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, channels depthMultiplier]`, sizes as in
 * {@link conv2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or smaller than a window; DtypeError unless they are f32.
 */
export const depthwiseConv2d: LayerDefinition<typeof DepthwiseConv2D> = defineLayer(
  "depthwise_conv2d",
  DepthwiseConv2D,
  depthwiseConvLayerOptions,
);

/** Options of {@link separableConv1d} and {@link separableConv2d}. */
export interface SeparableConvLayerOptions<R extends 1 | 2> extends ConvolutionOptions<R>, DepthwiseKernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Default glorotUniform. */
  pointwiseInitializer?: InitializerLike;
  /** Default: none. */
  pointwiseRegularizer?: RegularizerLike;
  /** Default: none. */
  pointwiseConstraint?: ConstraintLike;
}

type SeparableOp<Options> = (
  x: Tensor,
  depthwise: Tensor,
  pointwise: Tensor,
  bias: Tensor | undefined,
  options: Options,
) => Tensor;

/**
 * A depthwise convolution, then activation(sums over all its channels + bias): kernels [...kernelSize, channels,
 * depthMultiplier] and [..1, channels depthMultiplier, filters].
 */
abstract class SeparableConv<R extends 1 | 2> extends Convolution<R, ConvPadding<R>> {
  readonly filters: number;
  readonly depthMultiplier: number;
  /** There once the layer is built, as `kernel`, which is the pointwise one. */
  depthwiseKernel!: Variable;
  private readonly op: SeparableOp<depthwise.DepthwiseConvOptions<R>>;
  private readonly depthwiseOptions: ShapelessWeightOptions;

  constructor(
    kind: LayerKind,
    rank: R,
    op: SeparableOp<depthwise.DepthwiseConvOptions<R>>,
    options: SeparableConvLayerOptions<R>,
  ) {
    const kernel = {
      kernelInitializer: options?.pointwiseInitializer,
      kernelRegularizer: options?.pointwiseRegularizer,
      kernelConstraint: options?.pointwiseConstraint,
    };
    super(kind, rank, options, kernel, true);
    const { filters, depthMultiplier = 1, depthwiseInitializer = "glorotUniform" } = options;
    requireCount(this.name, "filters", filters);
    requireCount(this.name, "depthMultiplier", depthMultiplier);
    this.filters = filters;
    this.depthMultiplier = depthMultiplier;
    const { depthwiseRegularizer, depthwiseConstraint } = options;
    this.depthwiseOptions = weightOptions(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint);
    this.op = op;
  }

  /** Makes the weights for the channels of the inputs. */
  override build(inputShape: Shape): void {
    super.build(inputShape);
    const { channels } = this.readShape(inputShape);
    const { kernelSize, depthMultiplier, depthwiseOptions } = this;
    const shape = [...kernelSize, channels, depthMultiplier];
    this.depthwiseKernel = this.addWeight("depthwiseKernel", { shape, ...depthwiseOptions });
    const points = kernelSize.map(() => 1);
    this.addKernel([...points, channels * depthMultiplier, this.filters], this.filters, "pointwiseKernel");
  }

  override outputShape(inputShape: Shape): Shape {
    return [...this.windowsOf(this.readShape(inputShape).sizes), this.filters];
  }

  call(x: AnyTensor): Tensor {
    const { op, window, depthwiseKernel } = this;
    const images = this.floats(x);
    return this.activate((activation) =>
      op(images, depthwiseKernel, this.kernel, this.bias, { ...window, activation }),
    );
  }
}

/** The layer that {@link separableConv1d} makes. */
export class SeparableConv1D extends SeparableConv<1> {
  constructor(options: SeparableConvLayerOptions<1>) {
    super(separableConv1d, 1, depthwise.separableConv1d, options);
  }
}

/**
 * Depthwise 1D convolution, then a pointwise one that mixes its channels. Weights: depthwiseKernel
 * `[kernelSize, channels, depthMultiplier]`, kernel `[1, channels depthMultiplier, filters]`, bias `[filters]`.
 * Shapes: `[batch, time, channels]` -> `[batch, newTime, filters]`, newTime as in {@link conv1d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or shorter than a window; DtypeError unless they are f32.
 */
export const separableConv1d: LayerDefinition<typeof SeparableConv1D> = defineLayer(
  "separable_conv1d",
  SeparableConv1D,
  separableConvLayerOptions,
);

/** The layer that {@link separableConv2d} makes. */
export class SeparableConv2D extends SeparableConv<2> {
  constructor(options: SeparableConvLayerOptions<2>) {
    super(separableConv2d, 2, depthwise.separableConv2d, options);
  }
}

/**
 * Depthwise 2D convolution, then a pointwise one that mixes its channels. Weights: depthwiseKernel
 * `[...kernelSize, channels, depthMultiplier]`, kernel `[1, 1, channels depthMultiplier, filters]`, bias `[filters]`.
 * Shapes: `[batch, height, width, channels]` -> `[batch, newHeight, newWidth, filters]`, sizes as in {@link conv2d}.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, with other channels than those
 * it was built for or smaller than a window; DtypeError unless they are f32.
 */
export const separableConv2d: LayerDefinition<typeof SeparableConv2D> = defineLayer(
  "separable_conv2d",
  SeparableConv2D,
  separableConvLayerOptions,
);
