// Watching one figure of a training: which way is better, and whether it has got better.
import { ArgumentError } from "../runtime/errors.ts";
import type { Logs } from "./callbacks.ts";

/** Whether smaller or larger is better; "auto" takes larger for accuracies and their like, and smaller otherwise. */
export type MonitorMode = "auto" | "min" | "max";

/** 1 where smaller is better, -1 where larger is. */
function signOf(callback: string, monitor: string, mode: MonitorMode): 1 | -1 {
  if (!["auto", "min", "max"].includes(mode)) {
    throw new ArgumentError(`${callback}: mode must be auto, min or max, got ${mode}`);
  }
  return mode === "max" || (mode === "auto" && /acc|auc|precision|recall|f1|iou|r2/i.test(monitor)) ? -1 : 1;
}

/** The figure called `monitor`; ArgumentError, listing those there are, if there is none. */
function figureOf(callback: string, monitor: string, logs: Logs): number {
  if (!(monitor in logs)) {
    const known = Object.keys(logs).join(", ");
    throw new ArgumentError(`${callback}: monitor must be one of the figures ${known}, got ${monitor}`);
  }
  return logs[monitor];
}

export class Monitor {
  /** The best figure so far. */
  best: number | undefined;
  private readonly callback: string;
  private readonly name: string;
  private readonly sign: 1 | -1;
  private readonly minDelta: number;

  constructor(callback: string, name: string, mode: MonitorMode, minDelta = 0, best?: number) {
    this.callback = callback;
    this.name = name;
    this.sign = signOf(callback, name, mode);
    this.minDelta = Math.abs(minDelta);
    this.best = best;
  }

  /** Whether the figure is better than the best by more than minDelta; then it is the best. */
  improves(logs: Logs): boolean {
    const value = figureOf(this.callback, this.name, logs);
    const better = this.best === undefined || this.sign * value < this.sign * this.best - this.minDelta;
    if (better) this.best = value;
    return better;
  }
}

/** Counts batches over epochs, for what happens every so many of them. */
export class BatchCounter {
  private readonly frequency: "epoch" | number;
  private seen = 0;

  constructor(callback: string, option: string, frequency: "epoch" | number) {
    if (frequency !== "epoch" && !(Number.isInteger(frequency) && frequency >= 1)) {
      throw new ArgumentError(
        `${callback}: ${option} must be "epoch" or a whole number of at least 1, got ${String(frequency)}`,
      );
    }
    this.frequency = frequency;
  }

  /** Whether it is the end of epochs that counts. */
  get byEpoch(): boolean {
    return this.frequency === "epoch";
  }

  /** Notes a batch; whether it is the last of so many. */
  isDue(): boolean {
    if (this.frequency === "epoch") return false;
    this.seen = (this.seen + 1) % this.frequency;
    return this.seen === 0;
  }
}
