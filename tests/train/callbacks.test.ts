// The callbacks, each in a small training: files they write, what they change, when they stop.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { dense } from "../../ts/layers/index.ts";
import { Adam, SGD } from "../../ts/optim/index.ts";
import { ArgumentError, FormatError, StateError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Callback, Logs, TrainingInfo } from "../../ts/train/callbacks/callback.ts";
import { BackupAndRestore, fillTemplate, ModelCheckpoint } from "../../ts/train/callbacks/checkpoint.ts";
import { LambdaCallback, SwapEMAWeights, TerminateOnNaN } from "../../ts/train/callbacks/control.ts";
import { CSVLogger } from "../../ts/train/callbacks/csv-logger.ts";
import { LearningRateScheduler, ReduceLROnPlateau } from "../../ts/train/callbacks/learning-rate.ts";
import { TensorBoard } from "../../ts/train/callbacks/tensorboard.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { parseFields, readFrames } from "../formats/event-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-callbacks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

const x = tensor(Array.from({ length: 8 }, (_, i) => [i / 8, 1 - i / 4]));
const y = tensor(Array.from({ length: 8 }, (_, i) => [i / 4]));

function makeModel(optimizer: SGD | Adam = new SGD({ learningRate: 0.1 })): Sequential {
  const model = new Sequential([
    dense({ units: 1, inputShape: [2], name: "out", kernelInitializer: { name: "constant", value: 0.5 } }),
  ]);
  model.compile({ optimizer, loss: "meanSquaredError" });
  return model;
}

const options = { batchSize: 4, verbose: 0, shuffle: false } as const;

/** Calls a callback as a training would whose epochs end with these figures. */
async function play(callback: Callback, model: Sequential, epochs: readonly Logs[]): Promise<void> {
  const counts = { initialEpoch: 0, steps: 1, samples: 1, batchSize: 1, validation: true, seed: 0 };
  const info: TrainingInfo = { model, epochs: epochs.length, ...counts, metrics: ["loss"] };
  await callback.onTrainBegin?.(info);
  for (const [epoch, logs] of epochs.entries()) {
    await callback.onEpochBegin?.(epoch);
    await callback.onBatchEnd?.(0, logs);
    await callback.onEpochEnd?.(epoch, logs);
  }
  await callback.onTrainEnd?.(epochs.at(-1) as Logs);
}

const losses = (...values: number[]): Logs[] => values.map((loss) => ({ loss, val_loss: loss }));

describe("files", () => {
  it("may be named by URLs, with figures in them, and by a path's bytes", async () => {
    const at = (name: string): URL => pathToFileURL(path(name));
    const model = makeModel();
    await play(new ModelCheckpoint({ filepath: at("by url/{epoch:02d}") }), model, losses(1));
    await play(new BackupAndRestore({ backupDir: at("by url"), deleteCheckpoint: false }), model, losses(1));
    await play(new CSVLogger({ filename: Buffer.from(path("by url/log.csv")) }), model, losses(1));
    await play(new TensorBoard({ logDir: at("by url") }), model, losses(1));
    const made = ["01", "log.csv", "train", "training.safetensors", "validation"];
    expect(readdirSync(path("by url")).sort()).toEqual(made);
    const other = makeModel();
    other.weights[0].assign([0, 0]);
    await other.loadWeights(at("by url/01"));
    expect(other.weights[0].data()).toEqual(model.weights[0].data());
    expect(() => new TensorBoard({ logDir: new URL("https://example.com/logs") })).toThrow(ArgumentError);
    expect(() => new CSVLogger({ filename: 5 as never })).toThrow("CSVLogger: filename must be text, a file: URL or");
  });
});

