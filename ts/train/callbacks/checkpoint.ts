// Callbacks that save a training: the models of the best epochs, and all that is needed to go on after an interruption.

import { makeFolder, makeFolderOf, readFileIfAny, removeFile, writeFileAtomic } from "../../formats/files.ts";
import { decodeSafetensors, encodeSafetensors, type TensorRecord } from "../../formats/safetensors.ts";
import { backupAndRestoreOptions, modelCheckpointOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { ArgumentError, FormatError } from "../../runtime/errors.ts";
import { type FilePath, pathOf } from "../../runtime/paths.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import type { Model } from "../model.ts";
import { assignAll, matchedParts, recordsOfParts } from "../parts.ts";
import { describeModel } from "../saving.ts";
import { aboutPaths, buildAs, underPath } from "../weights.ts";
import {
  type Callback,
  COURSE,
  defineCallback,
  LOOKS,
  type Logs,
  type Memory,
  type Place,
  StatefulCallback,
  statefulOf,
  type TrainingInfo,
} from "./callback.ts";
import { BatchCounter, Monitor, type MonitorMode } from "./monitor.ts";

/** What `ModelCheckpoint` takes. */
export interface ModelCheckpointOptions {
  /**
   * Where to save, with figures in braces as in Python's format: "best-{epoch:02d}-{val_loss:.2f}.safetensors". Epochs
   * and batches are counted from 1 here.
   */
  filepath: FilePath;
  /** The figure to watch; default "val_loss". */
  monitor?: string;
  /** Whether only models with the best figure so far are saved; default false. */
  saveBestOnly?: boolean;
  /** Whether files hold the weights alone, as `model.saveWeights` writes them; default false: the whole model, as `save`. */
  saveWeightsOnly?: boolean;
  /** Default "auto". */
  mode?: MonitorMode;
  /** "epoch", the default, or the number of batches between two files. */
  saveFreq?: "epoch" | number;
  /** A figure that must be beaten for the first file; default none. */
  initialValueThreshold?: number;
}

/**
 * Saves the model as `model.save` does, after epochs or batches; with `saveWeightsOnly` its weights alone. `loadModel` reads
 * the first, `loadWeights` both. Errors: ArgumentError, when training begins, for functions that a file cannot hold.
 */
export class ModelCheckpoint extends StatefulCallback implements Callback {
  private readonly filepath: string;
  private readonly weightsOnly: boolean;
  private readonly monitor: Monitor | undefined;
  private readonly counter: BatchCounter;
  private model: Model | undefined;
  private epoch = 0;

  constructor(options: ModelCheckpointOptions) {
    super(options);
    const {
      filepath,
      monitor = "val_loss",
      saveBestOnly = false,
      saveWeightsOnly = false,
      mode = "auto",
      saveFreq = "epoch",
    } = options;
    this.filepath = pathOf("ModelCheckpoint: filepath", filepath);
    this.weightsOnly = saveWeightsOnly;
    // What is wrong with the formats is not to wait for the end of an epoch.
    for (const [, format] of this.filepath.matchAll(/\{[^{}:]*:([^{}]*)\}/g)) fillTemplate(`{x:${format}}`, { x: 0 });
    const best = new Monitor("ModelCheckpoint", monitor, mode, 0, options.initialValueThreshold);
    this.monitor = saveBestOnly ? best : undefined;
    this.counter = new BatchCounter("ModelCheckpoint", "saveFreq", saveFreq);
  }

  /** The best figure so far, when only the best is saved. */
  get best(): number | undefined {
    return this.monitor?.best;
  }

  override get memory(): Memory {
    return { kind: `ModelCheckpoint ${this.monitor?.kind}`, numbers: { best: this.best, seen: this.counter.seen } };
  }

  override set memory({ numbers: { best, seen = 0 } }: Memory) {
    if (this.monitor) this.monitor.best = best;
    this.counter.seen = seen;
  }

  onTrainBegin(info: TrainingInfo): void {
    this.model = info.model;
    this.monitor?.begin(info);
    // What no file can hold is not to wait for the end of an epoch.
    if (!this.weightsOnly) describeModel(info.model, info.model.compilation);
  }

  onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  /** @internal */
  [LOOKS](): boolean {
    return !this.counter.byEpoch;
  }

  async onBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.counter.isDue()) await this.save(logs, batch);
  }

  async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    if (this.counter.byEpoch) await this.save(logs);
  }

  private async save(logs: Logs, batch?: number): Promise<void> {
    if (this.monitor !== undefined && !this.monitor.improves(logs)) return;
    const counts = { epoch: this.epoch + 1, ...(batch === undefined ? {} : { batch: batch + 1 }) };
    const path = fillTemplate(this.filepath, { ...logs, ...counts });
    await makeFolderOf(path);
    await (this.weightsOnly ? this.model?.saveWeights(path) : this.model?.save(path));
  }
}

/**
 * Makes a {@link ModelCheckpoint}, which saves the model during training.
 * Errors: ArgumentError for options out of range, and a filepath with a format or figure that is not known.
 */
