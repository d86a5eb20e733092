// Random tensors: the words against an independent Threefry, the distributions, seeds, threads, capture and dropout.
import { afterEach, describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import {
  dropout,
  Generator,
  randomBernoulli,
  randomInteger,
  randomNormal,
  randomPermutation,
  randomTruncatedNormal,
  randomUniform,
  seed,
} from "../../ts/ops/random.ts";
import { configure } from "../../ts/runtime/engine.ts";
import { ArgumentError, ShapeError, StateError } from "../../ts/runtime/errors.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { ones } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";

/** Threefry-2x32 with 20 rounds, one counter at a time. */
function threefry([key0, key1]: readonly number[], counter0: number, counter1: number): [number, number] {
  const keys = [key0, key1, key0 ^ key1 ^ 0x1bd11bda];
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  let a = (counter0 + keys[0]) | 0;
  let b = (counter1 + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const n = rotations[round % 8];
    a = (a + b) | 0;
    b = ((b << n) | (b >>> (32 - n))) ^ a;
    if (round % 4 !== 3) continue;
    const s = (round + 1) / 4;
    a = (a + keys[s % 3]) | 0;
    b = (b + keys[(s + 1) % 3] + s) | 0;
  }
  return [a >>> 0, b >>> 0];
}

/** Word number i of a draw: eight words for four counters, their first halves and then their second ones. */
function word(key: readonly number[], draw: number, i: number): number {
  return threefry(key, (i >> 3) * 4 + (i & 3), draw)[(i >> 2) & 1];
}

/** The normal distribution's cumulative probability, from erfc's continued fraction and series. */
function normalCdf(z: number): number {
  const t = Math.abs(z);
  let upper: number;
  if (t < 3) {
    let term = t;
    let total = t;
    for (let k = 1; k < 60; k++) total += term *= (t * t) / (2 * k + 1);
    upper = 0.5 - (total * Math.exp((-t * t) / 2)) / Math.sqrt(2 * Math.PI);
  } else {
    let fraction = t;
    for (let k = 60; k >= 1; k--) fraction = t + k / fraction;
    upper = Math.exp((-t * t) / 2) / (fraction * Math.sqrt(2 * Math.PI));
  }
  return z < 0 ? upper : 1 - upper;
}

const values = (x: AnyTensor): number[] => Array.from(x.data());

const mean = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0) / xs.length;