describe("ModelCheckpoint", () => {
  it("writes the best weights, named by figures", async () => {
    const filepath = path("best/{epoch:03d}-{val_loss:.2f}.safetensors");
    const callback = new ModelCheckpoint({ filepath, saveBestOnly: true });
    await play(callback, makeModel(), losses(3, 1, 2, 0.5));
    expect(readdirSync(path("best")).sort()).toEqual([
      "001-3.00.safetensors",
      "002-1.00.safetensors",
      "004-0.50.safetensors",
    ]);
    expect(callback.best).toBe(0.5);
  });

  it("writes after so many batches, and what it writes can be loaded", async () => {
    const model = makeModel();
    const filepath = path("batches/{epoch}-{batch}.safetensors");
    await model.fit(x, y, {
      ...options,
      epochs: 2,
      batchSize: 2,
      callbacks: [new ModelCheckpoint({ filepath, saveFreq: 3 })],
    });
    expect(readdirSync(path("batches")).sort()).toEqual(["1-3.safetensors", "2-2.safetensors"]);
    const other = makeModel();
    await other.loadWeights(path("batches/2-2.safetensors"));
    expect(other.weights[0].data()).not.toEqual(makeModel().weights[0].data());
  });

  it("watches larger figures where larger is better, from a threshold on", async () => {
    const filepath = path("accuracy-{epoch}.safetensors");
    const watched = { saveBestOnly: true, monitor: "accuracy", initialValueThreshold: 0.5 };
    await play(
      new ModelCheckpoint({ filepath, ...watched }),
      makeModel(),
      [0.4, 0.6, 0.55].map((accuracy) => ({ accuracy })),
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("accuracy"))).toEqual(["accuracy-2.safetensors"]);
    const none = new ModelCheckpoint({ filepath, saveBestOnly: true, monitor: "f1" });
    await expect(play(none, makeModel(), losses(1))).rejects.toThrow("one of the figures loss, val_loss, got f1");
  });

  it("knows Python's formats", () => {
    const figures = { epoch: 7, loss: 0.012345 };
    expect(fillTemplate("{epoch:04d} {epoch:3d} {loss:.3f} {loss:.2e} {loss:g} {epoch}", figures)).toBe(
      "0007   7 0.012 1.23e-02 0.012345 7",
    );
    expect(() => fillTemplate("{accuracy}", figures)).toThrow(ArgumentError);
    expect(() => fillTemplate("{loss:x}", figures)).toThrow(ArgumentError);
    expect(() => new ModelCheckpoint({ filepath: "" })).toThrow(ArgumentError);
    expect(() => new ModelCheckpoint({ filepath: "w", saveFreq: 0 })).toThrow(ArgumentError);
  });
});

describe("BackupAndRestore", () => {
  const stopAfter = (epoch: number): LambdaCallback =>
    new LambdaCallback({
      onEpochBegin: (now) => {
        if (now === epoch) throw new StateError("the power fails");
      },
    });

  it("goes on where an interrupted training was", async () => {
    const whole = makeModel(new Adam({ learningRate: 0.1 }));
    await whole.fit(x, y, { ...options, epochs: 5 });

    const backup = (): BackupAndRestore => new BackupAndRestore({ backupDir: path("backup") });
    const first = makeModel(new Adam({ learningRate: 0.1 }));
    const interrupted = first.fit(x, y, { ...options, epochs: 5, callbacks: [backup(), stopAfter(2)] });
    await expect(interrupted).rejects.toThrow("the power fails");
    expect(readdirSync(path("backup"))).toEqual(["training.safetensors"]);

    const second = makeModel(new Adam());
    const epochs: number[] = [];
    const watch = new LambdaCallback({ onEpochEnd: (epoch) => void epochs.push(epoch) });
    await second.fit(x, y, { ...options, epochs: 5, callbacks: [backup(), watch] });
    expect(epochs).toEqual([2, 3, 4]);
    expect(second.weights.map((w) => w.data())).toEqual(whole.weights.map((w) => w.data()));
    expect(second.compilation.optimizer.iterations.item()).toBe(10);
    expect(readdirSync(path("backup"))).toEqual([]);
  });

  it("may keep its file, and refuses that of another model", async () => {
    const callbacks = [new BackupAndRestore({ backupDir: path("kept"), deleteCheckpoint: false, saveFreq: 2 })];
    await makeModel().fit(x, y, { ...options, callbacks });
    expect(readdirSync(path("kept"))).toEqual(["training.safetensors"]);
    const other = new Sequential([dense({ units: 1, inputShape: [2], name: "other" })]);
    other.compile({ loss: "meanSquaredError" });
    await expect(other.fit(x, y, { ...options, callbacks })).rejects.toThrow(FormatError);
    writeFileSync(path("kept/training.safetensors"), "no such file");
    await expect(makeModel().fit(x, y, { ...options, callbacks })).rejects.toThrow(FormatError);
  });
});

describe("learning rates", () => {
  it("follow a function of the epoch", async () => {
    const model = makeModel();
    const rates: number[] = [];
    const scheduler = new LearningRateScheduler((epoch, rate) => (epoch < 2 ? rate : rate / 2));
    const watch = new LambdaCallback({ onEpochEnd: (_epoch, logs) => void rates.push(logs.learningRate) });
    await model.fit(x, y, { ...options, epochs: 4, callbacks: [scheduler, watch] });
    expect(rates).toEqual([0.1, 0.1, 0.05, 0.025].map(Math.fround));
    expect(() => new LearningRateScheduler(1 as never)).toThrow(ArgumentError);
  });

  it("are reduced when a figure stays as it is", async () => {
    const model = makeModel(new SGD({ learningRate: 1 }));
    const rates: number[] = [];
    const reduce = new ReduceLROnPlateau({ patience: 2, factor: 0.5, cooldown: 1, minLr: 0.2 });
    const figures = losses(5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4);
    await play(reduce, model, figures);
    for (const logs of figures) rates.push(logs.learningRate);
    // Two epochs without improvement, one of rest of which the first of two counts after it.
    expect(rates).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, Math.fround(0.2), Math.fround(0.2), Math.fround(0.2)]);
    expect(() => new ReduceLROnPlateau({ factor: 1 })).toThrow(ArgumentError);
    expect(() => new ReduceLROnPlateau({ patience: -1 })).toThrow(ArgumentError);
  });
});

