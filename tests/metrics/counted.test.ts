// What counts in metrics: labels must be classes, NaN is no answer, and what a mask or a weight of 0 leaves out leaves no trace.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { attachMask } from "../../ts/layers/masks.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose } from "../layers/close.ts";

type Labels = Tensor<"i32">;
const whole = (values: number[], shape = [values.length]): Labels => tensor(Int32Array.from(values), { shape });
const floats = (values: number[], shape = [values.length]): Tensor => tensor(values, { shape });
const { NaN: nan } = Number;

/** Of class numbers, as yTrue and yPred. */
const ofClasses: [string, (options?: object) => metrics.Metric<unknown>][] = [
  ["ConfusionMatrix", (options) => new metrics.ConfusionMatrix({ numClasses: 3, ...options })],
  ["IoU", (options) => new metrics.IoU({ numClasses: 3, targetClassIds: [0, 1], ...options })],
  ["MeanIoU", (options) => new metrics.MeanIoU({ numClasses: 3, ...options })],
];

describe.each(ofClasses)("class numbers of %s", (_name, make) => {
  const wrong: [string, AnyTensor, AnyTensor, string][] = [
    ["a label above", whole([0, 3]), whole([0, 1]), "yTrue must be whole numbers from 0 to 2, got 3 at position 1"],
    ["a label below", whole([-1, 2]), whole([0, 1]), "yTrue must be whole numbers from 0 to 2, got -1 at position 0"],
    ["an answer above", whole([0, 1]), whole([0, 9]), "yPred must be whole numbers from 0 to 2, got 9 at position 1"],
    ["a part of a class", floats([0, 1.5]), floats([0, 1]), "yTrue must be whole numbers from 0 to 2, got 1.5"],
    ["an answer of NaN", floats([0, 1]), floats([nan, 1]), "yPred must be whole numbers from 0 to 2, got NaN"],
    ["bytes", tensor(Uint8Array.of(0, 255)), whole([0, 1]), "yTrue must be whole numbers from 0 to 2, got 255"],
  ];

  it.each(wrong)("must be classes, unlike %s", (_what, yTrue, yPred, message) => {
    const metric = make();
    expect(() => metric.update(yTrue, yPred)).toThrow(ArgumentError);
    expect(() => metric.update(yTrue, yPred)).toThrow(message);
    expect(metric.result()).toEqual(make().result());
  });

  it("are looked at in captured steps, before anything is counted", () => {
    const metric = make();
    const step = capture((yTrue: AnyTensor, yPred: AnyTensor) => metric.update(yTrue, yPred));
    step(whole([0, 1]), whole([0, 2]));
    const before = metric.result();
    expect(() => step(whole([0, 7]), whole([0, 2]))).toThrow(
      "yTrue must be whole numbers from 0 to 2, got 7 at position 1",
    );
    expect(() => step(whole([0, 1]), whole([-2, 2]))).toThrow(
      "yPred must be whole numbers from 0 to 2, got -2 at position 0",
    );
    expect(metric.result()).toEqual(before);
  });

  it("may be anything where they count nothing: ignored, masked, of weight 0", () => {
    const expected = make();
    expected.update(whole([0, 1]), whole([0, 0]));
    const same = (metric: metrics.Metric<unknown>, update: () => void): void => {
      update();
      expect(metric.result()).toEqual(expected.result());
    };
    for (const ignoreClass of [255, -1]) {
      const ignoring = make({ ignoreClass });
      same(ignoring, () => ignoring.update(whole([0, ignoreClass, 1]), whole([0, 77, 0])));
    }
    const weighted = make();
    same(weighted, () => weighted.update(whole([0, 9, 1]), whole([0, -5, 0]), floats([1, 0, 1])));
    const masked = make();
    same(masked, () =>
      masked.update(whole([0, 9, 1]), attachMask(whole([0, -5, 0]), tensor([true, false, true])) as AnyTensor),
    );
  });
});

it("ConfusionMatrix takes no class that more scores than classes stand for", () => {
  const metric = new metrics.ConfusionMatrix({ numClasses: 2, sparseYPred: false });
  metric.update(whole([1]), floats([0.1, 0.9, 0.3], [1, 3]));
  expect(metric.result()).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect(() => metric.update(whole([1]), floats([0.1, 0.2, 0.3], [1, 3]))).toThrow(
    "yPred must be whole numbers from 0 to 1, got 2",
  );
});

