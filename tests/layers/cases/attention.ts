// The table of layers: attention, positions, transformer blocks.
import * as layers from "../../../ts/layers/index.ts";
import type { Shape } from "../../../ts/tensor/shape.ts";
import { type Case, seeded } from "./case.ts";

/** The weights of projections to and from heads. */
function projections(
  features: readonly [query: number, key: number, value: number],
  [heads, keyHeads, keyDim, valueDim]: readonly number[],
  outputs = features[0],
  prefix = "",
): Record<string, Shape> {
  return {
    [`${prefix}query/kernel`]: [features[0], heads, keyDim],
    [`${prefix}query/bias`]: [heads, keyDim],
    [`${prefix}key/kernel`]: [features[1], keyHeads, keyDim],
    [`${prefix}key/bias`]: [keyHeads, keyDim],
    [`${prefix}value/kernel`]: [features[2], keyHeads, valueDim],
    [`${prefix}value/bias`]: [keyHeads, valueDim],
    [`${prefix}attention_output/kernel`]: [heads, valueDim, outputs],
    [`${prefix}attention_output/bias`]: [outputs],
  };
}

/** The weights of a transformer block with 4 features, 2 heads and 6 numbers inside its network. */
function blockWeights(hasMemory: boolean): Record<string, Shape> {
  const attention = (name: string): Record<string, Shape> => projections([4, 4, 4], [2, 2, 2, 2], 4, `${name}/`);
  const norm = (name: string): Record<string, Shape> => ({
    [`${name}/layer_normalization/gamma`]: [4],
    [`${name}/layer_normalization/beta`]: [4],
  });
  return {
    ...attention("self_attention"),
    ...norm("self_attention_residual"),
    ...(hasMemory && { ...attention("cross_attention"), ...norm("cross_attention_residual") }),
    "feed_forward_intermediate/kernel": [4, 6],
    "feed_forward_intermediate/bias": [6],
    "feed_forward_output/kernel": [6, 4],
    "feed_forward_output/bias": [4],
    ...norm("feed_forward_residual"),
  };
}

export const attentionCases = {
  attention: {
    make: () => layers.attention({ useScale: true, useCausalMask: true }),
    input: [
      [3, 4],
      [5, 2],
      [5, 4],
    ],
    output: [3, 2],
    weights: { scale: [] },
  },
  additive_attention: {
    make: () => layers.additiveAttention(),
    input: [
      [3, 4],
      [5, 4],
    ],
    output: [3, 4],
    weights: { scale: [4] },
  },
  multi_head_attention: {
    make: () => layers.multiHeadAttention({ numHeads: 2, keyDim: 3, valueDim: 2, outputShape: 5, ...seeded }),
    input: [
      [3, 4],
      [5, 2],
    ],
    output: [3, 5],
    weights: projections([4, 2, 2], [2, 2, 3, 2], 5),
  },
  grouped_query_attention: {
    make: () => layers.groupedQueryAttention({ headDim: 2, numQueryHeads: 4, numKeyValueHeads: 2, ...seeded }),
    input: [5, 3],
    output: [5, 3],
    weights: projections([3, 3, 3], [4, 2, 2, 2]),
  },
  sliding_window_attention: {
    make: () => layers.slidingWindowAttention({ numHeads: 1, keyDim: 3, window: 2, globalTokens: 1, ...seeded }),
    input: [7, 3],
    output: [7, 3],
    weights: projections([3, 3, 3], [1, 1, 3, 3]),
  },
  relative_multi_head_attention: {
    make: () => layers.relativeMultiHeadAttention({ numHeads: 2, keyDim: 3, ...seeded }),
    input: [4, 4],
    output: [4, 4],
    weights: {
      ...projections([4, 4, 4], [2, 2, 3, 3]),
      "relative/kernel": [4, 2, 3],
      contentBias: [2, 3],
      positionBias: [2, 3],
    },
  },
  position_embedding: {
    make: () => layers.positionEmbedding({ sequenceLength: 5, embeddingsInitializer: seeded.kernelInitializer }),
    input: [3, 4],
    output: [3, 4],
    weights: { embeddings: [5, 4] },
  },
  sine_position_encoding: { make: () => layers.sinePositionEncoding(), input: [3, 5], output: [3, 5] },
  rotary_embedding: { make: () => layers.rotaryEmbedding(), input: [3, 2, 4], output: [3, 2, 4] },
  transformer_encoder: {
    make: () => layers.transformerEncoder({ intermediateDim: 6, numHeads: 2, activation: "gelu", ...seeded }),
    input: [3, 4],
    output: [3, 4],
    weights: blockWeights(false),
  },
  transformer_decoder: {
    make: () =>
      layers.transformerDecoder({
        intermediateDim: 6,
        numHeads: 2,
        activation: "gelu",
        normalizeFirst: true,
        rotary: true,
        ...seeded,
      }),
    input: [
      [3, 4],
      [5, 4],
    ],
    output: [3, 4],
    weights: blockWeights(true),
  },
} satisfies { readonly [kind: string]: Case };
