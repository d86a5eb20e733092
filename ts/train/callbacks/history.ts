// The figures of every epoch of a training.
import { type Callback, type Logs, StatefulCallback } from "./callback.ts";

/** The figures of every epoch; what `fit` returns. */
export class History extends StatefulCallback implements Callback {
  /** One list per figure, one number per epoch. It has no prototype, so that figures may have any name. */
  readonly history: Record<string, number[]> = Object.create(null);
  /** The epochs done, counted from 0. */
  readonly epochs: number[] = [];

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epochs.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }
}
