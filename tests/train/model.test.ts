// Functional models and subclasses: shared layers, several inputs and outputs, models inside models, masks, weights of
// examples and classes, losses that layers add.
import { beforeEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  layers,
  losses,
  Model,
  metrics,
  mul,
  optimizers,
  randomNormal,
  Sequential,
  seed,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

beforeEach(() => {
  seed(4);
  layers.resetLayerNames();
});

const silent = { verbose: 0, shuffle: false } as const;

/** Two towers that share one layer, and two outputs. */
function twoTowers(): { model: Model; shared: layers.Layer } {
  const left = layers.input({ shape: [3], name: "left" });
  const right = layers.input({ shape: [3], name: "right" });
  const shared = layers.dense({ units: 4, activation: "tanh", name: "shared" });
  const joined = layers.concatenate().apply([shared.apply(left), shared.apply(right)]);
  const sum = layers.dense({ units: 1, name: "sum" }).apply(joined);
  const side = layers.dense({ units: 2, activation: "softmax", name: "side" }).apply(joined);
  return { model: new Model({ inputs: [left, right], outputs: [sum, side] }), shared };
}

function data(count: number): { x: Tensor[]; total: Tensor; larger: Tensor<"i32"> } {
  const x = [randomNormal([count, 3]), randomNormal([count, 3])];
  const [a, b] = x.map((one) => one.data());
  const sums = Array.from({ length: count }, (_, i) => a[3 * i] + b[3 * i + 1]);
  return { x, total: tensor(sums.map((v) => [v])), larger: tensor(Int32Array.from(sums, (v) => Number(v > 0))) };
}

describe("functional models", () => {
  it("share layers, and know their layers, weights and shapes", () => {
    const { model, shared } = twoTowers();
    expect(model.sublayers().map(({ name }) => name)).toEqual([
      "left",
      "right",
      "shared",
      "concatenate",
      "sum",
      "side",
    ]);
    expect(model.weights.length).toBe(6);
    expect(model.outputShape([[3], [3]])).toEqual([[1], [2]]);
    const [a, b] = [randomNormal([5, 3]), randomNormal([5, 3])];
    const [sum, side] = model.applyAll([a, b]);
    expect([sum.shape, side.shape]).toEqual([
      [5, 1],
      [5, 2],
    ]);
    const by = (name: string): layers.Layer => model.sublayers().find((layer) => layer.name === name) as layers.Layer;
    const joined = by("concatenate").apply([shared.apply(a), shared.apply(b)]);
    expect([...sum.data()]).toEqual([...by("sum").apply(joined).data()]);
    expect(model.summary()).toContain("Connected to");
    expect(model.summary()).toContain("│ shared, shared");
  });

  it("learn several targets at once, by name or in order, each with its weight, and report each", async () => {
    const { model } = twoTowers();
    const { x, total, larger } = data(200);
    model.compile({
      optimizer: new optimizers.Adam({ learningRate: 0.02 }),
      loss: { sum: "meanSquaredError", side: "sparseCategoricalCrossentropy" },
      lossWeights: { sum: 0.5, side: 2 },
      metrics: { side: ["accuracy"] },
    });
    const { history } = await model.fit(x, { side: larger, sum: total }, { epochs: 12, ...silent });
    expect(Object.keys(history)).toEqual(["loss", "sum_loss", "side_loss", "side_accuracy"]);
    expect(history.loss[11]).toBeLessThan(0.4 * history.loss[0]);
    expect(history.loss[3]).toBeCloseTo(0.5 * history.sum_loss[3] + 2 * history.side_loss[3], 4);
    expect(history.side_accuracy[11]).toBeGreaterThan(0.9);
    const logs = await model.evaluate<"side_accuracy">(x, [total, larger]);
    expect(logs.side_accuracy).toBeGreaterThan(0.9);
    const [sums, sides] = await model.predictAll(x, { batchSize: 64 });
    expect([sums.shape, sides.shape]).toEqual([
      [200, 1],
      [200, 2],
    ]);
    const [direct] = model.applyAll(x);
    expect(Math.max(...sums.data().map((v, i) => Math.abs(v - direct.data()[i])))).toBeLessThan(1e-5);
    await expect(model.predict(x)).rejects.toThrow("got 2 outputs; use predictAll");
  });

  it("hold models, and take parts of other models as models of their own", () => {
    const inner = new Sequential([layers.dense({ units: 4, inputShape: [3] }), layers.dense({ units: 2 })]);
    const x = layers.input({ shape: [3] });
    const hidden = inner.apply(x);
    const outer = new Model({ inputs: x, outputs: layers.add().apply([hidden, inner.apply(x)]) });
    const features = new Model({ inputs: x, outputs: hidden });
    const values = randomNormal([6, 3]);
    const once = inner.apply(values).data();
    expect([...features.apply(values).data()]).toEqual([...once]);
    expect([...outer.apply(values).data()]).toEqual([...once.map((v) => 2 * v)]);
    expect(outer.weights).toEqual(inner.weights);
  });

  it("refuse graphs that do not hang together", () => {
    const [x, other] = [layers.input({ shape: [3] }), layers.input({ shape: [3], name: "other" })];
    const y = layers.add().apply([x, other]);
    expect(() => new Model({ inputs: x, outputs: y })).toThrow("got one that needs other too");
    expect(() => new Model({ inputs: [x, other], outputs: [] })).toThrow(ArgumentError);
    expect(() => layers.lambda({ function: (t: Tensor) => t }).apply(x)).toThrow("lambda: outputShape must tell");
    const twice = layers.dense({ units: 1, name: "same" }).apply(layers.dense({ units: 1, name: "same" }).apply(x));
    expect(() => new Model({ inputs: x, outputs: twice })).toThrow("got two layers same");
    expect(() => twoTowers().model.compile({ loss: ["mse"] })).toThrow("for each of the outputs sum, side, got 1");
  });
});

describe("a subclass of Model", () => {
  class Residual extends Model {
    private readonly first = layers.dense({ units: 8, activation: "relu" });
    private readonly blocks = [layers.dense({ units: 8 }), layers.dense({ units: 8 })];
    private readonly last = layers.dense({ units: 1 });

    override call(x: Tensor, context: layers.CallContext): Tensor {
      let h = this.first.apply(x, context);
      for (const block of this.blocks) h = add(h, block.apply(h, context));
      return this.last.apply(h, context);
    }
  }

  it("finds its layers, is built by its first batch and learns", async () => {
    const model = new Residual({ name: "residual" });
    const x = randomNormal([128, 2]);
    const y = tensor(Array.from({ length: 128 }, (_, i) => [x.data()[2 * i] * x.data()[2 * i + 1]]));
    model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01 }), loss: "mse" });
    const { history } = await model.fit(x, y, { epochs: 30, ...silent });
    expect(model.sublayers().length).toBe(4);
    expect(model.weights.length).toBe(8);
    expect(history.loss[29]).toBeLessThan(0.3 * history.loss[0]);
    expect((await model.predict(x)).shape).toEqual([128, 1]);
  });

  it("that says nothing cannot be called", () => {
    expect(() => new Model().apply(randomNormal([1, 2]))).toThrow("must override call");
  });
});

