// Metrics by name beside a loss of logits: they say what they would say of the probabilities.
import { describe, expect, it } from "vitest";
import * as layers from "../../ts/layers/index.ts";
import * as losses from "../../ts/losses/index.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Logs } from "../../ts/train/callbacks/callback.ts";
import { Model } from "../../ts/train/model.ts";
import type { Judgement } from "../../ts/train/objective.ts";
import { Sequential } from "../../ts/train/sequential.ts";

const x = tensor([
  [-1, 2.5, 0.3],
  [-2, 0.1, 1.1],
  [0.4, -0.7, -3],
  [-4, 0.2, 0.25],
  [2, 1, -1],
]);

/** What a model says whose outputs are x, or what an activation makes of it. */
async function judged(
  activation: "linear" | "sigmoid" | "softmax",
  units: number,
  y: unknown,
  how: Judgement,
): Promise<Logs> {
  const model = new Sequential([
    layers.dense({ units, activation, inputShape: [3], useBias: false, kernelInitializer: { name: "identity" } }),
  ]);
  model.compile(how);
  return { ...(await model.evaluate(x, y as number[], { batchSize: 2 })) };
}

const close = (got: Logs, wanted: Logs): void => {
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, value] of Object.entries(wanted)) expect(got[name], name).toBeCloseTo(value, 5);
};

describe("metrics beside a loss with fromLogits", () => {
  it("are those of the probabilities where they are of yes and no", async () => {
    const names = [
      "accuracy",
      "binaryAccuracy",
      "binaryCrossentropy",
      "bce",
      "auc",
      "precision",
      "recall",
      "truePositives",
      "falsePositives",
      "trueNegatives",
      "falseNegatives",
      "binaryIoU",
    ] as const;
    const y = [[1], [0], [1], [0], [1]];
    const { binaryCrossentropy } = losses;
    const of = (loss: losses.Loss): Judgement => ({ loss, metrics: names, weightedMetrics: [metrics.binaryAccuracy] });
    const wanted = await judged("sigmoid", 1, y, of(binaryCrossentropy));
    close(await judged("linear", 1, y, of(binaryCrossentropy.with({ fromLogits: true }))), wanted);
    expect(wanted.auc).toBeCloseTo(1);
    const focal = losses.binaryFocalCrossentropy.with({ fromLogits: true }).with({ gamma: 1 });
    const { precision } = await judged("linear", 1, y, { loss: focal, metrics: ["precision"] });
    expect(precision).toBe(wanted.precision);
  });

  it("are those of the probabilities where they are of classes", async () => {
    const names = ["accuracy", "sparseCategoricalCrossentropy", "perplexity", "sparseCategoricalAccuracy"] as const;
    const { sparseCategoricalCrossentropy: loss } = losses;
    const y = [1, 2, 0, 2, 0];
    const wanted = await judged("softmax", 3, y, { loss, metrics: names });
    close(await judged("linear", 3, y, { loss: loss.with({ fromLogits: true }), metrics: names }), wanted);
    expect(wanted.perplexity).toBeCloseTo(Math.exp(wanted.loss), 5);
  });

  it("know it of the loss of their own output alone", async () => {
    const input = layers.input({ shape: [3] });
    const same = { units: 1, useBias: false, kernelInitializer: { name: "identity" } } as const;
    const a = layers.dense({ ...same, name: "a" }).apply(input);
    const b = layers.dense({ ...same, name: "b", activation: "sigmoid" }).apply(input);
    const model = new Model({ inputs: input, outputs: [a, b] });
    model.compile({
      loss: { a: losses.binaryCrossentropy.with({ fromLogits: true }), b: "binaryCrossentropy" },
      metrics: { a: ["auc", "recall"], b: ["auc", "recall"] },
    });
    const y = tensor([[1], [0], [1], [0], [1]]);
    const figures = await model.evaluate<string>(x, { a: y, b: y });
    expect(figures.a_auc).toBe(figures.b_auc);
    expect(figures.a_recall).toBe(figures.b_recall);
  });

  it("do as they were told where they were made, and say where they cannot", async () => {
    const y = [[1], [0], [1], [0], [1]];
    const loss = losses.binaryCrossentropy.with({ fromLogits: true });
    const told = [new metrics.Recall({ thresholds: 0.5 }), "recall"] as const;
    const { recall, recall_1 } = await judged("linear", 1, y, { loss, metrics: told });
    expect([recall, recall_1].map((figure) => figure.toFixed(3))).toEqual(["0.333", "0.667"]);
    await expect(judged("linear", 1, y, { loss, metrics: ["klDivergence"] })).rejects.toThrow(ArgumentError);
  });
});
