// The training loop: epochs, batches, validation, callbacks, aborting.
import { evaluateOptions, fitOptions } from "../generated/options.ts";
import { STRUCTURE } from "../layers/module.ts";
import { nextSeed, type Stream, streamOf, withStream, wordsOf } from "../ops/random.ts";
import { requireCount, requireList } from "../runtime/arguments.ts";
import { ArgumentError, FormatError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import {
  BUFFERS,
  type DataList,
  type Examples,
  type ExampleWeighting,
  orderOfEpoch,
  type Targets,
  toExamples,
  type Weighting,
  weighClasses,
} from "./batches.ts";
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
import { hold, release } from "./holding.ts";
import type { Model } from "./model.ts";
import type { Objective } from "./objective.ts";
import { makePause, type Pause, settled } from "./pause.ts";
import { ProgressBar, ProgressLine, type Verbosity } from "./progress.ts";

/** What `fit` takes beside the data. */
export interface FitOptions extends Weighting {
  /** Passes over the data; default 1. */
  epochs?: number;
  /** The epoch to begin with, where an earlier run ended; less than `epochs`; default 0. */
  initialEpoch?: number;
  /** Examples in a step; default 32. The last batch of an epoch may be smaller. */
  batchSize?: number;
  /** The last part of the data, from 0 to 1, that is kept for validation; default 0. */
  validationSplit?: number;
  /** Data to validate on after each epoch, with sample weights perhaps; it takes precedence over validationSplit. */
  validationData?: readonly [x: DataList, y?: Targets, sampleWeight?: Targets];
  /** Whether each epoch sees the examples in a new order; default true. */
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
   * Stops training after the current step when aborted; `fit` then rejects with its reason. A callback that is at work gets
   * a second to end.
   */
  signal?: AbortSignal;
  /** 0 silent, 1 a progress bar, 2 one line per epoch; default 1. */
  verbose?: Verbosity;
}

/** What `predict` takes beside the data. */
export interface PredictOptions {
  /** Examples in a step; default 32. */
  batchSize?: number;
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
  x: DataList,
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

async function trainModel(model: Model, x: DataList, y: Targets | undefined, options: FitOptions): Promise<History> {
  const { epochs = 1, batchSize = 32, validationSplit = 0, validationData, shuffle = true, signal } = options;
  const { initialEpoch = 0, sampleWeight, classWeight, seed = nextSeed() } = options;
  requireCount("fit", "epochs", epochs);
  requireCount("fit", "batchSize", batchSize);
  requireCount("fit", "initialEpoch", initialEpoch, 0);
  wordsOf(seed);
  if (initialEpoch >= epochs) {
    throw new ArgumentError(`fit: initialEpoch must be less than epochs, got ${initialEpoch} and ${epochs}`);
  }
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(`fit: validationSplit must be at least 0 and below 1, got ${validationSplit}`);
  }
  const { objective, optimizer } = model.compilation;
  const outputs = objective.targeted;
  const all = toExamples("fit", x, y, outputs, model.inputCount, { sampleWeight });
  if (validationData !== undefined) requireList("fit", "validationData", validationData);
  const [own, validation] = validationData
    ? [
        all,
        toExamples(VALIDATION, validationData[0], validationData[1], outputs, model.inputCount, {
          sampleWeight: validationData[2],
        }),
      ]
    : split(all, validationSplit);
  const examples = weighClasses("fit", own, classWeight);
  model.prepare("fit", examples);
  if (validation) model.prepare(VALIDATION, validation);

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
  const samples = examples.length;
  const course: Course = {
    callbacks,
    seeded: options.seed !== undefined,
    cut: `${samples} examples in batches of ${batchSize}${shuffle ? ", shuffled" : ""}`,
    place: () => run.figures && { batch: run.batch, stream: run.stream as Stream, ...run.figures.save() },
    resume: (place) => {
      run.resumed = place;
      resumable(run, examples, place);
    },
  };
  const info: TrainingInfo = {
    model,
    epochs,
    initialEpoch,
    steps: Math.ceil(samples / batchSize),
    samples,
    batchSize,
    metrics: objective.names,
    directions: objective.directions,
    validation: validation !== undefined,
    seed,
    [COURSE]: course,
  };
  const pause = makePause(signal);
  const isHooked = (options.callbacks ?? []).some(({ onBatchBegin, onBatchEnd }) => onBatchBegin || onBatchEnd);
  const run: Run = { model, batchSize, pause, signal, isHooked, stream: streamOf(wordsOf(seed), []), batch: 0 };
  const begun: Callback[] = [];
  let logs: Logs = {};
  const train = async (): Promise<void> => {
    model.stopTraining = false;
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
      const order = shuffle ? orderOfEpoch(info.seed, epoch, samples) : undefined;
      logs = await runEpoch(run, examples, order, callbacks);
      if (validation) {
        for (const callback of callbacks) await settled(callback.onTestBegin?.(), signal);
        const figures = await runTest(run, validation);
        for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
        for (const callback of callbacks) await settled(callback.onTestEnd?.(figures), signal);
      }
      for (const callback of callbacks) await settled(callback.onEpochEnd?.(epoch, logs), signal);
    }
    optimizer.finalizeVariableValues(model.trainableWeights);
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
  } finally {
    objective.leave(history);
    release(stateful);
  }
  if (failures.length > 0) throw failures[0];
  return history;
}