it("counts of pairs of classes are bounded, and ignored classes whole", () => {
  expect(() => new metrics.ConfusionMatrix({ numClasses: 5000 })).toThrow("at most 4096, got 5000");
  expect(() => new metrics.MeanIoU({ numClasses: 5000 })).toThrow("at most 4096, got 5000");
  expect(() => new metrics.MeanIoU({ numClasses: 3, ignoreClass: 0.5 })).toThrow("whole number, got 0.5");
});

const flat = (result: unknown): number[] => [result].flat(2) as number[];

/** How a metric is asked about [examples, 2] answers from 0 to 1. */
interface Asked {
  make: () => metrics.Metric<unknown>;
  truth: (answers: number[]) => AnyTensor;
  /** Whether NaN is a wrong answer. */
  isAccuracy?: boolean;
}

const yesAndNo = (answers: number[]): Tensor =>
  floats(
    answers.map((_, i) => ((i + (i >> 2)) % 3 === 0 ? 1 : 0)),
    [answers.length / 2, 2],
  );
const classes = (answers: number[]): Labels =>
  whole(answers.slice(answers.length / 2).map((_, i) => (i % 3 === 0 ? 1 : 0)));
const plain = (make: () => metrics.Metric<unknown>): Asked => ({ make, truth: yesAndNo });
const named = (name: metrics.MetricName, isAccuracy = false): [string, Asked] => [
  name,
  { make: () => metrics.getMetric(name), truth: name.startsWith("sparse") ? classes : yesAndNo, isAccuracy },
];

const scores = { numClasses: 2, sparseYPred: false };
const asked: [string, Asked][] = [
  named("accuracy", true),
  named("binaryAccuracy", true),
  named("categoricalAccuracy", true),
  named("sparseCategoricalAccuracy", true),
  [
    "topKCategoricalAccuracy",
    { ...plain(() => metrics.getMetric("topKCategoricalAccuracy", { k: 1 })), isAccuracy: true },
  ],
  [
    "sparseTopKCategoricalAccuracy",
    { make: () => metrics.getMetric("sparseTopKCategoricalAccuracy", { k: 1 }), truth: classes, isAccuracy: true },
  ],
  named("meanSquaredError"),
  named("meanAbsoluteError"),
  named("meanAbsolutePercentageError"),
  named("meanSquaredLogarithmicError"),
  named("cosineSimilarity"),
  named("logCosh"),
  named("poisson"),
  named("pearsonCorrelation"),
  named("concordanceCorrelation"),
  named("hinge"),
  named("squaredHinge"),
  named("categoricalHinge"),
  named("klDivergence"),
  named("binaryCrossentropy"),
  named("categoricalCrossentropy"),
  named("sparseCategoricalCrossentropy"),
  ["RootMeanSquaredError", plain(() => new metrics.RootMeanSquaredError())],
  ["R2Score", plain(() => new metrics.R2Score())],
  [
    "R2Score, adjusted",
    plain(() => new metrics.R2Score({ numRegressors: 2, classAggregation: "varianceWeightedAverage" })),
  ],
  ["TruePositives", plain(() => new metrics.TruePositives())],
  ["FalsePositives", plain(() => new metrics.FalsePositives())],
  ["TrueNegatives", plain(() => new metrics.TrueNegatives())],
  ["FalseNegatives", plain(() => new metrics.FalseNegatives())],
  ["Precision", plain(() => new metrics.Precision())],
  ["Precision among the largest", plain(() => new metrics.Precision({ topK: 1 }))],
  ["Recall", plain(() => new metrics.Recall())],
  ["Recall of a class", plain(() => new metrics.Recall({ classId: 1 }))],
  ["SensitivityAtSpecificity", plain(() => new metrics.SensitivityAtSpecificity({ specificity: 0.4 }))],
  ["SpecificityAtSensitivity", plain(() => new metrics.SpecificityAtSensitivity({ sensitivity: 0.4 }))],
  ["PrecisionAtRecall", plain(() => new metrics.PrecisionAtRecall({ recall: 0.4 }))],
  ["RecallAtPrecision", plain(() => new metrics.RecallAtPrecision({ precision: 0.4 }))],
  ["AUC", plain(() => new metrics.AUC())],
  ["AUC of logits", plain(() => new metrics.AUC({ fromLogits: true, curve: "PR" }))],
  ["AUC under PRGAIN", plain(() => new metrics.AUC({ curve: "PRGAIN", summationMethod: "minoring" }))],
  ["AUC of each label", plain(() => new metrics.AUC({ multiLabel: true, summationMethod: "majoring" }))],
  ["F1Score", plain(() => new metrics.F1Score({ average: "macro" }))],
  ["FBetaScore", plain(() => new metrics.FBetaScore({ average: "weighted", threshold: 0.5 }))],
  ["BinaryIoU", plain(() => new metrics.BinaryIoU())],
  ["IoU", { make: () => new metrics.IoU({ ...scores, targetClassIds: [1] }), truth: classes }],
  ["MeanIoU", { make: () => new metrics.MeanIoU(scores), truth: classes }],
  ["OneHotIoU", plain(() => new metrics.OneHotIoU({ numClasses: 2, targetClassIds: [0] }))],
  ["OneHotMeanIoU", plain(() => new metrics.OneHotMeanIoU({ numClasses: 2 }))],
  ["ConfusionMatrix", { make: () => new metrics.ConfusionMatrix(scores), truth: classes }],
  ["Perplexity", { make: () => new metrics.Perplexity(), truth: classes }],
];

