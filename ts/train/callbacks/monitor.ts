// Watching one figure of a training: which way is better, and whether it has got better.
import type { Direction } from "../../metrics/metric.ts";
import { ArgumentError } from "../../runtime/errors.ts";
import type { Logs, TrainingInfo } from "./callback.ts";

/** Whether smaller or larger is better; "auto" takes what the figure's metric says. */
export type MonitorMode = "auto" | Direction;

export class Monitor {
  /** The best figure so far. */
  best: number | undefined;
  private readonly callback: string;
  private readonly name: string;
  private readonly minDelta: number;
  private direction: Direction | undefined;

  /** Errors: ArgumentError for another mode, for a minDelta below 0, for NaN. */
  constructor(callback: string, name: string, mode: MonitorMode, minDelta = 0, best?: number) {
    if (!["auto", "min", "max"].includes(mode)) {
      throw new ArgumentError(`${callback}: mode must be auto, min or max, got ${mode}`);
    }
    if (!(minDelta >= 0)) throw new ArgumentError(`${callback}: minDelta must be at least 0, got ${minDelta}`);
    if (Number.isNaN(best)) throw new ArgumentError(`${callback}: what is to be beaten must be a number, got NaN`);
    this.callback = callback;
    this.name = name;
    this.direction = mode === "auto" ? undefined : mode;
    this.minDelta = minDelta;
    this.best = best;
  }

  /** Who watches what. */
  get kind(): string {
    return `${this.callback} ${this.name}`;
  }

  /** Learns which way is better, at the beginning of a training. ArgumentError where nobody says so. */
  begin({ model, validation, directions }: Pick<TrainingInfo, "model" | "validation" | "directions">): void {
    if (this.direction !== undefined) return;
    const { callback, name } = this;
    const own = Object.keys(directions ?? model.compilation.objective.directions);
    const known = validation === false ? own : [...own, ...own.map((figure) => `val_${figure}`)];
    const figure = own.includes(name) ? name : name.replace(/^val_/, "");
    if (directions === undefined) this.direction = model.compilation.objective.directionOf(figure);
    else if (known.includes(name)) this.direction = directions[figure];
    if (this.direction !== undefined) return;
    if (!known.includes(name)) throw new ArgumentError(`${this.unknown(known)}; another one needs a mode`);
    throw new ArgumentError(`${callback}: mode must be min or max for ${name}, whose metric does not say, got auto`);
  }

  /** Whether the figure is better than the best by more than minDelta; then it is the best. NaN is never better. */
  improves(logs: Logs): boolean {
    const value = this.valueIn(logs);
    const improves = this.best === undefined ? !Number.isNaN(value) : this.isBetter(value, this.best);
    if (improves) this.best = value;
    return improves;
  }

  /** Whether the figure is better than `other` by more than minDelta. */
  beats(other: number, logs: Logs): boolean {
    return this.isBetter(this.valueIn(logs), other);
  }

  private isBetter(value: number, other: number): boolean {
    const sign = this.direction === "max" ? -1 : 1;
    return sign * value < sign * other - this.minDelta;
  }

  private valueIn(logs: Logs): number {
    if (!Object.hasOwn(logs, this.name)) throw new ArgumentError(this.unknown(Object.keys(logs)));
    return logs[this.name];
  }

  private unknown(known: readonly string[]): string {
    return `${this.callback}: monitor must be one of the figures ${known.join(", ")}, got ${this.name}`;
  }
}

/** Counts batches over epochs, for what happens every so many of them. */
export class BatchCounter {
  private readonly frequency: "epoch" | number;
  /** Batches since the last. */
  seen = 0;

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
