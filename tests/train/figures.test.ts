// The figures of a training: their names, which way they get better, what callbacks make of them, and what weighs them.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  abs,
  type Callback,
  EarlyStopping,
  LearningRateScheduler,
  layers,
  losses,
  Model,
  ModelCheckpoint,
  type MonitorMode,
  mean,
  metrics,
  mul,
  optimizers,
  ReduceLROnPlateau,
  Sequential,
  ShapeError,
  StateError,
  schedules,
  square,
  sub,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-figures-"));
afterAll(() => rmSync(folder, { recursive: true }));

const x = tensor([[1], [2], [3], [4]]);
const y = tensor([[1], [0], [1], [1]]);
const silent = { verbose: 0, shuffle: false } as const;

function line(
  metricsOfIt: readonly metrics.MetricLike[] = [],
  weightedMetrics: readonly metrics.MetricLike[] = [],
): Sequential {
  const model = new Sequential([layers.dense({ units: 1, kernelInitializer: "zeros", inputShape: [1] })]);
  model.compile({
    optimizer: new optimizers.SGD({ learningRate: 0 }),
    loss: (t, p) => mean(square(sub(p, t)), -1),
    metrics: metricsOfIt,
    weightedMetrics,
  });
  return model;
}

describe("names of figures", () => {
  const named = (name: string, value: number): metrics.MetricLike =>
    Object.defineProperty((t: Tensor, _p: Tensor) => mul(abs(t), 0).add(value), "name", { value: name });

  it("that are taken get another, as in Keras", async () => {
    const model = line(["accuracy", new metrics.AUC(), new metrics.AUC()], ["accuracy", "accuracy", "mse"]);
    const logs = await model.evaluate(x, y, { sampleWeight: tensor([1, 0, 0, 0]) });
    const names = ["loss", "accuracy", "auc", "auc_1", "weighted_accuracy", "weighted_accuracy_1", "mse"];
    expect(Object.keys(logs)).toEqual(names);
    expect(logs.accuracy).toBe(0.25);
    expect(logs.weighted_accuracy).toBe(0);
  });

  it("may be those of the loss, of validation, and of what every object has", async () => {
    const odd = ["loss", "val_loss", "constructor", "__proto__", "toString", "learningRate"];
    const model = line(odd.map((name, i) => named(name, i + 1)));
    const keys = ["loss_1", "val_loss_2", "constructor", "__proto__", "toString", "learningRate_1"];
    const { history } = await model.fit(x, y, {
      ...silent,
      validationData: [x, y],
      callbacks: [new ReduceLROnPlateau()],
    });
    for (const [i, key] of keys.entries()) {
      expect(history[key]).toEqual([i + 1]);
      expect(history[`val_${key}`]).toEqual([i + 1]);
    }
    expect(history.loss).toEqual([0.75]);
    expect(history.val_loss).toEqual([0.75]);
    expect(history.learningRate).toEqual([0]);
    const logs = model.testOnBatch(x, y);
    expect(Object.entries(logs)).toContainEqual(["__proto__", 4]);
    const watch = new EarlyStopping({ monitor: "__proto__", mode: "max" });
    await expect(line().fit(x, y, { ...silent, callbacks: [watch] })).rejects.toThrow("monitor must be one of");
  });

  it("of several outputs begin with the output's, and collide with nobody's", async () => {
    const input = layers.input({ shape: [1] });
    const outputs = ["a", "a_b"].map((name) => layers.dense({ units: 1, name }).apply(input));
    const model = new Model({ inputs: input, outputs });
    model.compile({ loss: ["mse", "mse"], metrics: { a: [named("b_loss", 1), named("loss", 2)] } });
    const names = ["loss", "a_loss", "a_b_loss_1", "a_loss_1", "a_b_loss"];
    expect(model.compilation.objective.names).toEqual(names);
    expect(() => model.compile({ loss: { a: "mse", b: "mse" } })).toThrow(
      'compile: loss must name the outputs a, a_b, got "b"',
    );
  });

  it("may not stand for a list, and a metric may not be used twice", async () => {
    const list = line([new metrics.Precision({ thresholds: [0.1, 0.2] }) as unknown as metrics.MetricLike]);
    await expect(list.evaluate(x, y)).rejects.toThrow("the metric precision must give a number");
    const auc = new metrics.AUC();
    expect(() => line([auc], [auc])).toThrow("a metric must be used once, got auc twice");
  });
});

