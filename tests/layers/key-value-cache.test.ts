// Steps with a key-value cache against the whole sequence computed at once.
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as layers from "../../ts/layers/index.ts";
import { reshape, slice } from "../../ts/ops/layout.ts";
import { engine } from "../../ts/runtime/engine.ts";
import { OutOfMemoryError, StateError } from "../../ts/runtime/errors.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Model } from "../../ts/train/model.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { expectClose, spread } from "./close.ts";

const { dense, embedding, layerNormalization, positionEmbedding, transformerDecoder } = layers;

beforeEach(layers.resetLayerNames);

const VOCABULARY = 11;
const TIME = 9;

const tokensFor = (batch: number): Tensor<"i32"> =>
  tensor(
    Int32Array.from({ length: batch * TIME }, (_, i) => (i * 7 + (i % 4)) % VOCABULARY),
    { shape: [batch, TIME] },
  );

/** A small language model with the given layers between its embedding and its logits. */
function languageModel(...inside: layers.Layer[]): Sequential {
  return new Sequential([
    embedding({ inputDim: VOCABULARY, outputDim: 8 }),
    ...inside,
    layerNormalization(),
    dense({ units: VOCABULARY }),
  ]);
}

const decoder = (options = {}): layers.Layer =>
  transformerDecoder({ intermediateDim: 16, numHeads: 2, activation: "gelu", ...options });

/** Logits computed in pieces of the given sizes, against those of the whole sequence. */
function expectAgreement(cache: layers.KeyValueCache, tokens: AnyTensor, whole: Tensor, pieces: number[]): void {
  const [batch, time, width] = whole.shape;
  let begin = 0;
  for (const size of pieces) {
    const y = cache.next(slice(tokens, [0, begin], [batch, size]));
    const expected = slice(whole, [0, begin, 0], [batch, size, width]);
    expect(y.shape).toEqual(expected.shape);
    expectClose(y.data(), expected.data(), { relative: 0, absolute: 1e-5 });
    begin += size;
    expect(cache.length).toBe(begin);
  }
  expect(begin).toBeLessThanOrEqual(time);
}

describe("logits with a cache are those of the whole sequence", () => {
  const inside: Record<string, () => layers.Layer[]> = {
    "learned positions": () => [positionEmbedding({ sequenceLength: 16 }), decoder(), decoder()],
    "waves of positions, normalized first": () => [layers.sinePositionEncoding(), decoder({ normalizeFirst: true })],
    rotations: () => [decoder({ rotary: true }), decoder({ rotary: true })],
    "an encoder block that is causal": () => [
      layers.transformerEncoder({ intermediateDim: 16, numHeads: 4, useCausalMask: true, rotary: true }),
    ],
    "heads that share keys": () => [
      layers.groupedQueryAttention({
        headDim: 4,
        numQueryHeads: 4,
        numKeyValueHeads: 2,
        useCausalMask: true,
        rotary: true,
      }),
    ],
    "a window": () => [
      layers.sinePositionEncoding(),
      layers.slidingWindowAttention({ numHeads: 2, keyDim: 4, window: 3, globalTokens: 1, useCausalMask: true }),
    ],
  };
  it.each(Object.entries(inside))("%s", (_, make) => {
    const model = languageModel(...make());
    const tokens = tokensFor(2);
    const whole = model.apply(tokens);
    const cache = layers.keyValueCache(model, { maxLength: 12 });
    expectAgreement(cache, tokens, whole, [1, 1, 1, 1, 1, 1, 1, 1, 1]);
    cache.reset();
    expectAgreement(cache, tokens, whole, [4, 1, 1, 3]);
    cache.reset();
    expect(cache.length).toBe(0);
    expectAgreement(cache, tokens, whole, [1, 1, 1]);
    cache.dispose();
  });

  it("attention to an encoder's results, which another sequence changes", () => {
    const [tokens, memory] = [layers.input({ shape: [TIME], dtype: "i32" }), layers.input({ shape: [5, 8] })];
    const embedded = layers
      .sinePositionEncoding()
      .apply(embedding({ inputDim: VOCABULARY, outputDim: 8 }).apply(tokens));
    const decoded = decoder().apply([embedded, memory]);
    const model = new Model({ inputs: [tokens, memory], outputs: dense({ units: VOCABULARY }).apply(decoded) });
    const ids = tokensFor(2);
    const cache = layers.keyValueCache(model, { maxLength: TIME });
    for (const seed of [1, 2]) {
      const given = spread([2, 5, 8], { seed });
      const whole = model.apply([ids, given]);
      for (let at = 0; at < TIME; at++) {
        const y = cache.next([slice(ids, [0, at], [2, 1]), given]);
        expectClose(y.data(), slice(whole, [0, at, 0], [2, 1, VOCABULARY]).data(), { relative: 0, absolute: 1e-5 });
      }
      cache.reset();
    }
    cache.dispose();
  });
});

