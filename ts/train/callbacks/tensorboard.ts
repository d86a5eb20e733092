// Writing the figures of a training, and histograms of its weights, for TensorBoard.

import { encodeFileVersion, encodeSummaries, type Summary } from "../../formats/event-file.ts";
import { appendToFile, makeFolder } from "../../formats/files.ts";
import { tensorBoardOptions } from "../../generated/options.ts";
import type { Definition } from "../../layers/definition.ts";
import { requireCount } from "../../runtime/arguments.ts";
import { type FilePath, pathOf } from "../../runtime/paths.ts";
import { type Callback, defineCallback, LOOKS, type Logs, StatefulCallback, type TrainingInfo } from "./callback.ts";
import { BatchCounter } from "./monitor.ts";

/** What `TensorBoard` takes. */
export interface TensorBoardOptions {
  /** Default "logs". */
  logDir?: FilePath;
  /** Epochs between two histograms of all weights; default 0: none. */
  histogramFreq?: number;
  /** Whether figures are also written after each batch ("batch"), or after so many; default "epoch". */
  updateFreq?: "epoch" | "batch" | number;
}

/**
 * Event files in logDir/train and logDir/validation: epoch_loss and the like by epochs, epoch_learning_rate, batch_loss and
 * the like by batches, and a histogram for each weight. `tensorboard --logdir logs` shows them.
 */
export class TensorBoard extends StatefulCallback implements Callback {
  private readonly logDir: string;
  private readonly histogramFreq: number;
  private readonly counter: BatchCounter;
  private info: TrainingInfo | undefined;
  private readonly files = new Map<string, EventFile>();
  private batches = 0;

  constructor(options: TensorBoardOptions = {}) {
    super(options);
    const { logDir = "logs", histogramFreq = 0, updateFreq = "epoch" } = options;
    requireCount("TensorBoard", "histogramFreq", histogramFreq, 0);
    this.logDir = pathOf("TensorBoard: logDir", logDir);
    this.histogramFreq = histogramFreq;
    this.counter = new BatchCounter("TensorBoard", "updateFreq", updateFreq === "batch" ? 1 : updateFreq);
  }

  onTrainBegin(info: TrainingInfo): void {
    this.info = info;
    this.files.clear();
    this.batches = info.initialEpoch * (info.steps ?? 0);
  }

  /** @internal */
  [LOOKS](): boolean {
    return !this.counter.byEpoch;
  }

  async onBatchEnd(_batch: number, logs: Logs): Promise<void> {
    const step = this.batches++;
    if (this.counter.isDue()) await this.write("train", step, scalarsOf(logs, "batch_"));
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.info === undefined) return;
    const { optimizer } = this.info.model.compilation;
    const isValidation = ([name]: [string, number]): boolean => name.startsWith("val_");
    const figures = Object.entries(logs);
    const training = Object.fromEntries(figures.filter((figure) => !isValidation(figure)));
    const validation = figures.filter(isValidation).map(([name, value]) => [name.slice("val_".length), value]);
    delete training.learningRate;
    const rate: Summary = { tag: "epoch_learning_rate", scalar: optimizer.learningRate };
    await this.write("train", epoch, [...scalarsOf(training, "epoch_"), rate, ...this.histograms(epoch)]);
    if (validation.length > 0) {
      await this.write("validation", epoch, scalarsOf(Object.fromEntries(validation), "epoch_"));
    }
  }

  private histograms(epoch: number): Summary[] {
    if (this.info === undefined || this.histogramFreq === 0 || epoch % this.histogramFreq !== 0) return [];
    return this.info.model.weights.map((x) => ({ tag: `${x.name}/histogram`, histogram: x.data() }));
  }

  private async write(run: string, step: number, summaries: readonly Summary[]): Promise<void> {
    let file = this.files.get(run);
    if (file === undefined) this.files.set(run, (file = new EventFile(`${this.logDir}/${run}`)));
    await file.write(step, summaries);
  }
}

/** Makes a {@link TensorBoard}, which writes event files. Errors: ArgumentError for options out of range. */
export const tensorBoard: Definition<typeof TensorBoard> = defineCallback(
  "tensorBoard",
  TensorBoard,
  tensorBoardOptions,
);

function scalarsOf(logs: Logs, prefix: string): Summary[] {
  return Object.entries(logs).map(([name, scalar]) => ({ tag: prefix + name, scalar }));
}

/** A new event file in a folder, begun with its first record. Whole records are added, so that readers may follow. */
class EventFile {
  private readonly folder: string;
  private readonly path: string;
  private begun = false;

  constructor(folder: string) {
    this.folder = folder;
    const seconds = Math.floor(Date.now() / 1000);
    this.path = `${folder}/events.out.tfevents.${seconds}.${crypto.randomUUID()}.v2`;
  }

  async write(step: number, summaries: readonly Summary[]): Promise<void> {
    const seconds = Date.now() / 1000;
    if (!this.begun) {
      await makeFolder(this.folder);
      await appendToFile(this.path, encodeFileVersion(seconds));
    }
    this.begun = true;
    await appendToFile(this.path, encodeSummaries(seconds, step, summaries));
  }
}
