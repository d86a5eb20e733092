// A model that lives in an engine worker: what `Model` can do, with promises, while the page stays free.
import { ArrayData } from "../data/array.ts";
import type { Data } from "../data/rows.ts";
import {
  copyWeightsOptions,
  type Names,
  remoteCompileOptions,
  remoteEvaluateOptions,
  remoteExampleWeighting,
  remoteFitOptions,
  remoteModelOptions,
  remotePredictOptions,
  remoteWeighting,
  saveOptions,
} from "../generated/options.ts";
import { type Json, toJsonRecord } from "../layers/config.ts";
import type { Layer } from "../layers/layer.ts";
import type { CopyWeightsOptions } from "../layers/module.ts";
import { requireList } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { checkOptions } from "../runtime/options.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import {
  type Callback,
  checkCallback,
  type Evaluation,
  type LogName,
  statefulOf,
  type TrainingInfo,
} from "../train/callbacks/callback.ts";
import { History } from "../train/callbacks/history.ts";
import type { FitOptions } from "../train/fit.ts";
import { hold, release } from "../train/holding.ts";
import type { Model } from "../train/model.ts";
import type { ModelConfig } from "../train/model-config.ts";
import { ProgressLine } from "../train/progress.ts";
import type { SaveOptions } from "../train/saving.ts";
import { EngineWorker, type EngineWorkerOptions } from "./engine-worker.ts";
import type {
  CallbackConfig,
  LayerConfig,
  RemoteCompileOptions,
  RemoteEvaluateOptions,
  RemoteExampleWeighting,
  RemotePredictOptions,
  RemoteWeighting,
} from "./options.ts";
import type {
  CallOptions,
  Calls,
  ExamplesRequest,
  FitRequest,
  Hooks,
  Named,
  TrainingHooks,
  Values,
} from "./protocol.ts";
import { type RemoteInputs, type RemoteTargets, type Send, withSent } from "./remote-data.ts";

/** What `new RemoteModel` takes beside the model. */
export interface RemoteModelOptions extends EngineWorkerOptions {
  /** The worker to live in; default: one of its own, made with the other options. */
  engine?: EngineWorker;
  /**
   * Begins the stream of the worker's default generator anew, as `seed(n)` before a model is made at hand, or after it was
   * built: the same weights and the same training in every run.
   */
  seed?: number;
}

/** A model, the bytes of its file as `exportModel` gives them, or the layers of a sequential one. */
export type RemoteModelSource = Model | ModelConfig | Uint8Array | readonly (Layer | LayerConfig)[];

/** What a training in a worker is going to do. Which epoch it begins with only callbacks in the worker can change. */
export interface RemoteTrainingInfo extends Readonly<Omit<TrainingInfo, "model">> {
  readonly model: RemoteModel;
}

/**
 * A callback that runs on the page. Training goes on when it is done, but for `onBatchEnd`, which is told at most twenty
 * times a second how far training is, and awaited at the end of the epoch only. What is before each batch, `onBatchBegin`,
 * only callbacks in the worker are told.
 */
export interface RemoteCallback extends TrainingHooks {
  /** Before the first epoch. */
  onTrainBegin?(info: RemoteTrainingInfo): void | Promise<void>;
}

/** What `RemoteModel.fit` takes beside the data. */
export interface RemoteFitOptions
  extends RemoteWeighting,
    Omit<FitOptions, "callbacks" | "validationData" | "sampleWeight"> {
  /** Data to validate on after each epoch, with sample weights perhaps. */
  validationData?: readonly [x: RemoteInputs, y?: RemoteTargets, sampleWeight?: RemoteTargets];
  /** Objects with functions are called here; configurations run in the worker, and see each batch. */
  callbacks?: readonly (RemoteCallback | CallbackConfig)[];
}

const hookNames = [
  "onTrainBegin",
  "onEpochBegin",
  "onBatchEnd",
  "onTestBegin",
  "onTestEnd",
  "onEpochEnd",
  "onTrainEnd",
] as const satisfies readonly (keyof Hooks)[];

