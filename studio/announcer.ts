// Tells screen readers, now and then, what others see: that training began, paused, finished an epoch.
import { figureNames, type ModelId, models } from "./catalogue.ts";
import { element } from "./elements.ts";
import { figure } from "./format.ts";
import type { EpochFigures, Status } from "./protocol.ts";

export class Announcer {
  private readonly place = element("announcer", HTMLParagraphElement);
  private running: boolean | undefined;
  private model: ModelId = "digit-cnn";

  follow({ running, settings, step }: Status): void {
    this.model = settings.model;
    if (this.running !== undefined && this.running !== running) {
      this.place.textContent = running ? "Training runs." : `Training stands still after ${step} steps.`;
    }
    this.running = running;
  }

  epoch({ epoch, validationFigure }: EpochFigures): void {
    const { task } = models[this.model];
    this.place.textContent = `Epoch ${epoch} is done: validation ${figureNames[task].full} ${figure(task, validationFigure)}.`;
  }
}
