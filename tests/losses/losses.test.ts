// Losses: stable where logits are known, the shapes they take, smoothing, errors. Values are compared with PyTorch in
// golden.test.ts.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { checkGradient } from "../../ts/autograd/check.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { activations, logitsOf } from "../../ts/layers/activations.ts";
import * as layers from "../../ts/layers/index.ts";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  checkLabels,
  ctc,
  getLoss,
  meanAbsoluteError,
  meanSquaredError,
  poisson,
  sparseCategoricalCrossentropy,
} from "../../ts/losses/index.ts";
import { reshape, transpose } from "../../ts/ops/layout.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "../layers/close.ts";

const labels = (...values: number[]): Tensor<"i32"> => tensor(Int32Array.from(values));

describe("an axis of classes that is not the last", () => {
  const [yPred, t] = [spread([2, 3, 4], { seed: 5 }), activations.sigmoid(spread([2, 3, 4], { seed: 6 }))];
  const classes = tensor(
    [
      [0, 2, -1, 1],
      [2, 2, 0, -1],
    ],
    { dtype: "i32" },
  );
  const moved = (x: Tensor): Tensor => transpose(x, [0, 2, 1]) as Tensor;

  it("is as if it were the last", () => {
    const shared = { fromLogits: true };
    const [middle, last] = [1, -1].map((axis) => ({ ...shared, axis, ignoreClass: -1 }));
    const sparse = sparseCategoricalCrossentropy;
    expect(sparse.perExample(classes, yPred, middle).data()).toEqual(
      sparse.perExample(classes, moved(yPred), last).data(),
    );
    expect(sparse(classes, yPred, middle).item()).toBe(sparse(classes, moved(yPred), last).item());
    expect(categoricalCrossentropy.perExample(t, yPred, { ...shared, axis: -2 }).data()).toEqual(
      categoricalCrossentropy.perExample(moved(t), moved(yPred), shared).data(),
    );
  });

  it("does not take the logits of a softmax along the last", () => {
    const p = activations.softmax(yPred);
    const known = categoricalCrossentropy(t, p, { axis: 1 }).item();
    expectClose([known], [categoricalCrossentropy(t, reshape(p, p.shape.slice()) as Tensor, { axis: 1 }).item()]);
    expectClose([known], [categoricalCrossentropy(moved(t), moved(p)).item()]);
  });

  it("must be there", () => {
    for (const loss of [binaryCrossentropy, categoricalCrossentropy]) {
      expect(() => loss(t, yPred, { axis: 3 })).toThrow(expect.objectContaining({ name: "ArgumentError" }));
    }
    expect(() => sparseCategoricalCrossentropy(classes, yPred, { axis: -1 })).toThrow(/one class number for each row/);
  });
});

describe("values", () => {
  it("are means over examples and batch", () => {
    const truth = tensor([
      [0, 0],
      [1, 1],
    ]);
    const prediction = tensor([
      [1, 3],
      [1, 2],
    ]);
    expectClose([meanSquaredError(truth, prediction).item()], [11 / 4]);
    expectClose([meanAbsoluteError(truth, prediction).item()], [5 / 4]);
    expect(meanSquaredError(truth, prediction).shape).toEqual([]);
  });

  it("are those of probabilities where these are given", () => {
    const p = tensor([
      [0.5, 0.25, 0.25],
      [0.1, 0.2, 0.7],
    ]);
    const expected = -(Math.log(0.25) + Math.log(0.7)) / 2;
    expectClose([sparseCategoricalCrossentropy(labels(1, 2), p).item()], [expected]);
    expectClose(
      [
        categoricalCrossentropy(
          tensor([
            [0, 1, 0],
            [0, 0, 1],
          ]),
          p,
        ).item(),
      ],
      [expected],
    );
    expectClose(
      [binaryCrossentropy(tensor([1, 0]), tensor([0.8, 0.3])).item()],
      [-(Math.log(0.8) + Math.log(0.7)) / 2],
    );
  });

  it("stay finite for probabilities of 0 and 1", () => {
    const worst = -Math.log(1e-7);
    expectClose([sparseCategoricalCrossentropy(labels(0), tensor([[0, 1]])).item()], [worst]);
    expectClose([binaryCrossentropy(tensor([1, 1]), tensor([0, 1])).item()], [worst / 2], { relative: 1e-3 });
  });

  it("of smoothed targets", () => {
    const p = tensor([[0.5, 0.25, 0.25]]);
    const smooth = categoricalCrossentropy(tensor([[0, 1, 0]]), p, { labelSmoothing: 0.3 }).item();
    expectClose([smooth], [-(0.8 * Math.log(0.25) + 0.1 * Math.log(0.5) + 0.1 * Math.log(0.25))]);
    const binary = binaryCrossentropy(tensor([1]), tensor([0.25]), { labelSmoothing: 0.2 }).item();
    expectClose([binary], [-(0.9 * Math.log(0.25) + 0.1 * Math.log(0.75))]);
  });
});

