// The studio's engine: the training that is under way, run in slices between which requests are answered, looked at now
// and then, and kept by the browser. It knows what is asked of it, not who asks.
import { configure, engineInfo } from "heddle";
import { defaultSettings, type ModelId, models, PIXELS, type Settings, UNKNOWN } from "../catalogue.ts";
import type { Check, Events, KeptWeights, Requests, Status } from "../protocol.ts";
import { parseCsv } from "./csv.ts";
import { type AllDigits, type Digits, findDigit } from "./digits.ts";
import { lookAt, lookInside } from "./insight.ts";
import { Meter } from "./meter.ts";
import { decodeDigits, encodeDigits, judgeOwn } from "./own-digits.ts";
import { decodeSession, encodeSession, encodeWeights, labelOf } from "./session.ts";
import { Storage } from "./storage.ts";
import { Training } from "./training.ts";
import { checkModel, pixelsOf } from "./validation.ts";

/** Requests wait no longer than this, or than one step. */
const SLICE_MILLISECONDS = 12;
const REPORT_MILLISECONDS = 250;
const IDLE_MILLISECONDS = 1000;
const CHECK_MILLISECONDS = 3000;
/** Of the time of a training, looks at it may take one part in so many. */
const CHECK_SHARE = 12;
/** No loss of a model that learns comes near this; optimizers survive immense gradients, so that it may stay a number. */
const LOST = 1e6;
const QUICK_CHECK = 1000;
const INSIGHT_MILLISECONDS = 1500;
const SAVE_MILLISECONDS = 2000;
/** The engine takes no more. */
const MOST_THREADS = 64;
/** The file of the digits that a person brought. */
const OWN = "own-digits";

export type Emit = <E extends keyof Events>(event: E, value: Events[E]) => void;

export class Studio {
  private readonly emit: Emit;
  private readonly digits: AllDigits;
  private readonly storage: Storage | undefined;
  /** Why nothing is kept, if so. */
  private storageProblem: string | undefined;
  private training: Training;
  private savedStep = 0;
  /** Each model's training as a file, as it was when last it was saved. */
  private readonly sessions = new Map<ModelId, Uint8Array>();
  /** The training as it was when last it went well, with its validation loss, if there was one. */
  private healthy: { readonly bytes: Uint8Array; readonly loss: number | undefined } | undefined;
  private undoBytes: Uint8Array | undefined;
  private own: Digits | undefined;
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private interruption = new AbortController();
  private readonly meter = new Meter();
  private reported = { time: 0, steps: 0 };
  private due = { check: 0, insight: 0, save: 0 };

  private constructor(emit: Emit, digits: AllDigits, storage: Storage | string) {
    this.emit = emit;
    this.digits = digits;
    this.storage = storage instanceof Storage ? storage : undefined;
    this.storageProblem = storage instanceof Storage ? undefined : storage;
    this.training = new Training(defaultSettings("digit-cnn"));
  }

  /** Opens the studio with a model as it was left; a training that was interrupted goes on. */
  static async open(emit: Emit, digits: AllDigits, model: ModelId): Promise<Studio> {
    const storage = await Storage.open().catch((error: Error) => error.message);
    const studio = new Studio(emit, digits, storage);
    await studio.takeOwnDigits();
    const wasRunning = await studio.take(model);
    if (wasRunning) studio.start();
    // Threads come and go while nothing is trained, too.
    setInterval(() => studio.report(), IDLE_MILLISECONDS);
    return studio;
  }

  // ---- what the page asks for; one after the other, but for `look`, `sample` and `export`

  train(): void {
    if (this.running) return;
    reviveThreads();
    this.training.extend();
    this.start();
  }

  async pause(): Promise<void> {
    await this.stop();
    await this.save();
    this.report(true);
  }

  async reset(): Promise<void> {
    await this.stop();
    this.remember();
    await this.replace(new Training(this.training.settings));
    await this.save();
  }

  async undo(): Promise<void> {
    if (this.undoBytes === undefined) return;
    await this.stop();
    const { training } = decodeSession(this.undoBytes, "undo");
    this.undoBytes = undefined;
    await this.replace(training);
    await this.save();
  }

