// Pooling: images [batch, height, width, channels] made smaller, channel by channel.
import { avgPool2d, globalAveragePool2d, globalMaxPool2d, maxPool2d } from "../ops/pool.ts";
import { type Padding, type Pair, pairOf, readOptions, slideAlong } from "../ops/window.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Layer, type LayerOptions } from "./layer.ts";

/** What `maxPooling2d` and `averagePooling2d` take. */
export interface PoolingOptions extends LayerOptions {
  /** Height and width of the window; default 2. */
  poolSize?: Pair;
  /** Distance from window to window; default: their size. */
  strides?: Pair;
  /** Default valid. */
  padding?: Padding;
}

abstract class Pooling extends Layer {
  readonly poolSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: Padding;

  constructor(kind: string, options: PoolingOptions) {
    super(kind, options);
    this.poolSize = pairOf(this.name, "poolSize", options.poolSize ?? 2);
    const { strides, padding } = readOptions(this.name, {
      strides: options.strides ?? this.poolSize,
      padding: options.padding,
    });
    this.strides = strides;
    this.padding = padding;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.misfit("be images [batch, height, width, channels]", inputShape);
    const [height, width, channels] = inputShape;
    const along = (size: number, axis: 0 | 1): number =>
      slideAlong(this.name, size, this.poolSize[axis], this.strides[axis], 1, this.padding).windows;
    return [along(height, 0), along(width, 1), channels];
  }
}

/** The largest number of each window. */
export class MaxPooling2D extends Pooling {
  constructor(options: PoolingOptions = {}) {
    super("max_pooling2d", options);
  }

  call(x: AnyTensor): Tensor {
    const { poolSize, strides, padding } = this;
    return maxPool2d(this.floats(x), { poolSize, strides, padding });
  }
}

/** The largest number of each window. */
export function maxPooling2d(options?: PoolingOptions): MaxPooling2D {
  return new MaxPooling2D(options);
}

/** The mean of each window; what lies outside the image does not count. */
export class AveragePooling2D extends Pooling {
  constructor(options: PoolingOptions = {}) {
    super("average_pooling2d", options);
  }

  call(x: AnyTensor): Tensor {
    const { poolSize, strides, padding } = this;
    return avgPool2d(this.floats(x), { poolSize, strides, padding });
  }
}

/** The mean of each window. */
export function averagePooling2d(options?: PoolingOptions): AveragePooling2D {
  return new AveragePooling2D(options);
}

/** What `globalAveragePooling2d` and `globalMaxPooling2d` take. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether height and width stay, with size 1; default false. */
  keepDims?: boolean;
}

abstract class GlobalPooling extends Layer {
  readonly keepDims: boolean;

  constructor(kind: string, options: GlobalPoolingOptions) {
    super(kind, options);
    this.keepDims = options.keepDims ?? false;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.misfit("be images [batch, height, width, channels]", inputShape);
    const channels = inputShape[2];
    return this.keepDims ? [1, 1, channels] : [channels];
  }
}

/** The mean of each channel: [batch, channels]. */
export class GlobalAveragePooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super("global_average_pooling2d", options);
  }

  call(x: AnyTensor): Tensor {
    return globalAveragePool2d(this.floats(x), this.keepDims);
  }
}

/** The mean of each channel. */
export function globalAveragePooling2d(options?: GlobalPoolingOptions): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(options);
}

/** The largest number of each channel: [batch, channels]. */
export class GlobalMaxPooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super("global_max_pooling2d", options);
  }

  call(x: AnyTensor): Tensor {
    return globalMaxPool2d(this.floats(x), this.keepDims);
  }
}

/** The largest number of each channel. */
export function globalMaxPooling2d(options?: GlobalPoolingOptions): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(options);
}
