// Relative attention with a memory of earlier segments: Transformer-XL.
import { noGrad } from "../autograd/tape.ts";
import { relativeMultiHeadAttentionOptions } from "../generated/options.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { attention, attentionScores, attentionValues } from "../ops/attention.ts";
import { logicalAnd, where } from "../ops/compare.ts";
import { cos, sin } from "../ops/elementwise.ts";
import { concat, pad, reshape, slice, transpose } from "../ops/layout.ts";
import { matmul } from "../ops/matmul.ts";
import { arange, ones, tensor } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import {
  type CallContext,
  defineLayer,
  type Inputs,
  Layer,
  type LayerDefinition,
  type Masks,
  type Outputs,
  requireCount,
} from "./layer.ts";
import type { Mask } from "./masks.ts";
import { Projection, type ProjectionOptions } from "./projection.ts";
import { Dropout } from "./regularization.ts";
import { type Shapes, shapeList } from "./shapes.ts";

/** Options of {@link relativeMultiHeadAttention}. */
export interface RelativeMultiHeadAttentionOptions extends ProjectionOptions {
  /** Number of heads. */
  numHeads: number;
  /** Size of queries and keys per head. */
  keyDim: number;
  /** Size of values per head; default `keyDim`. */
  valueDim?: number;
  /** How many past steps the memory keeps; default: all. */
  memoryLength?: number;
  /** Dropout rate of the attention scores in training; default 0. */
  dropout?: number;
  /** Seed of the dropout; default: the global generator. */
  seed?: number;
}

/** The layer that {@link relativeMultiHeadAttention} makes. */
export class RelativeMultiHeadAttention extends Layer {
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  readonly relative: Projection;
  attentionOutput!: Projection;
  /** u and w, [heads, keyDim]; there once the layer is built. */
  contentBias!: Variable;
  positionBias!: Variable;
  private readonly settings: RelativeMultiHeadAttentionOptions;
  private readonly dropout: Dropout | undefined;

  constructor(options: RelativeMultiHeadAttentionOptions) {
    super(relativeMultiHeadAttention, options);
    const { numHeads, keyDim, valueDim = keyDim, memoryLength, dropout = 0, seed } = options;
    requireCount(this.name, "numHeads", numHeads);
    requireCount(this.name, "keyDim", keyDim);
    requireCount(this.name, "valueDim", valueDim);
    if (memoryLength !== undefined) requireCount(this.name, "memoryLength", memoryLength);
    this.settings = options;
    this.query = this.project("query", 1, [numHeads, keyDim]);
    this.key = this.project("key", 1, [numHeads, keyDim]);
    this.value = this.project("value", 1, [numHeads, valueDim]);
    this.relative = this.project("relative", 1, [numHeads, keyDim], false);
    this.dropout = dropout === 0 ? undefined : new Dropout({ rate: dropout, seed, name: `${this.name}/dropout` });
  }

  private project(name: string, axes: number, units: Shape, useBias = this.settings.useBias): Projection {
    return new Projection(`${this.name}/${name}`, axes, units, { ...this.settings, useBias }, this.trainable);
  }

  override get mixesSteps(): boolean {
    return true;
  }

  override get supportsMasking(): boolean {
    return true;
  }

  override build(inputShape: Shapes): void {
    const [shape] = shapeList(inputShape);
    const { numHeads, keyDim, valueDim = keyDim } = this.settings;
    for (const projection of [this.query, this.key, this.value, this.relative]) projection.ensureBuilt(shape);
    this.attentionOutput = this.project("attention_output", 2, [shape[1]]);
    this.attentionOutput.ensureBuilt([shape[0], numHeads, valueDim]);
    this.contentBias = this.addWeight("contentBias", { shape: [numHeads, keyDim] });
    this.positionBias = this.addWeight("positionBias", { shape: [numHeads, keyDim] });
  }

  override outputShape(inputShape: Shapes): Shapes {
    const [segment, memory, attentionMask] = shapeList(inputShape);
    if (segment.length !== 2) throw this.misfit("have axes time, features", segment);
    if (memory === undefined) return segment;
    if (memory.length !== 2 || memory[1] !== segment[1]) throw this.misfit("have a memory like the segment", memory);
    const seen = [this.settings.numHeads, segment[0], segment[0] + memory[0]];
    if (attentionMask !== undefined && !sameShape(attentionMask, seen.slice(-attentionMask.length))) {
      throw this.misfit("have an attention mask with axes time, length + time", attentionMask);
    }
    return [segment, [this.kept(segment[0] + memory[0]), segment[1]]];
  }

  /** How many of so many steps a memory keeps. */
  private kept(steps: number): number {
    return Math.min(steps, this.settings.memoryLength ?? steps);
  }

  override outputMask(inputs: Inputs, mask: Masks): Masks {
    if (inputs instanceof Tensor) return mask;
    const [segment, memory] = inputs as readonly AnyTensor[];
    const counted = joinedSteps([memory, segment], (mask as readonly (Mask | undefined)[]).slice(0, 2).reverse());
    const steps = memory.shape[1] + segment.shape[1];
    const next = counted && (slice(counted, [0, steps - this.kept(steps)]) as Mask);
    return [(mask as readonly (Mask | undefined)[])[0], next];
  }

