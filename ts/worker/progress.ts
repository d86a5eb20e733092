// In the worker: a callback of `fit` that tells the page how far training is, without flooding it.
import { LOOKS, type Logs, type Looking, type TrainingInfo } from "../train/callbacks/callback.ts";
import type { Hooks } from "./protocol.ts";

/** Tells the page of a turning point; fulfilled when its hook is done, rejected with what the hook threw. */
export type Tell = (hook: keyof Hooks, parameters: readonly unknown[]) => Promise<void>;

const PROGRESS_MILLISECONDS = 50;

/** The callback that tells a page what it wants to hear. */
export function reporter(wanted: readonly (keyof Hooks)[], tell: Tell): Looking {
  const batches = new BatchNews(tell);
  const tellIfWanted = async (hook: keyof Hooks, parameters: readonly unknown[]): Promise<void> => {
    if (wanted.includes(hook)) await tell(hook, parameters);
  };
  return {
    onTrainBegin: ({ model: _, ...info }: TrainingInfo) => tellIfWanted("onTrainBegin", [info]),
    onEpochBegin: (epoch) => tellIfWanted("onEpochBegin", [epoch]),
    onBatchEnd: wanted.includes("onBatchEnd") ? (batch, logs) => batches.tell(batch, logs) : undefined,
    [LOOKS]: () => batches.isDue(),
    onTestBegin: async () => {
      await batches.heard;
      await tellIfWanted("onTestBegin", []);
    },
    onTestEnd: (logs) => tellIfWanted("onTestEnd", [logs]),
    onEpochEnd: async (epoch, logs) => {
      await batches.heard;
      await tellIfWanted("onEpochEnd", [epoch, logs]);
    },
    onTrainEnd: async (logs) => {
      // Where this fails, training has failed by it already, or was aborted.
      await batches.heard.catch(() => {});
      await tellIfWanted("onTrainEnd", [logs]);
    },
  };
}

/** Tells of a batch when the page has heard of the last one and some time has passed; training does not wait. */
class BatchNews {
  /** When the page is done with the batch it was told of last. */
  heard: Promise<void> = Promise.resolve();
  private state: "heard" | "told" | "failed" = "heard";
  private time = Number.NEGATIVE_INFINITY;
  private due = false;
  private readonly tellPage: Tell;

  constructor(tell: Tell) {
    this.tellPage = tell;
  }

  /** Whether the batch that is done is one to tell of. */
  isDue(): boolean {
    return (this.due = this.state === "heard" && performance.now() - this.time >= PROGRESS_MILLISECONDS);
  }

  /** What it returns is there only once the page has failed: training fails by it. */
  tell(batch: number, logs: Logs): Promise<void> | undefined {
    if (this.state === "failed") return this.heard;
    if (!this.due) return undefined;
    this.time = performance.now();
    this.state = "told";
    this.heard = this.tellPage("onBatchEnd", [batch, logs]);
    this.heard.then(
      () => {
        this.state = "heard";
      },
      () => {
        this.state = "failed";
      },
    );
    return undefined;
  }
}
