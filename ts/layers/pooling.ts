// Pooling: sequences, images and volumes [batch, ...sizes, channels] made smaller, channel by channel; channels last only.

import { adaptivePoolingOptions, globalPoolingOptions, poolingOptions } from "../generated/options.ts";
import * as adaptive from "../ops/adaptive-pool.ts";
import { div, maximum, mul } from "../ops/arithmetic.ts";
import { cast } from "../ops/compare.ts";
import { expandDims } from "../ops/layout.ts";
import {
  FORMS,
  type Padding,
  type PerAxis,
  perAxis,
  type Rank,
  type ReadOptions,
  readOptions,
  slideOver,
} from "../ops/lower/conv-geometry.ts";
import * as pool from "../ops/pool.ts";
import { sum } from "../ops/reduce.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { type CallContext, Layer, type LayerKind, type LayerOptions, type Masks } from "./layer.ts";

/** What `maxPooling1d` to `averagePooling3d` take. */
export interface PoolingOptions<R extends Rank> extends LayerOptions {
  /** Numbers of the window along each axis; default 2. */
  poolSize?: PerAxis<R>;
  /** Distance from window to window; default: their size. */
  strides?: PerAxis<R>;
  /** Default valid. */
  padding?: Padding;
}

abstract class Pooling<R extends Rank> extends Layer {
  readonly poolSize: readonly number[];
  private readonly rank: R;
  private readonly op: (x: Tensor, options: pool.PoolOptions<R>) => Tensor;
  private readonly window: pool.PoolOptions<R>;
  private readonly read: ReadOptions;

  constructor(
    kind: LayerKind,
    rank: R,
    op: (x: Tensor, options: pool.PoolOptions<R>) => Tensor,
    options: PoolingOptions<R>,
  ) {
    super(kind, options);
    const { poolSize = 2, strides = poolSize, padding } = options;
    this.rank = rank;
    this.op = op;
    this.poolSize = perAxis(this.name, "poolSize", poolSize, rank);
    this.read = readOptions(this.name, rank, { strides, padding });
    this.window = ownCopy({ poolSize, strides, padding });
  }

  get strides(): readonly number[] {
    return this.read.strides;
  }

  override get mixesSteps(): boolean {
    return this.poolSize[0] > 1 || this.strides[0] > 1;
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, name, poolSize, read } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    const axes = slideOver(name, inputShape.slice(0, rank), poolSize, read);
    return [...axes.map(({ windows }) => windows), inputShape[rank]];
  }

  call(x: AnyTensor): Tensor {
    return this.op(this.floats(x), this.window);
  }
}

/** The largest number of each window of sequences. */
export class MaxPooling1D extends Pooling<1> {
  constructor(options: PoolingOptions<1> = {}) {
    super(["max_pooling1d", MaxPooling1D, poolingOptions], 1, pool.maxPool1d, options);
  }
}

/** The largest number of each window of sequences. */
export function maxPooling1d(options?: PoolingOptions<1>): MaxPooling1D {
  return new MaxPooling1D(options);
}

/** The largest number of each window of images. */
export class MaxPooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(["max_pooling2d", MaxPooling2D, poolingOptions], 2, pool.maxPool2d, options);
  }
}

/** The largest number of each window of images. */
export function maxPooling2d(options?: PoolingOptions<2>): MaxPooling2D {
  return new MaxPooling2D(options);
}

/** The largest number of each window of volumes. */
export class MaxPooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(["max_pooling3d", MaxPooling3D, poolingOptions], 3, pool.maxPool3d, options);
  }
}

/** The largest number of each window of volumes. */
export function maxPooling3d(options?: PoolingOptions<3>): MaxPooling3D {
  return new MaxPooling3D(options);
}

/** The mean of each window of sequences; what lies outside does not count. */
export class AveragePooling1D extends Pooling<1> {
  constructor(options: PoolingOptions<1> = {}) {
    super(["average_pooling1d", AveragePooling1D, poolingOptions], 1, pool.avgPool1d, options);
  }
}

/** The mean of each window of sequences. */
export function averagePooling1d(options?: PoolingOptions<1>): AveragePooling1D {
  return new AveragePooling1D(options);
}

/** The mean of each window of images; what lies outside does not count. */
export class AveragePooling2D extends Pooling<2> {
  constructor(options: PoolingOptions<2> = {}) {
    super(["average_pooling2d", AveragePooling2D, poolingOptions], 2, pool.avgPool2d, options);
  }
}

/** The mean of each window of images. */
export function averagePooling2d(options?: PoolingOptions<2>): AveragePooling2D {
  return new AveragePooling2D(options);
}

/** The mean of each window of volumes; what lies outside does not count. */
export class AveragePooling3D extends Pooling<3> {
  constructor(options: PoolingOptions<3> = {}) {
    super(["average_pooling3d", AveragePooling3D, poolingOptions], 3, pool.avgPool3d, options);
  }
}

