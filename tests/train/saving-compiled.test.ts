// Compiled models in a file: what is read is compiled as it was, and goes on training with the same bits.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  abs,
  decodeSafetensors,
  encodeSafetensors,
  type FitOptions,
  FormatError,
  importModel,
  layers,
  loadModel,
  losses,
  Model,
  ModelCheckpoint,
  mean,
  memory,
  metrics,
  ones,
  optimizers,
  type SaveOptions,
  Sequential,
  StateError,
  SwapEMAWeights,
  schedules,
  sub,
  type Tensor,
} from "../../ts/index.ts";
import type { CompileOptions } from "../../ts/train/model.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-compiled-"));
afterAll(() => rmSync(folder, { recursive: true }));

const x = Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const y = x.map(([a, b]) => [a > b ? 1 : 0]);

/** With randomness of the run and of a layer's own, and moving averages. */
function make(options: CompileOptions): Sequential {
  const model = new Sequential([
    layers.dense({ units: 4, inputShape: [2], activation: "tanh" }),
    layers.dropout({ rate: 0.2 }),
    layers.dropout({ rate: 0.2, seed: 3 }),
    layers.batchNormalization(),
    layers.dense({ units: 1 }),
  ]);
  model.compile(options);
  return model;
}

const how: FitOptions = { seed: 7, batchSize: 8, verbose: 0, epochs: 2 };
const values = (model: Model): unknown => model.weights.map((weight) => weight.data());
const fromLogits = losses.binaryCrossentropy.with({ fromLogits: true });

/** Trains two epochs, and two more both the model and what is read of its file: they must stay the same. */
async function goesOn(model: Model, change: (model: Model) => void = () => {}): Promise<Model> {
  await model.fit(x, y, how);
  change(model);
  const again = importModel(model.exportModel());
  const more = { ...how, initialEpoch: 2, epochs: 4 };
  const histories = [await model.fit(x, y, more), await again.fit(x, y, more)];
  expect(histories[1]).toEqual(histories[0]);
  expect(values(again)).toEqual(values(model));
  expect(await again.evaluate(x, y)).toEqual(await model.evaluate(x, y));
  return again;
}

const schedule = schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 20 });

describe("a model that is read goes on with the same bits", () => {
  it.each<[string, () => CompileOptions["optimizer"]]>([
    ["adam with a schedule", () => optimizers.adam({ learningRate: schedule, amsgrad: true })],
    ["sgd", () => optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, clipNorm: 1 })],
    ["nadam that accumulates gradients", () => optimizers.nadam({ gradientAccumulationSteps: 2 })],
    ["adamw with averages", () => optimizers.adamw({ useEma: true, emaOverwriteFrequency: 4 })],
    ["adafactor", () => optimizers.adafactor()],
    ["muon", () => optimizers.muon()],
    ["adam with a loss scale", () => optimizers.lossScaleOptimizer({ innerOptimizer: optimizers.adam() })],
    ["a name", () => "rmsprop"],
  ])("%s", async (_, optimizer) => {
    await goesOn(make({ optimizer: optimizer() as never, loss: fromLogits, metrics: ["accuracy", "auc"] }));
  });

  it("with a learning rate that was set, frozen layers, and weights without decay", async () => {
    const optimizer = optimizers.adamw({ weightDecay: 0.1 });
    const model = make({ optimizer, loss: "mse" });
    optimizer.excludeFromWeightDecay({ names: ["bias"], variables: [model.weights[0]] });
    const again = await goesOn(model, () => {
      optimizer.learningRate = 0.5;
      model.layers[4].trainable = false;
    });
    expect(again.compilation.optimizer.learningRate).toBe(0.5);
    const [weight, part] = again.compilation.optimizer.exclusions;
    expect([part, weight === again.weights[0]]).toEqual(["bias", true]);
  });

  it("where averages are in the weights' place", async () => {
    const model = make({ optimizer: optimizers.adam({ useEma: true }), loss: "mse" });
    await goesOn(model, () => model.compilation.optimizer.swapAverages(model.trainableWeights));
  });

  it("and an optimizer that two models share keeps to what is the model's", async () => {
    const optimizer = optimizers.adam();
    const [model, other] = [make({ optimizer, loss: "mse" }), make({ optimizer, loss: "mse" })];
    await other.fit(x, y, how);
    await goesOn(model);
  });
});

