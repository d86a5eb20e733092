// The training loop: epochs, batches, validation, callbacks, aborting.
import type { ArrayData } from "../data/array.ts";
import { defaultGenerator, Generator, randomPermutation } from "../ops/random.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Data, type Pairs, toPairs } from "./batches.ts";
import { type Callback, History, type Logs } from "./callbacks.ts";
import type { Model } from "./model.ts";
import { ProgressBar, ProgressLine, type Verbosity } from "./progress.ts";

/** What `fit` takes beside the data. */
export interface FitOptions {
  /** Passes over the data; default 1. */
  epochs?: number;
  /** Examples in a step; default 32. The last batch of an epoch may be smaller. */
  batchSize?: number;
  /** The last part of the data, from 0 to 1, that is kept for validation; default 0. */
  validationSplit?: number;
  /** Data to validate on after each epoch; it takes precedence over validationSplit. */
  validationData?: readonly [x: Data, y: Data];
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
  /** Examples in a step; default 32. */
  batchSize?: number;
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line at the end; default 0. */
  verbose?: Verbosity;
}

/** Other tasks of the event loop get their turn at least this often. */
const YIELD_MILLISECONDS = 30;

export async function fitModel(model: Model, x: Data, y: Data, options: FitOptions): Promise<History> {
  const { epochs = 1, batchSize = 32, validationSplit = 0, validationData, shuffle = true, seed, signal } = options;
  checkOptions("fit", { epochs, batchSize });
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(`fit: validationSplit must be at least 0 and below 1, got ${validationSplit}`);
  }
  const { metrics } = model.compilation;
  const all = toPairs("fit", x, y);
  const given = validationData && toPairs("fit", validationData[0], validationData[1]);
  const [training, validation] = given ? [all, given] : split(all, validationSplit);
  model.prepare("fit", training.x, training);
  if (validation) model.prepare("fit", validation.x, validation);

  const history = new History();
  const verbose = options.verbose ?? 1;
  const callbacks: Callback[] = [
    ...(verbose ? [new ProgressLine({ verbose })] : []),
    history,
    ...(options.callbacks ?? []),
  ];
  const samples = training.x.length;
  const steps = Math.ceil(samples / batchSize);
  const names = ["loss", ...metrics.map(({ name }) => name)];
  const pause = makePause(signal);
  const order = shuffle ? (seed === undefined ? defaultGenerator() : new Generator(seed)) : undefined;
  model.stopTraining = false;
  let logs: Logs = {};
  for (const callback of callbacks) {
    await callback.onTrainBegin?.({ model, epochs, steps, samples, batchSize, metrics: names });
  }
  try {
    for (let epoch = 0; epoch < epochs && !model.stopTraining; epoch++) {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch);
      const indices = order && permutation(samples, order);
      logs = await runEpoch(model, training, batchSize, indices, callbacks, pause);
      if (validation) {
        const figures = await runTest(model, validation, batchSize, pause);
        for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
      }
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs);
    }
  } finally {
    // Also when aborted: a progress line that was interrupted is closed.
    for (const callback of callbacks) await callback.onTrainEnd?.(logs);
  }
  return history;
}

export async function evaluateModel(model: Model, x: Data, y: Data, options: EvaluateOptions): Promise<Logs> {
  const { batchSize = 32, signal, verbose = 0 } = options;
  checkOptions("evaluate", { batchSize });
  const pairs = toPairs("evaluate", x, y);
  model.prepare("evaluate", pairs.x, pairs);
  const bar = new ProgressBar(Math.ceil(pairs.x.length / batchSize), { verbose });
  const logs = await runTest(model, pairs, batchSize, makePause(signal), (done) => bar.update(done, {}));
  bar.finish(logs);
  return logs;
}

async function runEpoch(
  model: Model,
  { x, y }: Pairs,
  batchSize: number,
  order: Int32Array | undefined,
  callbacks: readonly Callback[],
  pause: Pause,
): Promise<Logs> {
  const { metrics } = model.compilation;
  const { train, inputs, targets } = model.steps;
  const watchers = callbacks.filter((callback) => callback.onBatchEnd);
  const figures = new Figures(model);
  for (const metric of metrics) metric.reset();
  for (let begin = 0, batch = 0; begin < x.length; begin += batchSize, batch++) {
    const end = Math.min(begin + batchSize, x.length);
    const rows = order ? order.subarray(begin, end) : { begin, end };
    const loss = train(inputs.load(x, rows), targets.load(y, rows));
    figures.add(loss.item(), end - begin);
    loss.dispose();
    if (watchers.length > 0) {
      const logs = figures.logs();
      for (const callback of watchers) await callback.onBatchEnd?.(batch, logs);
    }
    const rest = pause();
    if (rest) await rest;
  }
  return figures.logs();
}

async function runTest(
  model: Model,
  { x, y }: Pairs,
  batchSize: number,
  pause: Pause,
  progress?: (done: number) => void,
): Promise<Logs> {
  const { test, inputs, targets } = model.steps;
  const figures = new Figures(model);
  for (const metric of model.compilation.metrics) metric.reset();
  for (let begin = 0; begin < x.length; begin += batchSize) {
    const rows = { begin, end: Math.min(begin + batchSize, x.length) };
    const loss = test(inputs.load(x, rows), targets.load(y, rows));
    figures.add(loss.item(), rows.end - begin);
    loss.dispose();
    progress?.(Math.ceil(rows.end / batchSize));
    const rest = pause();
    if (rest) await rest;
  }
  return figures.logs();
}

/** The running mean of the loss, and what the metrics say. */
class Figures {
  private sum = 0;
  private count = 0;
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }

  add(loss: number, examples: number): void {
    this.sum += loss * examples;
    this.count += examples;
  }

  logs(): Logs {
    const logs: Logs = { loss: this.sum / this.count };
    for (const metric of this.model.compilation.metrics) logs[metric.name] = metric.result();
    return logs;
  }
}

export type Pause = () => Promise<void> | undefined;

/** Gives way to the event loop now and then, and throws the signal's reason once it is aborted. */
export function makePause(signal: AbortSignal | undefined): Pause {
  signal?.throwIfAborted();
  let last = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - last < YIELD_MILLISECONDS) return undefined;
    return nextTask().then(() => {
      last = performance.now();
      signal?.throwIfAborted();
    });
  };
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

function split(all: Pairs, part: number): [Pairs, Pairs | undefined] {
  if (part === 0) return [all, undefined];
  const at = Math.floor(all.x.length * (1 - part));
  if (at === 0 || at === all.x.length) {
    throw new ArgumentError(
      `fit: validationSplit must leave examples on both sides, got ${part} of ${all.x.length} examples`,
    );
  }
  const cut = (rows: ArrayData): [ArrayData, ArrayData] => [rows.slice(0, at), rows.slice(at)];
  const [x, y] = [cut(all.x), cut(all.y)];
  return [
    { x: x[0], y: y[0] },
    { x: x[1], y: y[1] },
  ];
}

function permutation(length: number, generator: Generator): Int32Array {
  const order = randomPermutation(length, { generator });
  const indices = order.data();
  order.dispose();
  return indices;
}

/** Throws an ArgumentError unless every count is a whole number of at least 1. */
export function checkOptions(operation: string, counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new ArgumentError(`${operation}: ${name} must be a whole number of at least 1, got ${value}`);
    }
  }
}