/** The mean of each window of volumes. */
export function averagePooling3d(options?: PoolingOptions<3>): AveragePooling3D {
  return new AveragePooling3D(options);
}

/** What `globalAveragePooling1d` to `globalMaxPooling3d` take. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the pooled axes stay, with size 1; default false. */
  keepDims?: boolean;
}

abstract class GlobalPooling extends Layer {
  readonly keepDims: boolean;
  private readonly rank: Rank;
  private readonly op: (x: Tensor, keepDims: boolean) => Tensor;

  constructor(
    kind: LayerKind,
    rank: Rank,
    op: (x: Tensor, keepDims: boolean) => Tensor,
    options: GlobalPoolingOptions,
  ) {
    super(kind, options);
    this.keepDims = options.keepDims ?? false;
    this.rank = rank;
    this.op = op;
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank, keepDims } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    return [...new Array<number>(keepDims ? rank : 0).fill(1), inputShape[rank]];
  }

  /** No steps are left that a mask could name. */
  override outputMask(): Masks {
    return undefined;
  }

  call(x: AnyTensor, _context: CallContext): Tensor {
    return this.op(this.floats(x), this.keepDims);
  }
}

/**
 * The mean of each channel of sequences: [batch, channels]. With a mask, of the steps that count; zeros where none do,
 * where Keras has NaN.
 */
export class GlobalAveragePooling1D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(
      ["global_average_pooling1d", GlobalAveragePooling1D, globalPoolingOptions],
      1,
      pool.globalAveragePool1d,
      options,
    );
  }

  override get supportsMasking(): boolean {
    return true;
  }

  /** The mean over the steps that the mask counts. */
  override call(x: AnyTensor, context: CallContext): Tensor {
    const { mask } = context;
    if (mask === undefined) return super.call(x, context);
    const counted = expandDims(cast(mask as AnyTensor, "f32"), -1);
    const total = sum(mul(this.floats(x), counted), 1, this.keepDims);
    return div(total, maximum(sum(counted, 1, this.keepDims), 1));
  }
}

/** The mean of each channel of sequences. */
export function globalAveragePooling1d(options?: GlobalPoolingOptions): GlobalAveragePooling1D {
  return new GlobalAveragePooling1D(options);
}

/** The mean of each channel of images: [batch, channels]. */
export class GlobalAveragePooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(
      ["global_average_pooling2d", GlobalAveragePooling2D, globalPoolingOptions],
      2,
      pool.globalAveragePool2d,
      options,
    );
  }
}

/** The mean of each channel of images. */
export function globalAveragePooling2d(options?: GlobalPoolingOptions): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(options);
}

/** The mean of each channel of volumes: [batch, channels]. */
export class GlobalAveragePooling3D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(
      ["global_average_pooling3d", GlobalAveragePooling3D, globalPoolingOptions],
      3,
      pool.globalAveragePool3d,
      options,
    );
  }
}

/** The mean of each channel of volumes. */
export function globalAveragePooling3d(options?: GlobalPoolingOptions): GlobalAveragePooling3D {
  return new GlobalAveragePooling3D(options);
}

/** The largest number of each channel of sequences: [batch, channels]. */
export class GlobalMaxPooling1D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(["global_max_pooling1d", GlobalMaxPooling1D, globalPoolingOptions], 1, pool.globalMaxPool1d, options);
  }
}

/** The largest number of each channel of sequences. */
export function globalMaxPooling1d(options?: GlobalPoolingOptions): GlobalMaxPooling1D {
  return new GlobalMaxPooling1D(options);
}

/** The largest number of each channel of images: [batch, channels]. */
export class GlobalMaxPooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(["global_max_pooling2d", GlobalMaxPooling2D, globalPoolingOptions], 2, pool.globalMaxPool2d, options);
  }
}

/** The largest number of each channel of images. */
export function globalMaxPooling2d(options?: GlobalPoolingOptions): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(options);
}

/** The largest number of each channel of volumes: [batch, channels]. */
export class GlobalMaxPooling3D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(["global_max_pooling3d", GlobalMaxPooling3D, globalPoolingOptions], 3, pool.globalMaxPool3d, options);
  }
}

/** The largest number of each channel of volumes. */
export function globalMaxPooling3d(options?: GlobalPoolingOptions): GlobalMaxPooling3D {
  return new GlobalMaxPooling3D(options);
}

/** What `adaptiveAveragePooling1d` to `adaptiveMaxPooling3d` take. */
export interface AdaptivePoolingOptions<R extends Rank> extends LayerOptions {
  /** Number of windows along each axis. */
  outputSize: PerAxis<R>;
}

