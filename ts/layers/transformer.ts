// Transformer blocks: attention and a feed-forward network, each with a residual connection and layer normalization.
import { transformerEncoderOptions, transformerOptions } from "../generated/options.ts";
import { add } from "../ops/arithmetic.ts";
import type { Shape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { ActivationLike } from "./activations.ts";
import { Dense } from "./dense.ts";
import type { InitializerLike } from "./initializers.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
  requireCount,
} from "./layer.ts";
import { attachMask, firstMask, type Mask } from "./masks.ts";
import { MultiHeadAttention, type MultiHeadAttentionOptions } from "./multi-head-attention.ts";
import { LayerNormalization } from "./normalization.ts";
import { Dropout } from "./regularization.ts";
import { type Shapes, shapeList } from "./shapes.ts";

/** What `transformerEncoder` and `transformerDecoder` take: the names and defaults of KerasHub. */
export interface TransformerOptions extends LayerOptions {
  /** Units of the feed-forward network's hidden layer. */
  intermediateDim: number;
  /** Number of heads; must divide the number of features. */
  numHeads: number;
  /** Dropout rate in training, of attention scores and before each residual connection; default 0. */
  dropout?: number;
  /** Seed of the dropout; default: the global generator. */
  seed?: number;
  /** Activation of the feed-forward network; default "relu". */
  activation?: ActivationLike;
  /** Default 1e-5. */
  layerNormEpsilon?: number;
  /** Default glorotUniform. */
  kernelInitializer?: InitializerLike;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  /**
   * Whether normalization comes before attention and feed-forward network instead of after the residual connections;
   * default false.
   */
  normalizeFirst?: boolean;
  /** Whether self-attention uses rotary position embeddings; default false. Not in KerasHub. */
  rotary?: boolean;
}

/** Options of {@link transformerEncoder}. */
export interface TransformerEncoderOptions extends TransformerOptions {
  /** Whether no step sees later ones; default false. */
  useCausalMask?: boolean;
}

/** A residual connection: x + dropout(part(x)), normalized before the part or after the sum. */
class Residual extends Layer {
  private readonly normalization: LayerNormalization;
  private readonly dropout: Dropout;
  private readonly normalizeFirst: boolean;

  constructor(
    name: string,
    { layerNormEpsilon, dropout, seed, normalizeFirst }: TransformerOptions,
    trainable: boolean,
  ) {
    super("residual", { name, trainable });
    this.normalization = new LayerNormalization({
      name: `${name}/layer_normalization`,
      epsilon: layerNormEpsilon ?? 1e-5,
      trainable,
    });
    this.dropout = new Dropout({ name: `${name}/dropout`, rate: dropout ?? 0, seed });
    this.normalizeFirst = normalizeFirst ?? false;
  }

  override build(inputShape: Shape): void {
    this.normalization.ensureBuilt(inputShape);
  }

  call(x: AnyTensor): Tensor {
    return this.around(this.floats(x), undefined, false, (y) => y);
  }

  around(x: Tensor, mask: Mask | undefined, training: boolean, part: (x: Tensor) => Tensor): Tensor {
    const given = this.normalizeFirst ? this.normalization.apply(x) : x;
    const y = add(x, this.dropout.apply(part(attachMask(given, mask)), { training }));
    return this.normalizeFirst ? y : this.normalization.apply(y);
  }
}

/** Self-attention, attention to a second input if there is one, and a feed-forward network. */
abstract class TransformerBlock extends Layer {
  private readonly settings: TransformerOptions;
  private readonly isCausal: boolean;
  private selfAttention!: MultiHeadAttention;
  private selfAttentionResidual!: Residual;
  private crossAttention: MultiHeadAttention | undefined;
  private crossAttentionResidual: Residual | undefined;
  private intermediate!: Dense;
  private output!: Dense;
  private feedForwardResidual!: Residual;
  private parts = 0;

  constructor(kind: LayerKind, options: TransformerOptions, isCausal: boolean) {
    super(kind, options);
    requireCount(this.name, "intermediateDim", options.intermediateDim);
    requireCount(this.name, "numHeads", options.numHeads);
    this.settings = options;
    this.isCausal = isCausal;
  }