describe("after softmax or sigmoid", () => {
  // So far apart that the smaller probability is 0 in f32.
  const logits = tensor([
    [200, 0, -200],
    [0, 300, 0],
  ]);

  it("losses and gradients come from the logits", () => {
    const dense = layers.activation({ activation: "softmax" });
    const loss = (x: Tensor): Tensor => sparseCategoricalCrossentropy(labels(2, 1), dense.apply(x));
    expectClose([loss(logits).item()], [200]);
    expectClose(grad(loss)(logits).data(), [0.5, 0, -0.5, 0, 0, 0]);
    const oneHot = tensor([
      [0, 0, 1],
      [0, 1, 0],
    ]);
    expectClose([categoricalCrossentropy(oneHot, dense.apply(logits)).item()], [200]);
  });

  it("also for sigmoid", () => {
    const sigmoid = layers.activation({ activation: "sigmoid" });
    const loss = (x: Tensor): Tensor => binaryCrossentropy(tensor([[0], [1]]), sigmoid.apply(x));
    const far = tensor([[150], [-50]]);
    expectClose([loss(far).item()], [100]);
    expectClose(grad(loss)(far).data(), [0.5, -0.5]);
  });

  it("also inside a captured step, at every replay", () => {
    const model = layers.dense({ units: 3, activation: "softmax", kernelInitializer: { name: "constant", value: 1 } });
    const step = capture((x: AnyTensor, y: AnyTensor) => sparseCategoricalCrossentropy(y, model.apply(x)));
    model.ensureBuilt([1]);
    model.kernel.assign([100, 0, -100]);
    for (const [x, expected] of [
      [1, 200],
      [2, 400],
      [3, 600],
    ]) {
      expectClose([step(tensor([[x]]), labels(2)).item()], [expected]);
    }
  });

  it("but not of other tensors, or when the logits are gone", () => {
    const y = activations.softmax(logits);
    expect(logitsOf(y, activations.softmax)).toBe(logits);
    expect(logitsOf(y, activations.sigmoid)).toBeUndefined();
    expect(logitsOf(reshape(y, [3, 2]) as Tensor, activations.softmax)).toBeUndefined();
    const given = tensor([[1, 2, 3]]);
    const kept = activations.softmax(given);
    given.dispose();
    expect(logitsOf(kept, activations.softmax)).toBeUndefined();
    expectClose([sparseCategoricalCrossentropy(labels(2), kept).item()], [0.407606]);
  });

  it("logits are asked for with fromLogits", () => {
    expectClose([sparseCategoricalCrossentropy(labels(2, 1), logits, { fromLogits: true }).item()], [200]);
    expectClose([binaryCrossentropy(tensor([0]), tensor([90]), { fromLogits: true }).item()], [90]);
  });
});

describe("shapes", () => {
  it("targets may lack a last axis of 1, or have one too many", () => {
    const prediction = tensor([[1], [2]]);
    expectClose([meanSquaredError(tensor([0, 0]), prediction).item()], [2.5]);
    expectClose([meanSquaredError(prediction, tensor([0, 0])).item()], [2.5]);
    const p = tensor([
      [0.5, 0.5],
      [0.2, 0.8],
    ]);
    const expected = sparseCategoricalCrossentropy(labels(0, 1), p).item();
    expect(sparseCategoricalCrossentropy(tensor(Int32Array.of(0, 1), { shape: [2, 1] }), p).item()).toBe(expected);
  });

  it("targets may be of any dtype", () => {
    expectClose([meanSquaredError(labels(1, 3), tensor([0, 1])).item()], [2.5]);
    expectClose([binaryCrossentropy(tensor([true, false]), tensor([0.5, 0.5])).item()], [Math.LN2]);
    const bytes = tensor(Uint8Array.of(1));
    expectClose([sparseCategoricalCrossentropy(bytes, tensor([[0.5, 0.5]])).item()], [Math.LN2]);
  });

  it("may have more axes", () => {
    const logits = spread([2, 3, 4]);
    const classes = tensor(Int32Array.of(0, 1, 2, 3, 0, 1), { shape: [2, 3] });
    const flat = sparseCategoricalCrossentropy(reshape(classes, [6]), reshape(logits, [6, 4]) as Tensor, {
      fromLogits: true,
    });
    expectClose([sparseCategoricalCrossentropy(classes, logits, { fromLogits: true }).item()], [flat.item()]);
  });

  it.each([
    [
      "meanSquaredError: yTrue must have yPred's shape, got [2] and [2, 3]",
      () => meanSquaredError(zeros([2]), zeros([2, 3])),
    ],
    ["meanAbsoluteError: yTrue must have yPred's shape", () => meanAbsoluteError(zeros([3]), zeros([2]))],
    ["binaryCrossentropy: yTrue must have yPred's shape", () => binaryCrossentropy(zeros([2, 2]), zeros([2, 1]))],
    [
      "categoricalCrossentropy: yTrue must have yPred's shape",
      () => categoricalCrossentropy(labels(0, 1), zeros([2, 3])),
    ],
    [
      "sparseCategoricalCrossentropy: yTrue must have one class number for each row of yPred, got [2, 3] and [2, 3]",
      () => sparseCategoricalCrossentropy(zeros([2, 3], "i32"), zeros([2, 3])),
    ],
    [
      "sparseCategoricalCrossentropy: yTrue must have one",
      () => sparseCategoricalCrossentropy(labels(0), zeros([2, 3])),
    ],
  ])("%s", (message, compute) => {
    expect(compute).toThrow(message);
    expect(compute).toThrow(expect.objectContaining({ name: "ShapeError" }));
  });
});

