// Metrics over batches: exact sums, weights, what is left out, lists of results, capture, errors. Values are compared with
// Keras in golden.test.ts.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { attachMask } from "../../ts/layers/masks.ts";
import { sparseCategoricalCrossentropy } from "../../ts/losses/index.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { Totals } from "../../ts/metrics/totals.ts";
import { softmax } from "../../ts/ops/softmax.ts";
import { engine } from "../../ts/runtime/engine.ts";
import { full, tensor, zeros } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "../layers/close.ts";

const labels = (list: number[], shape = [list.length]): Tensor<"i32"> => tensor(Int32Array.from(list), { shape });

describe("sums", () => {
  it("stay exact beyond the whole numbers of f32", () => {
    const totals = new Totals(2);
    totals.add(tensor([2 ** 24, 1e8]));
    const step = capture((x: AnyTensor) => totals.add(x as Tensor));
    for (let i = 0; i < 100; i++) step(tensor([1, 0.25]));
    expect([...totals.values()]).toEqual([2 ** 24 + 100, 1e8 + 25]);
    totals.reset();
    expect([...totals.values()]).toEqual([0, 0]);
  });

  it("of infinite and broken numbers are such", () => {
    const totals = new Totals(2);
    totals.add(tensor([Number.POSITIVE_INFINITY, Number.NaN]));
    totals.add(tensor([1, 1]));
    expect([...totals.values()]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });

  it("Mean and Sum, with weights of examples or of their parts", () => {
    const values = tensor([
      [1, 3],
      [5, 9],
    ]);
    const results = (weight?: Tensor): number[] => {
      const [mean, sum] = [new metrics.Mean(), new metrics.Sum()];
      for (const metric of [mean, sum]) metric.update(values, weight);
      return [mean.result(), sum.result()];
    };
    expectClose(results(), [4.5, 18]);
    // As in Keras, a weight counts what it weighs reduced: a mean's mean, a sum's sum.
    expectClose(results(tensor([1, 0])), [2, 4]);
    expectClose(results(tensor([[1], [0]])), [2, 4]);
    const parts = tensor([
      [0, 1],
      [1, 0],
    ]);
    expectClose(results(parts), [4, 8]);
    expectClose(results(tensor([0, 0])), [0, 0]);
  });
});

describe("a mean of a loss", () => {
  const p = tensor([
    [0.5, 0.5],
    [0.2, 0.8],
    [0.25, 0.75],
  ]);

  it("leaves out what the loss leaves out", () => {
    const metric = new metrics.MeanMetric("loss", sparseCategoricalCrossentropy, { ignoreClass: -1 });
    metric.update(labels([0, -1, -1]), p);
    metric.update(labels([-1, 1, 1]), p);
    expectClose([metric.result()], [-(Math.log(0.5) + Math.log(0.8) + Math.log(0.75)) / 3]);
    metric.reset();
    metric.update(labels([0, -1, 1]), p, tensor([1, 7, 3]));
    expectClose([metric.result()], [-(Math.log(0.5) + 3 * Math.log(0.75)) / 4]);
    metric.update(labels([-1, -1, -1]), p);
    expectClose([metric.result()], [-(Math.log(0.5) + 3 * Math.log(0.75)) / 4]);
  });

  it("leaves out the steps that the mask of the prediction leaves out", () => {
    const mask = tensor([
      [true, true],
      [true, false],
    ]);
    const steps = attachMask(tensor([0.9, 0.8, 0.2, 0.1], { shape: [2, 2, 1] }), mask);
    const truth = tensor([1, 0, 1, 1], { shape: [2, 2, 1] });
    for (const name of ["accuracy", "binaryCrossentropy"] as const) {
      const metric = metrics.getMetric(name);
      metric.update(truth, steps);
      const losses = [0.9, 0.2, 0.2].map((q) => -Math.log(q)).reduce((a, b) => a + b);
      expectClose([metric.result()], [(name === "accuracy" ? 1 : losses) / 3]);
      metric.reset();
      metric.update(truth, steps, tensor([3, 1]));
      const heavy = -3 * Math.log(0.9) - 4 * Math.log(0.2);
      expectClose([metric.result()], [(name === "accuracy" ? 3 : heavy) / 7]);
    }
    const perplexity = new metrics.Perplexity();
    perplexity.update(labels([0, 1, 0, 0], [2, 2]), attachMask(softmax(zeros([2, 2, 3])), mask));
    expectClose([perplexity.result()], [3]);
  });

  it("may have defaults of its own, and a name of its own", () => {
    const metric = metrics.getMetric(sparseCategoricalCrossentropy.with({ ignoreClass: -1 }));
    expect(metric.name).toBe("sparseCategoricalCrossentropy");
    metric.update(labels([0, -1, -1]), p);
    expectClose([metric.result()], [Math.LN2]);
  });
});

describe("perplexity", () => {
  it("is e to the mean over all tokens, whatever the lengths of the batches", () => {
    const metric = new metrics.Perplexity({ maskTokenId: 0 });
    const uniform = (batch: number, time: number): Tensor => softmax(zeros([batch, time, 4]));
    metric.update(labels([1, 2, 0, 3, 0, 0], [2, 3]), uniform(2, 3));
    expectClose([metric.result()], [4]);
    metric.update(labels([3], [1, 1]), tensor([[[0, 0, 0, 1]]]));
    expectClose([metric.result()], [4 ** (3 / 4)]);
    metric.reset();
    expect(metric.result()).toBe(1);
    const logits = spread([1, 2, 3]);
    const fromLogits = new metrics.Perplexity({ fromLogits: true });
    fromLogits.update(labels([2, 0], [1, 2]), logits, tensor([[1, 0]]));
    expectClose([fromLogits.result()], [1 / softmax(logits).data()[2]]);
  });
});

describe("confusion matrix", () => {
  it("counts rows of truth by columns of answers", () => {
    const metric = new metrics.ConfusionMatrix({ numClasses: 3 });
    metric.update(labels([0, 0, 1, 2, 2]), labels([0, 1, 1, 0, 2]));
    expect(metric.result()).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 1],
    ]);
  });

  it("of scores, weighted, without an ignored class", () => {
    const metric = new metrics.ConfusionMatrix({ numClasses: 2, sparseYPred: false, ignoreClass: 0 });
    const scores = tensor([
      [0.9, 0.1],
      [0.2, 0.8],
      [0.3, 0.7],
    ]);
    metric.update(labels([1, 1, 0]), scores, tensor([0.5, 2, 4]));
    expect(metric.result()).toEqual([
      [0, 0],
      [0.5, 2],
    ]);
  });
});

