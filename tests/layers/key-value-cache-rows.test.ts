// A key-value cache whose rows differ: prompts of different lengths, beams that take over one another, windows that roll;
// against models without a cache.
import { beforeEach, describe, expect, it } from "vitest";
import * as layers from "../../ts/layers/index.ts";
import { add } from "../../ts/ops/arithmetic.ts";
import { concat, slice } from "../../ts/ops/layout.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import { Model } from "../../ts/train/model.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { expectClose, spread } from "./close.ts";

const { dense, embedding, keyValueCache, layerNormalization, positionEmbedding, transformerDecoder } = layers;

beforeEach(layers.resetLayerNames);

const WORDS = 11;
const close = { relative: 0, absolute: 1e-5 };

const ids = (rows: number[][]): Tensor<"i32"> =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0].length] });

/** Tokens without zeros, another sequence for each key. */
const sequence = (key: number, length: number): number[] =>
  Array.from({ length }, (_, i) => 1 + ((i * (key + 3) + ((i + key) % 4)) % (WORDS - 1)));

function languageModel(...inside: layers.Layer[]): Sequential {
  return new Sequential([
    embedding({ inputDim: WORDS, outputDim: 8 }),
    ...inside,
    layerNormalization(),
    dense({ units: WORDS }),
  ]);
}

const decoder = (options = {}): layers.Layer => transformerDecoder({ intermediateDim: 16, numHeads: 2, ...options });
const windowed = (window: number, globalTokens = 0): layers.Layer =>
  layers.slidingWindowAttention({ numHeads: 2, keyDim: 4, window, globalTokens, useCausalMask: true });

/** The numbers of one row of results at one step. */
const at = (y: Tensor, row: number, step: number): Float32Array => slice(y, [row, step, 0], [1, 1, WORDS]).data();

const recordings = (cache: layers.KeyValueCache): number =>
  (Reflect.get(cache, "run") as { recordings: number }).recordings;

const kinds: Record<string, () => layers.Layer[]> = {
  "learned positions": () => [positionEmbedding({ sequenceLength: 16 }), decoder(), decoder()],
  "waves of positions": () => [layers.sinePositionEncoding(), decoder({ normalizeFirst: true })],
  rotations: () => [decoder({ rotary: true }), decoder({ rotary: true })],
  "a window with global tokens": () => [layers.sinePositionEncoding(), windowed(3, 1)],
};

describe("rows of prompts of different lengths have the results of each alone", () => {
  const prompts = [sequence(0, 5), sequence(1, 3), sequence(2, 1)];
  const more = prompts.map((_, row) => sequence(row + 5, 4));
  const padding = (prompt: number[]): number[] => new Array(5 - prompt.length).fill(0);
  const sides: Record<string, (prompt: number[]) => number[]> = {
    left: (prompt) => [...padding(prompt), ...prompt],
    right: (prompt) => [...prompt, ...padding(prompt)],
  };
  const check = (model: Sequential, pad: (prompt: number[]) => number[], options: (mask: Tensor<"bool">) => object) => {
    const padded = prompts.map(pad);
    const alone = prompts.map((prompt, row) => model.apply(ids([[...prompt, ...more[row]]])));
    const cache = keyValueCache(model, { maxLength: 12 });
    for (let again = 0; again < 2; again++) {
      const y = cache.next(ids(padded), options(tensor(padded.map((row) => row.map((id) => id !== 0)))));
      padded.forEach((row, r) => {
        let real = 0;
        row.forEach((id, step) => {
          if (id !== 0) expectClose(at(y, r, step), at(alone[r], 0, real++), close);
        });
      });
      for (let step = 0; step < 4; step++) {
        const y = cache.next(ids(more.map((row) => [row[step]])));
        for (const [r, { length }] of prompts.entries())
          expectClose(at(y, r, 0), at(alone[r], 0, length + step), close);
      }
      expect(cache.length).toBe(9);
      cache.reset();
    }
    expect(recordings(cache)).toBeLessThanOrEqual(3);
    cache.dispose();
  };
  for (const [side, pad] of Object.entries(sides)) {
    it.each(Object.entries(kinds))(`%s, padded on the ${side}`, (_, make) => {
      check(languageModel(...make()), pad, (mask) => ({ mask }));
    });
  }

  it("by the mask of an embedding", () => {
    const model = new Sequential([
      embedding({ inputDim: WORDS, outputDim: 8, maskZero: true }),
      positionEmbedding({ sequenceLength: 16 }),
      decoder({ rotary: true }),
      dense({ units: WORDS }),
    ]);
    check(model, sides.left, () => ({}));
  });

  it("through a layer that drops the mask", () => {
    class Plain extends layers.Layer {
      constructor() {
        super("plain");
      }
      override outputMask(): undefined {}
      call(x: AnyTensor): Tensor {
        return add(x as Tensor, 1);
      }
    }
    check(languageModel(new Plain(), decoder({ rotary: true })), sides.right, (mask) => ({ mask }));
  });

  it("also where a mask comes after steps without one, and leaves the given tensor without", () => {
    const model = languageModel(...kinds["a window with global tokens"]());
    const whole = model.apply(ids([[1, 2, 3, 4, 5, 6]]));
    const cache = keyValueCache(model, { maxLength: 8 });
    cache.next(ids([[1, 2, 3]]));
    const given = ids([[0, 4, 0]]);
    const y = cache.next(given, { mask: tensor([[false, true, false]]) });
    expectClose(at(y, 0, 1), at(whole, 0, 3), close);
    expect(layers.maskOf(given)).toBeUndefined();
    expectClose(at(cache.next(ids([[5]])), 0, 0), at(whole, 0, 4), close);
    expectClose(at(cache.next(ids([[6]])), 0, 0), at(whole, 0, 5), close);
    cache.dispose();
  });
});

