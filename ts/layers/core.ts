// Layers that reshape, drop, look up, or apply a function to each number.
import { embedding } from "../ops/gather.ts";
import { reshape } from "../ops/layout.ts";
import { dropout, Generator } from "../ops/random.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { type Activation as ActivationFunction, type ActivationLike, getActivation } from "./activations.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import { type CallContext, Layer, type LayerOptions, requireCount } from "./layer.ts";
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers.ts";

/** All axes but the batch made into one: [batch, ...] -> [batch, features]. */
export class Flatten extends Layer {
  constructor(options: LayerOptions = {}) {
    super("flatten", options);
  }

  override outputShape(inputShape: Shape): Shape {
    return [sizeOf(inputShape)];
  }

  call(x: AnyTensor): Tensor {
    return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]) as Tensor;
  }
}

/** What `reshape` takes. */
export interface ReshapeOptions extends LayerOptions {
  /** Shape of one example's output; one size may be -1 and then follows from the others. */
  targetShape: Shape;
}

/** The same numbers in another shape: [batch, ...] -> [batch, ...targetShape]. */
export class Reshape extends Layer {
  readonly targetShape: Shape;

  constructor(options: ReshapeOptions) {
    super("reshape", options);
    const { targetShape } = options;
    const fits =
      Array.isArray(targetShape) && targetShape.every((size) => Number.isInteger(size) && (size > 0 || size === -1));
    if (!fits || targetShape.indexOf(-1) !== targetShape.lastIndexOf(-1)) {
      const got = Array.isArray(targetShape) ? formatShape(targetShape) : typeof targetShape;
      throw new ArgumentError(
        `${this.name}: targetShape must hold sizes of at least 1, one of them perhaps -1, got ${got}`,
      );
    }
    this.targetShape = targetShape;
  }

  override outputShape(inputShape: Shape): Shape {
    const known = sizeOf(this.targetShape.filter((size) => size !== -1));
    const missing = sizeOf(inputShape) / known;
    if (this.targetShape.includes(-1) ? !Number.isInteger(missing) : missing !== 1) {
      throw this.misfit(`have as many numbers an example as ${formatShape(this.targetShape)}`, inputShape);
    }
    return this.targetShape.map((size) => (size === -1 ? missing : size));
  }

  call(x: AnyTensor): Tensor {
    return reshape(x, [x.shape[0], ...this.outputShape(x.shape.slice(1))]) as Tensor;
  }
}

/** What `activation` takes. */
export interface ActivationOptions extends LayerOptions {
  activation: ActivationLike;
}

/** A function of each number, or of each row for softmax. */
export class Activation extends Layer {
  readonly activation: ActivationFunction;

  constructor(options: ActivationOptions) {
    super("activation", options);
    this.activation = getActivation(options.activation);
  }

  call(x: AnyTensor): Tensor {
    return this.activation(this.floats(x));
  }
}

/** What `dropout` takes. */
export interface DropoutOptions extends LayerOptions {
  /** Probability that a number is dropped, at least 0 and less than 1. */
  rate: number;
  /** A seed of its own; default: the default generator draws. */
  seed?: number;
}

/** In training, zeroes each number with probability `rate` and divides the others by 1 - rate; else does nothing. */
export class Dropout extends Layer {
  readonly rate: number;
  private readonly generator: Generator | undefined;

  constructor(options: DropoutOptions) {
    super("dropout", options);
    const { rate, seed } = options;
    if (!(rate >= 0 && rate < 1))
      throw new ArgumentError(`${this.name}: rate must be at least 0 and less than 1, got ${rate}`);
    this.rate = rate;
    this.generator = seed === undefined ? undefined : new Generator(seed);
  }

  call(x: AnyTensor, { training }: CallContext): Tensor {
    const inputs = this.floats(x);
    return training ? dropout(inputs, this.rate, { generator: this.generator }) : inputs;
  }

  override dispose(): void {
    super.dispose();
    this.generator?.state.dispose();
  }
}

/** What `embedding` takes. */
export interface EmbeddingOptions extends LayerOptions {
  /** Number of rows: ids are whole numbers from 0 to inputDim - 1. */
  inputDim: number;
  /** Numbers in a row. */
  outputDim: number;
  /** Default randomUniform. */
  embeddingsInitializer?: InitializerLike;
  embeddingsRegularizer?: RegularizerLike;
}

/** Rows of a trained table by their numbers: i32 [batch, ...] -> [batch, ..., outputDim]. */
export class Embedding extends Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  /** The table [inputDim, outputDim]; there once the layer is built. */
  embeddings!: Variable;
  private readonly initializer: Initializer;
  private readonly regularizer: Regularizer | undefined;

  constructor(options: EmbeddingOptions) {
    super("embedding", options);
    const { inputDim, outputDim, embeddingsInitializer = "randomUniform", embeddingsRegularizer } = options;
    requireCount(this.name, "inputDim", inputDim);
    requireCount(this.name, "outputDim", outputDim);
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.initializer = getInitializer(embeddingsInitializer);
    this.regularizer = embeddingsRegularizer && getRegularizer(embeddingsRegularizer);
  }

  override build(): void {
    const { inputDim, outputDim, initializer, regularizer } = this;
    this.embeddings = this.addWeight("embeddings", { shape: [inputDim, outputDim], initializer, regularizer });
  }

  override outputShape(inputShape: Shape): Shape {
    return [...inputShape, this.outputDim];
  }

  call(x: AnyTensor): Tensor {
    requireDtype(this.name, "inputs", x.dtype, "i32");
    return embedding(this.embeddings, x as Tensor<"i32">);
  }
}
