// Core layers: reshaping, masking, embedding, activation, lambda.
import { requireTensor } from "../autograd/op.ts";
import {
  activationOptions,
  embeddingOptions,
  lambdaOptions,
  layerOptions,
  maskingOptions,
  permuteOptions,
  repeatVectorOptions,
  reshapeOptions,
} from "../generated/options.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { cast, greater, notEqual } from "../ops/compare.ts";
import * as gather from "../ops/gather.ts";
import * as layout from "../ops/layout.ts";
import { max } from "../ops/reduce.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import {
  type Activation as ActivationFunction,
  type ActivationLike,
  activations,
  getActivation,
} from "./activations.ts";
import { ownCopy } from "./config.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerOptions,
  type Masks,
  type Outputs,
  requireCount,
} from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import type { Shapes } from "./shapes.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** The layer that {@link flatten} makes. */
export class Flatten extends Layer {
  constructor(options: LayerOptions = {}) {
    super(flatten, options);
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputDtype([dtype]: readonly Dtype[]): Dtype {
    return dtype;
  }

  override outputShape(inputShape: Shape): Shape {
    return [sizeOf(inputShape)];
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    return layout.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]) as Tensor;
  }
}

/**
 * Flattens each example into a vector; the batch axis stays.
 * Shapes: `[batch, ...]` -> `[batch, features]`, of any dtype.
 * Errors: none of its own.
 */
export const flatten: LayerDefinition<typeof Flatten> = defineLayer("flatten", Flatten, layerOptions);

/** Options of {@link reshape}. */
export interface ReshapeOptions extends LayerOptions {
  /** Shape of one example's output; one size may be -1 and then follows from the others. */
  targetShape: Shape;
}

/** The layer that {@link reshape} makes. */
export class Reshape extends Layer {
  readonly targetShape: Shape;

  constructor(options: ReshapeOptions) {
    super(reshape, options);
    const { targetShape } = options;
    const fits =
      Array.isArray(targetShape) && targetShape.every((size) => Number.isInteger(size) && (size > 0 || size === -1));
    if (!fits || targetShape.indexOf(-1) !== targetShape.lastIndexOf(-1)) {
      const got = Array.isArray(targetShape) ? formatShape(targetShape) : typeof targetShape;
      throw new ArgumentError(
        `${this.name}: targetShape must hold sizes of at least 1, one of them perhaps -1, got ${got}`,
      );
    }
    this.targetShape = [...targetShape];
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override outputDtype([dtype]: readonly Dtype[]): Dtype {
    return dtype;
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
    requireTensor(this.name, "inputs", x);
    return layout.reshape(x, [x.shape[0], ...this.outputShape(x.shape.slice(1))]) as Tensor;
  }
}

/**
 * Reshapes each example; one size may be -1 and is inferred from the others.
 * Shapes: `[batch, ...]` -> `[batch, ...targetShape]`, of any dtype.
 * Errors: ArgumentError for an invalid targetShape; ShapeError for inputs with another number of elements.
 */
export const reshape: LayerDefinition<typeof Reshape> = defineLayer("reshape", Reshape, reshapeOptions);

/** Options of {@link activation}. */
export interface ActivationOptions extends LayerOptions {
  /** The name of an activation, or a function of a tensor. */
  activation: ActivationLike;
}

/** The layer that {@link activation} makes. */
export class Activation extends Layer {
  readonly activation: ActivationFunction;

  constructor(options: ActivationOptions) {
    super(activation, options);
    this.activation = getActivation(options.activation);
  }

  call(x: AnyTensor): Tensor {
    return this.activation(this.floats(x));
  }

  /** Of all activations glu alone changes the shape: it halves the last axis. */
  override outputShape(inputShape: Shape): Shape {
    const last = inputShape.length - 1;
    return this.activation === activations.glu ? inputShape.with(last, inputShape[last] / 2) : inputShape;
  }
}

/**
 * Applies an activation, given by name or as a function: `layers.activation({ activation: "relu" })`.
 * Shapes: `[batch, ...]` -> the same; "glu" halves the last axis.
 * Errors: ArgumentError for an unknown name; DtypeError unless inputs are f32.
 */
export const activation: LayerDefinition<typeof Activation> = defineLayer("activation", Activation, activationOptions);

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Size of the vocabulary: ids are whole numbers in [0, inputDim). */
  inputDim: number;
  /** Size of each embedding vector. */
  outputDim: number;
  /** Default randomUniform. */
  embeddingsInitializer?: InitializerLike;
  /** Default: none. */
  embeddingsRegularizer?: RegularizerLike;
  /** Default: none. */
  embeddingsConstraint?: ConstraintLike;
  /** Whether id 0 is padding, which the result's mask leaves out; default false. */
  maskZero?: boolean;
}