export const modelCheckpoint: Definition<typeof ModelCheckpoint> = defineCallback(
  "modelCheckpoint",
  ModelCheckpoint,
  modelCheckpointOptions,
);

/** The text with {name} and {name:format} replaced by figures; formats: d, 02d, .3f, .2e, g. @internal */
export function fillTemplate(template: string, figures: Logs): string {
  return template.replace(/\{([^{}:]*)(?::([^{}]*))?\}/g, (_, name: string, format = "") => {
    if (!Object.hasOwn(figures, name)) {
      const known = Object.keys(figures).join(", ");
      throw new ArgumentError(`ModelCheckpoint: filepath must name figures of ${known}, got {${name}}`);
    }
    const parts = /^(0?)(\d*)(?:\.(\d+))?([dfeg]?)$/.exec(format);
    if (parts === null) {
      throw new ArgumentError(`ModelCheckpoint: a format must be like 02d, .3f or .2e, got "${format}"`);
    }
    const [, zero, width, digits, kind] = parts;
    const text = formatFigure(figures[name], kind, Number(digits ?? 6));
    return text.padStart(Number(width), zero === "" ? " " : "0");
  });
}

function formatFigure(value: number, kind: string, digits: number): string {
  if (kind === "d") return String(Math.trunc(value));
  if (kind === "f") return value.toFixed(digits);
  // Python writes at least two digits of the exponent.
  if (kind === "e") return value.toExponential(digits).replace(/([+-])(\d)$/, "$10$2");
  return kind === "g" ? String(Number(value.toPrecision(digits))) : String(value);
}

/** What `BackupAndRestore` takes. */
export interface BackupAndRestoreOptions {
  /** A folder for this training alone. */
  backupDir: FilePath;
  /** "epoch", the default, or the number of batches between two backups. */
  saveFreq?: "epoch" | number;
  /** Whether the backup is removed when training has reached its end; default true. */
  deleteCheckpoint?: boolean;
}

/**
 * Saves a training after each epoch, or so many batches, and takes it up when one that was interrupted is begun again with
 * the same data, or a function that gives the same batches: it goes on with the next epoch or batch, and takes the steps that it would have taken, to the bit. Kept are
 * the weights, the optimizer with its learning rate, random streams, the figures of the epoch, and what `EarlyStopping`,
 * `ReduceLROnPlateau` and `ModelCheckpoint` have learned, not what callbacks of one's own have. Wherever it stands in the
 * list, its turn comes last.
 * Errors: FormatError, and nothing changed, for the file of another model, optimizer, or in mid-epoch other batches or metrics.
 */
export class BackupAndRestore extends StatefulCallback implements Callback {
  private readonly folder: string;
  private readonly deletes: boolean;
  private readonly counter: BatchCounter;
  private info: TrainingInfo | undefined;
  private finishedEpochs = 0;
  /** The learning rate of an epoch that goes on. */
  private rate: number | undefined;

  constructor(options: BackupAndRestoreOptions) {
    super(options);
    const { backupDir, saveFreq = "epoch", deleteCheckpoint = true } = options;
    this.folder = pathOf("BackupAndRestore: backupDir", backupDir);
    this.deletes = deleteCheckpoint;
    this.counter = new BatchCounter("BackupAndRestore", "saveFreq", saveFreq);
  }

  /** What others learn of a batch or epoch is to be in its backup. @internal */
  override get isLast(): boolean {
    return true;
  }

  private get path(): string {
    return `${this.folder}/training.safetensors`;
  }

  async onTrainBegin(info: TrainingInfo): Promise<void> {
    const { [COURSE]: course } = info;
    if (course && course.cut === undefined) {
      throw new ArgumentError(
        "BackupAndRestore: batches must be such that they can be read again, got an iterator's; pass fit a function that " +
          "returns an iterable",
      );
    }
    this.info = info;
    const bytes = await readFileIfAny(this.path);
    this.counter.seen = 0;
    this.rate = bytes && (await restoreTraining(info, bytes, this.path));
    this.finishedEpochs = info.initialEpoch;
  }

  onEpochBegin(): void {
    // Others have set that of an epoch's beginning, which came before the backup.
    if (this.rate !== undefined && this.info) this.info.model.compilation.optimizer.learningRate = this.rate;
    this.rate = undefined;
  }

  /** @internal */
  [LOOKS](): boolean {
    return false;
  }

  async onBatchEnd(): Promise<void> {
    if (this.counter.isDue()) await this.save();
  }

  async onEpochEnd(epoch: number): Promise<void> {
    this.finishedEpochs = epoch + 1;
    if (this.counter.byEpoch) await this.save();
  }

  /** Also called when training is interrupted: then the backup stays. */
  async onTrainEnd(): Promise<void> {
    const { info } = this;
    const ended = info !== undefined && (this.finishedEpochs >= info.epochs || info.model.stopTraining);
    if (ended && this.deletes) await removeFile(this.path);
  }

  private async save(): Promise<void> {
    if (this.info === undefined) return;
    const { optimizer } = this.info.model.compilation;
    const swap = (): void => optimizer.swapAverages(this.info?.model.trainableWeights ?? []);
    const { averagesInPlace } = optimizer;
    if (averagesInPlace) swap();
    const bytes = encodeTraining(this.info, this.finishedEpochs);
    if (averagesInPlace) swap();
    await makeFolder(this.folder);
    await writeFileAtomic(this.path, bytes);
  }
}

