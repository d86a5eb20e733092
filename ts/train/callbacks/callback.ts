// What training tells others while it runs: the Callback interface, and what callbacks with state share.
import type { Names } from "../../generated/options.ts";
import { type Json, ownCopy, toJsonRecord } from "../../layers/config.ts";
import {
  type Definition,
  type DefinitionDetails,
  defineClass,
  definitionOf,
  type OptionsClass,
} from "../../layers/definition.ts";
import type { MetricName } from "../../metrics/index.ts";
import type { Direction } from "../../metrics/metric.ts";
import type { Stream } from "../../ops/random.ts";
import { ArgumentError } from "../../runtime/errors.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import type { Model } from "../trained.ts";

/** Figures by name: loss, accuracy, val_loss and so on. During an epoch they are means over the batches so far. */
export type Logs = Record<string, number>;

/** The library's metrics as the figures of a model with one output are called. */
export type LogName = MetricName | `weighted_${MetricName}`;

/**
 * What `evaluate` and steps on a batch say: the loss, and the figures that `compile` was given. Those of other names than
 * the library's metrics have are told by the type argument: `evaluate<"accuracy" | "my_figure">(x, y)`.
 */
export type Evaluation<Name extends string = LogName> = { readonly [figure in "loss" | Name]: number };

/** What a training run is going to do. */
export interface TrainingInfo {
  readonly model: Model;
  readonly epochs: number;
  /** The epoch that training begins with; a callback may set it, to go on where an earlier run ended. */
  initialEpoch: number;
  /** Batches in an epoch, undefined where only reading them tells. */
  readonly steps: number | undefined;
  /** Examples in a pass over the data, undefined where only reading them tells. */
  readonly samples: number | undefined;
  /** Examples in a batch, undefined where batches come by themselves. */
  readonly batchSize: number | undefined;
  /** Names of the figures in the logs, without those of validation; what steps of the model's own return joins at the first. */
  readonly metrics: readonly string[];
  /** Which way each of them gets better, undefined where its metric does not say; default: what the model's metrics say. */
  readonly directions?: { readonly [figure: string]: Direction | undefined };
  /** Whether there are data to validate on: then each figure has another one, "val_" before its name. */
  readonly validation: boolean;
  /**
   * What the order of examples and random layers follow from, with the number of the epoch; a callback may set it when
   * training begins, to go on where an earlier run ended.
   */
  seed: number;
  /** What backups need. @internal */
  readonly [COURSE]?: Course;
}

/** The key of a training's course. @internal */
export const COURSE: unique symbol = Symbol("course");

/** Where in an epoch a training is: what its other batches follow from, beside the model and its optimizer. */
export interface Place {
  /** How many of its batches are done. */
  readonly batch: number;
  readonly stream: Stream;
  /** What the figures have gathered. */
  readonly metrics: readonly TypedArray[];
}

/** A training as backups see it. */
export interface Course {
  readonly callbacks: readonly Callback[];
  /** How its examples are cut into batches, in words; undefined where they cannot be read again. */
  readonly cut: string | undefined;
  /** Whether `fit` was given its seed, from which layers with one of their own then draw too. */
  seeded: boolean;
  /** Undefined between epochs. */
  place(): Place | undefined;
  /**
   * Makes the first epoch, this one, go on from there. It may take a step, to find what the metrics gather: the model and its optimizer
   * must be restored after it. FormatError where these are other metrics.
   */
  resume(epoch: number, seed: number, place: Place): Promise<void>;
}

/** The key of what a callback of the library is asked before `onBatchEnd`. @internal */
export const LOOKS: unique symbol = Symbol("looks");

/** A callback that knows whether it will look at the figures of the batch that is done. */
export interface Looking extends Callback {
  /** @internal */
  [LOOKS](): boolean;
}

/** What tells, after each batch, whether one of the callbacks looks at its figures; of those that do not say so each does. */
export function lookers(callbacks: readonly Callback[]): () => boolean {
  const home = (x: object, key: PropertyKey): object =>
    Object.hasOwn(x, key) ? x : home(Object.getPrototypeOf(x) as object, key);
  // A subclass may have an onBatchEnd of its own.
  const says = (x: Callback): x is Looking => LOOKS in x && home(x, LOOKS) === home(x, "onBatchEnd");
  const asked = callbacks.filter(says);
  const always = asked.length < callbacks.length;
  return () => asked.filter((callback) => callback[LOOKS]()).length > 0 || always;
}

