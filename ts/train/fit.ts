// The training loop: epochs, batches, validation, callbacks, aborting.
import { isPromise } from "../data/reader.ts";
import type { DataList, Examples, Targets } from "../data/rows.ts";
import { type BatchStream, isStream } from "../data/source.ts";
import { evaluateOptions, fitOptions } from "../generated/options.ts";
import { STRUCTURE } from "../layers/module.ts";
import { nextSeed, type Stream, streamOf, withStream, wordsOf } from "../ops/random.ts";
import { requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError, FormatError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { BUFFERS, type ExampleWeighting, type Weighting, weighClasses } from "./batches.ts";
import {
  type Callback,
  COURSE,
  type Course,
  checkCallback,
  type Logs,
  lookers,
  type Place,
  StatefulCallback,
  statefulOf,
  type TrainingInfo,
} from "./callbacks/callback.ts";
import { History } from "./callbacks/history.ts";
import { eachBatch, examplesFor, Feed, type FeedOptions, feedOf, requireInStream } from "./feed.ts";
import { hold, release } from "./holding.ts";
import { optimizersOf } from "./model-optimizers.ts";
import type { Objective } from "./objective.ts";
import { makePause, type Pause, settled } from "./pause.ts";
import { ProgressBar, ProgressLine, type Verbosity } from "./progress.ts";
import type { Model } from "./trained.ts";

/** What `fit` takes beside the data. */
export interface FitOptions extends Weighting {
  /** Passes over the data; default 1. */
  epochs?: number;
  /** The epoch to begin with, where an earlier run ended; less than `epochs`; default 0. */
  initialEpoch?: number;
  /** Examples in a step; default 32. The last batch of an epoch may be smaller. Not of batches that come by themselves. */
  batchSize?: number;
  /**
   * Batches in an epoch; default: those of one pass over the data. With it, an epoch goes on where the one before ended, and
   * data that end are read anew, but for an iterator's.
   */
  stepsPerEpoch?: number;
  /** The last part of the data, from 0 to 1, that is kept for validation; default 0. Not of batches that come by themselves. */
  validationSplit?: number;
  /**
   * Data to validate on after each epoch, optionally with sample weights, or what gives batches of them; takes
   * precedence over validationSplit. Default none.
   */
  validationData?: readonly [x: DataList, y?: Targets, sampleWeight?: Targets] | BatchStream;
  /** How many batches of them; default: all. Each time they are read from their beginning, but for an iterator's. */
  validationSteps?: number;
  /** Whether each epoch sees the examples in a new order; default true, and not of batches that come by themselves. */
  shuffle?: boolean;
  /**
   * What that order follows from, with the number of the epoch, and so do dropout and other random layers: an epoch is the
   * same wherever training began. Default: another one each time, which follows from `seed()`. Layers with a seed of their
   * own then draw what follows from it and the optimizer's count of steps.
   */
  seed?: number;
  /** Called at the beginning and the end of training, epochs and batches; default none. */
  callbacks?: readonly Callback[];
  /**
   * Stops training after the current step when aborted; `fit` then rejects with its reason. A running callback gets a
   * second to end. Default none.
   */
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line per epoch; default 1. */
  verbose?: Verbosity;
}

/** What `predict` takes beside the data. */
export interface PredictOptions {
  /** Examples in a step; default 32. Not of batches that come by themselves. */
  batchSize?: number;
  /** How many batches are read; default: all. */
  steps?: number;
  /** Stops after the current step when aborted, and rejects with its reason; default none. */
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line at the end; default 0. */
  verbose?: Verbosity;
}

/** What `evaluate` takes beside the data. */
export interface EvaluateOptions extends PredictOptions, ExampleWeighting {}

/** Who asks where the data of validation are wrong. */
const VALIDATION = "fit: validationData";

/** Models that are being trained. */
const training = new WeakSet<Model>();

/** Throws a StateError while `fit` trains the model. */
export function requireIdle(operation: string, model: Model): void {
  if (!training.has(model)) return;
  throw new StateError(
    `${operation}: ${model.name} must not be in training, got a call while fit runs; await it first`,
  );
}

export async function fitModel(
  model: Model,
  x: DataList | BatchStream,
  y: Targets | undefined,
  options: FitOptions,
): Promise<History> {
  checkOptions("fit", options, fitOptions);
  requireIdle("fit", model);
  training.add(model);
  try {
    return await trainModel(model, x, y, options);
  } finally {
    training.delete(model);
  }
}

async function trainModel(
  model: Model,
  x: DataList | BatchStream,
  y: Targets | undefined,
  options: FitOptions,
): Promise<History> {
  const { epochs = 1, validationSplit = 0, signal, initialEpoch = 0, seed = nextSeed() } = options;
  requireCount("fit", "epochs", epochs);
  requireCount("fit", "initialEpoch", initialEpoch, 0);
  wordsOf(seed);
  if (initialEpoch >= epochs) {
    throw new ArgumentError(`fit: initialEpoch must be less than epochs, got ${initialEpoch} and ${epochs}`);
  }
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(`fit: validationSplit must be at least 0 and below 1, got ${validationSplit}`);
  }
  const { objective, optimizer } = model.compilation;
  const [feed, validation] = feedsFor(model, x, y, options);

  const history = new History();
  const { verbose = 1, callbacks: given = [] } = options;
  requireList("fit", "callbacks", given);
  for (const callback of given) checkCallback(callback);
  const isLast = (callback: Callback): boolean => callback instanceof StatefulCallback && callback.isLast;
  const callbacks: Callback[] = [
    ...(verbose === 0 ? [] : [new ProgressLine({ verbose })]),
    ...given.filter((callback) => !isLast(callback)),
    ...given.filter(isLast),
    // After others, since they add figures of their own, such as the learning rate.
    history,
  ];
  const course: Course = {
    callbacks,
    seeded: options.seed !== undefined,
    cut: feed.cut,
    place: () => run.figures && { batch: run.batch, stream: run.stream as Stream, ...run.figures.save() },
    resume: async (epoch, seed, place) => {
      run.resumed = place;
      await resumable(run, epoch, seed, place);
    },
  };
  const info: TrainingInfo = {
    model,
    epochs,
    initialEpoch,
    steps: feed.length,
    samples: feed.samples,
    batchSize: feed.batchSize,
    metrics: objective.names,
    directions: objective.directions,
    validation: validation !== undefined,
    seed,
    [COURSE]: course,
  };
  const pause = makePause(signal);
  const isHooked = (options.callbacks ?? []).some(({ onBatchBegin, onBatchEnd }) => onBatchBegin || onBatchEnd);
  const run: Run = { model, feed, pause, signal, isHooked, stream: streamOf(wordsOf(seed), []), batch: 0 };
  const begun: Callback[] = [];
  let logs: Logs = {};
  const train = async (): Promise<void> => {
    model.stopTraining = false;
    await feed.prime(initialEpoch, seed);
    for (const callback of callbacks) {
      await settled(callback.onTrainBegin?.(info), signal);
      begun.push(callback);
    }
    for (let epoch = info.initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
      for (const callback of callbacks) await settled(callback.onEpochBegin?.(epoch), signal);
      if (model.stopTraining) break;
      const key = wordsOf(info.seed);
      run.stream = run.resumed?.stream ?? streamOf(key, [epoch]);
      const place = course.seeded ? [...key, epoch] : [optimizer.iterations.view()[0]];
      if (!run.resumed) for (const generator of model[STRUCTURE]().streams) generator.seek(...place);
      await feed.begin(epoch, info.seed, run.resumed?.batch);
      logs = await runEpoch(run, callbacks);
      if (validation) {
        for (const callback of callbacks) await settled(callback.onTestBegin?.(), signal);
        const figures = await runTest(run, validation);
        for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
        for (const callback of callbacks) await settled(callback.onTestEnd?.(figures), signal);
      }
      for (const callback of callbacks) await settled(callback.onEpochEnd?.(epoch, logs), signal);
    }
    for (const one of [optimizer, ...optimizersOf(model).values()]) one.finalizeVariableValues(model.trainableWeights);
  };
  const failures: unknown[] = [];
  const attempt = async (f: () => Promise<void>): Promise<void> => f().catch((error) => void failures.push(error));
  const stateful = statefulOf(callbacks);
  hold("fit", stateful, history);
  try {
    objective.begin(history);
    await attempt(train);
    // Also when aborted: a progress line that was interrupted is closed.
    for (const callback of begun) await attempt(async () => settled(callback.onTrainEnd?.(logs), signal));
    for (const read of [feed, validation]) await attempt(async () => read?.end());
  } finally {
    objective.leave(history);
    release(stateful);
  }
  if (failures.length > 0) throw failures[0];
  return history;
}

