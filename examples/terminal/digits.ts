// Small grey pictures in text, side by side: each character is two pixels, one over the other.
import type { Paint } from "./paint.ts";

export interface CaptionedImage {
  /** Square and row-major, from 0 (paper) to 1 (ink). */
  readonly pixels: ArrayLike<number>;
  /** Lines under the image, `IMAGE_WIDTH` characters or less. */
  readonly caption: readonly Caption[];
}

/** A text and how it is painted. */
export interface Caption {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Characters an image is wide; it is half as many high. */
export const IMAGE_WIDTH = 14;
const GAP = 2;
/** Ink fits in 20 pixels, with one of paper around it. */
const WINDOW = 22;
/** From here on a pixel counts as ink where there are no greys. */
const INK = 0.3;

/** Images with their captions as lines of at most `columns` characters: as many side by side as fit. */
export function drawImages(images: readonly CaptionedImage[], paint: Paint, columns: number): string[] {
  const perRow = Math.max(1, Math.floor((columns + GAP) / (IMAGE_WIDTH + GAP)));
  const lines: string[] = [];
  for (let begin = 0; begin < images.length; begin += perRow) {
    if (begin > 0) lines.push("");
    const drawn = images.slice(begin, begin + perRow).map((image) => drawOne(image, paint));
    drawn[0].forEach((_, line) => {
      lines.push(
        drawn
          .map((picture) => picture[line])
          .join(" ".repeat(GAP))
          .trimEnd(),
      );
    });
  }
  return lines;
}

function drawOne({ pixels, caption }: CaptionedImage, paint: Paint): string[] {
  const side = Math.sqrt(pixels.length);
  const small = shrink(pixels, side, findInk(pixels, side));
  const lines: string[] = [];
  for (let y = 0; y < IMAGE_WIDTH; y += 2) {
    let line = "";
    for (let x = 0; x < IMAGE_WIDTH; x++) {
      const [upper, lower] = [small[y * IMAGE_WIDTH + x], small[(y + 1) * IMAGE_WIDTH + x]];
      line += paint.colored ? paint.greys("▀", upper, lower) : halfBlock(upper >= INK, lower >= INK);
    }
    lines.push(line);
  }
  for (const { text, paint: color } of caption) {
    lines.push((color?.(text) ?? text) + " ".repeat(Math.max(0, IMAGE_WIDTH - text.length)));
  }
  return lines;
}

function halfBlock(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

/** The left upper corner of the window with the ink in its middle. */
function findInk(pixels: ArrayLike<number>, side: number): { x: number; y: number } {
  const range = { x: [side, -1], y: [side, -1] };
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] < 0.1) continue;
    const at = { x: i % side, y: Math.floor(i / side) };
    for (const axis of ["x", "y"] as const) {
      range[axis] = [Math.min(range[axis][0], at[axis]), Math.max(range[axis][1], at[axis])];
    }
  }
  const corner = ([first, last]: number[]): number => Math.round((first + last + 1 - WINDOW) / 2);
  return { x: corner(range.x), y: corner(range.y) };
}

/** The window at `corner`, averaged down to IMAGE_WIDTH x IMAGE_WIDTH pixels; outside the image there is paper. */
function shrink(pixels: ArrayLike<number>, side: number, corner: { x: number; y: number }): number[] {
  const ratio = WINDOW / IMAGE_WIDTH;
  const at = (x: number, y: number): number => (x >= 0 && x < side && y >= 0 && y < side ? pixels[y * side + x] : 0);
  const small: number[] = [];
  for (let y = 0; y < IMAGE_WIDTH; y++) {
    for (let x = 0; x < IMAGE_WIDTH; x++) {
      let sum = 0;
      for (const [row, high] of covered(y, ratio)) {
        for (const [column, wide] of covered(x, ratio)) sum += wide * high * at(corner.x + column, corner.y + row);
      }
      small.push(sum / ratio ** 2);
    }
  }
  return small;
}

/** The source pixels under pixel `i` of the small image, and how much of each. */
function covered(i: number, ratio: number): [pixel: number, share: number][] {
  const [begin, end] = [i * ratio, (i + 1) * ratio];
  const pixels: [number, number][] = [];
  for (let pixel = Math.floor(begin); pixel < end; pixel++) {
    pixels.push([pixel, Math.min(pixel + 1, end) - Math.max(pixel, begin)]);
  }
  return pixels;
}
