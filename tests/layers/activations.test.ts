// The activations as people import them: every name that layers accept is a function of the namespace, and the same one.
import { describe, expect, it } from "vitest";
import { activations, layers, tensor } from "../../ts/index.ts";

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
