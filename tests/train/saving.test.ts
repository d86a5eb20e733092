// Whole models in one file: what is read predicts with the same bits, and what cannot be read or written is a typed error.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  concat,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  importModel,
  layers,
  loadModel,
  Model,
  mean,
  mul,
  randomNormal,
  Sequential,
  StateError,
  seed,
  type Tensor,
  type TensorRecord,
} from "../../ts/index.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-saving-"));
afterAll(() => rmSync(folder, { recursive: true }));

function outputs(model: Model, ...inputs: Tensor[]): unknown {
  return model.applyAll(inputs.length === 1 ? inputs[0] : inputs).map((y) => y.data());
}

/** Two inputs and outputs, a shared layer, an inner model, batch normalization and states of several results. */
function drawn(): Model {
  const [left, right] = ["left", "right"].map((name) => layers.input({ shape: [6, 4], name }));
  const lstm = layers.lstm({ units: 3, returnState: true });
  const [a, , state] = lstm.applyAll(left);
  const [b] = lstm.applyAll(right);
  const inner = new Sequential([
    layers.dense({ units: 3 }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.5 }),
  ]);
  return new Model({ inputs: [left, right], outputs: [layers.add().apply([a, inner.apply(b)]), inner.apply(state)] });
}

/** The bytes with other texts in the metadata, or other tensors. */
function changed(
  bytes: Uint8Array,
  texts: Record<string, string>,
  others?: (tensors: Map<string, TensorRecord>) => void,
): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  others?.(tensors);
  return encodeSafetensors(tensors, { ...metadata, ...texts });
}

describe("a whole model in a file", () => {
  it("is written, read, and predicts with the same bits", async () => {
    const model = drawn();
    const x = [randomNormal([2, 6, 4]), randomNormal([2, 6, 4])];
    // Moving averages that are not those of the beginning.
    model.applyAll(x, { training: true });
    const path = join(folder, "drawn.safetensors");
    await model.save(path);
    const loaded = await loadModel(path);
    expect(loaded.summary()).toBe(model.summary());
    expect(outputs(loaded, ...x)).toEqual(outputs(model, ...x));
    expect(readFileSync(path)).toEqual(Buffer.from(loaded.exportModel()));
    expect(readdirSync(folder)).toEqual(["drawn.safetensors"]);
  });

  it("keeps what is frozen, numbers that JSON does not have, and the states of stateful layers", () => {
    const model = new Sequential([
      layers.gru({ units: 2, stateful: true, inputShape: [3, 1] }),
      layers.relu({ maxValue: Number.POSITIVE_INFINITY, threshold: -0 }),
      layers.dense({ units: 2, trainable: false }),
    ]);
    model.layers[0].weights[0].trainable = false;
    const x = randomNormal([2, 3, 1]);
    model.apply(x);
    const loaded = importModel(model.exportModel());
    expect(loaded.trainableWeights.map(({ name }) => name)).toEqual(model.trainableWeights.map(({ name }) => name));
    expect(loaded.layers[1].config()).toEqual(model.layers[1].config());
    expect(outputs(loaded, x)).toEqual(outputs(model, x));
  });

  it("may be drawn with ops, and with layers inside layers", () => {
    const input = layers.input({ shape: [4, 2] });
    const wrapped = layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) });
    const scaled = concat(
      [mul(wrapped.apply(input), 3), layers.multiHeadAttention({ numHeads: 2, keyDim: 2 }).apply([input, input])],
      -1,
    );
    const model = new Model({ inputs: input, outputs: mean(scaled, 1) });
    const x = randomNormal([3, 4, 2]);
    expect(outputs(importModel(model.exportModel()), x)).toEqual(outputs(model, x));
  });

  it("may be one that is not built yet", () => {
    const loaded = importModel(new Sequential([layers.dense({ units: 2 })]).exportModel());
    expect(loaded.built).toBe(false);
    expect(loaded.apply(randomNormal([1, 3])).shape).toEqual([1, 2]);
  });

  it("holds the weights for models that are there already", () => {
    const model = drawn();
    const other = drawn();
    other.importWeights(model.exportModel());
    expect(other.weights.map((weight) => weight.data())).toEqual(model.weights.map((weight) => weight.data()));
  });

  it("draws no random numbers when it is read, and leaves its names to its layers", () => {
    const bytes = new Sequential([layers.dense({ units: 2, inputShape: [3], name: "dense_4711" })]).exportModel();
    const draw = (first: () => void): Float32Array => {
      seed(1);
      first();
      return randomNormal([4]).data();
    };
    expect(draw(() => importModel(bytes))).toEqual(draw(() => {}));
    expect(layers.dense({ units: 1 }).name).toBe("dense_4712");
  });

  it("may hold classes of one's own, which must be known where it is read", () => {
    class Scaled extends layers.Layer {
      readonly factor: number;
      constructor(options: { factor: number; name?: string }) {
        super("scaled_by", options);
        this.factor = options.factor;
      }
      override call(x: Tensor): Tensor {
        return mul(x, this.factor);
      }
    }
    class Twice extends Model {
      readonly first: layers.Dense = layers.dense({ units: 2 });
      readonly second: Scaled = new Scaled({ factor: 3 });
      override call(x: Tensor): Tensor {
        return this.second.apply(this.first.apply(x));
      }
    }
    const model = new Sequential([new Twice(), new Scaled({ factor: 2 })]);
    const x = randomNormal([2, 4]);
    model.apply(x);
    expect(() => model.exportModel()).toThrow(ArgumentError);
    expect(() => model.exportModel()).toThrow(/got Twice; use layers.defineLayer\("twice", Twice\)/);
    layers.defineLayer("twice", Twice);
    layers.defineLayer("scaled_by", Scaled as never);
    const bytes = model.exportModel();
    expect(outputs(importModel(bytes), x)).toEqual(outputs(model, x));
    const elsewhere = changed(bytes, { model: decodeSafetensors(bytes).metadata.model.replace("twice", "thrice") });
    expect(() => importModel(elsewhere)).toThrow(FormatError);
    expect(() => importModel(elsewhere)).toThrow(/got "thrice".*defineLayer/);
  });
});

