// Adaptive pooling: windows spread evenly, so that the result has a given size; `[batch, ...sizes, channels]`.
import { adaptivePoolingOptions } from "../generated/options.ts";
import * as adaptive from "../ops/adaptive-pool.ts";
import { FORMS, type PerAxis, perAxis, type Rank } from "../ops/lower/conv-geometry.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { defineLayer, Layer, type LayerDefinition, type LayerKind, type LayerOptions } from "./layer.ts";

/** Options of {@link adaptiveAveragePooling1d} to {@link adaptiveMaxPooling3d}. */
export interface AdaptivePoolingOptions<R extends Rank> extends LayerOptions {
  /** Size of the result, one number for all axes or one for each. */
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

/** The layer that {@link adaptiveAveragePooling1d} makes. */
export class AdaptiveAveragePooling1D extends AdaptivePooling<1> {
  constructor(options: AdaptivePoolingOptions<1>) {
    super(adaptiveAveragePooling1d, 1, adaptive.adaptiveAveragePool1d, options);
  }
}

/**
 * Average pooling to a given length: window i of n covers steps floor(i time / n) to ceil((i + 1) time / n) - 1.
 * Shapes: `[batch, time, channels]` -> `[batch, outputSize, channels]`.
 * Errors: ArgumentError unless outputSize is a whole number of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveAveragePooling1d: LayerDefinition<typeof AdaptiveAveragePooling1D> = defineLayer(
  "adaptive_average_pooling1d",
  AdaptiveAveragePooling1D,
  adaptivePoolingOptions,
);

/** The layer that {@link adaptiveAveragePooling2d} makes. */
export class AdaptiveAveragePooling2D extends AdaptivePooling<2> {
  constructor(options: AdaptivePoolingOptions<2>) {
    super(adaptiveAveragePooling2d, 2, adaptive.adaptiveAveragePool2d, options);
  }
}

/**
 * Average pooling to a given size: window i of n covers pixels floor(i size / n) to ceil((i + 1) size / n) - 1.
 * Shapes: `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveAveragePooling2d: LayerDefinition<typeof AdaptiveAveragePooling2D> = defineLayer(
  "adaptive_average_pooling2d",
  AdaptiveAveragePooling2D,
  adaptivePoolingOptions,
);

/** The layer that {@link adaptiveAveragePooling3d} makes. */
export class AdaptiveAveragePooling3D extends AdaptivePooling<3> {
  constructor(options: AdaptivePoolingOptions<3>) {
    super(adaptiveAveragePooling3d, 3, adaptive.adaptiveAveragePool3d, options);
  }
}

/**
 * Average pooling to a given size: window i of n covers voxels floor(i size / n) to ceil((i + 1) size / n) - 1.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveAveragePooling3d: LayerDefinition<typeof AdaptiveAveragePooling3D> = defineLayer(
  "adaptive_average_pooling3d",
  AdaptiveAveragePooling3D,
  adaptivePoolingOptions,
);

/** The layer that {@link adaptiveMaxPooling1d} makes. */
export class AdaptiveMaxPooling1D extends AdaptivePooling<1> {
  constructor(options: AdaptivePoolingOptions<1>) {
    super(adaptiveMaxPooling1d, 1, adaptive.adaptiveMaxPool1d, options);
  }
}

/**
 * Max pooling to a given length: window i of n covers steps floor(i time / n) to ceil((i + 1) time / n) - 1.
 * Shapes: `[batch, time, channels]` -> `[batch, outputSize, channels]`.
 * Errors: ArgumentError unless outputSize is a whole number of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveMaxPooling1d: LayerDefinition<typeof AdaptiveMaxPooling1D> = defineLayer(
  "adaptive_max_pooling1d",
  AdaptiveMaxPooling1D,
  adaptivePoolingOptions,
);

/** The layer that {@link adaptiveMaxPooling2d} makes. */
export class AdaptiveMaxPooling2D extends AdaptivePooling<2> {
  constructor(options: AdaptivePoolingOptions<2>) {
    super(adaptiveMaxPooling2d, 2, adaptive.adaptiveMaxPool2d, options);
  }
}

/**
 * Max pooling to a given size: window i of n covers pixels floor(i size / n) to ceil((i + 1) size / n) - 1.
 * Shapes: `[batch, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveMaxPooling2d: LayerDefinition<typeof AdaptiveMaxPooling2D> = defineLayer(
  "adaptive_max_pooling2d",
  AdaptiveMaxPooling2D,
  adaptivePoolingOptions,
);

/** The layer that {@link adaptiveMaxPooling3d} makes. */
export class AdaptiveMaxPooling3D extends AdaptivePooling<3> {
  constructor(options: AdaptivePoolingOptions<3>) {
    super(adaptiveMaxPooling3d, 3, adaptive.adaptiveMaxPool3d, options);
  }
}

/**
 * Max pooling to a given size: window i of n covers voxels floor(i size / n) to ceil((i + 1) size / n) - 1.
 * Shapes: `[batch, depth, height, width, channels]` -> `[batch, ...outputSize, channels]`.
 * Errors: ArgumentError unless outputSize holds whole numbers of at least 1; ShapeError for inputs of another rank;
 * DtypeError unless they are f32.
 */
export const adaptiveMaxPooling3d: LayerDefinition<typeof AdaptiveMaxPooling3D> = defineLayer(
  "adaptive_max_pooling3d",
  AdaptiveMaxPooling3D,
  adaptivePoolingOptions,
);