describe("gradients", () => {
  const truth = tensor([
    [0, 1, 0],
    [1, 0, 0],
  ]);
  const prediction = spread([2, 3], { low: 0.1, high: 0.9 });
  it.each([
    ["meanSquaredError", (p: Tensor) => meanSquaredError(truth, p)],
    ["meanAbsoluteError", (p: Tensor) => meanAbsoluteError(truth, p)],
    ["binaryCrossentropy", (p: Tensor) => binaryCrossentropy(truth, p, { labelSmoothing: 0.1 })],
    ["categoricalCrossentropy", (p: Tensor) => categoricalCrossentropy(truth, p)],
    ["sparseCategoricalCrossentropy", (p: Tensor) => sparseCategoricalCrossentropy(labels(1, 0), p)],
  ])("%s", (_name, loss) => {
    expect(checkGradient(loss, [prediction], 2e-3).error).toBeLessThan(1e-3);
  });
});

describe("errors", () => {
  it("unknown names list the known ones", () => {
    expect(() => getLoss("crossentropy" as never)).toThrow(
      /^loss: the name must be one of binaryCrossentropy, bce, .*, meanSquaredError, mse, .*, got "crossentropy"; did you mean binaryCrossentropy\?$/,
    );
    expect(() => getLoss("toString" as never)).toThrow("loss: the name must be");
    expect(getLoss("mse")).toBe(meanSquaredError);
    expect(getLoss("mae")).toBe(meanAbsoluteError);
    expect(getLoss(binaryCrossentropy)).toBe(binaryCrossentropy);
  });

  it("smoothing must be a share", () => {
    expect(() => binaryCrossentropy(zeros([1]), zeros([1]), { labelSmoothing: 2 })).toThrow(
      "labelSmoothing must be from 0 to 1, got 2",
    );
  });

  it("labels are whole numbers of a class", () => {
    expect(() => checkLabels("fit", Int32Array.of(0, 9, 3), 10)).not.toThrow();
    expect(() => checkLabels("fit", Int32Array.of(0, 9, 10), 10)).toThrow(
      "fit: labels must be whole numbers from 0 to 9, got 10 at index 2",
    );
    expect(() => checkLabels("fit", [-1], 10)).toThrow("got -1 at index 0");
    expect(() => checkLabels("fit", { data: Float32Array.of(1, Number.NaN) }, 2)).toThrow("got NaN at index 1");
    expect(() => checkLabels("fit", Float32Array.of(0.5), 2)).toThrow(
      expect.objectContaining({ name: "ArgumentError" }),
    );
    expect(() => sparseCategoricalCrossentropy(labels(3), zeros([1, 3]))).toThrow(
      expect.objectContaining({ name: "ArgumentError" }),
    );
  });

  it("predictions are floats", () => {
    for (const loss of [meanSquaredError, poisson, ctc]) {
      expect(() => loss(zeros([1, 3]), zeros([1, 3], "i32") as AnyTensor as Tensor)).toThrow(
        `${loss.name}: yPred must be f32, got i32`,
      );
    }
  });

  it("the logits of ctc are of time steps", () => {
    expect(() => ctc(zeros([2, 2]), zeros([2, 2]))).toThrow("ctcLoss: logits must be [batch, time, classes]");
  });
});
