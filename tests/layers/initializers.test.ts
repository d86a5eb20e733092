// Initializers: fans, ranges and variances as in Keras, seeds, names. Regularizers: values, gradients, names.
import { describe, expect, it } from "vitest";
import { checkGradient } from "../../ts/autograd/check.ts";
import * as initializers from "../../ts/layers/initializers.ts";
import { getRegularizer, l1, l1l2, l2, orthogonal } from "../../ts/layers/regularizers.ts";
import { mul, sub } from "../../ts/ops/arithmetic.ts";
import { reshape } from "../../ts/ops/layout.ts";
import { matmul } from "../../ts/ops/matmul.ts";
import { seed } from "../../ts/ops/random.ts";
import { ShapeError } from "../../ts/runtime/errors.ts";
import { eye, tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "./close.ts";

function momentsOf(values: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
}

describe("fans", () => {
  it("are those of Keras", () => {
    expect(initializers.fansOf([784, 64])).toEqual({ fanIn: 784, fanOut: 64 });
    expect(initializers.fansOf([3, 3, 16, 32])).toEqual({ fanIn: 144, fanOut: 288 });
    expect(initializers.fansOf([10])).toEqual({ fanIn: 10, fanOut: 10 });
    expect(initializers.fansOf([])).toEqual({ fanIn: 1, fanOut: 1 });
  });
});

describe("initializers", () => {
  const shape = [3, 3, 40, 60];
  const [fanIn, fanOut] = [360, 540];
  it.each([
    ["glorotUniform", 2 / (fanIn + fanOut), Math.sqrt(3)],
    ["glorotNormal", 2 / (fanIn + fanOut), 2 / 0.8796],
    ["heUniform", 2 / fanIn, Math.sqrt(3)],
    ["heNormal", 2 / fanIn, 2 / 0.8796],
    ["lecunUniform", 1 / fanIn, Math.sqrt(3)],
    ["lecunNormal", 1 / fanIn, 2 / 0.8796],
    ["randomUniform", 0.05 ** 2 / 3, Math.sqrt(3)],
    ["randomNormal", 0.05 ** 2, 6],
    ["truncatedNormal", (0.05 * 0.8796) ** 2, 2 / 0.8796],
  ] as const)("%s has variance %f and reaches %f deviations", (name, variance, reach) => {
    const weight = initializers.getInitializer({ name, seed: 4 })(shape);
    expect(weight.shape).toEqual(shape);
    const found = momentsOf(weight.data());
    expect(Math.abs(found.mean)).toBeLessThan(0.02 * Math.sqrt(variance));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.03);
    expect(found.largest).toBeLessThanOrEqual(reach * Math.sqrt(variance) * 1.0001);
    expect(found.largest).toBeGreaterThan(0.7 * reach * Math.sqrt(variance) * (name === "randomNormal" ? 0.9 : 1));
  });

  it("may be constant", () => {
    expect(initializers.zeros()([2]).data()).toEqual(Float32Array.of(0, 0));
    expect(initializers.ones()([2]).data()).toEqual(Float32Array.of(1, 1));
    expect(initializers.constant({ value: 7 })([2]).data()).toEqual(Float32Array.of(7, 7));
    expect(initializers.getInitializer({ name: "constant", value: 3 })([1]).item()).toBe(3);
  });

  it.each([
    ["fanIn", "truncatedNormal", 3 / 360, 2 / 0.8796],
    ["fanOut", "uniform", 3 / 540, Math.sqrt(3)],
    ["fanAvg", "untruncatedNormal", 3 / 450, 6],
  ] as const)("varianceScaling by %s, %s, has variance %f", (mode, distribution, variance, reach) => {
    const make = initializers.varianceScaling({ scale: 3, mode, distribution, seed: 5 });
    const found = momentsOf(make(shape).data());
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.03);
    expect(found.largest).toBeLessThanOrEqual(reach * Math.sqrt(variance) * 1.0001);
    expect(() => initializers.varianceScaling({ scale: 0 })).toThrow("scale must be greater than 0, got 0");
    expect(() => initializers.varianceScaling({ mode: "fan" as never })).toThrow("one of fanIn, fanOut, fanAvg");
  });

  it.each([
    [[6, 4], false],
    [[4, 6], true],
    [[2, 3, 5], false],
    [[1, 1], true],
    [[7, 200], true],
    [[300, 150], false],
  ])("orthogonal of %j has orthonormal rows or columns", (shape, rows) => {
    const weight = initializers.orthogonal({ gain: 2, seed: 3 })(shape);
    const matrix = reshape(weight, [-1, shape[shape.length - 1]]) as Tensor;
    const products = matmul(matrix, matrix, rows ? { transposeB: true } : { transposeA: true });
    expectClose(products.data(), mul(eye(products.shape[0]), 4).data(), { absolute: 4e-6 });
    expect(() => initializers.orthogonal()([3])).toThrow(ShapeError);
  });

  it("orthogonal favours no direction, as Q of normal numbers with R's diagonal above 0", () => {
    // Of 2 x 2 matrices half are rotations, half reflections, and each number is as often below 0 as above.
    const made = Array.from({ length: 2000 }, (_, seed) => [...initializers.orthogonal({ seed })([2, 2]).data()]);
    const rotations = made.filter(([a, b, c, d]) => a * d - b * c > 0).length;
    expect(Math.abs(rotations / made.length - 0.5)).toBeLessThan(0.05);
    for (let i = 0; i < 4; i++) {
      expect(Math.abs(made.filter((q) => q[i] > 0).length / made.length - 0.5)).toBeLessThan(0.05);
      // The cosine of an angle spread evenly has mean square 1/2 and mean fourth power 3/8.
      expect(Math.abs(made.reduce((sum, q) => sum + q[i] ** 4, 0) / made.length - 0.375)).toBeLessThan(0.03);
    }
  });

  it("a large orthogonal kernel takes no longer than a few products of its size", () => {
    const begin = performance.now();
    const weight = initializers.orthogonal({ seed: 1 })([1024, 1024]);
    const off = sub(matmul(weight, weight, { transposeA: true }), eye(1024)).data();
    expect(performance.now() - begin).toBeLessThan(6000);
    expect(off.every((value) => Math.abs(value) < 1e-5)).toBe(true);
  });

  it("may be the identity", () => {
    expect([...initializers.identity({ gain: 3 })([2, 3]).data()]).toEqual([3, 0, 0, 0, 3, 0]);
    expect(() => initializers.identity()([2])).toThrow("identity: the weight must be a matrix, got shape [2]");
  });

  it("with a seed give the same each time, without one draw on", () => {
    const same = initializers.heNormal({ seed: 9 });
    expect(same([5, 5]).data()).toEqual(same([5, 5]).data());
    expect(initializers.heNormal({ seed: 9 })([5, 5]).data()).toEqual(same([5, 5]).data());
    const other = initializers.heNormal();
    expect(other([5, 5]).data()).not.toEqual(other([5, 5]).data());
    seed(1);
    const first = other([5, 5]).data();
    seed(1);
    expect(other([5, 5]).data()).toEqual(first);
  });

  it("take options, checked", () => {
    const { mean } = momentsOf(initializers.randomNormal({ mean: 5, stddev: 0.1, seed: 1 })([1000]).data());
    expect(Math.abs(mean - 5)).toBeLessThan(0.02);
    const uniform = initializers.randomUniform({ minval: 1, maxval: 2, seed: 1 })([1000]).data();
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...uniform)).toBeLessThan(2);
    expect(() => initializers.heNormal({ seed: 0.5 })).toThrow("initializer: seed must be a safe integer, got 0.5");
  });

  it("unknown names list the known ones", () => {
    expect(() => initializers.getInitializer("xavier" as never)).toThrow(
      "initializer: the name must be one of zeros, ones, constant, randomUniform, randomNormal, truncatedNormal, " +
        "identity, orthogonal, varianceScaling, " +
        'glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, got "xavier"',
    );
    expect(() => initializers.getInitializer(null as never)).toThrow("got null");
    const own = (): ReturnType<typeof tensor> => tensor([1]);
    expect(initializers.getInitializer(own as never)).toBe(own);
  });
});

