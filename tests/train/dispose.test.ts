// What models, their steps, optimizers and metrics hold of the engine's memory, and that all of it is given back.
import { describe, expect, it } from "vitest";
import { layers, memory, ones, Sequential } from "../../ts/index.ts";

const { dense } = layers;

describe("memory", () => {
  it("does not grow over 50 models that are made, compiled twice, fitted and disposed", async () => {
    const round = async (): Promise<void> => {
      const model = new Sequential([
        layers.simpleRnn({ units: 2, stateful: true, recurrentDropout: 0.2, seed: 1, inputShape: [3, 2] }),
        new Sequential([layers.dropout({ rate: 0.5, seed: 2 }), layers.batchNormalization()]),
        dense({ units: 1 }),
      ]);
      const x = ones([4, 3, 2]);
      const y = ones([4, 1]);
      for (let i = 0; i < 2; i++) {
        model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
        await model.fit(x, y, { batchSize: 2, verbose: 0, validationData: [x, y] });
      }
      const target = model.copy();
      target.copyWeightsFrom(model, { tau: 0.5 });
      for (const thing of [await model.predict(x, { batchSize: 2 }), ...model.getWeights(), x, y, target, model])
        thing.dispose();
    };
    for (let i = 0; i < 3; i++) await round();
    const before = memory.report().buffers;
    for (let i = 0; i < 50; i++) await round();
    expect(memory.report().buffers).toBe(before);
  });
});
