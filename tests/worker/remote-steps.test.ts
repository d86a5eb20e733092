// Single steps of a remote model, and its learning rate: bit for bit those of the same model at hand.
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  LearningRateScheduler,
  layers,
  Model,
  optimizers,
  Sequential,
  ShapeError,
  StateError,
  seed,
} from "../../ts/index.ts";
import { EngineWorker, RemoteModel } from "../../ts/worker/index.ts";
import { bits, classifierLayers, judgement, x, y } from "./quadrants.ts";

const engine = new EngineWorker({ deterministic: true, threads: 2 });
afterAll(() => engine.dispose());
beforeEach(() => layers.resetLayerNames());

const LEARNING_RATE = 0.05;

/** The same model here and there, each with the same random numbers to come. */
async function twins(): Promise<{ near: Sequential; far: RemoteModel }> {
  seed(5);
  const near = new Sequential(classifierLayers());
  near.compile({ optimizer: optimizers.adam({ learningRate: LEARNING_RATE }), ...judgement });
  layers.resetLayerNames();
  const far = new RemoteModel(classifierLayers(), { engine, seed: 5 });
  await far.compile({ optimizer: { kind: "adam", config: { learningRate: LEARNING_RATE } }, ...judgement });
  return { near, far };
}

async function expectSameWeights(far: RemoteModel, near: Model): Promise<void> {
  const weights = (await far.getWeights()).map(({ data }) => bits(data));
  expect(weights).toEqual(near.weights.map((weight) => bits(weight.data())));
}

describe("trainOnBatch and testOnBatch", () => {
  it("give the figures and the weights of the model at hand", async () => {
    const { near, far } = await twins();
    for (let begin = 0; begin < 200; begin += 50) {
      const batch = [x.slice(begin, begin + 50), y.slice(begin, begin + 50)] as const;
      expect(await far.testOnBatch(...batch)).toEqual(near.testOnBatch(...batch));
      const logs = await far.trainOnBatch(...batch);
      expect(logs).toEqual(near.trainOnBatch(...batch));
      expect(Object.keys(logs)).toEqual(["loss", "accuracy"]);
    }
    await expectSameWeights(far, near);
  });

  it("take weights of examples and of classes, and data that are there already", async () => {
    const { near, far } = await twins();
    const counts = Float32Array.from({ length: 200 }, (_, i) => i % 3);
    const weighting = { sampleWeight: new ArrayData(counts, [200], "f32"), classWeight: { 0: 2, 3: 0.5 } };
    const plain = near.testOnBatch(x, y);
    const [images, labels] = [await engine.send(x), await engine.send(y)];
    for (let step = 0; step < 3; step++) {
      expect(await far.trainOnBatch(images, labels, weighting)).toEqual(near.trainOnBatch(x, y, weighting));
    }
    // Those of classes are of training alone.
    await expect(far.testOnBatch(images, labels, weighting as object)).rejects.toThrow("unknown option classWeight");
    const { sampleWeight } = weighting;
    const weighted = await far.testOnBatch(images, labels, { sampleWeight });
    expect(weighted).toEqual(near.testOnBatch(x, y, { sampleWeight }));
    expect(weighted.loss).not.toBe(plain.loss);
    await expectSameWeights(far, near);
  });

  it("take several inputs, and targets by the outputs' names", async () => {
    seed(9);
    const inputs = ["left", "right"].map((name) => layers.input({ shape: [2], name }));
    const joined = layers.concatenate().apply(inputs);
    const outputs = [
      layers.dense({ units: 2, name: "point" }).apply(joined),
      layers.dense({ units: 4, activation: "softmax", name: "quadrant" }).apply(joined),
    ];
    const near = new Model({ inputs, outputs });
    const loss = { point: "mse", quadrant: "sparseCategoricalCrossentropy" } as const;
    near.compile({ optimizer: "sgd", loss });
    const far = new RemoteModel(near, { engine });
    await far.compile({ optimizer: "sgd", loss });
    for (let step = 0; step < 2; step++) {
      const logs = await far.trainOnBatch([x, x], { point: x, quadrant: y });
      expect(logs).toEqual(near.trainOnBatch([x, x], { point: x, quadrant: y }));
      expect(Object.keys(logs)).toEqual(["loss", "point_loss", "quadrant_loss"]);
    }
    await expectSameWeights(far, near);
  });

  it("leave layers as they are that were frozen before they got there", async () => {
    const { near } = await twins();
    near.layers[0].trainable = false;
    near.compile({ optimizer: "sgd", loss: judgement.loss });
    const far = new RemoteModel(near, { engine, seed: 7 });
    await far.compile({ optimizer: "sgd", loss: judgement.loss });
    const before = near.weights.map((weight) => bits(weight.data()));
    seed(7);
    expect(await far.trainOnBatch(x, y)).toEqual(near.trainOnBatch(x, y));
    await expectSameWeights(far, near);
    const after = near.weights.map((weight) => bits(weight.data()));
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after.slice(2)).not.toEqual(before.slice(2));
  });

  it("fail as they do at hand", async () => {
    const { near, far } = await twins();
    const wide = new ArrayData(new Float32Array(6), [2, 3], "f32");
    const uncompiled = new RemoteModel(classifierLayers(), { engine });
    for (const method of ["trainOnBatch", "testOnBatch"] as const) {
      const failures = [
        [ShapeError, [wide, y.slice(0, 2)], {}],
        [ShapeError, [x, y.slice(0, 2)], {}],
        [ArgumentError, [x, [y, y]], {}],
        [ArgumentError, [x, y], { classWeight: { 0: -1 } }],
      ] as const;
      for (const [kind, [inputs, targets], weighting] of failures) {
        const message = messageOf(() => near[method](inputs, targets, weighting));
        await expect(far[method](inputs, targets, weighting)).rejects.toThrow(kind);
        await expect(far[method](inputs, targets, weighting)).rejects.toThrow(message);
      }
      await expect(uncompiled[method](x, y)).rejects.toThrow(StateError);
    }
    await expectSameWeights(far, near);
  });
});