/** The layer that {@link embedding} makes. */
export class Embedding extends Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  /** The table [inputDim, outputDim]; there once the layer is built. */
  embeddings!: Variable;
  private readonly embeddingsOptions: ShapelessWeightOptions;

  constructor(options: EmbeddingOptions) {
    super(embedding, options);
    const { inputDim, outputDim, embeddingsInitializer = "randomUniform" } = options;
    requireCount(this.name, "inputDim", inputDim);
    requireCount(this.name, "outputDim", outputDim);
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.maskZero = options.maskZero ?? false;
    const { embeddingsRegularizer, embeddingsConstraint } = options;
    this.embeddingsOptions = weightOptions(embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint);
  }

  override build(): void {
    const shape = [this.inputDim, this.outputDim];
    this.embeddings = this.addWeight("embeddings", { shape, ...this.embeddingsOptions });
  }

  override outputShape(inputShape: Shape): Shape {
    return [...inputShape, this.outputDim];
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    requireDtype(this.name, "inputs", x.dtype, "i32");
    return gather.embedding(this.embeddings, x as Tensor<"i32">);
  }

  override outputMask(x: AnyTensor, mask: Masks): Masks {
    return this.maskZero ? notEqual(x as Tensor<"i32">, 0) : mask;
  }
}

/**
 * Looks up rows of a trained table: the dense vectors of token ids. Example:
 * `layers.embedding({ inputDim: 10_000, outputDim: 64 })` applied to ids of shape `[batch, time]`. Weight: embeddings
 * `[inputDim, outputDim]`.
 * Shapes: i32 ids `[batch, ...]` -> `[batch, ..., outputDim]`.
 * Errors: ArgumentError for ids outside [0, inputDim) and for sizes below 1; DtypeError unless ids are i32.
 */
export const embedding: LayerDefinition<typeof Embedding> = defineLayer("embedding", Embedding, embeddingOptions);

/** Options of {@link permute}. */
export interface PermuteOptions extends LayerOptions {
  /** The input's axes in the order of the result's. Axes count from 1; the batch, axis 0, is left out. */
  dims: readonly number[];
}

/** The layer that {@link permute} makes. */
export class Permute extends Layer {
  readonly dims: readonly number[];

  constructor(options: PermuteOptions) {
    super(permute, options);
    const { dims } = options;
    if (!Array.isArray(dims) || [...dims].sort((a, b) => a - b).some((axis, i) => axis !== i + 1)) {
      throw new ArgumentError(`${this.name}: dims must hold each axis from 1 on once, got [${dims}]`);
    }
    this.dims = [...dims];
  }

  override get mixesSteps(): boolean {
    return this.dims[0] !== 1;
  }

  override outputDtype([dtype]: readonly Dtype[]): Dtype {
    return dtype;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== this.dims.length) {
      throw this.misfit(`have ${this.dims.length} axes after the batch`, inputShape);
    }
    return this.dims.map((axis) => inputShape[axis - 1]);
  }

  override outputMask(): Masks {
    return undefined;
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    return layout.transpose(x, [0, ...this.dims]) as Tensor;
  }
}

/**
 * Permutes the axes of each example: `layers.permute({ dims: [2, 1] })` swaps the two axes after the batch.
 * Shapes: `[batch, a, b]` -> `[batch, b, a]` with dims [2, 1], of any dtype.
 * Errors: ArgumentError unless dims holds each axis from 1 on once; ShapeError for inputs of another rank.
 */
export const permute: LayerDefinition<typeof Permute> = defineLayer("permute", Permute, permuteOptions);

/** Options of {@link repeatVector}. */
export interface RepeatVectorOptions extends LayerOptions {
  /** Number of repetitions. */
  n: number;
}

/** The layer that {@link repeatVector} makes. */
export class RepeatVector extends Layer {
  readonly n: number;

  constructor(options: RepeatVectorOptions) {
    super(repeatVector, options);
    requireCount(this.name, "n", options.n);
    this.n = options.n;
  }

  override outputDtype([dtype]: readonly Dtype[]): Dtype {
    return dtype;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 1) throw this.misfit("be vectors [batch, features]", inputShape);
    return [this.n, ...inputShape];
  }

  override outputMask(): Masks {
    return undefined;
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    const [batch, features] = x.shape;
    return broadcastTo(layout.reshape(x, [batch, 1, features]), [batch, this.n, features]) as Tensor;
  }
}

