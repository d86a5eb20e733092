// The worst mistakes: validation digits that the model read wrongly, the surest first, or drew worst.
import { type ModelId, models, type Task } from "./catalogue.ts";
import { element, setText } from "./elements.ts";
import { count } from "./format.ts";
import { Gallery } from "./gallery.ts";
import type { Check } from "./protocol.ts";

export class Mistakes {
  private readonly list = element("mistakes", HTMLUListElement);
  private readonly empty = element("mistakes-empty", HTMLParagraphElement);
  private readonly note = element("mistakes-note", HTMLParagraphElement);
  private readonly gallery: Gallery;
  private task: Task = "classify";
  private check: Check | undefined;

  /** `chosen` gets the pixels of a mistake that is clicked. */
  constructor(chosen: (pixels: Float32Array) => void) {
    this.gallery = new Gallery(this.list, chosen);
  }

  setModel(model: ModelId): void {
    this.task = models[model].task;
  }

  clear(): void {
    this.check = undefined;
    this.gallery.clear();
    this.empty.hidden = false;
    setText(this.note, "");
  }

  show(check: Check): void {
    this.check = check;
    const isClassifier = check.confusion.length > 0;
    if (isClassifier !== (this.task === "classify")) return;
    this.empty.hidden = true;
    const wrong = Math.round((1 - check.figure) * check.images);
    const among = `of ${count(check.images)}`;
    setText(this.note, isClassifier ? `${count(wrong)} ${among}, the surest first` : `${among}, drawn worst`);
    this.gallery.show(this.task, check.worst);
  }

  redraw(): void {
    if (this.check) this.show(this.check);
  }
}