describe("weights of examples", () => {
  const line = (): Sequential => {
    const model = new Sequential([layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [1] })]);
    model.compile({ optimizer: "sgd", loss: losses.meanSquaredError, weightedMetrics: [] });
    return model;
  };
  const x = () => tensor([[1], [2], [3], [4]]);
  const y = () => tensor([[0], [0], [0], [0]]);

  it("multiply their losses, whose sum is divided by the number of examples, as in Keras", async () => {
    const logs = await line().evaluate(x(), y(), { sampleWeight: tensor([1, 0, 0.5, 2]) });
    expect(logs.loss).toBeCloseTo((1 * 1 + 0.5 * 9 + 2 * 16) / 4, 5);
  });

  it("of classes are looked up by the label", () => {
    const model = new Sequential([layers.dense({ units: 2, activation: "softmax", inputShape: [1] })]);
    model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const labels = tensor(Int32Array.from([0, 1, 1, 0]));
    const oneByOne = [0, 1, 2, 3].map((i) => {
      const one = (t: Tensor): Tensor => tensor([[t.data()[i]]]);
      return model.testOnBatch(one(x()), tensor(Int32Array.from([labels.data()[i]]))).loss;
    });
    const weighted = model.trainOnBatch(x(), labels, { classWeight: { 0: 1, 1: 3 } }).loss;
    expect(weighted).toBeCloseTo((oneByOne[0] + 3 * oneByOne[1] + 3 * oneByOne[2] + oneByOne[3]) / 4, 5);
  });

  it("steer training: an example of weight 0 has no say", async () => {
    const run = async (target: number): Promise<number[]> => {
      const model = line();
      const targets = tensor([[2], [4], [6], [target]]);
      const sampleWeight = tensor([1, 1, 1, 0]);
      await model.fit(x(), targets, { epochs: 5, sampleWeight, ...silent });
      return model.weights.flatMap((weight) => [...weight.data()]);
    };
    expect(await run(-100)).toEqual(await run(100));
  });

  it("are refused where they do not fit", async () => {
    await expect(line().fit(x(), y(), { sampleWeight: tensor([1, 2]) })).rejects.toThrow("got 4 and 4 and 2");
    const own = line();
    own.compile({ loss: (t, p) => losses.meanSquaredError(t, p) });
    await expect(own.evaluate(x(), y(), { sampleWeight: tensor([1, 1, 1, 1]) })).rejects.toThrow(
      "must return a number for each example, got a scalar",
    );
  });
});

