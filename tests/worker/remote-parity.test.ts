// What a model at hand takes, says and refuses, one in a worker does too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  EarlyStopping,
  FormatError,
  importModel,
  type Logs,
  layers,
  loadModel,
  Model,
  Sequential,
  ShapeError,
  StateError,
  type TrainingInfo,
  tensor,
} from "../../ts/index.ts";
import { EngineWorker, type RemoteCallback, RemoteModel } from "../../ts/worker/index.ts";
import { bits } from "./quadrants.ts";

const engine = new EngineWorker({ deterministic: true, threads: 1 });
afterAll(() => engine.dispose());
beforeEach(() => layers.resetLayerNames());

const rows = [
  [0, 1],
  [1, 0],
  [1, 1],
];
const labels = [0, 1, 2];

/** Three classes without a softmax: labels are not looked at before the first step by their losses' names. */
function classifier(): layers.Layer[] {
  return [layers.dense({ units: 3, kernelInitializer: "ones", inputShape: [2] })];
}

const judgement = { loss: { kind: "sparseCategoricalCrossentropy", config: { fromLogits: true } } } as const;

describe("data of a remote model", () => {
  it("may be nested lists and typed arrays, as at hand", async () => {
    const near = new Sequential(classifier());
    const far = new RemoteModel(classifier(), { engine });
    near.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    await far.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const given = [
      [rows, Int32Array.from(labels)],
      [rows.map((row) => Float32Array.from(row)), labels],
      [tensor(rows), Uint8Array.from(labels)],
    ] as const;
    for (const [x, y] of given) expect(await far.evaluate(x, y)).toEqual(await near.evaluate(x, y));
    const sampleWeight = [0, 1, 2];
    const options = { verbose: 0, epochs: 2, shuffle: false, sampleWeight, validationData: [rows, labels] } as const;
    const [nearHistory, farHistory] = [await near.fit(rows, labels, options), await far.fit(rows, labels, options)];
    expect(farHistory).toEqual(nearHistory);
    expect(bits((await far.predict(rows)).data)).toEqual(bits((await near.predict(rows)).data()));
    const sent = await engine.send(rows);
    expect(sent).toMatchObject({ shape: [3, 2], dtype: "f32" });
    expect((await engine.send([[true], [false]])).dtype).toBe("bool");
    expect((await far.predict(sent)).shape).toEqual([3, 3]);
  });

  it("are cut into as many steps, as at hand", async () => {
    const near = new Sequential(classifier());
    const far = new RemoteModel(classifier(), { engine });
    near.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    await far.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const cut = { batchSize: 1, verbose: 0, epochs: 3, shuffle: false } as const;
    const options = { ...cut, stepsPerEpoch: 2, validationData: [rows, labels], validationSteps: 1 } as const;
    expect(await far.fit(rows, labels, options)).toEqual(await near.fit(rows, labels, options));
    const some = { batchSize: 1, steps: 2 };
    expect(await far.evaluate(rows, labels, some)).toEqual(await near.evaluate(rows, labels, some));
    const predicted = await far.predict(rows, some);
    expect(predicted.shape).toEqual([2, 3]);
    expect(bits(predicted.data)).toEqual(bits((await near.predict(rows, some)).data()));
  });

  it("of several inputs may be so too, where one of them has a shape of its own", async () => {
    const inputs = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const sum = new RemoteModel(new Model({ inputs, outputs: layers.add().apply(inputs) }), {
      engine,
    });
    const y = await sum.predict([tensor(rows), rows]);
    expect([...y.data]).toEqual(rows.flat().map((value) => 2 * value));
  });

  it("are refused as at hand where they are no numbers", async () => {
    const far = new RemoteModel(classifier(), { engine });
    await expect(far.predict([[1, 2], [3]])).rejects.toThrow("must all have the same lengths");
    await expect(far.predict([["1", "2"]] as never)).rejects.toThrow("must be numbers or booleans");
    await expect(far.predict("rows" as never)).rejects.toThrow("got string; lists and typed arrays do too");
    await expect(far.predict([[Number.NaN, 1]])).rejects.toThrow("must be finite numbers");
  });
});