  override build(inputShape: Shapes): void {
    const [shape, memory] = shapeList(inputShape);
    const [time, features] = shape;
    const { intermediateDim, activation = "relu", rotary, kernelInitializer, biasInitializer } = this.settings;
    const dense = (name: string, units: number, activation?: ActivationLike): Dense =>
      new Dense({ ...this.part(name), units, activation, kernelInitializer, biasInitializer });
    this.selfAttention = this.attention("self_attention", features, { useCausalMask: this.isCausal, rotary });
    this.selfAttentionResidual = this.residual("self_attention_residual");
    if (memory !== undefined) {
      this.crossAttention = this.attention("cross_attention", features, {});
      this.crossAttentionResidual = this.residual("cross_attention_residual");
    }
    this.intermediate = dense("feed_forward_intermediate", intermediateDim, activation);
    this.output = dense("feed_forward_output", features);
    this.feedForwardResidual = this.residual("feed_forward_residual");
    for (const layer of [this.selfAttention, this.intermediate]) layer.ensureBuilt(shape);
    this.crossAttention?.ensureBuilt([shape, memory]);
    this.output.ensureBuilt([time, intermediateDim]);
    for (const residual of [this.selfAttentionResidual, this.crossAttentionResidual, this.feedForwardResidual]) {
      residual?.ensureBuilt(shape);
    }
  }

  private part(name: string): LayerOptions {
    return { name: `${this.name}/${name}`, trainable: this.trainable };
  }

  /** A seed for each dropout: with the same one their patterns would be equal. */
  private get nextSeed(): number | undefined {
    return this.settings.seed === undefined ? undefined : this.settings.seed + this.parts++;
  }

  private attention(name: string, features: number, more: Partial<MultiHeadAttentionOptions>): MultiHeadAttention {
    const { numHeads, dropout, kernelInitializer, biasInitializer } = this.settings;
    const sizes = { numHeads, keyDim: features / numHeads };
    const shared = { dropout, seed: this.nextSeed, kernelInitializer, biasInitializer };
    return new MultiHeadAttention({ ...this.part(name), ...sizes, ...shared, ...more });
  }

  private residual(name: string): Residual {
    return new Residual(`${this.name}/${name}`, { ...this.settings, seed: this.nextSeed }, this.trainable);
  }

  override outputShape(inputShape: Shapes): Shape {
    const shapes = shapeList(inputShape);
    for (const shape of shapes) if (shape.length !== 2) throw this.misfit("have axes time, features", shape);
    if (shapes[0][1] % this.settings.numHeads !== 0) {
      throw this.misfit(`have features that ${this.settings.numHeads} heads divide`, shapes[0]);
    }
    return shapes[0];
  }

  override outputMask(_inputs: Inputs, mask: Masks): Masks {
    return firstMask(mask);
  }

  call(inputs: Inputs, { training, mask }: CallContext): Tensor {
    const [first, memory] = inputs instanceof Tensor ? [inputs] : (inputs as readonly AnyTensor[]);
    const own = firstMask(mask);
    let x = this.selfAttentionResidual.around(this.floats(first), own, training, (x) =>
      this.selfAttention.apply(x, { training }),
    );
    if (this.crossAttention && this.crossAttentionResidual) {
      const { crossAttention } = this;
      x = this.crossAttentionResidual.around(x, own, training, (x) => crossAttention.apply([x, memory], { training }));
    }
    return this.feedForwardResidual.around(x, own, training, (x) =>
      this.output.apply(this.intermediate.apply(x, { training }), { training }),
    );
  }
}

/** The layer that {@link transformerEncoder} makes. */
export class TransformerEncoder extends TransformerBlock {
  constructor(options: TransformerEncoderOptions) {
    super(transformerEncoder, options, options?.useCausalMask ?? false);
  }
}

/** The layer that {@link transformerDecoder} makes. */
export class TransformerDecoder extends TransformerBlock {
  constructor(options: TransformerOptions) {
    super(transformerDecoder, options, true);
  }
}

/**
 * Transformer encoder block: self-attention, then a feed-forward network, each with a residual connection and layer
 * normalization. PyTorch's nn.TransformerEncoderLayer also has dropout inside the network, at a default rate of 0.1.
 * Shapes: `[batch, time, features]` -> the same.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, or with features that numHeads
 * does not divide; DtypeError unless they are f32. Source: Vaswani et al. 2017; normalizeFirst: Xiong et al. 2020.
 */
export const transformerEncoder: LayerDefinition<typeof TransformerEncoder> = defineLayer(
  "transformer_encoder",
  TransformerEncoder,
  transformerEncoderOptions,
);

/**
 * Transformer decoder block: causal self-attention, attention to an encoder's output if there is one, then a
 * feed-forward network. Apply it to x, as in a language model, or to [x, encoder output].
 * Shapes: `[batch, time, features]`, `[batch, encoderTime, encoderFeatures]` -> `[batch, time, features]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs of another rank, or with features that numHeads
 * does not divide; DtypeError unless they are f32. Source: Vaswani et al. 2017.
 */
export const transformerDecoder: LayerDefinition<typeof TransformerDecoder> = defineLayer(
  "transformer_decoder",
  TransformerDecoder,
  transformerOptions,
);
