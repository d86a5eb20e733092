// Layers, activations and losses against PyTorch: values and gradients that tests/golden/layers.py computed in float64.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import type { Json } from "../../ts/layers/config.ts";
import { fromConfig } from "../../ts/layers/index.ts";
import { getLoss, type LossName } from "../../ts/losses/index.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import type { Variable } from "../../ts/tensor/variable.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Golden {
  readonly layers: readonly {
    readonly kind: string;
    readonly config: { readonly [option: string]: Json };
    readonly training: boolean;
    readonly input: Values;
    readonly weights: Record<string, Values>;
    readonly output: Values;
    readonly direction: Values;
    readonly gradients: Record<string, Values>;
    readonly after: Record<string, Values>;
  }[];
  readonly losses: readonly {
    readonly loss: LossName;
    readonly options: Record<string, never>;
    readonly yTrue: Values;
    readonly yPred: Values;
    readonly value: number;
    readonly gradient: Values;
  }[];
}

const golden: Golden = readGolden("layers");

describe("layers agree with PyTorch", () => {
  it.each(
    golden.layers.map(
      (row) => [`${row.kind} ${JSON.stringify(row.config)}${row.training ? " training" : ""}`, row] as const,
    ),
  )("%s", (_title, { kind, config, training, input, weights, output, direction, gradients, after }) => {
    const layer = fromConfig({ kind, config });
    const x = toTensor(input);
    layer.ensureBuilt(x.shape.slice(1));
    const named = (name: string): Variable => {
      const found = layer.weights.find((weight) => weight.name === `${layer.name}/${name}`);
      return found ?? expect.fail(`no weight ${name}`);
    };
    expect(layer.weights.length).toBe(Object.keys(weights).length);
    for (const [name, values] of Object.entries(weights)) named(name).assign(toTensor(values));

    const fresh = layer.apply(x, { training: false });
    expect(fresh.shape.slice(1)).toEqual(layer.outputShape(x.shape.slice(1)));
    const parameters = Object.fromEntries(
      Object.keys(gradients).map((name) => [name, name === "input" ? x : named(name)]),
    );
    let y: Tensor | undefined;
    const found = grad((p: Record<string, Tensor>) => {
      y = layer.apply(p.input ?? x, { training });
      expect(y.shape).toEqual(output.shape);
      expectClose(y.data(), output.data);
      return sum(mul(y, toTensor(direction)));
    })(parameters);
    for (const [name, values] of Object.entries(gradients)) {
      expect(found[name].shape).toEqual(values.shape);
      expectClose(found[name].data(), values.data, { absolute: 4e-6 });
    }
    for (const [name, values] of Object.entries(after)) expectClose(named(name).data(), values.data);
  });
});

describe("losses agree with PyTorch", () => {
  it.each(golden.losses.map((row) => [`${row.loss} ${JSON.stringify(row.options)} ${row.yPred.shape}`, row] as const))(
    "%s",
    (_title, { loss, options, yTrue, yPred, value, gradient }) => {
      const compute = getLoss(loss) as (yTrue: AnyTensor, yPred: Tensor, options: object) => Tensor;
      const truth = toTensor(yTrue);
      const prediction = toTensor(yPred);
      expectClose([compute(truth, prediction, options).item()], [value]);
      expectClose(grad((p: Tensor) => compute(truth, p, options))(prediction).data(), gradient.data);
    },
  );
});
