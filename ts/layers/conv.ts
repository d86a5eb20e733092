// Convolutions over sequences, images and volumes: [batch, ...sizes, channels], channels last only.

import {
  convLayerOptions,
  convTransposeLayerOptions,
  depthwiseConvLayerOptions,
  separableConvLayerOptions,
} from "../generated/options.ts";
import * as conv from "../ops/conv.ts";
import * as depthwise from "../ops/depthwise.ts";
import {
  type ConvPadding,
  FORMS,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  type ReadOptions,
  readOptions,
  slideOver,
  spreadOver,
  type WindowOptions,
} from "../ops/lower/conv-geometry.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { ownCopy } from "./config.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import { KernelLayer, type KernelLayerOptions, type KernelOptions } from "./kernel-layer.ts";
import { type LayerKind, requireCount } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of all convolutions over `R` axes. */
export interface ConvolutionOptions<R extends Rank, P extends ConvPadding<R> = ConvPadding<R>>
  extends KernelLayerOptions,
    WindowOptions<R, P> {
  /** Numbers of the window along each axis. */
  kernelSize: PerAxis<R>;
}

/** A window that slides over data of one rank, and the channels they have. */
abstract class Convolution<R extends Rank, P extends ConvPadding<R>> extends KernelLayer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: ConvPadding<Rank>;
  readonly dilationRate: readonly number[];
  /** What the ops are told of the window. */
  protected readonly window: WindowOptions<R, P>;
  private readonly rank: R;
  private channels: number | undefined;

  constructor(
    kind: LayerKind,
    rank: R,
    options: ConvolutionOptions<R, P>,
    kernel: KernelOptions,
    mayBeCausal: boolean,
  ) {
    super(kind, options, kernel);
    const { kernelSize, strides, padding, dilationRate } = options;
    this.rank = rank;
    this.kernelSize = perAxis(this.name, "kernelSize", kernelSize, rank);
    const read = readOptions(this.name, rank, { strides, padding, dilationRate }, mayBeCausal);
    this.strides = read.strides;
    this.padding = read.padding;
    this.dilationRate = read.dilations;
    this.window = ownCopy({ strides, padding, dilationRate });
  }

  /** Notes the channels. */
  override build(inputShape: Shape): void {
    this.channels = inputShape[this.rank];
  }

  override get mixesSteps(): boolean {
    return this.kernelSize[0] > 1 || this.strides[0] > 1;
  }

  /** Sizes and channels of the data; ShapeError if they are of another rank, or have other channels than before. */
  protected readShape(inputShape: Shape): { sizes: Shape; channels: number } {
    const { rank } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    const channels = inputShape[rank];
    if (this.channels !== undefined && channels !== this.channels) {
      throw this.misfit(`keep the ${this.channels} channels it was built for`, inputShape);
    }
    return { sizes: inputShape.slice(0, rank), channels };
  }

  protected get readWindow(): ReadOptions {
    return { strides: this.strides, dilations: this.dilationRate, padding: this.padding };
  }

  /** The number of windows along each axis. */
  protected windowsOf(sizes: Shape): number[] {
    return slideOver(this.name, sizes, this.kernelSize, this.readWindow).map(({ windows }) => windows);
  }
}

/** An op of x, filters, a bias and options. */
type Op<Options> = (x: Tensor, filters: Tensor, bias: Tensor | undefined, options: Options) => Tensor;

/** What `conv1d`, `conv2d` and `conv3d` take. */
export interface ConvLayerOptions<R extends Rank> extends ConvolutionOptions<R>, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** The channels fall into groups, each with filters of its own; default 1. */
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

/** A convolution of sequences: [batch, time, channels] -> [batch, windows, filters]. */
export class Conv1D extends Conv<1> {
  constructor(options: ConvLayerOptions<1>) {
    super(["conv1d", Conv1D, convLayerOptions], 1, conv.conv1d, options);
  }
}

/** activation(conv(x, kernel) + bias) of sequences. */
export function conv1d(options: ConvLayerOptions<1>): Conv1D {
  return new Conv1D(options);
}

/** A convolution of images: [batch, height, width, channels] -> [batch, ...windows, filters]. */
export class Conv2D extends Conv<2> {
  constructor(options: ConvLayerOptions<2>) {
    super(["conv2d", Conv2D, convLayerOptions], 2, conv.conv2d, options);
  }
}

/** activation(conv(x, kernel) + bias) of images. */
export function conv2d(options: ConvLayerOptions<2>): Conv2D {
  return new Conv2D(options);
}

/** A convolution of volumes: [batch, depth, height, width, channels] -> [batch, ...windows, filters]. */
export class Conv3D extends Conv<3> {
  constructor(options: ConvLayerOptions<3>) {
    super(["conv3d", Conv3D, convLayerOptions], 3, conv.conv3d, options);
  }
}

/** activation(conv(x, kernel) + bias) of volumes. */
export function conv3d(options: ConvLayerOptions<3>): Conv3D {
  return new Conv3D(options);
}