/** Windows spread evenly: number i of n over s numbers is from floor(i s / n) to before ceil((i + 1) s / n). */
abstract class AdaptivePooling<R extends Rank> extends Layer {
  readonly outputSize: readonly number[];
  private readonly rank: R;
  private readonly op: (x: Tensor, outputSize: PerAxis<R>) => Tensor;
  private readonly given: PerAxis<R>;

  constructor(
    kind: LayerKind,
    rank: R,
    op: (x: Tensor, outputSize: PerAxis<R>) => Tensor,
    options: AdaptivePoolingOptions<R>,
  ) {
    super(kind, options);
    this.outputSize = perAxis(this.name, "outputSize", options.outputSize, rank);
    this.given = ownCopy(options.outputSize);
    this.rank = rank;
    this.op = op;
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputShape(inputShape: Shape): Shape {
    const { rank } = this;
    if (inputShape.length !== rank + 1) throw this.misfit(`be ${FORMS[rank]}`, inputShape);
    return [...this.outputSize, inputShape[rank]];
  }

  call(x: AnyTensor): Tensor {
    return this.op(this.floats(x), this.given);
  }
}

/** The mean of each of evenly spread windows of sequences. */
export class AdaptiveAveragePooling1D extends AdaptivePooling<1> {
  constructor(options: AdaptivePoolingOptions<1>) {
    super(
      ["adaptive_average_pooling1d", AdaptiveAveragePooling1D, adaptivePoolingOptions],
      1,
      adaptive.adaptiveAveragePool1d,
      options,
    );
  }
}

/** The means of as many windows of sequences as are wanted. */
export function adaptiveAveragePooling1d(options: AdaptivePoolingOptions<1>): AdaptiveAveragePooling1D {
  return new AdaptiveAveragePooling1D(options);
}

/** The mean of each of evenly spread windows of images. */
export class AdaptiveAveragePooling2D extends AdaptivePooling<2> {
  constructor(options: AdaptivePoolingOptions<2>) {
    super(
      ["adaptive_average_pooling2d", AdaptiveAveragePooling2D, adaptivePoolingOptions],
      2,
      adaptive.adaptiveAveragePool2d,
      options,
    );
  }
}

/** The means of as many windows of images as are wanted. */
export function adaptiveAveragePooling2d(options: AdaptivePoolingOptions<2>): AdaptiveAveragePooling2D {
  return new AdaptiveAveragePooling2D(options);
}

/** The mean of each of evenly spread windows of volumes. */
export class AdaptiveAveragePooling3D extends AdaptivePooling<3> {
  constructor(options: AdaptivePoolingOptions<3>) {
    super(
      ["adaptive_average_pooling3d", AdaptiveAveragePooling3D, adaptivePoolingOptions],
      3,
      adaptive.adaptiveAveragePool3d,
      options,
    );
  }
}

/** The means of as many windows of volumes as are wanted. */
export function adaptiveAveragePooling3d(options: AdaptivePoolingOptions<3>): AdaptiveAveragePooling3D {
  return new AdaptiveAveragePooling3D(options);
}

/** The largest number of each of evenly spread windows of sequences. */
export class AdaptiveMaxPooling1D extends AdaptivePooling<1> {
  constructor(options: AdaptivePoolingOptions<1>) {
    super(
      ["adaptive_max_pooling1d", AdaptiveMaxPooling1D, adaptivePoolingOptions],
      1,
      adaptive.adaptiveMaxPool1d,
      options,
    );
  }
}

/** The largest numbers of as many windows of sequences as are wanted. */
export function adaptiveMaxPooling1d(options: AdaptivePoolingOptions<1>): AdaptiveMaxPooling1D {
  return new AdaptiveMaxPooling1D(options);
}

/** The largest number of each of evenly spread windows of images. */
export class AdaptiveMaxPooling2D extends AdaptivePooling<2> {
  constructor(options: AdaptivePoolingOptions<2>) {
    super(
      ["adaptive_max_pooling2d", AdaptiveMaxPooling2D, adaptivePoolingOptions],
      2,
      adaptive.adaptiveMaxPool2d,
      options,
    );
  }
}

/** The largest numbers of as many windows of images as are wanted. */
export function adaptiveMaxPooling2d(options: AdaptivePoolingOptions<2>): AdaptiveMaxPooling2D {
  return new AdaptiveMaxPooling2D(options);
}

/** The largest number of each of evenly spread windows of volumes. */
export class AdaptiveMaxPooling3D extends AdaptivePooling<3> {
  constructor(options: AdaptivePoolingOptions<3>) {
    super(
      ["adaptive_max_pooling3d", AdaptiveMaxPooling3D, adaptivePoolingOptions],
      3,
      adaptive.adaptiveMaxPool3d,
      options,
    );
  }
}

/** The largest numbers of as many windows of volumes as are wanted. */
export function adaptiveMaxPooling3d(options: AdaptivePoolingOptions<3>): AdaptiveMaxPooling3D {
  return new AdaptiveMaxPooling3D(options);
}