describe("weights of a remote model", () => {
  it("are taken over from models at hand and in any worker, by structure", async () => {
    const near = new Sequential([...classifier()], { name: "near" });
    near.compile({ loss: "mse" });
    near.setWeights(
      [rows.map((row) => [...row, 5]).slice(0, 2), [1, 2, 3]].map((values) => tensor(values as number[])),
    );
    const [a, b] = [new RemoteModel(classifier(), { engine }), new RemoteModel(classifier(), { engine })];
    await a.copyWeightsFrom(near);
    expect([...(await a.getWeights())[0].data]).toEqual([0, 1, 5, 1, 0, 5]);
    await b.copyWeightsFrom(a, { tau: 0.5 });
    expect([...(await b.getWeights())[0].data]).toEqual([0.5, 1, 3, 1, 0.5, 3]);
    await b.copyWeightsFrom(near, { tau: 1 });
    expect([...(await b.getWeights())[1].data]).toEqual([1, 2, 3]);
    const other = new EngineWorker({ threads: 1 });
    const c = new RemoteModel(classifier(), { engine: other });
    await c.copyWeightsFrom(b, { tau: 0.5 });
    expect([...(await c.getWeights())[1].data]).toEqual([0.5, 1, 1.5]);
    other.dispose();
    await c.setWeights([]).catch(() => {});
    await b.setWeights([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      Float32Array.of(7, 8, 9),
    ]);
    expect([...(await b.getWeights())[0].data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("are refused, and stay, where they do not fit", async () => {
    const far = new RemoteModel(classifier(), { engine });
    const wider = new RemoteModel([layers.dense({ units: 4, inputShape: [2] })], { engine });
    await expect(far.copyWeightsFrom(wider)).rejects.toThrow(ShapeError);
    await expect(far.copyWeightsFrom(far, { tau: 2 })).rejects.toThrow("tau must be from 0 to 1");
    await expect(far.copyWeightsFrom(far, { tua: 1 } as never)).rejects.toThrow("did you mean tau");
    await expect(far.copyWeightsFrom({} as never)).rejects.toThrow(ArgumentError);
    await expect(far.setWeights(undefined as never)).rejects.toThrow(ArgumentError);
    expect([...(await far.getWeights())[0].data]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe("a whole remote model", () => {
  it("goes to the page and back, compiled and trained, with the same bits", async () => {
    const far = new RemoteModel(classifier(), { engine });
    await far.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const options = { verbose: 0, seed: 3, epochs: 2 } as const;
    await far.fit(rows, labels, options);
    const bytes = await far.exportModel();
    const [near, again] = [importModel(bytes), new RemoteModel(bytes, { engine })];
    const more = { ...options, initialEpoch: 2, epochs: 4 };
    const history = await far.fit(rows, labels, more);
    expect(await near.fit(rows, labels, more)).toEqual(history);
    expect(await again.fit(rows, labels, more)).toEqual(history);
    expect(near.exportModel()).toEqual(await far.exportModel());
    expect(await again.exportModel({ includeOptimizer: false })).toEqual(near.exportModel({ includeOptimizer: false }));
    await expect(far.exportModel({ optimizer: false } as never)).rejects.toThrow("unknown option optimizer");
    const broken = new RemoteModel(bytes.subarray(0, 90), { engine });
    await expect(broken.summary()).rejects.toThrow(FormatError);
  });

  it("is written where the worker has a file system", async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-remote-"));
    const path = join(folder, "model.safetensors");
    const far = new RemoteModel(classifier(), { engine });
    await far.save(path);
    expect((await loadModel(path)).weights[0].shape).toEqual([2, 3]);
    await expect(far.save(join(folder, "none", "model"))).rejects.toThrow(StateError);
    rmSync(folder, { recursive: true });
  });
});

describe("bad values in a worker's captured steps", () => {
  it.each(["evaluate", "fit", "trainOnBatch", "testOnBatch"] as const)(
    "are errors of %s, by the label",
    async (method) => {
      const far = new RemoteModel(classifier(), { engine });
      await far.compile({ optimizer: "sgd", ...judgement });
      const options = method === "fit" ? { verbose: 0 as const } : {};
      await expect(far[method](rows, [0, 1, 3], options)).rejects.toThrow(ArgumentError);
      await expect(far[method](rows, [0, 1, 3], options)).rejects.toThrow("got 3");
      expect([...(await far.getWeights())[0].data]).toEqual([1, 1, 1, 1, 1, 1]);
      expect((await far.evaluate(rows, labels)).loss).toBeCloseTo(Math.log(3), 5);
    },
  );

  it("are errors of predict, by the id", async () => {
    const far = new RemoteModel([layers.embedding({ inputDim: 2, outputDim: 1, inputShape: [1] })], { engine });
    await expect(far.predict(Int32Array.of(0, 1, 2))).rejects.toThrow();
    await expect(far.predict(new ArrayData(Int32Array.of(0, 2), [2, 1]))).rejects.toThrow("got 2");
    expect((await far.predict(new ArrayData(Int32Array.of(0, 1), [2, 1]))).shape).toEqual([2, 1, 1]);
  });
});

describe("callbacks of a remote model", () => {
  const line = (): RemoteModel => new RemoteModel([layers.dense({ units: 1, inputShape: [2] })], { engine });
  const y = labels;

  it("know which way figures get better, on the page and in the worker", async () => {
    const far = line();
    await far.compile({ optimizer: "sgd", loss: "mse", metrics: ["cosineSimilarity", "mae"] });
    let told: TrainingInfo["directions"];
    const watch: RemoteCallback = { onTrainBegin: ({ directions }) => void (told = directions) };
    const stop = new EarlyStopping({ monitor: "cosineSimilarity", minDelta: 9 }) as unknown as RemoteCallback;
    const { epochs } = await far.fit(rows, y, {
      verbose: 0,
      epochs: 9,
      callbacks: [watch, stop, { kind: "earlyStopping", config: { monitor: "mae", patience: 5 } }],
    });
    expect(told).toEqual({ loss: "min", cosineSimilarity: "max", mae: "min" });
    expect(epochs.length).toBe(2);
  });

  it("are refused where they have options or hooks that nobody knows", async () => {
    const far = line();
    await far.compile({ optimizer: "sgd", loss: "mse" });
    const train = (callback: unknown): Promise<unknown> =>
      far.fit(rows, y, { verbose: 0, callbacks: [callback as never] });
    await expect(train({ kind: "earlyStopping", config: { patiance: 1 } })).rejects.toThrow("did you mean patience");
    await expect(train({ kind: "earlyStopping", confg: {} })).rejects.toThrow("did you mean config");
    await expect(train({ onEpochEnds: (_epoch: number, _logs: Logs) => {} })).rejects.toThrow("the hooks of callbacks");
    await expect(train(() => {})).rejects.toThrow("callbacks must be objects with hooks, got function");
    await expect(train(null)).rejects.toThrow(ArgumentError);
    await expect(
      far.compile({ optimizer: { kind: "adam", config: { lr: 0.1 } } as never, loss: "mse" }),
    ).rejects.toThrow("unknown option lr");
  });
});