/**
 * A model in an engine worker: the methods of `Model`, all of which give promises. What `Model` has as properties are
 * methods here: `getWeights` and `setWeights` for the values of `weights`, `getLearningRate` and `setLearningRate` for
 * `compilation.optimizer.learningRate`.
 *
 * Layers, variables and the optimizer's state stay in the worker, so there is no `apply`, no `sublayers` or `copy`, and no
 * `trainable` to be changed: layers are frozen by `trainable: false` before they get here. What else one wants to do to the
 * model, a worker's own file does in a `method`. `evaluate` and `predict` show no progress. What describes a model (`name`,
 * `config()`, `outputShape`) is known from what it was made of.
 */
export class RemoteModel {
  /** The worker that it lives in. */
  readonly engine: EngineWorker;
  private readonly ownsEngine: boolean;
  private readonly kind: string;
  private readonly model: number;
  /** Rejected where the worker cannot make the model; every call then fails alike. */
  private readonly created: Promise<void>;
  /** Whether training was to end before its data were there. */
  private stopping = false;

  static {
    showAsText(RemoteModel);
  }

  /**
   * A copy of a model in a worker, with its weights if it is built; or a sequential one of layers, which need not be
   * Layer objects: `new RemoteModel([{ kind: "dense", config: { units: 1, inputShape: [2] } }])`. Errors: ArgumentError for
   * functions among the options of layers, which cannot travel, and for a worker's options where there is one already.
   */
  constructor(source: RemoteModelSource, given: RemoteModelOptions = {}) {
    const { engine, seed, ...options } = checkOptions(
      "RemoteModel",
      given,
      remoteModelOptions,
      new.target === RemoteModel,
    );
    const config = source instanceof Uint8Array ? undefined : configOf(source);
    this.kind = config?.kind ?? "of a file";
    const idle = Object.keys(options);
    if (engine !== undefined && idle.length > 0) {
      throw new ArgumentError(`RemoteModel: an engine must be given without options for one, got ${idle.join(", ")}`);
    }
    this.ownsEngine = engine === undefined;
    this.engine = engine ?? new EngineWorker(options);
    this.model = this.engine.newNumber();
    this.created = this.create(source, config, seed);
    this.created.catch(() => {});
  }

  /** Its kind, and the worker that it lives in. */
  toString(): string {
    return `RemoteModel (${this.kind}) in ${this.engine}`;
  }

  /** Settles how the model is trained and measured. Errors: ArgumentError for functions and for unknown names. */
  async compile(options: RemoteCompileOptions): Promise<void> {
    checkOptions("compile", options, remoteCompileOptions);
    await this.call("compile", { options: toJsonRecord("compile", options) });
  }

  /**
   * Trains on examples x and targets y, epoch after epoch, as `Model.fit`. An aborted signal ends it after the current
   * step; the promise is then rejected with the signal's reason.
   */
  async fit(x: RemoteInputs, y?: RemoteTargets, options: RemoteFitOptions = {}): Promise<History> {
    checkOptions("fit", options, remoteFitOptions);
    const { callbacks = [], signal, validationData, sampleWeight, verbose = 1, ...plain } = options;
    requireList("fit", "callbacks", callbacks);
    this.stopping = false;
    const use = async (send: Send): Promise<History> => {
      const { inside, hooks } = this.sortCallbacks([...(verbose ? [new ProgressLine({ verbose })] : []), ...callbacks]);
      const request = {
        ...plain,
        ...(await sendExamples(send, x, y, sampleWeight)),
        validationData: validationData && (await sendValidation(send, validationData)),
        callbacks: inside,
        hooks: hookNames.filter((name) => hooks[name] !== undefined),
      };
      const training = this.call("fit", request, { signal, hooks });
      if (this.stopping) this.stopTraining = true;
      const { history, epochs } = await training;
      const done = new History();
      Object.assign(done.history, history);
      done.epochs.push(...epochs);
      return done;
    };
    const stateful = statefulOf(callbacks);
    hold("fit", stateful, use);
    try {
      return await withSent(this.engine, use, signal);
    } finally {
      release(stateful);
    }
  }

