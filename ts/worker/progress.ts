// In the worker: a callback of `fit` that tells the page how far training is, without flooding it.
import type { Callback, Logs, TrainingInfo } from "../train/callbacks.ts";
import type { Hooks } from "./protocol.ts";

/** Tells the page of a turning point; fulfilled when its hook is done, rejected with what the hook threw. */
export type Tell = (hook: keyof Hooks, parameters: readonly unknown[]) => Promise<void>;

const PROGRESS_MILLISECONDS = 50;

/** The callback that tells a page what it wants to hear. */
export function reporter(wanted: readonly (keyof Hooks)[], tell: Tell): Callback {
  const relay = (hook: keyof Hooks): ((...parameters: readonly unknown[]) => Promise<void>) | undefined =>
    wanted.includes(hook) ? (...parameters) => tell(hook, parameters) : undefined;
  return {
    onTrainBegin: wanted.includes("onTrainBegin")
      ? ({ model: _, ...info }: TrainingInfo) => tell("onTrainBegin", [info])
      : undefined,
    onEpochBegin: relay("onEpochBegin"),
    onBatchEnd: wanted.includes("onBatchEnd") ? throttled(tell) : undefined,
    onTestBegin: relay("onTestBegin"),
    onTestEnd: relay("onTestEnd"),
    onEpochEnd: relay("onEpochEnd"),
    onTrainEnd: relay("onTrainEnd"),
  };
}

/** Tells of a batch when the page has heard of the last one and some time has passed; training does not wait. */
function throttled(tell: Tell): (batch: number, logs: Logs) => void {
  let told = Number.NEGATIVE_INFINITY;
  let isHeard = true;
  let failure: { readonly reason: unknown } | undefined;
  return (batch, logs) => {
    if (failure !== undefined) throw failure.reason;
    if (!isHeard || performance.now() - told < PROGRESS_MILLISECONDS) return;
    told = performance.now();
    isHeard = false;
    tell("onBatchEnd", [batch, logs]).then(
      () => {
        isHeard = true;
      },
      (reason: unknown) => {
        failure = { reason };
      },
    );
  };
}
