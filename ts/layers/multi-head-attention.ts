// Multi-head attention, with shared key heads (grouped queries) or sliding windows.

import {
  groupedQueryAttentionOptions,
  multiHeadAttentionOptions,
  slidingWindowAttentionOptions,
} from "../generated/options.ts";
import { mul } from "../ops/arithmetic.ts";
import {
  type AttentionOptions as AttentionOpOptions,
  attention,
  attentionScores,
  attentionValues,
  rotary,
} from "../ops/attention.ts";
import { logicalAnd } from "../ops/compare.ts";
import { sigmoid } from "../ops/elementwise.ts";
import { reshape } from "../ops/layout.ts";
import { requireList } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { AttentionAxes } from "./attention-axes.ts";
import { ownCopy } from "./config.ts";
import { currentCache } from "./key-value-cache.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type LayerKind,
  type Masks,
  type Outputs,
  requireCount,
} from "./layer.ts";
import type { LayerCache } from "./layer-cache.ts";
import type { Mask } from "./masks.ts";
import { Projection, type ProjectionOptions } from "./projection.ts";
import { Dropout } from "./regularization.ts";
import { isShapeList, type Shapes } from "./shapes.ts";

/** Options of all layers with several attention heads. */
export interface HeadsOptions extends ProjectionOptions {
  /** Dropout rate of the attention scores in training; default 0. */
  dropout?: number;
  /** Seed of the dropout; default: the global generator. */
  seed?: number;
  /** Whether queries see no later keys; default false. In Keras an argument of the call. */
  useCausalMask?: boolean;
  /**
   * Whether the result is [result, scores], scores `[batch, heads, queries, keys]`; default false. In Keras an argument
   * of the call.
   */
  returnAttentionScores?: boolean;
  /**
   * Whether each head's result is multiplied by the sigmoid of a projection of the query; default false. Source: Qiu et
   * al. 2025.
   */
  useGate?: boolean;
  /** Whether queries and keys get rotary position embeddings; default false. Not in Keras. */
  rotary?: boolean;
}

/** The sizes of the heads, and what they see. */
interface Heads {
  readonly heads: number;
  readonly keyHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly outputShape?: number | Shape;
  readonly attentionAxes?: number | readonly number[];
  readonly window?: number;
  readonly globalTokens?: number;
}

/**
 * Base of attention with several heads: `apply(x)` for self-attention, else a list [query, value, key?,
 * attentionMask?], each [batch, time, features]. Without a key, values are keys too; an attention mask is bool, true
 * where a query sees a key: [batch, queries, keys] or [batch, heads, queries, keys]. The masks of value and key hide
 * their steps. Kernels have Keras's shapes: query, key, gate and value [features, heads, size], attention_output
 * [heads, size, outputs].
 */
export abstract class HeadsLayer extends Layer {
  readonly query: Projection;
  readonly key: Projection;
  /** There with `useGate`. */
  readonly gate: Projection | undefined;
  readonly value: Projection;
  attentionOutput!: Projection;
  protected readonly sizes: Heads;
  private readonly dropout: Dropout | undefined;
  private readonly useCausalMask: boolean;
  private readonly returnAttentionScores: boolean;
  private readonly rotary: boolean;
  private readonly projections: ProjectionOptions;

  constructor(kind: LayerKind, options: HeadsOptions, sizes: Heads) {
    super(kind, options);
    for (const what of ["heads", "keyHeads", "keyDim", "valueDim"] as const) requireCount(this.name, what, sizes[what]);
    const { outputShape = 1 } = sizes;
    const outputs = typeof outputShape === "number" ? [outputShape] : outputShape;
    requireList(this.name, "outputShape", outputs);
    for (const size of outputs) requireCount(this.name, "outputShape", size);
    if (sizes.heads % sizes.keyHeads !== 0) {
      throw new ArgumentError(
        `${this.name}: the number of key heads must divide that of query heads, got ${sizes.keyHeads} and ${sizes.heads}`,
      );
    }
    const { dropout = 0, seed, useCausalMask = false, returnAttentionScores = false, rotary = false } = options;
    if (rotary && sizes.keyDim % 2 !== 0) {
      throw new ArgumentError(`${this.name}: keyDim must be even where heads are rotated, got ${sizes.keyDim}`);
    }
    this.sizes = ownCopy(sizes);
    this.projections = options;
    this.useCausalMask = useCausalMask;
    this.returnAttentionScores = returnAttentionScores;
    this.rotary = rotary;
    this.query = this.project("query", 1, [sizes.heads, sizes.keyDim]);
    this.key = this.project("key", 1, [sizes.keyHeads, sizes.keyDim]);
    this.gate = options.useGate ? this.project("gate", 1, [sizes.heads, sizes.valueDim]) : undefined;
    this.value = this.project("value", 1, [sizes.keyHeads, sizes.valueDim]);
    this.dropout = dropout === 0 ? undefined : new Dropout({ rate: dropout, seed, name: `${this.name}/dropout` });
  }

