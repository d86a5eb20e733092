// The line that shows how far a training, an evaluation or a prediction has come, as Keras prints it. Knows counts,
// times and a place to write text; no models.

import { progressOptions } from "../generated/options.ts";
import { requireFunction, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Callback, LOOKS, type Logs, StatefulCallback, type TrainingInfo } from "./callbacks/callback.ts";

/** Where progress is written: `process.stdout` is one. */
export interface ProgressOutput {
  /** Writes text without ending the line. */
  write(text: string): unknown;
  /** Whether a line can be redrawn; default false. */
  readonly isTTY?: boolean;
  /** The terminal's width; default 80. */
  readonly columns?: number;
}

/** 0: silent. 1: a bar that is redrawn, or one line per epoch where that cannot be. 2: one line per epoch. "auto": 1. */
export type Verbosity = 0 | 1 | 2 | "auto";

/** What `ProgbarLogger` takes. */
export interface ProgressOptions {
  /** How much is printed; default "auto". */
  verbose?: Verbosity;
  /** Default: `process.stdout`, or the console where there is none. */
  output?: ProgressOutput;
  /** The clock, in milliseconds; default `performance.now`. */
  now?: () => number;
}

/** How many steps were done at a time in milliseconds. */
interface Mark {
  readonly done: number;
  readonly time: number;
}

const BAR_WIDTH = 20;
const SHORTEST_BAR = 5;
const REDRAW_EVERY = 100;
const DEFAULT_COLUMNS = 80;

/** Prints "Epoch 1/5" and a bar for each epoch of `fit`. */
export class ProgressLine extends StatefulCallback implements Callback {
  private readonly options: ProgressOptions;
  private epochs = 0;
  private steps: number | undefined;
  private bar: ProgressBar | undefined;
  /** What it last said of that. */
  private isDue: boolean | undefined;

  /** Throws ArgumentError when `verbose` is none of 0, 1, 2 and "auto". */
  constructor(options: ProgressOptions = {}) {
    super();
    const { verbose, output } = checkOptions("ProgressLine", options, progressOptions, new.target === ProgressLine);
    checkVerbosity(verbose);
    if (output !== undefined) requireFunction("ProgressLine: output.write", output?.write);
    this.options = options;
  }

  onTrainBegin({ epochs, steps }: Pick<TrainingInfo, "epochs" | "steps">): void {
    this.epochs = epochs;
    this.steps = steps;
  }

  onEpochBegin(epoch: number): void {
    this.bar = new ProgressBar(this.steps, { ...this.options, title: `Epoch ${epoch + 1}/${this.epochs}` });
  }

  /** Whether it is time to redraw. @internal */
  [LOOKS](): boolean {
    return (this.isDue = this.bar?.isDue() ?? false);
  }

  onBatchEnd(batch: number, logs: Logs): void {
    this.bar?.update(batch + 1, logs, this.isDue);
    this.isDue = undefined;
  }

  onEpochEnd(_epoch: number, logs: Logs): void {
    this.bar?.finish(logs);
    this.bar = undefined;
  }

  /** Leaves a line that was interrupted as it is. */
  onTrainEnd(): void {
    this.bar?.abandon();
    this.bar = undefined;
  }
}

/** One line for a number of steps, which need not be known before its end, redrawn at most ten times a second: what `evaluate` and `predict` show. */
export class ProgressBar {
  private steps: number | undefined;
  private readonly title: string | undefined;
  private readonly output: ProgressOutput;
  private readonly mode: "silent" | "redrawn" | "once";
  private readonly color: boolean;
  private readonly now: () => number;
  private readonly began: number;
  /** How many steps were done when, at the first and at the last update. */
  private first: Mark | undefined;
  private last: Mark | undefined;
  private drawn = Number.NEGATIVE_INFINITY;
  private open = false;

