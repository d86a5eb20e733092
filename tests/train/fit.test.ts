// Sequential's compile, fit, evaluate, predict and weights: results, order of events, and everything they refuse.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  type Callback,
  type CallContext,
  configure,
  EarlyStopping,
  FormatError,
  Layer,
  layers,
  memory,
  mul,
  optimizers,
  randomNormal,
  Sequential,
  ShapeError,
  StateError,
  seed,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

const folder = await mkdtemp(join(tmpdir(), "heddle-fit-"));
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  seed(7);
});

/** Points in the plane, labelled by the quadrant they lie in. */
function quadrants(count: number): { x: Tensor; y: Tensor<"i32"> } {
  const x = randomNormal([count, 2]);
  const data = x.data();
  const labels = Int32Array.from(
    { length: count },
    (_, i) => (data[2 * i] > 0 ? 1 : 0) + (data[2 * i + 1] > 0 ? 2 : 0),
  );
  return { x, y: tensor(labels) };
}

function classifier(): Sequential {
  const model = new Sequential([
    layers.dense({ units: 16, activation: "relu", inputShape: [2] }),
    layers.dense({ units: 4, activation: "softmax" }),
  ]);
  model.compile({
    optimizer: new optimizers.Adam({ learningRate: 0.02 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

describe("fit", () => {
  it("learns, and says so in its history", async () => {
    const { x, y } = quadrants(400);
    const model = classifier();
    const { history, epochs } = await model.fit(x, y, { epochs: 8, validationSplit: 0.25, verbose: 0, seed: 1 });
    expect(epochs).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(Object.keys(history).sort()).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
    expect(history.loss[7]).toBeLessThan(history.loss[0] / 2);
    expect(history.val_accuracy[7]).toBeGreaterThan(0.93);
    const { accuracy, loss } = await model.evaluate(x, y);
    expect(accuracy).toBeGreaterThan(0.93);
    expect(loss).toBeLessThan(0.3);
  });

  it("gives the same weights for the same seed on one thread and on several", async () => {
    const train = async (threads: number): Promise<Float32Array[]> => {
      configure({ threads });
      seed(3);
      const model = new Sequential([
        layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu", inputShape: [12, 12, 3] }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.batchNormalization({}),
        layers.flatten(),
        layers.dropout({ rate: 0.3 }),
        layers.dense({ units: 5 }),
      ]);
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      await model.fit(randomNormal([96, 12, 12, 3]), randomNormal([96, 5]), { epochs: 2, verbose: 0 });
      return model.weights.map((weight) => weight.data());
    };
    const alone = await train(1);
    expect(await train(2)).toEqual(alone);
    expect(await train(4)).toEqual(alone);
    configure({ threads: 2 });
  });

  it("handles a last batch that is smaller, and data from JavaScript memory", async () => {
    const { x, y } = quadrants(70);
    const rows = new ArrayData(x.data(), [70, 2], "f32");
    const model = classifier();
    const sizes: (number | undefined)[] = [];
    const watcher: Callback = { onTrainBegin: ({ steps }) => void sizes.push(steps) };
    await model.fit(rows, new ArrayData(y.data(), [70], "i32"), { callbacks: [watcher], verbose: 0 });
    expect(sizes).toEqual([3]);
    const prediction = await model.predict(rows, { batchSize: 32 });
    expect(prediction.shape).toEqual([70, 4]);
    const whole = (await model.predict(rows, { batchSize: 70 })).data();
    expect(Math.max(...prediction.data().map((v, i) => Math.abs(v - whole[i])))).toBeLessThan(1e-6);
  });

  it("takes batches of more sizes than programs are kept", async () => {
    const { x, y } = quadrants(40);
    const model = classifier();
    const rows = new ArrayData(x.data(), [40, 2], "f32");
    const labels = new ArrayData(y.data(), [40], "i32");
    for (let count = 1; count <= 40; count++) {
      expect((await model.predict(rows.slice(0, count), { batchSize: 40 })).shape).toEqual([count, 4]);
      await model.fit(rows.slice(0, count), labels.slice(0, count), { batchSize: 40, verbose: 0 });
    }
  });

  it("does not grow memory from step to step", async () => {
    const { x, y } = quadrants(64);
    const model = classifier();
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    const before = memory.report();
    await model.fit(x, y, { epochs: 200, verbose: 0 });
    const after = memory.report();
    expect(after.reserved).toBe(before.reserved);
    expect(after.buffers).toBeLessThanOrEqual(before.buffers + 4);
  });

  it("records each step once, whatever data of one shape it is called with, and tells examples from targets", async () => {
    const model = new Sequential([layers.dense({ units: 2, kernelInitializer: "zeros", inputShape: [2] })]);
    model.compile({ optimizer: new optimizers.SGD({ learningRate: 0 }), loss: "meanSquaredError" });
    const pairs = (value: number): [Tensor, Tensor] => [
      tensor([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
      tensor([
        [value, value],
        [value, value],
        [value, value],
      ]),
    ];
    let before = memory.report();
    for (const value of [1, 2, 3, 4]) {
      const [x, y] = pairs(value);
      for (const data of [x, new ArrayData(x.data(), x.shape, "f32")]) {
        const { history } = await model.fit(data, y, { batchSize: 2, verbose: 0 });
        expect(history.loss).toEqual([value * value]);
        expect(await model.evaluate(data, y, { batchSize: 2 })).toEqual({ loss: value * value });
        const outputs = await model.predict(data, { batchSize: 2 });
        expect([...outputs.data()]).toEqual(new Array(6).fill(0));
        outputs.dispose();
      }
      for (const data of [x, y]) data.dispose();
      if (value === 1) before = memory.report();
    }
    expect([model.steps.recordings.train, model.steps.recordings.test]).toEqual([2, 2]);
    expect(memory.report()).toMatchObject({ inUse: before.inUse, buffers: before.buffers });
    model.dispose();
  });

  it("calls callbacks in order, and stops when told to", async () => {
    const { x, y } = quadrants(32);
    const events: string[] = [];
    const model = classifier();
    const log: Callback = {
      onTrainBegin: () => void events.push("train"),
      onEpochBegin: (epoch) => void events.push(`epoch ${epoch}`),
      onBatchEnd: (batch) => void events.push(`batch ${batch}`),
      onEpochEnd: (epoch, { loss }) => {
        events.push(`end ${epoch} ${Number.isFinite(loss)}`);
        if (epoch === 1) model.stopTraining = true;
      },
      onTrainEnd: () => void events.push("over"),
    };
    await model.fit(x, y, { epochs: 5, batchSize: 16, callbacks: [log], verbose: 0 });
    const epoch = (n: number): string[] => [`epoch ${n}`, "batch 0", "batch 1", `end ${n} true`];
    expect(events).toEqual(["train", ...epoch(0), ...epoch(1), "over"]);
  });

  it("stops early and brings the best weights back", async () => {
    const { x, y } = quadrants(64);
    const model = classifier();
    const early = new EarlyStopping({ monitor: "loss", mode: "max", patience: 2, restoreBestWeights: true });
    const after: Float32Array[] = [];
    const note: Callback = { onEpochEnd: (epoch) => void (epoch === 0 && after.push(model.weights[0].data())) };
    const { epochs } = await model.fit(x, y, { epochs: 20, callbacks: [note, early], verbose: 0 });
    // The loss falls, which "max" calls worse: the first epoch is the best one.
    expect(epochs.length).toBe(3);
    expect(early.stoppedEpoch).toBe(2);
    expect(early.bestEpoch).toBe(0);
    expect(model.weights[0].data()).toEqual(after[0]);
    await expect(model.fit(x, y, { callbacks: [new EarlyStopping()], verbose: 0 })).rejects.toThrow(
      /one of the figures loss/,
    );
  });

  it("leaves nothing of a prediction that is aborted", async () => {
    const { x } = quadrants(32);
    const model = classifier();
    (await model.predict(x, { batchSize: 1 })).dispose();
    const { inUse, buffers } = memory.report();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(model.predict(x, { batchSize: 1, signal })).rejects.toThrow("enough");
    expect(memory.report()).toMatchObject({ inUse, buffers });
  });

  it("stops after the current step when aborted", async () => {
    const { x, y } = quadrants(640);
    const abort = new AbortController();
    let batches = 0;
    const stopper: Callback = {
      onBatchEnd: (batch) => {
        batches++;
        if (batch === 2) abort.abort(new Error("enough"));
      },
    };
    const model = classifier();
    await expect(model.fit(x, y, { signal: abort.signal, callbacks: [stopper], verbose: 0 })).rejects.toThrow("enough");
    expect(batches).toBe(3);
  });

  it("trains a layer of one's own like a built-in one, and leaves frozen layers alone", async () => {
    class Scale extends Layer {
      constructor() {
        super("scale");
      }
      override build(inputShape: readonly number[]): void {
        this.addWeight("factor", { shape: inputShape, initializer: "ones" });
      }
      override call(x: Tensor, _context: CallContext): Tensor {
        return mul(x, this.weights[0]);
      }
    }
    const scale = new Scale();
    const dense = layers.dense({ units: 1 });
    const model = new Sequential([scale, dense]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const x = randomNormal([32, 3]);
    const y = randomNormal([32, 1]);
    await model.fit(x, y, { verbose: 0 });
    expect(scale.weights[0].data()).not.toEqual(new Float32Array([1, 1, 1]));
    dense.trainable = false;
    const frozen = dense.weights[0].data();
    const free = scale.weights[0].data();
    await model.fit(x, y, { verbose: 0 });
    expect(dense.weights[0].data()).toEqual(frozen);
    expect(scale.weights[0].data()).not.toEqual(free);
  });
});

describe("bad input", () => {
  it("is refused before anything is computed or changed", async () => {
    const { x, y } = quadrants(32);
    const model = classifier();
    const before = model.weights.map((weight) => weight.data());
    const attempt = (...args: Parameters<Sequential["fit"]>): Promise<unknown> =>
      model.fit(args[0], args[1], { verbose: 0, ...args[2] });
    await expect(attempt(tensor(new Float32Array(0), { shape: [0, 2] }), y)).rejects.toThrow(/at least one example/);
    await expect(attempt(randomNormal([31, 2]), y)).rejects.toThrow(ShapeError);
    await expect(attempt(randomNormal([32, 3]), y)).rejects.toThrow(ShapeError);
    const holes = x.data();
    holes[13] = Number.NaN;
    await expect(attempt(tensor(holes, { shape: [32, 2] }), y)).rejects.toThrow(/NaN or infinity at index \[6, 1\]/);
    const labels = y.data();
    labels[5] = 4;
    await expect(attempt(x, tensor(labels))).rejects.toThrow(ArgumentError);
    await expect(attempt(x, y, { epochs: 0 })).rejects.toThrow(ArgumentError);
    await expect(attempt(x, y, { batchSize: 2.5 })).rejects.toThrow(ArgumentError);
    await expect(attempt(x, y, { validationSplit: 1 })).rejects.toThrow(ArgumentError);
    await expect(attempt("digits" as never, y)).rejects.toThrow(ArgumentError);
    const gone = randomNormal([32, 2]);
    gone.dispose();
    await expect(attempt(gone, y)).rejects.toThrow(StateError);
    expect(model.weights.map((weight) => weight.data())).toEqual(before);
  });

  it("is named: unknown names list the known ones, an uncompiled model says so", async () => {
    const model = classifier();
    expect(() => model.compile({ optimizer: "adamm" as never, loss: "mse" })).toThrow(/adam/);
    expect(() => model.compile({ loss: "nothing" as never })).toThrow(/meanSquaredError/);
    expect(() => model.compile({ loss: "mse", metrics: ["beauty" as never] })).toThrow(/accuracy/);
    expect(() => layers.dense({ units: 1, activation: "rleu" as never })).toThrow(/relu/);
    expect(() => new Sequential({} as never)).toThrow(ArgumentError);
    expect(() => new Sequential([layers.flatten({ name: "a" }), layers.flatten({ name: "a" })])).toThrow(/different/);
    const fresh = new Sequential([layers.dense({ units: 1 })]);
    await expect(fresh.fit(randomNormal([2, 2]), randomNormal([2, 1]))).rejects.toThrow(StateError);
    expect(() => fresh.exportWeights()).toThrow(StateError);
  });
});

describe("weights", () => {
  it("are saved and loaded, and predict the same", async () => {
    const { x } = quadrants(16);
    const path = join(folder, "weights.safetensors");
    const model = classifier();
    await model.saveWeights(path);
    const expected = (await model.predict(x)).data();
    const other = new Sequential([
      layers.dense({ units: 16, activation: "relu", inputShape: [2], name: model.layers[0].name }),
      layers.dense({ units: 4, activation: "softmax", name: model.layers[1].name }),
    ]);
    expect((await other.predict(x)).data()).not.toEqual(expected);
    await other.loadWeights(path);
    expect((await other.predict(x)).data()).toEqual(expected);
  });

  it("that are corrupt, truncated or of another model change nothing", async () => {
    const path = join(folder, "broken.safetensors");
    const model = classifier();
    const before = model.weights.map((weight) => weight.data());
    await model.saveWeights(path);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 4));
    await expect(model.loadWeights(path)).rejects.toThrow(FormatError);
    const deeper = new Sequential([layers.dense({ units: 16, inputShape: [2] }), layers.dense({ units: 5 })]);
    await writeFile(path, deeper.exportWeights());
    await expect(model.loadWeights(path)).rejects.toThrow(/layers\/1\/kernel must be f32 \[16, 4\], got f32 \[16, 5\]/);
    await expect(model.loadWeights(join(folder, "absent"))).rejects.toThrow(StateError);
    expect(model.weights.map((weight) => weight.data())).toEqual(before);
  });
});

describe("trainOnBatch and summary", () => {
  it("report the batch, and the model", () => {
    const { x, y } = quadrants(32);
    const model = classifier();
    const { loss } = model.trainOnBatch(x, y);
    expect(model.trainOnBatch(x, y).loss).toBeLessThan(loss);
    expect(model.summary()).toContain("Total params: 116 (464 B)");
    expect(model.summary()).toContain("(None, 16)");
  });

  it("adds regularization to the loss", async () => {
    const penalized = (strength: number): Sequential => {
      seed(1);
      const l2 = strength > 0 ? { kernelRegularizer: { l2: strength } } : {};
      const model = new Sequential([layers.dense({ units: 1, inputShape: [4], ...l2 })]);
      model.compile({ optimizer: "sgd", loss: "mse" });
      return model;
    };
    const x = randomNormal([8, 4]);
    const y = randomNormal([8, 1]);
    const [plain, heavy] = [penalized(0), penalized(0.5)];
    const squares = plain.weights[0].data().reduce((sum, w) => sum + w * w, 0);
    const difference = (await heavy.evaluate(x, y)).loss - (await plain.evaluate(x, y)).loss;
    expect(difference).toBeCloseTo(0.5 * squares, 5);
  });
});
