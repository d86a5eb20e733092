// Plain fields of layers that were changed since a step was recorded: it is recorded anew.
import { describe, expect, it } from "vitest";
import { type AnyTensor, Layer, layers, type Model, ones, Sequential, type Tensor } from "../../ts/index.ts";

/** A layer whose call reads a number. */
class Scale extends Layer {
  factor = 1;
  override call(x: AnyTensor): Tensor {
    return this.floats(x).mul(this.factor);
  }
}

describe("a field that was changed", () => {
  const model = (first: Layer): Model => {
    const made = new Sequential([first, layers.dense({ units: 1, kernelInitializer: "ones", useBias: false })]);
    made.compile({ loss: (_t: AnyTensor, p: Tensor) => p.mean(), optimizer: "sgd" });
    made.ensureBuilt([1]);
    made.layers[1].weights[0].constraint = (x) => x.mul(0).add(1);
    return made;
  };
  const [x, y] = [ones([4, 1]), ones([4, 1])];

  it.each(["onBatchBegin", "onBatchEnd"] as const)("counts from the next batch on, changed in %s", async (hook) => {
    const scale = new Scale("scale");
    const losses: number[] = [];
    await model(scale).fit(x, y, {
      batchSize: 1,
      verbose: 0,
      callbacks: [
        { [hook]: (batch: number) => void (scale.factor = batch) },
        { onBatchEnd: (_, { loss }) => void losses.push(loss as number) },
      ],
    });
    const seen = hook === "onBatchBegin" ? [0, 1, 2, 3] : [1, 0, 1, 2];
    expect(losses).toEqual(seen.map((_, i) => seen.slice(0, i + 1).reduce((a, b) => a + b) / (i + 1)));
  });

  it("counts from the next epoch on, and in evaluate, predict and trainOnBatch", async () => {
    const scale = new Scale("scale");
    const made = model(scale);
    const { history } = await made.fit(x, y, {
      epochs: 3,
      verbose: 0,
      callbacks: [{ onEpochEnd: (epoch) => void (scale.factor = epoch + 10) }],
    });
    expect(history.loss).toEqual([1, 10, 11]);
    expect(await made.evaluate(x, y)).toEqual({ loss: 12 });
    scale.factor = 5;
    expect(await made.evaluate(x, y)).toEqual({ loss: 5 });
    expect((await made.predict(x)).array()).toEqual([[5], [5], [5], [5]]);
    scale.factor = Number.NaN;
    expect(made.trainOnBatch(x, y).loss).toBeNaN();
  });

  it("counts in the validation that a hook comes before", async () => {
    const scale = new Scale("scale");
    const { history } = await model(scale).fit(x, y, {
      epochs: 2,
      verbose: 0,
      validationData: [x, y],
      callbacks: [{ onTestBegin: () => void (scale.factor = 7), onTestEnd: () => void (scale.factor = 1) }],
    });
    expect(history).toMatchObject({ loss: [1, 1], val_loss: [7, 7] });
  });

  it("is a dropout's rate too", async () => {
    const dropout = layers.dropout({ rate: 0.9, seed: 1 });
    const made = model(dropout);
    const losses: number[] = [];
    await made.fit(ones([64, 1]), ones([64, 1]), {
      epochs: 2,
      verbose: 0,
      callbacks: [
        { onEpochEnd: (_, { loss }) => void losses.push(loss as number) },
        { onEpochEnd: () => void Reflect.set(dropout, "rate", 0) },
      ],
    });
    expect(losses[0]).not.toBe(1);
    expect(losses[1]).toBe(1);
  });

  it("is none where nothing was changed: the step is recorded once", async () => {
    const made = model(new Scale("scale"));
    const fit = { batchSize: 2, epochs: 2, verbose: 0 as const, callbacks: [{ onBatchEnd: () => {} }] };
    await made.fit(x, y, fit);
    made.stopTraining = true;
    await made.fit(x, y, fit);
    expect(made.steps.recordings.train).toBe(1);
  });
});