/**
 * Repeats each vector n times along a new time axis.
 * Shapes: `[batch, features]` -> `[batch, n, features]`, of any dtype.
 * Errors: ArgumentError unless n is a whole number of at least 1; ShapeError for inputs of another rank.
 */
export const repeatVector: LayerDefinition<typeof RepeatVector> = defineLayer(
  "repeat_vector",
  RepeatVector,
  repeatVectorOptions,
);

/** The layer that {@link identity} makes. */
export class Identity extends Layer {
  constructor(options: LayerOptions = {}) {
    super(identity, options);
  }

  override outputDtype([dtype]: readonly Dtype[]): Dtype {
    return dtype;
  }

  call(x: AnyTensor): Tensor {
    return x as Tensor;
  }
}

/**
 * Returns its inputs unchanged.
 * Shapes: `[batch, ...]` -> the same, of any dtype.
 * Errors: none of its own.
 */
export const identity: LayerDefinition<typeof Identity> = defineLayer("identity", Identity, layerOptions);

/** Options of {@link masking}. */
export interface MaskingOptions extends LayerOptions {
  /** Steps whose features all have this value are masked; default 0. */
  maskValue?: number;
}

/** The layer that {@link masking} makes. */
export class Masking extends Layer {
  readonly maskValue: number;

  constructor(options: MaskingOptions = {}) {
    super(masking, options);
    this.maskValue = options.maskValue ?? 0;
  }

  override outputShape(inputShape: Shape): Shape {
    if (inputShape.length < 2) throw this.misfit("be sequences [batch, time, features]", inputShape);
    return inputShape;
  }

  override outputMask(x: Tensor): Masks {
    return this.counts(x);
  }

  call(x: AnyTensor): Tensor {
    const inputs = this.floats(x);
    const counts = cast(this.counts(inputs), "f32") as Tensor;
    return mul(inputs, layout.reshape(counts, [...counts.shape, 1]) as Tensor);
  }

  private counts(x: Tensor): Tensor<"bool"> {
    return greater(max(cast(notEqual(x, this.maskValue), "f32") as Tensor, -1), 0);
  }
}

/**
 * Masks steps whose features all equal maskValue: later layers skip them, and they become zeros here.
 * Shapes: `[batch, time, ...features]` -> the same.
 * Errors: ShapeError for inputs of fewer axes; DtypeError unless they are f32.
 */
export const masking: LayerDefinition<typeof Masking> = defineLayer("masking", Masking, maskingOptions);

/** Options of {@link lambda}. */
export interface LambdaOptions extends LayerOptions {
  /** Computes the result for a batch of inputs, from ops, so that gradients flow through it. */
  function: (x: never, context: CallContext) => Outputs;
  /** Shape of one example's output; default: known only after a call. */
  outputShape?: Shapes | ((inputShape: never) => Shapes);
}

/** The layer that {@link lambda} makes. */
export class Lambda extends Layer {
  private readonly compute: (x: Inputs, context: CallContext) => Outputs;
  private readonly shape: LambdaOptions["outputShape"];

  constructor(options: LambdaOptions) {
    super(lambda, options);
    const { function: compute, outputShape } = options;
    if (typeof compute !== "function") {
      throw new ArgumentError(`${this.name}: function must be a function, got ${typeof compute}`);
    }
    this.compute = compute as (x: Inputs, context: CallContext) => Outputs;
    this.shape = ownCopy(outputShape);
  }

  override outputShape(inputShape: Shapes): Shapes | undefined {
    return typeof this.shape === "function" ? this.shape(inputShape as never) : this.shape;
  }

  call(x: Inputs, context: CallContext): Outputs {
    return this.compute(x, context);
  }

  override config(): never {
    throw new ArgumentError(`${this.name}: a layer to be saved must not be a lambda; write a Layer subclass instead`);
  }
}

/**
 * Wraps a function of ops as a layer: `layers.lambda({ function: (x) => x.mul(2) })`. It has no weights and cannot be
 * saved.
 * Shapes: those of the function; `outputShape` states one example's, for models built before they see data.
 * Errors: ArgumentError unless function is a function, and where the layer is to be saved; ShapeError where the result
 * has another shape than outputShape says.
 */
export const lambda: LayerDefinition<typeof Lambda> = defineLayer("lambda", Lambda, lambdaOptions);