  async choose(changes: Partial<Settings>): Promise<void> {
    const { settings } = this.training;
    if (changes.model !== undefined && changes.model !== settings.model) {
      await this.stop();
      await this.save();
      await this.take(changes.model);
      return;
    }
    const wasRunning = this.running;
    await this.stop();
    this.training.adjust({ ...settings, ...changes });
    if (wasRunning) this.start();
    else await this.save();
    this.report(true);
  }

  look({ pixels, layers }: Requests["look"][0]): Requests["look"][1] {
    return lookAt(this.training.model, pixels, layers);
  }

  sample({ digit, turn }: Requests["sample"][0]): Float32Array {
    const { validation } = this.digits;
    return Float32Array.from(pixelsOf(validation, findDigit(validation, digit, turn)), (byte) => byte / 255);
  }

  async judge(given: Requests["judge"][0]): Promise<void> {
    this.own =
      "csv" in given
        ? parseCsv(await given.csv.text())
        : { pixels: given.pixels, labels: new Uint8Array(given.pixels.length / PIXELS).fill(UNKNOWN) };
    await this.judgeOwnDigits();
    await this.storage?.write(OWN, encodeDigits(this.own));
  }

  async putAway(): Promise<void> {
    this.own = undefined;
    this.emit("own", undefined);
    await this.storage?.remove(OWN);
  }

  export(): Requests["export"][1] {
    const { settings, progress } = this.training;
    return { bytes: encodeWeights(this.training), name: `${settings.model}-${progress.step}.safetensors` };
  }

  /** Takes weights into a new training of the model that they name, or of the one that is chosen; `undo` brings it back. */
  async import({ bytes, name }: Requests["import"][0]): Promise<void> {
    const { settings } = this.training;
    const model = labelOf(bytes, name)?.model ?? settings.model;
    const training = new Training(model === settings.model ? settings : defaultSettings(model));
    try {
      training.model.importWeights(bytes);
    } catch (error) {
      training.dispose();
      throw error;
    }
    await this.stop();
    await this.save();
    if (model !== settings.model) {
      await this.take(model);
      training.adjust(this.training.settings);
    }
    this.remember();
    await this.replace(training);
    await this.check(QUICK_CHECK);
    await this.save();
    this.report(true);
  }

  async keep(): Promise<readonly KeptWeights[]> {
    const storage = this.opened();
    const { settings, progress } = this.training;
    const bytes = encodeWeights(this.training);
    // Of two runs at the same step neither takes the other's place.
    const name = `weights-${settings.model}-${String(progress.step).padStart(8, "0")}-${await digestOf(bytes)}`;
    await storage.write(name, bytes);
    return this.list();
  }

  async list(): Promise<readonly KeptWeights[]> {
    if (this.storage === undefined) return [];
    const kept: KeptWeights[] = [];
    for (const name of await this.storage.list("weights-")) {
      const bytes = await this.storage.read(name);
      const label = bytes && labelOf(bytes, name);
      if (label) kept.push({ name, ...label });
    }
    return kept;
  }

  async restore({ name }: Requests["restore"][0]): Promise<void> {
    const bytes = await this.opened().read(name);
    if (bytes === undefined) throw new Error(`${name}: the file must still be there, got none`);
    await this.import({ bytes, name });
  }

  async forget({ name }: Requests["forget"][0]): Promise<readonly KeptWeights[]> {
    await this.opened().remove(name);
    return this.list();
  }

  // ---- the training that is under way

  private get task(): (typeof models)[ModelId]["task"] {
    return models[this.training.settings.model].task;
  }

  /** Keeps the training at hand in case that its end was a mistake. */
  private remember(): void {
    if (this.training.progress.step > 0) this.undoBytes = encodeSession(this.training, false);
  }

