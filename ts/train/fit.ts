// The training loop: epochs, batches, validation, callbacks, aborting.
import { defaultGenerator, Generator, randomPermutation } from "../ops/random.ts";
import { requireCount } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type DataList, type Examples, type Targets, toExamples, type Weighting } from "./batches.ts";
import { type Callback, History, type Logs } from "./callbacks.ts";
import type { Model } from "./model.ts";
import type { Objective } from "./objective.ts";
import { makePause, type Pause } from "./pause.ts";
import { ProgressBar, ProgressLine, type Verbosity } from "./progress.ts";

/** What `fit` takes beside the data. */
export interface FitOptions extends Weighting {
  /** Passes over the data; default 1. */
  epochs?: number;
  /** The epoch to begin with, where an earlier run ended; default 0. */
  initialEpoch?: number;
  /** Examples in a step; default 32. The last batch of an epoch may be smaller. */
  batchSize?: number;
  /** The last part of the data, from 0 to 1, that is kept for validation; default 0. */
  validationSplit?: number;
  /** Data to validate on after each epoch, with sample weights perhaps; it takes precedence over validationSplit. */
  validationData?: readonly [x: DataList, y: Targets, sampleWeight?: Targets];
  /** Whether each epoch sees the examples in a new order; default true. */
  shuffle?: boolean;
  /** Seed of that order; default: drawn from the default generator. */
  seed?: number;
  callbacks?: readonly Callback[];
  /** Stops training after the current step when aborted; `fit` then rejects with its reason. */
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line per epoch; default 1. */
  verbose?: Verbosity;
}

/** What `evaluate` and `predict` take beside the data. */
export interface EvaluateOptions {
  /** How much each example's loss counts; `evaluate` only. */
  sampleWeight?: Targets;
  /** Examples in a step; default 32. */
  batchSize?: number;
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line at the end; default 0. */
  verbose?: Verbosity;
}

export async function fitModel(model: Model, x: DataList, y: Targets, options: FitOptions): Promise<History> {
  const { epochs = 1, batchSize = 32, validationSplit = 0, validationData, shuffle = true, seed, signal } = options;
  const { initialEpoch = 0, sampleWeight, classWeight } = options;
  requireCount("fit", "epochs", epochs);
  requireCount("fit", "batchSize", batchSize);
  requireCount("fit", "initialEpoch", initialEpoch, 0);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(`fit: validationSplit must be at least 0 and below 1, got ${validationSplit}`);
  }
  const { objective, optimizer } = model.compilation;
  const outputs = model.outputNames;
  const all = toExamples("fit", x, y, outputs, { sampleWeight, classWeight });
  const [training, validation] = validationData
    ? [all, toExamples("fit", validationData[0], validationData[1], outputs, { sampleWeight: validationData[2] })]
    : split(all, validationSplit);
  model.prepare("fit", training);
  if (validation) model.prepare("fit", validation);

  const history = new History();
  const verbose = options.verbose ?? 1;
  const callbacks: Callback[] = [
    ...(verbose ? [new ProgressLine({ verbose })] : []),
    ...(options.callbacks ?? []),
    // Last, since others add figures of their own, such as the learning rate.
    history,
  ];
  const samples = training.length;
  const steps = Math.ceil(samples / batchSize);
  const names = ["loss", ...objective.names];
  const pause = makePause(signal);
  const order = shuffle ? (seed === undefined ? defaultGenerator() : new Generator(seed)) : undefined;
  model.stopTraining = false;
  let logs: Logs = {};
  const info = { model, epochs, initialEpoch, steps, samples, batchSize, metrics: names };
  for (const callback of callbacks) await callback.onTrainBegin?.(info);
  try {
    for (let epoch = info.initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch);
      const indices = order && permutation(samples, order);
      logs = await runEpoch(model, training, batchSize, indices, callbacks, pause);
      if (validation) {
        for (const callback of callbacks) await callback.onTestBegin?.();
        const figures = await runTest(model, validation, batchSize, pause);
        for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
        for (const callback of callbacks) await callback.onTestEnd?.(figures);
      }
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs);
    }
    optimizer.finalizeVariableValues(model.trainableWeights);
  } finally {
    // Also when aborted: a progress line that was interrupted is closed.
    for (const callback of callbacks) await callback.onTrainEnd?.(logs);
  }
  return history;
}

