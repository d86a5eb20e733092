// A mask goes wherever its tensor goes: out of scopes, gradients, checkpoints and captured steps, and into them.
import { afterEach, describe, expect, it } from "vitest";
import {
  capture,
  checkpoint,
  grad,
  keep,
  layers,
  memory,
  noGrad,
  Sequential,
  scope,
  stopGradient,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../ts/index.ts";

const ids = tensor(Int32Array.of(3, 4, 0, 0, 5, 0, 0, 0), { shape: [2, 4] });
const embedding = layers.embedding({ inputDim: 10, outputDim: 3, maskZero: true });
const lstm = layers.lstm({ units: 4 });
const embedded = (): Tensor => embedding.apply(ids);
const values = (x: Tensor): number[] => [...x.data()];
const disposables: { dispose(): void }[] = [];

afterEach(() => {
  for (const thing of disposables.splice(0)) thing.dispose();
});

describe("a mask", () => {
  const wanted = values(lstm.apply(embedded()));

  it.each<[string, () => Tensor]>([
    ["scope", () => scope(embedded)],
    ["scopes in scopes", () => scope(() => scope(() => scope(embedded)))],
    ["a list of a scope", () => scope(() => [[embedded()]])[0][0]],
    [
      "keep",
      () => {
        let kept: Tensor | undefined;
        scope(() => {
          kept = keep(embedded());
        });
        return kept as Tensor;
      },
    ],
    ["noGrad", () => noGrad(embedded)],
    ["stopGradient", () => stopGradient(scope(embedded))],
    ["checkpoint", () => checkpoint(embedded)()],
    [
      "valueAndGrad",
      () => {
        const [[, y]] = valueAndGrad((_w: readonly Tensor[]) => {
          const y = embedded();
          return [sum(y), y] as const;
        })(embedding.trainableWeights);
        return y;
      },
    ],
  ])("goes through %s", (_what, pass) => {
    const { buffers } = memory.report();
    const x = pass();
    expect(values(lstm.apply(x))).toEqual(wanted);
    expect(memory.report().buffers).toBeGreaterThan(buffers);
  });

  it("goes into what is differentiated", () => {
    const x = stopGradient(embedded());
    const loss = (x: Tensor): Tensor => sum(lstm.apply(x));
    const gradient = grad(loss)(x).array() as number[][][];
    // Steps that are padding have no part in it.
    expect(
      gradient[0]
        .slice(2)
        .flat()
        .every((dx) => dx === 0),
    ).toBe(true);
    expect(
      gradient[0]
        .slice(0, 2)
        .flat()
        .some((dx) => dx !== 0),
    ).toBe(true);
  });

  it("goes out of a captured step and into the next, at the first call and at replays", () => {
    const first = capture((x: Tensor<"i32">) => noGrad(() => embedding.apply(x)));
    const second = capture((x: Tensor) => noGrad(() => lstm.apply(x)));
    disposables.push(first, second);
    const other = tensor(Int32Array.of(1, 0, 0, 0, 2, 3, 4, 5), { shape: [2, 4] });
    for (const x of [ids, other, ids]) {
      expect(values(second(first(x)))).toEqual(values(lstm.apply(embedding.apply(x))));
    }
    expect([first.recordings, second.recordings]).toEqual([1, 1]);
    // Without a mask it is another step.
    const bare = tensor(values(embedded()), { shape: [2, 4, 3] });
    expect(values(second(bare))).toEqual(values(lstm.apply(bare)));
    expect(second.recordings).toBe(2);
  });

  it("is freed with its scope", () => {
    const { buffers } = memory.report();
    scope(() => void scope(embedded));
    expect(memory.report().buffers).toBe(buffers);
  });
});

it("training metrics count the steps that test metrics count", async () => {
  const model = new Sequential([
    layers.embedding({ inputDim: 10, outputDim: 4, maskZero: true, inputShape: [8] }),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  model.compilation.optimizer.learningRate = 0;
  const x = tensor(Int32Array.of(1, 2, 3, 0, 0, 0, 0, 0), { shape: [1, 8] });
  const best = (await model.predict(x)).array() as number[][][];
  const right = best[0].map(([no, yes]) => Number(yes > no));
  // Wrong wherever there is padding.
  const y = tensor(
    Int32Array.from(right, (label, i) => (i < 3 ? label : 1 - label)),
    { shape: [1, 8] },
  );
  const tested = await model.testOnBatch(x, y);
  const trained = await model.trainOnBatch(x, y);
  expect([tested.accuracy, trained.accuracy]).toEqual([1, 1]);
});