describe("CSVLogger", () => {
  it("writes a row for each epoch, and adds to a file", async () => {
    const filename = path("logs/training.csv");
    await play(new CSVLogger({ filename }), makeModel(), [{ loss: 2, accuracy: 0.5 }, { loss: 1 }]);
    expect(readFileSync(filename, "utf8")).toBe("epoch,accuracy,loss\n0,0.5,2\n1,NA,1\n");
    await play(new CSVLogger({ filename, append: true }), makeModel(), [{ loss: 0.5, accuracy: 1 }]);
    expect(readFileSync(filename, "utf8")).toBe("epoch,accuracy,loss\n0,0.5,2\n1,NA,1\n0,1,0.5\n");
    await play(new CSVLogger({ filename, separator: ";" }), makeModel(), [{ "a;b": 1, loss: 3 }]);
    expect(readFileSync(filename, "utf8")).toBe('epoch;"a;b";loss\n0;1;3\n');
  });
});

describe("TensorBoard", () => {
  /** Each event's step and the tags of its figures. */
  const events = (run: string): [number, string[]][] => {
    const [name] = readdirSync(path(`board/${run}`));
    expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
    return readFrames(readFileSync(path(`board/${run}/${name}`))).map((record) => {
      const event = parseFields(record);
      const summary = parseFields((event.get(5)?.[0] ?? new Uint8Array()) as Uint8Array);
      const tag = (value: Uint8Array): string => new TextDecoder().decode(parseFields(value).get(1)?.[0] as Uint8Array);
      return [event.get(2)?.[0] as number, (summary.get(1) ?? []).map((value) => tag(value as Uint8Array))];
    });
  };

  it("writes event files of figures and weights", async () => {
    const callbacks = [new TensorBoard({ logDir: path("board"), histogramFreq: 2, updateFreq: "batch" })];
    await makeModel().fit(x, y, { ...options, epochs: 2, validationData: [x, y], callbacks });
    expect(events("train")).toEqual([
      [0, []],
      [0, ["batch_loss"]],
      [1, ["batch_loss"]],
      [0, ["epoch_loss", "epoch_learning_rate", "out/kernel/histogram", "out/bias/histogram"]],
      [2, ["batch_loss"]],
      [3, ["batch_loss"]],
      [1, ["epoch_loss", "epoch_learning_rate"]],
    ]);
    expect(events("validation")).toEqual([
      [0, []],
      [0, ["epoch_loss"]],
      [1, ["epoch_loss"]],
    ]);
    expect(() => new TensorBoard({ histogramFreq: 0.5 })).toThrow(ArgumentError);
  });
});

describe("stepping in", () => {
  it("ends training at NaN", async () => {
    const model = makeModel(new SGD({ learningRate: 1e30 }));
    const { epochs } = await model.fit(x, y, { ...options, epochs: 50, callbacks: [new TerminateOnNaN()] });
    expect(epochs.length).toBeLessThan(10);
    const strict = makeModel(new SGD({ learningRate: 1e30 }));
    const callbacks = [new TerminateOnNaN({ raiseError: true })];
    await expect(strict.fit(x, y, { ...options, epochs: 50, callbacks })).rejects.toThrow(StateError);
  });

  it("puts averages in the place of weights for tests, and with swapOnEpoch between epochs", () => {
    const optimizer = new SGD({ learningRate: 0.25, useEma: true, emaMomentum: 0.5 });
    const model = makeModel(optimizer);
    const kernel = model.weights[0];
    const step = (): void => void model.trainOnBatch(x, y);
    const counts = { epochs: 3, initialEpoch: 0, steps: 1, samples: 8, batchSize: 8 };
    const info = { model, ...counts, metrics: ["loss"], validation: true, seed: 0 };
    step();
    step();
    const own = kernel.data();
    optimizer.swapAverages(model.trainableWeights);
    const averages = kernel.data();
    optimizer.swapAverages(model.trainableWeights);
    expect(averages).not.toEqual(own);
    const swap = new SwapEMAWeights({ swapOnEpoch: true });
    swap.onTrainBegin(info);
    swap.onTestBegin();
    expect(kernel.data()).toEqual(averages);
    swap.onTestEnd();
    expect(kernel.data()).toEqual(own);
    swap.onEpochEnd(0);
    expect(kernel.data()).toEqual(averages);
    swap.onEpochBegin();
    expect(kernel.data()).toEqual(own);
    swap.onEpochEnd(2);
    expect(kernel.data()).toEqual(own);
  });
});
