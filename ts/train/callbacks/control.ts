// Callbacks that step in while a model is trained: functions of the user's, a stop at NaN, averages in place of weights.
import { callback, swapEMAWeightsOptions, terminateOnNaNOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { StateError } from "../../runtime/errors.ts";
import { checkOptions } from "../../runtime/options.ts";
import type { Model } from "../model.ts";
import {
  type Callback,
  checkCallback,
  defineCallback,
  type Logs,
  StatefulCallback,
  type TrainingInfo,
} from "./callback.ts";

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
    checkOptions("LambdaCallback", functions, callback, new.target === LambdaCallback);
    checkCallback(functions);
    Object.assign(this, functions);
  }
}

/** What `TerminateOnNaN` takes. */
export interface TerminateOnNaNOptions {
  /** Whether it throws a StateError at once; default false. */
  raiseError?: boolean;
}

/** Ends training at a loss that is NaN or infinite: after the epoch, or with `raiseError` at once by a StateError. */
export class TerminateOnNaN extends StatefulCallback implements Callback {
  private readonly raiseError: boolean;
  private model: Model | undefined;

  constructor(options: TerminateOnNaNOptions = {}) {
    super(options);
    const { raiseError = false } = options;
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

/** Makes a {@link TerminateOnNaN}, which ends training at a loss that is NaN or infinite. Errors: none of its own. */
export const terminateOnNaN: Definition<typeof TerminateOnNaN> = defineCallback(
  "terminateOnNaN",
  TerminateOnNaN,
  terminateOnNaNOptions,
);

/** What `SwapEMAWeights` takes. */
export interface SwapEMAWeightsOptions {
  /** Whether the averages stay in place between epochs; default false. */
  swapOnEpoch?: boolean;
}

/**
 * Evaluates with the optimizer's averages of the weights (`useEma`) in their place. With `swapOnEpoch` they also stay
 * there from the end of each epoch to the beginning of the next, so that checkpoints hold them.
 */
export class SwapEMAWeights extends StatefulCallback implements Callback {
  private readonly swapOnEpoch: boolean;
  private info: TrainingInfo | undefined;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super(options);
    const { swapOnEpoch = false } = options;
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

/**
 * Makes a {@link SwapEMAWeights}, which evaluates with moving averages of the weights. Errors: ArgumentError for
 * options out of range.
 */
export const swapEMAWeights: Definition<typeof SwapEMAWeights> = defineCallback(
  "swapEMAWeights",
  SwapEMAWeights,
  swapEMAWeightsOptions,
);
