// Models in an engine worker: the same results as at hand, progress, aborting, errors, and no promise left hanging.
import { Worker } from "node:worker_threads";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  ArrayData,
  EarlyStopping,
  FormatError,
  layers,
  Model,
  Sequential,
  ShapeError,
  StateError,
  seed,
  tensor,
} from "../../ts/index.ts";
import { AnomalyError, OutOfMemoryError } from "../../ts/runtime/errors.ts";
import { decodeError, encodeError } from "../../ts/worker/errors.ts";
import { EngineWorker, type RemoteCallback, RemoteModel } from "../../ts/worker/index.ts";
import type { WorkerLike } from "../../ts/worker/line.ts";
import { startEngine } from "../../ts/worker/source.ts";
import { bits, classifierLayers, judgement, x, y } from "./quadrants.ts";

// As the process of this test: the same bits.
const engine = new EngineWorker({ deterministic: true, threads: 2 });
afterAll(() => engine.dispose());
beforeEach(() => layers.resetLayerNames());

async function remoteClassifier(): Promise<RemoteModel> {
  const model = new RemoteModel(classifierLayers(), { engine, seed: 5 });
  await model.compile({ optimizer: { kind: "adam", config: { learningRate: 0.02 } }, ...judgement });
  return model;
}

describe("a remote model", () => {
  it("trains to the same bits as one at hand, with the same history, predictions and figures", async () => {
    seed(5);
    const { optimizers } = await import("../../ts/index.ts");
    const near = new Sequential(classifierLayers());
    near.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), ...judgement });
    layers.resetLayerNames();
    const far = await remoteClassifier();
    const options = { epochs: 3, batchSize: 16, validationSplit: 0.2, verbose: 0 } as const;
    const nearHistory = await near.fit(x, y, options);
    const farHistory = await far.fit(x, y, options);
    expect(farHistory).toEqual(nearHistory);
    expect(farHistory.epochs).toEqual([0, 1, 2]);
    const weights = await far.getWeights();
    expect(weights.map(({ shape }) => shape)).toEqual(near.weights.map(({ shape }) => shape));
    weights.forEach(({ data }, i) => {
      expect(bits(data)).toEqual(bits(near.weights[i].data()));
    });
    expect(await far.evaluate(x, y)).toEqual(await near.evaluate(x, y));
    const [expected, predicted] = [await near.predict(x), await far.predict(x)];
    expect(predicted.shape).toEqual([200, 4]);
    expect(bits(predicted.data)).toEqual(bits(expected.data()));
    expect(await far.summary()).toBe(near.summary());
    expect([...(await far.exportWeights())]).toEqual([...near.exportWeights()]);
  });

  it("takes over a built model with its weights, and gives weights back", async () => {
    const near = new Sequential(classifierLayers());
    const far = new RemoteModel(near, { engine });
    const expected = await near.predict(x);
    layers.resetLayerNames();
    expect(bits((await far.predict(x)).data)).toEqual(bits(expected.data()));
    const other = await remoteClassifier();
    await other.setWeights(await far.getWeights());
    expect(bits((await other.predict(x)).data)).toEqual(bits(expected.data()));
    layers.resetLayerNames();
    const third = await remoteClassifier();
    await third.importWeights(near.exportWeights());
    expect(bits((await third.predict(x)).data)).toEqual(bits(expected.data()));
  });

  it("is drawn as functional models are, with shared layers, several inputs and outputs, and models inside", async () => {
    const [left, right] = ["left", "right"].map((name) => layers.input({ shape: [2], name }));
    const tower = new Sequential([layers.dense({ units: 3, activation: "tanh" })], { name: "tower" });
    const joined = layers.add().apply([tower.apply(left), tower.apply(right)]);
    const outputs = ["sum", "side"].map((name, i) => layers.dense({ units: i + 1, name }).apply(joined));
    const near = new Model({ inputs: [left, right], outputs });
    const far = new RemoteModel(near, { engine });
    await far.compile({ optimizer: "sgd", loss: { sum: "mse", side: { kind: "huber", config: { delta: 0.5 } } } });
    const expected = await near.predictAll([x, x]);
    const predicted = await far.predictAll([x, x]);
    predicted.forEach(({ data }, i) => {
      expect(bits(data)).toEqual(bits(expected[i].data()));
    });
    const sum = new ArrayData(new Float32Array(200), [200, 1], "f32");
    const { history } = await far.fit([x, x], { sum, side: x }, { verbose: 0, batchSize: 50 });
    expect(Object.keys(history)).toEqual(["loss", "sum_loss", "side_loss"]);
    expect(await far.summary()).toBe(near.summary());
  });

  it("is made of plain configurations, with schedules, metrics and callbacks by configuration", async () => {
    const far = new RemoteModel([{ kind: "dense", config: { units: 4, activation: "softmax", inputShape: [2] } }], {
      engine,
      seed: 1,
    });
    const learningRate = { kind: "cosineDecay", config: { initialLearningRate: 0.1, decaySteps: 20 } } as const;
    await far.compile({
      optimizer: { kind: "sgd", config: { learningRate, momentum: 0.9 } },
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy", { kind: "sparseTopKCategoricalAccuracy", config: { k: 4 } }],
    });
    const { history } = await far.fit(x, y, {
      verbose: 0,
      epochs: 50,
      validationSplit: 0.1,
      callbacks: [{ kind: "earlyStopping", config: { monitor: "val_accuracy", patience: 1, minDelta: 2 } }],
    });
    expect(history.sparseTopKCategoricalAccuracy).toEqual([1, 1]);
    expect(history.accuracy.length).toBe(2);
  });

  it("keeps data that were sent, for several calls", async () => {
    const far = await remoteClassifier();
    const shared = new Float32Array(new SharedArrayBuffer(x.data.byteLength));
    shared.set(x.data);
    const moved = new ArrayData(y.data.slice() as Int32Array, [200], "i32");
    const images = await engine.send(new ArrayData(shared, [200, 2], "f32"));
    const labels = await engine.send(moved, { transfer: true });
    expect(() => moved.data).toThrow(StateError);
    const once = await far.evaluate(images, labels);
    expect(await far.evaluate(x, y)).toEqual(once);
    expect(await far.evaluate(tensor(x.data as Float32Array, { shape: [200, 2] }), labels)).toEqual(once);
    images.dispose();
    await expect(far.evaluate(images, labels)).rejects.toThrow(StateError);
    const bytes = new ArrayData(
      Uint8Array.from({ length: 5_000_000 }, (_, i) => i % 256),
      [2_500_000, 2],
      "f32",
      0.5,
    );
    const large = await engine.send(bytes);
    const wide = new RemoteModel([layers.activation({ activation: "linear", inputShape: [2] })], { engine });
    const back = await wide.predict(large, { batchSize: 100_000 });
    expect([0, 1, 255, 256, 4_999_999].map((i) => back.data[i])).toEqual([0, 0.5, 127.5, 0, (4_999_999 % 256) / 2]);
    large.dispose();
  });

  it("is sent data once, though they are named twice, and leaves those in Node's buffers where they are", async () => {
    const sent: string[] = [];
    const worker = (): WorkerLike => {
      const thread = startEngine() as Worker;
      return Object.assign(thread, {
        postMessage: (message: { method?: string }, transfer: ArrayBuffer[]) => {
          sent.push(message.method ?? "");
          Worker.prototype.postMessage.call(thread, message, transfer);
        },
      });
    };
    const far = new RemoteModel([layers.dense({ units: 2, inputShape: [2] })], { worker });
    await far.compile({ optimizer: "sgd", loss: "mse" });
    await far.fit(x, x, { verbose: 0, validationData: [x, x] });
    expect(sent).toEqual(["configure", "create", "compile", "take", "fit", "release"]);

    const weights = Buffer.from(await far.exportWeights());
    const pooled = Buffer.from(weights);
    await far.importWeights(weights);
    await far.importWeights(pooled);
    expect(weights.length).toBeGreaterThan(0);
    expect(weights.equals(pooled)).toBe(true);
    expect([...(await far.exportWeights())]).toEqual([...weights]);

    sent.length = 0;
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("not all of it");
    const large = new ArrayData(new Float32Array(8_000_000), [4_000_000, 2], "f32");
    const predicting = far.predict(large, { signal });
    controller.abort(reason);
    await expect(predicting).rejects.toBe(reason);
    expect(sent).toEqual(["allocate", "", "release"]);
    far.dispose();
  });
});

