// What a page and its engine worker say to each other: calls and their results, the turning points of a training, the end
// of what is aborted. Everything is plain data; data sets go before the calls that use them, which know them by number.

import type { Json } from "../layers/config.ts";
import type { Configuration, EngineInfo } from "../runtime/engine.ts";
import type { Dtype, TypedArray } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Weighting } from "../train/batches.ts";
import type { Logs, TrainingInfo } from "../train/callbacks/callback.ts";
import type { EvaluateOptions, FitOptions } from "../train/fit.ts";
import type { ModelConfig } from "../train/model-config.ts";
import type { SaveOptions } from "../train/saving.ts";
import type { WireError } from "./errors.ts";

/** Something by name, with options: `{ kind: "adam", config: { learningRate: 0.01 } }`. */
export interface Named<Kind extends string = string, Config = { readonly [option: string]: Json }> {
  readonly kind: Kind;
  readonly config?: Config;
}

/** Numbers of data that were sent before. */
export type Sent = number | readonly number[] | { readonly [output: string]: number };

/** How numbers lie in what is sent. */
export interface Layout {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly scale: number;
}

/** What `fit` takes, as it travels. */
export interface FitRequest
  extends Omit<FitOptions, "callbacks" | "signal" | "validationData" | "sampleWeight" | "verbose">,
    ExamplesRequest {
  readonly validationData: readonly [x: Sent, y: Sent | undefined, sampleWeight: Sent | undefined] | undefined;
  readonly callbacks: readonly Named[];
  /** The turning points that the page wants to be told of. */
  readonly hooks: readonly (keyof Hooks)[];
}

/** A model and its data. */
export interface ExamplesRequest {
  readonly model: number;
  readonly x: Sent;
  readonly y: Sent | undefined;
  readonly sampleWeight: Sent | undefined;
}

/** What `trainOnBatch` takes, as it travels. */
export type BatchRequest = ExamplesRequest & Pick<Weighting, "classWeight">;

/** What `evaluate` and `predict` take beside data, as it travels. */
export type PlainEvaluateOptions = Omit<EvaluateOptions, "signal" | "sampleWeight" | "verbose">;

/** Numbers with a shape. */
export interface Values {
  readonly values: TypedArray;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** Each call: what it takes, and what it gives. */
export interface Calls {
  configure: [Configuration, void];
  info: [undefined, EngineInfo];
  /** Room for data that come in parts; `bytes` where f32 are stored as bytes. */
  allocate: [Layout & { data: number; bytes: boolean }, void];
  fill: [{ data: number; begin: number; values: TypedArray }, void];
  /** Data that come whole: transferred, or in shared memory. */
  take: [Layout & { data: number; values: TypedArray }, void];
  release: [{ data: number }, void];
  /** From a configuration, or from the bytes of a whole model's file. */
  create: [
    { model: number; config?: ModelConfig | undefined; bytes: number | undefined; seed: number | undefined },
    void,
  ];
  forget: [{ model: number }, void];
  compile: [{ model: number; options: { readonly [option: string]: Json } }, void];
  fit: [FitRequest, { history: Record<string, number[]>; epochs: number[] }];
  evaluate: [ExamplesRequest & PlainEvaluateOptions, Logs];
  predict: [{ model: number; x: Sent } & PlainEvaluateOptions, Values[]];
  trainOnBatch: [BatchRequest, Logs];
  testOnBatch: [ExamplesRequest, Logs];
  summary: [{ model: number }, string];
  stop: [{ model: number }, void];
  getLearningRate: [{ model: number }, number];
  setLearningRate: [{ model: number; value: number }, void];
  getWeights: [{ model: number }, Values[]];
  setWeights: [{ model: number; weights: readonly number[] }, void];
  /** From another model here, or from the bytes of a safetensors file. */
  copyWeightsFrom: [{ model: number; from?: number; bytes?: number; tau: number | undefined }, void];
  exportModel: [{ model: number; options: SaveOptions }, Uint8Array];
  save: [{ model: number; path: string; options: SaveOptions }, void];
  exportWeights: [{ model: number }, Uint8Array];
  importWeights: [{ model: number; bytes: number }, void];
  saveWeights: [{ model: number; path: string }, void];
  loadWeights: [{ model: number; path: string }, void];
  method: [{ model: number; name: string; parameters: readonly unknown[] }, unknown];
}

/** What a training tells the page. All are awaited before it goes on, but `onBatchEnd`. */
export interface TrainingHooks {
  /** Epochs are counted from 0. */
  onEpochBegin?(epoch: number): void | Promise<void>;
  /**
   * The batch that was last when this was sent, and the epoch's figures so far; at most twenty times a second. Training
   * waits for it at the end of the epoch only.
   */
  onBatchEnd?(batch: number, logs: Logs): void | Promise<void>;
  /** Before the validation data of an epoch. */
  onTestBegin?(): void | Promise<void>;
  /** What the validation data gave. */
  onTestEnd?(logs: Logs): void | Promise<void>;
  /** The figures of the epoch, those of validation among them. */
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  /** After the last epoch, and when training was stopped, aborted or failed. */
  onTrainEnd?(logs: Logs): void | Promise<void>;
}

/** The hooks of a page together. */
export interface Hooks extends TrainingHooks {
  onTrainBegin?(info: Omit<TrainingInfo, "model">): void | Promise<void>;
}

/** A call of one method. */
export interface Request<M extends keyof Calls = keyof Calls> {
  readonly id: number;
  readonly method: M;
  readonly asks: Calls[M][0];
}

/** Messages to the worker. */
export type ToWorker =
  | Request
  | { readonly abort: number }
  | { readonly answer: number; readonly error: WireError | undefined };

/** Messages from the worker. */
export type FromWorker =
  /** It listens; the lock is held for as long as it lives. */
  | { readonly serving: true; readonly lock: string | undefined }
  /** It ends, for this reason. */
  | { readonly lost: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly id: number; readonly hook: keyof Hooks; readonly parameters: readonly unknown[]; readonly ask: number };

/** What a call takes beside its arguments. */
export interface CallOptions {
  readonly transfer?: ArrayBuffer[];
  readonly signal?: AbortSignal;
  readonly hooks?: Hooks;
}

/** What sends calls to a worker: its EngineWorker. */
export interface Caller {
  newNumber(): number;
  call<M extends keyof Calls>(method: M, asks: Calls[M][0], options?: CallOptions): Promise<Calls[M][1]>;
}
