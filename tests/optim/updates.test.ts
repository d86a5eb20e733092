// How often each variable was updated: what corrections of averages that began at zero go by, as in PyTorch, whoever else the
// optimizer updates and whenever.
import { describe, expect, it } from "vitest";
import {
  capture,
  layers,
  type Model,
  optimizers,
  Sequential,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from "../../ts/index.ts";
import type { Optimizer } from "../../ts/optim/index.ts";

const makers: [string, () => Optimizer][] = [
  ["adam", () => optimizers.adam({ learningRate: 0.1 })],
  ["adam, amsgrad", () => optimizers.adam({ learningRate: 0.1, amsgrad: true })],
  ["adamw", () => optimizers.adamw({ learningRate: 0.1 })],
  ["adamax", () => optimizers.adamax({ learningRate: 0.1 })],
  ["nadam", () => optimizers.nadam({ learningRate: 0.1 })],
  ["lamb", () => optimizers.lamb({ learningRate: 0.1 })],
  ["adafactor", () => optimizers.adafactor({ learningRate: 0.1 })],
  ["muon", () => optimizers.muon({ learningRate: 0.1 })],
  ["accumulating", () => optimizers.adam({ learningRate: 0.1, gradientAccumulationSteps: 2 })],
  ["averaging", () => optimizers.sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 3 })],
  [
    "scaling",
    () =>
      new optimizers.LossScaleOptimizer({ innerOptimizer: optimizers.adam({ learningRate: 0.1 }), initialScale: 1 }),
  ],
];

const weight = (): Variable => variable(tensor([1, -2]), { name: "w" });
const gradient = (i: number): Tensor => tensor([1 + i, 0.5 - i]);

describe.each(makers)("%s", (name, make) => {
  it.each([
    ["late", ["a", "a", "a", "a", "ab", "ab", "ab", "ab"]],
    ["in turns", ["a", "b", "a", "b", "a", "b", "a", "b"]],
    ["left out for a while", ["ab", "ab", "a", "a", "a", "a", "ab", "ab"]],
  ])("updates a variable that is %s as if it were alone", (_when, steps) => {
    // Gradients are gathered from all steps alike, so that one left out would count as zero.
    const own = name === "accumulating" ? steps.filter((set) => set.includes("b")) : steps;
    const [a, b, alone] = [weight(), weight(), weight()];
    const [shared, single] = [make(), make()];
    const step = capture((g: Tensor, withA: boolean, withB: boolean) => {
      const variables = [...(withA ? [a] : []), ...(withB ? [b] : [])];
      shared.step(
        variables,
        variables.map(() => g),
      );
      return g;
    });
    own.forEach((set, i) => {
      step(gradient(i), set.includes("a"), set.includes("b"));
      if (set.includes("b")) single.step([alone], [gradient(i)]);
    });
    expect([...b.data()]).toEqual([...alone.data()]);
    expect([...b.data()]).not.toEqual([1, -2]);
  });

  it("goes on from saved counts, and from states that hold none, where all were updated alike", () => {
    const steps = (optimizer: Optimizer, x: Variable, from: number, to: number): void => {
      for (let i = from; i < to; i++) optimizer.step([x], [gradient(i)]);
    };
    const [x, first] = [weight(), make()];
    steps(first, x, 0, 4);
    const saved = Object.entries(first.state()).map(
      ([key, t]) => [key, tensor(t.data() as Float32Array, { shape: t.shape, dtype: t.dtype as "f32" })] as const,
    );
    const values = x.data();
    steps(first, x, 4, 6);
    for (const kept of [saved, saved.filter(([key]) => !key.endsWith("/updates"))]) {
      const [y, second] = [variable(tensor(values), { name: "w" }), make()];
      second.restore(Object.fromEntries(kept), [y]);
      steps(second, y, 4, 6);
      expect([...y.data()]).toEqual([...x.data()]);
    }
  });
});

it("one Adam takes the first step of each of two models by its learning rate", () => {
  const adam = optimizers.adam({ learningRate: 0.1 });
  const line = (): Model => {
    const model = new Sequential([
      layers.dense({ units: 1, kernelInitializer: "zeros", useBias: false, inputShape: [1] }),
    ]);
    model.compile({ optimizer: adam, loss: "mse" });
    return model;
  };
  const [p, q] = [line(), line()];
  for (let i = 0; i < 5; i++) p.trainOnBatch(tensor([[1]]), tensor([[9]]));
  q.trainOnBatch(tensor([[1]]), tensor([[9]]));
  expect(q.weights[0].item()).toBeCloseTo(0.1, 5);
});

it("weights that thaw take a first step by the learning rate, with the optimizer that they had", async () => {
  const [base, head] = [1, 2].map(() =>
    layers.dense({ units: 1, kernelInitializer: "ones", useBias: false, inputShape: [1] }),
  );
  const model = new Sequential([base, head]);
  base.trainable = false;
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: "mse" });
  const data = [tensor([[1]]), tensor([[9]])] as const;
  await model.fit(...data, { epochs: 6, verbose: 0 });
  expect(base.weights[0].item()).toBe(1);
  base.trainable = true;
  await model.fit(...data, { verbose: 0 });
  expect(base.weights[0].item()).toBeCloseTo(1.1, 5);
});

describe("averages of weights", () => {
  it("take the place of those that were updated, and leave the others", () => {
    const sgd = optimizers.sgd({ learningRate: 0.5, useEma: true });
    const [a, b] = [weight(), weight()];
    sgd.build([a, b]);
    sgd.step([a], [tensor([1, 1])]);
    sgd.swapAverages([a, b]);
    expect([...b.data()]).toEqual([1, -2]);
    sgd.finalizeVariableValues([a, b]);
    expect([...b.data()]).toEqual([1, -2]);
    expect([...a.data()]).toEqual([0.5, -2.5]);
  });
});
