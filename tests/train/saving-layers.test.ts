// Each layer in a whole model's file: with the weights, the state and the configuration it has, it gives the same bits.
import { expect, it } from "vitest";
import { importModel, layers, Model, randomNormal, type Shape, type Tensor, zeros } from "../../ts/index.ts";
import { cases } from "../layers/cases/index.ts";

it.each(Object.entries(cases))("%s", (_, { make, input, ids }) => {
  const shapes = (Array.isArray(input[0]) ? input : [input]) as readonly Shape[];
  const dtype = ids ? "i32" : "f32";
  const inputs = shapes.map((shape) => layers.input({ shape, dtype }));
  const layer = make();
  const model = new Model({ inputs, outputs: layer.applyAll(inputs.length === 1 ? inputs[0] : inputs) });
  const x = shapes.map((shape) => (ids ? zeros([2, ...shape], "i32") : randomNormal([2, ...shape]))) as Tensor[];
  // Moving averages and states are others than in the beginning.
  model.applyAll(x, { training: true });
  const loaded = importModel(model.exportModel());
  expect(loaded.layers.at(-1)?.constructor).toBe(layer.constructor);
  const bits = (of: Model): unknown => of.applyAll(x).map((y) => y.data());
  expect(bits(loaded)).toEqual(bits(model));
  for (const one of [model, loaded]) one.dispose();
});