  /** Loss and metrics over examples x and targets y. Default: batches of 32. */
  evaluate<Name extends string = LogName>(
    x: RemoteInputs,
    y?: RemoteTargets,
    options: RemoteEvaluateOptions = {},
  ): Promise<Evaluation<Name>> {
    return this.judge("evaluate", x, y, options, remoteEvaluateOptions);
  }

  /** One training step on one batch; its loss and metrics. */
  trainOnBatch<Name extends string = LogName>(
    x: RemoteInputs,
    y?: RemoteTargets,
    weighting: RemoteWeighting = {},
  ): Promise<Evaluation<Name>> {
    return this.judge("trainOnBatch", x, y, weighting, remoteWeighting);
  }

  /** Loss and metrics of one batch. */
  testOnBatch<Name extends string = LogName>(
    x: RemoteInputs,
    y?: RemoteTargets,
    weighting: RemoteExampleWeighting = {},
  ): Promise<Evaluation<Name>> {
    return this.judge("testOnBatch", x, y, weighting, remoteExampleWeighting);
  }

  /** The only output for all examples, [length, ...]. Default: batches of 32. */
  async predict(x: RemoteInputs, options: RemotePredictOptions = {}): Promise<ArrayData> {
    const outputs = await this.predictAll(x, options);
    if (outputs.length === 1) return outputs[0];
    throw new ArgumentError(
      `predict: it must be called on models of one output, got ${outputs.length} outputs; use predictAll`,
    );
  }

  /** The outputs for all examples as a list. Default: batches of 32. */
  async predictAll(x: RemoteInputs, options: RemotePredictOptions = {}): Promise<ArrayData[]> {
    const { signal, ...plain } = checkOptions("predict", options, remotePredictOptions);
    const use = async (send: Send): Promise<ArrayData[]> => {
      const outputs = await this.call("predict", { ...plain, x: await send(x) }, { signal });
      return outputs.map(toArrayData);
    };
    return withSent(this.engine, use, signal);
  }

  /** Ends training after the current batch; `fit` gives the history so far. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.call("stop", {});
  }

  /** Set it to true in a callback, and training ends after the current batch, as by `stop`. It cannot be read. */
  set stopTraining(on: boolean) {
    // Where the worker is gone, so is its training.
    if (on) this.stop().catch(() => {});
  }

  /** Always a StateError: callbacks that change a model at hand must be given as configurations. */
  get weights(): never {
    throw notHere("weights", "getWeights()");
  }

  /** Always a StateError, as `weights`. */
  get compilation(): never {
    throw notHere("compilation", "compile(), getLearningRate() and setLearningRate()");
  }

  /** The optimizer's learning rate for the next step. StateError before `compile`. */
  getLearningRate(): Promise<number> {
    return this.call("getLearningRate", {});
  }

  /**
   * Sets the learning rate from the next step on, also while training is under way; in an awaited hook, such as
   * `onEpochBegin`, for all steps that follow it. Errors: ArgumentError for numbers below 0, StateError where a schedule
   * sets it and before `compile`.
   */
  async setLearningRate(value: number): Promise<void> {
    await this.call("setLearningRate", { value });
  }

  /** The layers and their numbers of weights as a table. */
  summary(): Promise<string> {
    return this.call("summary", {});
  }

  /** The values of all weights, in the order in which layers made them. */
  async getWeights(): Promise<ArrayData[]> {
    return (await this.call("getWeights", {})).map(toArrayData);
  }

  /** Overwrites all weights. ShapeError, and nothing changed, where one does not fit. */
  async setWeights(weights: readonly Data[]): Promise<void> {
    if (!Array.isArray(weights))
      throw new ArgumentError(`setWeights: weights must be a list of them, got ${typeof weights}`);
    await withSent(this.engine, async (send) => {
      const numbers: number[] = [];
      for (const values of weights as readonly Data[]) numbers.push((await send(values)) as number);
      await this.call("setWeights", { weights: numbers });
    });
  }

