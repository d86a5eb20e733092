// Callbacks that step in while a model is trained: functions of the user's, a stop at NaN, averages in place of weights.
import { StateError } from "../runtime/errors.ts";
import { type Callback, checkCallback, type Logs, type TrainingInfo } from "./callbacks.ts";
import type { Model } from "./model.ts";

/** A callback made of functions: new LambdaCallback({ onEpochEnd: (epoch, logs) => .. }). */
export class LambdaCallback implements Callback {
  declare onTrainBegin?: NonNullable<Callback["onTrainBegin"]>;
  declare onEpochBegin?: NonNullable<Callback["onEpochBegin"]>;
  declare onBatchBegin?: NonNullable<Callback["onBatchBegin"]>;
  declare onBatchEnd?: NonNullable<Callback["onBatchEnd"]>;
  declare onTestBegin?: NonNullable<Callback["onTestBegin"]>;
  declare onTestEnd?: NonNullable<Callback["onTestEnd"]>;
  declare onEpochEnd?: NonNullable<Callback["onEpochEnd"]>;
  declare onTrainEnd?: NonNullable<Callback["onTrainEnd"]>;

  /** ArgumentError for what is no hook. */
  constructor(functions: Callback) {
    checkCallback(functions);
    Object.assign(this, functions);
  }
}

/** Ends training at a loss that is NaN or infinite: after the epoch, or with `raiseError` at once by a StateError. */
export class TerminateOnNaN implements Callback {
  private readonly raiseError: boolean;
  private model: Model | undefined;

  constructor({ raiseError = false }: { raiseError?: boolean } = {}) {
    this.raiseError = raiseError;
  }

  onTrainBegin({ model }: TrainingInfo): void {
    this.model = model;
  }

  onBatchEnd(batch: number, { loss }: Logs): void {
    if (Number.isFinite(loss)) return;
    if (this.raiseError) throw new StateError(`TerminateOnNaN: the loss must be finite, got ${loss} at batch ${batch}`);
    if (this.model !== undefined) this.model.stopTraining = true;
  }
}

/**
 * Evaluates with the optimizer's averages of the weights (`useEma`) in their place. With `swapOnEpoch` they also stay
 * there from the end of each epoch to the beginning of the next, so that checkpoints hold them.
 */
export class SwapEMAWeights implements Callback {
  private readonly swapOnEpoch: boolean;
  private info: TrainingInfo | undefined;

  constructor({ swapOnEpoch = false }: { swapOnEpoch?: boolean } = {}) {
    this.swapOnEpoch = swapOnEpoch;
  }

  onTrainBegin(info: TrainingInfo): void {
    if (!info.model.compilation.optimizer.keepsAverages) {
      throw new StateError("SwapEMAWeights: the optimizer must keep averages, got one without useEma");
    }
    this.info = info;
  }

  onEpochBegin(): void {
    this.swap(false);
  }

  onTestBegin(): void {
    this.swap(true);
  }

  onTestEnd(): void {
    this.swap(false);
  }

  onEpochEnd(epoch: number): void {
    const { info } = this;
    if (!this.swapOnEpoch || info === undefined) return;
    // After the last epoch the optimizer puts the averages in place by itself.
    this.swap(epoch + 1 < info.epochs);
  }

  onTrainEnd(): void {
    this.swap(false);
  }

  private swap(toAverages: boolean): void {
    if (this.info === undefined) return;
    const { model } = this.info;
    const { optimizer } = model.compilation;
    if (optimizer.averagesInPlace !== toAverages) optimizer.swapAverages(model.trainableWeights);
  }
}