describe("which way is better", () => {
  /** What `mode: "auto"` takes for better. */
  const direction = (metric: metrics.MetricLike): "min" | "max" => {
    const model = line([metric]);
    const [, name] = model.compilation.objective.names;
    const callback = new EarlyStopping({ monitor: name });
    callback.onTrainBegin(infoOf(model));
    for (const [epoch, value] of [0.1, 0.2].entries()) callback.onEpochEnd(epoch, { [name]: value });
    return callback.bestEpoch === 1 ? "max" : "min";
  };
  const infoOf = (model: Model): Parameters<EarlyStopping["onTrainBegin"]>[0] => ({
    ...{ model, epochs: 9, initialEpoch: 0, steps: 1, samples: 4, batchSize: 4, metrics: ["loss"] },
    ...{ validation: true, seed: 0 },
  });

  it("is what each metric says", () => {
    const larger: metrics.MetricLike[] = [
      ...(["accuracy", "acc", "cosineSimilarity", "pearsonCorrelation", "r2Score", "auc", "f1Score"] as const),
      ...(["precision", "recall", "truePositives", "trueNegatives", "binaryIoU", "topKCategoricalAccuracy"] as const),
      new metrics.FBetaScore({ average: "micro", name: "mine" }),
      new metrics.MeanMetric("right", metrics.binaryAccuracy, { threshold: 0 }),
      new metrics.SensitivityAtSpecificity({ specificity: 0.5 }),
      metrics.concordanceCorrelation,
    ];
    for (const metric of larger) expect(direction(metric)).toBe("max");
    const smaller: metrics.MetricLike[] = [
      ...(["mse", "meanAbsoluteError", "hinge", "klDivergence", "rootMeanSquaredError", "perplexity"] as const),
      ...(["falsePositives", "falseNegatives"] as const),
      losses.huber.with({ delta: 2 }),
      losses.cosineSimilarity,
    ];
    for (const metric of smaller) expect(direction(metric)).toBe("min");
  });

  it("is never guessed: a figure that does not say asks for a mode, before anything is trained", async () => {
    const recallLike = (t: Tensor, p: Tensor): Tensor => abs(sub(t, p));
    const model = line([recallLike]);
    const begun: string[] = [];
    const note: Callback = { onEpochBegin: () => void begun.push("epoch") };
    for (const callback of [
      new EarlyStopping({ monitor: "recallLike" }),
      new ReduceLROnPlateau({ monitor: "recallLike" }),
      new ModelCheckpoint({ filepath: join(folder, "none"), monitor: "recallLike", saveBestOnly: true }),
    ]) {
      await expect(model.fit(x, y, { ...silent, callbacks: [note, callback] })).rejects.toThrow(
        /mode must be min or max/,
      );
    }
    expect(begun).toEqual([]);
    await model.fit(x, y, { ...silent, callbacks: [new EarlyStopping({ monitor: "recallLike", mode: "min" })] });
    expect(direction(Object.assign((t: Tensor, p: Tensor) => abs(sub(t, p)), { direction: "max" } as const))).toBe(
      "max",
    );
  });

  it("does not follow from the letters of an output's name", () => {
    const input = layers.input({ shape: [1] });
    const vaccine = layers.dense({ units: 1, name: "vaccine" }).apply(input);
    const other = layers.dense({ units: 1, name: "other" }).apply(input);
    const model = new Model({ inputs: input, outputs: [vaccine, other] });
    model.compile({ loss: { vaccine: "mse", other: "mse" } });
    const callback = new EarlyStopping({ monitor: "val_vaccine_loss" });
    callback.onTrainBegin(infoOf(model));
    for (const [epoch, value] of [0.3, 0.1, 0.2].entries()) callback.onEpochEnd(epoch, { val_vaccine_loss: value });
    expect(callback.bestEpoch).toBe(1);
  });

  it("cannot be known of a figure that is not there", async () => {
    const train = (callback: Callback): Promise<unknown> =>
      line(["mae"]).fit(x, y, { ...silent, callbacks: [callback] });
    await expect(train(new EarlyStopping())).rejects.toThrow("one of the figures loss, mae, got val_loss");
    await expect(train(new EarlyStopping({ monitor: "lss" }))).rejects.toThrow("one of the figures loss, mae, got lss");
    await expect(train(new EarlyStopping({ monitor: "lss", mode: "min" }))).rejects.toThrow(
      "one of the figures loss, mae",
    );
    expect(() => new EarlyStopping({ mode: "less" as MonitorMode })).toThrow(ArgumentError);
    expect(() => new EarlyStopping({ minDelta: -1 })).toThrow(ArgumentError);
    expect(() => new ReduceLROnPlateau({ patience: -1 })).toThrow(ArgumentError);
  });

  it("makes every number better than NaN", async () => {
    const model = line();
    const values = [Number.NaN, 3, 2, 1];
    const stop = new EarlyStopping({ monitor: "loss", patience: 1 });
    const filepath = join(folder, "nan-{epoch}");
    const save = new ModelCheckpoint({ filepath, monitor: "loss", saveBestOnly: true, saveWeightsOnly: true });
    const reduce = new ReduceLROnPlateau({ monitor: "loss", patience: 2 });
    model.compilation.optimizer.learningRate = 1;
    for (const callback of [stop, save, reduce]) callback.onTrainBegin(infoOf(model));
    for (const [epoch, loss] of values.entries()) {
      save.onEpochBegin(epoch);
      stop.onEpochEnd(epoch, { loss });
      reduce.onEpochEnd(epoch, { loss });
      await save.onEpochEnd(epoch, { loss });
    }
    expect([stop.bestEpoch, stop.stoppedEpoch, save.best]).toEqual([3, undefined, 1]);
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith("nan"))
        .sort(),
    ).toEqual(["nan-2", "nan-3", "nan-4"]);
    expect(model.compilation.optimizer.learningRate).toBe(1);
  });

  it("lets NaN after numbers pass for worse", () => {
    const model = line();
    const stop = new EarlyStopping({ monitor: "loss", patience: 2 });
    stop.onTrainBegin(infoOf(model));
    for (const [epoch, loss] of [1, Number.NaN, Number.NaN].entries()) stop.onEpochEnd(epoch, { loss });
    expect([stop.bestEpoch, stop.stoppedEpoch]).toEqual([0, 2]);
  });

  it("brings the best weights back though no epoch beats the baseline", () => {
    const model = line();
    const [kernel] = model.weights;
    const stop = new EarlyStopping({ monitor: "loss", baseline: 0.1, patience: 3, restoreBestWeights: true });
    stop.onTrainBegin(infoOf(model));
    for (const [epoch, loss] of [0.5, 0.3, 0.4].entries()) {
      kernel.assign([loss]);
      stop.onEpochEnd(epoch, { loss });
    }
    expect(model.stopTraining).toBe(true);
    stop.onTrainEnd();
    expect([stop.bestEpoch, stop.stoppedEpoch, kernel.item()]).toEqual([1, 2, Math.fround(0.3)]);
  });
});

