// Gradients whose squares are beyond f32: no optimizer may be lost to them for ever.
import { describe, expect, it } from "vitest";
import { getOptimizer, type Optimizer, type OptimizerName } from "../../ts/optim/index.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { Variable } from "../../ts/tensor/variable.ts";

const names = ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamw", "adamax", "nadam", "lion", "lamb"] as const;
const all: readonly OptimizerName[] = [...names, "adafactor", "ftrl", "muon"];

const options = [{}, { clipNorm: 1 }, { globalClipNorm: 1 }, { clipValue: 1 }, { useEma: true }, { momentum: 0.9 }];
const own: { readonly [name in OptimizerName]?: readonly object[] } = {
  rmsprop: [{ momentum: 0.9, centered: true }, { centered: true }],
  sgd: [{ momentum: 0.9, nesterov: true }],
  adam: [{ amsgrad: true }],
};

const parts = [1, -2, 3, 0.5, 0.25, -1];
const variable = (): Variable => new Variable(tensor(Float32Array.from(parts), { shape: [2, 3] }));

/** A step whose gradient is `size` but for the second number's, which is an ordinary one. */
function step(optimizer: Optimizer, x: Variable, size: number): number[] {
  const gradient = Float32Array.from(parts, (part, i) => (i === 1 ? 0.1 : size * part));
  optimizer.step([x], [tensor(gradient, { shape: [2, 3] })]);
  return [...x.data()];
}

describe.each(all)("%s", (name) => {
  const given = [...options.slice(0, -1), ...(own[name] ?? [])];
  it.each([[[1e20]], [[1e30]], [[1e38, -1e38, 1e38]], [[1e20, 1e20, -1e20]]])(
    "is finite after gradients of %j",
    (sizes) => {
      for (const each of given) {
        const [optimizer, x] = [getOptimizer(name, each), variable()];
        for (const size of sizes) step(optimizer, x, size);
        for (let i = 0; i < 20; i++) step(optimizer, x, 0.1);
        expect(
          [...x.data()].filter((value) => !Number.isFinite(value)),
          JSON.stringify(each),
        ).toEqual([]);
      }
    },
  );

  it("shows an infinite gradient", () => {
    const x = variable();
    const after = step(getOptimizer(name), x, Number.POSITIVE_INFINITY);
    // A step by the sign is as long as every other.
    expect(after.every(Number.isFinite)).toBe(name === "lion");
  });
});

describe("after an immense gradient", () => {
  it.each(["rmsprop", "adam", "nadam", "lamb"] as const)("%s goes on learning", (name) => {
    const [optimizer, x] = [getOptimizer(name, name === "rmsprop" ? {} : { beta2: 0.9 }), variable()];
    step(optimizer, x, 1e20);
    const before = x.data();
    for (let i = 0; i < 1500; i++) step(optimizer, x, 1);
    const after = step(optimizer, x, 1);
    expect(after.every((value, i) => Number.isFinite(value) && value !== before[i])).toBe(true);
  });

  it.each(["adam", "rmsprop", "adamax", "nadam"] as const)("%s takes the step of a large one", (name) => {
    const steps = [1e5, 1e20].map((size) => {
      const x = variable();
      return step(getOptimizer(name), x, size);
    });
    steps[0].forEach((value, i) => {
      expect(steps[1][i]).toBeCloseTo(value, 5);
    });
  });

  it("clipping by norm keeps the direction", () => {
    const x = variable();
    step(getOptimizer("sgd", { learningRate: 1, clipNorm: 1 }), x, 1e30);
    const norm = Math.hypot(1, 3, 0.5, 0.25, -1);
    [...x.data()].forEach((value, i) => {
      expect(value).toBeCloseTo(i === 1 ? -2 : parts[i] - parts[i] / norm, 5);
    });
  });

  it("centred RMSprop survives rounding: a variance of a constant gradient is never below 0", () => {
    const [optimizer, x] = [getOptimizer("rmsprop", { centered: true }), variable()];
    for (let i = 0; i < 300; i++) step(optimizer, x, 1234.567);
    expect([...x.data()].every(Number.isFinite)).toBe(true);
  });
});
