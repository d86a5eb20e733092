// What training, optimizers, losses and metrics are handed by JavaScript: something else than they take is a typed error, and
// promises where none may be end no process.
import { describe, expect, it, vi } from "vitest";
import * as lists from "../../ts/generated/options.ts";
import {
  ArgumentError,
  batches,
  crossValidate,
  kFold,
  LearningRateScheduler,
  layers,
  losses,
  type Model,
  metrics,
  optimizers,
  Sequential,
  stratifiedKFold,
  tensor,
  variable,
} from "../../ts/index.ts";

const weight = variable(tensor([1]));
const strange: readonly unknown[] = [
  ...[null, Number.NaN, -1, 0, 0.5, 1, 2, Number.POSITIVE_INFINITY, "x", true, () => 1],
  ...[{}, [], [null], [Number.NaN], new Map(), weight],
];
const x = tensor([[1], [2], [3], [4]]);
const y = tensor([[1], [0], [1], [0]]);

function make(options: object = {}): Model {
  const model = new Sequential([layers.dense({ units: 1, activation: "sigmoid", inputShape: [1] })]);
  model.compile({ loss: "mse", optimizer: "sgd", ...options });
  return model;
}

/** What JavaScript hands over is of any type. */
type Anything = Parameters<typeof JSON.stringify>[0];

/** The errors that are not typed, for each strange thing. */
async function raw(ask: (given: Anything) => unknown): Promise<string[]> {
  const typed = ["ArgumentError", "ShapeError", "DtypeError", "StateError", "FormatError"];
  const found: string[] = [];
  for (const given of strange) {
    try {
      await ask(given);
    } catch (error) {
      if (!typed.includes((error as Error).name)) found.push(`${JSON.stringify(given)}: ${error}`);
    }
  }
  return found;
}

const namesOf = (names: lists.Names): string[] =>
  names.flatMap((part) => (typeof part === "string" ? part.split(" ") : namesOf(part)));

describe("options of", () => {
  const silent = { verbose: 0 } as const;
  it.each<[string, (options: object) => unknown, lists.Names]>([
    ["fit", (options) => make().fit(x, y, { ...silent, ...options }), lists.fitOptions],
    ["evaluate", (options) => make().evaluate(x, y, options), lists.evaluateOptions],
    ["predict", (options) => make().predict(x, options), lists.predictOptions],
    ["compile", (options) => make(options).fit(x, y, silent), lists.compileOptions],
    ["trainOnBatch", (options) => make().trainOnBatch(x, y, options), lists.weighting],
    ["testOnBatch", (options) => make().testOnBatch(x, y, options), lists.exampleWeighting],
    [
      "crossValidate",
      (options) => crossValidate(() => make(), x, y, { folds: 2, ...options }),
      lists.crossValidateOptions,
    ],
    ["kFold", (options) => kFold(4, { folds: 2, ...options }), lists.foldOptions],
    ["batches", (options) => [...batches(x, y, { size: 2, ...options })], lists.batchesOptions],
  ])("%s that is strange is taken or a typed error", async (_name, ask, names) => {
    const log = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const found: string[] = [];
    for (const option of namesOf(names).map((word) => word.replace(/\W/, ""))) {
      for (const error of await raw((value) => ask({ [option]: value }))) found.push(`${option}: ${error}`);
    }
    log.mockRestore();
    expect(found).toEqual([]);
  });

  it.each<[string, object]>([
    ["classWeight must be a record of numbers by class number, got Map", { classWeight: new Map([[1, 2]]) }],
    ["classWeight must be a record of numbers by class number, got 5", { classWeight: 5 }],
    ["classWeight must be a record of numbers by class number, got null", { classWeight: null }],
    ["signal must be an AbortSignal, got Object", { signal: {} }],
    ["verbose must be 0, 1, 2", { verbose: false }],
  ])("fit: %s", async (message, options) => {
    const error = await make()
      .fit(x, y, options)
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
  });
});

