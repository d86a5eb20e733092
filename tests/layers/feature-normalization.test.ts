// Normalization of features by given or adapted statistics, and batch statistics of sequences of which some steps count.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { batchNormalization, masking, Normalization, normalization } from "../../ts/layers/index.ts";
import { fromConfig } from "../../ts/layers/registry.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { ArgumentError, ShapeError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose } from "./close.ts";

const x = (): Tensor =>
  tensor([
    [1, 10, 100],
    [2, 20, 100],
    [6, 30, 100],
  ]);

describe("Normalization", () => {
  it("takes given statistics, for each place of the axis or one for all", () => {
    const layer = new Normalization({ mean: [3, 20, 0], variance: [4, 100, 1] });
    expectClose(layer.apply(x()).data(), [-1, -1, 100, -0.5, 0, 100, 1.5, 1, 100]);
    expect(layer.weights).toEqual([]);
    const one = normalization({ axis: null, mean: 1, variance: 4 });
    expectClose(one.apply(tensor([[3, 5]])).data(), [1, 2]);
    expectClose(
      normalization({ mean: 2, variance: 0 })
        .apply(tensor([[2]]))
        .data(),
      [0],
    );
  });

  it("adapts to data, as Keras", () => {
    const layer = normalization();
    layer.adapt(x());
    expectClose(layer.weights[0].data(), [3, 20, 100]);
    expectClose(layer.weights[1].data(), [14 / 3, 200 / 3, 0]);
    const [a, b] = [Math.sqrt(14 / 3), Math.sqrt(200 / 3)];
    expectClose(layer.apply(x()).data(), [-2 / a, -10 / b, 0, -1 / a, 0, 0, 3 / a, 10 / b, 0]);
    // Batches one after the other give the same, and what was found before is forgotten.
    layer.adapt([
      tensor([[1, 10, 100]]),
      tensor([
        [2, 20, 100],
        [6, 30, 100],
      ]),
    ]);
    expectClose(layer.weights[1].data(), [14 / 3, 200 / 3, 0]);
  });

  it("keeps several axes, and all in one", () => {
    const images = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 2],
        [7, 8],
      ],
    ]);
    const layer = normalization({ axis: [1, -1] });
    layer.adapt(images);
    expectClose(layer.weights[0].data(), [3, 2, 5, 6]);
    expectClose(layer.weights[1].data(), [4, 0, 4, 4]);
    const all = normalization({ axis: null });
    all.adapt(images);
    expectClose(all.weights[0].data(), [4]);
    expectClose(all.weights[1].data(), [5.5]);
  });

  it("is exact far from 0", () => {
    const layer = normalization();
    layer.adapt(tensor([[1e7], [1e7 + 1], [1e7 + 2], [1e7 + 3]]));
    expectClose(layer.weights[1].data(), [1.25]);
  });

  it("undoes itself with invert, and takes integers", () => {
    const statistics = { mean: [3, 20, 0], variance: [4, 100, 1] };
    const there = normalization(statistics).apply(x());
    expectClose(
      normalization({ ...statistics, invert: true })
        .apply(there)
        .data(),
      x().data(),
    );
    expectClose(
      normalization({ mean: 1, variance: 4 })
        .apply(tensor(Int32Array.of(3), { shape: [1, 1] }))
        .data(),
      [1],
    );
  });

  it("is made again from its configuration, and captured", () => {
    const layer = normalization({ mean: [3, 20, 0], variance: [4, 100, 1], axis: -1 });
    const again = fromConfig({ kind: "normalization", config: layer.config() });
    expect(again.apply(x()).array()).toEqual(layer.apply(x()).array());
    const step = capture((v: Tensor) => layer.apply(v));
    step(x());
    expect(step(mul(x(), 2)).array()).toEqual(layer.apply(mul(x(), 2)).array());
  });

  it("refuses what does not fit", () => {
    expect(() => normalization({ mean: 1 })).toThrow("mean and variance must be given both or neither");
    expect(() => normalization({ mean: [1, 2], variance: [1] })).toThrow(ArgumentError);
    expect(() => normalization({ mean: [[1]], variance: [[1]] })).toThrow("at most 1 axes, got [1, 1] and [1, 1]");
    expect(() => normalization({ axis: 0 }).apply(x())).toThrow("axes behind the batch");
    expect(() => normalization({ axis: 5 }).apply(x())).toThrow(ArgumentError);
    expect(() => normalization({ mean: 1, variance: 1 }).adapt(x())).toThrow("adapt must not be called");
    expect(() => normalization().adapt([])).toThrow("at least one example");
    const layer = normalization();
    layer.adapt(x());
    expect(() => layer.apply(tensor([[1, 2]]))).toThrow(ShapeError);
  });
});

describe("batch normalization of masked steps", () => {
  const sequence = (): Tensor => masking().apply(tensor([[[2], [4], [0], [0]]]));

  it("counts the steps that count, as Keras", () => {
    const layer = batchNormalization({ momentum: 0 });
    const y = layer.apply(sequence(), { training: true });
    expectClose(layer.movingMean.data(), [3]);
    expectClose(layer.movingVariance.data(), [1]);
    const scale = 1 / Math.sqrt(1.001);
    expectClose(y.data(), [-scale, scale, -3 * scale, -3 * scale]);
  });

  it("has the gradient of those steps' statistics", () => {
    const weights = tensor([[[1], [2], [0], [0]]]);
    const gradient = (values: number[][][], masked: boolean): number[] => {
      const layer = batchNormalization();
      const f = (v: Tensor): Tensor => {
        const y = layer.apply(masked ? masking().apply(v) : v, { training: true });
        return sum(mul(y, masked ? weights : tensor([[[1], [2]]])));
      };
      return [...(grad(f)(tensor(values)) as Tensor).data()];
    };
    const alone = gradient([[[2], [5]]], false);
    expectClose(gradient([[[2], [5], [0], [0]]], true), [...alone, 0, 0]);
  });

  it("moves nothing where no step counts, and moves in captured steps", () => {
    const layer = batchNormalization({ momentum: 0.5 });
    const step = capture((v: Tensor) => layer.apply(masking().apply(v), { training: true }));
    step(tensor([[[0], [0], [0], [0]]]));
    expectClose(layer.movingMean.data(), [0]);
    expectClose(layer.movingVariance.data(), [1]);
    step(tensor([[[2], [4], [0], [0]]]));
    expectClose(layer.movingMean.data(), [1.5]);
    expectClose(layer.movingVariance.data(), [1]);
  });

  it("outside training the mask changes nothing", () => {
    const layer = batchNormalization();
    expectClose(
      layer.apply(sequence()).data(),
      [2, 4, 0, 0].map((v) => v / Math.sqrt(1.001)),
    );
  });
});
