// Cross-validation: how folds are cut, and what is learnt and measured on them.
import { describe, expect, it } from "vitest";
import { ArrayData } from "../../ts/data/array.ts";
import { dense } from "../../ts/layers/index.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { LambdaCallback } from "../../ts/train/callbacks/control.ts";
import { crossValidate, type Fold, kFold, stratifiedKFold } from "../../ts/train/cross-validate.ts";
import { Sequential } from "../../ts/train/sequential.ts";

const sizes = (folds: readonly Fold[]): number[] => folds.map(({ test }) => test.length);

function expectPartition(folds: readonly Fold[], length: number): void {
  const all = Array.from({ length }, (_, i) => i);
  expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(all);
  for (const { train, test } of folds) expect([...train, ...test].sort((a, b) => a - b)).toEqual(all);
}

describe("folds", () => {
  it("are stretches of the data unless shuffled", () => {
    const folds = kFold(10, { folds: 3, shuffle: false });
    expect(folds.map(({ test }) => [...test])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expectPartition(folds, 10);
  });

  it("are the same for the same seed", () => {
    const folds = kFold(23, { seed: 7 });
    expectPartition(folds, 23);
    expect(sizes(folds)).toEqual([5, 5, 5, 4, 4]);
    expect(kFold(23, { seed: 7 })).toEqual(folds);
    expect(kFold(23, { seed: 8 })).not.toEqual(folds);
  });

  it("have each class evenly when stratified", () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i < 11 ? 0 : i < 33 ? 1 : 2));
    for (const shuffle of [false, true]) {
      const folds = stratifiedKFold(labels, { folds: 4, shuffle, seed: 3 });
      expectPartition(folds, 50);
      for (const label of [0, 1, 2]) {
        const counts = folds.map(({ test }) => [...test].filter((i) => labels[i] === label).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
      expect(Math.max(...sizes(folds)) - Math.min(...sizes(folds))).toBeLessThanOrEqual(1);
    }
  });

  it("must be at least 2 and no more than examples", () => {
    expect(() => kFold(3, { folds: 4 })).toThrow("folds must be from 2 to the 3 examples there are, got 4");
    expect(() => kFold(3, { folds: 1 })).toThrow(ArgumentError);
  });
});

describe("crossValidate", () => {
  const x = tensor(Array.from({ length: 30 }, (_, i) => [i / 15 - 1, i % 2]));
  const labels = tensor(Int32Array.from({ length: 30 }, (_, i) => (i < 15 ? 0 : 1)));
  const makeModel = (): Sequential => {
    const model = new Sequential([
      dense({ units: 2, activation: "softmax", inputShape: [2], kernelInitializer: "zeros" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    model.compilation.optimizer.learningRate = 0.2;
    return model;
  };

  it("measures each fold, their mean and deviation, the same for the same seed", async () => {
    const run = (): ReturnType<typeof crossValidate> =>
      crossValidate(makeModel, x, labels, { folds: 3, stratified: true, seed: 5, epochs: 30, batchSize: 10 });
    const { folds, mean, std } = await run();
    expect((await run()).folds).toEqual(folds);
    expect(folds.length).toBe(3);
    const accuracies = folds.map(({ accuracy }) => accuracy);
    expect(mean.accuracy).toBeCloseTo(accuracies.reduce((a, b) => a + b) / 3, 6);
    expect(std.accuracy).toBeCloseTo(
      Math.sqrt(accuracies.reduce((sum, a) => sum + (a - mean.accuracy) ** 2, 0) / 3),
      6,
    );
    expect(mean.accuracy).toBeGreaterThan(0.8);
    expect(Object.keys(mean).sort()).toEqual(["accuracy", "loss"]);
  });

  it("trains on the other folds only", async () => {
    const seen: number[] = [];
    const ones = new ArrayData(
      Float32Array.from({ length: 6 }, (_, i) => i),
      [6, 1],
      "f32",
    );
    await crossValidate(
      () => {
        const model = new Sequential([dense({ units: 1, inputShape: [1] })]);
        model.compile({ loss: "meanSquaredError" });
        const train = model.fit.bind(model);
        model.fit = ((...args: Parameters<Sequential["fit"]>) => {
          seen.push(...(args[0] as ArrayData).data);
          return train(...args);
        }) as Sequential["fit"];
        return model;
      },
      ones,
      ones,
      { folds: 2, shuffle: false },
    );
    expect(seen).toEqual([3, 4, 5, 0, 1, 2]);
  });

  it("takes callbacks of each fold and data to validate all of them on, and returns histories", async () => {
    const seen: string[] = [];
    const callbacks = (fold: number) => [
      new LambdaCallback({ onEpochEnd: (epoch, logs) => void seen.push(`${fold} ${epoch} ${"val_loss" in logs}`) }),
    ];
    const cut = { folds: 2, epochs: 2, seed: 3 };
    const { histories } = await crossValidate(makeModel, x, labels, { ...cut, callbacks });
    expect(seen).toEqual(["0 0 true", "0 1 true", "1 0 true", "1 1 true"]);
    expect(histories.map(({ history }) => history.val_loss.length)).toEqual([2, 2]);

    const same = await crossValidate(makeModel, x, labels, { ...cut, validationData: [x, labels] });
    const streamed = await crossValidate(makeModel, x, labels, { ...cut, validationData: () => [[x, labels]] });
    expect(streamed.histories.map(({ history }) => history)).toEqual(same.histories.map(({ history }) => history));
    expect(same.histories[0].history.val_loss).not.toEqual(histories[0].history.val_loss);
    await expect(crossValidate(makeModel, x, labels, { ...cut, callbacks: () => 1 as never })).rejects.toThrow(
      "fit: callbacks must be a list, got 1",
    );
    await expect(crossValidate(makeModel, x, labels, { ...cut, callbacks: (async () => []) as never })).rejects.toThrow(
      ArgumentError,
    );
  });

  it("refuses what cannot be cut", async () => {
    await expect(crossValidate(makeModel, (() => [[x, labels]]) as never, labels)).rejects.toThrow(
      "crossValidate: x must be data, of which each fold takes its rows, got a function",
    );
    await expect(crossValidate(makeModel, x, tensor([1, 2]))).rejects.toThrow("all data must have 2 examples, got 30");
    const fractions = tensor(Array.from({ length: 30 }, (_, i) => i / 2));
    await expect(crossValidate(makeModel, x, fractions, { stratified: true })).rejects.toThrow(
      "stratified labels must be classes, got [0.5]",
    );
  });
});