  /** Takes up a model as it was left; whether its training was running. */
  private async take(model: ModelId): Promise<boolean> {
    const name = sessionFile(model);
    let session: { training: Training; running: boolean } | undefined;
    try {
      const bytes = this.sessions.get(model) ?? (await this.storage?.read(name));
      session = bytes && decodeSession(bytes, name);
    } catch (error) {
      this.emit("problem", `The training that was kept cannot be read, so a new one begins: ${messageOf(error)}`);
    }
    this.undoBytes = undefined;
    await this.replace(session?.training ?? new Training(defaultSettings(model)));
    this.savedStep = this.training.progress.step;
    if (this.training.progress.step > 0) await this.check(QUICK_CHECK, false);
    this.report(true);
    return session?.running ?? false;
  }

  private async replace(training: Training): Promise<void> {
    this.training.dispose();
    this.training = training;
    this.reported = { time: 0, steps: training.losses.length };
    this.emit("history", training.history);
    this.lookInside();
    this.report(true);
    await this.judgeOwnDigits();
  }

  private start(): void {
    this.healthy = { bytes: encodeSession(this.training, false), loss: this.training.checks.at(-1)?.loss };
    this.running = true;
    this.interruption = new AbortController();
    const now = performance.now();
    this.due = { check: now + CHECK_MILLISECONDS / 3, insight: now, save: now };
    this.meter.clear();
    this.meter.count(now, 0);
    this.report(true);
    this.loop = this.run().catch((error: unknown) => {
      this.running = false;
      if (!this.interruption.signal.aborted) this.emit("problem", messageOf(error));
      this.report(true);
    });
  }

  /** Ends the loop after the current step. */
  private async stop(): Promise<void> {
    this.running = false;
    this.interruption.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const nextTurn = turns();
    while (this.running && !this.training.finished) {
      const isOver = this.slice();
      if (this.healthy && !(this.training.losses.last < LOST)) return await this.recover(this.healthy);
      if (isOver) await this.closeEpoch();
      const now = performance.now();
      if (now >= this.due.check) await this.check(QUICK_CHECK);
      if (now >= this.due.insight) this.lookInside();
      if (now >= this.due.save) await this.save();
      this.report();
      await nextTurn();
    }
    const finished = this.training.finished;
    this.running = false;
    if (finished) await this.save();
    this.report(true);
  }

  /** Steps for a slice of time; whether the epoch is over. */
  private slice(): boolean {
    const end = performance.now() + SLICE_MILLISECONDS;
    let images = 0;
    let count: number;
    do {
      count = this.training.step(this.digits.train);
      images += count;
    } while (count > 0 && performance.now() < end);
    this.meter.count(performance.now(), images);
    return count === 0;
  }

  /** Steps that are too large end in an immense loss, or in none: goes back to where the training last went well. */
  private async recover({ bytes }: { readonly bytes: Uint8Array }): Promise<void> {
    const { settings, progress } = this.training;
    const { last } = this.training.losses;
    const loss = Number.isFinite(last) ? `had become ${last.toPrecision(2)}` : "was no longer a number";
    const rate = settings.learningRate.toLocaleString("en", { maximumSignificantDigits: 6 });
    this.running = false;
    await this.replace(decodeSession(bytes, "the training before").training);
    await this.save();
    const { step } = this.training.progress;
    this.emit(
      "problem",
      `Training stopped at step ${progress.step}: the loss ${loss}. With a learning rate of ${rate} ` +
        `each step goes too far. The model is back at step ${step}: choose a smaller learning rate and train again.`,
    );
    this.report(true);
  }

  private async closeEpoch(): Promise<void> {
    const check = await this.check(this.digits.validation.labels.length);
    this.emit("epoch", this.training.closeEpoch(check));
  }

  private async check(count: number, isNew = true): Promise<Check> {
    const { training, task } = this;
    const began = performance.now();
    const { step } = training.progress;
    const options = { step, count, signal: this.signal };
    const check = await checkModel(training.model, task, this.digits.validation, options);
    const quick = ((performance.now() - began) * QUICK_CHECK) / count;
    if (isNew) training.checks.push({ step, loss: check.loss, figure: check.figure });
    if (this.running) this.noteHealth(check.loss);
    this.emit("check", check);
    const between = performance.now();
    await this.judgeOwnDigits();
    const ended = performance.now();
    this.due.check = ended + Math.max(CHECK_MILLISECONDS, CHECK_SHARE * (quick + ended - between));
    return check;
  }