  /**
   * Takes over the weights of another model of the same structure, at hand or in any worker; with `tau` they move a part
   * of the way only. Errors, and nothing changed, where it has another structure or shapes.
   */
  async copyWeightsFrom(other: Model | RemoteModel, options: CopyWeightsOptions = {}): Promise<void> {
    const { tau } = checkOptions("copyWeightsFrom", options, copyWeightsOptions);
    if (typeof other?.exportWeights !== "function")
      throw new ArgumentError(`copyWeightsFrom: it must get a model, got ${typeof other}`);
    if (other instanceof RemoteModel && other.engine === this.engine) {
      await other.created;
      return this.call("copyWeightsFrom", { from: other.model, tau });
    }
    const bytes = toBytes(await other.exportWeights());
    return withSent(this.engine, async (send) =>
      this.call("copyWeightsFrom", { bytes: (await send(bytes)) as number, tau }),
    );
  }

  /** The whole model as the bytes of one safetensors file, from which `importModel` makes it again, here or anywhere. */
  async exportModel(options: SaveOptions = {}): Promise<Uint8Array> {
    return this.call("exportModel", { options: { ...checkOptions("save", options, saveOptions) } });
  }

  /** Writes the whole model to one safetensors file, where the worker has a file system. */
  async save(path: FilePath, options: SaveOptions = {}): Promise<void> {
    const plain = { ...checkOptions("save", options, saveOptions) };
    await this.call("save", { path: pathOf("save: the path", path), options: plain });
  }

  /** The weights as the bytes of a safetensors file. */
  exportWeights(): Promise<Uint8Array> {
    return this.call("exportWeights", {});
  }

  /** Takes over weights from such bytes. FormatError, and nothing changed, where they do not fit this model. */
  async importWeights(bytes: Uint8Array): Promise<void> {
    await withSent(this.engine, async (send) => {
      await this.call("importWeights", { bytes: (await send(toBytes(bytes))) as number });
    });
  }

  /** Writes the weights to a safetensors file, where the worker has a file system. */
  async saveWeights(path: FilePath): Promise<void> {
    await this.call("saveWeights", { path: pathOf("saveWeights: the path", path) });
  }

  /** Reads the weights from a safetensors file, where the worker has a file system. */
  async loadWeights(path: FilePath): Promise<void> {
    await this.call("loadWeights", { path: pathOf("loadWeights: the path", path) });
  }

  /** Calls a function of the worker's own file, `serve({ methods: { name: (model, ...parameters) => .. } })`. */
  async method(name: string, ...parameters: readonly unknown[]): Promise<unknown> {
    return this.call("method", { name, parameters });
  }

  /** Frees the model, and ends its worker if that is its own: promises not yet settled are rejected with a StateError. */
  dispose(): void {
    if (this.ownsEngine) this.engine.dispose();
    else this.call("forget", {}).catch(() => {});
  }

  private async create(source: RemoteModelSource, config: ModelConfig | undefined, seed?: number): Promise<void> {
    const isBuilt = "built" in source && source.built && source.weights.length > 0;
    const file = source instanceof Uint8Array ? source : isBuilt ? source.exportWeights() : undefined;
    await withSent(this.engine, async (send) => {
      const bytes = (await send(file && toBytes(file))) as number | undefined;
      await this.engine.call("create", { model: this.model, config, bytes, seed });
    });
  }

  private async call<M extends keyof Calls>(
    method: M,
    asks: Omit<NonNullable<Calls[M][0]>, "model">,
    options?: CallOptions,
  ): Promise<Calls[M][1]> {
    await this.created;
    return this.engine.call(method, { ...asks, model: this.model } as unknown as Calls[M][0], options);
  }

