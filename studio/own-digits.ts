// Digits that people bring: images and CSV files, chosen or dropped on the page.
import { type ModelId, models, PIXELS, type Task, UNKNOWN } from "./catalogue.ts";
import { inkOf, toDigit } from "./digit-pixels.ts";
import { element, setText } from "./elements.ts";
import type { EngineClient } from "./engine-client.ts";
import { count, percent } from "./format.ts";
import { Gallery } from "./gallery.ts";
import type { OwnDigits } from "./protocol.ts";

/** Larger images are made smaller before they are looked at. */
const MOST_SIDE = 160;

export class OwnDigitsPanel {
  private readonly engine: EngineClient;
  private readonly chosen: (pixels: Float32Array) => void;
  private readonly file = element("own-file", HTMLInputElement);
  private readonly gallery: Gallery;
  private readonly empty = element("own-empty", HTMLParagraphElement);
  private readonly note = element("own-note", HTMLParagraphElement);
  private readonly putAway = element("put-away", HTMLButtonElement);
  private task: Task = "classify";
  private digits: OwnDigits | undefined;

  /** `chosen` gets the pixels of a digit that is clicked, and of the first image of those that are opened. */
  constructor(engine: EngineClient, chosen: (pixels: Float32Array) => void) {
    this.engine = engine;
    this.chosen = chosen;
    this.gallery = new Gallery(element("own", HTMLUListElement), chosen);
    element("open-own", HTMLButtonElement).addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      void this.open([...(this.file.files ?? [])]);
      this.file.value = "";
    });
    this.putAway.addEventListener("click", () => {
      this.engine.tell("putAway", undefined);
      element("open-own", HTMLButtonElement).focus();
    });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.open([...(event.dataTransfer?.files ?? [])]);
    });
  }

  setModel(model: ModelId): void {
    this.task = models[model].task;
  }

  /** Shows what the engine made of them; undefined when there are none. */
  show(digits: OwnDigits | undefined): void {
    this.digits = digits;
    this.empty.hidden = digits !== undefined;
    this.putAway.hidden = digits === undefined;
    if (digits === undefined) {
      setText(this.note, "");
      this.gallery.clear();
      return;
    }
    const { labelled, right, shown } = digits;
    const share = labelled > 0 ? `, ${percent(right / labelled)} of ${count(labelled)} read right` : "";
    setText(this.note, `${count(digits.count)} ${digits.count === 1 ? "digit" : "digits"}${share}`);
    this.gallery.show(
      this.task,
      shown.map((digit) => ({ ...digit, label: digit.label === UNKNOWN ? undefined : digit.label })),
    );
  }

  redraw(): void {
    this.show(this.digits);
  }

  private async open(files: readonly File[]): Promise<void> {
    const table = files.find(({ name, type }) => type === "text/csv" || name.toLowerCase().endsWith(".csv"));
    if (table) {
      this.engine.tell("judge", { csv: table });
      return;
    }
    const found: Float32Array[] = [];
    for (const file of files) {
      const digit = await readImage(file).catch(() => undefined);
      if (digit) found.push(digit);
    }
    if (found.length < files.length) {
      const missing =
        found.length === 0
          ? "No digit was found"
          : `No digit was found in ${files.length - found.length} of ${files.length} files`;
      this.engine.refuse(`${missing}: neither an image with ink nor a CSV.`);
    }
    if (found.length === 0) return;
    const pixels = new Uint8Array(found.length * PIXELS);
    for (const [i, digit] of found.entries()) {
      pixels.set(
        digit.map((value) => Math.round(255 * value)),
        i * PIXELS,
      );
    }
    this.engine.tell("judge", { pixels });
    this.chosen(found[0]);
  }
}

/** The digit in an image file; undefined where there is nothing but paper. */
async function readImage(file: File): Promise<Float32Array | undefined> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return toDigit(inkOf(context.getImageData(0, 0, width, height)));
}
