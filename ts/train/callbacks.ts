// What training tells others while it runs: the Callback interface, the history it keeps, and early stopping.
import { ArgumentError } from "../runtime/errors.ts";
import type { Model } from "./model.ts";
import { Monitor, type MonitorMode } from "./monitor.ts";

/** Figures by name: loss, accuracy, val_loss and so on. During an epoch they are means over the batches so far. */
export type Logs = Record<string, number>;

/** What a training run is going to do. */
export interface TrainingInfo {
  readonly model: Model;
  readonly epochs: number;
  /** The epoch that training begins with; a callback may set it, to go on where an earlier run ended. */
  initialEpoch: number;
  /** Batches in an epoch. */
  readonly steps: number;
  readonly samples: number;
  readonly batchSize: number;
  /** Names of the figures in the logs, without those of validation. */
  readonly metrics: readonly string[];
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

/** The figures of every epoch; what `fit` returns. */
export class History implements Callback {
  /** One list per figure, one number per epoch. */
  readonly history: Record<string, number[]> = {};
  /** The epochs done, counted from 0. */
  readonly epochs: number[] = [];

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epochs.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }
}

/** What `EarlyStopping` takes. */
export interface EarlyStoppingOptions {
  /** The figure to watch; default "val_loss". */
  monitor?: string;
  /** The least change that counts as better; default 0. */
  minDelta?: number;
  /** Epochs without improvement after which training stops; default 0. */
  patience?: number;
  /** Whether smaller or larger is better; "auto", the default, takes larger for accuracies and smaller otherwise. */
  mode?: MonitorMode;
  /** A figure that must be beaten from the start. */
  baseline?: number;
  /** Whether the weights of the best epoch come back at the end; default false. */
  restoreBestWeights?: boolean;
  /** Epochs to wait before watching; default 0. */
  startFromEpoch?: number;
}

/** Stops training when a figure has stopped getting better. */
export class EarlyStopping implements Callback {
  /** The epoch at which training was stopped, counted from 0, or undefined. */
  stoppedEpoch: number | undefined;
  /** The best epoch so far, counted from 0. */
  bestEpoch = 0;
  private readonly options: Required<Omit<EarlyStoppingOptions, "baseline">> & { baseline: number | undefined };
  private monitor: Monitor;
  private waited = 0;
  private model: Model | undefined;
  private bestWeights: Float32Array[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    const { monitor = "val_loss", minDelta = 0, patience = 0, mode = "auto", baseline } = options;
    if (!(patience >= 0)) throw new ArgumentError(`EarlyStopping: patience must be at least 0, got ${patience}`);
    const { restoreBestWeights = false, startFromEpoch = 0 } = options;
    this.options = { monitor, minDelta, patience, mode, baseline, restoreBestWeights, startFromEpoch };
    this.monitor = this.newMonitor();
  }

  onTrainBegin({ model }: TrainingInfo): void {
    this.model = model;
    this.monitor = this.newMonitor();
    this.waited = 0;
    this.stoppedEpoch = undefined;
    this.bestWeights = undefined;
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const { patience, restoreBestWeights, startFromEpoch } = this.options;
    if (epoch < startFromEpoch) return;
    if (this.monitor.improves(logs)) {
      this.bestEpoch = epoch;
      this.waited = 0;
      if (restoreBestWeights) this.bestWeights = this.model?.weights.map((weight) => weight.data());
      return;
    }
    this.waited++;
    if (this.waited < patience || this.model === undefined) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
  }

  onTrainEnd(): void {
    for (const [i, values] of (this.bestWeights ?? []).entries()) this.model?.weights[i].assign(values);
  }

  private newMonitor(): Monitor {
    const { monitor, mode, minDelta, baseline } = this.options;
    return new Monitor("EarlyStopping", monitor, mode, minDelta, baseline);
  }
}
