// Callbacks that change the learning rate between epochs.
import { reduceLROnPlateauOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { requireCount, requireSynchronous } from "../../runtime/arguments.ts";
import { ArgumentError, StateError } from "../../runtime/errors.ts";
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

/** Sets the learning rate of each epoch by a function of the epoch, counted from 0, and the rate so far. */
export class LearningRateScheduler extends StatefulCallback implements Callback {
  private readonly schedule: (epoch: number, learningRate: number) => number;
  private model: Model | undefined;

  constructor(schedule: (epoch: number, learningRate: number) => number) {
    super();
    if (typeof schedule !== "function") {
      throw new ArgumentError(`LearningRateScheduler: schedule must be a function, got ${typeof schedule}`);
    }
    this.schedule = schedule;
  }

  onTrainBegin({ model }: TrainingInfo): void {
    requireOwnRate("LearningRateScheduler", model);
    this.model = model;
  }

  onEpochBegin(epoch: number): void {
    const { model } = this;
    if (model === undefined) return;
    const { optimizer } = model.compilation;
    const rate = this.schedule(epoch, optimizer.learningRate);
    optimizer.learningRate = requireSynchronous("LearningRateScheduler", rate);
  }

  /** Adds learningRate to the figures of the epoch. */
  onEpochEnd(_epoch: number, logs: Logs): void {
    if (this.model !== undefined) logs.learningRate = this.model.compilation.optimizer.learningRate;
  }
}

/** What `ReduceLROnPlateau` takes. */
export interface ReduceLROnPlateauOptions {
  /** The figure to watch; default "val_loss". */
  monitor?: string;
  /** What the learning rate is multiplied by, below 1; default 0.1. */
  factor?: number;
  /** Epochs without improvement after which it is; default 10. */
  patience?: number;
  /** Default "auto". */
  mode?: MonitorMode;
  /** The least change that counts as better; default 0.0001. */
  minDelta?: number;
  /** Epochs after a reduction that do not count; default 0. */
  cooldown?: number;
  /** The least learning rate; default 0. */
  minLr?: number;
}

/** Reduces the learning rate when a figure has stopped getting better. */
export class ReduceLROnPlateau extends StatefulCallback implements Callback {
  private readonly options: Required<ReduceLROnPlateauOptions>;
  private monitor: Monitor;
  private model: Model | undefined;
  private resting = 0;
  private waited = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super(options);
    const { monitor = "val_loss", factor = 0.1, patience = 10, mode = "auto" } = options;
    const { minDelta = 1e-4, cooldown = 0, minLr = 0 } = options;
    if (!(factor > 0 && factor < 1)) {
      throw new ArgumentError(`ReduceLROnPlateau: factor must be between 0 and 1, got ${factor}`);
    }
    requireCount("ReduceLROnPlateau", "patience", patience, 0);
    requireCount("ReduceLROnPlateau", "cooldown", cooldown, 0);
    if (!(minLr >= 0)) throw new ArgumentError(`ReduceLROnPlateau: minLr must be at least 0, got ${minLr}`);
    this.options = { monitor, factor, patience, mode, minDelta, cooldown, minLr };
    this.monitor = this.newMonitor();
  }

  override get memory(): Memory {
    const { waited, resting, monitor } = this;
    return { kind: monitor.kind, numbers: { waited, resting, best: monitor.best } };
  }

  override set memory({ numbers: { waited = 0, resting = 0, best } }: Memory) {
    Object.assign(this, { waited, resting });
    this.monitor.best = best;
  }

  onTrainBegin(info: TrainingInfo): void {
    requireOwnRate("ReduceLROnPlateau", info.model);
    this.model = info.model;
    this.monitor = this.newMonitor();
    this.monitor.begin(info);
    this.resting = 0;
    this.waited = 0;
  }

  /** Adds learningRate, that of the epoch, to its figures. */
  onEpochEnd(_epoch: number, logs: Logs): void {
    if (this.model === undefined) return;
    const { optimizer } = this.model.compilation;
    const { patience, cooldown, factor, minLr } = this.options;
    const rate = optimizer.learningRate;
    logs.learningRate = rate;
    if (this.resting > 0) {
      this.resting--;
      this.waited = 0;
    }
    if (this.monitor.improves(logs)) this.waited = 0;
    else if (this.resting === 0 && ++this.waited >= patience && rate > Math.fround(minLr)) {
      optimizer.learningRate = Math.max(rate * factor, minLr);
      this.resting = cooldown;
      this.waited = 0;
    }
  }

  private newMonitor(): Monitor {
    const { monitor, mode, minDelta } = this.options;
    return new Monitor("ReduceLROnPlateau", monitor, mode, minDelta);
  }
}

/**
 * Makes a {@link ReduceLROnPlateau}, which reduces the learning rate when a figure stops improving.
 * Errors: ArgumentError for options out of range.
 */
export const reduceLROnPlateau: Definition<typeof ReduceLROnPlateau> = defineCallback(
  "reduceLROnPlateau",
  ReduceLROnPlateau,
  reduceLROnPlateauOptions,
);

/** Throws a StateError where a schedule sets the learning rate, which nobody else can then. */
function requireOwnRate(callback: string, { compilation }: Model): void {
  if (!compilation.optimizer.hasSchedule) return;
  throw new StateError(`${callback}: the optimizer's learning rate must be a number, got a schedule`);
}