describe("data that were transferred", () => {
  it("are missed here: by a fit at hand, by tensors, by sending them again", async () => {
    const labels = new Int32Array([0, 1, 1, 0]);
    const rows = new ArrayData(labels, [4], "i32");
    const sent = await engine.send(rows, { transfer: true });
    expect(sent.shape).toEqual([4]);
    const near = new Sequential([layers.dense({ units: 2, activation: "softmax", inputShape: [1] })]);
    near.compile({ loss: "sparseCategoricalCrossentropy" });
    const inputs = new ArrayData(new Float32Array(4), [4, 1], "f32");
    await expect(near.fit(inputs, rows, { verbose: 0 })).rejects.toThrow(StateError);
    expect(() => tensor(labels)).toThrow(StateError);
    for (const transfer of [true, false]) {
      await expect(engine.send(rows, { transfer })).rejects.toThrow(StateError);
    }
    sent.dispose();
    near.dispose();
  });

  it("cannot be sent twice at once, and whoever waits hears of it", async () => {
    const starting = new EngineWorker({ threads: 1 });
    const rows = new ArrayData(new Float32Array(3), [3], "f32");
    const sending = [1, 2].map(() => starting.send(rows, { transfer: true }));
    const [first, second] = await Promise.allSettled(sending);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: expect.any(ArgumentError) });
    expect((await starting.info()).threads).toBe(1);
    starting.dispose();
  });

  it("end the engine where a message cannot be read, instead of leaving calls without an answer", async () => {
    const worker = startEngine() as Worker;
    const doomed = new EngineWorker({ worker: () => worker });
    await doomed.ready;
    const waiting = doomed.info();
    worker.emit("messageerror", new Error("no such data"));
    await expect(waiting).rejects.toThrow(StateError);
    await expect(doomed.info()).rejects.toThrow(/got one of whose messages could not be read/);
  });
});

