// Metrics as plain JSON: by name and options, and made again from them.
import { expect, it } from "vitest";
import all from "../../ts/generated/metrics.ts";
import * as losses from "../../ts/losses/index.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { sub } from "../../ts/ops/arithmetic.ts";
import { abs } from "../../ts/ops/elementwise.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";

/** Options of each that has some, beside the name. */
const options: { readonly [name in keyof typeof all]?: object } = {
  binaryAccuracy: { threshold: 0.7 },
  accuracy: { threshold: 0.7 },
  topKCategoricalAccuracy: { k: 1 },
  sparseTopKCategoricalAccuracy: { k: 1 },
  cosineSimilarity: { axis: 0 },
  pearsonCorrelation: { axis: 0 },
  concordanceCorrelation: { axis: 0 },
  auc: { curve: "PR", thresholds: [0.2, 0.8], fromLogits: false },
  truePositives: { thresholds: [0.2, 0.3] },
  falsePositives: { thresholds: [0.2, 0.3] },
  trueNegatives: { thresholds: 0.3 },
  falseNegatives: { thresholds: 0.3 },
  precision: { thresholds: 0.3, classId: 1 },
  recall: { topK: 1 },
  sensitivityAtSpecificity: { specificity: 0.5 },
  specificityAtSensitivity: { sensitivity: 0.5, numThresholds: 3 },
  precisionAtRecall: { recall: 0.5 },
  recallAtPrecision: { precision: 0.5 },
  fBetaScore: { beta: 2, average: "micro" },
  f1Score: { threshold: 0.5 },
  confusionMatrix: { numClasses: 2, sparseYPred: false },
  iou: { numClasses: 2, targetClassIds: [1], ignoreClass: 0 },
  binaryIoU: { threshold: 0.3 },
  meanIoU: { numClasses: 2 },
  oneHotIoU: { numClasses: 2, targetClassIds: [0], sparseYPred: true },
  oneHotMeanIoU: { numClasses: 2 },
  perplexity: { maskTokenId: 0 },
  r2Score: { classAggregation: null, numRegressors: 1 },
};

const exported = new Map(Object.entries<unknown>(metrics));

it.each(Object.entries(all))("%s is the name of its export", (name, definition) => {
  expect(exported.get(name)).toBe(definition);
  expect(Object.entries(all).find(([, one]) => one === definition)?.[0] === name ? definition.kind : name).toBe(name);
});

it.each(Object.keys(all) as (keyof typeof all)[])("%s with its name and options travels", (name) => {
  const given = { ...options[name], name: "mine" };
  const metric = metrics.fromConfig({ kind: name, config: given as never });
  const { kind, config } = JSON.parse(JSON.stringify({ kind: metric.kind, config: metric.config() }));
  expect(config).toEqual(given);
  expect(all[kind as keyof typeof all]).toBe(all[name]);
  const again = metrics.fromConfig({ kind, config });
  expect(again.constructor).toBe(metric.constructor);
  expect([again.name, again.direction, again.config()]).toEqual(["mine", metric.direction, given]);
  for (const one of [metric, again]) one.dispose();
});

it("a metric made by name keeps what compile has told it", () => {
  const [auc, accuracy, f1] = [
    metrics.getMetric("auc", undefined, true),
    metrics.getMetric("acc", undefined, true),
    metrics.getMetric("f1Score"),
  ];
  expect([auc.kind, auc.config()]).toEqual(["auc", { fromLogits: true }]);
  expect([accuracy.kind, accuracy.config()]).toEqual(["accuracy", { threshold: 0, name: "acc" }]);
  expect([f1.kind, f1.config()]).toEqual(["f1Score", { average: "macro" }]);
  for (const one of [auc, accuracy, f1]) one.dispose();
});

it("every loss is a metric, with the options it was made with", () => {
  const huber = metrics.getMetric(losses.huber.with({ delta: 2, reduction: "sum" }));
  expect([huber.kind, huber.config(), huber.direction]).toEqual(["huber", { delta: 2, reduction: "sum" }, "min"]);
  const again = metrics.fromConfig({ kind: "huber", config: huber.config() });
  const [t, p] = [tensor([1, 2]), tensor([9, 2])];
  for (const one of [huber, again]) one.update(t, p);
  expect(again.result()).toBe(huber.result());
  expect(huber.result()).toBe(7);
  expect(() => metrics.getMetric("dice", undefined, true)).toThrow("compile: dice must have probabilities");
});

it("metrics and figures of one's own are found once they are defined", () => {
  class Largest extends metrics.Metric {
    private most = 0;
    private readonly scale: number;
    constructor(options: metrics.MetricOptions & { scale?: number } = {}) {
      super(options);
      this.scale = options.scale ?? 1;
    }
    update(_yTrue: AnyTensor, yPred: AnyTensor): void {
      this.most = Math.max(this.most, ...yPred.data()) * this.scale;
    }
    result(): number {
      return this.most;
    }
    reset(): void {
      this.most = 0;
    }
    dispose(): void {}
  }
  expect(() => new Largest({ name: "a" }).config()).toThrow("a must be of a class of defineMetric");
  const largest = metrics.defineMetric("largest", Largest, { direction: "max", optionNames: ["name@ scale#"] });
  const metric = metrics.fromConfig({ kind: "largest", config: { scale: 2 } });
  expect(metric).toBeInstanceOf(Largest);
  expect([metric.name, metric.direction, metric.config()]).toEqual(["largest", "max", { scale: 2 }]);
  expect(largest({ scale: 3 }).config()).toEqual({ scale: 3 });
  expect(() => largest({ scal: 3 } as never)).toThrow("largest: unknown option scal, known are name, scale");
  expect(metrics.namedDirection("largest")).toBe("max");

  const gap = metrics.defineFigure("gap", (t, p: Tensor) => abs(sub(p, t as Tensor)), { direction: "min" });
  const mean = metrics.fromConfig("gap");
  mean.update(tensor([1, 2]), tensor([4, 2]));
  expect([mean.result(), mean.kind, metrics.getMetric(gap as never).name]).toEqual([1.5, "gap", "gap"]);
});

it("what has no name cannot be written", () => {
  const metric = new metrics.MeanMetric("far", (t, p) => abs(sub(p, t)));
  expect(() => metric.config()).toThrow("metric: to be saved or sent, far must be of a class of defineMetric");
});

it.each([
  [{ kind: "auc", config: { curv: "PR" } }, "auc: unknown option curv, known are numThresholds, curve"],
  [{ kind: "huber", config: { epsilon: 2 } }, "huber: unknown option epsilon"],
  [{ kind: "binaryAccuracy", config: { k: 2 } }, "binaryAccuracy: unknown option k"],
  ["nothing", "metric: the name must be one of"],
  [{ kind: "meanIoU" }, "meanIoU: numClasses must be"],
  [{ kind: "iou", config: { numClasses: 2 } }, "iou: targetClassIds must be"],
])("%j is refused", (config, message) => {
  expect(() => metrics.fromConfig(config as never)).toThrow(message);
  expect(() => metrics.fromConfig(config as never)).toThrow(expect.objectContaining({ name: "ArgumentError" }));
});

it("defineMetric takes classes of metrics", () => {
  expect(() => metrics.defineMetric("map", Map as never)).toThrow("defineMetric: map must be a class of metrics");
  expect(() => metrics.defineMetric(7 as never, Map as never)).toThrow("defineMetric: kind must be a string, got 7");
});
