// Position embeddings: trained, sinusoidal and rotary. In a cached step the positions are the cache's.
import { requireTensor } from "../autograd/op.ts";
import { positionEmbeddingOptions, rotaryEmbeddingOptions, sinePositionEncodingOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { positions, rotary } from "../ops/attention.ts";
import { where } from "../ops/compare.ts";
import { cos, sin } from "../ops/elementwise.ts";
import { reshape, slice } from "../ops/layout.ts";
import { requireIndices } from "../ops/lower/indices.ts";
import { pickSlices } from "../ops/lower/picking.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { tensor } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import { currentCache } from "./key-value-cache.ts";
import {
  type CallContext,
  defineLayer,
  Layer,
  type LayerDefinition,
  type LayerOptions,
  type Masks,
  perExample,
  requireCount,
} from "./layer.ts";
import { firstMask } from "./masks.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of {@link positionEmbedding}. */
export interface PositionEmbeddingOptions extends LayerOptions {
  /** Maximum number of steps: rows of the table. */
  sequenceLength: number;
  /** Default glorotUniform. */
  embeddingsInitializer?: InitializerLike;
  /** Default: none. */
  embeddingsRegularizer?: RegularizerLike;
  /** Default: none. */
  embeddingsConstraint?: ConstraintLike;
}

/** The layer that {@link positionEmbedding} makes. */
export class PositionEmbedding extends Layer {
  readonly sequenceLength: number;
  /** The table; there once the layer is built. */
  embeddings!: Variable;
  private readonly embeddingsOptions: ShapelessWeightOptions;

  constructor(options: PositionEmbeddingOptions) {
    super(positionEmbedding, options);
    const { sequenceLength, embeddingsInitializer = "glorotUniform" } = options;
    requireCount(this.name, "sequenceLength", sequenceLength);
    this.sequenceLength = sequenceLength;
    const { embeddingsRegularizer, embeddingsConstraint } = options;
    this.embeddingsOptions = weightOptions(embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint);
  }

  override build(inputShape: Shape): void {
    const shape = [this.sequenceLength, inputShape[1]];
    this.embeddings = this.addWeight("embeddings", { shape, ...this.embeddingsOptions });
  }

  override outputShape(inputShape: Shape): Shape {
    requireSequence(this, inputShape);
    if (inputShape[0] > this.sequenceLength) throw this.misfit(`have at most ${this.sequenceLength} steps`, inputShape);
    return inputShape;
  }

  call(x: AnyTensor, { mask }: CallContext): Tensor {
    requireTensor(this.name, "inputs", x);
    const [, time, features] = x.shape;
    const at = positionsOf(this, x, mask);
    const rows = at === undefined ? slice(this.embeddings, [0, 0], [time, features]) : this.rowsAt(at);
    return add(this.floats(x), rows as Tensor);
  }

  private rowsAt(positions: Tensor<"i32">): Tensor {
    requireIndices(this.name, "positions", positions, this.sequenceLength);
    return pickSlices(this.embeddings, positions, 0);
  }
}

/** Options of {@link sinePositionEncoding}. */
export interface SinePositionEncodingOptions extends LayerOptions {
  /** Upper bound of the wavelengths; default 10,000. */
  maxWavelength?: number;
}

/** The layer that {@link sinePositionEncoding} makes. */
export class SinePositionEncoding extends Layer {
  readonly maxWavelength: number;

  constructor(options: SinePositionEncodingOptions = {}) {
    super(sinePositionEncoding, options);
    this.maxWavelength = requireWavelength(this.name, options.maxWavelength);
  }

  override outputShape(inputShape: Shape): Shape {
    requireSequence(this, inputShape);
    return inputShape;
  }

  call(x: AnyTensor, { mask }: CallContext): Tensor {
    requireTensor(this.name, "inputs", x);
    const [, time, features] = x.shape;
    const steps = positions(time, positionsOf(this, x, mask));
    const at = reshape(steps, [...steps.shape, 1]) as Tensor;
    const even = Array.from({ length: features }, (_, i) => i - (i % 2));
    const angles = mul(at, tensor(even.map((i) => this.maxWavelength ** (-i / features))));
    const isSine = tensor(even.map((i, feature) => i === feature));
    return add(this.floats(x), where(isSine, sin(angles), cos(angles)));
  }
}

/** Options of {@link rotaryEmbedding}. */
export interface RotaryEmbeddingOptions extends LayerOptions {
  /** Upper bound of the wavelengths of the rotations; default 10,000. */
  maxWavelength?: number;
}

/** The layer that {@link rotaryEmbedding} makes. */
export class RotaryEmbedding extends Layer {
  readonly maxWavelength: number;

  constructor(options: RotaryEmbeddingOptions = {}) {
    super(rotaryEmbedding, options);
    this.maxWavelength = requireWavelength(this.name, options.maxWavelength);
  }

  override outputShape(inputShape: Shape): Shape {
    const { length } = inputShape;
    if (length < 2 || length > 3 || inputShape[length - 1] % 2 !== 0) {
      throw this.misfit("have axes time, heads (or none) and an even number of features", inputShape);
    }
    return inputShape;
  }

  call(x: AnyTensor, { mask }: CallContext): Tensor {
    const inputs = this.floats(x);
    const rows = x.rank === 4 ? inputs : (reshape(inputs, x.shape.toSpliced(2, 0, 1)) as Tensor);
    const y = rotary(rows, { position: positionsOf(this, x, mask), maxWavelength: this.maxWavelength });
    return x.rank === 4 ? y : (reshape(y, x.shape) as Tensor);
  }
}

/** Positions of a cached step's tokens; undefined outside of one, where the first is at 0. */
function positionsOf(layer: Layer, x: AnyTensor, mask: Masks): Tensor<"i32"> | undefined {
  return currentCache()?.of(layer, x, firstMask(mask)).at;
}

function requireSequence(layer: Layer, inputShape: Shape): void {
  if (inputShape.length === 2) return;
  throw new ShapeError(`${layer.name}: inputs must be [batch, time, features], got shape ${perExample(inputShape)}`);
}

function requireWavelength(name: string, maxWavelength = 10_000): number {
  if (maxWavelength > 1) return maxWavelength;
  throw new ArgumentError(`${name}: maxWavelength must be greater than 1, got ${maxWavelength}`);
}

/**
 * Adds a trained embedding of its position to each step. Weight: embeddings `[sequenceLength, features]`. KerasHub's
 * layer of this name returns the embeddings without x.
 * Shapes: `[batch, time, features]` -> the same, time at most sequenceLength.
 * Errors: ArgumentError for a sequenceLength below 1; ShapeError for inputs of another rank or longer than it;
 * DtypeError unless they are f32.
 */
export const positionEmbedding: LayerDefinition<typeof PositionEmbedding> = defineLayer(
  "position_embedding",
  PositionEmbedding,
  positionEmbeddingOptions,
);

/**
 * Adds sinusoidal position encodings: sin(t w) at feature 2 i and cos(t w) at 2 i + 1, w = maxWavelength^(-2 i /
 * features). KerasHub's layer of this name returns them without x.
 * Shapes: `[batch, time, features]` -> the same.
 * Errors: ArgumentError unless maxWavelength is above 1; ShapeError for inputs of another rank; DtypeError unless they
 * are f32. Source: Vaswani et al. 2017.
 */
export const sinePositionEncoding: LayerDefinition<typeof SinePositionEncoding> = defineLayer(
  "sine_position_encoding",
  SinePositionEncoding,
  sinePositionEncodingOptions,
);

/**
 * Rotary position embedding of queries or keys: features i and i + size / 2 are rotated together by an angle
 * proportional to the position, as in KerasHub.
 * Shapes: `[batch, time, heads, size]` or `[batch, time, size]` -> the same, size even.
 * Errors: ArgumentError unless maxWavelength is above 1; ShapeError for other axes or an odd size; DtypeError unless
 * inputs are f32. Source: Su et al. 2021, RoFormer.
 */
export const rotaryEmbedding: LayerDefinition<typeof RotaryEmbedding> = defineLayer(
  "rotary_embedding",
  RotaryEmbedding,
  rotaryEmbeddingOptions,
);