describe("progress of a remote training", () => {
  it("comes in order, is awaited but for batches, and is not a flood", async () => {
    const far = await remoteClassifier();
    const told: string[] = [];
    let batches = 0;
    let waiting = false;
    const callback: RemoteCallback = {
      onTrainBegin: ({ model, epochs, steps, samples, metrics }) => {
        expect(model).toBe(far);
        expect({ epochs, steps, samples, metrics }).toEqual({
          epochs: 2,
          steps: 100,
          samples: 100,
          metrics: ["loss", "accuracy"],
        });
        told.push("train begin");
      },
      onEpochBegin: (epoch) => void told.push(`epoch ${epoch} begin`),
      onBatchEnd: (_batch, logs) => {
        expect(waiting).toBe(false);
        expect(Object.keys(logs)).toEqual(["loss", "accuracy"]);
        batches++;
      },
      onTestBegin: () => void told.push("test begin"),
      onTestEnd: ({ loss }) => void told.push(`test end ${Number.isFinite(loss)}`),
      onEpochEnd: async (epoch, logs) => {
        waiting = true;
        await new Promise((resolve) => setTimeout(resolve, 30));
        // The model answers while its training waits.
        expect((await far.predict(x)).shape).toEqual([200, 4]);
        waiting = false;
        told.push(`epoch ${epoch} end ${Object.keys(logs)}`);
      },
      onTrainEnd: () => void told.push("train end"),
    };
    const began = performance.now();
    await far.fit(x, y, { verbose: 0, epochs: 2, batchSize: 1, validationSplit: 0.5, callbacks: [callback] });
    const names = "loss,accuracy,val_loss,val_accuracy";
    const epoch = (i: number): string[] => [
      `epoch ${i} begin`,
      "test begin",
      "test end true",
      `epoch ${i} end ${names}`,
    ];
    expect(told).toEqual(["train begin", ...epoch(0), ...epoch(1), "train end"]);
    expect(batches).toBeGreaterThan(0);
    expect(batches).toBeLessThan(2 + (performance.now() - began) / 50);
  });

  it("ends at stop() with the history so far", async () => {
    const far = await remoteClassifier();
    const callback: RemoteCallback = { onEpochEnd: (epoch) => (epoch === 1 ? far.stop() : undefined) };
    const { epochs } = await far.fit(x, y, { verbose: 0, epochs: 100, callbacks: [callback] });
    expect(epochs).toEqual([0, 1]);
  });

  it("ends at a stop() that comes before its data are there", async () => {
    const far = await remoteClassifier();
    const training = far.fit(x, y, { verbose: 0, epochs: 1e9 });
    await far.stop();
    expect((await training).epochs.length).toBeLessThan(1e6);
    expect((await far.fit(x, y, { verbose: 0, epochs: 2 })).epochs).toEqual([0, 1]);
  });

  it("ends by EarlyStopping at hand too, which cannot put back weights that lie elsewhere", async () => {
    const far = await remoteClassifier();
    const stop = (options: object): never => new EarlyStopping({ monitor: "loss", minDelta: 9, ...options }) as never;
    const { epochs } = await far.fit(x, y, { verbose: 0, epochs: 100, callbacks: [stop({ patience: 2 })] });
    expect(epochs).toEqual([0, 1, 2]);
    const restoring = far.fit(x, y, { verbose: 0, epochs: 9, callbacks: [stop({ restoreBestWeights: true })] });
    await expect(restoring).rejects.toThrow("RemoteModel: its weights must be left to the worker");
  });

  it("ends when its signal is aborted, with the reason; the model stays usable", async () => {
    const far = await remoteClassifier();
    const controller = new AbortController();
    const reason = new Error("enough");
    const callbacks = [{ onEpochEnd: (epoch: number) => void (epoch === 2 && controller.abort(reason)) }];
    const { signal } = controller;
    await expect(far.fit(x, y, { verbose: 0, epochs: 1e9, signal, callbacks })).rejects.toBe(reason);
    await expect(far.predict(x, { signal })).rejects.toBe(reason);
    expect((await far.fit(x, y, { verbose: 0 })).epochs).toEqual([0]);
  });

  it.each(["onTrainBegin", "onBatchEnd", "onEpochEnd", "onTrainEnd"])(
    "ends when its signal is aborted though a hook of the page never does: %s",
    async (hook) => {
      const far = await remoteClassifier();
      const controller = new AbortController();
      const hang = (): Promise<void> => new Promise(() => setTimeout(() => controller.abort(new Error("enough")), 20));
      const run = far.fit(x, y, { verbose: 0, epochs: 2, signal: controller.signal, callbacks: [{ [hook]: hang }] });
      await expect(run).rejects.toThrow("enough");
      expect((await far.fit(x, y, { verbose: 0 })).epochs).toEqual([0]);
    },
  );

  it("fails with what a callback of the page throws", async () => {
    const far = await remoteClassifier();
    const thrown = new RangeError("no more");
    for (const hook of ["onBatchEnd", "onEpochEnd", "onTrainBegin"]) {
      const fail = (): void => {
        throw thrown;
      };
      await expect(far.fit(x, y, { verbose: 0, epochs: 1e6, callbacks: [{ [hook]: fail }] })).rejects.toBe(thrown);
    }
  });

  it("fails so when it is the last batch, later than all steps, and whatever is thrown", async () => {
    const far = await remoteClassifier();
    const onTrainEnd = vi.fn();
    const onEpochEnd = vi.fn();
    for (const thrown of [new RangeError("late"), undefined]) {
      const onBatchEnd = async (): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw thrown;
      };
      const callbacks = [{ onBatchEnd, onEpochEnd, onTrainEnd }];
      const outcome = far.fit(x, y, { verbose: 0, batchSize: 200, callbacks }).then(
        () => "done",
        (reason) => [reason],
      );
      expect(await outcome).toEqual([thrown]);
    }
    expect(onEpochEnd).not.toHaveBeenCalled();
    expect(onTrainEnd).toHaveBeenCalledTimes(2);
  });
});