/** Called by `fit` at its turning points; every method may be left out, and may return a promise, which is awaited. */
export interface Callback {
  /** Before the first epoch. */
  onTrainBegin?(info: TrainingInfo): void | Promise<void>;
  /** Before an epoch, counted from 0. */
  onEpochBegin?(epoch: number): void | Promise<void>;
  /** Before a batch, counted from 0 in each epoch. */
  onBatchBegin?(batch: number): void | Promise<void>;
  /** After a batch, with the means over the epoch's batches so far. */
  onBatchEnd?(batch: number, logs: Logs): void | Promise<void>;
  /** Before the validation data of an epoch. */
  onTestBegin?(): void | Promise<void>;
  /** After the validation data of an epoch, with their figures. */
  onTestEnd?(logs: Logs): void | Promise<void>;
  /** After an epoch and its validation, with all figures. */
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  /** After the last epoch, with its figures. */
  onTrainEnd?(logs: Logs): void | Promise<void>;
}

/** The hooks of callbacks. */
const hooks: readonly (keyof Callback)[] = [
  "onTrainBegin",
  "onEpochBegin",
  "onBatchBegin",
  "onBatchEnd",
  "onTestBegin",
  "onTestEnd",
  "onEpochEnd",
  "onTrainEnd",
];

/** ArgumentError unless it is an object, and what a plain one calls "on .." is a hook. */
export function checkCallback(callback: unknown): asserts callback is Callback {
  if (typeof callback !== "object" || callback === null)
    throw new ArgumentError(`fit: callbacks must be objects with hooks, got ${typeof callback}`);
  const broken = hooks.find((hook) => !["undefined", "function"].includes(typeof (callback as Callback)[hook]));
  if (broken !== undefined) throw new ArgumentError(`fit: the hook ${broken} of a callback must be a function`);
  if (Object.getPrototypeOf(callback) !== Object.prototype) return;
  const strange = Object.keys(callback).find((name) => name.startsWith("on") && !hooks.some((hook) => hook === name));
  if (strange === undefined) return;
  throw new ArgumentError(`fit: the hooks of callbacks must be among ${hooks.join(", ")}, got ${strange}`);
}

/**
 * A callback with the state of one training, as all of the library's are but `LambdaCallback`: `fit` throws a StateError while
 * another training uses it. One after the other may.
 */
export abstract class StatefulCallback {
  readonly #definition: DefinitionDetails | undefined;
  readonly #given: object;

  /** `options` are all that it was given, which `config` returns where `defineCallback` has made its class known. */
  constructor(options?: object) {
    this.#definition = definitionOf(new.target, options);
    this.#given = ownCopy(options ?? {});
  }

  /** The name by which its class is known. ArgumentError where it is not. */
  get kind(): string {
    if (this.#definition !== undefined) return this.#definition.kind;
    throw new ArgumentError(
      `callback: to be saved or sent, it must be of a class of defineCallback, got ${this.constructor.name}`,
    );
  }

  /** The options that make the same callback again, as plain JSON. ArgumentError for what cannot be. */
  config(): Record<string, Json> {
    return toJsonRecord(this.kind, this.#given);
  }

  /** Whether its turn comes after all others'. @internal */
  get isLast(): boolean {
    return false;
  }

  /** What it has learned of the training so far. @internal */
  get memory(): Memory | undefined {
    return undefined;
  }

  /** Takes up what another of its kind had learned, after `onTrainBegin`. @internal */
  set memory(_: Memory) {}
}

/** What a callback has learned. */
export interface Memory {
  /** Whose it is: a callback's of the same class that watches the same figure. */
  readonly kind: string;
  readonly numbers: { readonly [name: string]: number | undefined };
  /** In the order of the model's. */
  readonly weights?: readonly TypedArray[] | undefined;
}

/** Those of the callbacks that only one training may use at a time. */
export function statefulOf(callbacks: readonly object[]): StatefulCallback[] {
  return callbacks.filter((callback) => callback instanceof StatefulCallback);
}

/** Defines a class of callbacks by name. */
export function defineCallback<C extends OptionsClass<Callback>>(
  kind: string,
  made: C,
  optionNames?: Names,
): Definition<C> {
  return defineClass(kind, made, optionNames, {});
}