  constructor(steps: number | undefined, options: ProgressOptions & { title?: string } = {}) {
    const { verbose = "auto", output = defaultOutput(), now = () => performance.now(), title } = options;
    checkVerbosity(verbose);
    this.steps = steps;
    this.title = title;
    this.output = output;
    this.mode = verbose === 0 ? "silent" : verbose !== 2 && canRedraw(output) ? "redrawn" : "once";
    this.color = mayColor(output);
    this.now = now;
    this.began = now();
    if (this.mode !== "redrawn") return;
    if (title !== undefined) output.write(`${title}\n`);
    this.draw(0, {});
  }

  /** Whether it is time to redraw. */
  isDue(): boolean {
    return this.mode === "redrawn" && this.now() - this.drawn >= REDRAW_EVERY;
  }

  /** Tells that `done` steps are done; the line is redrawn if that is due. */
  update(done: number, logs: Logs = {}, isDue: boolean = this.isDue()): void {
    if (this.mode === "silent") return;
    this.last = { done, time: this.now() };
    this.first ??= this.last;
    if (isDue) this.draw(done, logs);
  }

  /** All steps are done: the line as it stays. */
  finish(logs: Logs = {}): void {
    if (this.mode === "silent") return;
    this.open = false;
    this.steps ??= this.last?.done ?? 0;
    const times = [formatDuration((this.now() - this.began) / 1000), this.stepTime()];
    if (this.mode === "once") {
      const head = this.title ?? `${this.steps}/${this.steps}`;
      this.output.write(`${[head, ...times, ...formatLogs(logs)].join(" - ")}\n`);
    } else {
      this.output.write(`\r${this.finalLines(times, formatLogs(logs))}\x1b[K\n`);
    }
  }

  /** Ends a line whose steps were not all done. */
  abandon(): void {
    if (this.open) this.output.write("\n");
    this.open = false;
  }

  private draw(done: number, logs: Logs): void {
    this.drawn = this.now();
    this.open = true;
    this.output.write(`\r${this.runningLine(done, logs)}\x1b[K`);
  }

  /** The line while steps are being done. What does not fit goes: first the bar, then metrics from the last on. */
  private runningLine(done: number, logs: Logs): string {
    const counts = this.counts(done);
    const times = done === 0 ? [] : [formatDuration(this.secondsToTell(done)), this.stepTime()];
    const metrics = formatLogs(logs).map((text) => ` - ${text}`);
    const room = this.room - counts.length - times.join("").length - times.length;
    if (room < 0) return counts.slice(0, this.room);
    while (width(metrics) > room) metrics.pop();
    return this.head(done, room - width(metrics) - 1, times) + metrics.join("");
  }

  /** The last state, nothing left out: metrics that do not fit continue on indented lines. */
  private finalLines(times: string[], metrics: string[]): string {
    const { steps = 0 } = this;
    const counts = this.counts(steps);
    const indent = " ".repeat(Math.min(counts.length + 1, this.room >> 2));
    let used = counts.length + times.join("").length + times.length;
    const barWidth = fittingBar(this.room - used - 1);
    used += barWidth > 0 ? barWidth + 1 : 0;
    let text = this.head(steps, barWidth, times);
    for (const metric of metrics) {
      const fits = used + metric.length + 3 <= this.room;
      text += fits ? ` - ${metric}` : `\x1b[K\n${indent}${metric}`;
      used = (fits ? used + 3 : indent.length) + metric.length;
    }
    return text;
  }

  /** Counts, a bar if there is room for one, and times. */
  private head(done: number, room: number, [time, ...rest]: string[]): string {
    const paint = (code: string, text: string): string =>
      this.color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
    const { steps } = this;
    const width = steps === undefined ? 0 : fittingBar(room);
    const full = steps ? Math.floor((width * Math.min(done, steps)) / steps) : width;
    const bar = paint("32", "━".repeat(full)) + paint("2", (this.color ? "━" : "─").repeat(width - full));
    const parts = [paint("1", this.counts(done))];
    if (width > 0) parts.push(bar);
    if (time !== undefined) parts.push(paint("1", time), ...rest);
    return parts.join(" ");
  }