/** What is trained on, and what is validated on. */
function feedsFor(
  model: Model,
  x: DataList | BatchStream,
  y: Targets | undefined,
  options: FitOptions,
): [Feed, Feed | undefined] {
  const { epochs = 1, initialEpoch = 0, batchSize, shuffle, signal, sampleWeight, classWeight } = options;
  const { validationSplit = 0, validationData: data, stepsPerEpoch, validationSteps } = options;
  const own: FeedOptions = {
    ...{ x, y, batchSize, shuffle: shuffle ?? true, signal, sampleWeight, classWeight },
    ...{ steps: stepsPerEpoch, stepsName: "stepsPerEpoch", epochs: epochs - initialEpoch, use: "train" },
  };
  const other = { batchSize, signal, steps: validationSteps, stepsName: "validationSteps", use: "test" } as const;
  const judged = (): Feed | undefined => {
    if (data === undefined) {
      if (validationSteps === undefined) return undefined;
      throw new ArgumentError("fit: validationSteps must come with data to validate on, got none");
    }
    if (isStream(data)) {
      const named = { ...other, batchSize: undefined, x: data, what: "validationData", epochs: own.epochs };
      return feedOf("fit", model, named);
    }
    requireList("fit", "validationData", data);
    return feedOf(VALIDATION, model, { ...other, x: data[0], y: data[1], sampleWeight: data[2] });
  };
  if (isStream(x)) {
    requireInStream("fit", own, { validationSplit: validationSplit || undefined, shuffle: shuffle || undefined });
    return [feedOf("fit", model, own), judged()];
  }
  if (batchSize !== undefined) requireCount("fit", "batchSize", batchSize);
  const all = examplesFor("fit", model, { x, y, sampleWeight });
  const [kept, rest] = data === undefined ? split(all, validationSplit) : [all];
  const trained = weighClasses("fit", kept, classWeight);
  model.prepare("fit", trained);
  const feed = new Feed("fit", model, own, trained);
  if (rest === undefined) return [feed, judged()];
  model.prepare(VALIDATION, rest);
  return [feed, new Feed("fit", model, { ...other, x }, rest)];
}