  /** Calls a method with examples. */
  private async judge(
    method: "evaluate" | "trainOnBatch" | "testOnBatch",
    x: RemoteInputs,
    y: RemoteTargets | undefined,
    options: RemoteEvaluateOptions & RemoteWeighting,
    names: Names,
  ): Promise<Evaluation<string>> {
    const { signal, sampleWeight, ...plain } = checkOptions(method, options, names);
    const use = async (send: Send): Promise<Evaluation<string>> =>
      this.call(method, { ...plain, ...(await sendExamples(send, x, y, sampleWeight)) }, { signal }) as Promise<
        Evaluation<string>
      >;
    return withSent(this.engine, use, signal);
  }

  /** Callbacks that run in the worker, and one function for each hook of those that run here. */
  private sortCallbacks(callbacks: NonNullable<RemoteFitOptions["callbacks"]>): {
    inside: Named[];
    hooks: Hooks;
  } {
    for (const callback of callbacks) checkCallback(callback);
    const inside = callbacks.filter((callback) => Object.hasOwn(callback, "kind")) as readonly CallbackConfig[];
    const here = callbacks.filter((callback): callback is RemoteCallback => !Object.hasOwn(callback, "kind"));
    if (here.some((callback) => (callback as Callback).onBatchBegin !== undefined)) {
      throw new ArgumentError(
        "fit: callbacks of a page must do without onBatchBegin, since no batch waits for it, got one that has it",
      );
    }
    const hooks = hookNames.flatMap((name) => {
      const concerned = here.filter((callback) => callback[name] !== undefined);
      if (concerned.length === 0) return [];
      const hook = async (...parameters: readonly unknown[]): Promise<void> => {
        const given = name === "onTrainBegin" ? [{ ...(parameters[0] as object), model: this }] : [...parameters];
        for (const callback of concerned) {
          await (callback[name] as (...given: unknown[]) => unknown).apply(callback, given);
        }
      };
      return [[name, hook] as const];
    });
    return {
      inside: inside.map((callback) => toJsonRecord("fit", callback) as unknown as Named),
      hooks: Object.fromEntries(hooks) as Hooks,
    };
  }
}

async function sendExamples(
  send: Send,
  x: RemoteInputs,
  y: RemoteTargets | undefined,
  sampleWeight: RemoteTargets | undefined,
): Promise<Omit<ExamplesRequest, "model">> {
  return { x: await send(x), y: await send(y), sampleWeight: await send(sampleWeight) };
}

async function sendValidation(
  send: Send,
  [x, y, sampleWeight]: NonNullable<RemoteFitOptions["validationData"]>,
): Promise<NonNullable<FitRequest["validationData"]>> {
  return [await send(x), await send(y), await send(sampleWeight)];
}

/** A model as plain JSON. */
function configOf(source: Exclude<RemoteModelSource, Uint8Array>): ModelConfig {
  if (!isList(source)) return plain(source);
  for (const layer of source) {
    if (!("built" in layer && layer.built)) continue;
    throw new ArgumentError(`RemoteModel: layers must not be built yet, got ${layer.name}; give a model that has them`);
  }
  return { kind: "sequential", config: { layers: source.map(plain) } };
}

function notHere(what: string, instead: string): StateError {
  return new StateError(
    `RemoteModel: its ${what} must be left to the worker, got a look at them; use ${instead}, ` +
      'and callbacks such as { kind: "earlyStopping", config: {} }',
  );
}

function isList(source: Exclude<RemoteModelSource, Uint8Array>): source is readonly (Layer | LayerConfig)[] {
  return Array.isArray(source);
}

/** A layer or a model, or what was made of one before, as plain JSON. */
function plain(source: Layer | ModelConfig): { kind: string; config: Record<string, Json> } {
  const { kind } = source;
  if (typeof source.config === "function") return { kind, config: source.config() };
  return { kind, config: toJsonRecord("RemoteModel", source.config ?? {}) };
}

function toBytes(bytes: Uint8Array): ArrayData {
  return new ArrayData(bytes, [bytes.length], "u8");
}

function toArrayData({ values, shape, dtype }: Values): ArrayData {
  return new ArrayData(values, shape, dtype);
}