  call(inputs: Inputs, { training, mask }: CallContext): Outputs {
    if (inputs instanceof Tensor) {
      const segment = this.floats(inputs);
      return this.attend(segment, segment, seenOf(mask as Mask | undefined, undefined), training);
    }
    const [segment, memory, attentionMask] = inputs as readonly AnyTensor[];
    if (attentionMask !== undefined) requireDtype(this.name, "the attention mask", attentionMask.dtype, "bool");
    const masks = (mask as readonly (Mask | undefined)[]).slice(0, 2).reverse();
    const past = noGrad(() => slice(this.floats(memory), [0, 0, 0])) as Tensor;
    const all = concat([past, this.floats(segment)], 1) as Tensor;
    const steps = all.shape[1];
    const next = noGrad(() => slice(all, [0, steps - this.kept(steps), 0])) as Tensor;
    const seen = seenOf(joinedSteps([memory, segment], masks), attentionMask as Mask | undefined);
    return [this.attend(segment as Tensor, all, seen, training), next];
  }

  /** The results for the last of all steps, of which they see those of `seen`. */
  private attend(segment: Tensor, all: Tensor, seen: Mask | undefined, training: boolean): Tensor {
    const { keyDim } = this.settings;
    const [batch, queries, features] = segment.shape;
    const keys = all.shape[1];
    const q = this.query.apply(segment);
    const k = this.key.apply(all);
    const v = this.value.apply(all);
    // [1, keys, heads, keyDim] for the distances keys - 1, .., 0.
    const r = this.relative.apply(distanceWaves(keys, features));
    const byHead = transpose(add(q, this.positionBias), [0, 2, 1, 3]) as Tensor;
    const scores = matmul(byHead, transpose(r, [0, 2, 1, 3]) as Tensor, { transposeB: true });
    const byKey = mul(shifted(scores, batch, this.settings.numHeads, queries, keys), 1 / Math.sqrt(keyDim));
    // Hidden keys score so little that nothing is left of them beside any other; beside none, they count alike.
    const mask = seen ? where(seen, byKey, HIDDEN) : byKey;
    const options = { causal: true, mask, position: tensor([keys - queries], { dtype: "i32" }) };
    const content = add(q, this.contentBias);
    if (!training || this.dropout === undefined) return this.attentionOutput.apply(attention(content, k, v, options));
    const kept = this.dropout.apply(attentionScores(content, k, options), { training });
    return this.attentionOutput.apply(attentionValues(kept, v));
  }
}

/** The score of a hidden key. */
const HIDDEN = -1e30;

/** Which steps of several sequences one after the other count; nothing where all do. */
function joinedSteps(sequences: readonly AnyTensor[], masks: readonly (Mask | undefined)[]): Mask | undefined {
  if (masks.every((mask) => mask === undefined)) return undefined;
  const all = sequences.map(({ shape }, i) => masks[i] ?? ones(shape.slice(0, 2), "bool"));
  return concat(all, 1) as Mask;
}

/** What a mask of steps [batch, keys] and an attention mask leave to be seen, as it broadcasts to scores. */
function seenOf(steps: Mask | undefined, attentionMask: Mask | undefined): Mask | undefined {
  const byKey = steps && (reshape(steps, [steps.shape[0], 1, 1, steps.shape[1]]) as Mask);
  const byQuery =
    attentionMask?.rank === 3
      ? (reshape(attentionMask, attentionMask.shape.toSpliced(1, 0, 1)) as Mask)
      : attentionMask;
  return byKey && byQuery ? (logicalAnd(byKey, byQuery) as Mask) : (byKey ?? byQuery);
}

/**
 * Scores by distance keys - 1, .., 0 along the last axis, as scores by key: query i moves left by queries - 1 - i places.
 * What comes in from the right belongs to keys that the query does not see.
 */
function shifted(scores: Tensor, batch: number, heads: number, queries: number, keys: number): Tensor {
  const none = [0, 0] as const;
  const padded = pad(scores, [none, none, none, [1, 0]]);
  const skewed = reshape(padded, [batch, heads, keys + 1, queries]) as Tensor;
  return reshape(slice(skewed, [0, 0, 1, 0]), [batch, heads, queries, keys]) as Tensor;
}

/** [1, keys, features]: sines, then cosines, of the distances keys - 1, .., 0. */
function distanceWaves(keys: number, features: number): Tensor {
  const half = Math.ceil(features / 2);
  const frequencies = tensor(Float64Array.from({ length: half }, (_, i) => 10_000 ** ((-2 * i) / features)));
  const angles = mul(reshape(arange(keys - 1, -1, -1), [keys, 1]) as Tensor, frequencies);
  const waves = slice(concat([sin(angles), cos(angles)], 1), [0, 0], [keys, features]) as Tensor;
  return reshape(waves, [1, keys, features]) as Tensor;
}

/**
 * Causal multi-head attention by relative positions, with a memory of earlier segments (Transformer-XL). The score of
 * query i and key j is ((q_i + u) . k_j + (q_i + w) . r_(i-j)) / sqrt(keyDim), r a projection of the distance's
 * sinusoidal encoding, u and w trained for each head. Apply it to a segment, or to [segment, memory, attentionMask?]
 * for [result, next memory]; no gradient flows into the memory. Masks of both hide their steps; the attention mask is
 * bool, true where a query sees a key. Not in Keras.
 * Shapes: `[batch, time, features]`, memory `[batch, length, features]`, mask `[batch, time, length + time]` or
 * `[batch, heads, time, length + time]` -> `[batch, time, features]`, memory `[batch, length + time, features]`, cut to
 * the last memoryLength steps.
 * Errors: ArgumentError for options out of range; ShapeError for inputs whose axes do not fit; DtypeError unless they
 * are f32 and the mask bool. Source: Dai et al. 2019.
 */
export const relativeMultiHeadAttention: LayerDefinition<typeof RelativeMultiHeadAttention> = defineLayer(
  "relative_multi_head_attention",
  RelativeMultiHeadAttention,
  relativeMultiHeadAttentionOptions,
);
