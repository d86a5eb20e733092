// Metrics: their values, gathering over batches, capture, the choice of accuracies, NaN, names.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { backward } from "../../ts/autograd/grad.ts";
import { getMetric, Mean, MeanMetric, Metric, type MetricLike, type MetricName } from "../../ts/metrics/index.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { max } from "../../ts/ops/reduce.ts";
import { engine } from "../../ts/runtime/engine.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import { expectClose } from "../layers/close.ts";

const labels = (...values: number[]): Tensor<"i32"> => tensor(Int32Array.from(values));

/** The metric's figure after one batch. */
function measure(metric: MetricLike, yTrue: AnyTensor, yPred: Tensor): number {
  const measured = getMetric(metric);
  measured.update(yTrue, yPred);
  return measured.result();
}

const scores = tensor([
  [0.1, 0.7, 0.2],
  [0.6, 0.3, 0.1],
  [0.2, 0.2, 0.6],
  [0.5, 0.4, 0.1],
]);
const oneHot = tensor([
  [0, 1, 0],
  [1, 0, 0],
  [1, 0, 0],
  [0, 0, 1],
]);

describe("values", () => {
  it.each<[MetricName, AnyTensor, Tensor, number]>([
    ["sparseCategoricalAccuracy", labels(1, 0, 0, 2), scores, 0.5],
    ["sparseCategoricalAccuracy", tensor([[1], [0], [2], [0]]), scores, 1],
    ["categoricalAccuracy", oneHot, scores, 0.5],
    ["binaryAccuracy", tensor([[1], [0], [1], [1]]), tensor([[0.9], [0.2], [0.4], [0.51]]), 0.75],
    ["binaryAccuracy", labels(1, 0, 1, 1), tensor([[0.9], [0.2], [0.4], [0.5]]), 0.5],
    ["binaryAccuracy", tensor([[true, false]]), tensor([[0.9, 0.8]]), 0.5],
    ["meanSquaredError", tensor([[0, 0]]), tensor([[1, 3]]), 5],
    ["meanAbsoluteError", tensor([[0, 0]]), tensor([[1, 3]]), 2],
    ["mse", tensor([[0, 0]]), tensor([[1, 3]]), 5],
    ["mae", tensor([[0, 0]]), tensor([[1, 3]]), 2],
    ["sparseCategoricalCrossentropy", labels(1), tensor([[0.5, 0.5]]), Math.LN2],
  ])("%s", (name, yTrue, yPred, expected) => {
    expectClose([measure(name, yTrue, yPred)], [expected]);
  });

  it("accuracy is the one that suits the shapes", () => {
    expect(measure("accuracy", labels(1, 0, 0, 2), scores)).toBe(0.5);
    expect(measure("acc", tensor([[1], [0], [2], [0]]), scores)).toBe(1);
    expect(measure("accuracy", oneHot, scores)).toBe(0.5);
    expect(measure("accuracy", tensor([[1], [1]]), tensor([[0.9], [0.2]]))).toBe(0.5);
    expect(measure("accuracy", labels(1, 1), tensor([0.9, 0.2]))).toBe(0.5);
  });

  it("a prediction that is no number is wrong", () => {
    const broken = tensor([
      [Number.NaN, 0, 0],
      [0, Number.NaN, 1],
      [0, 0, 1],
    ]);
    expectClose([measure("sparseCategoricalAccuracy", labels(0, 1, 2), broken)], [1 / 3]);
    expectClose(
      [
        measure(
          "categoricalAccuracy",
          tensor([
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ]),
          broken,
        ),
      ],
      [1 / 3],
    );
    expect(measure("binaryAccuracy", tensor([0, 0]), tensor([Number.NaN, 0.1]))).toBe(0.5);
    expect(measure("mse", tensor([0]), tensor([Number.NaN]))).toBeNaN();
  });
});

describe("over batches", () => {
  it("examples count the same, whatever the batch", () => {
    for (const name of ["accuracy", "mse"] as const) {
      const metric = getMetric(name);
      metric.update(tensor([[0], [0], [0]]), tensor([[1], [1], [1]]));
      metric.update(tensor([[1]]), tensor([[1]]));
      expectClose([metric.result()], [name === "accuracy" ? 0.25 : 0.75]);
      metric.reset();
      expect(metric.result()).toBe(0);
      metric.update(tensor([[1]]), tensor([[1]]));
      expect(metric.result()).toBe(name === "accuracy" ? 1 : 0);
    }
  });

  it("an empty batch counts nothing", () => {
    const metric = getMetric("accuracy");
    metric.update(zeros([0], "i32"), zeros([0, 3]));
    expect(metric.result()).toBe(0);
  });

  it("inside a captured step, at every replay", () => {
    const metric = getMetric("accuracy");
    const step = capture((y: AnyTensor, p: AnyTensor) => metric.update(y, p as Tensor));
    for (const y of [labels(1, 0, 0, 2), labels(1, 0, 2, 0), labels(0, 1, 0, 1)]) step(y, scores);
    expect(metric.result()).toBe(0.5);
  });

  it("leave no tensors and no tape behind", () => {
    const metric = getMetric("mse");
    const x = new Variable(tensor([[2]]));
    const before = engine().memory.buffers;
    scope(() => {
      const prediction = mul(x, x);
      metric.update(zeros([1, 1]), prediction);
      backward(sum(prediction));
    });
    expect(x.grad?.item()).toBe(4);
    x.zeroGrad();
    expect(engine().memory.buffers).toBe(before);
    metric.dispose();
    expect(engine().memory.buffers).toBe(before - 2);
  });
});

describe("names", () => {
  it("are those given; functions are averaged under theirs", () => {
    expect(getMetric("acc").name).toBe("acc");
    const bias = (yTrue: AnyTensor, yPred: Tensor): Tensor => mul(sum(mul(yPred, yTrue as Tensor)), 1);
    const metric = getMetric(bias);
    expect(metric).toBeInstanceOf(MeanMetric);
    expect(metric.name).toBe("bias");
    expect(getMetric(metric)).toBe(metric);
  });

  it("unknown ones list the known ones", () => {
    expect(() => getMetric("nothing" as never)).toThrow(
      /^metric: the name must be one of .* binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy,/,
    );
    expect(() => getMetric("nothing" as never)).toThrow(expect.objectContaining({ name: "ArgumentError" }));
  });
});

it("a metric of one's own is a subclass", () => {
  class Largest extends Metric {
    private readonly mean = new Mean();
    update(_yTrue: AnyTensor, yPred: Tensor): void {
      this.mean.update(max(yPred), undefined, 2);
    }
    result(): number {
      return this.mean.result();
    }
    reset(): void {
      this.mean.reset();
    }
    dispose(): void {
      this.mean.dispose();
    }
  }
  expect(measure(new Largest("largest"), zeros([1]), tensor([2, 4, 6]))).toBe(6);
});