describe("a cache that rolls", () => {
  const TIME = 13;
  const ROOM = 5;
  const tokens = [sequence(0, TIME), sequence(1, TIME)];
  const rolling = (model: layers.Layer): layers.KeyValueCache =>
    keyValueCache(model, { maxLength: ROOM, whenFull: "roll" });
  /** All results, fed in pieces of the given sizes. */
  const fed = (cache: layers.KeyValueCache, pieces: number[]): Tensor => {
    let end = 0;
    const results = pieces.map((size) => {
      end += size;
      return cache.next(ids(tokens.map((row) => row.slice(end - size, end))));
    });
    return concat(results, 1) as Tensor;
  };
  const ones = new Array(TIME).fill(1);

  it("sees the last tokens: one layer has the results of the window alone", () => {
    const model = languageModel(decoder({ rotary: true }));
    const cache = rolling(model);
    for (const pieces of [ones, [3, 1, 1, 1, 6, 1], [TIME]]) {
      const y = fed(cache, pieces);
      expect(cache.length).toBe(TIME);
      for (let step = 0; step < TIME; step++) {
        const window = tokens.map((row) => row.slice(Math.max(step + 1 - ROOM, 0), step + 1));
        const expected = model.apply(ids(window));
        for (const row of [0, 1]) expectClose(at(y, row, step), at(expected, row, window[0].length - 1), close);
      }
      cache.reset();
    }
    cache.dispose();
  });

  it.each<[string, (attend: () => layers.Layer) => layers.Layer[]]>([
    ["learned positions", (attend) => [positionEmbedding({ sequenceLength: 16 }), attend(), attend()]],
    ["waves of positions", (attend) => [layers.sinePositionEncoding(), attend(), attend()]],
  ])("is attention in a window of the whole sequence, with %s", (_, make) => {
    const model = languageModel(
      ...make(() => layers.multiHeadAttention({ numHeads: 2, keyDim: 4, useCausalMask: true })),
    );
    const wholeModel = languageModel(...make(() => windowed(ROOM - 1)));
    const whole = wholeModel.apply(ids(tokens));
    const cache = rolling(model);
    cache.next(ids(tokens));
    model.weights.forEach((weight, i) => void weight.assign(wholeModel.weights[i]));
    cache.reset();
    for (const pieces of [ones, [TIME], [4, 4, 5]]) {
      expectClose(fed(cache, pieces).data(), whole.data(), close);
      cache.reset();
    }
    cache.dispose();
  });

  it("keeps a smaller window of a layer's own", () => {
    const model = languageModel(layers.sinePositionEncoding(), windowed(2), windowed(3));
    const cache = rolling(model);
    expectClose(fed(cache, ones).data(), model.apply(ids(tokens)).data(), close);
    // One program for the first step, and what its memory asks for one more; none for positions.
    expect(recordings(cache)).toBeLessThanOrEqual(3);
    cache.dispose();
  });

  it("with prompts of different lengths: padding takes room and is not seen", () => {
    const model = languageModel(decoder({ rotary: true }));
    const cache = rolling(model);
    cache.next(ids([[0, 0, ...tokens[0].slice(0, 2)]]), { mask: tensor([[false, false, true, true]]) });
    for (let step = 2; step < 9; step++) {
      const y = cache.next(ids([[tokens[0][step]]]));
      const window = tokens[0].slice(Math.max(step + 1 - ROOM, 0), step + 1);
      expectClose(at(y, 0, 0), at(model.apply(ids([window])), 0, window.length - 1), close);
    }
    cache.dispose();
  });

  it("ends where learned positions end, and keeps what it has", () => {
    const model = languageModel(positionEmbedding({ sequenceLength: 7 }), decoder());
    const cache = rolling(model);
    for (let i = 0; i < 7; i++) cache.next(ids([[1 + i]]));
    expect(() => cache.next(ids([[8]]))).toThrow(
      "position_embedding: positions must be from 0 to 6, got 7 at position 0",
    );
    expect(cache.length).toBe(7);
    expect(cache.position.data()).toEqual(Int32Array.of(7));
    cache.dispose();
  });

  it("refuses global tokens, which it would forget", () => {
    const cache = rolling(languageModel(windowed(2, 1)));
    expect(() => cache.next(ids([[1]]))).toThrow("global tokens, which a cache that rolls would forget");
  });
});

