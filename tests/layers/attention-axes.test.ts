// Attention over other axes than time: what belongs apart stays apart, and what it cannot take.
import { describe, expect, it } from "vitest";
import { attachMask, multiHeadAttention } from "../../ts/layers/index.ts";
import { reshape, transpose } from "../../ts/ops/layout.ts";
import { ArgumentError, ShapeError } from "../../ts/runtime/errors.ts";
import { ones } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "./close.ts";

const options = { numHeads: 2, keyDim: 3 };
const image = spread([2, 3, 4, 5]);

describe("attention along one axis of several", () => {
  it("is attention to sequences, causal too", () => {
    const layer = multiHeadAttention({ ...options, attentionAxes: 2, useCausalMask: true });
    const rows = reshape(image, [6, 4, 5]) as Tensor;
    const y = layer.apply(image);
    const same = multiHeadAttention({ ...options, useCausalMask: true });
    same.apply(rows);
    same.weights.forEach((weight, i) => {
      weight.assign(layer.weights[i]);
    });
    expectClose(y.data(), same.apply(rows).data());
    const transposed = transpose(image, [0, 2, 1, 3]) as Tensor;
    const other = layer.copy({ attentionAxes: 1 });
    other.apply(transposed);
    other.weights.forEach((weight, i) => {
      weight.assign(layer.weights[i]);
    });
    expectClose(transpose(other.apply(transposed), [0, 2, 1, 3]).data(), y.data());
  });

  it("needs axes that there are, and positions along one alone", () => {
    for (const attentionAxes of [0, 3, [1, 1], []]) {
      expect(() => multiHeadAttention({ ...options, attentionAxes }).apply(image)).toThrow(ArgumentError);
    }
    expect(() => multiHeadAttention({ ...options, useCausalMask: true }).apply(image)).toThrow(/along one axis, got 2/);
    const masked = attachMask(spread([2, 3, 4, 5]), ones([2, 3], "bool"));
    expect(() => multiHeadAttention(options).apply(masked)).toThrow(ArgumentError);
    const apart = multiHeadAttention({ ...options, attentionAxes: 2 });
    expect(() => apart.applyAll([image, spread([2, 2, 4, 5])])).toThrow(ShapeError);
  });
});