it("all metrics are asked", () => {
  const isMetric = (x: unknown): boolean =>
    typeof x === "function" && x.prototype instanceof metrics.Metric && x !== metrics.MeanMetric;
  const known = Object.entries(metrics).filter(([, x]) => isMetric(x));
  expect(known.map(([name]) => name).filter((name) => !asked.some(([other]) => other === name))).toEqual([]);
});

describe.each(asked)("%s", (name, { make, truth, isAccuracy }) => {
  const answers = [0.9, 0.1, 0.3, 0.7, 0.6, 0.2, 0.8, 0.45, 0.15, 0.55, 0.35, 0.65];
  const [rows, columns] = [6, 2];
  const said = (extra: number[] = []): Tensor =>
    floats([...answers, ...extra], [rows + extra.length / columns, columns]);
  /** The same targets, and others for what is added. */
  const targets = (extra: number): AnyTensor => {
    const own = truth(answers);
    const data = [...own.data(), ...Array.from({ length: (extra * own.size) / rows }, (_, i) => i % 2)];
    const shape = [rows + extra, ...own.shape.slice(1)];
    return own.dtype === "f32" ? floats(data, shape) : whole(data, shape);
  };
  const expected = (() => {
    const metric = make();
    metric.update(targets(0), said());
    return metric.result();
  })();
  const counted = tensor([...answers.slice(0, rows).map(() => true), false, false]);
  const weights = floats([1, 1, 1, 1, 1, 1, 0, 0]);

  it.each([
    ["numbers", [0.2, 0.7, 0.9, 0.4]],
    ["NaN", [nan, 0.7, nan, nan]],
  ])("leaves out what the mask of the prediction does, also of %s", (_what, extra) => {
    const metric = make();
    const step = capture((t: AnyTensor, p: AnyTensor) => metric.update(t, attachMask(p, counted)));
    step(targets(2), said(extra));
    expectClose(flat(metric.result()), flat(expected));
  });

  it("leaves out what has a weight of 0", () => {
    const metric = make();
    metric.update(targets(2), said([nan, 0.7, nan, nan]), weights);
    // The adjusted score counts numbers whatever their weights, as Keras does.
    if (name === "R2Score, adjusted") return void expect(metric.result()).not.toBeNaN();
    expectClose(flat(metric.result()), flat(expected));
  });

  it(isAccuracy ? "takes NaN for wrong" : "of NaN is NaN", () => {
    const metric = make();
    metric.update(targets(1), said([0.4, nan]));
    if (isAccuracy) expect(metric.result()).toBeLessThan(1);
    else expect(flat(metric.result()).some(Number.isNaN)).toBe(true);
  });
});
