// Base of all convolution layers: a window that slides along one, two or three axes, and the channels.
import {
  type ConvPadding,
  FORMS,
  type PerAxis,
  perAxis,
  type Rank,
  type ReadOptions,
  readOptions,
  slideOver,
  type WindowOptions,
} from "../ops/lower/conv-geometry.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { KernelLayer, type KernelLayerOptions, type KernelOptions } from "./kernel-layer.ts";
import type { LayerKind } from "./layer.ts";

/** Options of all convolutions over `R` axes. */
export interface ConvolutionOptions<R extends Rank, P extends ConvPadding<R> = ConvPadding<R>>
  extends KernelLayerOptions,
    WindowOptions<R, P> {
  /** Size of the window, one number for all axes or one for each. */
  kernelSize: PerAxis<R>;
}

/** A window that slides over data of one rank, and the channels they have. */
export abstract class Convolution<R extends Rank, P extends ConvPadding<R>> extends KernelLayer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: ConvPadding<Rank>;
  readonly dilationRate: readonly number[];
  /** The window options for the ops. */
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
export type Op<Options> = (x: Tensor, filters: Tensor, bias: Tensor | undefined, options: Options) => Tensor;
