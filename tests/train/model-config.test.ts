// Models as plain JSON, and made again from it.
import { describe, expect, it } from "vitest";
import { ArgumentError, layers, Model, randomNormal, Sequential, type Tensor } from "../../ts/index.ts";
import { modelFromConfig } from "../../ts/train/model-config.ts";

/** A model made again from the JSON of another, with its weights. */
function again(model: Model): Model {
  const { kind } = model;
  const made = modelFromConfig(JSON.parse(JSON.stringify({ kind, config: model.config() })));
  made.importWeights(model.exportWeights());
  return made;
}

function outputs(model: Model, ...inputs: Tensor[]): number[][] {
  return model.applyAll(inputs.length === 1 ? inputs[0] : inputs).map((y) => [...y.data()]);
}

describe("the configuration of a model", () => {
  it("makes a sequential one again, built for what it was built for, with models inside it", () => {
    const inner = new Sequential([layers.dense({ units: 3, activation: "relu" })], { name: "inner" });
    const wrapped = layers.timeDistributed({ layer: new Sequential([layers.dense({ units: 2 })]) });
    const model = new Sequential([inner, wrapped], { name: "outer" });
    expect(model.config()).not.toHaveProperty("inputShape");
    model.ensureBuilt([5, 4]);
    const made = again(model);
    expect(made).toBeInstanceOf(Sequential);
    expect(made.summary()).toBe(model.summary());
    const x = randomNormal([2, 5, 4]);
    expect(outputs(made, x)).toEqual(outputs(model, x));
  });

  it("makes a functional one again, with shared layers, several inputs and outputs, and layers of several results", () => {
    const [left, right] = ["left", "right"].map((name) => layers.input({ shape: [6, 4], name }));
    const lstm = layers.lstm({ units: 3, returnState: true });
    const [a, , state] = lstm.applyAll(left);
    const [b] = lstm.applyAll(right);
    const sum = layers.add().apply([a, b, state]);
    const model = new Model({ inputs: [left, right], outputs: [sum, layers.dense({ units: 2 }).apply(b)] });
    const made = again(model);
    expect(made.summary()).toBe(model.summary());
    expect(made.outputNames).toEqual(model.outputNames);
    const inputs = [randomNormal([2, 6, 4]), randomNormal([2, 6, 4])];
    expect(outputs(made, ...inputs)).toEqual(outputs(model, ...inputs));
    expect(made.weights.length).toBe(5);
  });

  it("keeps names and what is frozen", () => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [2], trainable: false, name: "still" })]);
    const made = again(model);
    expect(made.weights.map(({ name }) => name)).toEqual(["still/kernel", "still/bias"]);
    expect(made.trainableWeights).toEqual([]);
  });

  it("must be that of a model, and of one whose class is known", () => {
    class Own extends Model {}
    expect(() => modelFromConfig({ kind: "dense", config: { units: 1 } })).toThrow("must be that of a model, got");
    expect(() => modelFromConfig({ kind: "functional", config: new Own().config() })).toThrow(ArgumentError);
    expect(() => modelFromConfig({ kind: "loom" })).toThrow("layer: the name must be one of");
  });
});