export async function evaluateModel(
  model: Model,
  x: DataList,
  y: Targets | undefined,
  options: EvaluateOptions,
): Promise<Logs> {
  const { batchSize = 32, signal, verbose = 0, sampleWeight } = checkOptions("evaluate", options, evaluateOptions);
  requireCount("evaluate", "batchSize", batchSize);
  const { targeted } = model.compilation.objective;
  const examples = toExamples("evaluate", x, y, targeted, model.inputCount, { sampleWeight });
  model.prepare("evaluate", examples);
  const bar = new ProgressBar(Math.ceil(examples.length / batchSize), { verbose });
  const run: Run = { model, batchSize, pause: makePause(signal), signal, isHooked: false, stream: undefined, batch: 0 };
  const logs = await runTest(run, examples, (done) => bar.update(done, {}));
  bar.finish(logs);
  return logs;
}

/** What stays the same from step to step. */
interface Run {
  readonly model: Model;
  readonly batchSize: number;
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

async function runEpoch(
  run: Run,
  examples: Examples,
  order: Int32Array | undefined,
  callbacks: readonly Callback[],
): Promise<Logs> {
  const { model, batchSize, pause, signal, isHooked } = run;
  const starters = callbacks.filter((callback) => callback.onBatchBegin);
  const watchers = callbacks.filter((callback) => callback.onBatchEnd);
  const isLooking = lookers(watchers);
  const figures = new Figures(model.compilation.objective, run.resumed);
  const first = run.resumed?.batch ?? 0;
  run.figures = figures;
  run.batch = first;
  run.resumed = undefined;
  try {
    for (let batch = first, begin = batch * batchSize; begin < examples.length; begin += batchSize, batch++) {
      const end = Math.min(begin + batchSize, examples.length);
      for (const callback of starters) {
        const hook = callback.onBatchBegin?.(batch);
        if (hook) await settled(hook, signal);
      }
      // Hooks may have changed layers.
      if (batch === 0 || isHooked) model.refresh(true);
      const began = performance.now();
      const rows = order ? order.subarray(begin, end) : { begin, end };
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
function resumable({ model, batchSize }: Run, examples: Examples, { metrics, stream }: Place): void {
  const { objective } = model.compilation;
  const figures = new Figures(objective);
  const end = Math.min(batchSize, examples.length);
  try {
    figures.step(stream.slice(), () => model.steps.train(model[BUFFERS].batch(examples, { begin: 0, end })));
    if (objective.recall(figures, metrics)) return;
    throw new FormatError(
      "BackupAndRestore: the model must have the metrics of the training in mid-epoch, got others; or remove the file",
    );
  } finally {
    figures.end();
  }
}

async function runTest(
  { model, batchSize, pause, stream }: Run,
  examples: Examples,
  progress?: (done: number) => void,
): Promise<Logs> {
  model.refresh(true);
  const figures = new Figures(model.compilation.objective);
  try {
    for (let begin = 0; begin < examples.length; begin += batchSize) {
      const began = performance.now();
      const end = Math.min(begin + batchSize, examples.length);
      figures.step(stream, () => model.steps.test(model[BUFFERS].batch(examples, { begin, end })));
      progress?.(Math.ceil(end / batchSize));
      const rest = pause(performance.now() - began);
      if (rest) await rest;
    }
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