export async function evaluateModel(model: Model, x: DataList, y: Targets, options: EvaluateOptions): Promise<Logs> {
  const { batchSize = 32, signal, verbose = 0 } = options;
  requireCount("evaluate", "batchSize", batchSize);
  const examples = toExamples("evaluate", x, y, model.outputNames, { sampleWeight: options.sampleWeight });
  model.prepare("evaluate", examples);
  const bar = new ProgressBar(Math.ceil(examples.length / batchSize), { verbose });
  const logs = await runTest(model, examples, batchSize, makePause(signal), (done) => bar.update(done, {}));
  bar.finish(logs);
  return logs;
}

async function runEpoch(
  model: Model,
  examples: Examples,
  batchSize: number,
  order: Int32Array | undefined,
  callbacks: readonly Callback[],
  pause: Pause,
): Promise<Logs> {
  const { steps } = model;
  const starters = callbacks.filter((callback) => callback.onBatchBegin);
  const watchers = callbacks.filter((callback) => callback.onBatchEnd);
  const figures = new Figures(model.compilation.objective);
  for (let begin = 0, batch = 0; begin < examples.length && !model.stopTraining; begin += batchSize, batch++) {
    const end = Math.min(begin + batchSize, examples.length);
    for (const callback of starters) await callback.onBatchBegin?.(batch);
    const began = performance.now();
    const loss = steps.train(examples, order ? order.subarray(begin, end) : { begin, end });
    figures.add(loss.item(), end - begin);
    loss.dispose();
    const took = performance.now() - began;
    if (watchers.length > 0) {
      const logs = figures.logs();
      for (const callback of watchers) await callback.onBatchEnd?.(batch, logs);
    }
    const rest = pause(took);
    if (rest) await rest;
  }
  return figures.logs();
}

async function runTest(
  model: Model,
  examples: Examples,
  batchSize: number,
  pause: Pause,
  progress?: (done: number) => void,
): Promise<Logs> {
  const { steps } = model;
  const figures = new Figures(model.compilation.objective);
  for (let begin = 0; begin < examples.length; begin += batchSize) {
    const began = performance.now();
    const end = Math.min(begin + batchSize, examples.length);
    const loss = steps.test(examples, { begin, end });
    figures.add(loss.item(), end - begin);
    loss.dispose();
    progress?.(Math.ceil(end / batchSize));
    const rest = pause(performance.now() - began);
    if (rest) await rest;
  }
  return figures.logs();
}

/** The running mean of the loss, and what the metrics say. */
class Figures {
  private sum = 0;
  private count = 0;
  private readonly objective: Objective;

  constructor(objective: Objective) {
    this.objective = objective;
    objective.reset();
  }

  add(loss: number, examples: number): void {
    this.sum += loss * examples;
    this.count += examples;
  }

  logs(): Logs {
    return { loss: this.sum / this.count, ...this.objective.logs() };
  }
}

function split(all: Examples, part: number): [Examples, Examples | undefined] {
  if (part === 0) return [all, undefined];
  const at = Math.floor(all.length * (1 - part));
  if (at === 0 || at === all.length) {
    throw new ArgumentError(
      `fit: validationSplit must leave examples on both sides, got ${part} of ${all.length} examples`,
    );
  }
  const cut = (begin: number, end: number): Examples => {
    const [inputs, targets, weights] = [all.inputs, all.targets, all.weights].map((arrays) =>
      arrays.map((rows) => rows.slice(begin, end)),
    );
    return { length: end - begin, inputs, targets, weights };
  };
  return [cut(0, at), cut(at, all.length)];
}

function permutation(length: number, generator: Generator): Int32Array {
  const order = randomPermutation(length, { generator });
  const indices = order.data();
  order.dispose();
  return indices;
}
