// Errors about dtypes name the cast that helps, whatever was given the wrong one.
import { expect, it } from "vitest";
import * as heddle from "../../ts/index.ts";
import { DtypeError, layers, losses, metrics, ones, tensor, variable, zeros } from "../../ts/index.ts";

const ints = zeros([1, 2], "i32");
const images = zeros([1, 2, 2, 1], "u8");

it.each<[string, () => unknown, heddle.Dtype]>([
  ["ids of an embedding", () => layers.embedding({ inputDim: 3, outputDim: 2 }).apply(tensor([[1, 2]])), "i32"],
  ["images of bytes", () => layers.conv2d({ filters: 1, kernelSize: 1 }).apply(images), "f32"],
  ["images of an op", () => heddle.conv2d(images as never, ones([1, 1, 1, 1])), "f32"],
  ["pooled bytes", () => layers.maxPooling2d({ poolSize: 1 }).apply(images), "f32"],
  ["numbers of a dense layer", () => layers.dense({ units: 1 }).apply(ints), "f32"],
  ["steps of bytes", () => layers.lstm({ units: 1 }).apply(zeros([1, 2, 2], "u8")), "f32"],
  ["factors", () => heddle.matmul(ints as never, ones([2, 1])), "f32"],
  ["a condition", () => heddle.where(tensor([1, 0]) as never, 1, 0), "bool"],
  ["indices", () => heddle.gather(tensor([1, 2]), tensor([0]) as never), "i32"],
  ["classes", () => heddle.oneHot(tensor([0]) as never, 2), "i32"],
  ["truths", () => heddle.logicalAnd(tensor([1]) as never, tensor([1]) as never), "bool"],
  ["what is searched", () => heddle.searchSorted(tensor([1]), zeros([1], "i32") as never), "f32"],
  ["what is joined", () => heddle.concat([tensor([1]), zeros([1], "i32")] as never, 0), "f32"],
  ["what a variable is set to", () => variable(tensor([1, 2])).assign(zeros([2], "i32") as never), "f32"],
  ["what is averaged", () => new metrics.Mean().update(zeros([2], "i32") as never), "f32"],
  ["parameters", () => heddle.grad((x: heddle.Tensor) => heddle.sum(x))(zeros([2], "i32") as never), "f32"],
  [
    "a mask of attention",
    () => {
      const x = ones([1, 2, 4]);
      return layers.multiHeadAttention({ numHeads: 1, keyDim: 4 }).apply([x, x, x, ones([1, 2, 2])]);
    },
    "bool",
  ],
])("%s", (_what, wrong, dtype) => {
  expect(wrong).toThrow(DtypeError);
  expect(wrong).toThrow(`cast(x, "${dtype}")`);
});

it("takes labels of any dtype", () => {
  const p = tensor([[0.25, 0.75]]);
  const values = (["f32", "i32", "u8"] as const).map((dtype) =>
    losses.sparseCategoricalCrossentropy(tensor([1], { dtype }), p).item(),
  );
  expect(values).toEqual(values.map(() => values[0]));
});
