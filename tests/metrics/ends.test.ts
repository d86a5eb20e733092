// Metrics at the ends of their ranges, and of numbers far from 0.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import * as metrics from "../../ts/metrics/index.ts";
import { tensor } from "../../ts/tensor/create.ts";

const column = (values: readonly number[]) => tensor([...values], { shape: [values.length, 1] });

describe("predictions of exactly 0 and 1", () => {
  it.each(["ROC", "PR", "PRGAIN"] as const)("are in the area under %s", (curve) => {
    const area = (truth: number[], answers: number[]): number => {
      const m = new metrics.AUC({ curve });
      m.update(tensor(truth), tensor(answers));
      return m.result();
    };
    expect(area([1, 0], [1, 0])).toBeCloseTo(1, 6);
    expect(area([1, 0, 1, 0], [1, 0, 1, 0])).toBeCloseTo(1, 6);
    if (curve === "ROC") expect(area([0, 1], [1, 0])).toBe(0);
  });

  it("all the same make half the area", () => {
    for (const answer of [0, 1, 0.5]) {
      const m = new metrics.AUC();
      m.update(tensor([1, 0, 1, 0]), tensor([answer, answer, answer, answer]));
      expect(m.result()).toBeCloseTo(0.5, 6);
    }
  });

  it("exceed the thresholds below them and no others, whatever the thresholds", () => {
    const answers = [0, 0.25, 0.5, 0.75, 1];
    for (const thresholds of [[0, 0.5, 1], [0.5], [0, 0.25, 0.5, 0.75, 1], [0.1, 0.9]]) {
      const m = new metrics.TruePositives({ thresholds });
      m.update(tensor(answers.map(() => 1)), tensor(answers));
      expect(m.result()).toEqual(
        thresholds.length === 1
          ? answers.filter((a) => a > thresholds[0]).length
          : thresholds.map((t) => answers.filter((a) => a > t).length),
      );
    }
  });
});

describe("R2Score of numbers far from 0", () => {
  const truth = [10000, 10001, 10002, 10003];
  const answers = truth.map((x) => Math.fround(x + 0.1));
  // 1 - 4 (0.1)^2 / 5, with the differences as f32 has them.
  const expected = 1 - truth.reduce((sum, x, i) => sum + (answers[i] - x) ** 2, 0) / 5;

  it("is what float64 makes of them", () => {
    const m = new metrics.R2Score();
    m.update(column(truth), column(answers));
    expect(m.result()).toBeCloseTo(expected, 6);
    expect(m.result()).toBeCloseTo(0.992, 3);
  });

  it("is the same over batches, captured, and after a reset", () => {
    const m = new metrics.R2Score();
    const update = capture((t: ReturnType<typeof column>, p: ReturnType<typeof column>) => m.update(t, p));
    for (let round = 0; round < 2; round++) {
      for (const i of [0, 2]) update(column(truth.slice(i, i + 2)), column(answers.slice(i, i + 2)));
      expect(m.result()).toBeCloseTo(expected, 6);
      m.reset();
    }
    // Another place after the reset: the distances are taken from there.
    for (const i of [0, 2]) {
      update(column(truth.slice(i, i + 2).map((x) => x * 100)), column(truth.slice(i, i + 2).map((x) => x * 100 + 1)));
    }
    expect(m.result()).toBeCloseTo(1 - 4 / 50000, 6);
  });

  it("of columns apart from each other", () => {
    const m = new metrics.R2Score({ classAggregation: null });
    m.update(
      tensor([
        [1e6, 1],
        [1e6 + 1, 2],
        [1e6 + 2, 4],
      ]),
      tensor([
        [1e6, 1],
        [1e6 + 1, 2],
        [1e6 + 1, 3],
      ]),
    );
    expect(m.result()[0]).toBeCloseTo(0.5, 6);
    expect(m.result()[1]).toBeCloseTo(1 - 1 / (14 / 3), 5);
  });
});

describe("correlations of numbers far from 0", () => {
  it.each([0, 1e4, 1e6, 1e7])("around %f are those around 0", (place) => {
    const [t, p] = [
      [0, 1, 2, 3, 9],
      [1, 0, 2, 4, 8],
    ].map((row) => tensor([row.map((x) => x + place)]));
    const [centredT, centredP] = [
      [-3, -2, -1, 0, 6],
      [-2, -3, -1, 1, 5],
    ];
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const [both, tt, pp] = [dot(centredT, centredP), dot(centredT, centredT), dot(centredP, centredP)];
    expect(metrics.pearsonCorrelation(t, p).item()).toBeCloseTo(both / Math.sqrt(tt * pp), 5);
    expect(metrics.concordanceCorrelation(t, p).item()).toBeCloseTo((2 * both) / (tt + pp), 5);
  });
});

describe("predictions that are no probabilities", () => {
  // Keras 3.15 gives these areas.
  it.each([
    [[1, 0], [2, -3], 1],
    [[1, 0, 1, 0], [5, 4, 3, -3], 0.75],
    [[0, 1], [2, -3], 0],
  ])("of %j for %j make an area too", (truth, answers, area) => {
    const m = new metrics.AUC();
    m.update(tensor(truth), tensor(answers));
    expect(m.result()).toBeCloseTo(area, 6);
  });
});
