// The studio's training: goes on from a file with the same bits, and validates as the library does.

import { beforeAll, describe, expect, it } from "vitest";
import { defaultSettings, type ModelId, models, PIXELS } from "../../studio/catalogue.ts";
import { asImages, asLabels, type Digits } from "../../studio/engine/digits.ts";
import { lookAt, lookInside } from "../../studio/engine/insight.ts";
import { decodeSession, encodeSession, encodeWeights, labelOf } from "../../studio/engine/session.ts";
import { Training } from "../../studio/engine/training.ts";
import { checkModel, pixelsOf } from "../../studio/engine/validation.ts";
import { datasets } from "../../ts/index.ts";

const COUNT = 320;
const ids = Object.keys(models) as ModelId[];
let digits: Digits;

beforeAll(async () => {
  const { train } = await datasets.mnist();
  digits = {
    pixels: (train.images.data as Uint8Array).slice(0, COUNT * PIXELS),
    labels: Uint8Array.from(train.labels.data.subarray(0, COUNT)),
  };
});

/** Takes steps, through the ends of epochs. */
function train(training: Training, steps: number): void {
  for (let i = 0; i < steps; i++) {
    if (training.step(digits) > 0) continue;
    training.closeEpoch({ step: training.progress.step, loss: 1, figure: 0.5 });
    training.step(digits);
  }
}

const weightsOf = (training: Training): number[][] => training.model.weights.map((weight) => [...weight.data()]);

describe("a training", () => {
  it.each(["adam", "momentum", "lion"] as const)(
    "goes on from its file as if never interrupted, with %s",
    (optimizer) => {
      const settings = { ...defaultSettings("mlp"), optimizer };
      const whole = new Training(settings);
      train(whole, 17);
      const first = new Training(settings);
      train(first, 12);
      const { training: second, running } = decodeSession(encodeSession(first, true), "memory");
      train(second, 5);
      expect(running).toBe(true);
      expect(weightsOf(second)).toEqual(weightsOf(whole));
      expect(second.progress).toEqual(whole.progress);
      expect(second.history).toEqual(whole.history);
      for (const training of [whole, first, second]) training.dispose();
    },
  );

  it("learns, and sees each digit once in an epoch", () => {
    const training = new Training(defaultSettings("mlp"));
    train(training, 10);
    expect(training.progress.position).toBe(COUNT);
    expect(training.step(digits)).toBe(0);
    train(training, 30);
    expect(training.losses.last).toBeLessThan(0.5 * training.losses.numbers[0]);
    expect(training.epochs.length).toBe(3);
    training.dispose();
  });

  it("keeps its weights when another optimizer or rate is chosen", () => {
    const training = new Training(defaultSettings("linear"));
    train(training, 3);
    const before = weightsOf(training);
    training.adjust({ ...training.settings, optimizer: "sgd", learningRate: 0.01 });
    expect(weightsOf(training)).toEqual(before);
    training.adjust({ ...training.settings, learningRate: 0.5 });
    expect(training.optimizer.learningRate).toBe(0.5);
    train(training, 1);
    expect(weightsOf(training)).not.toEqual(before);
    training.dispose();
  });

  it("knows when its weights are no numbers any more", () => {
    const training = new Training({ ...defaultSettings("mlp"), optimizer: "sgd", learningRate: 1e6 });
    expect(training.isSound).toBe(true);
    for (let i = 0; i < 8; i++) training.step(digits);
    expect(training.isSound).toBe(false);
    expect(training.losses.last).toBeNaN();
    training.dispose();
  });

  it("refuses a file of something else", () => {
    const training = new Training(defaultSettings("linear"));
    expect(() => decodeSession(encodeWeights(training), "weights")).toThrow(/must hold a training of this studio/);
    expect(labelOf(encodeWeights(training), "weights")).toEqual({ model: "linear", step: 0, figure: undefined });
    training.dispose();
  });
});

describe.each(ids)("%s", (id) => {
  const { task } = models[id];

  it("is validated as evaluate does it", async () => {
    const training = new Training(defaultSettings(id));
    train(training, 2);
    const { signal } = new AbortController();
    const check = await checkModel(training.model, task, digits, { step: 2, count: COUNT, signal });
    const images = asImages(digits.pixels);
    const logs = await training.model.evaluate(images, task === "classify" ? asLabels(digits.labels) : images);
    expect(check.loss).toBeCloseTo(logs.loss, 4);
    expect(check.figure).toBeCloseTo(logs[task === "classify" ? "accuracy" : "meanAbsoluteError"], 4);
    const weights = check.worst.map(({ weight }) => weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    if (task === "classify") {
      expect(check.confusion.reduce((sum, number) => sum + number, 0)).toBe(COUNT);
      for (const { label, output, weight } of check.worst) {
        expect(weight).toBe(Math.max(...output));
        expect(output[label]).toBeLessThan(weight);
      }
    }
    training.dispose();
  });

  it("lets itself be looked into", async () => {
    const training = new Training(defaultSettings(id));
    const { filters, layers } = lookInside(training.model, task, digits, 0);
    expect(filters.values.length).toBe(filters.count * filters.height * filters.width);
    const kernels = training.model.weights.filter(({ name }) => name.endsWith("/kernel"));
    expect(layers.map(({ name }) => `${name}/kernel`)).toEqual(kernels.map(({ name }) => name));
    for (const { weights, gradients } of layers) {
      expect(weights.deviation).toBeGreaterThan(0);
      expect(gradients.deviation).toBeGreaterThan(0);
    }
    const pixels = Float32Array.from(pixelsOf(digits, 0), (byte) => byte / 255);
    const look = lookAt(training.model, pixels, true);
    const predicted = await training.model.predict(asImages(pixelsOf(digits, 0)));
    predicted.data().forEach((value, i) => {
      expect(look.output[i]).toBeCloseTo(value, 5);
    });
    expect(look.layers.map(({ name }) => name)).toEqual(layers.map(({ name }) => name));
    expect(look.layers.every(({ values, count, height, width }) => values.length === count * height * width)).toBe(
      true,
    );
    predicted.dispose();
    training.dispose();
  });
});