describe("learning rates of a schedule", () => {
  it("cannot be set by callbacks, which say so before anything is trained", async () => {
    const model = line();
    const learningRate = schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.5 });
    for (const optimizer of [
      new optimizers.SGD({ learningRate }),
      new optimizers.LossScaleOptimizer({ innerOptimizer: new optimizers.SGD({ learningRate }) }),
    ]) {
      model.compile({ optimizer, loss: "mse" });
      for (const callback of [
        new ReduceLROnPlateau({ monitor: "loss" }),
        new LearningRateScheduler((epoch) => epoch),
      ]) {
        await expect(model.fit(x, y, { ...silent, callbacks: [callback] })).rejects.toThrow(StateError);
      }
      expect(optimizer.iterations.item()).toBe(0);
    }
  });
});

describe("classWeight", () => {
  const heavy = { 0: 1, 1: 10 };

  it("weighs training alone", async () => {
    const model = line();
    const options = { ...silent, validationSplit: 0.5, classWeight: heavy, sampleWeight: tensor([1, 1, 0.5, 0.25]) };
    const { history } = await model.fit(x, y, options);
    expect(history.loss).toEqual([5]);
    // (0.5 * 1 + 0.25 * 1) / 2
    expect(history.val_loss).toEqual([0.375]);
  });

  it("is refused where no example has one class", async () => {
    const model = line();
    const steps = tensor([
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ]);
    const train = (targets: Tensor, classWeight: Record<string, number> = heavy): Promise<unknown> =>
      model.fit(x, targets, { ...silent, classWeight });
    await expect(train(steps)).rejects.toThrow(ShapeError);
    await expect(
      train(
        tensor([
          [1, 1],
          [0, 1],
          [1, 0],
          [0, 1],
        ]),
      ),
    ).rejects.toThrow("probabilities of classes, got 1, 1 at 0");
    await expect(train(tensor([[0.5], [1], [1], [1]]))).rejects.toThrow("must be class numbers");
    await expect(train(y, { cat: 2 })).rejects.toThrow("got 2 for cat");
    await expect(train(y, { 1: -2 })).rejects.toThrow("got -2 for 1");
    await expect(
      train(
        tensor([
          [0, 1],
          [0, 1],
          [1, 0],
          [0, 1],
        ]),
        { 2: 2 },
      ),
    ).rejects.toThrow("got 2 for 2");
  });
});