describe("other optimizers among a model's properties", () => {
  it("are kept with it", () => {
    class Adversary extends Sequential {
      readonly second: optimizers.Adam = optimizers.adam({ learningRate: 0.1 });
    }
    layers.defineLayer("adversary", Adversary as never);
    const model = new Adversary([layers.dense({ units: 1, inputShape: [2] })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const step = ({ second, weights }: Adversary): void =>
      second.apply(
        weights.map(({ shape }) => ones(shape)),
        weights,
      );
    step(model);
    const again = importModel(model.exportModel()) as Adversary;
    expect(again.second.iterations.item()).toBe(1);
    for (const one of [model, again]) step(one);
    expect(values(again)).toEqual(values(model));
    expect((importModel(model.exportModel({ includeOptimizer: false })) as Adversary).second.iterations.item()).toBe(0);
  });
});

describe("what compile settled", () => {
  /** Two outputs, with figures whose names and options differ. */
  function twoOutputs(): Model {
    const input = layers.input({ shape: [2] });
    const hidden = layers.dense({ units: 3 }).apply(input);
    const outputs = ["left", "right"].map((name) => layers.dense({ units: 1, name }).apply(hidden));
    const model = new Model({ inputs: input, outputs });
    model.compile({
      optimizer: "sgd",
      loss: { left: fromLogits, right: losses.huber.with({ delta: 0.5 }) },
      lossWeights: [1, 0.3],
      metrics: [["acc", "precision", new metrics.AUC({ name: "area", fromLogits: true })], [metrics.cosineSimilarity]],
      weightedMetrics: { right: ["mse", losses.logCosh] },
    });
    return model;
  }

  it("gives the same figures by the same names", async () => {
    const model = twoOutputs();
    const again = importModel(model.exportModel());
    const options = { sampleWeight: x.map((_, i) => i % 3) };
    const figures = await model.evaluate(x, [y, y], options);
    expect(Object.keys(figures).length).toBeGreaterThan(8);
    expect(await again.evaluate(x, [y, y], options)).toEqual(figures);
    expect(again.compilation.runEagerly).toBe(false);
  });

  it("stays out of the file where that is wanted", async () => {
    const model = make({ optimizer: "adam", loss: "mse" });
    await model.fit(x, y, how);
    const read = (options: SaveOptions): Model => importModel(model.exportModel(options));
    expect(read({ includeOptimizer: false }).compilation.optimizer.iterations.item()).toBe(0);
    expect(() => read({ includeCompile: false }).compilation).toThrow(StateError);
    expect(() => importModel(model.exportModel(), { compile: false }).compilation).toThrow(StateError);
    expect(model.exportModel({ includeOptimizer: false }).length).toBeLessThan(model.exportModel().length);
    expect(() => read({ includeCompile: false, includeOptimizer: true })).toThrow(ArgumentError);
    expect(() => read({ includeOptimiser: false } as never)).toThrow("did you mean includeOptimizer?");
    expect(values(importModel(model.exportModel(), { compile: false }))).toEqual(values(model));
  });

  it("is freed with the model", async () => {
    const bytes = make({ optimizer: "adam", loss: "mse", metrics: ["auc"] }).exportModel();
    const before = memory.report().inUse;
    const again = importModel(bytes);
    await again.fit(x, y, how);
    again.dispose();
    expect(memory.report().inUse).toBeLessThanOrEqual(before);
  });
});

describe("functions without a name", () => {
  const distance = (t: Tensor, p: Tensor): Tensor => mean(abs(sub(p, t)));

  it.each<[string, CompileOptions]>([
    ["a loss", { optimizer: "sgd", loss: distance }],
    ["a metric", { optimizer: "sgd", loss: "mse", metrics: [distance] }],
    ["a schedule", { optimizer: optimizers.sgd({ learningRate: (step) => step.mul(0) }), loss: "mse" }],
    ["an optimizer's", { optimizer: optimizers.adamw({ decays: ({ name }) => name !== "bias" }), loss: "mse" }],
  ])("are refused when the model is saved: %s", async (_, options) => {
    const model = make(options);
    const path = join(folder, "refused.safetensors");
    await expect(model.save(path)).rejects.toThrow(ArgumentError);
    await expect(model.save(path)).rejects.toThrow("includeCompile: false");
    expect(readdirSync(folder)).not.toContain("refused.safetensors");
    const checkpoint = new ModelCheckpoint({ filepath: path, monitor: "loss" });
    await expect(model.fit(x, y, { ...how, callbacks: [checkpoint] })).rejects.toThrow("saveWeightsOnly: true");
    expect(model.compilation.optimizer.iterations.item()).toBe(0);
    expect(importModel(model.exportModel({ includeCompile: false })).built).toBe(true);
  });

  it("of classes below others' are refused too", () => {
    class Slower extends optimizers.Adam {}
    class Mine extends metrics.AUC {}
    class Meaning extends metrics.MeanMetric {}
    for (const options of [
      { optimizer: new Slower() },
      { optimizer: "sgd", metrics: [new Mine()] },
      { optimizer: "sgd", metrics: [new Meaning("mine", losses.meanSquaredError)] },
    ] as CompileOptions[]) {
      expect(() => make({ loss: "mse", ...options }).exportModel()).toThrow(/must be defined by a name of its own/);
    }
  });

  it("may be defined by one", async () => {
    losses.defineLoss("distanceOfOurs", (t, p) => abs(sub(p, t as Tensor)));
    await goesOn(make({ optimizer: "sgd", loss: "distanceOfOurs" as never }));
  });
});

describe("ModelCheckpoint", () => {
  it("saves whole models, or weights alone", async () => {
    const model = make({ optimizer: "adam", loss: "mse" });
    const at = (name: string): string => join(folder, name);
    const callbacks = [
      new ModelCheckpoint({ filepath: at("whole-{epoch}") }),
      new ModelCheckpoint({ filepath: at("weights-{epoch}"), saveWeightsOnly: true }),
    ];
    await model.fit(x, y, { ...how, callbacks });
    const whole = await loadModel(at("whole-1"));
    expect(whole.compilation.optimizer.iterations.item()).toBe(3);
    await whole.fit(x, y, { ...how, initialEpoch: 1 });
    expect(values(whole)).toEqual(values(model));
    await expect(loadModel(at("weights-2"))).rejects.toThrow("weights alone are read by loadWeights");
    const other = make({ optimizer: "sgd", loss: "mse" });
    for (const name of ["weights-2", "whole-2"]) {
      await other.loadWeights(at(name));
      expect(values(other)).toEqual(values(model));
    }
  });

  it("saves the averages that are in the weights' place, and the weights with them", async () => {
    const model = make({ optimizer: optimizers.adam({ useEma: true }), loss: "mse" });
    const filepath = join(folder, "averages-{epoch}");
    const swap = (): SwapEMAWeights => new SwapEMAWeights({ swapOnEpoch: true });
    await model.fit(x, y, { ...how, callbacks: [swap(), new ModelCheckpoint({ filepath })] });
    const again = await loadModel(join(folder, "averages-1"));
    await again.fit(x, y, { ...how, initialEpoch: 1, callbacks: [swap()] });
    expect(values(again)).toEqual(values(model));
  });
});

describe("a file whose compile options lie", () => {
  it("is refused", () => {
    const { tensors, metadata } = decodeSafetensors(make({ optimizer: "adam", loss: "mse" }).exportModel());
    const compiled = JSON.parse(metadata.compile) as Record<string, unknown>;
    const lie = (text: string): (() => Model) => {
      return () => importModel(encodeSafetensors(tensors, { ...metadata, compile: text }));
    };
    for (const [option, value] of [
      ["optimizer", { kind: "adam", config: { learningRate: -1 } }],
      ["optimizer", { kind: "loom" }],
      ["loss", { output: { kind: "mse", config: { beta: 2 } } }],
      ["loss", { elsewhere: "mse" }],
      ["metrics", { output: "accuracy" }],
      ["undecayed", { names: [], paths: ["layers/9/kernel"] }],
      ["undecayed", null],
      ["runEagerly", "no"],
    ]) {
      expect(lie(JSON.stringify({ ...compiled, [option as string]: value })), String(option)).toThrow(FormatError);
    }
    expect(lie("[]")).toThrow(FormatError);
    expect(lie("{")).toThrow(FormatError);
  });
});