  private project(name: string, axes: number, units: Shape): Projection {
    return new Projection(`${this.name}/${name}`, axes, units, this.projections, this.trainable);
  }

  override build(inputShape: Shapes): void {
    const [query, value, key = value] = isShapeList(inputShape) ? inputShape : [inputShape, inputShape];
    const { heads, valueDim, outputShape: outputs = query[query.length - 1] } = this.sizes;
    this.query.ensureBuilt(query);
    this.key.ensureBuilt(key);
    this.gate?.ensureBuilt(query);
    this.value.ensureBuilt(value);
    this.attentionOutput = this.project("attention_output", 2, typeof outputs === "number" ? [outputs] : outputs);
    this.attentionOutput.ensureBuilt([...query.slice(0, -1), heads, valueDim]);
  }

  override outputShape(inputShape: Shapes): Shapes {
    const [query, value, key = value] = isShapeList(inputShape) ? inputShape : [inputShape, inputShape];
    for (const shape of [query, value ?? [], key ?? []]) {
      if (shape.length < 2 || shape.length !== query.length)
        throw this.misfit("be [query, value, key?, attentionMask?] with axes time, features", shape);
    }
    if (!sameShape(key.slice(0, -1), value.slice(0, -1))) {
      throw this.misfit(`have a key for each of ${value.slice(0, -1).join(" x ")} values`, key);
    }
    const axes = this.axesOf(query.length + 1);
    const apart = axes.free.find((axis) => query[axis - 1] !== key[axis - 1]);
    if (apart !== undefined) throw this.misfit(`have the query's size along axis ${apart}`, key);
    const { heads, outputShape: outputs = query[query.length - 1] } = this.sizes;
    const result = [...query.slice(0, -1), ...(typeof outputs === "number" ? [outputs] : outputs)];
    return this.returnAttentionScores ? [result, axes.scoresShape(heads, [1, ...query], [1, ...key])] : result;
  }

  private axesOf(rank: number): AttentionAxes {
    const axes = new AttentionAxes(this.name, this.sizes.attentionAxes, rank);
    if (axes.attended.length > 1 && (this.useCausalMask || this.rotary || this.sizes.window !== undefined)) {
      throw new ArgumentError(
        `${this.name}: where positions count, attention must be along one axis, got ${axes.attended.length}`,
      );
    }
    return axes;
  }

  /** The query's steps count in the result as they did. */
  override outputMask(_inputs: Inputs, mask: Masks): Masks {
    const [query] = listOf<Mask>(mask);
    return this.returnAttentionScores ? [query, undefined] : query;
  }

  call(inputs: Inputs, { training, mask }: CallContext): Outputs {
    const [query, value = query, key = value, attentionMask] = listOf<AnyTensor>(inputs);
    const [, valueMask, keyMask] = listOf<Mask>(mask);
    const isSelf = query === value && value === key;
    const hidden = isSelf ? [listOf<Mask>(mask)[0]] : [valueMask, keyMask];
    const axes = this.axesOf(query.rank);
    const seen = this.joinedMask(hidden, attentionMask, axes);
    const { window, globalTokens } = this.sizes;
    const options: AttentionOpOptions = { causal: this.useCausalMask, window, globalTokens, mask: seen };

    const cache = currentCache()?.of(this, query, listOf<Mask>(mask)[0] ?? valueMask);
    // What is causal attends to the tokens' own sequence, whatever is made of them; the rest to one that stays.
    const grows = isSelf || this.useCausalMask;
    if (cache && grows) this.requireCausal(cache, axes, attentionMask, query.shape[1] === key.shape[1]);
    const position = cache?.at;
    const gate = this.gate && sigmoid(this.gate.apply(query));
    const finish = (y: Tensor): Tensor => {
      const values = axes.unfold(y, query);
      return this.attentionOutput.apply(gate ? mul(values, gate) : values);
    };
    const attend = (k: Tensor, v: Tensor, options: AttentionOpOptions): Outputs => {
      const found = this.attend(q, k, v, options, training, finish);
      return Array.isArray(found) ? [found[0], axes.unfoldScores(found[1], query, key)] : found;
    };
    let q = axes.fold(this.query.apply(query));
    if (this.rotary) q = rotary(q, { position });
    const project = (): [keys: Tensor, values: Tensor] => {
      const k = axes.fold(this.key.apply(key));
      const v = axes.fold(this.value.apply(value));
      return [this.rotary ? rotary(k, { position: grows ? position : undefined }) : k, v];
    };
    if (cache === undefined) return attend(...project(), options);
    if (!grows) {
      const { keys, values, position } = cache.recall(key.shape[1], project);
      return attend(keys, values, { ...options, position });
    }
    const { keys, values, ...found } = cache.extend(...project(), this.sizes);
    // Where the cache knows the steps' positions, its mask says which of them are near.
    return attend(keys, values, found.mask ? { causal: true, ...found } : { ...options, ...found });
  }

