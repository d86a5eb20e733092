// Options of losses, metrics, optimizers, schedules and callbacks as JavaScript may give them: whatever stands in an option,
// it is taken and makes sense, or a typed error says what is wrong.
import { describe, expect, it } from "vitest";
import * as lists from "../../ts/generated/options.ts";
import {
  ArgumentError,
  BackupAndRestore,
  type Callback,
  CSVLogger,
  EarlyStopping,
  layers,
  losses,
  ModelCheckpoint,
  metrics,
  optimizers,
  ProgressLine,
  ReduceLROnPlateau,
  Sequential,
  ShapeError,
  SwapEMAWeights,
  schedules,
  type Tensor,
  TensorBoard,
  TerminateOnNaN,
  tensor,
  variable,
} from "../../ts/index.ts";

const wrong: readonly unknown[] = [
  ...[null, Number.NaN, -1, -0.5, 0, 0.5, 1, 1.5, 2, Number.POSITIVE_INFINITY],
  ...[{}, [], [null], [Number.NaN], [-1], "x", true, () => 1, async () => 1, tensor([1])],
];

const p = tensor([
  [0.2, 0.8],
  [0.6, 0.4],
]);
const y = tensor([
  [0, 1],
  [1, 0],
]);
const classes = tensor([1, 0], { dtype: "i32" });
const triplets = tensor([
  [
    [1, 0],
    [0, 1],
    [1, 1],
  ],
]);
const frames = tensor([
  [
    [0.1, 0.2, 0.3],
    [0.1, 0.2, 0.3],
  ],
]);

type Options = Record<string, unknown>;
/** What is asked, with what options it has; what it gives are numbers. */
type Asked = [name: string, ask: (options: Options) => unknown, options: lists.Names];

const loss = (name: keyof typeof losses, names: lists.Names, yTrue = y as unknown, yPred = p): Asked => [
  name,
  (options) => (losses[name] as (...given: unknown[]) => Tensor)(yTrue, yPred, options).data(),
  names,
];

type Made = { update(...given: unknown[]): void; result(): unknown };
const metric = (name: keyof typeof metrics, names: lists.Names, base: Options = {}, yTrue: unknown = y): Asked => [
  name,
  (options) => {
    const made = new (metrics[name] as unknown as new (options: Options) => Made)({ ...base, ...options });
    made.update(yTrue, p);
    return made.result();
  },
  names,
];

const optimizer = (name: keyof typeof optimizers, names: lists.Names): Asked => [
  name,
  (options) => {
    const made = new (optimizers[name] as unknown as new (options: Options) => optimizers.Optimizer)(options);
    const weights = variable(tensor([1, 2]));
    made.step([weights], [tensor([1, 1])]);
    return weights.data();
  },
  names,
];

const schedule = (name: keyof typeof schedules, names: lists.Names, base: Options): Asked => [
  name,
  (options) =>
    (schedules[name] as unknown as (options: Options) => schedules.Schedule)({ ...base, ...options })(tensor(1)).item(),
  names,
];

const callbacks = {
  BackupAndRestore,
  CSVLogger,
  EarlyStopping,
  ModelCheckpoint,
  ProgressLine,
  ReduceLROnPlateau,
  SwapEMAWeights,
  TensorBoard,
  TerminateOnNaN,
};

const callback = (name: keyof typeof callbacks, names: lists.Names, base: Options = {}): Asked => [
  name,
  (options) => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [1] })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const made = new (callbacks[name] as unknown as new (options: Options) => Callback)({ ...base, ...options });
    const info = { model, epochs: 1, initialEpoch: 0, steps: 1, samples: 1, batchSize: 1, metrics: ["loss"] };
    if (name === "EarlyStopping" || name === "ReduceLROnPlateau" || name === "ModelCheckpoint") {
      made.onTrainBegin?.({ ...info, validation: false, seed: 1 });
    }
    return [];
  },
  names,
];