  /** A loss that is twice what it was may be the beginning of the end: such a training is none to go back to. */
  private noteHealth(loss: number): void {
    const before = this.healthy?.loss ?? this.training.losses.numbers[0];
    if (loss <= 2 * before) this.healthy = { bytes: encodeSession(this.training, false), loss };
  }

  /** Ends what takes long when the training that is under way is to stop. */
  private get signal(): AbortSignal {
    return (this.running ? this.interruption : new AbortController()).signal;
  }

  private async judgeOwnDigits(): Promise<void> {
    if (this.own) this.emit("own", await judgeOwn(this.training.model, this.task, this.own, this.signal));
  }

  /** Digits that were brought before the page was reloaded. */
  private async takeOwnDigits(): Promise<void> {
    try {
      const bytes = await this.storage?.read(OWN);
      this.own = bytes && decodeDigits(bytes, OWN);
    } catch (error) {
      this.emit("problem", `The digits of your own that were kept cannot be read: ${messageOf(error)}`);
    }
  }

  private lookInside(): void {
    const { training, task } = this;
    this.emit("insight", lookInside(training.model, task, this.digits.train, training.progress.step));
    this.due.insight = performance.now() + INSIGHT_MILLISECONDS;
  }

  private opened(): Storage {
    if (this.storage === undefined) throw new Error(`Nothing can be kept: ${this.storageProblem}.`);
    return this.storage;
  }

  /** Has the browser keep the training as it is. */
  private async save(): Promise<void> {
    this.due.save = performance.now() + SAVE_MILLISECONDS;
    const { training, running } = this;
    const { model } = training.settings;
    const { step } = training.progress;
    // Its last step may have been the one too many.
    if (!training.isSound) return;
    const bytes = encodeSession(training, running);
    this.sessions.set(model, bytes);
    if (this.storage === undefined) return;
    try {
      await this.storage.write(sessionFile(model), bytes);
      this.savedStep = step;
      this.storageProblem = undefined;
    } catch (error) {
      this.storageProblem = messageOf(error);
    }
  }

  /** Tells the page how things stand: at once, or when it has not been told for a while. */
  private report(atOnce = false): void {
    const now = performance.now();
    if (!atOnce && now - this.reported.time < REPORT_MILLISECONDS) return;
    const { losses, figures } = this.training;
    const steps = { loss: losses.from(this.reported.steps), figure: figures.from(this.reported.steps) };
    this.reported = { time: now, steps: losses.length };
    if (steps.loss.length > 0) this.emit("steps", steps);
    this.emit("status", this.status());
  }

  private status(): Status {
    const { settings, progress, model } = this.training;
    const { simd, threads, isolated, reason, memory } = engineInfo();
    return {
      settings,
      running: this.running,
      step: progress.step,
      epoch: progress.epoch,
      position: progress.position,
      lastEpoch: progress.lastEpoch,
      trainingImages: this.digits.train.labels.length,
      parameters: model.weights.reduce((sum, { size }) => sum + size, 0),
      imagesPerSecond: this.running ? this.meter.rate : 0,
      engine: { simd, threads, cores: navigator.hardwareConcurrency, isolated, reason, memory: memory.inUse },
      saved: this.storageProblem === undefined ? { step: this.savedStep } : { problem: this.storageProblem },
      canUndo: this.undoBytes !== undefined && progress.step === 0,
    };
  }
}

function sessionFile(model: ModelId): string {
  return `training-${model}`;
}

/** What tells one content from another. */
async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return new DataView(digest).getUint32(0).toString(16).padStart(8, "0");
}

/** Starts threads anew where they were given up, as when the machine had no time for them. */
function reviveThreads(): void {
  const cores = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  const { threads, reason, isolated } = engineInfo();
  if (!isolated || threads >= cores || reason === undefined || reason === "threads are starting") return;
  configure({ threads: 1 });
  configure({ threads: cores });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits for the messages that have come meanwhile; a timer would wait 4 ms more. */
function turns(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let go: () => void = () => {};
  port1.onmessage = () => go();
  return () =>
    new Promise((resolve) => {
      go = resolve;
      port2.postMessage(undefined);
    });
}
