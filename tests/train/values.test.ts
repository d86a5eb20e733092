// Labels and ids that a model cannot mean: fit, evaluate, predict and single steps say so, whatever variant of a loss was
// compiled; weights and optimizer are as before, and the model goes on.
import { beforeEach, describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  capture,
  layers,
  losses,
  metrics,
  optimizers,
  Sequential,
  seed,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../ts/index.ts";

beforeEach(() => {
  seed(3);
});

const BAD = 11;
/** Ids [8, 3] below 10, with one that is not at place `at`. */
function ids(at?: number): Tensor<"i32"> {
  return tensor(
    Int32Array.from({ length: 24 }, (_, i) => (i === at ? BAD : i % 10)),
    { shape: [8, 3] },
  );
}
const labels = (...values: number[]): Tensor<"i32"> =>
  tensor(Int32Array.from({ length: 8 }, (_, i) => values[i] ?? i % 3));

type Loss = losses.LossFunction;
const sparse = losses.sparseCategoricalCrossentropy;

function classifier(
  loss: Loss | ((t: Tensor, p: Tensor) => Tensor) = sparse.with({ fromLogits: true }) as Loss,
): Sequential {
  const model = new Sequential([
    layers.embedding({ inputDim: 10, outputDim: 4, inputShape: [3] }),
    layers.flatten(),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 3 }),
  ]);
  model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.1 }), loss, metrics: ["accuracy"] });
  return model;
}

const stateOf = (model: Sequential): unknown[] => model.weights.map((x) => [...x.data()]);

