// Losses against Keras (tests/golden/losses.py) and PyTorch (tests/golden/losses-torch.py): values and gradients.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { getLoss, type LossFunction, type LossName } from "../../ts/losses/index.ts";
import { sum } from "../../ts/ops/reduce.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose } from "../layers/close.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: Dtype;
}

interface Row {
  readonly loss: LossName;
  readonly options: Record<string, never>;
  readonly yTrue: Values;
  readonly yPred: Values;
  readonly gradient: Values;
}

interface KerasRow extends Row {
  readonly sampleWeight?: Values;
  readonly value: Values;
}

interface TorchRow extends Row {
  readonly tensors: Record<string, Values>;
  readonly values: Values;
}

const read = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
const make = ({ shape, data, dtype = "f32" }: Values): Tensor => tensor<Dtype>([...data], { shape, dtype }) as Tensor;
const lossOf = (name: LossName): LossFunction => getLoss(name) as LossFunction;

describe("losses agree with Keras", () => {
  const titled = read<KerasRow>("losses").map((row, i) => {
    const weighted = row.sampleWeight ? ` weighted ${row.sampleWeight.shape}` : "";
    return [`${i} ${row.loss} ${JSON.stringify(row.options)} ${row.yPred.shape}${weighted}`, row] as const;
  });
  it.each(titled)("%s", (_title, { loss, options, yTrue, yPred, sampleWeight, value, gradient }) => {
    const all = { ...options, ...(sampleWeight && { sampleWeight: make(sampleWeight) }) };
    const compute = (p: Tensor): Tensor => lossOf(loss)(make(yTrue), p, all);
    const result = compute(make(yPred));
    expect(result.shape).toEqual(value.shape);
    expectClose(result.data(), value.data);
    expectClose(grad((p: Tensor) => sum(compute(p)))(make(yPred)).data(), gradient.data);
    // The same from defaults of its own.
    expectClose(lossOf(loss).with(options)(make(yTrue), make(yPred), all).data(), value.data);
  });
});

describe("losses agree with PyTorch", () => {
  const titled = read<TorchRow>("losses-torch").map((row, i) => [`${i} ${row.loss} ${row.yPred.shape}`, row] as const);
  it.each(titled)("%s", (_title, { loss, options, tensors, yTrue, yPred, values, gradient }) => {
    const all = {
      ...options,
      ...Object.fromEntries(Object.entries(tensors).map(([name, given]) => [name, make(given)])),
    };
    const each = lossOf(loss).perExample(make(yTrue), make(yPred), all);
    expect(each.shape).toEqual(values.shape);
    expectClose(each.data(), values.data);
    expectClose(grad((p: Tensor) => lossOf(loss)(make(yTrue), p, all))(make(yPred)).data(), gradient.data);
  });
});
