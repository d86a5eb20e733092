// Losses against Keras (tests/golden/losses.py) and PyTorch (tests/golden/losses-torch.py): values and gradients.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { getLoss, type LossFunction, type LossName } from "../../ts/losses/index.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "../layers/close.ts";

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

const lossOf = (name: LossName): LossFunction => getLoss(name) as LossFunction;

describe("losses agree with Keras", () => {
  const titled = readGolden<readonly KerasRow[]>("losses").map((row, i) => {
    const weighted = row.sampleWeight ? ` weighted ${row.sampleWeight.shape}` : "";
    return [`${i} ${row.loss} ${JSON.stringify(row.options)} ${row.yPred.shape}${weighted}`, row] as const;
  });
  it.each(titled)("%s", (_title, { loss, options, yTrue, yPred, sampleWeight, value, gradient }) => {
    const all = { ...options, ...(sampleWeight && { sampleWeight: toTensor(sampleWeight) }) };
    const compute = (p: Tensor): Tensor => lossOf(loss)(toTensor(yTrue), p, all);
    const result = compute(toTensor(yPred));
    expect(result.shape).toEqual(value.shape);
    expectClose(result.data(), value.data);
    expectClose(grad((p: Tensor) => sum(compute(p)))(toTensor(yPred)).data(), gradient.data);
    // The same from defaults of its own.
    expectClose(lossOf(loss).with(options)(toTensor(yTrue), toTensor(yPred), all).data(), value.data);
  });
});

describe("losses agree with PyTorch", () => {
  const titled = readGolden<readonly TorchRow[]>("losses-torch").map(
    (row, i) => [`${i} ${row.loss} ${row.yPred.shape}`, row] as const,
  );
  it.each(titled)("%s", (_title, { loss, options, tensors, yTrue, yPred, values, gradient }) => {
    const all = {
      ...options,
      ...Object.fromEntries(Object.entries(tensors).map(([name, given]) => [name, toTensor(given)])),
    };
    const each = lossOf(loss).perExample(toTensor(yTrue), toTensor(yPred), all);
    expect(each.shape).toEqual(values.shape);
    expectClose(each.data(), values.data);
    expectClose(grad((p: Tensor) => lossOf(loss)(toTensor(yTrue), p, all))(toTensor(yPred)).data(), gradient.data);
  });
});
