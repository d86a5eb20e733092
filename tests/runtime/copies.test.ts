// Two copies of Heddle in one process: what one makes, the other refuses with an error that says why.
import { expect, it, vi } from "vitest";
import * as ours from "../../ts/index.ts";
import { FOREIGN } from "../../ts/runtime/copies.ts";

const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
const own = ours.tensor([
  [1, 2],
  [3, 4],
]);
vi.resetModules();
const theirs: typeof ours = await import("../../ts/index.ts");
const x = theirs.tensor([
  [1, 2],
  [3, 4],
]) as unknown as ours.Tensor;
const layer = theirs.layers.dense({ units: 2, inputShape: [2] }) as unknown as ours.Layer;

function model(): ours.Sequential {
  const made = new ours.Sequential([ours.layers.dense({ units: 2, inputShape: [2] })]);
  made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return made;
}

it("warns once when a second engine starts", () => {
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^heddle: two copies are loaded/)]]);
});

it.each<[string, () => unknown]>([
  ["an operand", () => ours.add(own, x)],
  ["a method's argument", () => own.matmul(x)],
  ["an argument", () => ours.sum(x)],
  ["one of a list", () => ours.concat([own, x])],
  ["values", () => ours.tensor(x as never)],
  ["a variable's value", () => ours.variable(x)],
  ["values to write", () => ours.variable(own).assign(x)],
  ["a parameter", () => ours.grad((y: ours.Tensor) => ours.sum(y))(x)],
  ["a loss", () => ours.grad(() => theirs.tensor(1) as never)(own)],
  ["a captured step's argument", () => ours.capture((y: ours.Tensor) => ours.sum(y))(x)],
  ["a captured step's result", () => ours.capture(() => x)()],
  ["what is kept", () => ours.keep(x)],
  ["a loss's argument", () => ours.losses.meanSquaredError(own, x)],
  ["a layer's input", () => ours.layers.dense({ units: 3 }).apply(x)],
  ["inputs", () => model().fit(x, own)],
  ["targets", () => model().fit(own, x)],
  ["one of several inputs", () => model().predict([x])],
  ["weights", () => model().setWeights([x, x])],
  ["a model to copy from", () => model().copyWeightsFrom(new theirs.Sequential([layer as never]) as never)],
  ["a layer", () => new ours.Sequential([layer])],
  ["a wrapped layer", () => ours.layers.timeDistributed({ layer })],
  ["an optimizer", () => model().compile({ optimizer: theirs.optimizers.sgd() as never, loss: "meanSquaredError" })],
  ["a generator", () => ours.randomNormal([2], { generator: new theirs.Generator(1) as never })],
])("says so where it is %s", async (_, use) => {
  const error: unknown = await (async () => use())().then(
    () => undefined,
    (error) => error,
  );
  expect((error as Error)?.message).toContain(FOREIGN);
});