  private requireCausal(cache: LayerCache, axes: AttentionAxes, mask: AnyTensor | undefined, isAligned: boolean): void {
    let got = "";
    if (!this.useCausalMask) got = "no causal mask";
    else if (mask !== undefined) got = "an attention mask";
    else if (!isAligned) got = "another sequence";
    else if (axes.attended.length !== 1 || axes.attended[0] !== 1) got = "attention along other axes than time";
    else if (axes.free.length > 0 && cache.isMasked) got = "a mask of steps beside more axes";
    else if (this.sizes.globalTokens && cache.rolls) got = "global tokens, which a cache that rolls would forget";
    if (got === "") return;
    throw new StateError(
      `${this.name}: with a cache it must be causal, along time and without attention masks, got ${got}`,
    );
  }

  private attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    options: AttentionOpOptions,
    training: boolean,
    finish: (y: Tensor) => Tensor,
  ): Outputs {
    const drops = training && this.dropout !== undefined;
    if (!drops && !this.returnAttentionScores) return finish(attention(q, k, v, options));
    const scores = attentionScores(q, k, options);
    const kept = drops && this.dropout ? this.dropout.apply(scores, { training }) : scores;
    const y = finish(attentionValues(kept, v));
    return this.returnAttentionScores ? [y, scores] : y;
  }

  /** What masks of steps [batch, keys] and an attention mask leave to be seen, with an axis of heads. */
  private joinedMask(
    steps: readonly (Mask | undefined)[],
    attentionMask: AnyTensor | undefined,
    axes: AttentionAxes,
  ): Mask | undefined {
    const masks = steps.filter((mask) => mask !== undefined);
    if (masks.length > 0 && axes.free.length + axes.attended.length > 1) {
      throw new ArgumentError(`${this.name}: a mask of steps must belong to [batch, time, features], got more axes`);
    }
    const seen = masks.map((mask) => reshape(mask, [mask.shape[0], 1, 1, mask.shape[1]]) as Mask);
    if (attentionMask !== undefined) {
      requireDtype(this.name, "the attention mask", attentionMask.dtype, "bool");
      seen.push(axes.foldMask(attentionMask as Mask));
    }
    return seen.length === 0 ? undefined : seen.reduce((a, b) => logicalAnd(a, b) as Mask);
  }
}

/** What there is one or a list of, as a list. */
function listOf<T>(x: unknown): (T | undefined)[] & [T] {
  return (Array.isArray(x) ? x : [x]) as (T | undefined)[] & [T];
}

/** Options of {@link multiHeadAttention}. */
export interface MultiHeadAttentionOptions extends HeadsOptions {
  /** Number of heads. */
  numHeads: number;
  /** Size of queries and keys per head. */
  keyDim: number;
  /** Size of values per head; default `keyDim`. */
  valueDim?: number;
  /** Size of the result; default: the query's features. */
  outputShape?: number | Shape;
  /**
   * The axes to attend along, the batch being 0; default: all between batch and features. With axis 2 of
   * `[batch, height, width, features]` each row attends to itself; an attention mask is
   * `[batch, ...others, ...queries, ...keys]`.
   */
  attentionAxes?: number | readonly number[];
}

/** The layer that {@link multiHeadAttention} makes. */
export class MultiHeadAttention extends HeadsLayer {
  constructor(options: MultiHeadAttentionOptions, kind: LayerKind = multiHeadAttention, sight: Partial<Heads> = {}) {
    const {
      numHeads: heads,
      keyDim,
      valueDim = keyDim,
      outputShape,
      attentionAxes,
    } = (options ?? {}) as MultiHeadAttentionOptions;
    super(kind, options, { heads, keyHeads: heads, keyDim, valueDim, outputShape, attentionAxes, ...sight });
  }
}