const scores = { numClasses: 2, sparseYPred: false };
const asked: Asked[] = [
  loss("meanSquaredError", lists.reductionOptions),
  loss("binaryCrossentropy", lists.smoothedCrossentropyOptions),
  loss("categoricalCrossentropy", lists.smoothedCrossentropyOptions),
  loss("binaryFocalCrossentropy", lists.binaryFocalOptions),
  loss("categoricalFocalCrossentropy", lists.focalOptions),
  loss("sparseCategoricalCrossentropy", lists.sparseCrossentropyOptions, classes),
  loss("categoricalGeneralizedCrossEntropy", lists.generalizedCrossentropyOptions, classes),
  loss("huber", lists.huberOptions),
  loss("cosineSimilarity", lists.cosineOptions),
  loss("dice", lists.diceOptions),
  loss("tversky", lists.tverskyOptions),
  loss("contrastive", lists.contrastiveOptions),
  loss("tripletMargin", lists.tripletMarginOptions, tensor([0]), triplets),
  loss("tripletSemiHard", lists.tripletSemiHardOptions, classes),
  loss("circle", lists.circleOptions, classes),
  loss("ctc", lists.ctcOptions, tensor([[1]], { dtype: "i32" }), frames),
  metric("TruePositives", lists.thresholdOptions),
  metric("Precision", lists.precisionOptions),
  metric("Recall", lists.precisionOptions),
  metric("AUC", lists.aucOptions),
  metric("AUC", lists.aucOptions, { multiLabel: true }),
  metric("F1Score", lists.f1Options),
  metric("FBetaScore", lists.fBetaOptions),
  metric("R2Score", lists.r2Options),
  metric("RootMeanSquaredError", lists.metricOptions),
  metric("Perplexity", lists.perplexityOptions, {}, classes),
  metric("ConfusionMatrix", lists.confusionOptions, scores, classes),
  metric("IoU", lists.ioUOptions, { ...scores, targetClassIds: [0] }, classes),
  metric("MeanIoU", lists.confusionOptions, scores, classes),
  metric("BinaryIoU", lists.binaryIoUOptions),
  ["binaryAccuracy", (options) => metrics.binaryAccuracy(y, p, options).data(), lists.binaryAccuracyOptions],
  ["topKCategoricalAccuracy", (options) => metrics.topKCategoricalAccuracy(y, p, options).data(), lists.topKOptions],
  ["cosineSimilarity", (options) => metrics.cosineSimilarity(y, p, options).data(), lists.axisOptions],
  ["bleu", (options) => metrics.bleu([[["a"]]], [["a"]], options), lists.bleuOptions],
  [
    "SensitivityAtSpecificity",
    (options) => {
      const made = new metrics.SensitivityAtSpecificity({ specificity: 0.5, ...options });
      made.update(y, p);
      return made.result();
    },
    lists.tradeOffOptions,
  ],
  optimizer("Adam", lists.adamOptions),
  optimizer("AdamW", lists.adamOptions),
  optimizer("Adamax", lists.momentOptions),
  optimizer("Nadam", lists.momentOptions),
  optimizer("Lamb", lists.momentOptions),
  optimizer("Adafactor", lists.adafactorOptions),
  optimizer("Adagrad", lists.adagradOptions),
  optimizer("Adadelta", lists.adadeltaOptions),
  optimizer("Ftrl", lists.ftrlOptions),
  optimizer("Lion", lists.lionOptions),
  optimizer("Muon", lists.muonOptions),
  optimizer("RMSprop", lists.rmSpropOptions),
  optimizer("SGD", lists.sgdOptions),
  ["a group", (options) => optimizer("SGD", [])[1]({ groups: [{ variables: [], ...options }] }), lists.parameterGroup],
  [
    "LossScaleOptimizer",
    (options) => {
      new optimizers.LossScaleOptimizer({ innerOptimizer: new optimizers.SGD(), ...options });
      return [];
    },
    lists.lossScaleOptions,
  ],
  schedule("exponentialDecay", lists.rateDecayOptions, { initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }),
  schedule("inverseTimeDecay", lists.rateDecayOptions, { initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }),
  schedule("piecewiseConstantDecay", lists.piecewiseConstantOptions, { boundaries: [1], values: [1, 2] }),
  schedule("polynomialDecay", lists.polynomialDecayOptions, { initialLearningRate: 1, decaySteps: 2 }),
  schedule("cosineDecay", lists.cosineDecayOptions, { initialLearningRate: 1, decaySteps: 2 }),
  schedule("cosineDecayRestarts", lists.cosineDecayRestartsOptions, { initialLearningRate: 1, firstDecaySteps: 2 }),
  schedule("stepDecay", lists.stepDecayOptions, { initialLearningRate: 1, stepSize: 2 }),
  schedule("linearWarmup", lists.linearWarmupOptions, { learningRate: 1, warmupSteps: 2 }),
  schedule("oneCycle", lists.oneCycleOptions, { maxLearningRate: 1, totalSteps: 10 }),
  callback("EarlyStopping", lists.earlyStoppingOptions, { monitor: "loss" }),
  callback("ReduceLROnPlateau", lists.reduceLROnPlateauOptions, { monitor: "loss" }),
  callback("ModelCheckpoint", lists.modelCheckpointOptions, { filepath: "x.safetensors", monitor: "loss" }),
  callback("BackupAndRestore", lists.backupAndRestoreOptions, { backupDir: "x" }),
  callback("CSVLogger", lists.csvLoggerOptions, { filename: "x.csv" }),
  callback("TensorBoard", lists.tensorBoardOptions, { logDir: "x" }),
  callback("ProgressLine", lists.progressOptions),
  callback("TerminateOnNaN", lists.terminateOnNaNOptions),
  callback("SwapEMAWeights", lists.swapEMAWeightsOptions),
];