describe("top k", () => {
  const scores = tensor([
    [0.4, 0.4, 0.1, 0.1],
    [0.1, 0.2, 0.3, 0.4],
    [0.1, Number.NaN, 0.3, 0.4],
  ]);

  it("fewer than k numbers are larger", () => {
    const hits = (k: number): number[] => [
      ...metrics.sparseTopKCategoricalAccuracy(labels([1, 1, 3]), scores, { k }).data(),
    ];
    expect(hits(1)).toEqual([1, 0, 0]);
    expect(hits(3)).toEqual([1, 1, 0]);
    expect(hits(9)).toEqual([1, 1, 0]);
    expect(() => hits(0)).toThrow("sparseTopKCategoricalAccuracy: k must be a whole number of at least 1, got 0");
  });

  it("of a precision: of equal numbers the first, and no more than k", () => {
    const truth = tensor([
      [0, 1, 0, 0],
      [0, 0, 0, 1],
    ]);
    const precision = (topK: number): number => {
      const metric = new metrics.Precision({ topK });
      metric.update(truth, tensor([0.4, 0.4, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4], { shape: [2, 4] }));
      return metric.result();
    };
    expect([1, 2, 4, 8].map(precision)).toEqual([0.5, 0.5, 0.25, 0.25]);
  });
});

describe("thresholds", () => {
  it("give a list of results, in the order they have", () => {
    const metric = new metrics.Recall({ thresholds: [0.9, 0.1, 0.5] });
    metric.update(tensor([1, 1, 1, 0]), tensor([0.95, 0.5, 0.3, 0.99]));
    const [high, low, middle] = metric.result();
    expectClose([high, low, middle], [1 / 3, 1, 1 / 3]);
  });

  it("an answer of exactly the threshold is a no", () => {
    const metric = new metrics.TruePositives({ thresholds: [0, 0.5, 1] });
    metric.update(tensor([1, 1, 1]), tensor([0, 0.5, 1]));
    expect(metric.result()).toEqual([2, 1, 0]);
  });
});