describe("what is handed to", () => {
  const metric = (Metric: Anything, options?: object): Anything => new Metric(options);
  const confusion = (): Anything => new metrics.ConfusionMatrix({ numClasses: 2 });
  it.each<[string, (given: Anything) => unknown]>([
    ["fit as x", (given) => make().fit(given, y, { verbose: 0 })],
    ["fit as y", (given) => make().fit(x, given, { verbose: 0 })],
    ["fit as options", (given) => make().fit(x, y, given)],
    ["a scheduler", (given) => make().fit(x, y, { verbose: 0, callbacks: [new LearningRateScheduler(() => given)] })],
    ["crossValidate as model", (given) => crossValidate(() => given, x, y, { folds: 2 })],
    ["crossValidate as maker", (given) => crossValidate(given, x, y, { folds: 2 })],
    ["kFold", (given) => kFold(given)],
    ["stratifiedKFold", (given) => stratifiedKFold(given)],
    ["step as both", (given) => optimizers.sgd().step(given, given)],
    ["step as variables", (given) => optimizers.sgd().step(given)],
    ["step as gradients", (given) => optimizers.sgd().step([weight], given)],
    ["build", (given) => optimizers.adam().build(given)],
    ["restore", (given) => optimizers.adam().restore(given, [])],
    ["excludeFromWeightDecay", (given) => optimizers.adam().excludeFromWeightDecay({ variables: given })],
    ["learningRate", (given) => Object.assign(optimizers.adam(), { learningRate: given })],
    ["LossScaleOptimizer", (given) => new optimizers.LossScaleOptimizer({ innerOptimizer: given })],
    ["AUC as predictions", (given) => metric(metrics.AUC).update(y, given)],
    ["AUC as weights", (given) => metric(metrics.AUC).update(y, y, given)],
    ["R2Score", (given) => metric(metrics.R2Score).update(y, given)],
    ["FBetaScore", (given) => metric(metrics.FBetaScore).update(y, given)],
    ["Perplexity", (given) => metric(metrics.Perplexity).update(y, given)],
    ["BinaryIoU", (given) => metric(metrics.BinaryIoU).update(y, given)],
    ["ConfusionMatrix as truth", (given) => confusion().update(given, y)],
    ["ConfusionMatrix as predictions", (given) => confusion().update(y, given)],
    ["Mean", (given) => metric(metrics.Mean).update(given)],
    ["Mean as weights", (given) => metric(metrics.Mean).update(y, given)],
    ["Sum", (given) => metric(metrics.Sum).update(given)],
    ["a mean of a figure as weights", (given) => metrics.getMetric("mse").update(y, y, given)],
    ["MeanMetric as figure", (given) => new metrics.MeanMetric("mine", given).update(y, y)],
    ["MeanMetric as name", (given) => new metrics.MeanMetric(given, metrics.accuracy)],
    ["getMetric", (given) => metrics.getMetric(given)],
    ["bleu", (given) => metrics.bleu(given, given)],
    ["bleu as tokens", (given) => metrics.bleu([[given]], [given])],
    ["defineLoss", (given) => losses.defineLoss("mine", given)(y, y)],
    ["a loss as truth", (given) => losses.huber(given, y)],
    ["a loss as predictions", (given) => losses.huber(y, given)],
    ["a loss as weights", (given) => losses.huber(y, y, { sampleWeight: given })],
    ["accuracy", (given) => metrics.accuracy(y, given)],
  ])("%s that is strange is taken or a typed error", async (_name, ask) => {
    expect(await raw(ask)).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    [
      "a scheduler",
      () => make().fit(x, y, { verbose: 0, callbacks: [new LearningRateScheduler(rejected as Anything)] }),
    ],
    ["decays", () => optimizers.adamw({ decays: rejected as Anything }).step([weight], [tensor([1])])],
    ["a schedule", () => optimizers.adam({ learningRate: rejected as Anything })],
    ["a group", () => optimizers.adam({ groups: [{ variables: rejected as Anything }] }).step([weight], [tensor([1])])],
  ])("%s that is asynchronous is an error, and no promise is left alone", async (_name, ask) => {
    const error: Error = await (async () => ask())().then(
      () => new Error("none"),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain("must be synchronous");
  });
});

async function rejected(): Promise<never> {
  throw new Error("alone");
}
