// Backups of a training: one that is taken up again takes the steps that it would have taken, also from mid-epoch, and
// what other callbacks have learned survives.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import * as layers from "../../ts/layers/index.ts";
import { AUC, R2Score } from "../../ts/metrics/index.ts";
import { Adam, SGD } from "../../ts/optim/index.ts";
import { FormatError } from "../../ts/runtime/errors.ts";
import type { Callback, Logs } from "../../ts/train/callbacks/callback.ts";
import { BackupAndRestore, ModelCheckpoint } from "../../ts/train/callbacks/checkpoint.ts";
import { LambdaCallback, SwapEMAWeights } from "../../ts/train/callbacks/control.ts";
import { EarlyStopping } from "../../ts/train/callbacks/early-stopping.ts";
import { LearningRateScheduler, ReduceLROnPlateau } from "../../ts/train/callbacks/learning-rate.ts";
import type { FitOptions } from "../../ts/train/fit.ts";
import type { CompileOptions } from "../../ts/train/model.ts";
import { Sequential } from "../../ts/train/sequential.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-backup-"));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (): string => mkdtempSync(join(folder, "training-"));

const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const y = x.map(([a, b]) => [a > b ? 1 : 0]);

/** Models with equal weights, with randomness of the run and of layers' own. */
function make(options: Partial<CompileOptions> = {}): Sequential {
  const start = { name: "constant", value: 0.3 } as const;
  const model = new Sequential([
    layers.dense({ units: 4, inputShape: [2], kernelInitializer: start, activation: "tanh" }),
    layers.dropout({ rate: 0.2 }),
    layers.dropout({ rate: 0.2, seed: 3 }),
    layers.batchNormalization(),
    layers.dense({ units: 1, activation: "sigmoid", kernelInitializer: start }),
  ]);
  model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: "binaryCrossentropy", ...options });
  return model;
}

const values = (model: Sequential): unknown => model.weights.map((weight) => weight.data());

/** A callback that ends a training by an error after so many batches. */
function cutAfter(batches: number): Callback {
  let seen = 0;
  return new LambdaCallback({
    onBatchEnd: () => {
      if (++seen === batches) throw new Error("cut");
    },
  });
}

const how: FitOptions = { epochs: 4, batchSize: 4, verbose: 0 };

/** A training, whole and cut after so many batches: the models, and the figures of the epochs after the cut. */
async function both(
  batches: number,
  saveFreq: number | "epoch",
  make: () => Sequential,
  options: FitOptions = how,
  others: () => readonly Callback[] = () => [],
): Promise<{ models: [Sequential, Sequential]; logs: [Logs[], Logs[]] }> {
  const logs: [Logs[], Logs[]] = [[], []];
  const watch = (which: 0 | 1): Callback =>
    new LambdaCallback({ onEpochEnd: (_, figures) => void logs[which].push({ ...figures }) });
  const whole = make();
  await whole.fit(x, y, { seed: 5, ...options, callbacks: [...others(), watch(0)] });
  const backupDir = place();
  const backup = (): Callback => new BackupAndRestore({ backupDir, saveFreq });
  const first = make();
  const interrupted = first.fit(x, y, {
    seed: 5,
    ...options,
    callbacks: [backup(), ...others(), cutAfter(batches)],
  });
  await expect(interrupted).rejects.toThrow("cut");
  const second = make();
  // Its seed is that of the file.
  await second.fit(x, y, { ...options, callbacks: [backup(), ...others(), watch(1)] });
  expect(readdirSync(backupDir)).toEqual([]);
  return { models: [whole, second], logs };
}