describe("errors of an engine worker", () => {
  it("keep class and message", async () => {
    const far = await remoteClassifier();
    const wrong = new ArrayData(new Float32Array(6), [2, 3], "f32");
    layers.resetLayerNames();
    const near = new Sequential(classifierLayers());
    const expected = await near.predict(wrong).catch((error: Error) => error);
    await expect(far.predict(wrong)).rejects.toThrow(ShapeError);
    await expect(far.predict(wrong)).rejects.toThrow((expected as Error).message);
    const uncompiled = new RemoteModel(classifierLayers(), { engine });
    await expect(uncompiled.fit(x, y, { verbose: 0 })).rejects.toThrow(StateError);
    await expect(far.importWeights(new Uint8Array(20))).rejects.toThrow(FormatError);
    await expect(far.setWeights([x])).rejects.toThrow("setWeights: there must be 4 weights, got 1");
    const weights = await far.getWeights();
    await expect(far.setWeights([...weights.slice(1), weights[0]])).rejects.toThrow(ShapeError);
    await expect(far.fit(x, y, { verbose: 0, batchSize: 0 })).rejects.toThrow("fit: batchSize must be");
    const missing = { kind: "Patience", config: {} };
    await expect(far.fit(x, y, { verbose: 0, callbacks: [missing] })).rejects.toThrow(
      "callback: the name must be one of modelCheckpoint",
    );
  });

  it("refuse functions, which cannot travel, and names that nobody knows", async () => {
    const far = await remoteClassifier();
    const f = (() => 0) as never;
    await expect(far.compile({ loss: f })).rejects.toThrow(ArgumentError);
    await expect(far.compile({ loss: "mse", metrics: [f] })).rejects.toThrow(ArgumentError);
    await expect(far.compile({ loss: "loom" as never })).rejects.toThrow("loss: the name must be one of");
    expect(() => new RemoteModel([layers.dense({ units: 1, activation: f })], { engine })).toThrow(ArgumentError);
    await expect(
      far.fit(x, y, { verbose: 0, callbacks: [{ kind: "csvLogger", config: { filename: f } }] }),
    ).rejects.toThrow(ArgumentError);
    const eager = { onBatchBegin: f } as RemoteCallback;
    await expect(far.fit(x, y, { verbose: 0, callbacks: [eager] })).rejects.toThrow("must do without onBatchBegin");
    await expect(far.fit({ input: x } as never, y, { verbose: 0 })).rejects.toThrow(
      "fit: x must be a tensor or a list, of a model that is not drawn, got input",
    );
    function* pass(): Generator<never> {}
    for (const stream of [pass, pass(), { [Symbol.asyncIterator]: pass }, { batches: pass }]) {
      await expect(far.fit(stream as never, y, { verbose: 0 })).rejects.toThrow(
        "batches that come by themselves cannot cross to a worker, so give them to trainOnBatch one by one",
      );
    }
    await expect(far.fit(x, y, { validationData: pass() as never, verbose: 0 })).rejects.toThrow(
      "fit: validationData must be a list, got",
    );
    await expect(far.predict(1 as never)).rejects.toThrow("send: data must be a tensor or ArrayData, got number");
    const unknown = new RemoteModel([{ kind: "loom" }], { engine });
    await expect(unknown.summary()).rejects.toThrow("layer: the name must be one of");
    expect(() => new RemoteModel([], { engine, threads: 2 })).toThrow("without options for one, got threads");
    const fake = { shape: [2], dtype: "f32", data: [1, 2] } as never;
    await expect(far.predict(fake)).rejects.toThrow("send: data must be a tensor or ArrayData, got object");
    const built = layers.dense({ units: 1 });
    built.ensureBuilt([2]);
    expect(() => new RemoteModel([built], { engine })).toThrow("layers must not be built yet");
    class Own extends Model {}
    await expect(new RemoteModel(new Own(), { engine }).summary()).rejects.toThrow("must be made known by defineLayer");
  });

  it("come back as they went, whatever their class", () => {
    const there = (error: unknown): Error => decodeError(structuredClone(encodeError(error)));
    const anomaly = there(new AnomalyError("NaN", "log", "dense", undefined)) as AnomalyError;
    expect(anomaly).toBeInstanceOf(AnomalyError);
    expect([anomaly.message, anomaly.op, anomaly.layer]).toEqual(["NaN", "log", "dense"]);
    const memory = there(new OutOfMemoryError(3, 2, 1, "2 buffers")) as OutOfMemoryError;
    expect(memory).toBeInstanceOf(OutOfMemoryError);
    expect([memory.requested, memory.inUse, memory.maximum]).toEqual([3, 2, 1]);
    expect(there(new TypeError("t"))).toBeInstanceOf(TypeError);
    const own = Object.assign(new Error("own"), { name: "OwnError" });
    expect([there(own).name, there(own).message]).toEqual(["OwnError", "own"]);
    expect(there("a string").message).toBe("a string");
    expect(there(Object.create(null)).message).toBe("something that cannot be told as text");
    const odd = Object.assign(new Error("odd"), { message: Symbol("m"), stack: [() => 0] });
    expect([there(odd).message, there(odd).name]).toEqual(["Symbol(m)", "Error"]);
    const endless: Error = new Error("endless");
    endless.cause = endless;
    expect(there(endless).cause).toMatchObject({ message: "endless" });
  });

  it("know what they came of", async () => {
    const far = await remoteClassifier();
    await far.getWeights();
    const error = await far.loadWeights("/nowhere/weights.safetensors").catch((error: Error) => error);
    expect(error).toBeInstanceOf(StateError);
    expect((error as Error).cause).toMatchObject({ message: expect.stringContaining("ENOENT"), code: "ENOENT" });
  });
});