describe("a cache refuses", () => {
  const model = (): Sequential => languageModel(decoder({ rotary: true }));
  const one = (batch = 1): Tensor<"i32"> => zeros([batch, 1], "i32");

  it("more tokens than it has room for, and keeps those it has", () => {
    const cache = layers.keyValueCache(model(), { maxLength: 2 });
    cache.next(one());
    cache.next(one());
    expect(() => cache.next(one())).toThrow("next: there must be at most 2 tokens, got 3");
    expect(cache.length).toBe(2);
    cache.reset();
    expect(cache.next(one()).shape).toEqual([1, 1, VOCABULARY]);
  });
  it("another batch", () => {
    const cache = layers.keyValueCache(model(), { maxLength: 4 });
    cache.next(one(2));
    expect(() => cache.next(one(3))).toThrow(expect.objectContaining({ name: "ShapeError" }));
  });
  it("attention that is not causal, attention masks, other axes than time", () => {
    const cached = (attend: layers.Layer, call: (x: Tensor) => Tensor): (() => Tensor) => {
      class Around extends layers.Layer {
        readonly attend = attend;
        constructor() {
          super("around");
        }
        call(x: AnyTensor): Tensor {
          return call(x as Tensor);
        }
      }
      return () => layers.keyValueCache(new Around(), { maxLength: 4 }).next(zeros([1, 1, 4]));
    };
    const must = "with a cache it must be causal, along time and without attention masks, got";
    const open = layers.multiHeadAttention({ numHeads: 2, keyDim: 4 });
    expect(cached(open, (x) => open.apply(x))).toThrow(`multi_head_attention: ${must} no causal mask`);
    const causal = layers.multiHeadAttention({ numHeads: 2, keyDim: 4, useCausalMask: true });
    const sees = tensor([[[true]]]);
    expect(cached(causal, (x) => causal.apply([x, x, x, sees]))).toThrow(`${must} an attention mask`);
    const across = layers.multiHeadAttention({ numHeads: 2, keyDim: 4, useCausalMask: true, attentionAxes: 2 });
    expect(cached(across, (x) => across.apply(reshape(x, [1, 1, 2, 2])))).toThrow(`${must} attention along other axes`);
  });
  it("a length that is no length", () => {
    expect(() => layers.keyValueCache(model(), { maxLength: 0 })).toThrow(
      "keyValueCache: maxLength must be a whole number of at least 1, got 0",
    );
  });
});

it("generates with the weights as they are now", () => {
  const model = languageModel(positionEmbedding({ sequenceLength: 16 }), decoder());
  const tokens = tokensFor(1);
  const cache = layers.keyValueCache(model, { maxLength: 16 });
  expectAgreement(cache, tokens, model.apply(tokens), [1, 1]);
  for (const weight of model.weights) weight.assign(spread(weight.shape, { seed: weight.size }));
  cache.reset();
  expectAgreement(cache, tokens, model.apply(tokens), [1, 1, 1]);
  cache.dispose();
});

it("goes on as if nothing had been where memory ran out, whatever failed", () => {
  const model = languageModel(decoder());
  const tokens = tokensFor(1);
  const whole = model.apply(tokens);
  const { memory } = engine();
  const allocate = memory.allocate.bind(memory);
  for (const isReplay of [false, true]) {
    const cache = layers.keyValueCache(model, { maxLength: TIME });
    cache.next(slice(tokens, [0, 0], [1, 1]));
    if (isReplay) cache.next(slice(tokens, [0, 1], [1, 1]));
    let failures = 0;
    for (let at = 0, isDone = false; !isDone; at += isReplay ? 1 : 7) {
      const begin = cache.length;
      const next = slice(tokens, [0, begin], [1, 1]);
      const expected = slice(whole, [0, begin, 0], [1, 1, VOCABULARY]).data();
      let calls = 0;
      const spy = vi.spyOn(memory, "allocate").mockImplementation((bytes) => {
        if (calls++ === at) throw new OutOfMemoryError(bytes, 0, 0);
        return allocate(bytes);
      });
      try {
        expectClose(cache.next(next).data(), expected, { relative: 0, absolute: 1e-5 });
        isDone = true;
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
        expect(cache.length).toBe(begin);
        failures++;
      } finally {
        spy.mockRestore();
      }
    }
    expect(failures).toBeGreaterThan(0);
    const rest = cache.length;
    expectClose(
      cache.next(slice(tokens, [0, rest], [1, 2])).data(),
      slice(whole, [0, rest, 0], [1, 2, VOCABULARY]).data(),
      { relative: 0, absolute: 1e-5 },
    );
    cache.dispose();
  }
});