describe("masks", () => {
  it("travel from layer to layer and leave steps out of the loss", async () => {
    const model = new Sequential([
      layers.masking({ inputShape: [3, 1] }),
      layers.dense({ units: 1, useBias: false, kernelInitializer: "ones" }),
    ]);
    model.compile({ loss: (t, p) => mul(t as Tensor, p), optimizer: "sgd" });
    // The first sequence has two steps, the second one: three values count.
    const x = tensor([
      [[1], [2], [0]],
      [[3], [0], [0]],
    ]);
    const y = tensor([
      [[1], [10], [100]],
      [[1000], [7], [7]],
    ]);
    const { loss } = await model.evaluate(x, y);
    expect(loss).toBeCloseTo((1 * 1 + 2 * 10 + 3 * 1000) / 3, 3);
    const mask = layers.maskOf(layers.masking().apply(x));
    expect([...(mask?.data() ?? [])]).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it("end inside a model where a layer ends them, whatever the sizes", () => {
    const model = new Sequential([layers.globalAveragePooling1d({ inputShape: [2, 2] })]);
    const x = layers.attachMask(randomNormal([1, 2, 2]), layers.maskOf(layers.masking().apply(tensor([[[1], [0]]]))));
    expect(layers.maskOf(x)?.shape).toEqual([1, 2]);
    expect(layers.maskOf(model.apply(x))).toBeUndefined();
  });

  it("come from embeddings where 0 stands for nothing", () => {
    const table = layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true });
    const mask = layers.maskOf(table.apply(tensor([[3, 0, 1]], { dtype: "i32" })));
    expect([...(mask?.data() ?? [])]).toEqual([1, 0, 1]);
  });
});

it("losses that layers add count, in training and in evaluation", async () => {
  const model = new Sequential([
    layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [2], activityRegularizer: { l2: 0.5 } }),
    layers.activityRegularization({ l1: 0.1 }),
  ]);
  model.compile({ loss: "mse", metrics: [new metrics.MeanMetric("error", losses.meanSquaredError)] });
  const x = tensor([
    [1, 2],
    [0, -1],
  ]);
  const { loss, error } = await model.evaluate<"error">(x, tensor([[3], [-1]]));
  expect(error).toBeCloseTo(0, 6);
  expect(loss).toBeCloseTo(0.5 * (9 + 1) + 0.1 * (3 + 1), 5);
});
