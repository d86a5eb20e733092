// What a model was drawn with holds when it runs: the inputs' shapes, and whether a layer trains.
import { describe, expect, it, vi } from "vitest";
import {
  grad,
  layers,
  Model,
  norm,
  ones,
  Sequential,
  ShapeError,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../ts/index.ts";
import { modelFromConfig } from "../../ts/train/model-config.ts";

const { add, batchNormalization, concatenate, conv1d, dense, embedding, flatten, globalAveragePooling1d } = layers;

describe("inputs are like those that a model was drawn with", () => {
  it("of two that were swapped, neither is taken", async () => {
    const [a, b] = [layers.input({ shape: [3], name: "a" }), layers.input({ shape: [1] })];
    const model = new Model({ inputs: [a, b], outputs: dense({ units: 1 }).apply(concatenate().apply([a, b])) });
    const [x, y] = [ones([2, 3]), ones([2, 1])];
    expect((await model.predict([x, y])).shape).toEqual([2, 1]);
    const swapped = model.predict([y, x]);
    await expect(swapped).rejects.toThrow(ShapeError);
    await expect(swapped).rejects.toThrow("Model: what is fed to a must be like [batch, 3], got [batch, 1]");
  });

  it("nor one that would only broadcast", async () => {
    const inputs = [layers.input({ shape: [3] }), layers.input({ shape: [3] })];
    const model = new Model({ inputs, outputs: add().apply(inputs) });
    await expect(model.predict([ones([4, 3]), ones([4, 1])])).rejects.toThrow(ShapeError);
  });

  it("sequences may be longer, and images larger, where layers allow it", async () => {
    const x = layers.input({ shape: [4, 2] });
    const model = new Model({
      inputs: x,
      outputs: globalAveragePooling1d().apply(conv1d({ filters: 3, kernelSize: 2 }).apply(x)),
    });
    expect((await model.predict(ones([1, 9, 2]))).shape).toEqual([1, 3]);
    await expect(model.predict(ones([1, 9, 3]))).rejects.toThrow(ShapeError);
    const ids = layers.input({ shape: [4], dtype: "i32" });
    const reader = new Model({ inputs: ids, outputs: embedding({ inputDim: 5, outputDim: 2 }).apply(ids) });
    expect((await reader.predict(zeros([1, 7], "i32"))).shape).toEqual([1, 7, 2]);
  });

  it("a layer's inputShape says how many axes there are", () => {
    const model = new Sequential([flatten({ inputShape: [2, 2], name: "flat" }), dense({ units: 1 })]);
    expect(() => model.apply(ones([1, 4]))).toThrow("flat: inputs must be like its inputShape, [batch, 2, 2]");
  });

  it("the same input is not two", () => {
    const x = layers.input({ shape: [1], name: "x" });
    expect(() => new Model({ inputs: [x, x], outputs: dense({ units: 1 }).apply(x) })).toThrow(
      "Model: inputs must be different, got x twice",
    );
  });
});

describe("a layer that was drawn with { training }", () => {
  const drawn = (training: boolean): { model: Model; statistics: layers.Layer } => {
    const x = layers.input({ shape: [1] });
    const statistics = batchNormalization();
    const base = new Sequential([statistics]);
    const model = new Model({ inputs: x, outputs: dense({ units: 1 }).apply(base.apply(x, { training })) });
    return { model, statistics };
  };
  const movingMean = (layer: layers.Layer): number =>
    (layer.weights.find(({ name }) => name.includes("movingMean") || name.includes("moving_mean")) as Tensor).item();
  const learn = async (model: Model): Promise<void> => {
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.trainOnBatch(tensor([[1], [3]]), tensor([[0], [0]]));
  };

  it("keeps to it whatever the model does, in copies and configurations too", async () => {
    const { model, statistics } = drawn(false);
    await learn(model);
    expect(movingMean(statistics)).toBe(0);
    for (const other of [model.copy(), modelFromConfig({ kind: "functional", config: model.config() })]) {
      await learn(other);
      const [mean] = other.weights.filter(({ trainable }) => !trainable);
      expect(mean.item()).toBe(0);
      other.dispose();
    }
  });

  it("trains where the model predicts, if it was told so", async () => {
    const { model, statistics } = drawn(true);
    await model.predict(tensor([[1], [3]]));
    expect(movingMean(statistics)).not.toBe(0);
  });

  it("may be told nothing else", () => {
    const x = layers.input({ shape: [1] });
    expect(() => dense({ units: 1 }).apply(x, { addLoss: () => {} } as never)).toThrow("got addLoss");
  });
});

describe("both directions", () => {
  const back = (units: number): layers.GRU => layers.gru({ units, returnSequences: true, goBackwards: true });
  const both = (mergeMode: "concat" | "sum" | null): layers.Bidirectional =>
    layers.bidirectional({
      layer: layers.lstm({ units: 2, returnSequences: true }),
      backwardLayer: back(3),
      mergeMode,
    });

  it("may have other numbers of units, strung together or apart", () => {
    expect(both("concat").apply(ones([4, 5, 1])).shape).toEqual([4, 5, 5]);
    expect(
      both(null)
        .applyAll(ones([4, 5, 1]))
        .map(({ shape }) => shape),
    ).toEqual([
      [4, 5, 2],
      [4, 5, 3],
    ]);
  });

  it("must have as many to be added", () => {
    expect(() => both("sum").apply(ones([4, 5, 1]))).toThrow(/to sum results both layers must have as many units/);
  });
});

describe("a mask that reaches a layer which does not know masks", () => {
  it("is told of once", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const model = new Sequential([
      embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
      conv1d({ filters: 2, kernelSize: 2, name: "windows" }),
    ]);
    for (let i = 0; i < 2; i++) model.apply(tensor([[1, 2, 0, 0]], { dtype: "i32" }));
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^heddle: windows mixes the steps that the mask leaves out/)],
    ]);
    warn.mockClear();
    for (const layer of [layers.lstm({ units: 2 }), globalAveragePooling1d(), dense({ units: 2 })]) {
      new Sequential([embedding({ inputDim: 5, outputDim: 2, maskZero: true }), layer]).apply(
        tensor([[1, 2, 0, 0]], { dtype: "i32" }),
      );
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe("norms of powers below 1", () => {
  it.each([0.5, -1, 1.5, 3])("have the gradient 0 at zeros: ord %f", (ord) => {
    const at = (x: Tensor): unknown => grad((v: Tensor) => sum(norm(v, { ord, axis: 1 })))(x).array();
    expect(at(zeros([1, 3]))).toEqual([[0, 0, 0]]);
    const [row] = at(tensor([[0, -2, 0]])) as number[][];
    expect([row[0], row[2]]).toEqual([0, 0]);
    expect(row[1]).toBeCloseTo(ord > 0 ? -1 : 0, 5);
  });
});
