// detectAnomaly: the op, the layer and the way it names; what it leaves alone.
import { describe, expect, it } from "vitest";
import {
  AnomalyError,
  capture,
  detectAnomaly,
  div,
  exp,
  grad,
  layers,
  log,
  mul,
  Sequential,
  StateError,
  sqrt,
  sum,
  type Tensor,
  tensor,
  where,
} from "../../ts/index.ts";

function anomalyOf(f: () => unknown): AnomalyError {
  try {
    f();
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  return expect.fail("no anomaly was found");
}

describe("detectAnomaly", () => {
  it("names the first op whose result is not finite", () => {
    const error = anomalyOf(() => detectAnomaly(() => exp(mul(log(tensor([1, -2])), 2))));
    expect(error).toMatchObject({ op: "log", layer: undefined, gradientOf: undefined });
    expect(error.message).toContain("got NaN as element 1 of shape [2]; its arguments were finite");
  });

  it("names the layers around it", () => {
    const model = new Sequential([
      layers.dense({ units: 2, inputShape: [2], kernelInitializer: "ones", name: "first" }),
      layers.lambda({ function: (x) => log(x as Tensor), name: "logarithm" }),
    ]);
    const error = anomalyOf(() => detectAnomaly(() => model.apply(tensor([[-1, -1]]))));
    expect(error.op).toBe("log");
    expect(error.layer).toMatch(/logarithm$/);
    expect(error.message).toContain("in layer");
  });

  it("finds what only a gradient makes, and says whose and in which layer", () => {
    const root = layers.lambda({ function: (x) => sqrt(x as Tensor), name: "root" });
    const f = (x: Tensor): Tensor => sum(root.apply(x));
    const error = anomalyOf(() => detectAnomaly(() => grad(f)(tensor([[0, 4]]))));
    expect(error).toMatchObject({ gradientOf: "sqrt", layer: "root" });
    expect(error.message).toContain("got Infinity");
  });

  it("says when the arguments were not finite to begin with", () => {
    const error = anomalyOf(() => detectAnomaly(() => mul(tensor([Number.NaN]), 2)));
    expect(error.message).toContain("were not finite either");
  });

  it("returns the result where all is well, and can leave infinities alone", () => {
    expect(detectAnomaly(() => exp(tensor([0]))).item()).toBe(1);
    const masked = (): Tensor => where(tensor([true, false]), tensor([1, 2]), Number.NEGATIVE_INFINITY);
    expect(anomalyOf(() => detectAnomaly(masked)).op).toBe("where");
    expect(detectAnomaly(masked, { infinities: false }).shape).toEqual([2]);
    const zero = tensor([0]);
    expect(anomalyOf(() => detectAnomaly(() => div(zero, zero), { infinities: false })).op).toBe("div");
  });

  it("sees the ops of captured steps, recorded before or not", () => {
    const step = capture((x: Tensor) => log(x));
    step(tensor([1, 2]));
    expect(anomalyOf(() => detectAnomaly(() => step(tensor([1, 0])))).op).toBe("log");
    expect(step.recordings).toBe(1);
    expect([...step(tensor([1, 0])).data()]).toEqual([0, Number.NEGATIVE_INFINITY]);
    const inside = capture((x: Tensor) => detectAnomaly(() => exp(x)));
    expect(() => inside(tensor([1]))).toThrow(StateError);
  });

  it("watches until a promise settles, and no longer", async () => {
    const later = async (): Promise<Tensor> => {
      await Promise.resolve();
      return log(tensor([-1]));
    };
    await expect(detectAnomaly(later)).rejects.toThrow(AnomalyError);
    expect(Number.isNaN(log(tensor([-1])).item())).toBe(true);
    expect(() => detectAnomaly(() => log(tensor([-1])))).toThrow(AnomalyError);
    expect(Number.isNaN(log(tensor([-1])).item())).toBe(true);
  });

  it("ends by itself where two overlap", async () => {
    const gates: (() => void)[] = [];
    const wait = (): Promise<void> => detectAnomaly(() => new Promise<void>((resolve) => gates.push(resolve)));
    const [first, second] = [wait(), wait()];
    for (const [i, done] of [first, second].entries()) {
      expect(() => log(tensor([-1]))).toThrow(AnomalyError);
      gates[i]();
      await done;
    }
    expect(Number.isNaN(log(tensor([-1])).item())).toBe(true);
    const step = capture((x: Tensor) => exp(x));
    step(tensor([1]));
    expect(step.recordings).toBe(1);
  });

  it("finds the fault of a training step", async () => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [1], kernelInitializer: "zeros" })]);
    model.compile({ optimizer: "sgd", loss: (_: Tensor, yPred: Tensor) => sum(log(yPred)) } as never);
    const x = tensor([[1], [2]]);
    await expect(detectAnomaly(() => model.fit(x, x, { verbose: 0 } as never))).rejects.toThrow(/result of log/);
  });
});