describe("a backup in mid-epoch", () => {
  it.each([26, 20, 23, 35, 36])(
    "goes on with the batch after it: the same bits, cut after %i batches",
    async (batches) => {
      const compiled = (): Sequential =>
        make({ metrics: ["accuracy", new AUC(), new R2Score()], weightedMetrics: [new AUC({ name: "second" })] });
      const { models, logs } = await both(batches, 5, compiled, { ...how, validationSplit: 0.1 });
      const [whole, second] = models;
      expect(second.compilation.optimizer.iterations.item()).toBe(36);
      expect(values(second)).toEqual(values(whole));
      expect(logs[1]).toEqual(logs[0].slice(-logs[1].length));
    },
  );

  it("does so where the seed is chosen by itself, without shuffling, and with steps that are not captured", async () => {
    const models = async (options: FitOptions, compile: Partial<CompileOptions>): Promise<void> => {
      const { models, logs } = await both(26, 5, () => make({ metrics: ["precision"], ...compile }), options);
      expect(models[1].compilation.optimizer.iterations.item()).toBe(40);
      expect(values(models[1])).toEqual(values(models[0]));
      expect(logs[1]).toEqual(logs[0].slice(2));
    };
    await models({ ...how, shuffle: false }, {});
    await models(how, { runEagerly: true });
  });

  it("is refused where batches are cut in another way or metrics are others, and nothing changes", async () => {
    const backupDir = place();
    const backup = new BackupAndRestore({ backupDir, saveFreq: 5 });
    await expect(make().fit(x, y, { ...how, callbacks: [backup, cutAfter(17)] })).rejects.toThrow("cut");
    const other = make();
    const before = values(other);
    await expect(other.fit(x, y, { ...how, batchSize: 8, callbacks: [backup] })).rejects.toThrow(
      "must go on with 40 examples in batches of 4, shuffled, got 40 examples in batches of 8, shuffled",
    );
    const measured = make({ metrics: ["accuracy"] });
    await expect(measured.fit(x, y, { ...how, callbacks: [backup] })).rejects.toThrow(FormatError);
    for (const model of [other, measured]) {
      expect(values(model)).toEqual(before);
      expect(model.compilation.optimizer.iterations.item()).toBe(0);
    }
    const slower = make({ optimizer: new SGD() });
    await expect(slower.fit(x, y, { ...how, callbacks: [backup] })).rejects.toThrow(
      "the optimizer must be as in the saved training",
    );
  });
});

describe("what other callbacks have learned", () => {
  const monitored = { monitor: "loss", mode: "max" } as const;

  it.each([5, "epoch"] as const)("survives an interruption, saved by %s", async (saveFreq) => {
    // In this mode the loss of the first epoch stays the best.
    const others = (): Callback[] => [
      new ReduceLROnPlateau({ ...monitored, patience: 2, factor: 0.5, cooldown: 1 }),
      new EarlyStopping({ ...monitored, patience: 5, restoreBestWeights: true }),
    ];
    const { models, logs } = await both(26, saveFreq, make, { ...how, epochs: 20 }, others);
    const [whole, second] = models;
    expect(logs[0]).toHaveLength(6);
    expect(logs[1]).toEqual(logs[0].slice(2));
    expect(logs[1].at(-1)?.learningRate).toBeLessThan(0.01);
    expect(values(second)).toEqual(values(whole));
  });

  it("has the learning rate of a scheduler that goes on from the last, set once an epoch", async () => {
    const others = (): Callback[] => [new LearningRateScheduler((_, rate) => rate * 0.5)];
    const { models, logs } = await both(26, 5, make, how, others);
    expect(logs[1].map(({ learningRate }) => learningRate)).toEqual([0.01 / 8, 0.01 / 16].map(Math.fround));
    expect(values(models[1])).toEqual(values(models[0]));
  });

  it("has what a checkpoint is to beat", async () => {
    const backupDir = place();
    const saved = place();
    const callbacks = (): Callback[] => [
      new BackupAndRestore({ backupDir }),
      new ModelCheckpoint({ filepath: join(saved, "{epoch}"), ...monitored, saveBestOnly: true }),
    ];
    await expect(make().fit(x, y, { seed: 5, ...how, callbacks: [...callbacks(), cutAfter(25)] })).rejects.toThrow(
      "cut",
    );
    expect(readdirSync(saved)).toEqual(["1"]);
    await make().fit(x, y, { seed: 5, ...how, callbacks: callbacks() });
    expect(readdirSync(saved)).toEqual(["1"]);
  });

  it("does not mix averages with weights that have changed places with them", async () => {
    const averaged = (): Sequential =>
      make({ optimizer: new SGD({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }) });
    const others = (): Callback[] => [new SwapEMAWeights({ swapOnEpoch: true })];
    const { models } = await both(26, "epoch", averaged, how, others);
    expect(values(models[1])).toEqual(values(models[0]));
  });
});