  private counts(done: number): string {
    const { steps = "Unknown" } = this;
    return `${String(done).padStart(this.steps === undefined ? 0 : String(steps).length)}/${steps}`;
  }

  /** Mean seconds of a step; the first one, which prepares the others, counts only while it is alone. */
  private secondsPerStep(): number {
    const { began, first, last } = this;
    if (first === undefined || last === undefined) return (this.now() - began) / 1000 / Math.max(1, this.steps ?? 1);
    if (last.done > first.done) return (last.time - first.time) / 1000 / (last.done - first.done);
    return (last.time - began) / 1000 / Math.max(1, last.done);
  }

  /** How long the other steps will take; how long those before took, where it is not known how many there are. */
  private secondsToTell(done: number): number {
    if (this.steps === undefined) return (this.now() - this.began) / 1000;
    return this.secondsPerStep() * (this.steps - done);
  }

  private stepTime(): string {
    const seconds = this.secondsPerStep();
    if (seconds >= 1) return `${seconds.toFixed(0)}s/step`;
    return seconds >= 1e-3 ? `${(seconds * 1e3).toFixed(0)}ms/step` : `${(seconds * 1e6).toFixed(0)}us/step`;
  }

  /** How many characters fit in a line; the last column stays free, where some terminals wrap already. */
  private get room(): number {
    return (this.output.columns || DEFAULT_COLUMNS) - 1;
  }
}

function fittingBar(room: number): number {
  return room < SHORTEST_BAR ? 0 : Math.min(BAR_WIDTH, room);
}

function width(texts: string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

/** 42s, 1:07, 2:00:05. */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number): string => String(number).padStart(2, "0");
  if (hours > 0) return `${hours}:${two(minutes)}:${two(rest)}`;
  return minutes > 0 ? `${minutes}:${two(rest)}` : `${rest}s`;
}

/** "accuracy: 0.9512", ...: by name, those of the validation data last. */
function formatLogs(logs: Logs): string[] {
  const isValidation = (name: string): boolean => name.startsWith("val_");
  const order = (a: string, b: string): number => Number(isValidation(a)) - Number(isValidation(b)) || (a < b ? -1 : 1);
  return Object.keys(logs)
    .sort(order)
    .map((name) => `${name}: ${formatNumber(logs[name])}`);
}

function formatNumber(value: number): string {
  return value === 0 || Math.abs(value) > 1e-3 || !Number.isFinite(value) ? value.toFixed(4) : value.toExponential(4);
}

function checkVerbosity(verbose: unknown): void {
  if (verbose === undefined || verbose === 0 || verbose === 1 || verbose === 2 || verbose === "auto") return;
  throw new ArgumentError(`progress: verbose must be 0, 1, 2 or "auto", got ${textOf(verbose)}`);
}

interface ProcessLike {
  stdout?: ProgressOutput;
  env?: Record<string, string | undefined>;
}

function hostProcess(): ProcessLike | undefined {
  return (globalThis as { process?: ProcessLike }).process;
}

function defaultOutput(): ProgressOutput {
  return hostProcess()?.stdout ?? { write: (text) => console.log(text.replace(/\n$/, "")) };
}

function canRedraw(output: ProgressOutput): boolean {
  return output.isTTY === true && hostProcess()?.env?.TERM !== "dumb";
}

/** https://no-color.org, https://force-color.org; else terminals are coloured and nothing else. */
function mayColor(output: ProgressOutput): boolean {
  const { NO_COLOR, FORCE_COLOR } = hostProcess()?.env ?? {};
  if (NO_COLOR) return false;
  return FORCE_COLOR ? FORCE_COLOR !== "0" && FORCE_COLOR !== "false" : canRedraw(output);
}
