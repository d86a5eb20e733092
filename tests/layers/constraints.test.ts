// Constraints against Keras's formulas, and as layers are given them.
import { describe, expect, it } from "vitest";
import { getConstraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from "../../ts/layers/constraints.ts";
import { dense } from "../../ts/layers/index.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { expectClose } from "./close.ts";

/** Columns of norms 5 and 0.5; rows of norms sqrt(9.09) and sqrt(16.16). */
const weight = tensor([
  [3, 0.3],
  [-4, 0.4],
]);

const columnNorms = (w: Tensor): number[] => {
  const [a, b, c, d] = w.data();
  return [Math.hypot(a, c), Math.hypot(b, d)];
};

describe("constraints", () => {
  it("limit norms", () => {
    expectClose(columnNorms(maxNorm()(weight)), [2, 0.5]);
    expectClose(columnNorms(maxNorm({ maxValue: 0.25 })(weight)), [0.25, 0.25]);
    expectClose(columnNorms(unitNorm()(weight)), [1, 1]);
    expectClose(columnNorms(minMaxNorm({ minValue: 0.75, maxValue: 2 })(weight)), [2, 0.75]);
    expectClose(columnNorms(minMaxNorm({ minValue: 0.75, maxValue: 2, rate: 0.5 })(weight)), [3.5, 0.625]);
    expectClose(
      unitNorm({ axis: [0, 1] })(weight).data(),
      [...weight.data()].map((x) => x / Math.hypot(5, 0.5)),
    );
    expectClose(unitNorm({ axis: 1 })(tensor([[3, 4]])).data(), [0.6, 0.8]);
  });

  it("keep zeros, and take away what is negative", () => {
    expect([...maxNorm()(tensor([[0], [0]])).data()]).toEqual([0, 0]);
    expect([...nonNeg()(weight).data()]).toEqual([3, Math.fround(0.3), 0, Math.fround(0.4)]);
  });

  it("have names, and are checked", () => {
    expectClose(columnNorms(getConstraint({ name: "maxNorm", maxValue: 1 })(weight)), [1, 0.5]);
    expectClose(columnNorms(getConstraint("unitNorm")(weight)), [1, 1]);
    const own = (w: Tensor): Tensor => w;
    expect(getConstraint(own)).toBe(own);
    expect(() => getConstraint("norm" as never)).toThrow(/one of maxNorm, nonNeg, unitNorm, minMaxNorm, got "norm"/);
    expect(() => minMaxNorm({ minValue: 2 })).toThrow("constraint: maxValue must be at least 2, got 1");
    expect(() => minMaxNorm({ rate: 2 })).toThrow("constraint: rate must be from 0 to 1, got 2");
  });

  it("hold for layers that are trained, and are saved with them", async () => {
    const kernelConstraint = maxNorm({ maxValue: 0.5 });
    const layer = dense({ units: 3, kernelConstraint, biasConstraint: "nonNeg", inputShape: [2] });
    const model = new Sequential([layer]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [x, y] = [tensor([[1, 2]]), tensor([[3, -30, 8]])];
    await model.fit(x, y, { epochs: 30, verbose: 0 });
    const [kernel, bias] = model.weights.map((w) => [...w.data()]);
    for (const column of [0, 1, 2]) expect(Math.hypot(kernel[column], kernel[3 + column])).toBeLessThanOrEqual(0.50001);
    expect(bias[1]).toBe(0);
    expect(bias[2]).toBeGreaterThan(0.5);
    expect(layer.config()).toMatchObject({
      kernelConstraint: { name: "maxNorm", maxValue: 0.5, axis: 0 },
      biasConstraint: "nonNeg",
    });
  });
});
