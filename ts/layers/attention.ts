// Attention without projections: dot-product (Luong) and additive (Bahdanau).
import { additiveAttentionOptions, attentionLayerOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { attention as attend, attentionScores, attentionValues } from "../ops/attention.ts";
import { sum } from "../ops/broadcast.ts";
import { lessEqual, logicalAnd, where } from "../ops/compare.ts";
import { tanh } from "../ops/elementwise.ts";
import { expandDims, reshape } from "../ops/layout.ts";
import { softmax } from "../ops/softmax.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { arange } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type LayerOptions,
  type Masks,
  type Outputs,
} from "./layer.ts";
import type { Mask } from "./masks.ts";
import { Dropout } from "./regularization.ts";
import type { Shapes } from "./shapes.ts";

/** Options of {@link attention} and {@link additiveAttention}. */
export interface PlainAttentionOptions extends LayerOptions {
  /** Dropout rate of the attention scores in training; default 0. */
  dropout?: number;
  /** Seed of the dropout; default: the global generator. */
  seed?: number;
  /** Whether queries see no later keys; default false. In Keras an argument of the call. */
  useCausalMask?: boolean;
  /**
   * Whether the result is [result, scores], scores `[batch, queries, keys]`; default false. In Keras an argument of the
   * call.
   */
  returnAttentionScores?: boolean;
}

/**
 * Values weighed by the softmax of scores: inputs [query, value, key?], each [batch, time, features]; without a key,
 * values are keys too. The mask of the value hides its steps; where the query is masked the result is 0.
 */
abstract class PlainAttention extends Layer {
  protected readonly useCausalMask: boolean;
  private readonly returnAttentionScores: boolean;
  private readonly dropout: Dropout | undefined;

  constructor(kind: LayerKind, options: PlainAttentionOptions) {
    super(kind, options);
    const { dropout = 0, seed, useCausalMask = false, returnAttentionScores = false } = options;
    this.useCausalMask = useCausalMask;
    this.returnAttentionScores = returnAttentionScores;
    this.dropout = dropout === 0 ? undefined : new Dropout({ rate: dropout, seed, name: `${this.name}/dropout` });
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override outputShape(inputShape: Shapes): Shapes {
    const shapes = inputShape as readonly Shape[];
    const [query, value, key = value] = shapes;
    const fits = (shapes.length === 2 || shapes.length === 3) && shapes.every((shape) => shape.length === 2);
    if (!fits || key[0] !== value[0] || key[1] !== query[1]) {
      throw this.misfit("be [query, value, key?] with axes time, features, keys like queries", shapes.flat());
    }
    const result = [query[0], value[1]];
    return this.returnAttentionScores ? [result, [query[0], key[0]]] : result;
  }

  override outputMask(_inputs: Inputs, mask: Masks): Masks {
    const [query] = mask as readonly (Mask | undefined)[];
    return this.returnAttentionScores ? [query, undefined] : query;
  }

  call(inputs: Inputs, { training, mask }: CallContext): Outputs {
    const [q, v, k = v] = (inputs as readonly AnyTensor[]).map((x) => this.floats(x));
    const [queryMask, valueMask] = mask as readonly (Mask | undefined)[];
    const values = reshape(v, [v.shape[0], v.shape[1], 1, v.shape[2]]) as Tensor;
    const drops = training && this.dropout !== undefined;
    const fused = drops || this.returnAttentionScores ? undefined : this.fused(q, k, values, valueMask);
    const scores = fused ? undefined : this.scores(q, k, valueMask);
    const kept = scores && drops ? this.dropout?.apply(scores, { training }) : scores;
    const weighed = fused ?? attentionValues(expandDims(kept as Tensor, 1) as Tensor, values);
    const y = reshape(weighed, [q.shape[0], q.shape[1], v.shape[2]]) as Tensor;
    const result = queryMask ? where(expandDims(queryMask, 2) as Mask, y, 0) : y;
    return this.returnAttentionScores ? [result, scores as Tensor] : result;
  }

  /** The probabilities [batch, queries, keys]. */
  protected abstract scores(q: Tensor, k: Tensor, valueMask: Mask | undefined): Tensor;

  /** The weighted values by a fused op, where there is one. */
  protected fused(_q: Tensor, _k: Tensor, _values: Tensor, _valueMask: Mask | undefined): Tensor | undefined {
    return undefined;
  }

  /** softmax of sum over features of weights tanh(q + k), for all pairs of a query and a key. */
  protected sums(q: Tensor, k: Tensor, inner: Tensor | undefined, outer: Tensor | undefined, valueMask?: Mask): Tensor {
    const pairs = add(expandDims(q, 2) as Tensor, expandDims(k, 1) as Tensor);
    const bent = tanh(inner ? mul(pairs, inner) : pairs);
    const scores = sum(outer ? mul(bent, outer) : bent, -1);
    let seen = valueMask && (expandDims(valueMask, 1) as Mask);
    if (this.useCausalMask) {
      const rows = expandDims(arange(0, q.shape[1], 1, "i32"), 1) as Tensor<"i32">;
      const causal = lessEqual(arange(0, k.shape[1], 1, "i32"), rows);
      seen = seen ? logicalAnd(seen, causal) : causal;
    }
    return softmax(seen ? where(seen, scores, -1e30) : scores);
  }
}

/** Options of {@link attention}. */
export interface AttentionLayerOptions extends PlainAttentionOptions {
  /** Whether scores are multiplied by a trained scalar; default false. */
  useScale?: boolean;
  /** "dot": query . key; "concat": a trained scalar times sum(tanh(query + key)); default "dot". */
  scoreMode?: "dot" | "concat";
}

/** The layer that {@link attention} makes. */
export class Attention extends PlainAttention {
  readonly scoreMode: "dot" | "concat";
  scale: Variable | undefined;
  concatScoreWeight: Variable | undefined;
  private readonly useScale: boolean;

