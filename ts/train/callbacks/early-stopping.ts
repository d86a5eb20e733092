// Ends a training when a figure has stopped getting better.
import { earlyStoppingOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { requireCount } from "../../runtime/arguments.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import type { Model } from "../model.ts";
import {
  type Callback,
  defineCallback,
  type Logs,
  type Memory,
  StatefulCallback,
  type TrainingInfo,
} from "./callback.ts";
import { Monitor, type MonitorMode } from "./monitor.ts";

/** What `EarlyStopping` takes. */
export interface EarlyStoppingOptions {
  /** The figure to watch; default "val_loss". */
  monitor?: string;
  /** The least change that counts as better; default 0. */
  minDelta?: number;
  /** Epochs without improvement after which training stops, but not after the first one; default 0. */
  patience?: number;
  /** Whether smaller or larger is better; "auto", the default, takes what the figure's metric says. */
  mode?: MonitorMode;
  /** A figure that epochs must also beat to count as improvements; default none. */
  baseline?: number;
  /** Whether the weights of the best epoch come back at the end; default false. */
  restoreBestWeights?: boolean;
  /** Epochs to wait before watching; default 0. */
  startFromEpoch?: number;
}

/** Stops training when a figure has stopped getting better. */
export class EarlyStopping extends StatefulCallback implements Callback {
  /** The epoch at which training was stopped, counted from 0, or undefined. */
  stoppedEpoch: number | undefined;
  /** The best epoch so far, counted from 0. */
  bestEpoch = 0;
  private readonly options: Required<Omit<EarlyStoppingOptions, "baseline">> & { baseline: number | undefined };
  private monitor: Monitor;
  private waited = 0;
  private isFirst = true;
  private model: Model | undefined;
  private bestWeights: TypedArray[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    super(options);
    const { monitor = "val_loss", minDelta = 0, patience = 0, mode = "auto", baseline } = options;
    const { restoreBestWeights = false, startFromEpoch = 0 } = options;
    requireCount("EarlyStopping", "patience", patience, 0);
    requireCount("EarlyStopping", "startFromEpoch", startFromEpoch, 0);
    this.options = { monitor, minDelta, patience, mode, baseline, restoreBestWeights, startFromEpoch };
    this.monitor = this.newMonitor();
  }

  override get memory(): Memory {
    const { waited, isFirst, bestEpoch, monitor, bestWeights: weights } = this;
    return {
      kind: monitor.kind,
      numbers: { waited, isFirst: Number(isFirst), bestEpoch, best: monitor.best },
      weights,
    };
  }

  override set memory({ numbers: { waited = 0, isFirst, bestEpoch = 0, best }, weights }: Memory) {
    Object.assign(this, { waited, isFirst: isFirst === 1, bestEpoch });
    this.monitor.best = best;
    if (this.options.restoreBestWeights) this.bestWeights = weights?.slice();
  }

  onTrainBegin(info: TrainingInfo): void {
    this.model = info.model;
    this.monitor = this.newMonitor();
    this.monitor.begin(info);
    this.waited = 0;
    this.isFirst = true;
    this.stoppedEpoch = undefined;
    this.bestWeights = undefined;
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const { patience, restoreBestWeights, startFromEpoch, baseline } = this.options;
    if (epoch < startFromEpoch) return;
    const { isFirst } = this;
    this.isFirst = false;
    const improves = this.monitor.improves(logs);
    // Whatever it is, the first epoch is the best so far.
    if (improves || isFirst) {
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.bestWeights = this.model?.weights.map((weight) => weight.data());
    }
    this.waited++;
    if (improves && (baseline === undefined || this.monitor.beats(baseline, logs))) this.waited = 0;
    if (improves || isFirst || this.waited < patience || this.model === undefined) return;
    this.stoppedEpoch = epoch;
    this.model.stopTraining = true;
  }

  onTrainEnd(): void {
    for (const [i, values] of (this.bestWeights ?? []).entries()) this.model?.weights[i].assign(values);
    this.bestWeights = undefined;
  }

  private newMonitor(): Monitor {
    const { monitor, mode, minDelta } = this.options;
    return new Monitor("EarlyStopping", monitor, mode, minDelta);
  }
}

/**
 * Makes an {@link EarlyStopping}, which ends training when a figure stops improving. Errors: ArgumentError for options
 * out of range.
 */
export const earlyStopping: Definition<typeof EarlyStopping> = defineCallback(
  "earlyStopping",
  EarlyStopping,
  earlyStoppingOptions,
);
