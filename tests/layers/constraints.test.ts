// Constraints against Keras's formulas, and as layers are given them.
import { describe, expect, it } from "vitest";
import { backward } from "../../ts/autograd/grad.ts";
import { getConstraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from "../../ts/layers/constraints.ts";
import * as layers from "../../ts/layers/index.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { square } from "../../ts/ops/elementwise.ts";
import { Generator, randomNormal } from "../../ts/ops/random.ts";
import { SGD } from "../../ts/optim/sgd.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { expectClose } from "./close.ts";

/** Columns of norms 5 and 0.5; rows of norms sqrt(9.09) and sqrt(16.16). */
const weight = tensor([
  [3, 0.3],
  [-4, 0.4],
]);

const columnNorms = (w: Tensor): number[] => {
  const [a, b, c, d] = w.data();
  return [Math.hypot(a, c), Math.hypot(b, d)];
};

describe("constraints", () => {
  it("limit norms", () => {
    expectClose(columnNorms(maxNorm()(weight)), [2, 0.5]);
    expectClose(columnNorms(maxNorm({ maxValue: 0.25 })(weight)), [0.25, 0.25]);
    expectClose(columnNorms(unitNorm()(weight)), [1, 1]);
    expectClose(columnNorms(minMaxNorm({ minValue: 0.75, maxValue: 2 })(weight)), [2, 0.75]);
    expectClose(columnNorms(minMaxNorm({ minValue: 0.75, maxValue: 2, rate: 0.5 })(weight)), [3.5, 0.625]);
    expectClose(
      unitNorm({ axis: [0, 1] })(weight).data(),
      [...weight.data()].map((x) => x / Math.hypot(5, 0.5)),
    );
    expectClose(unitNorm({ axis: 1 })(tensor([[3, 4]])).data(), [0.6, 0.8]);
  });

  it("keep zeros, and take away what is negative", () => {
    expect([...maxNorm()(tensor([[0], [0]])).data()]).toEqual([0, 0]);
    expect([...nonNeg()(weight).data()]).toEqual([3, Math.fround(0.3), 0, Math.fround(0.4)]);
  });

  it("have names, and are checked", () => {
    expectClose(columnNorms(getConstraint({ name: "maxNorm", maxValue: 1 })(weight)), [1, 0.5]);
    expectClose(columnNorms(getConstraint("unitNorm")(weight)), [1, 1]);
    const own = (w: Tensor): Tensor => w;
    expect(getConstraint(own)).toBe(own);
    expect(() => getConstraint("norm" as never)).toThrow(/one of maxNorm, nonNeg, unitNorm, minMaxNorm, got "norm"/);
    expect(() => minMaxNorm({ minValue: 2 })).toThrow("constraint: maxValue must be at least 2, got 1");
    expect(() => minMaxNorm({ rate: 2 })).toThrow("constraint: rate must be from 0 to 1, got 2");
  });

  it("hold for layers that are trained, and are saved with them", async () => {
    const kernelConstraint = maxNorm({ maxValue: 0.5 });
    const layer = layers.dense({ units: 3, kernelConstraint, biasConstraint: "nonNeg", inputShape: [2] });
    const model = new Sequential([layer]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [x, y] = [tensor([[1, 2]]), tensor([[3, -30, 8]])];
    await model.fit(x, y, { epochs: 30, verbose: 0 });
    const [kernel, bias] = model.weights.map((w) => [...w.data()]);
    for (const column of [0, 1, 2]) expect(Math.hypot(kernel[column], kernel[3 + column])).toBeLessThanOrEqual(0.50001);
    expect(bias[1]).toBe(0);
    expect(bias[2]).toBeGreaterThan(0.5);
    expect(layer.config()).toMatchObject({
      kernelConstraint: { name: "maxNorm", maxValue: 0.5, axis: 0 },
      biasConstraint: "nonNeg",
    });
  });
});

const kernelAndBias = { kernel: "kernel", bias: "bias" };
const depthwise = { kernel: "depthwise", bias: "bias" };
const separable = { depthwiseKernel: "depthwise", pointwiseKernel: "pointwise", bias: "bias" };
const gammaAndBeta = { gamma: "gamma", beta: "beta" };
const projections = Object.fromEntries(
  ["query", "key", "value", "attention_output"].flatMap((part) =>
    Object.entries(kernelAndBias).map(([weight, prefix]) => [`${part}/${weight}`, prefix]),
  ),
);
const numbers = (...shape: number[]): Tensor => randomNormal(shape, { generator: new Generator(3) });

/** A layer, its input, and each of its constrained weights with the first part of its options' names. */
const constrained: [string, (options: object) => layers.Layer, AnyTensor, Record<string, string>][] = [
  ["dense", (o) => layers.dense({ units: 3, ...o }), numbers(2, 4), kernelAndBias],
  ["conv1d", (o) => layers.conv1d({ filters: 2, kernelSize: 2, ...o }), numbers(2, 4, 2), kernelAndBias],
  ["depthwiseConv1d", (o) => layers.depthwiseConv1d({ kernelSize: 2, ...o }), numbers(2, 4, 2), depthwise],
  ["depthwiseConv2d", (o) => layers.depthwiseConv2d({ kernelSize: 2, ...o }), numbers(2, 4, 4, 2), depthwise],
  ["separableConv1d", (o) => layers.separableConv1d({ filters: 2, kernelSize: 2, ...o }), numbers(2, 4, 2), separable],
  [
    "separableConv2d",
    (o) => layers.separableConv2d({ filters: 2, kernelSize: 2, ...o }),
    numbers(2, 4, 4, 2),
    separable,
  ],
  [
    "embedding",
    (o) => layers.embedding({ inputDim: 5, outputDim: 2, ...o }),
    tensor([[0, 1, 4]], { dtype: "i32" }),
    { embeddings: "embeddings" },
  ],
  [
    "positionEmbedding",
    (o) => layers.positionEmbedding({ sequenceLength: 3, ...o }),
    numbers(2, 3, 2),
    { embeddings: "embeddings" },
  ],
  ["batchNormalization", (o) => layers.batchNormalization(o), numbers(4, 3), gammaAndBeta],
  ["layerNormalization", (o) => layers.layerNormalization(o), numbers(4, 3), gammaAndBeta],
  ["groupNormalization", (o) => layers.groupNormalization({ groups: 2, ...o }), numbers(2, 4), gammaAndBeta],
  ["instanceNormalization", (o) => layers.instanceNormalization(o), numbers(2, 3, 2), gammaAndBeta],
  ["prelu", (o) => layers.prelu(o), numbers(2, 3), { alpha: "alpha" }],
  [
    "multiHeadAttention",
    (o) => layers.multiHeadAttention({ numHeads: 2, keyDim: 2, ...o }),
    numbers(2, 3, 4),
    projections,
  ],
];

describe.each(constrained)("%s", (_name, make, x, weights) => {
  const given = (what: string, value: unknown): object =>
    Object.fromEntries(Object.values(weights).map((prefix) => [prefix + what, value]));

  it("starts each weight as told, penalizes it and keeps it within bounds", () => {
    const starts = given("Initializer", { name: "constant", value: -3 });
    const layer = make({ ...starts, ...given("Regularizer", { l1: 0.5 }), ...given("Constraint", "nonNeg") });
    backward(sum(square(layer.apply(x, { training: true }))));
    const { trainableWeights } = layer;
    expect(layer.penalties().map((penalty) => penalty.item())).toEqual(trainableWeights.map(({ size }) => 1.5 * size));
    new SGD({ learningRate: 1e-5 }).step(trainableWeights);
    const bounded = trainableWeights.filter(({ constraint }) => constraint !== undefined);
    expect(bounded.map(({ name }) => name.slice(layer.name.length + 1)).sort()).toEqual(Object.keys(weights).sort());
    for (const weight of bounded) expect(Math.min(...weight.data())).toBeGreaterThanOrEqual(0);
    expect(layer.config()).toMatchObject(given("Constraint", "nonNeg"));
  });

  it("refuses a constraint of a wrong name before it is built", () => {
    for (const prefix of Object.values(weights)) {
      expect(() => make({ [`${prefix}Constraint`]: "norm" })).toThrow(ArgumentError);
    }
  });
});
