// Backups of trainings that read batches as they come: what is taken up again reads what it would have read, or it is an
// error.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  BackupAndRestore,
  type BatchData,
  type BatchStream,
  type Callback,
  type FitOptions,
  LambdaCallback,
  layers,
  Sequential,
  seed,
} from "../../ts/index.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-backup-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LENGTH = 20;
const SIZE = 4;
const x = new ArrayData(
  Float32Array.from({ length: LENGTH * 2 }, (_, i) => Math.sin(i)),
  [LENGTH, 2],
);
const y = new ArrayData(Float32Array.from({ length: LENGTH }, (_, i) => i % 2));

/** The batches of a pass, in an order of its own. */
function pass(index: number): BatchData[] {
  const order = Array.from({ length: LENGTH }, (_, i) => (i * 7 + index * 3) % LENGTH);
  return Array.from({ length: LENGTH / SIZE }, (_, i): BatchData => {
    const rows = order.slice(i * SIZE, (i + 1) * SIZE);
    return [x.gather(rows), y.gather(rows)];
  });
}

function make(): Sequential {
  seed(3);
  const model = new Sequential([
    layers.dense({ units: 4, inputShape: [2], activation: "tanh" }),
    layers.dropout({ rate: 0.2, seed: 3 }),
    layers.dense({ units: 1, activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy", "auc"] });
  return model;
}

const how: FitOptions = { epochs: 4, seed: 5, verbose: 0 };

/** Trains a model, perhaps by a backup in this folder and so many batches before an error. */
async function train(
  data: () => BatchStream | undefined,
  options: FitOptions,
  callbacks: readonly Callback[] = [],
): Promise<unknown> {
  const model = make();
  const given = data();
  const all = { ...how, ...options, callbacks };
  const { history } = given ? await model.fit(given, all) : await model.fit(x, y, { ...all, batchSize: SIZE });
  return [history.loss.at(-1), history.auc.at(-1), model.weights.map((weight) => weight.data())];
}

function cutAfter(batches: number): Callback {
  let seen = 0;
  return new LambdaCallback({
    onBatchEnd: () => {
      if (++seen === batches) throw new Error("cut");
    },
  });
}

describe("a training that reads batches goes on after a backup to the same bits", () => {
  const steps = { stepsPerEpoch: 3 };
  it.each<[string, () => BatchStream | undefined, FitOptions]>([
    ["of a function", () => pass, {}],
    ["of an asynchronous function", () => async (index) => pass(index), {}],
    ["of a source", () => ({ length: 5, batches: ({ index }) => pass(index) }), {}],
    ["of a function, epochs of so many steps", () => pass, steps],
    ["of a source, epochs of so many steps", () => ({ length: 5, batches: ({ index }) => pass(index) }), steps],
    ["of arrays, epochs of so many steps", () => undefined, steps],
  ])("%s", async (_, data, options) => {
    const whole = await train(data, options);
    for (const saveFreq of ["epoch", 2] as const) {
      for (const batches of [5, 8]) {
        const backupDir = mkdtempSync(join(folder, "training-"));
        const backup = (): Callback => new BackupAndRestore({ backupDir, saveFreq });
        await expect(train(data, options, [backup(), cutAfter(batches)])).rejects.toThrow("cut");
        expect(await train(data, options, [backup()])).toEqual(whole);
      }
    }
  });
});

describe("a backup is refused", () => {
  it("where batches are an iterator's", async () => {
    const backup = new BackupAndRestore({ backupDir: mkdtempSync(join(folder, "training-")) });
    const data = pass(0).values();
    const error: Error = await train(() => data, { epochs: 1 }, [backup]).then(
      () => new Error("nothing was rejected"),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(
      "BackupAndRestore: batches must be such that they can be read again, got an iterator's",
    );
  });

  it("in mid-epoch where epochs were cut otherwise", async () => {
    const backupDir = mkdtempSync(join(folder, "training-"));
    const backup = (): Callback => new BackupAndRestore({ backupDir, saveFreq: 2 });
    await expect(train(() => pass, { stepsPerEpoch: 3 }, [backup(), cutAfter(5)])).rejects.toThrow("cut");
    await expect(train(() => pass, {}, [backup()])).rejects.toThrow(
      "must go on with batches of a stream, 3 in an epoch, got batches of a stream; or remove the file",
    );
  });
});