describe("a subclass of a model", () => {
  /** Answers with twice what is computed. */
  class TwiceDrawn extends Model {
    override call(...given: Parameters<Model["call"]>): Tensor {
      return mul(super.call(...given) as Tensor, 2);
    }
  }
  class TwiceInRow extends Sequential {
    override call(...given: Parameters<Sequential["call"]>): Tensor {
      return mul(super.call(...given) as Tensor, 2);
    }
  }
  const makers = {
    twice_drawn: () => {
      const inputs = layers.input({ shape: [3] });
      return new TwiceDrawn({ inputs, outputs: layers.dense({ units: 2 }).apply(inputs) });
    },
    twice_in_row: () => new TwiceInRow([layers.dense({ units: 2, inputShape: [3] })]),
  };

  it.each(Object.entries(makers))("is copied, and made again where it is known: %s", (kind, make) => {
    const model = make();
    const x = randomNormal([2, 3]);
    const copy = model.copy().copyWeightsFrom(model);
    expect(copy).toBeInstanceOf(model.constructor);
    expect(outputs(copy, x)).toEqual(outputs(model, x));
    expect(() => model.exportModel()).toThrow(`layers.defineLayer("${kind}", ${model.constructor.name})`);
    layers.defineLayer(kind, model.constructor as never);
    const again = importModel(model.exportModel());
    expect(again).toBeInstanceOf(model.constructor);
    expect(outputs(again, x)).toEqual(outputs(model, x));
    const inside = new Sequential([model]);
    expect(outputs(importModel(inside.exportModel()), x)).toEqual(outputs(model, x));
  });
});

describe("a model that no file can hold", () => {
  it("has layers of classes below others', whose kinds are not theirs", () => {
    class Doubled extends layers.Dense {
      override call(x: Tensor): Tensor {
        return mul(super.call(x), 2);
      }
    }
    const model = new Sequential([new Doubled({ units: 1, inputShape: [1] })]);
    expect(() => model.exportModel()).toThrow(/layers.defineLayer\("doubled", Doubled\)/);
    const nameless = new (class extends Model {})({});
    expect(() => nameless.exportModel()).toThrow(ArgumentError);
    layers.defineLayer("doubled", Doubled);
    const defined = new Sequential([new Doubled({ units: 1, inputShape: [1] })]);
    const x = randomNormal([2, 1]);
    expect(outputs(importModel(defined.exportModel()), x)).toEqual(outputs(defined, x));
  });

  it("has functions without a name, or is disposed", async () => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [1], activation: (x: Tensor) => mul(x, x) })]);
    expect(() => model.exportModel()).toThrow(ArgumentError);
    await expect(model.save(join(folder, "none.safetensors"))).rejects.toThrow(
      /activation must be plain values .*; make a class of what only code can do/,
    );
    const gone = drawn();
    gone.dispose();
    expect(() => gone.exportModel()).toThrow(StateError);
  });
});

describe("a file that is no model's", () => {
  const bytes = drawn().exportModel();
  const refused = (what: Uint8Array, message: RegExp): void => {
    expect(() => importModel(what)).toThrow(FormatError);
    expect(() => importModel(what)).toThrow(message);
  };

  it("is refused", async () => {
    refused(
      drawn().exportWeights(),
      /must be a model's, heddle-model 1, got heddle; weights alone are read by loadWeights/,
    );
    refused(changed(bytes, { version: "2" }), /got heddle-model 2/);
    refused(bytes.subarray(0, bytes.length - 4), /cut short/);
    refused(changed(bytes, { model: "{" }), /must be JSON/);
    refused(changed(bytes, { model: "null" }), /modelFromConfig: options must be/);
    refused(
      changed(bytes, { model: JSON.stringify({ kind: "dense", config: { units: 1 } }) }),
      /must be that of a model/,
    );
    refused(changed(bytes, { model: `"${"x".repeat(4_000_000)}"` }), /at most 4000000 characters/);
    refused(changed(bytes, { model: "[".repeat(3_999_999) }), /must be JSON/);
    await expect(loadModel(join(folder, "missing.safetensors"))).rejects.toThrow(StateError);
  });

  it("is refused where its tensors are not those of its configuration, without making more than it holds", () => {
    refused(
      changed(bytes, {}, (tensors) => void tensors.delete("model/layers/0/cell/kernel")),
      /missing|must hold the numbers/,
    );
    const dense = { kind: "dense", config: { units: 10_000, inputShape: [10_000] } };
    refused(
      changed(bytes, { model: JSON.stringify({ kind: "sequential", config: { layers: [dense] } }) }),
      /numbers of all/,
    );
    const [open, close] = ['{"kind":"sequential","config":{"layers":[', "]}}"];
    const deep = open.repeat(2000) + close.repeat(2000);
    refused(changed(bytes, { model: deep }), /1000 deep|must be JSON/);
  });
});
