// What a summary calls layers, also where classes have lost their names.
import { expect, it } from "vitest";
import * as layers from "../../ts/layers/index.ts";
import { summarize } from "../../ts/train/summary.ts";

it("names the type of a layer as its class is named", () => {
  const all = [
    layers.dense({ units: 1 }),
    layers.conv2dTranspose({ filters: 1, kernelSize: 1 }),
    layers.globalAveragePooling1d(),
    layers.lstm({ units: 1 }),
    layers.convLstm2d({ filters: 1, kernelSize: 1 }),
    layers.simpleRnn({ units: 1 }),
    layers.leakyRelu(),
    layers.prelu(),
    layers.rmsNormalization(),
    layers.multiHeadAttention({ numHeads: 1, keyDim: 1 }),
  ];
  const text = summarize(
    "all",
    all.map((layer) => ({ layer, outputShape: undefined })),
  );
  for (const layer of all) expect(text).toContain(`${layer.name} (${layer.constructor.name})`);
});