it("metrics leave out in training what they leave out in testing: padding", () => {
  const model = new Sequential([
    layers.embedding({ inputDim: 3, outputDim: 4, maskZero: true, inputShape: [4] }),
    layers.timeDistributed({ layer: layers.dense({ units: 1, kernelInitializer: "zeros", useBias: false }) }),
  ]);
  const compile = (): void =>
    model.compile({
      optimizer: new optimizers.SGD({ learningRate: 0 }),
      loss: "mse",
      metrics: ["binaryAccuracy", "mae"],
      weightedMetrics: ["mse"],
    });
  compile();
  const ids = tensor(
    [
      [1, 2, 0, 0],
      [2, 0, 0, 0],
    ],
    { dtype: "i32" },
  );
  // Padding is labelled wrong.
  const labels = tensor([
    [[0], [0], [1], [1]],
    [[0], [1], [1], [1]],
  ]);
  const tested = model.testOnBatch(ids, labels);
  expect(tested).toMatchObject({ binaryAccuracy: 1, mae: 0, mse: 0 });
  expect(model.trainOnBatch(ids, labels)).toEqual(tested);
  expect(model.trainOnBatch(ids, labels)).toEqual(tested);
});

it("all metrics leave out padding, so that padded and unpadded batches give the same", () => {
  const counting = ["precision", "recall", "auc", "truePositives", "falsePositives", "trueNegatives"] as const;
  const names = [...counting, "falseNegatives", "binaryIoU", "accuracy", "mae", "rootMeanSquaredError"] as const;
  const model = new Sequential([
    layers.embedding({
      inputDim: 3,
      outputDim: 4,
      maskZero: true,
      embeddingsInitializer: { name: "glorotUniform", seed: 1 },
    }),
    layers.dense({ units: 1, activation: "sigmoid", kernelInitializer: { name: "glorotUniform", seed: 2 } }),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: "binaryCrossentropy", metrics: names });
  const ids = (row: number[]): Tensor<"i32"> => tensor([row], { dtype: "i32" });
  const labels = (row: number[]): Tensor => tensor([row.map((label) => [label])]);
  const unpadded = model.testOnBatch(ids([1, 2]), labels([1, 0]));
  const padded = [ids([1, 2, 0, 0]), labels([1, 0, 1, 0])] as const;
  for (const figures of [model.testOnBatch(...padded), model.trainOnBatch(...padded)]) {
    for (const name of names) expect(figures[name], name).toBeCloseTo(unpadded[name], 6);
  }
});
