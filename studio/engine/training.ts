// One model in training: its weights, its optimizer, how far it has come, and the figures of every step. The order of the
// digits follows from the seed and the epoch, so that a training that goes on from a file takes the same steps as one
// that was never interrupted.
import { type ArrayData, Generator, type optimizers as kinds, randomPermutation, type Sequential, seed } from "heddle";
import { models, PIXELS, type Settings } from "../catalogue.ts";
import type { CheckFigures, EpochFigures, History } from "../protocol.ts";
import { Series } from "../series.ts";
import { asImages, asLabels, type Digits } from "./digits.ts";
import { makeModel } from "./models.ts";
import { makeOptimizer } from "./optimizers.ts";
import { judgementOf } from "./tasks.ts";

const SEED = 1;

/** How far a training has come. */
export interface Progress {
  readonly step: number;
  /** Whole epochs done. */
  readonly epoch: number;
  /** Digits seen of the epoch that is under way, and the sums of their losses and figures. */
  readonly position: number;
  readonly lossSum: number;
  readonly figureSum: number;
  /** The epoch at which training ends by itself. */
  readonly lastEpoch: number;
}

const beginning: Progress = { step: 0, epoch: 0, position: 0, lossSum: 0, figureSum: 0, lastEpoch: 0 };

export class Training {
  readonly model: Sequential;
  progress: Progress;
  readonly losses = new Series();
  readonly figures = new Series();
  readonly checks: CheckFigures[] = [];
  readonly epochs: EpochFigures[] = [];
  private chosen: Settings;
  private owned: kinds.Optimizer;
  private order: Int32Array | undefined;
  /** The pixels of one batch, used again and again. */
  private pixels = new Uint8Array(0);
  private images: ArrayData<"f32"> | undefined;

  constructor(settings: Settings, progress: Progress = beginning) {
    seed(SEED);
    this.model = makeModel(settings.model);
    this.owned = makeOptimizer(settings.optimizer, settings.learningRate);
    this.chosen = settings;
    this.progress = progress;
    this.compile();
  }

  get settings(): Settings {
    return this.chosen;
  }

  get optimizer(): kinds.Optimizer {
    return this.owned;
  }

  /** Takes other settings for the same model; another optimizer begins without memory. */
  adjust(settings: Settings): void {
    const before = this.chosen;
    this.chosen = settings;
    if (settings.optimizer !== before.optimizer) {
      const old = this.owned;
      this.owned = makeOptimizer(settings.optimizer, settings.learningRate);
      this.compile();
      old.dispose();
    } else if (settings.learningRate !== before.learningRate) {
      this.owned.learningRate = settings.learningRate;
    }
  }

  private compile(): void {
    this.model.compile({ optimizer: this.owned, ...judgementOf(models[this.chosen.model].task) });
  }

  /** Says when to stop: so many epochs from here, unless some are left of the last time. */
  extend(): void {
    const { epoch, lastEpoch } = this.progress;
    if (epoch >= lastEpoch) this.progress = { ...this.progress, lastEpoch: epoch + this.chosen.epochs };
  }

  get finished(): boolean {
    return this.progress.epoch >= this.progress.lastEpoch;
  }

  /** One step on the next batch of the epoch; the number of digits in it, 0 when the epoch is over. */
  step(digits: Digits): number {
    const { progress } = this;
    const total = digits.labels.length;
    const count = Math.min(this.chosen.batchSize, total - progress.position);
    if (count <= 0) return 0;
    this.order ??= orderOf(total, progress.epoch);
    const rows = this.order.subarray(progress.position, progress.position + count);
    const { task } = models[this.chosen.model];
    const images = this.gather(digits.pixels, rows);
    const targets = task === "classify" ? asLabels(Uint8Array.from(rows, (row) => digits.labels[row])) : images;
    const logs = this.model.trainOnBatch(images, targets);
    const [loss, figure] = [logs.loss, logs[judgementOf(task).metrics[0]]];
    this.losses.push(loss);
    this.figures.push(figure);
    this.progress = {
      ...progress,
      step: progress.step + 1,
      position: progress.position + count,
      lossSum: progress.lossSum + loss * count,
      figureSum: progress.figureSum + figure * count,
    };
    return count;
  }

  /** Closes the epoch with what validation found, and begins the next one. */
  closeEpoch(validation: CheckFigures): EpochFigures {
    const { epoch, position, lossSum, figureSum } = this.progress;
    const figures = {
      epoch: epoch + 1,
      loss: lossSum / position,
      figure: figureSum / position,
      validationLoss: validation.loss,
      validationFigure: validation.figure,
    };
    this.epochs.push(figures);
    this.order = undefined;
    this.progress = { ...this.progress, epoch: epoch + 1, position: 0, lossSum: 0, figureSum: 0 };
    return figures;
  }

  get history(): History {
    const { checks, epochs } = this;
    return { loss: this.losses.from(0), figure: this.figures.from(0), checks: [...checks], epochs: [...epochs] };
  }

  /** Whether the weights are still numbers: steps that are too large end in infinities and NaN. */
  get isSound(): boolean {
    return this.model.weights.every((weight) => Number.isFinite(weight.view().reduce((sum, value) => sum + value, 0)));
  }

  dispose(): void {
    this.model.dispose();
    this.owned.dispose();
  }

  private gather(from: Uint8Array, rows: Int32Array): ArrayData<"f32"> {
    if (this.images === undefined || this.pixels.length !== rows.length * PIXELS) {
      this.pixels = new Uint8Array(rows.length * PIXELS);
      this.images = asImages(this.pixels);
    }
    rows.forEach((row, i) => {
      this.pixels.set(from.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
    });
    return this.images;
  }
}

/** In which order an epoch sees the digits. */
function orderOf(count: number, epoch: number): Int32Array {
  const generator = new Generator(SEED + epoch);
  const order = randomPermutation(count, { generator });
  const places = order.data();
  order.dispose();
  generator.state.dispose();
  return places;
}