describe("regularizers", () => {
  const weight = tensor([
    [1, -2],
    [0.5, 0],
  ]);

  it("are sums of absolute values and squares", () => {
    expectClose([l1(0.1)(weight).item()], [0.35]);
    expectClose([l2(0.1)(weight).item()], [0.525]);
    expectClose([l1l2({ l1: 0.1, l2: 0.2 })(weight).item()], [1.4]);
    expectClose([l1()(weight).item(), l2()(weight).item(), l1l2()(weight).item()], [0.035, 0.0525, 0.0875]);
  });

  it("penalize directions that are not orthogonal", () => {
    // Rows (1, -2) and (0.5, 0): cosine 1 / sqrt(5). Columns (1, 0.5) and (-2, 0): cosine -2 / sqrt(5).
    expectClose([orthogonal()(weight).item()], [0.01 / Math.sqrt(5)]);
    expectClose([orthogonal({ factor: 3, mode: "columns" })(weight).item()], [6 / Math.sqrt(5)]);
    expectClose([getRegularizer({ name: "orthogonal", factor: 1 })(weight).item()], [1 / Math.sqrt(5)]);
    expect(() => orthogonal()(tensor([1]))).toThrow("orthogonal: the weight must be a matrix, got shape [1]");
    expect(() => orthogonal({ mode: "all" as never })).toThrow("mode must be rows or columns, got all");
    expect(checkGradient((w) => orthogonal({ factor: 1 })(w), [spread([3, 4])], 1e-3).error).toBeLessThan(1e-3);
  });

  it("have names, or factors", () => {
    expectClose([getRegularizer("l1")(weight).item()], [0.035]);
    expectClose([getRegularizer("l1l2")(weight).item()], [0.0875]);
    expectClose([getRegularizer({ l2: 0.1 })(weight).item()], [0.525]);
    expect(() => getRegularizer("l3" as never)).toThrow(
      'regularizer: the name must be one of l1, l2, l1l2, orthogonal, got "l3"',
    );
    expect(() => l2(-1)).toThrow("regularizer: l2 must be a number of at least 0, got -1");
  });

  it("have gradients", () => {
    expect(checkGradient((w) => l1l2({ l1: 0.3, l2: 0.4 })(w), [spread([3, 4])], 1e-3).error).toBeLessThan(1e-3);
  });
});