describe("beams that take over one another", () => {
  const from = [2, 0, 0];
  const before = [0, 1, 2].map((row) => sequence(row, 4));
  const after = [0, 1, 2].map((row) => sequence(row + 5, 2));
  const expected = (model: layers.Layer, more: AnyTensor[] = []): Tensor => {
    const whole = ids(from.map((row, b) => [...before[row], ...after[b]]));
    return model.apply(more.length > 0 ? [whole, ...more] : whole);
  };

  it.each(Object.entries(kinds))("go on from what the others have seen: %s", (_, make) => {
    const model = languageModel(...make());
    const whole = expected(model);
    const cache = keyValueCache(model, { maxLength: 9 });
    for (const indices of [from, Int32Array.from(from), tensor(Int32Array.from(from))]) {
      cache.next(ids(before));
      cache.reorder(indices);
      for (let step = 0; step < 2; step++) {
        const y = cache.next(ids(after.map((row) => [row[step]])));
        for (const row of [0, 1, 2]) expectClose(at(y, row, 0), at(whole, row, 4 + step), close);
      }
      cache.reset();
    }
    expect(recordings(cache)).toBe(2);
    cache.dispose();
  });

  it("with prompts of different lengths, an encoder's results of each row, and a window that rolled", () => {
    const [tokens, memory] = [layers.input({ shape: [9], dtype: "i32" }), layers.input({ shape: [5, 8] })];
    const embedded = embedding({ inputDim: WORDS, outputDim: 8, maskZero: true }).apply(tokens);
    const decoded = decoder({ rotary: true }).apply([embedded, memory]);
    const model = new Model({ inputs: [tokens, memory], outputs: dense({ units: WORDS }).apply(decoded) });
    const given = spread([3, 5, 8], { seed: 1 });
    const cache = keyValueCache(model, { maxLength: 4, whenFull: "roll" });
    cache.next([ids([sequence(0, 5), [0, 0, ...sequence(1, 3)], [0, ...sequence(2, 4)]]), given]);
    cache.reorder(from);
    const y = cache.next([ids([[5], [6], [7]]), given]);
    from.forEach((row, b) => {
      const own = row === 2 ? sequence(2, 4).slice(-3) : sequence(0, 5).slice(-3);
      const memoryRow = slice(given, [row, 0, 0], [1, 5, 8]);
      const alone = model.apply([ids([[...own, 5 + b]]), memoryRow]);
      expectClose(at(y, b, 0), at(alone, 0, 3), close);
    });
    cache.dispose();
  });

  it("refuses rows that there are not, and keeps those there are", () => {
    const model = languageModel(decoder({ rotary: true }));
    const cache = keyValueCache(model, { maxLength: 9 });
    expect(() => cache.reorder([0])).toThrow("reorder: there must be tokens, got none yet");
    cache.next(ids(before));
    expect(() => cache.reorder([0, 1, 3])).toThrow("reorder: indices must be from 0 to 2, got 3 at position 2");
    expect(() => cache.reorder([0, -1, 1])).toThrow("reorder: indices must be from 0 to 2, got -1");
    expect(() => cache.reorder([0, 1])).toThrow(expect.objectContaining({ name: "ShapeError" }));
    expect(() => cache.reorder([0, 1, 0.5])).toThrow(expect.objectContaining({ name: "DtypeError" }));
    const y = cache.next(ids(after.map((row) => [row[0]])));
    const whole = model.apply(ids(before.map((row, b) => [...row, after[b][0]])));
    for (const row of [0, 1, 2]) expectClose(at(y, row, 0), at(whole, row, 4), close);
    cache.dispose();
  });
});

