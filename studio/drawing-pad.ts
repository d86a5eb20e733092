// The pad: people draw on it with mouse, finger, pen or keyboard, or have a digit put there. The tab remembers what is on it.
import { contextOf, drawPicture, picture, ramp } from "./canvas.ts";
import { SIDE } from "./catalogue.ts";
import { toDigit } from "./digit-pixels.ts";
import { element } from "./elements.ts";
import { later } from "./frames.ts";
import { recall, remember } from "./memory.ts";
import { colour, css } from "./theme.ts";

/** The pad's own pixels, whatever the screen's: strokes are kept in them. */
const SIZE = 280;
const PEN = 22;
const KEY_STEP = 10;
/** The strokes are read at this size: small enough to be quick. */
const READ = 112;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is on the pad, as it is remembered; a digit as bytes. */
interface Content {
  readonly strokes: Point[][];
  readonly digit?: readonly number[];
}

export class DrawingPad {
  private readonly canvas = element("pad", HTMLCanvasElement);
  private readonly hint = element("pad-hint", HTMLParagraphElement);
  /** Lines as they were drawn; a digit that was put there instead is kept as its pixels. */
  private strokes: Point[][] = [];
  private digit: Float32Array | undefined;
  private pen: Point = { x: SIZE / 2, y: SIZE / 4 };
  private penDown = false;
  /** A small copy of the strokes, from which they are read. */
  private readonly reading = Object.assign(document.createElement("canvas"), { width: READ, height: READ });
  private readonly drawn: (pixels: Float32Array | undefined) => void;

  /** `drawn` gets the digit's pixels after each stroke and while one is drawn; undefined when there is none. */
  constructor(drawn: (pixels: Float32Array | undefined) => void) {
    this.drawn = drawn;
    this.canvas.width = this.canvas.height = 2 * SIZE;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.begin(this.pointOf(event));
      event.preventDefault();
      this.canvas.focus({ preventScroll: true, focusVisible: false } as FocusOptions);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.canvas.hasPointerCapture(event.pointerId)) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.extend(this.pointOf(part));
      this.extend(this.pointOf(event));
    });
    this.canvas.addEventListener("keydown", (event) => this.type(event));
    for (const change of ["focus", "blur"]) this.canvas.addEventListener(change, () => this.redraw());
    element("clear", HTMLButtonElement).addEventListener("click", () => this.clear());
    this.recall();
    this.changed();
  }

  clear(): void {
    this.strokes = [];
    this.digit = undefined;
    this.penDown = false;
    this.changed();
  }

  /** Puts a digit on the pad: pixels [28, 28] from 0 to 1. */
  put(pixels: Float32Array): void {
    this.strokes = [];
    this.penDown = false;
    this.digit = pixels;
    this.changed();
  }

  redraw(): void {
    later("pad", () => this.draw());
  }

  private pointOf(event: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * SIZE,
      y: ((event.clientY - box.top) / box.height) * SIZE,
    };
  }

  /** A stroke begins; a digit that was put there gives way to it. */
  private begin(point: Point): void {
    this.digit = undefined;
    this.strokes.push([point]);
    this.changed();
  }

  private extend(point: Point): void {
    this.strokes.at(-1)?.push(point);
    this.changed();
  }

  private type(event: KeyboardEvent): void {
    const moves: Record<string, Point> = {
      ArrowLeft: { x: -KEY_STEP, y: 0 },
      ArrowRight: { x: KEY_STEP, y: 0 },
      ArrowUp: { x: 0, y: -KEY_STEP },
      ArrowDown: { x: 0, y: KEY_STEP },
    };
    const move = moves[event.key];
    if (event.key === " ") {
      this.penDown = !this.penDown;
      if (this.penDown) this.begin(this.pen);
    } else if (move) {
      const inside = (at: number): number => Math.min(SIZE - PEN / 2, Math.max(PEN / 2, at));
      this.pen = { x: inside(this.pen.x + move.x), y: inside(this.pen.y + move.y) };
      if (this.penDown) this.extend(this.pen);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else return;
    event.preventDefault();
    this.redraw();
  }

  private changed(): void {
    this.hint.hidden = this.strokes.length > 0 || this.digit !== undefined;
    later("pad", () => this.draw());
    later("drawn", () => this.drawn(this.digit ?? this.read()));
    later("remember pad", () => this.remember());
  }

  private remember(): void {
    const digit = this.digit && Array.from(this.digit, (value) => Math.round(255 * value));
    const tenths = (key: string, value: unknown): unknown =>
      key === "x" || key === "y" ? Math.round(10 * (value as number)) / 10 : value;
    remember("tab", "pad", JSON.stringify({ strokes: this.strokes, digit } satisfies Content, tenths));
  }

  private recall(): void {
    const { strokes, digit } = JSON.parse(recall("tab", "pad") ?? '{"strokes":[]}') as Content;
    this.strokes = strokes;
    this.digit = digit && Float32Array.from(digit, (byte) => byte / 255);
  }

  private draw(): void {
    const context = contextOf(this.canvas);
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, SIZE, SIZE);
    if (this.digit) {
      const tint = ramp(colour("paper"), colour("ink"));
      drawPicture(context, picture(this.digit, SIDE, SIDE, tint), 0, 0, SIZE, SIZE);
    }
    stroke(context, this.strokes, css("ink"));
    if (document.activeElement === this.canvas && this.canvas.matches(":focus-visible")) {
      context.beginPath();
      context.arc(this.pen.x, this.pen.y, PEN / 2, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.strokeStyle = css("accent");
      context.stroke();
    }
  }

  /** The strokes as a digit's pixels. */
  private read(): Float32Array | undefined {
    if (this.strokes.length === 0) return undefined;
    const context = this.reading.getContext("2d", { willReadFrequently: true });
    if (context === null) return undefined;
    context.setTransform(READ / SIZE, 0, 0, READ / SIZE, 0, 0);
    context.clearRect(0, 0, SIZE, SIZE);
    stroke(context, this.strokes, "black");
    const { data } = context.getImageData(0, 0, READ, READ);
    const values = Float32Array.from({ length: READ * READ }, (_, i) => data[4 * i + 3] / 255);
    return toDigit({ width: READ, height: READ, values });
  }
}

function stroke(context: CanvasRenderingContext2D, lines: readonly (readonly Point[])[], style: string): void {
  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = style;
  for (const line of lines) {
    context.beginPath();
    context.moveTo(line[0].x, line[0].y);
    for (const { x, y } of line) context.lineTo(x, y);
    context.stroke();
  }
}
