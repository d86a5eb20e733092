// Schedules that Keras does not have against PyTorch and their formulas, and what schedules refuse. Keras's own are in
// keras.test.ts.
import { describe, expect, it } from "vitest";
import { rateAt, type Schedule } from "../../ts/optim/rate.ts";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  linearWarmup,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  stepDecay,
} from "../../ts/optim/schedules.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { readGolden } from "../golden/read.ts";

const golden: Record<string, number[]> = readGolden("torch-schedules");

const same: Record<string, Schedule> = {
  stepDecay: stepDecay({ initialLearningRate: 0.2, stepSize: 7, gamma: 0.5 }),
  oneCycle: oneCycle({ maxLearningRate: 0.3, totalSteps: 40 }),
  "oneCycle options": oneCycle({
    maxLearningRate: 0.3,
    totalSteps: 25,
    pctStart: 0.5,
    divFactor: 10,
    finalDivFactor: 100,
  }),
};

describe("PyTorch's schedules", () => {
  it.each(Object.entries(same))("%s", (name, schedule) => {
    golden[name].forEach((rate, step) => {
      const found = rateAt(schedule, step);
      expect(Math.abs(found - rate), `step ${step}: ${found}, not ${rate}`).toBeLessThanOrEqual(1e-5 * rate + 2e-8);
    });
  });
});

describe("warm-up", () => {
  it("rises to a number and stays there", () => {
    const schedule = linearWarmup({ learningRate: 0.5, warmupSteps: 4, initialLearningRate: 0.1 });
    const rates = [0, 1, 2, 4, 5, 100].map((step) => rateAt(schedule, step));
    [0.1, 0.2, 0.3, 0.5, 0.5, 0.5].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 6);
    });
  });

  it("rises to where another schedule begins", () => {
    const learningRate = exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
    const schedule = linearWarmup({ learningRate, warmupSteps: 4 });
    expect([0, 1, 3, 4, 5, 7].map((step) => rateAt(schedule, step))).toEqual([0, 0.25, 0.75, 1, 0.5, 0.125]);
  });
});

describe("restarts", () => {
  it("happen at the very step at which a decay ends", () => {
    const schedule = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 10, tMul: 3, mMul: 0.5 });
    // Decays of 10, 30, 90 and 270 steps.
    expect([0, 10, 40, 130].map((step) => rateAt(schedule, step))).toEqual([1, 0.5, 0.25, 0.125]);
    for (const step of [9, 39, 129]) expect(rateAt(schedule, step)).toBeLessThan(0.03);
  });
});

describe("bad arguments", () => {
  const base = { initialLearningRate: 1, decaySteps: 10 };
  it.each<[string, () => Schedule]>([
    ["a negative rate", () => exponentialDecay({ ...base, initialLearningRate: -1, decayRate: 0.5 })],
    ["a negative decay rate", () => exponentialDecay({ ...base, decayRate: -1 })],
    ["an alpha of 2", () => cosineDecay({ ...base, alpha: 2 })],
    ["a decay in no steps", () => polynomialDecay({ ...base, decaySteps: 0 })],
    ["decays that get shorter", () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 5, tMul: 0.5 })],
    ["as many values as boundaries", () => piecewiseConstantDecay({ boundaries: [1], values: [1] })],
    ["no boundaries", () => piecewiseConstantDecay({ boundaries: [], values: [1] })],
    ["half a step of warm-up", () => linearWarmup({ learningRate: 1, warmupSteps: 0.5 })],
    ["a cycle of no steps", () => oneCycle({ maxLearningRate: 1, totalSteps: 0 })],
  ])("%s", (_name, make) => {
    expect(make).toThrow(ArgumentError);
  });
});