describe("the learning rate of a remote model", () => {
  it("is looked at and set between steps", async () => {
    const { near, far } = await twins();
    expect(await far.getLearningRate()).toBe(near.compilation.optimizer.learningRate);
    expect(await far.getLearningRate()).toBe(Math.fround(LEARNING_RATE));
    for (const rate of [0.05, 0.001, 0]) {
      await far.setLearningRate(rate);
      near.compilation.optimizer.learningRate = rate;
      expect(await far.getLearningRate()).toBe(Math.fround(rate));
      expect(await far.trainOnBatch(x, y)).toEqual(near.trainOnBatch(x, y));
    }
    await expectSameWeights(far, near);
  });

  it("follows a schedule written by hand in awaited hooks", async () => {
    const { near, far } = await twins();
    const halved = (epoch: number, rate: number): number => (epoch < 2 ? rate : rate / 2);
    const options = { epochs: 6, batchSize: 32, verbose: 0 } as const;
    const seen: number[] = [];
    const { history } = await near.fit(x, y, { ...options, callbacks: [new LearningRateScheduler(halved)] });
    await far.fit(x, y, {
      ...options,
      callbacks: [
        {
          onEpochBegin: async (epoch) => far.setLearningRate(halved(epoch, await far.getLearningRate())),
          onEpochEnd: async () => void seen.push(await far.getLearningRate()),
        },
      ],
    });
    expect(seen).toEqual(history.learningRate);
    expect(seen.at(-1)).toBe(Math.fround(LEARNING_RATE) / 16);
    await expectSameWeights(far, near);
  });

  it("is set in mid-training, from the next step on", async () => {
    const far = new RemoteModel(classifierLayers(), { engine, seed: 5 });
    await far.compile({ optimizer: "sgd", ...judgement });
    const controller = new AbortController();
    const epochs = { done: 0 };
    const callbacks = [{ onEpochEnd: () => void epochs.done++ }];
    const { signal } = controller;
    const training = far.fit(x, y, { epochs: 1e9, verbose: 0, callbacks, signal }).catch(() => "aborted");
    const later = async (): Promise<number[][]> => {
      const { done } = epochs;
      while (epochs.done < done + 3) await new Promise((resolve) => setTimeout(resolve, 1));
      return (await far.getWeights()).map(({ data }) => bits(data));
    };
    const first = await later();
    expect(await later()).not.toEqual(first);
    await far.setLearningRate(0);
    const still = await later();
    expect(await later()).toEqual(still);
    await far.setLearningRate(0.1);
    expect(await later()).not.toEqual(still);
    controller.abort();
    expect(await training).toBe("aborted");
  });

  it("is refused where it cannot be set", async () => {
    const far = new RemoteModel(classifierLayers(), { engine });
    await expect(far.getLearningRate()).rejects.toThrow(StateError);
    await expect(far.setLearningRate(1)).rejects.toThrow("the model must be compiled first");
    const learningRate = { kind: "cosineDecay", config: { initialLearningRate: 0.5, decaySteps: 2 } } as const;
    await far.compile({ optimizer: { kind: "sgd", config: { learningRate } }, ...judgement });
    expect(await far.getLearningRate()).toBe(0.5);
    await far.trainOnBatch(x, y);
    expect(await far.getLearningRate()).toBeCloseTo(0.25, 6);
    await expect(far.setLearningRate(1)).rejects.toThrow(StateError);
    await far.compile({ optimizer: "sgd", ...judgement });
    await expect(far.setLearningRate(-1)).rejects.toThrow(ArgumentError);
    await expect(far.setLearningRate(Number.NaN)).rejects.toThrow(ArgumentError);
    expect(await far.getLearningRate()).toBe(Math.fround(0.01));
    // A callback for models at hand is told where to look.
    const scheduler = new LearningRateScheduler(() => 1) as never;
    await expect(far.fit(x, y, { verbose: 0, callbacks: [scheduler] })).rejects.toThrow("setLearningRate()");
  });
});

function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it must fail");
}
