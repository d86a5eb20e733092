// Single weights that are frozen or free: copies and configurations know of them, before and after they are built.
import { describe, expect, it } from "vitest";
import { type AnyTensor, Layer, layers, Model, ones, Sequential, variable } from "../../ts/index.ts";

const { dense } = layers;

/** Which weights are trained, in order. */
const trained = (layer: Layer): boolean[] => layer.weights.map(({ trainable }) => trainable);
/** A layer from what was written of another, as a file has it. */
const again = (layer: Layer): Layer =>
  layers.fromConfig({ kind: layer.kind, config: JSON.parse(JSON.stringify(layer.config())) });
const built = (layer: Layer): Layer => {
  layer.ensureBuilt([2]);
  return layer;
};

describe.each<[string, (layer: Layer) => Layer]>([
  ["a copy", (layer) => layer.copy()],
  ["a layer from a configuration", again],
  ["a copy of a copy that is not built", (layer) => layer.copy().copy()],
  ["a layer from the configuration of one that is not built", (layer) => again(again(layer))],
  ["a configuration's copy", (layer) => again(layer).copy()],
])("%s", (_, made) => {
  it("has the same weights frozen", () => {
    const layer = built(dense({ units: 1 }));
    layer.weights[0].trainable = false;
    expect(trained(built(made(layer)))).toEqual([false, true]);
  });

  it("has the same weights free in a frozen layer, and fixed ones stay fixed", () => {
    const layer = built(layers.batchNormalization());
    layer.trainable = false;
    layer.weights[1].trainable = true;
    layer.weights[2].trainable = true;
    const other = built(made(layer));
    expect(trained(other)).toEqual([false, true, true, false]);
    expect(other.trainable).toBe(false);
    other.trainable = true;
    expect(trained(other)).toEqual([true, true, false, false]);
  });

  it("knows of weights inside others, which are built with them or later", () => {
    const inner = new Sequential([dense({ units: 2 }), layers.batchNormalization()]);
    const layer = built(new Sequential([inner]));
    inner.layers[0].weights[1].trainable = false;
    inner.layers[1].trainable = false;
    inner.layers[1].weights[0].trainable = true;
    expect(trained(built(made(layer)))).toEqual([true, false, true, false, false, false]);
  });

  it("takes what is frozen or freed before it is built for the last word", () => {
    const layer = built(dense({ units: 1 }));
    layer.weights[0].trainable = false;
    const other = made(layer);
    other.trainable = true;
    expect(trained(built(other))).toEqual([true, true]);
  });
});

it("a copy of a model that builds its layers in its call has the same weights frozen", () => {
  class Own extends Model {
    readonly first = dense({ units: 1 });
    override call(x: AnyTensor) {
      return this.first.apply(x);
    }
  }
  const model = new Own();
  model.apply(ones([1, 2]));
  model.first.weights[1].trainable = false;
  const copy = model.copy();
  copy.apply(ones([1, 2]));
  expect(trained(copy)).toEqual([true, false]);
});

it("variables of a class of one's own are as frozen in a copy and from a configuration", () => {
  class Scale extends Layer {
    readonly scale = variable(ones([1]));
    readonly fixed = variable(ones([1]), { trainable: false });
    constructor(options = {}) {
      super("scale", options);
    }
    override call(x: AnyTensor) {
      return this.floats(x).mul(this.scale);
    }
  }
  layers.defineLayer("scale", Scale);
  const layer = new Scale();
  expect(trained(again(layer))).toEqual([true, false]);
  layer.scale.trainable = false;
  for (const made of [layer.copy(), again(layer)]) expect(trained(made)).toEqual([false, false]);
});

it("configurations that name parts alone, and paths that are not there, are read as before", () => {
  const dense = (name: string) => ({ kind: "dense", config: { units: 1, name } });
  const made = layers.fromConfig({
    kind: "sequential",
    config: {
      layers: [dense("a"), dense("b")],
      inputShape: [2],
      trainableParts: { "layers/0": false, "layers/7": false },
    },
  });
  expect(trained(made)).toEqual([false, false, true, true]);
});

it.each<[string, () => Layer, number[]]>([
  ["bidirectional", () => layers.bidirectional({ layer: layers.lstm({ units: 2 }) }), [3, 2]],
  ["timeDistributed", () => layers.timeDistributed({ layer: dense({ units: 2 }) }), [3, 2]],
  ["multiHeadAttention", () => layers.multiHeadAttention({ numHeads: 1, keyDim: 2 }), [3, 2]],
  ["a frozen one", () => layers.multiHeadAttention({ numHeads: 1, keyDim: 2, trainable: false }), [3, 2]],
  ["transformerEncoder", () => layers.transformerEncoder({ intermediateDim: 3, numHeads: 1 }), [3, 2]],
  ["spectralNormalization", () => layers.spectralNormalization({ layer: dense({ units: 2 }) }), [2]],
  ["stacked cells", () => layers.rnn({ cell: stacked() }), [3, 2]],
  ["a functional model", drawn, [2]],
])("%s: each weight in turn, however deep it lies", (_, make, shape) => {
  const layer = make();
  layer.ensureBuilt(shape);
  for (const weight of layer.weights) {
    weight.trainable = !weight.trainable;
    for (const other of [layer.copy(), again(layer), layer.copy().copy(), again(layer.copy())]) {
      other.ensureBuilt(shape);
      expect(trained(other)).toEqual(trained(layer));
    }
  }
});

function stacked() {
  return layers.stackedRnnCells({ cells: [layers.gruCell({ units: 2 }), layers.lstmCell({ units: 2 })] });
}

/** A model that has a layer in two places. */
function drawn(): Model {
  const x = layers.input({ shape: [2] });
  const twice = dense({ units: 2 });
  const y = layers.add().apply([twice.apply(twice.apply(x)), layers.batchNormalization().apply(x)]);
  return new Model({ inputs: x, outputs: y });
}