describe("a perfect ranking", () => {
  it.each(["ROC", "PR"] as const)("has the area 1 under %s, and a reversed one less", (curve) => {
    const area = (truth: number[]): number => {
      const metric = new metrics.AUC({ curve });
      metric.update(tensor(truth), tensor([0.1, 0.2, 0.7, 0.9]));
      return metric.result();
    };
    expect(area([0, 0, 1, 1])).toBeCloseTo(1, 6);
    expect(area([1, 1, 0, 0])).toBeLessThan(0.5);
    expect(new metrics.AUC({ curve }).result()).toBe(0);
  });
});

describe("in a captured step", () => {
  const made: [string, () => metrics.Metric<unknown>][] = [
    ["AUC", () => new metrics.AUC({ multiLabel: true })],
    ["F1Score", () => new metrics.F1Score()],
    ["R2Score", () => new metrics.R2Score()],
    ["Precision", () => new metrics.Precision({ topK: 1 })],
    ["OneHotMeanIoU", () => new metrics.OneHotMeanIoU({ numClasses: 3 })],
    ["SensitivityAtSpecificity", () => new metrics.SensitivityAtSpecificity({ specificity: 0.5 })],
  ];
  it.each(made)("%s makes what it needs at the first batch, and frees it", (_name, make) => {
    const before = engine().memory.buffers;
    const [stepped, eager] = [make(), make()];
    const step = capture((y: AnyTensor, p: AnyTensor) => stepped.update(y, p));
    for (let seed = 1; seed < 4; seed++) {
      scope(() => {
        const p = softmax(spread([4, 3], { seed }));
        const truth = tensor([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0], { shape: [4, 3] });
        step(truth, p);
        eager.update(truth, p);
      });
    }
    expect(stepped.result()).toEqual(eager.result());
    for (const thing of [stepped, eager, step]) thing.dispose();
    expect(engine().memory.buffers).toBe(before);
  });
});

it("every name makes a metric of that name", () => {
  const names: metrics.MetricName[] = ["auc", "precision", "f1Score", "r2Score", "rootMeanSquaredError", "perplexity"];
  for (const name of names) {
    const metric = metrics.getMetric(name);
    expect(metric.name).toBe(name);
    expect(metric.result()).toEqual(expect.any(Number));
    metric.dispose();
  }
});

describe("errors", () => {
  const x = full([2, 3], 0.5);
  it.each<[string, () => unknown]>([
    ["precision: thresholds must be from 0 to 1, got 2", () => new metrics.Precision({ thresholds: [0.5, 2] })],
    [
      "precision: classId must be one of yPred's classes, got 3 for [2, 3]",
      () => new metrics.Precision({ classId: 3 }).update(x, x),
    ],
    ["recall: yTrue must have yPred's shape, got [2] and [2, 3]", () => new metrics.Recall().update(labels([1, 0]), x)],
    ["auc: numThresholds must be a whole number of at least 2, got 1", () => new metrics.AUC({ numThresholds: 1 })],
    ["auc: curve must be one of ROC, PR, PRGAIN, got roc", () => new metrics.AUC({ curve: "roc" as never })],
    [
      "auc: with multiLabel, yPred must be [batch, labels], got [2]",
      () => new metrics.AUC({ multiLabel: true }).update(zeros([2]), zeros([2])),
    ],
    [
      "sensitivityAtSpecificity: specificity must be from 0 to 1, got 1.5",
      () => new metrics.SensitivityAtSpecificity({ specificity: 1.5 }),
    ],
    [
      "f1Score: average must be one of micro, macro, weighted, or nothing",
      () => new metrics.F1Score({ average: "all" as never }),
    ],
    ["fBetaScore: beta must be above 0 and finite, got 0", () => new metrics.FBetaScore({ beta: 0 })],
    ["f1Score: yPred must be [batch, classes], got [4]", () => new metrics.F1Score().update(zeros([4]), zeros([4]))],
    ["iou: targetClassIds must be from 0 to 1, got 2", () => new metrics.IoU({ numClasses: 2, targetClassIds: [2] })],
    [
      "confusionMatrix: yTrue and yPred must have as many classes, got [2] and [3]",
      () => new metrics.ConfusionMatrix({ numClasses: 2 }).update(labels([1, 0]), labels([1, 0, 1])),
    ],
    ["r2Score: yPred must be [batch, outputs], got [4]", () => new metrics.R2Score().update(zeros([4]), zeros([4]))],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});