it("keeps keys that are made of the tokens apart from queries, and refuses others that change", () => {
  const tokens = layers.input({ shape: [6], dtype: "i32" });
  const embedded = embedding({ inputDim: WORDS, outputDim: 8 }).apply(tokens);
  const modelOf = (options: object): Model => {
    const attend = layers.multiHeadAttention({ numHeads: 2, keyDim: 4, ...options });
    const attended = attend.apply([dense({ units: 8 }).apply(embedded), embedded]);
    return new Model({ inputs: tokens, outputs: dense({ units: WORDS }).apply(attended) });
  };
  const model = modelOf({ useCausalMask: true, rotary: true });
  const whole = model.apply(ids([sequence(0, 6)]));
  const cache = keyValueCache(model, { maxLength: 6 });
  for (const [step, id] of sequence(0, 6).entries()) {
    expectClose(at(cache.next(ids([[id]])), 0, 0), at(whole, 0, step), close);
  }
  cache.dispose();
  const open = keyValueCache(modelOf({}), { maxLength: 6 });
  open.next(ids([[1, 2]]));
  expect(() => open.next(ids([[3]]))).toThrow("must stay until reset, got 2 and then 1 steps");
  open.dispose();
});

it("sees the mask of tokens in a variable as it is in each step", () => {
  const model = languageModel(decoder({ rotary: true }));
  const tokens = new Variable(ids([[1, 2, 3]]), { trainable: false });
  const cache = keyValueCache(model, { maxLength: 6 });
  for (const real of [
    [true, true, true],
    [false, true, true],
    [false, false, true],
  ]) {
    const y = cache.next(tokens, { mask: tensor([real]) });
    const own = [1, 2, 3].filter((_, i) => real[i]);
    expectClose(at(y, 0, 2), at(model.apply(ids([own])), 0, own.length - 1), close);
    cache.reset();
  }
  expect(layers.maskOf(tokens)).toBeUndefined();
  cache.dispose();
});

it("keeps a memory for each call of a layer that is called twice", () => {
  const tokens = layers.input({ shape: [6], dtype: "i32" });
  const shared = decoder({ rotary: true });
  const embedded = embedding({ inputDim: WORDS, outputDim: 8 }).apply(tokens);
  const model = new Model({
    inputs: tokens,
    outputs: dense({ units: WORDS }).apply(shared.apply(shared.apply(embedded))),
  });
  const whole = model.apply(ids([sequence(0, 6)]));
  const cache = keyValueCache(model, { maxLength: 6 });
  for (const [step, id] of sequence(0, 6).entries()) {
    expectClose(at(cache.next(ids([[id]])), 0, 0), at(whole, 0, step), close);
  }
  cache.dispose();
});

it("takes another batch after a reset, and after a first step that failed", () => {
  const model = languageModel(decoder({ rotary: true }));
  const cache = keyValueCache(model, { maxLength: 6 });
  expect(() => cache.next(zeros([3, 1]))).toThrow(expect.objectContaining({ name: "DtypeError" }));
  for (const rows of [[sequence(0, 3)], [sequence(1, 3), sequence(2, 3)]]) {
    const y = cache.next(ids(rows));
    expectClose(y.data(), model.apply(ids(rows)).data(), close);
    cache.reset();
  }
  cache.dispose();
});

describe("refuses", () => {
  const cache = (): layers.KeyValueCache => keyValueCache(languageModel(decoder({ rotary: true })), { maxLength: 4 });
  it.each<[string, () => unknown, string]>([
    [
      "another way to be full",
      () => keyValueCache(languageModel(), { maxLength: 4, whenFull: "wrap" as "roll" }),
      "keyValueCache: whenFull must be error or roll, got wrap",
    ],
    [
      "unknown options",
      () => keyValueCache(languageModel(), { maxLength: 4, rolls: true } as never),
      "keyValueCache: unknown option rolls, known are maxLength, whenFull",
    ],
    [
      "unknown options of a step",
      () => cache().next(ids([[1]]), { masks: 1 } as never),
      "next: unknown option masks, known are mask; did you mean mask?",
    ],
    [
      "masks of another shape",
      () => cache().next(ids([[1, 2]]), { mask: tensor([[true]]) }),
      "next: mask must be [batch, time] = [1, 2], got [1, 1]",
    ],
    [
      "masks of numbers",
      () => cache().next(ids([[1, 2]]), { mask: tensor([[1, 0]]) as never }),
      "next: mask must be bool, got f32",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
