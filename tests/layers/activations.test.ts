// The activations as people import them: every name that layers accept is a function of the namespace, and the same one.
import { describe, expect, it, vi } from "vitest";
import { activations, layers, ones, Sequential, tensor } from "../../ts/index.ts";

const names = Object.keys(activations.activations) as (keyof typeof activations.activations)[];

describe("activations", () => {
  it.each(names)("%s is exported under its name and gives what a layer of that name gives", (name) => {
    const x = tensor([[-2, -0.5, 0, 0.3, 0.8, 1.5]]);
    const exported: activations.Activation = activations[name];
    const expected = layers.activation({ activation: name }).apply(x).array();
    expect(exported(x).array()).toEqual(expected);
    const layer = layers.activation({ activation: exported });
    expect(layer.apply(x).array()).toEqual(expected);
    // As a function too it has a name in a saved configuration.
    expect(layer.config().activation).toEqual(expect.any(String));
  });
});

describe("probabilities of one number, which are always 1", () => {
  const { dense } = layers;
  const said = (f: () => void): string[] => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      f();
      return warn.mock.calls.map(([text]) => String(text));
    } finally {
      warn.mockRestore();
    }
  };

  it.each<[string, () => layers.Layer]>([
    ["dense", () => dense({ units: 1, activation: "softmax", name: "one" })],
    ["by function", () => dense({ units: 1, activation: activations.softmax, name: "one" })],
    ["logSoftmax", () => dense({ units: 1, activation: "logSoftmax", name: "one" })],
    ["sparsemax", () => dense({ units: 1, activation: "sparsemax", name: "one" })],
    ["activation", () => layers.activation({ activation: "softmax", name: "one" })],
    ["softmax", () => layers.softmax({ name: "one" })],
    ["an axis of softmax", () => layers.softmax({ axis: 1, name: "one" })],
  ])("are warned of once: %s", (_, make) => {
    const model = new Sequential([make()], { name: "net" });
    const words = said(() => {
      for (let i = 0; i < 3; i++) model.apply(ones([2, 1]));
    });
    expect(words).toEqual([expect.stringMatching(/^heddle: net\/one: softmax along an axis of size 1.*"sigmoid"/)]);
  });

  it("are not warned of where there are several, or in attention to one step", () => {
    const model = new Sequential([
      dense({ units: 2, activation: "softmax" }),
      layers.softmax({ axis: 1 }),
      layers.multiHeadAttention({ numHeads: 1, keyDim: 1 }),
    ]);
    expect(said(() => void model.layers[0].apply(ones([1, 3])))).toEqual([]);
    expect(said(() => void model.layers[1].apply(ones([1, 2, 1])))).toEqual([]);
    expect(said(() => void model.layers[2].apply(ones([1, 1, 2])))).toEqual([]);
  });
});