describe("layers that mix steps otherwise than through the cache are refused, by name", () => {
  const mixing: Record<string, () => layers.Layer> = {
    gru: () => layers.gru({ units: 8, returnSequences: true, name: "mixing" }),
    "a stateful lstm": () => layers.lstm({ units: 8, returnSequences: true, stateful: true, name: "mixing" }),
    bidirectional: () =>
      layers.bidirectional({ layer: layers.simpleRnn({ units: 4, returnSequences: true }), name: "mixing" }),
    "a causal convolution": () => layers.conv1d({ filters: 8, kernelSize: 2, padding: "causal", name: "mixing" }),
    "a separable convolution": () =>
      layers.separableConv1d({ filters: 8, kernelSize: 3, padding: "causal", name: "mixing" }),
    "the largest of neighbours": () =>
      layers.maxPooling1d({ poolSize: 2, strides: 1, padding: "same", name: "mixing" }),
    "a mean over time": () => layers.globalAveragePooling1d({ keepDims: true, name: "mixing" }),
    "groups over time": () => layers.groupNormalization({ groups: 2, name: "mixing" }),
    "zeros in front": () => layers.zeroPadding1d({ padding: 1, name: "mixing" }),
    "axes in another order": () => layers.permute({ dims: [2, 1], name: "mixing" }),
    "a softmax over time": () => layers.softmax({ axis: 1, name: "mixing" }),
    "lengths over time": () => layers.unitNormalization({ axis: [1], name: "mixing" }),
    "another shape": () => layers.reshape({ targetShape: [-1, 4], name: "mixing" }),
  };
  it.each(Object.entries(mixing))("%s", (_, make) => {
    const model = new Sequential([embedding({ inputDim: VOCABULARY, outputDim: 8 }), make()]);
    const cache = layers.keyValueCache(model, { maxLength: 4 });
    expect(() => cache.next(tensor([[1, 2]], { dtype: "i32" }))).toThrow(StateError);
    expect(() => cache.next(tensor([[1]], { dtype: "i32" }))).toThrow(/^next: .*, got mixing, /);
    // What runs outside of a step of the cache is as before.
    expect(model.apply(tensor([[1, 2]], { dtype: "i32" })).shape[0]).toBe(1);
    cache.dispose();
  });

  it("but not those that look at one step at a time", () => {
    const inside = [
      layers.conv1d({ filters: 8, kernelSize: 1 }),
      decoder(),
      layers.timeDistributed({ layer: dense({ units: 8 }) }),
    ];
    const model = languageModel(...inside);
    const tokens = tokensFor(2);
    const whole = model.apply(tokens);
    expectAgreement(layers.keyValueCache(model, { maxLength: TIME }), tokens, whole, [3, 1, 1, 4]);
  });

  it("nor what works on inputs beside the tokens", () => {
    class Reader extends Model {
      readonly states = layers.gru({ units: 8, returnSequences: true });
      readonly words = embedding({ inputDim: VOCABULARY, outputDim: 8 });
      readonly block = decoder();
      override call(inputs: layers.Inputs): Tensor {
        const [tokens, memory] = inputs as readonly AnyTensor[];
        return this.block.apply([this.words.apply(tokens), this.states.apply(memory)]);
      }
    }
    const reader = new Reader();
    const memory = spread([2, 5, 3]);
    const tokens = tokensFor(2);
    const whole = reader.apply([tokens, memory]);
    const cache = layers.keyValueCache(reader, { maxLength: TIME });
    for (let at = 0; at < 3; at++) {
      const y = cache.next([slice(tokens, [0, at], [2, 1]), memory]);
      expectClose(y.data(), slice(whole, [0, at, 0], [2, 1, 8]).data(), { relative: 0, absolute: 1e-5 });
    }
  });
});
