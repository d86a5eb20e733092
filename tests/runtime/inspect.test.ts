// What consoles show of the library's objects: one line of what one wants to know, and never an error.
import { inspect } from "node:util";
import { expect, it } from "vitest";
import {
  ArrayData,
  capture,
  Generator,
  layers,
  metrics,
  optimizers,
  Sequential,
  ShapeError,
  schedules,
  tensor,
  variable,
} from "../../ts/index.ts";
import { EngineWorker, RemoteModel } from "../../ts/worker/index.ts";

it("shows what one wants to see", async () => {
  const model = new Sequential([layers.dense({ units: 1, inputShape: [2] })], { name: "line" });
  const auc = new metrics.AUC();
  auc.update(tensor([1, 0]), tensor([1, 0]));
  const adam = optimizers.adam({
    learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 9, decayRate: 0.5 }),
  });
  const shown = [
    [model, "line (sequential): [batch, 2] -> [batch, 1], 3 parameters"],
    [
      { layer: model.layers[0] },
      /^\{\n? +layer: dense\w* \(dense\): \[batch, 2\] -> \[batch, 1\], 3 parameters\n?\s?\}$/,
    ],
    [adam, "Adam: learning rate 0.1, 0 iterations"],
    [optimizers.sgd({ learningRate: 0.001 }), "SGD: learning rate 0.001, 0 iterations"],
    [auc, "AUC auc: 1"],
    [new Generator(2 ** 40 + 7), "Generator: seed 1099511627783, 0 draws"],
    [new ArrayData(new Float32Array(4), [2, 2]), "ArrayData f32 [2, 2]"],
    [[variable(tensor([1, 2]))], "[\n  Tensor f32 [2]\n  [1, 2]\n]"],
    [new ShapeError("add: no"), /^ShapeError: add: no\n/],
  ] as const;
  for (const [object, text] of shown) {
    if (typeof text === "string") expect(inspect(object)).toBe(text);
    else expect(inspect(object)).toMatch(text);
  }
});

it("shows models in workers and what was sent to them", async () => {
  const engine = new EngineWorker({ threads: 1 });
  const model = new RemoteModel([{ kind: "dense", config: { units: 1, inputShape: [2] } }], { engine });
  const sent = await engine.send(new ArrayData(new Int32Array(3)));
  await model.summary();
  expect(inspect(sent)).toBe("RemoteData i32 [3]");
  expect(inspect(engine)).toBe("EngineWorker: running, 0 calls under way");
  expect(inspect(model)).toBe("RemoteModel (sequential) in EngineWorker: running, 0 calls under way");
  engine.dispose();
  expect(inspect(engine)).toBe("EngineWorker: ended, 0 calls under way");
});

it("tells why where it cannot, instead of throwing", () => {
  const sgd = optimizers.sgd();
  const mean = new metrics.MeanMetric("far", (t, p) => p.sub(t));
  const texts: string[] = [];
  capture((x: ReturnType<typeof tensor>) => {
    texts.push(inspect(sgd), inspect(mean));
    return x;
  })(tensor([1]));
  sgd.dispose();
  mean.dispose();
  texts.push(inspect(sgd), inspect(mean));
  expect(texts.map((text) => text.split(/[ :]/)[0])).toEqual(["SGD", "MeanMetric", "SGD", "MeanMetric"]);
});