describe("Threefry", () => {
  it("agrees with the known answers of Random123", () => {
    const ones = 0xffffffff;
    expect(threefry([0, 0], 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
    expect(threefry([ones, ones], ones, ones)).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(threefry([0x13198a2e, 0x03707344], 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  it.each([1, 7, 8, 15, 16, 17, 100])("is what uniform numbers are made of (%i of them)", (size) => {
    const generator = new Generator(-(2 ** 40) - 3);
    const key = values(generator.state).slice(0, 2);
    for (const draw of [0, 1]) {
      const expected = Array.from({ length: size }, (_, i) => (word(key, draw, i) >>> 8) * 2 ** -24);
      expect(values(randomUniform([size], { generator }))).toEqual(expected);
    }
  });
});

describe("distributions", () => {
  const size = 200_000;
  const generator = new Generator(3);

  it("uniform numbers stay below high", () => {
    for (const [low, high] of [
      [0, 1],
      [1, 1 + 2 ** -22],
      [-1, 0],
      [-3, -2],
      [0, 3e38],
    ]) {
      const xs = values(randomUniform([4096], { low, high, generator }));
      expect(Math.min(...xs)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...xs)).toBeLessThan(high);
    }
    expect(values(randomUniform([3], { low: 2, high: 2, generator }))).toEqual([2, 2, 2]);
    expect(mean(values(randomUniform([size], { low: -1, high: 3, generator })))).toBeCloseTo(1, 1);
  });

  it("normal numbers follow the normal distribution, tails included", () => {
    const z = values(randomNormal([size], { generator })).sort((a, b) => a - b);
    let distance = 0;
    z.forEach((value, i) => {
      distance = Math.max(distance, Math.abs(normalCdf(value) - (i + 0.5) / size));
    });
    expect(distance).toBeLessThan(1.63 / Math.sqrt(size)); // Kolmogorov and Smirnov, 1 %
    expect(z.filter((value) => Math.abs(value) > 4).length / size).toBeCloseTo(2 * normalCdf(-4), 4);
    const shifted = values(randomNormal([size], { mean: 5, stddev: 0.1, generator }));
    expect(mean(shifted)).toBeCloseTo(5, 2);
    expect(Math.sqrt(mean(shifted.map((x) => (x - 5) ** 2)))).toBeCloseTo(0.1, 3);
  });

  it("normal numbers are the quantiles of their words", () => {
    const fresh = new Generator(12);
    const key = values(fresh.state).slice(0, 2);
    values(randomNormal([4096], { generator: fresh })).forEach((z, i) => {
      const bits = word(key, 0, i);
      const tail = ((bits & 0x7fffffff) + 0.5) * 2 ** -32;
      expect(z < 0).toBe(bits >>> 31 === 1);
      expect(Math.abs(normalCdf(-Math.abs(z)) / tail - 1)).toBeLessThan(1e-5);
    });
  });

  it("truncated normal numbers stay within two deviations", () => {
    const z = values(randomTruncatedNormal([size], { generator }));
    const furthest = z.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(furthest).toBeGreaterThan(1.99);
    expect(furthest).toBeLessThan(2);
    expect(mean(z.map((x) => x * x))).toBeCloseTo(0.774, 2); // 1 - 4 phi(2) / (2 Phi(2) - 1)
  });

  it("Bernoulli numbers have their probability", () => {
    const x = values(randomBernoulli([size], { probability: 0.3, value: 2, generator }));
    expect(new Set(x)).toEqual(new Set([0, 2]));
    expect(mean(x) / 2).toBeCloseTo(0.3, 2);
    expect(new Set(values(randomBernoulli([999], { probability: 1, generator })))).toEqual(new Set([1]));
    expect(new Set(values(randomBernoulli([999], { probability: 0, generator })))).toEqual(new Set([0]));
  });

  it("integers reach every value of their range equally often", () => {
    const counts = new Map<number, number>();
    for (const n of values(randomInteger([70_000], -3, 4, { generator }))) counts.set(n, (counts.get(n) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    const wide = values(randomInteger([1000], -(2 ** 31), 2 ** 31 - 1, { generator }));
    expect(Math.min(...wide)).toBeLessThan(-(2 ** 30));
    expect(Math.max(...wide)).toBeGreaterThan(2 ** 30);
  });

  it.each([0, 1, 2, 17, 1000])("a permutation of %i holds each number once", (length) => {
    const order = values(randomPermutation(length, { generator }));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
    if (length === 1000) expect(order.filter((n, i) => n === i).length).toBeLessThan(10);
  });
});

describe("generators", () => {
  const usual = { ...splitting };
  afterEach(() => {
    Object.assign(splitting, usual);
  });

  it("begin anew with a seed and draw something new each time", () => {
    seed(5);
    const first = values(randomNormal([50]));
    const second = values(randomNormal([50]));
    expect(second).not.toEqual(first);
    seed(5);
    expect(values(randomNormal([50]))).toEqual(first);
    const own = new Generator(5);
    expect(values(randomNormal([50], { generator: own }))).toEqual(first);
    expect(values(randomNormal([50], { generator: new Generator(6) }))).not.toEqual(first);
    expect(values(randomNormal([50], { generator: new Generator(5 + 2 ** 32) }))).not.toEqual(first);
  });

  it("give the same numbers for any number of threads and any split", () => {
    const draw = (): number[] => {
      const generator = new Generator(8);
      const uniform = values(randomUniform([1000], { generator }));
      return [
        ...uniform,
        ...values(randomNormal([999], { generator })),
        ...values(randomInteger([77], 0, 9, { generator })),
      ];
    };
    configure({ threads: 1 });
    const alone = draw();
    configure({ threads: 2 });
    splitting.parallelNanoseconds = 0;
    for (const chunk of [0, 60, 500]) {
      splitting.chunkNanoseconds = chunk;
      expect(draw()).toEqual(alone);
    }
  });

  it("draw anew at each replay of a captured step, the numbers of eager steps", () => {
    const eager = new Generator(21);
    const captured = new Generator(21);
    const step = (generator: Generator) => () => [
      randomUniform([40], { generator }),
      randomNormal([40], { generator }),
    ];
    const replayed = capture(step(captured));
    for (let i = 0; i < 3; i++) expect(replayed().map(values)).toEqual(step(eager)().map(values));
    expect(replayed.recordings).toBe(1);
    replayed.dispose();
  });

  it("continue from a saved state", () => {
    const generator = new Generator(1);
    randomUniform([3], { generator });
    const saved = values(generator.state);
    const next = values(randomUniform([3], { generator }));
    generator.state.assign(saved);
    expect(values(randomUniform([3], { generator }))).toEqual(next);
  });
});

describe("dropout", () => {
  it("zeroes a part of the elements, scales the others and lets through their gradients", () => {
    const generator = new Generator(4);
    const x = ones([10_000]);
    const [y] = [dropout(x, 0.25, { generator })].map(values);
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(mean(y)).toBeCloseTo(1, 1);
    const dx = grad((v: Tensor) => sum(dropout(v, 0.25, { generator: new Generator(4) })))(x) as Tensor;
    expect(values(dx)).toEqual(y);
  });

  it("does nothing at rate 0, without sharing the handle", () => {
    const x = ones([3]);
    const y = dropout(x, 0);
    y.dispose();
    expect(values(x)).toEqual([1, 1, 1]);
  });
});

describe("bad arguments", () => {
  it.each<[string, () => unknown, new (message: string) => Error]>([
    ["a negative size", () => randomUniform([-1]), ShapeError],
    ["low above high", () => randomUniform([2], { low: 1, high: 0 }), ArgumentError],
    ["NaN", () => randomUniform([2], { low: Number.NaN }), ArgumentError],
    ["a negative deviation", () => randomNormal([2], { stddev: -1 }), ArgumentError],
    ["a probability of 1.5", () => randomBernoulli([2], { probability: 1.5 }), ArgumentError],
    ["an empty range", () => randomInteger([2], 3, 3), ArgumentError],
    ["all of 2^32 numbers", () => randomInteger([2], -(2 ** 31), 2 ** 31), ArgumentError],
    ["a distance that f32 does not have", () => randomUniform([2], { low: -3e38, high: 3e38 }), ArgumentError],
    ["a fractional bound", () => randomInteger([2], 0, 1.5), ArgumentError],
    ["a fractional size", () => randomPermutation(1.5), ShapeError],
    ["a rate of 1", () => dropout(ones([2]), 1), ArgumentError],
    ["a fractional seed", () => new Generator(0.5), ArgumentError],
    ["seeding inside a captured step", () => capture(() => seed(1))(), StateError],
  ])("%s", (_name, f, type) => {
    expect(f).toThrow(type);
  });
});
