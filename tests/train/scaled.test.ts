// Bytes that read as f32: models train on them as on the numbers that they stand for, to the bit, though batches are
// copied as bytes and scaled in the step.
import { describe, expect, it } from "vitest";
import { ArrayData, batches, layers, Sequential, seed, tensor } from "../../ts/index.ts";

const LENGTH = 37;
const WIDTH = 21;

function imagesOf(scale: number): { bytes: ArrayData<"f32">; floats: ArrayData<"f32"> } {
  const stored = Uint8Array.from({ length: LENGTH * WIDTH }, (_, i) => (i * 37 + (i >> 3)) % 256);
  const bytes = new ArrayData<"f32">(stored, [LENGTH, WIDTH], "f32", scale);
  const values = Float32Array.from(stored, (byte) => byte * scale);
  return { bytes, floats: new ArrayData(values, [LENGTH, WIDTH], "f32") };
}

function autoencoder(runEagerly: boolean): Sequential {
  seed(5);
  const model = new Sequential([
    layers.dense({ units: 6, activation: "relu", inputShape: [WIDTH] }),
    layers.dense({ units: WIDTH }),
  ]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError", metrics: ["meanAbsoluteError"], runEagerly });
  return model;
}

async function trained(x: ArrayData<"f32">, runEagerly = false): Promise<unknown> {
  const model = autoencoder(runEagerly);
  const { history } = await model.fit(x, x, { epochs: 3, batchSize: 8, seed: 2, validationSplit: 0.2, verbose: 0 });
  const figures = await model.evaluate(x, x, { batchSize: 8 });
  const single = model.trainOnBatch(x, x);
  const prediction = await model.predict(x, { batchSize: 8 });
  return { history, figures, single, prediction: prediction.data(), weights: model.weights.map((w) => w.data()) };
}

describe("bytes that read as f32", () => {
  // The last is no f32, and rounding it to one first would change products.
  it.each([1 / 255, 1, -0.1, 1 / 3])("train a model as their values do: scale %d", async (scale) => {
    const { bytes, floats } = imagesOf(scale);
    expect(await trained(bytes)).toEqual(await trained(floats));
  });

  it("do so too where steps run eagerly", async () => {
    const { bytes, floats } = imagesOf(1 / 255);
    expect(await trained(bytes, true)).toEqual(await trained(floats));
  });

  it("may change their scale from call to call", async () => {
    const model = autoencoder(false);
    for (const scale of [1 / 255, 1 / 3, 1 / 255]) {
      const { bytes, floats } = imagesOf(scale);
      expect((await model.predict(bytes)).data()).toEqual((await model.predict(floats)).data());
    }
  });

  it("are f32 in the batches of a loop of one's own", () => {
    const { bytes, floats } = imagesOf(1 / 255);
    const options = { size: 8, shuffle: false };
    const read = (x: ArrayData<"f32">) => [...batches(x, undefined, options)].length;
    expect(read(bytes)).toBe(5);
    const [first] = [...batches(bytes, undefined, { size: LENGTH, shuffle: false })].map(([x]) => x);
    expect(first.dtype).toBe("f32");
    expect(first.data()).toEqual(tensor(floats.data as Float32Array).data());
  });
});