/** What a promise or a call is refused with. */
async function refused(f: () => unknown): Promise<string> {
  try {
    await f();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("an embedding", () => {
  const message = "embedding: ids must be from 0 to 9, got 11 at position [1, 2]";

  it("refuses ids it has no rows for in predict, evaluate and single steps", async () => {
    const model = classifier();
    await model.predict(ids());
    const before = stateOf(model);
    expect(await refused(() => model.predict(ids(5)))).toBe(message);
    expect(await refused(() => model.predict(ids(5)))).toBe(message);
    expect(await refused(() => model.evaluate(ids(5), labels()))).toBe(message);
    expect(await refused(() => model.testOnBatch(ids(5), labels()))).toBe(message);
    expect(await refused(() => model.trainOnBatch(ids(5), labels()))).toBe(message);
    expect(stateOf(model)).toEqual(before);
  });

  it("ends fit in the step that meets them, which changes nothing", async () => {
    const [model, twin] = [classifier(), classifier()];
    model.weights.forEach((x, i) => {
      twin.weights[i].assign(x);
    });
    const run = (one: Sequential, x: Tensor<"i32">): Promise<unknown> =>
      one.fit(x, labels(), { batchSize: 4, epochs: 1, shuffle: false, verbose: 0 });
    seed(5);
    expect(await refused(() => run(model, ids(17)))).toBe(
      "embedding: ids must be from 0 to 9, got 11 at position [1, 2]",
    );
    seed(5);
    const half = tensor(ids().data().slice(0, 12), { shape: [4, 3] });
    await twin.fit(half, tensor(labels().data().slice(0, 4)), { batchSize: 4, epochs: 1, shuffle: false, verbose: 0 });
    expect(stateOf(model)).toEqual(stateOf(twin));
    // Both go on alike: the optimizer was left alone too.
    for (const one of [model, twin]) {
      seed(6);
      await run(one, ids());
    }
    expect(stateOf(model)).toEqual(stateOf(twin));
    expect(stateOf(model).flat(2).every(Number.isFinite)).toBe(true);
  });
});

describe("labels", () => {
  const variants: [string, Loss][] = [
    ["as it is", sparse],
    ["with logits", sparse.with({ fromLogits: true }) as Loss],
    ["with a variant of a variant", sparse.with({ fromLogits: true }).with({ reduction: "sum" }) as Loss],
    ["with another ignored class", sparse.with({ fromLogits: true, ignoreClass: -1 }) as Loss],
    ["of generalized cross-entropy", losses.categoricalGeneralizedCrossEntropy.with({ fromLogits: true }) as Loss],
  ];
  it.each(variants)("are looked at before the first step, %s", async (_name, loss) => {
    const model = classifier(loss);
    const before = stateOf(model);
    const message = /^fit: labels must be whole numbers from 0 to 2, got 3 at index 6$/;
    const y = labels(0, 1, 2, 0, 1, 2, 3);
    expect(await refused(() => model.fit(ids(), y, { batchSize: 2, verbose: 0 }))).toMatch(message);
    expect(await refused(() => model.evaluate(ids(), y))).toContain("got 3 at index 6");
    expect(await refused(() => model.trainOnBatch(ids(), y))).toContain("got 3 at index 6");
    const halves = new ArrayData(Float32Array.of(0, 1, 2, 0.5, 1, 2, 0, 1), [8], "f32");
    expect(await refused(() => model.fit(ids(), halves, { verbose: 0 }))).toContain("got 0.5 at index 3");
    expect(stateOf(model)).toEqual(before);
  });

  it("may be those that are ignored", async () => {
    const model = classifier(sparse.with({ fromLogits: true, ignoreClass: -1 }) as Loss);
    const { loss } = await model.evaluate(ids(), labels(-1, -1, 0));
    expect(Number.isFinite(loss)).toBe(true);
  });

  it("are looked at in the step where a function of one's own calls the loss", async () => {
    const model = classifier((t: Tensor, p: Tensor) => sparse(t, p, { fromLogits: true }));
    const before = stateOf(model);
    const y = labels(0, 1, 2, 3);
    for (let i = 0; i < 2; i++) {
      expect(await refused(() => model.fit(ids(), y, { batchSize: 8, shuffle: false, verbose: 0 }))).toBe(
        "sparseCategoricalCrossentropy: labels must be whole numbers from 0 to 2, got 3 at position 3",
      );
      expect(stateOf(model)).toEqual(before);
    }
    await model.fit(ids(), labels(), { verbose: 0 });
    expect(stateOf(model)).not.toEqual(before);
    expect(stateOf(model).flat(2).every(Number.isFinite)).toBe(true);
  });

  it("leave the optimizer of a step of one's own alone", () => {
    const model = classifier();
    const optimizer = optimizers.adam({ learningRate: 0.1 });
    const lossAndGradients = valueAndGrad((_weights: readonly Tensor[], x: Tensor<"i32">, y: Tensor<"i32">) =>
      sparse(y, model.apply(x, { training: true }) as Tensor, { fromLogits: true }),
    );
    const step = capture((x: Tensor<"i32">, y: Tensor<"i32">) => {
      const [loss, gradients] = lossAndGradients(model.trainableWeights, x, y);
      optimizer.step(model.trainableWeights, gradients);
      return loss;
    });
    const state = (): unknown[] => [stateOf(model), Object.values(optimizer.state()).map((x) => [...x.data()])];
    step(ids(), labels());
    for (let i = 0; i < 3; i++) {
      const before = state();
      expect(() => step(ids(), labels(0, 3))).toThrow("got 3 at position 1");
      expect(() => step(ids(0), labels())).toThrow("got 11 at position [0, 0]");
      expect(state()).toEqual(before);
      expect(Number.isFinite(step(ids(), labels()).item())).toBe(true);
      expect(state()).not.toEqual(before);
    }
    step.dispose();
  });
});

describe("metrics", () => {
  const p = tensor([
    [0.9, 0.1, 0],
    [0.9, 0.1, 0],
    [0.9, 0.1, 0],
    [0.9, 0.1, 0],
  ]);

  it.each([
    ["integers", tensor(Int32Array.of(0, 3, -1, 1)), [1, 0, 0, 0], [1, 0, 0, 1]],
    ["floats", tensor(Float32Array.of(0, 0.5, Number.NaN, 1)), [1, 0, 0, 0], [1, 0, 0, 1]],
  ])("of class numbers take what is none for wrong: %s", (_name, y, first, two) => {
    const topK = (k: number): number[] => [...metrics.sparseTopKCategoricalAccuracy(y, p, { k }).data()];
    expect([...metrics.sparseCategoricalAccuracy(y, p).data()]).toEqual(first);
    expect(topK(2)).toEqual(two);
    expect(topK(9)).toEqual(two);
  });
});
