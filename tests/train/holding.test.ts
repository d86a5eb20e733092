// One thing with the state of a run in two runs at once is an error, and one after the other is none.
import { describe, expect, it } from "vitest";
import {
  type Callback,
  CSVLogger,
  EarlyStopping,
  History,
  LambdaCallback,
  LearningRateScheduler,
  layers,
  type Model,
  ModelCheckpoint,
  metrics,
  ProgressLine,
  ReduceLROnPlateau,
  Sequential,
  StateError,
  TerminateOnNaN,
  tensor,
} from "../../ts/index.ts";
import type { Metric } from "../../ts/metrics/index.ts";

const x = tensor([[1], [1], [1], [1]]);
const [ones, threes] = [1, 3].map((value) => tensor([[value], [value], [value], [value]]));
const one = { batchSize: 1, verbose: 0 } as const;

/** A model that says 0, and goes on doing so. */
function zero(given: Metric[] = []): Model {
  const model = new Sequential([
    layers.dense({ units: 1, kernelInitializer: "zeros", useBias: false, inputShape: [1] }),
  ]);
  model.compile({ optimizer: "sgd", loss: "mse", metrics: given });
  model.compilation.optimizer.learningRate = 0;
  return model;
}

describe("a metric that two models were given", () => {
  it("is refused in a second evaluation at the same time, and the first is right", async () => {
    const shared = metrics.getMetric("mae");
    const [p, q] = [zero([shared]), zero([shared])];
    const both = await Promise.allSettled([p.evaluate(x, ones, one), q.evaluate(x, threes, one)]);
    expect(both[0]).toMatchObject({ status: "fulfilled", value: { mae: 1 } });
    expect(both[1]).toMatchObject({ status: "rejected", reason: expect.any(StateError) });
    expect(String((both[1] as PromiseRejectedResult).reason)).toContain("the metric mae must be in one run at a time");
    expect(await q.evaluate(x, threes, one)).toMatchObject({ mae: 3 });
    expect(p.testOnBatch(x, ones)).toMatchObject({ mae: 1 });
  });

  it("belongs to a training from its first to its last epoch", async () => {
    const shared = new metrics.RootMeanSquaredError({ name: "rmse" });
    const [p, q] = [zero([shared]), zero([shared])];
    const seen: unknown[] = [];
    const onEpochEnd = (): void => {
      try {
        seen.push(q.testOnBatch(x, threes));
      } catch (error) {
        seen.push(error);
      }
    };
    const { history } = await p.fit(x, ones, { ...one, epochs: 2, callbacks: [{ onEpochEnd }] });
    expect(seen).toEqual([expect.any(StateError), expect.any(StateError)]);
    expect(history.rmse).toEqual([1, 1]);
    expect(q.testOnBatch(x, threes)).toMatchObject({ rmse: 3 });
  });

  it("is free again when a run has failed", async () => {
    const shared = metrics.getMetric("mae");
    const [p, q] = [zero([shared]), zero([shared])];
    const onBatchEnd = (): void => {
      throw new Error("stop");
    };
    await expect(p.fit(x, ones, { ...one, callbacks: [{ onBatchEnd }] })).rejects.toThrow("stop");
    expect(await q.evaluate(x, threes, one)).toMatchObject({ mae: 3 });
  });

  it("may be used by runs of its own model within each other", async () => {
    const p = zero([metrics.getMetric("mae")]);
    const onBatchEnd = async (): Promise<void> => void (await p.evaluate(x, threes, one));
    const { history } = await p.fit(x, ones, { ...one, callbacks: [{ onBatchEnd }] });
    expect(history.mae).toEqual([1]);
  });
});

describe("a callback in two trainings", () => {
  const ours: [string, () => Callback][] = [
    ["EarlyStopping", () => new EarlyStopping({ monitor: "loss" })],
    ["ReduceLROnPlateau", () => new ReduceLROnPlateau({ monitor: "loss" })],
    ["ModelCheckpoint", () => new ModelCheckpoint({ filepath: "/nowhere/x.safetensors", saveFreq: 1000 })],
    ["TerminateOnNaN", () => new TerminateOnNaN()],
    ["LearningRateScheduler", () => new LearningRateScheduler(() => 0)],
    ["CSVLogger", () => new CSVLogger({ filename: "/dev/null" })],
    ["History", () => new History()],
    ["ProgressLine", () => new ProgressLine({ verbose: 0 })],
    ["Own", () => new (class Own extends EarlyStopping {})({ monitor: "loss" })],
  ];

  it.each(ours)("at once is refused if it is %s, and the first goes on", async (name, make) => {
    const callback = make();
    const options = { ...one, epochs: 2, callbacks: [callback] };
    const [a, b] = [zero(), zero()];
    const both = await Promise.allSettled([a.fit(x, ones, options), b.fit(x, ones, options)]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const { reason } = both[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(StateError);
    expect(reason.message).toMatch(new RegExp(`^fit: ${name} must be in one run at a time`));
    await b.fit(x, ones, options);
  });

  it.each([
    ["an object", (onEpochEnd: () => void): Callback => ({ onEpochEnd })],
    ["a LambdaCallback", (onEpochEnd: () => void): Callback => new LambdaCallback({ onEpochEnd })],
  ])("is heard in both if it is %s of the user's", async (_what, make) => {
    let epochs = 0;
    const callbacks = [make(() => void epochs++)];
    await Promise.all([zero(), zero()].map((model) => model.fit(x, ones, { ...one, epochs: 2, callbacks })));
    expect(epochs).toBe(4);
  });
});