/** Options of {@link groupedQueryAttention}. */
export interface GroupedQueryAttentionOptions extends HeadsOptions {
  /** Size of queries, keys and values per head. */
  headDim: number;
  /** Number of query heads. */
  numQueryHeads: number;
  /** Number of key and value heads; must divide numQueryHeads. */
  numKeyValueHeads: number;
}

/** The layer that {@link groupedQueryAttention} makes. */
export class GroupedQueryAttention extends HeadsLayer {
  constructor(options: GroupedQueryAttentionOptions) {
    const {
      headDim,
      numQueryHeads: heads,
      numKeyValueHeads: keyHeads,
    } = (options ?? {}) as GroupedQueryAttentionOptions;
    super(groupedQueryAttention, options, {
      heads,
      keyHeads,
      keyDim: headDim,
      valueDim: headDim,
    });
  }
}

/** Options of {@link slidingWindowAttention}. */
export interface SlidingWindowAttentionOptions extends MultiHeadAttentionOptions {
  /** How many steps before and after itself a query sees. */
  window: number;
  /** How many first steps are seen by all, and see all; default 0. */
  globalTokens?: number;
}

/** The layer that {@link slidingWindowAttention} makes. */
export class SlidingWindowAttention extends MultiHeadAttention {
  constructor(options: SlidingWindowAttentionOptions) {
    const { window, globalTokens = 0 } = (options ?? {}) as SlidingWindowAttentionOptions;
    super(options, slidingWindowAttention, {
      window,
      globalTokens,
    });
    requireCount(this.name, "window", window);
    requireCount(this.name, "globalTokens", globalTokens, 0);
  }
}

/**
 * Multi-head attention: softmax(query key^T / sqrt(keyDim)) value for each head, with projections before and after.
 * Apply it to x for self-attention, or to a list [query, value, key?, attentionMask?]; without a key, the values are
 * the keys.
 * Example: `layers.multiHeadAttention({ numHeads: 8, keyDim: 64, useCausalMask: true }).apply(x)`. The attention mask
 * is bool, true where a query sees a key. PyTorch's nn.MultiheadAttention is the same with other names and joined
 * kernels.
 * Shapes: `[batch, queries, features]`, `[batch, keys, features]` twice, and a mask `[batch, queries, keys]` or
 * `[batch, heads, queries, keys]` -> `[batch, queries, features]`, or `[batch, queries, ...outputShape]`; with
 * returnAttentionScores also `[batch, heads, queries, keys]`.
 * Errors: ArgumentError for options out of range; ShapeError for inputs whose axes do not fit; DtypeError unless they
 * are f32 and the mask bool. Source: Vaswani et al. 2017.
 */
export const multiHeadAttention: LayerDefinition<typeof MultiHeadAttention> = defineLayer(
  "multi_head_attention",
  MultiHeadAttention,
  multiHeadAttentionOptions,
);

/**
 * Multi-head attention in which groups of neighbouring query heads share a key and value head. Inputs as in
 * {@link multiHeadAttention}.
 * Shapes: `[batch, queries, features]`, `[batch, keys, features]` twice, mask as there -> `[batch, queries, features]`.
 * Errors: ArgumentError for options out of range, and unless numKeyValueHeads divides numQueryHeads; ShapeError for
 * inputs whose axes do not fit; DtypeError unless they are f32 and the mask bool. Source: Ainslie et al. 2023.
 */
export const groupedQueryAttention: LayerDefinition<typeof GroupedQueryAttention> = defineLayer(
  "grouped_query_attention",
  GroupedQueryAttention,
  groupedQueryAttentionOptions,
);

/** Keras's names of them. */
export { GroupedQueryAttention as GroupQueryAttention, groupedQueryAttention as groupQueryAttention };

/**
 * Multi-head attention to the nearest steps and the first few: time and memory grow linearly with length. Inputs as in
 * {@link multiHeadAttention}. Global tokens share the projections of the others. Not in Keras.
 * Shapes: `[batch, time, features]` -> the same.
 * Errors: ArgumentError for options out of range; ShapeError for inputs whose axes do not fit; DtypeError unless they
 * are f32 and the mask bool. Source: Beltagy et al. 2020, Longformer.
 */
export const slidingWindowAttention: LayerDefinition<typeof SlidingWindowAttention> = defineLayer(
  "sliding_window_attention",
  SlidingWindowAttention,
  slidingWindowAttentionOptions,
);
