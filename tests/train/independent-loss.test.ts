// Training that could train nothing: a loss that does not depend on the weights, and weights that are not to be trained.
import { afterEach, expect, it } from "vitest";
import {
  ArgumentError,
  layers,
  type Model,
  mean,
  noGrad,
  ones,
  optimizers,
  Sequential,
  StateError,
  stopGradient,
  type Tensor,
  variable,
} from "../../ts/index.ts";

const made: Model[] = [];
afterEach(() => {
  for (const model of made.splice(0)) model.dispose();
});

it.each<[string, (yTrue: Tensor, yPred: Tensor) => Tensor]>([
  ["the labels alone", (yTrue) => mean(yTrue)],
  ["predictions in noGrad", (_yTrue, yPred) => noGrad(() => mean(yPred))],
  ["predictions behind stopGradient", (_yTrue, yPred) => mean(stopGradient(yPred))],
])("fit refuses a loss of %s", async (_name, loss) => {
  const model = new Sequential([layers.dense({ units: 1, inputShape: [2] })]);
  made.push(model);
  model.compile({ optimizer: "sgd", loss });
  const fit = model.fit([[1, 2]], [[1]], { verbose: 0 });
  await expect(fit).rejects.toThrow(StateError);
  await expect(fit).rejects.toThrow("must depend on the trainable weights");
});

it("a penalty of the weights is enough", async () => {
  const model = new Sequential([layers.dense({ units: 1, inputShape: [2], kernelRegularizer: "l2" })]);
  made.push(model);
  model.compile({ optimizer: "sgd", loss: (yTrue: Tensor) => mean(yTrue) });
  await model.fit([[1, 2]], [[1]], { verbose: 0 });
});

it("an optimizer refuses a variable that is not trainable", () => {
  const frozen = variable(ones([2]), { name: "frozen", trainable: false });
  const optimizer = optimizers.sgd({ learningRate: 1 });
  expect(() => optimizer.step([frozen], [ones([2])])).toThrow(ArgumentError);
  expect(() => optimizer.step([frozen], [ones([2])])).toThrow("frozen");
  expect([...frozen.data()]).toEqual([1, 1]);
});

it("a sequential model cannot be put into itself", () => {
  const model = new Sequential([layers.dense({ units: 1, inputShape: [1] })]);
  made.push(model);
  for (const inner of [model, new Sequential([model])]) {
    expect(() => model.add(inner)).toThrow(ArgumentError);
    expect(() => model.add(inner)).toThrow("must not contain itself");
  }
  expect(() => new Sequential().add(model)).not.toThrow();
});
