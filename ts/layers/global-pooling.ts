// Global pooling: the mean or maximum of each channel of sequences, images and volumes `[batch, ...sizes, channels]`.
import { globalPoolingOptions } from "../generated/options.ts";
import { div, maximum, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast } from "../ops/compare.ts";
import { expandDims } from "../ops/layout.ts";
import { FORMS, type Rank } from "../ops/lower/conv-geometry.ts";
import * as pool from "../ops/pool.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import {
  type CallContext,
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
} from "./layer.ts";

/** Options of {@link globalAveragePooling1d} to {@link globalMaxPooling3d}. */
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

/** The layer that {@link globalAveragePooling1d} makes. */
export class GlobalAveragePooling1D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalAveragePooling1d, 1, pool.globalAveragePool1d, options);
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

/**
 * Mean of each channel over time. With a mask, only over the steps that it keeps; 0 where it keeps none (Keras: NaN).
 * Shapes: `[batch, time, channels]` -> `[batch, channels]`, or `[batch, 1, channels]` with keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalAveragePooling1d: LayerDefinition<typeof GlobalAveragePooling1D> = defineLayer(
  "global_average_pooling1d",
  GlobalAveragePooling1D,
  globalPoolingOptions,
);

/** The layer that {@link globalAveragePooling2d} makes. */
export class GlobalAveragePooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalAveragePooling2d, 2, pool.globalAveragePool2d, options);
  }
}

/**
 * Mean of each channel over the image.
 * Shapes: `[batch, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, channels]` with keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalAveragePooling2d: LayerDefinition<typeof GlobalAveragePooling2D> = defineLayer(
  "global_average_pooling2d",
  GlobalAveragePooling2D,
  globalPoolingOptions,
);

/** The layer that {@link globalAveragePooling3d} makes. */
export class GlobalAveragePooling3D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalAveragePooling3d, 3, pool.globalAveragePool3d, options);
  }
}

/**
 * Mean of each channel over the volume.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, 1, channels]` with
 * keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalAveragePooling3d: LayerDefinition<typeof GlobalAveragePooling3D> = defineLayer(
  "global_average_pooling3d",
  GlobalAveragePooling3D,
  globalPoolingOptions,
);

/** The layer that {@link globalMaxPooling1d} makes. */
export class GlobalMaxPooling1D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalMaxPooling1d, 1, pool.globalMaxPool1d, options);
  }
}

/**
 * Maximum of each channel over time.
 * Shapes: `[batch, time, channels]` -> `[batch, channels]`, or `[batch, 1, channels]` with keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalMaxPooling1d: LayerDefinition<typeof GlobalMaxPooling1D> = defineLayer(
  "global_max_pooling1d",
  GlobalMaxPooling1D,
  globalPoolingOptions,
);

/** The layer that {@link globalMaxPooling2d} makes. */
export class GlobalMaxPooling2D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalMaxPooling2d, 2, pool.globalMaxPool2d, options);
  }
}

/**
 * Maximum of each channel over the image.
 * Shapes: `[batch, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, channels]` with keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalMaxPooling2d: LayerDefinition<typeof GlobalMaxPooling2D> = defineLayer(
  "global_max_pooling2d",
  GlobalMaxPooling2D,
  globalPoolingOptions,
);

/** The layer that {@link globalMaxPooling3d} makes. */
export class GlobalMaxPooling3D extends GlobalPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super(globalMaxPooling3d, 3, pool.globalMaxPool3d, options);
  }
}

/**
 * Maximum of each channel over the volume.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, channels]`, or `[batch, 1, 1, 1, channels]` with
 * keepDims.
 * Errors: ShapeError for inputs of another rank; DtypeError unless they are f32.
 */
export const globalMaxPooling3d: LayerDefinition<typeof GlobalMaxPooling3D> = defineLayer(
  "global_max_pooling3d",
  GlobalMaxPooling3D,
  globalPoolingOptions,
);
