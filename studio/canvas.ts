// Canvases as sharp as the screen, and pictures of few pixels on them.
import type { Rgb } from "./theme.ts";

/** A canvas's context, scaled to units of the page; the canvas gets as many pixels as the screen has there. */
export function fitted(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("canvas: it must have a 2d context, got none");
  return context;
}

/** What colour a value is painted in. */
export type Ramp = (value: number) => Rgb;

/** From one colour at 0 to another at 1. */
export function ramp(from: Rgb, to: Rgb): Ramp {
  return (value) => mix(from, to, Math.min(1, Math.max(0, value)));
}

/** From one colour at -1 through a middle at 0 to another at 1. */
export function diverging(low: Rgb, middle: Rgb, high: Rgb): Ramp {
  return (value) => mix(middle, value < 0 ? low : high, Math.min(1, Math.abs(value)));
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => from[i] + share * (to[i] - from[i])) as unknown as Rgb;
}

const SHADES = 64;

/** Values as pixels in a ramp's colours, so many to a row; values reach from `least` to 1. */
export function picture(values: ArrayLike<number>, width: number, height: number, tint: Ramp, least = 0): ImageData {
  // Packed as they lie in memory: little-endian, like every machine with WebAssembly.
  const shades = Uint32Array.from({ length: SHADES + 1 }, (_, i) => {
    const [red, green, blue] = tint(least + ((1 - least) * i) / SHADES).map(Math.round);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const scale = SHADES / (1 - least);
  for (let i = 0; i < pixels.length; i++) {
    const place = Math.round((values[i] - least) * scale);
    pixels[i] = shades[Math.min(SHADES, Math.max(0, place || 0))];
  }
  return image;
}

/** Shows a picture alone on a canvas of its size; the style sheet scales it. */
export function show(canvas: HTMLCanvasElement, image: ImageData): void {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  contextOf(canvas).putImageData(image, 0, 0);
}

/** Draws a picture into a rectangle, its pixels as squares. */
export function drawPicture(
  context: CanvasRenderingContext2D,
  image: ImageData,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.imageSmoothingEnabled = false;
  context.drawImage(ofImage(image), x, y, width, height);
}

let scratch: HTMLCanvasElement | undefined;

/** A canvas with the picture, valid until the next call. */
export function ofImage(image: ImageData): HTMLCanvasElement {
  scratch ??= document.createElement("canvas");
  show(scratch, image);
  return scratch;
}
