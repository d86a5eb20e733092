// Recurrent layers against Keras: values and gradients that tests/golden/recurrent.py computed; each also step
// by step, where one launch could do all.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import type { Json } from "../../ts/layers/config.ts";
import { attachMask, fromConfig } from "../../ts/layers/index.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Row {
  readonly kind: string;
  readonly config: { readonly [option: string]: Json };
  readonly inputs: readonly Values[];
  readonly mask?: readonly (readonly boolean[])[];
  readonly weights: readonly Values[];
  readonly outputs: readonly Values[];
  readonly directions: readonly Values[];
  readonly inputGradients: readonly Values[];
  readonly weightGradients: readonly Values[];
}

const rows: Row[] = readGolden("recurrent");

/** The row, and the same step by step for layers that may do all steps at once. */
const ways = rows.flatMap((row): Row[] =>
  ["simple_rnn", "lstm", "gru", "rnn"].includes(row.kind)
    ? [row, { ...row, config: { ...row.config, unroll: true } }]
    : [row],
);

describe("recurrent layers agree with Keras", () => {
  it.each(ways.map((row) => [`${row.kind} ${JSON.stringify(row.config)}${row.mask ? " masked" : ""}`, row] as const))(
    "%s",
    (_title, { kind, config, inputs, mask, weights, outputs, directions, inputGradients, weightGradients }) => {
      const layer = fromConfig({ kind, config });
      const xs = inputs.map(toTensor);
      const shapes = xs.map(({ shape }) => shape.slice(1));
      layer.ensureBuilt(shapes.length === 1 ? shapes[0] : shapes);
      expect(layer.weights.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
      for (const [i, weight] of layer.weights.entries()) weight.assign(toTensor(weights[i]));

      const masked = (x: Tensor): Tensor =>
        attachMask(x, mask && tensor(mask.flat().map(Number), { shape: [mask.length, mask[0].length], dtype: "bool" }));
      const gradients = grad((all: readonly Tensor[]) => {
        const given = [masked(all[0]), ...all.slice(1, xs.length)];
        const results = layer.applyAll(given.length === 1 ? given[0] : given);
        expect(results.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
        for (const [i, result] of results.entries()) expectClose(result.data(), outputs[i].data);
        return results.map((y, i) => sum(mul(y, toTensor(directions[i])))).reduce((a, b) => add(a, b));
      })([...xs, ...layer.weights]) as readonly Tensor[];
      for (const [i, values] of [...inputGradients, ...weightGradients].entries()) {
        expect(gradients[i].shape).toEqual(values.shape);
        expectClose(gradients[i].data(), values.data, { absolute: 4e-6 });
      }
    },
  );
});
