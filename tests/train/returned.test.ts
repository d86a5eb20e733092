// What losses, metrics, calls and options of one's own must be: anything else is a typed error that names it, and no promise
// is left alone.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  History,
  layers,
  Model,
  mean,
  metrics,
  Sequential,
  type Tensor,
  tensor,
} from "../../ts/index.ts";
import type { CallContext, Inputs, Outputs } from "../../ts/layers/layer.ts";

const [x, y] = [tensor([[1], [2]]), tensor([[1], [0]])];
const silent = { verbose: 0 } as const;

function model(options: object = {}): Model {
  const made = new Sequential([layers.dense({ units: 1, inputShape: [1] })]);
  made.compile({ optimizer: "sgd", loss: "mse", ...options });
  return made;
}

const refused = async (running: Promise<unknown>, message: string): Promise<void> => {
  const error = await running.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ArgumentError);
  expect(error.message).toContain(message);
};

const strange: [string, () => unknown, string][] = [
  ["nothing", () => undefined, "must be a tensor, got undefined"],
  ["null", () => null, "must be a tensor, got null"],
  ["a number", () => 1, "must be a tensor, got number"],
  ["a record", () => ({ a: 1 }), "must be a tensor, got object"],
  ["text", () => "abc", "must be a tensor, got string"],
  ["a promise", async () => mean(tensor([1])), "must be synchronous, got one that returns a promise"],
  ["a promise that fails", () => Promise.reject(new Error("alone")), "must be synchronous"],
];

describe.each(strange)("a function that returns %s", (_what, returns, message) => {
  it("is no loss", async () => {
    const mine = (): Tensor => returns() as Tensor;
    await refused(model({ loss: mine }).fit(x, y, silent), `mine: `);
    await refused(model({ loss: mine }).fit(x, y, silent), message);
    await refused(model({ loss: mine, runEagerly: true }).evaluate(x, y), message);
    await refused(model({ loss: mine }).fit(x, y, { ...silent, sampleWeight: tensor([1, 2]) }), message);
  });

  it("is no metric", async () => {
    const mine = (): Tensor => returns() as Tensor;
    await refused(model({ metrics: [mine] }).evaluate(x, y), `mine: `);
    await refused(model({ weightedMetrics: [mine] }).fit(x, y, silent), message);
  });

  it("is no call of a model or a layer", async () => {
    class Mine extends Model {
      inner = layers.dense({ units: 1 });
      override call(inputs: Inputs, context: CallContext): Outputs {
        this.inner.apply(inputs as Tensor, context);
        return returns() as Outputs;
      }
    }
    const made = new Mine();
    made.compile({ optimizer: "sgd", loss: "mse" });
    for (const running of [made.fit(x, y, silent), made.predict(x)]) await refused(running, message);
    expect(() => made.apply(x)).toThrow(ArgumentError);
    expect(() => made.apply(x)).toThrow(/^mine/);
  });
});

it("an asynchronous update or result of a metric is refused", async () => {
  class Late extends metrics.Metric {
    readonly late: "update" | "result";
    constructor(late: "update" | "result") {
      super("late");
      this.late = late;
    }
    update(): undefined {
      return (this.late === "update" ? Promise.reject(new Error("alone")) : undefined) as undefined;
    }
    result(): number {
      return (this.late === "result" ? Promise.reject(new Error("alone")) : 1) as number;
    }
    reset(): void {}
    dispose(): void {}
  }
  for (const late of ["update", "result"] as const) {
    await refused(
      model({ metrics: [new Late(late)] }).evaluate(x, y),
      "the metric late: the function must be synchronous",
    );
  }
});

describe("options of fit and compile that are something else", () => {
  it.each<[string, object, string]>([
    ["callbacks that are no list", { callbacks: new History() }, "fit: callbacks must be a list"],
    ["callbacks of null", { callbacks: null }, "fit: callbacks must be a list, got null"],
    [
      "a hook that is no function",
      { callbacks: [{ onEpochEnd: 5 }] },
      "the hook onEpochEnd of a callback must be a function",
    ],
    ["validation data that are no list", { validationData: x }, "fit: validationData must be a list"],
    ["validation data of null", { validationData: null }, "fit: validationData must be a list, got null"],
  ])("are refused: %s", async (_what, options, message) => {
    await refused(model().fit(x, y, { ...silent, ...options } as object), message);
  });

  it.each<[string, object, string]>([
    ["a loss weight of NaN", { lossWeights: Number.NaN }, "lossWeights must be given for each"],
    ["a loss weight of text", { lossWeights: "2" }, "lossWeights must be given for each"],
    ["a loss weight of NaN by name", { lossWeights: { output: Number.NaN } }, "lossWeights must be given for each"],
    ["a number as loss", { loss: 5 }, "loss must be given for each"],
    ["null as loss", { loss: null }, "loss must be given for each"],
    ["one metric outside a list", { metrics: "accuracy" }, "metrics must be a list, got accuracy"],
    ["one function outside a list", { metrics: (t: Tensor) => t }, "metrics must be a list"],
    ["one metric by output", { metrics: { output: "accuracy" } }, "metrics must be a list, got accuracy"],
  ])("are refused: %s", (_what, options, message) => {
    const compile = (): Model => model(options);
    expect(compile).toThrow(ArgumentError);
    expect(compile).toThrow(message);
  });

  it("class weights are of training alone", () => {
    const weighting = { classWeight: { 1: 10 } };
    expect(() => model().testOnBatch(x, y, weighting as object)).toThrow("testOnBatch: unknown option classWeight");
    expect(model().trainOnBatch(x, y, weighting).loss).toBeGreaterThanOrEqual(0);
  });
});
