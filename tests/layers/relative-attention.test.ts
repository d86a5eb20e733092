// Attention by relative positions under masks: what is hidden changes nothing.
import { beforeEach, describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { attachMask, maskOf, relativeMultiHeadAttention } from "../../ts/layers/index.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { concat, reshape, slice } from "../../ts/ops/layout.ts";
import { seed } from "../../ts/ops/random.ts";
import { DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { ones, tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "./close.ts";

const layer = relativeMultiHeadAttention({ numHeads: 2, keyDim: 3, memoryLength: 3, biasInitializer: "ones" });
const bools = (...rows: number[][]): Tensor<"bool"> => tensor(rows, { dtype: "bool" });
const segment = spread([2, 4, 4], { seed: 1 });
const memory = spread([2, 2, 4], { seed: 2 });
/** The segment with other numbers at step 1 of the first example. */
const changed = concat(
  [slice(segment, [0, 0, 0], [2, 1, 4]), spread([2, 1, 4], { seed: 9 }), slice(segment, [0, 2, 0])],
  1,
) as Tensor;
const rows = (y: Tensor, example: number, ...steps: number[]): number[] =>
  steps.flatMap((step) => [...slice(y, [example, step, 0], [1, 1, 4]).data()]);

beforeEach(() => seed(4));

describe("relative attention", () => {
  it("does not look at steps that the mask leaves out", () => {
    const mask = bools([1, 0, 1, 1], [1, 1, 1, 1]);
    const [y, z] = [segment, changed].map((x) => layer.apply(attachMask(slice(x, [0, 0, 0]) as Tensor, mask)));
    expect(rows(y, 0, 0, 2, 3)).toEqual(rows(z, 0, 0, 2, 3));
    expect(rows(y, 1, 2)).not.toEqual(rows(z, 1, 2));
    expect(maskOf(y)?.data()).toEqual(mask.data());
    const gradient = grad((x: Tensor) => sum(slice(layer.apply(attachMask(x, mask)), [0, 2, 0])))(segment);
    expect(rows(gradient, 0, 1)).toEqual([0, 0, 0, 0]);
    expect(rows(gradient, 1, 1)).not.toEqual([0, 0, 0, 0]);
  });

  it("takes hidden steps at the start of a memory as if they were not there", () => {
    const mask = bools([0, 1], [0, 1]);
    const [y, next] = layer.applyAll([segment, attachMask(slice(memory, [0, 0, 0]) as Tensor, mask)]);
    const [shorter] = layer.applyAll([segment, slice(memory, [0, 1, 0]) as Tensor]);
    expectClose(y.data(), shorter.data());
    expect([...(maskOf(next)?.data() ?? [])]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("hands on which steps of the next memory count", () => {
    const padded = attachMask(slice(segment, [0, 0, 0]) as Tensor, bools([1, 1, 0, 1], [0, 1, 1, 0]));
    const [, next] = layer.applyAll([padded, memory]);
    expect([...(maskOf(next)?.data() ?? [])]).toEqual([1, 0, 1, 1, 1, 0]);
    const [, unmasked] = layer.applyAll([segment, memory]);
    expect(maskOf(unmasked)).toBeUndefined();
  });

  it("takes an attention mask, for all heads or for each", () => {
    const row = [1, 1, 1, 0, 1, 1];
    const hiding = tensor([[row, row, row, row], ones([4, 6]).array() as number[][]], { dtype: "bool" });
    const [y] = layer.applyAll([segment, memory, hiding]);
    const [z] = layer.applyAll([changed, memory, hiding]);
    expect(rows(y, 0, 0, 2, 3)).toEqual(rows(z, 0, 0, 2, 3));
    const one = reshape(hiding, [2, 1, 4, 6]) as Tensor<"bool">;
    const byHead = concat([one, one], 1) as Tensor<"bool">;
    expectClose(layer.applyAll([segment, memory, byHead])[0].data(), y.data());
    const [all] = layer.applyAll([segment, memory, ones([2, 4, 6], "bool")]);
    expectClose(all.data(), layer.applyAll([segment, memory])[0].data());
  });

  it("drops scores under a mask too", () => {
    const dropping = relativeMultiHeadAttention({ numHeads: 2, keyDim: 3, dropout: 0.5, seed: 3 });
    const mask = bools([1, 0, 1, 1], [1, 1, 1, 1]);
    const run = (x: Tensor): Tensor =>
      dropping.copy().apply(attachMask(slice(x, [0, 0, 0]) as Tensor, mask), { training: true });
    seed(7);
    const y = run(segment);
    seed(7);
    expect(rows(run(changed), 0, 0, 2, 3)).toEqual(rows(y, 0, 0, 2, 3));
  });

  it("refuses attention masks of other sizes and dtypes", () => {
    expect(() => layer.applyAll([segment, memory, ones([2, 4, 4], "bool")])).toThrow(ShapeError);
    expect(() => layer.applyAll([segment, memory, ones([2, 4, 6])])).toThrow(DtypeError);
  });
});
