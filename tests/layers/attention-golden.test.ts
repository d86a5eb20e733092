// Attention layers against Keras and transformer blocks against PyTorch: values and gradients that
// tests/golden/attention.py and tests/golden/transformer.py computed in float64.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import * as layers from "../../ts/layers/index.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import type { Variable } from "../../ts/tensor/variable.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Golden {
  readonly layers: readonly {
    /** Name of the class. */
    readonly layer: string;
    readonly config: Record<string, unknown>;
    readonly inputs: readonly Values[];
    readonly attentionMask: Values | null;
    /** Masks of the first two inputs' steps. */
    readonly stepMasks: readonly Values[] | null;
    readonly weights: Record<string, Values>;
    readonly outputs: readonly Values[];
    readonly directions: readonly Values[];
    readonly gradients: readonly Values[];
    readonly weightGradients: Record<string, Values>;
  }[];
}

const classes = layers as unknown as Record<string, new (options: object) => layers.Layer>;

/** The list of inputs in which an attention mask is the fourth. */
function withMask(inputs: readonly AnyTensor[], mask: AnyTensor): AnyTensor[] {
  const [query, value = query, key = value] = inputs;
  return [query, value, key, mask];
}

describe.each(["attention", "transformer"])("layers of %s.json agree with the original", (file) => {
  const golden: Golden = readGolden(file);

  it.each(golden.layers.map((row) => [`${row.layer} ${JSON.stringify(row.config)}`, row] as const))("%s", (_, row) => {
    const layer = new classes[row.layer](row.config);
    const inputs = row.inputs.map((values) => toTensor(values));
    const attentionMask = row.attentionMask && toTensor(row.attentionMask);
    const masks = row.stepMasks?.map((values) => toTensor<"bool">(values));
    const given = (xs: readonly Tensor[]): layers.Inputs => {
      masks?.forEach((mask, i) => {
        layers.attachMask(xs[i], mask);
      });
      if (attentionMask) return withMask(xs, attentionMask);
      return xs.length === 1 ? xs[0] : xs;
    };
    layer.applyAll(given(inputs));
    const named = (name: string): Variable =>
      layer.weights.find((weight) => weight.name === `${layer.name}/${name}`) ?? expect.fail(`no weight ${name}`);
    expect(layer.weights.length).toBe(Object.keys(row.weights).length);
    for (const [name, values] of Object.entries(row.weights)) named(name).assign(toTensor(values));

    const names = Object.keys(row.weightGradients);
    const gradients = grad((parameters: readonly Tensor[]) => {
      const outputs = layer.applyAll(given(parameters.slice(0, inputs.length)));
      expect(outputs.map(({ shape }) => shape)).toEqual(row.outputs.map(({ shape }) => shape));
      outputs.forEach((y, i) => {
        expectClose(y.data(), row.outputs[i].data, { absolute: 2e-6 });
      });
      const parts = outputs.map((y, i) => sum(mul(y, toTensor(row.directions[i]))));
      return parts.reduce((a, b) => add(a, b));
    })([...inputs, ...names.map(named)]);
    [...row.gradients, ...names.map((name) => row.weightGradients[name])].forEach((values, i) => {
      expect(gradients[i].shape).toEqual(values.shape);
      expectClose(gradients[i].data(), values.data, { absolute: 1e-5 });
    });
  });
});
