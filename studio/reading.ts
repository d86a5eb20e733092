// What the model makes of the digit on the pad: its prediction at once, and the maps of its layers.

import { picture, ramp, show } from "./canvas.ts";
import { CLASSES, type ModelId, models, SIDE, type Task } from "./catalogue.ts";
import type { DrawingPad } from "./drawing-pad.ts";
import { element, make, setText } from "./elements.ts";
import type { EngineClient } from "./engine-client.ts";
import { FeatureMaps } from "./feature-maps.ts";
import { percent } from "./format.ts";
import { later } from "./frames.ts";
import type { Look } from "./protocol.ts";
import { colour } from "./theme.ts";

const REST_MILLISECONDS = 150;

export class Reading {
  private readonly engine: EngineClient;
  private readonly seen = element("seen", HTMLCanvasElement);
  private readonly redrawn = element("redrawn", HTMLCanvasElement);
  private readonly redrawnFigure = element("redrawn-figure", HTMLElement);
  private readonly said = element("said", HTMLOutputElement);
  private readonly word = element("said-word", HTMLSpanElement);
  private readonly sure = element("sure", HTMLSpanElement);
  private readonly bars = element("bars", HTMLOListElement);
  private readonly maps = new FeatureMaps();
  private readonly turns = new Array<number>(CLASSES).fill(0);
  private task: Task = "classify";
  private pixels: Float32Array | undefined;
  private output: Float32Array | undefined;
  /** One question at a time; the newest is asked when the last one is answered. */
  private isAsking = false;
  private isStale = false;
  /** While a digit is drawn only the prediction is wanted; the layers follow when the hand rests. */
  private layersFrom = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: EngineClient, pad: DrawingPad) {
    this.engine = engine;
    for (let digit = 0; digit < CLASSES; digit++) {
      this.bars.append(make("li", {}, make("i", {}, make("b")), String(digit)));
      const button = make("button", { type: "button", ariaLabel: `A ${digit}, another each time` }, String(digit));
      button.addEventListener("click", () => {
        const sample = engine.ask("sample", { digit, turn: this.turns[digit]++ });
        sample.then((pixels) => pad.put(pixels)).catch((error: Error) => engine.refuse(error.message));
      });
      element("samples", HTMLDivElement).append(button);
    }
    this.redraw();
  }

  setModel(model: ModelId): void {
    const { task } = models[model];
    if (task === this.task) return;
    this.task = task;
    this.output = undefined;
    this.redraw();
  }

  /** Takes another digit, or none. */
  show(pixels: Float32Array | undefined): void {
    this.pixels = pixels;
    if (pixels === undefined) {
      this.output = undefined;
      this.maps.clear();
    }
    this.redraw();
    this.layersFrom = performance.now() + REST_MILLISECONDS;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.refresh(), REST_MILLISECONDS);
    this.refresh();
  }

  /** Asks again: the weights have changed. */
  refresh(): void {
    this.isStale = true;
    if (!this.isAsking) void this.ask();
  }

  redraw(): void {
    later("reading", () => this.draw());
    this.maps.redraw();
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    while (this.isStale && this.pixels !== undefined) {
      this.isStale = false;
      const { pixels } = this;
      try {
        const look = await this.engine.ask("look", { pixels, layers: performance.now() >= this.layersFrom });
        if (this.pixels !== undefined) this.take(look);
      } catch (error) {
        this.engine.refuse(error instanceof Error ? error.message : String(error));
      }
    }
    this.isAsking = false;
  }

  private take({ output, layers }: Look): void {
    this.output = output;
    if (layers.length > 0) this.maps.show(layers);
    later("reading", () => this.draw());
  }

  private draw(): void {
    const { output, task } = this;
    const tint = ramp(colour("paper"), colour("ink"));
    show(this.seen, picture(this.pixels ?? new Float32Array(SIDE * SIDE), SIDE, SIDE, tint));
    this.redrawnFigure.hidden = task !== "reconstruct";
    this.bars.hidden = task !== "classify";
    const fits = output !== undefined && output.length === (task === "classify" ? CLASSES : SIDE * SIDE);
    if (task === "reconstruct") {
      show(this.redrawn, picture(fits ? output : new Float32Array(SIDE * SIDE), SIDE, SIDE, tint));
      setText(this.word, "→");
      setText(this.said, "");
      setText(this.sure, "");
      return;
    }
    const best = fits ? output.indexOf(Math.max(...output)) : -1;
    setText(this.word, best < 0 ? "" : "reads");
    setText(this.said, best < 0 ? "" : String(best));
    setText(this.sure, best < 0 || !fits ? "waits for a digit" : percent(output[best]));
    for (const [digit, bar] of [...this.bars.children].entries()) {
      const share = fits ? output[digit] : 0;
      bar.classList.toggle("best", digit === best);
      bar.ariaLabel = `${digit}: ${percent(share)}`;
      bar.querySelector("b")?.style.setProperty("transform", `scaleY(${share.toFixed(3)})`);
    }
  }
}
