// The form: which model, how it is trained, and the buttons that start, pause and reset it.
import { batchSizes, limits, type ModelId, models, type OptimizerId, optimizers } from "./catalogue.ts";
import { element, fill, setText } from "./elements.ts";
import type { EngineClient } from "./engine-client.ts";
import { count, short } from "./format.ts";
import { NumberField } from "./number-field.ts";
import type { Status } from "./protocol.ts";

export class Controls {
  private readonly model = element("model", HTMLSelectElement);
  private readonly about = element("about", HTMLParagraphElement);
  private readonly optimizer = element("optimizer", HTMLSelectElement);
  private readonly rate: NumberField;
  private readonly rateSlider = element("rate-slider", HTMLInputElement);
  private readonly batch = element("batch", HTMLSelectElement);
  private readonly epochs: NumberField;
  private readonly train = element("train", HTMLButtonElement);
  private readonly reset = element("reset", HTMLButtonElement);
  private readonly undo = element("undo", HTMLButtonElement);
  private readonly progress = element("progress", HTMLProgressElement);
  private readonly epoch = element("epoch", HTMLSpanElement);
  private readonly step = element("step", HTMLSpanElement);
  private status: Status | undefined;

  constructor(engine: EngineClient) {
    const titles = (entries: { readonly [id: string]: { readonly title: string } }): [string, string][] =>
      Object.entries(entries).map(([id, { title }]) => [id, title]);
    fill(this.model, titles(models));
    fill(this.optimizer, titles(optimizers));
    fill(
      this.batch,
      batchSizes.map((size) => [String(size), String(size)]),
    );
    this.model.addEventListener("change", () => engine.tell("choose", { model: this.model.value as ModelId }));
    this.optimizer.addEventListener("change", () => {
      const optimizer = this.optimizer.value as OptimizerId;
      engine.tell("choose", { optimizer, learningRate: optimizers[optimizer].learningRate });
    });
    this.rateSlider.addEventListener("input", () => this.slide());
    this.rateSlider.addEventListener("change", () => engine.tell("choose", { learningRate: this.slide() }));
    this.rate = new NumberField("rate", limits.learningRate, (learningRate) => {
      this.showRate(learningRate);
      engine.tell("choose", { learningRate });
    });
    this.batch.addEventListener("change", () => engine.tell("choose", { batchSize: Number(this.batch.value) }));
    this.epochs = new NumberField("epochs", limits.epochs, (epochs) => engine.tell("choose", { epochs }));
    this.train.addEventListener("click", () => engine.tell(this.status?.running ? "pause" : "train", undefined));
    this.reset.addEventListener("click", () => engine.tell("reset", undefined));
    this.undo.addEventListener("click", () => engine.tell("undo", undefined));
  }

  show(status: Status): void {
    const { settings, running, step, epoch, position, lastEpoch, trainingImages } = status;
    const before = this.status?.settings;
    this.status = status;
    // What a person is just setting stays as it is.
    const changed = <K extends keyof typeof settings>(key: K): boolean => before?.[key] !== settings[key];
    if (changed("model")) this.model.value = settings.model;
    if (changed("optimizer")) this.optimizer.value = settings.optimizer;
    if (changed("learningRate")) this.showRate(settings.learningRate);
    if (changed("batchSize")) this.batch.value = String(settings.batchSize);
    if (changed("epochs")) this.epochs.show(settings.epochs);
    const { about } = models[settings.model];
    setText(this.about, `${about} ${count(status.parameters)} weights.`);
    this.train.disabled = this.reset.disabled = false;
    const isDone = step > 0 && epoch >= lastEpoch;
    setText(this.train, running ? "Pause" : step === 0 ? "Train" : isDone ? "Train on" : "Resume");
    this.undo.hidden = !status.canUndo;
    this.progress.value = isDone ? 1 : position / trainingImages;
    const goal = Math.max(lastEpoch, epoch, 1);
    setText(
      this.epoch,
      step === 0 && !running
        ? `${count(trainingImages)} digits to learn from`
        : isDone
          ? `${epoch} epochs done`
          : `Epoch ${epoch + 1} of ${goal}`,
    );
    setText(this.step, step === 0 ? "" : `step ${count(step)}`);
  }

  /** Shows the rate that the slider stands at, of two digits, and returns it. */
  private slide(): number {
    const rate = Number((10 ** this.rateSlider.valueAsNumber).toPrecision(2));
    this.showRate(rate);
    return rate;
  }

  private showRate(rate: number): void {
    this.rate.show(rate);
    this.rateSlider.valueAsNumber = Math.log10(rate);
    this.rateSlider.ariaValueText = short(rate);
  }
}