export async function evaluateModel(
  model: Model,
  x: DataList | BatchStream,
  y: Targets | undefined,
  options: EvaluateOptions,
): Promise<Logs> {
  const { signal, verbose = 0, ...reading } = checkOptions("evaluate", options, evaluateOptions);
  const feed = feedOf("evaluate", model, { x, y, signal, stepsName: "steps", use: "test", ...reading });
  const bar = new ProgressBar(feed.length, { verbose });
  const run = { model, pause: makePause(signal), signal, stream: undefined };
  try {
    const logs = await runTest(run, feed, (done) => bar.update(done, {}));
    bar.finish(logs);
    return logs;
  } finally {
    await feed.end();
  }
}

/** What stays the same from step to step. */
interface Run {
  readonly model: Model;
  readonly feed: Feed;
  readonly pause: Pause;
  readonly signal: AbortSignal | undefined;
  /** Whether hooks of batches that are not the house's own run. */
  readonly isHooked: boolean;
  /** What steps draw from in place of the default generator: nobody else does, whatever else goes on. */
  stream: Stream | undefined;
  /** Batches done in the epoch, and its figures while it lasts. */
  batch: number;
  figures?: Figures | undefined;
  /** Where in the next epoch it begins, if not where that does. */
  resumed?: Place | undefined;
}

