// Core layers and activations against Keras: values and gradients that tests/golden/core.py computed in float64.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { type ActivationName, getActivation } from "../../ts/layers/activations.ts";
import * as layers from "../../ts/layers/index.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import type { Variable } from "../../ts/tensor/variable.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Golden {
  readonly layers: readonly {
    /** Name of the class. */
    readonly layer: string;
    readonly config: Record<string, unknown>;
    readonly training: boolean;
    readonly inputs: readonly Values[];
    readonly weights: Record<string, Values>;
    readonly output: Values;
    readonly direction: Values;
    readonly gradients: readonly Values[];
    readonly weightGradients: Record<string, Values>;
    readonly after: Record<string, Values>;
  }[];
  readonly activations: readonly {
    readonly name: string;
    readonly x: Values;
    readonly y: Values;
    readonly direction: Values;
    readonly gradient: Values;
  }[];
}

const golden: Golden = readGolden("core");
const classes = layers as unknown as Record<string, new (options: object) => layers.Layer>;

describe("layers agree with Keras", () => {
  it.each(golden.layers.map((row) => [`${row.layer} ${JSON.stringify(row.config)}`, row] as const))("%s", (_, row) => {
    const layer = new classes[row.layer](row.config);
    const inputs = row.inputs.map(toTensor);
    const given = (list: readonly Tensor[]): layers.Inputs => (list.length === 1 ? list[0] : list);
    layer.ensureBuilt(inputs.length === 1 ? inputs[0].shape.slice(1) : inputs.map((x) => x.shape.slice(1)));
    const named = (name: string): Variable => {
      const found = layer.weights.find((weight) => weight.name === `${layer.name}/${name}`);
      return found ?? expect.fail(`no weight ${name}`);
    };
    expect(layer.weights.length).toBe(Object.keys(row.weights).length);
    for (const [name, values] of Object.entries(row.weights)) named(name).assign(toTensor(values));
    const trained = Object.keys(row.weightGradients);
    const gradients = grad((parameters: readonly Tensor[]) => {
      const y = layer.apply(given(parameters.slice(0, inputs.length)), { training: row.training });
      expect(y.shape).toEqual(row.output.shape);
      expectClose(y.data(), row.output.data, { absolute: 4e-6 });
      return sum(mul(y, toTensor(row.direction)));
    })([...inputs, ...trained.map(named)]);
    const [byInputs, byWeights] = [gradients.slice(0, inputs.length), gradients.slice(inputs.length)];
    row.gradients.forEach((values, i) => {
      expectClose(byInputs[i].data(), values.data, { absolute: 2e-5 });
    });
    trained.forEach((name, i) => {
      expectClose(byWeights[i].data(), row.weightGradients[name].data, { absolute: 2e-5 });
    });
    for (const [name, values] of Object.entries(row.after)) expectClose(named(name).data(), values.data);
  });
});

describe("activations agree with Keras", () => {
  it.each(golden.activations.map((row) => [row.name, row] as const))("%s", (name, { x, y, direction, gradient }) => {
    const activation = getActivation(name as ActivationName);
    expectClose(activation(toTensor(x)).data(), y.data, { absolute: 4e-6 });
    const found = grad((x: Tensor) => sum(mul(activation(x), toTensor(direction))))(toTensor(x)) as Tensor;
    expectClose(found.data(), gradient.data, { absolute: 2e-5 });
  });
});