describe("the life of an engine worker", () => {
  it("says what it runs on", async () => {
    const info = await engine.info();
    expect(info.simd).toBe("simd");
    expect(info.memory.inUse).toBeGreaterThan(0);
  });

  it("ends with its model, and no promise hangs", async () => {
    const far = new RemoteModel(classifierLayers(), { deterministic: true });
    await far.compile(judgement);
    const training = far.fit(x, y, { verbose: 0, epochs: 1e9 });
    const outcome = expect(training).rejects.toThrow("worker: the engine worker must not be disposed");
    await far.predict(x);
    far.dispose();
    await outcome;
    await expect(far.predict(x)).rejects.toThrow(StateError);
  });

  it("frees a model that shares it, and goes on", async () => {
    const far = await remoteClassifier();
    const training = far.fit(x, y, { verbose: 0, epochs: 1e9 });
    const outcome = expect(training).rejects.toThrow(StateError);
    await far.predict(x);
    far.dispose();
    await outcome;
    await expect(far.summary()).rejects.toThrow("worker: the model must not be disposed");
    const inUse = async (): Promise<number> => (await engine.info()).memory.inUse;
    const before = await inUse();
    const wide = new RemoteModel([layers.dense({ units: 1000, inputShape: [1000] })], { engine });
    const ones = new ArrayData(new Float32Array(1000).fill(1), [1, 1000], "f32");
    for (let i = 0; i < 3; i++) {
      await wide.compile({ optimizer: "adam", loss: "mse" });
      await wide.trainOnBatch(ones, ones);
    }
    // The weights, and two figures of one optimizer for each of them, 4 MB each; the gradient beside them.
    expect(await inUse()).toBeGreaterThan(before + 12e6);
    expect(await inUse()).toBeLessThan(before + 18e6);
    wide.dispose();
    await expect(wide.summary()).rejects.toThrow(StateError);
    expect(await inUse()).toBeLessThan(before + 1e6);
    expect((await engine.info()).runtime).toMatch(/^node/);
  });

  it("rejects everything when it dies, and when it never comes", async () => {
    let worker: Worker | undefined;
    const far = new RemoteModel(classifierLayers(), {
      worker: () => (worker = startEngine() as Worker),
    });
    await far.compile(judgement);
    const outcome = expect(far.fit(x, y, { verbose: 0, epochs: 1e9 })).rejects.toThrow(
      "worker: the engine worker must run, got one that ended",
    );
    await far.predict(x);
    await worker?.terminate();
    await outcome;
    await expect(far.summary()).rejects.toThrow(StateError);

    const broken = new RemoteModel(classifierLayers(), {
      worker: () => new Worker("throw new Error('torn')", { eval: true }),
    });
    await expect(broken.summary()).rejects.toThrow("got one that failed: torn");
    const none = new EngineWorker({
      worker: () => {
        throw new Error("no blob here");
      },
    });
    await expect(none.ready).rejects.toThrow("got none: no blob here");
  });

  it("has 30 s to start, in which a machine that sleeps does not count", async () => {
    vi.useFakeTimers();
    const late = vi.fn<(error: Error) => void>();
    const silent = { postMessage: () => undefined, terminate: () => undefined, addEventListener: () => undefined };
    const { ready } = new EngineWorker({ worker: () => silent });
    void ready.catch(late);
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersToNextTimerAsync();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(late.mock.lastCall?.[0].message).toContain("the engine worker must run, got one that did not start in 30 s");
    vi.useRealTimers();
  });

  it("refuses data of another worker and configurations that cannot be", async () => {
    const other = new EngineWorker({ threads: 1, deterministic: true });
    const images = await other.send(x);
    await expect((await remoteClassifier()).evaluate(images, y)).rejects.toThrow("in the model's worker");
    other.dispose();
    images.dispose();
    await expect(new EngineWorker({ threads: 1e9 }).ready).rejects.toThrow("configure: threads must be");
    await expect(engine.configure({ threads: 0 })).rejects.toThrow("configure: threads must be");
    await expect(engine.configure({ deterministic: false })).rejects.toThrow(StateError);
    // Addresses are no plain data, but mean something to both.
    await engine.configure({ threadUrl: new URL("https://example.com/thread.js") });
  });
});