  constructor(options: AttentionLayerOptions = {}) {
    super(attention, options);
    const { useScale = false, scoreMode = "dot" } = options;
    if (scoreMode !== "dot" && scoreMode !== "concat") {
      throw new ArgumentError(`${this.name}: scoreMode must be dot or concat, got ${String(scoreMode)}`);
    }
    this.useScale = useScale;
    this.scoreMode = scoreMode;
  }

  override build(): void {
    if (this.useScale) this.scale = this.addWeight("scale", { shape: [], initializer: "ones" });
    if (this.scoreMode === "concat") {
      this.concatScoreWeight = this.addWeight("concatScoreWeight", { shape: [], initializer: "ones" });
    }
  }

  protected scores(q: Tensor, k: Tensor, valueMask: Mask | undefined): Tensor {
    if (this.scoreMode === "concat") return this.sums(q, k, this.scale, this.concatScoreWeight, valueMask);
    const scores = attentionScores(this.scaled(q), oneHead(k), this.sight(valueMask));
    return reshape(scores, [q.shape[0], q.shape[1], k.shape[1]]) as Tensor;
  }

  protected override fused(q: Tensor, k: Tensor, values: Tensor, valueMask: Mask | undefined): Tensor | undefined {
    if (this.scoreMode === "concat") return undefined;
    return attend(this.scaled(q), oneHead(k), values, this.sight(valueMask));
  }

  private scaled(q: Tensor): Tensor {
    return oneHead(this.scale ? mul(q, this.scale) : q);
  }

  private sight(valueMask: Mask | undefined) {
    const mask = valueMask && (reshape(valueMask, [valueMask.shape[0], 1, 1, valueMask.shape[1]]) as Mask);
    return { scale: 1, causal: this.useCausalMask, mask };
  }
}

/** Options of {@link additiveAttention}. */
export interface AdditiveAttentionOptions extends PlainAttentionOptions {
  /** Whether the features of tanh(query + key) have trained weights; default true. */
  useScale?: boolean;
}

/** The layer that {@link additiveAttention} makes. */
export class AdditiveAttention extends PlainAttention {
  scale: Variable | undefined;
  private readonly useScale: boolean;

  constructor(options: AdditiveAttentionOptions = {}) {
    super(additiveAttention, options);
    this.useScale = options.useScale ?? true;
  }

  override build(inputShape: Shapes): void {
    const [query] = inputShape as readonly Shape[];
    if (this.useScale) this.scale = this.addWeight("scale", { shape: [query[1]], initializer: "glorotUniform" });
  }

  protected scores(q: Tensor, k: Tensor, valueMask: Mask | undefined): Tensor {
    return this.sums(q, k, undefined, this.scale, valueMask);
  }
}

/** [batch, time, features] as one head. */
function oneHead(x: Tensor): Tensor {
  return expandDims(x, 2) as Tensor;
}

/**
 * Dot-product attention without projections: softmax(query key^T) value, inputs [query, value, key?]; without a key,
 * the values are the keys. The mask of the values hides their steps; where the query is masked the result is 0.
 * Shapes: `[batch, queries, features]`, `[batch, keys, valueFeatures]`, `[batch, keys, features]` ->
 * `[batch, queries, valueFeatures]`; with returnAttentionScores also `[batch, queries, keys]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs whose axes do not fit; DtypeError unless they
 * are f32. Source: Luong et al. 2015.
 */
export const attention: LayerDefinition<typeof Attention> = defineLayer("attention", Attention, attentionLayerOptions);

/**
 * Additive attention without projections: softmax(sum(scale tanh(query + key))) value, inputs [query, value, key?];
 * without a key, the values are the keys. The mask of the values hides their steps; where the query is masked the
 * result is 0.
 * Shapes: `[batch, queries, features]`, `[batch, keys, valueFeatures]`, `[batch, keys, features]` ->
 * `[batch, queries, valueFeatures]`; with returnAttentionScores also `[batch, queries, keys]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs whose axes do not fit; DtypeError unless they
 * are f32. Source: Bahdanau et al. 2015.
 */
export const additiveAttention: LayerDefinition<typeof AdditiveAttention> = defineLayer(
  "additive_attention",
  AdditiveAttention,
  additiveAttentionOptions,
);