const typed = ["ArgumentError", "ShapeError", "DtypeError", "StateError"];
const namesOf = (names: lists.Names): string[] =>
  names.flatMap((part) => (typeof part === "string" ? part.split(" ").filter(Boolean) : namesOf(part)));
const numbersIn = (result: unknown): number[] =>
  typeof result === "number" ? [result] : Array.from(result as ArrayLike<unknown>).flatMap(numbersIn);

describe.each(asked)("%s", (_name, ask, names) => {
  it("takes of each option what makes sense, and says of the rest what is wrong", () => {
    const bad: string[] = [];
    for (const option of namesOf(names).map((word) => word.replace(/[?#@!]/, ""))) {
      for (const value of wrong) {
        const what = `${option}: ${Array.isArray(value) ? `[${value}]` : String(value)}`;
        try {
          const result = ask({ [option]: value });
          if (Number.isNaN(value)) bad.push(`${what}: taken`);
          if (!numbersIn(result).every(Number.isFinite)) bad.push(`${what}: gives ${numbersIn(result)}`);
        } catch (error) {
          if (!typed.includes((error as Error).name)) bad.push(`${what}: ${error}`);
        }
      }
    }
    expect(bad).toEqual([]);
  });

  it("says what is wrong of options that are none, and of nothing", () => {
    for (const options of [{}, null, [], 5, "x", true]) {
      try {
        ask(options as Options);
      } catch (error) {
        expect(typed, String(error)).toContain((error as Error).name);
      }
    }
  });
});

describe("numbers out of range are refused:", () => {
  it.each<[string, () => unknown]>([
    ["huber: delta must be above 0 and finite, got 0", () => losses.huber.with({ delta: 0 })],
    ["huber: delta must be above 0 and finite, got Infinity", () => losses.huber.with({ delta: 1 / 0 })],
    ["labelSmoothing must be from 0 to 1, got 2", () => losses.categoricalCrossentropy.with({ labelSmoothing: 2 })],
    ["labelSmoothing must be a number, got NaN", () => losses.binaryCrossentropy(y, p, { labelSmoothing: Number.NaN })],
    ["alpha must be from 0 to 1, got 1.5", () => losses.binaryFocalCrossentropy.with({ alpha: 1.5 })],
    ["gamma must be at least 0 and finite, got -1", () => losses.categoricalFocalCrossentropy.with({ gamma: -1 })],
    ["q must be above 0 and at most 1, got 1.5", () => losses.categoricalGeneralizedCrossEntropy.with({ q: 1.5 })],
    ["beta must be at least 0 and finite, got -1", () => losses.tversky.with({ beta: -1 })],
    ["margin must be at least 0 and finite, got -1", () => losses.contrastive.with({ margin: -1 })],
    ["margin must be from 0 to 1, got 2", () => losses.circle.with({ margin: 2 })],
    ["auc: thresholds must be from 0 to 1, got 2", () => new metrics.AUC({ thresholds: [0.5, 2] })],
    ["auc: labelWeights must be at least 0 and finite, got -1", () => new metrics.AUC({ labelWeights: [-1, 1] })],
    ["fBetaScore: beta must be above 0 and finite, got Infinity", () => new metrics.FBetaScore({ beta: 1 / 0 })],
    ["optimizer: learningRate must be above 0 and finite, got 0", () => optimizers.ftrl({ learningRate: 0 })],
    ["optimizer: beta1 must be at least 0 and less than 1, got 1", () => optimizers.adam({ beta1: 1 })],
    ["optimizer: epsilon must be at least 0 and finite, got -1", () => optimizers.adam({ epsilon: -1 })],
  ])("%s", (message, make) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  it("labels that become more from batch to batch", () => {
    const made = new metrics.AUC({ multiLabel: true });
    made.update(y, p);
    expect(() => made.update(tensor([[0, 1, 1]]), tensor([[0.1, 0.2, 0.3]]))).toThrow(ShapeError);
    const weighted = new metrics.AUC({ multiLabel: true, labelWeights: [1, 1, 1] });
    expect(() => weighted.update(y, p)).toThrow("as many labels as before, got 2 and 3 for 2");
  });
});