/** What `conv1dTranspose`, `conv2dTranspose` and `conv3dTranspose` take. */
export interface ConvTransposeLayerOptions<R extends Rank> extends ConvolutionOptions<R, Padding>, KernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Numbers added at the end of each axis; default: as many as the largest image with this many windows has. */
  outputPadding?: PerAxis<R>;
  /** The channels fall into groups, each with filters of its own, as in PyTorch; default 1. */
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

/** The transposed convolution of sequences. */
export class Conv1DTranspose extends ConvTranspose<1> {
  constructor(options: ConvTransposeLayerOptions<1>) {
    super(["conv1d_transpose", Conv1DTranspose, convTransposeLayerOptions], 1, conv.conv1dTranspose, options);
  }
}

/** The transposed convolution, which makes sequences larger. */
export function conv1dTranspose(options: ConvTransposeLayerOptions<1>): Conv1DTranspose {
  return new Conv1DTranspose(options);
}

/** The transposed convolution of images. */
export class Conv2DTranspose extends ConvTranspose<2> {
  constructor(options: ConvTransposeLayerOptions<2>) {
    super(["conv2d_transpose", Conv2DTranspose, convTransposeLayerOptions], 2, conv.conv2dTranspose, options);
  }
}

/** The transposed convolution, which makes images larger. */
export function conv2dTranspose(options: ConvTransposeLayerOptions<2>): Conv2DTranspose {
  return new Conv2DTranspose(options);
}

/** The transposed convolution of volumes. */
export class Conv3DTranspose extends ConvTranspose<3> {
  constructor(options: ConvTransposeLayerOptions<3>) {
    super(["conv3d_transpose", Conv3DTranspose, convTransposeLayerOptions], 3, conv.conv3dTranspose, options);
  }
}

/** The transposed convolution, which makes volumes larger. */
export function conv3dTranspose(options: ConvTransposeLayerOptions<3>): Conv3DTranspose {
  return new Conv3DTranspose(options);
}

/** The kernel of a depthwise convolution. */
export interface DepthwiseKernelOptions {
  /** Output channels for each input channel; default 1. */
  depthMultiplier?: number;
  /** Default glorotUniform. */
  depthwiseInitializer?: InitializerLike;
  depthwiseRegularizer?: RegularizerLike;
  depthwiseConstraint?: ConstraintLike;
}

/** What `depthwiseConv1d` and `depthwiseConv2d` take. */
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

/** A convolution of each channel of sequences by itself. */
export class DepthwiseConv1D extends DepthwiseConv<1> {
  constructor(options: DepthwiseConvLayerOptions<1>) {
    super(["depthwise_conv1d", DepthwiseConv1D, depthwiseConvLayerOptions], 1, depthwise.depthwiseConv1d, options);
  }
}

/** A convolution of each channel of sequences with filters of its own. */
export function depthwiseConv1d(options: DepthwiseConvLayerOptions<1>): DepthwiseConv1D {
  return new DepthwiseConv1D(options);
}

/** A convolution of each channel of images by itself. */
export class DepthwiseConv2D extends DepthwiseConv<2> {
  constructor(options: DepthwiseConvLayerOptions<2>) {
    super(["depthwise_conv2d", DepthwiseConv2D, depthwiseConvLayerOptions], 2, depthwise.depthwiseConv2d, options);
  }
}

/** A convolution of each channel of images with filters of its own. */
export function depthwiseConv2d(options: DepthwiseConvLayerOptions<2>): DepthwiseConv2D {
  return new DepthwiseConv2D(options);
}

/** What `separableConv1d` and `separableConv2d` take. */
export interface SeparableConvLayerOptions<R extends 1 | 2> extends ConvolutionOptions<R>, DepthwiseKernelOptions {
  /** Number of output channels. */
  filters: number;
  /** Default glorotUniform. */
  pointwiseInitializer?: InitializerLike;
  pointwiseRegularizer?: RegularizerLike;
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

/** A depthwise convolution of sequences, then sums over its channels. */
export class SeparableConv1D extends SeparableConv<1> {
  constructor(options: SeparableConvLayerOptions<1>) {
    super(["separable_conv1d", SeparableConv1D, separableConvLayerOptions], 1, depthwise.separableConv1d, options);
  }
}

/** A depthwise convolution of sequences, then sums over its channels. */
export function separableConv1d(options: SeparableConvLayerOptions<1>): SeparableConv1D {
  return new SeparableConv1D(options);
}

/** A depthwise convolution of images, then sums over its channels. */
export class SeparableConv2D extends SeparableConv<2> {
  constructor(options: SeparableConvLayerOptions<2>) {
    super(["separable_conv2d", SeparableConv2D, separableConvLayerOptions], 2, depthwise.separableConv2d, options);
  }
}

/** A depthwise convolution of images, then sums over its channels. */
export function separableConv2d(options: SeparableConvLayerOptions<2>): SeparableConv2D {
  return new SeparableConv2D(options);
}

function requireGroups(name: string, groups: number, filters: number): void {
  requireCount(name, "groups", groups);
  if (filters % groups !== 0) {
    throw new ArgumentError(`${name}: filters must be a multiple of groups, got ${filters} and ${groups}`);
  }
}