/**
 * Makes a {@link BackupAndRestore}, which resumes an interrupted training. Errors: ArgumentError for options out of
 * range.
 */
export const backupAndRestore: Definition<typeof BackupAndRestore> = defineCallback(
  "backupAndRestore",
  BackupAndRestore,
  backupAndRestoreOptions,
);

function encodeTraining(info: TrainingInfo, epoch: number): Uint8Array {
  const { model, seed, [COURSE]: course } = info;
  const { optimizer } = model.compilation;
  optimizer.build(model.trainableWeights);
  const records = recordsOfParts(model, optimizer);
  const lists = (name: string, all: readonly TypedArray[] = []): void =>
    all.forEach((data, i) => void records.set(`${name}/${i}`, recordOf(data)));
  const callbacks = memoriesOf(info).map(({ kind, numbers, weights }, i) => {
    lists(`callbacks/${i}`, weights);
    return { kind, numbers: Object.entries(numbers).map(([name, value]) => [name, String(value)]) };
  });
  const place = course?.place();
  lists("metrics", place?.metrics);
  return encodeSafetensors(records, {
    format: "heddle-training",
    epoch: String(epoch),
    seed: String(seed),
    seeded: String(course?.seeded),
    callbacks: JSON.stringify(callbacks),
    ...(place && {
      place: JSON.stringify({
        cut: course?.cut,
        batch: place.batch,
        stream: [...place.stream],
      }),
    }),
    ...aboutPaths(model),
  });
}

/** What the callbacks of a training have learned, of those that have. */
function memoriesOf(info: TrainingInfo): Memory[] {
  return learners(info).map(({ memory }) => memory as Memory);
}

function learners(info: TrainingInfo): StatefulCallback[] {
  return statefulOf(info[COURSE]?.callbacks ?? []).filter(({ memory }) => memory);
}

function recordOf(data: TypedArray): TensorRecord {
  const dtype = data instanceof Float32Array ? "f32" : data instanceof Int32Array ? "i32" : "u8";
  return { dtype, shape: [data.length], data };
}

/**
 * Takes over a training's state, its finished epochs and its seed; the learning rate where it was in mid-epoch.
 * FormatError, and nothing changed, for another's.
 */
async function restoreTraining(info: TrainingInfo, bytes: Uint8Array, path: string): Promise<number | undefined> {
  const { model, [COURSE]: course } = info;
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const epoch = Number(metadata.epoch);
  if (!Number.isInteger(epoch) || epoch < 0) {
    throw new FormatError(`${path}: the file must tell the number of finished epochs, got ${metadata.epoch}`);
  }
  const { optimizer } = model.compilation;
  const lists = (name: string): TypedArray[] => [...underPath(tensors, `${name}/`).values()].map(({ data }) => data);
  const place = placeOf(metadata, lists("metrics"), path, course?.cut);
  buildAs(model, metadata);
  // So that a file of another optimizer lacks something.
  optimizer.build(model.trainableWeights);
  const all = matchedParts(model, optimizer, tensors, metadata, path);
  const before = all.map(([x]) => x.data());
  const known = Number(metadata.seed);
  const seed = Number.isSafeInteger(known) ? known : info.seed;
  try {
    if (place) await course?.resume(epoch, seed, place);
    assignAll(all);
  } catch (error) {
    all.forEach(([x], i) => void x.assign(before[i]));
    throw error;
  }
  const learned = (parsed(metadata.callbacks) ?? []) as { kind: string; numbers: [string, string][] }[];
  const memories = learned.map(({ kind, numbers }, i) => {
    const known = numbers.filter(([, text]) => text !== "undefined").map(([name, text]) => [name, Number(text)]);
    const weights = lists(`callbacks/${i}`);
    return { kind, numbers: Object.fromEntries(known), weights: weights.length > 0 ? weights : undefined };
  });
  for (const learner of learners(info)) {
    const at = memories.findIndex(({ kind }) => kind === learner.memory?.kind);
    if (at >= 0) [learner.memory] = memories.splice(at, 1);
  }
  info.initialEpoch = epoch;
  info.seed = seed;
  if (course && metadata.seeded) course.seeded = metadata.seeded === "true";
  return place && !optimizer.hasSchedule ? optimizer.learningRate : undefined;
}

/** The place in mid-epoch that a file tells, if it does. FormatError where batches were cut in another way. */
function placeOf(
  { place }: Readonly<Record<string, string>>,
  metrics: readonly TypedArray[],
  path: string,
  cut: string | undefined,
): Place | undefined {
  if (place === undefined || cut === undefined) return undefined;
  const known = parsed(place) as { cut: string; batch: number; stream: number[] };
  if (known?.cut === cut) return { batch: known.batch, stream: Int32Array.from(known.stream), metrics };
  throw new FormatError(
    `${path}: the training in mid-epoch must go on with ${known?.cut}, got ${cut}; or remove the file`,
  );
}

/** What a file says in JSON; undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
