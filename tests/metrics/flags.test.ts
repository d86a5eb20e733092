// What metrics of yes and no take for labels: 0 and 1 where they count, nothing else.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { attachMask } from "../../ts/layers/masks.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";

const made: { readonly [name: string]: () => metrics.Metric } = {
  truePositives: () => new metrics.TruePositives(),
  falsePositives: () => new metrics.FalsePositives(),
  trueNegatives: () => new metrics.TrueNegatives(),
  falseNegatives: () => new metrics.FalseNegatives(),
  precision: () => new metrics.Precision(),
  recall: () => new metrics.Recall(),
  auc: () => new metrics.AUC(),
  sensitivityAtSpecificity: () => new metrics.SensitivityAtSpecificity({ specificity: 0.5 }),
  specificityAtSensitivity: () => new metrics.SpecificityAtSensitivity({ sensitivity: 0.5 }),
  precisionAtRecall: () => new metrics.PrecisionAtRecall({ recall: 0.5 }),
  recallAtPrecision: () => new metrics.RecallAtPrecision({ precision: 0.5 }),
  f1Score: () => new metrics.F1Score({ average: "macro", threshold: 0.5 }),
  fBetaScore: () => new metrics.FBetaScore({ average: "micro", threshold: 0.5 }),
  binaryIoU: () => new metrics.BinaryIoU(),
  binaryAccuracy: () => metrics.getMetric("binaryAccuracy"),
  accuracy: () => metrics.getMetric("accuracy"),
};

describe.each(Object.entries(made))("%s", (_, make) => {
  const yPred = tensor([[0.2], [0.8], [0.6], [0.4]]);

  it.each([-1, 2, 0.5, Number.NaN])("refuses a label of %f, eagerly and captured, and has taken in nothing", (bad) => {
    const metric = make();
    const update = capture((t: Tensor, p: Tensor) => metric.update(t, p));
    const before = metric.result();
    const wrong = tensor([[0], [1], [bad], [1]]);
    for (const f of [() => metric.update(wrong, yPred), () => update(wrong, yPred)]) {
      expect(f).toThrow(ArgumentError);
      expect(f).toThrow(/yTrue must be (0 or 1|whole numbers from 0 to 1), got (NaN|-?[\d.]+) at position/);
    }
    expect(metric.result()).toBe(before);
    const right = tensor([[0], [1], [1], [0]]);
    update(right, yPred);
    const once = make();
    once.update(right, yPred);
    expect(metric.result()).toBe(once.result());
  });

  it("does not mind labels that a mask leaves out", () => {
    const masked = make();
    masked.update(
      tensor([[0], [-1], [1], [-1]]),
      attachMask(tensor(yPred.data(), { shape: [4, 1] }), tensor([true, false, true, false])),
    );
    const whole = make();
    whole.update(tensor([[0], [1]]), tensor([[0.2], [0.6]]));
    expect(masked.result()).toBe(whole.result());
  });
});