async function runEpoch(run: Run, callbacks: readonly Callback[]): Promise<Logs> {
  const { model, feed, pause, signal, isHooked } = run;
  const starters = callbacks.filter((callback) => callback.onBatchBegin);
  const watchers = callbacks.filter((callback) => callback.onBatchEnd);
  const isLooking = lookers(watchers);
  const figures = new Figures(model.compilation.objective, run.resumed);
  const first = run.resumed?.batch ?? 0;
  run.figures = figures;
  run.batch = first;
  run.resumed = undefined;
  try {
    for (let batch = first; ; batch++) {
      const reading = feed.next();
      const read = isPromise(reading) ? await settled(reading, signal, 0) : reading;
      if (read === undefined) break;
      for (const callback of starters) {
        const hook = callback.onBatchBegin?.(batch);
        if (hook) await settled(hook, signal);
      }
      // Hooks may have changed layers.
      if (batch === 0 || isHooked) model.refresh(true);
      const began = performance.now();
      const { examples, rows } = feed.batch(read);
      figures.step(run.stream, () => model.steps.train(model[BUFFERS].batch(examples, rows)));
      run.batch = batch + 1;
      const took = performance.now() - began;
      if (watchers.length > 0) {
        const logs = isLooking() ? figures.logs() : {};
        for (const callback of watchers) {
          const hook = callback.onBatchEnd?.(batch, logs);
          if (hook) await settled(hook, signal);
        }
      }
      const rest = pause(took);
      if (rest) await rest;
      if (model.stopTraining) break;
    }
    return figures.logs();
  } finally {
    run.figures = undefined;
    figures.end();
  }
}

/** Throws a FormatError unless the place's metrics are the model's; a step makes those that are not there yet. */
async function resumable({ model, feed }: Run, epoch: number, seed: number, { metrics, stream }: Place): Promise<void> {
  const { objective } = model.compilation;
  await feed.begin(epoch, seed);
  const read = await feed.peek();
  if (read === undefined) return;
  const figures = new Figures(objective);
  const { examples, rows } = feed.batch(read);
  try {
    figures.step(stream.slice(), () => model.steps.train(model[BUFFERS].batch(examples, rows)));
    if (objective.recall(figures, metrics)) return;
    throw new FormatError(
      "BackupAndRestore: the model must have the metrics of the training in mid-epoch, got others; or remove the file",
    );
  } finally {
    figures.end();
  }
}

async function runTest(
  { model, pause, stream, signal }: Pick<Run, "model" | "pause" | "stream" | "signal">,
  feed: Feed,
  progress?: (done: number) => void,
): Promise<Logs> {
  model.refresh(true);
  const figures = new Figures(model.compilation.objective);
  try {
    await eachBatch(feed, pause, signal, ({ examples, rows }, index) => {
      figures.step(stream, () => model.steps.test(model[BUFFERS].batch(examples, rows)));
      progress?.(index + 1);
    });
    return figures.logs();
  } finally {
    figures.end();
  }
}

/** One run's figures: what steps return and metrics say of its batches alone. They are gathered in the engine's memory. */
export class Figures {
  private readonly objective: Objective;

  /** Those of a run that begins, or goes on from a place. */
  constructor(objective: Objective, place?: Place) {
    this.objective = objective;
    if (place) objective.recall(this, place.metrics);
  }

  /** What it takes to go on. */
  save(): Pick<Place, "metrics"> {
    return { metrics: this.objective.gathered(this) };
  }

  /** Takes a step. */
  step(stream: Stream | undefined, take: () => void): void {
    this.objective.enter(this);
    if (stream) withStream(stream, take);
    else take();
  }

  /** Reads them. */
  logs(): Logs {
    this.objective.enter(this);
    return this.objective.logs();
  }

  /** No step follows. */
  end(): void {
    this.objective.leave(this);
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
