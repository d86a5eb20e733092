// From a picture of any size to the 28 x 28 pixels that the models know: MNIST's digits fill a box of 20 x 20, and their
// ink's centre lies in the middle.
import { PIXELS, SIDE } from "./catalogue.ts";

/** Ink from 0 to 1, row by row. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

const BOX = 20;
const TRACE = 0.1;

/** The digit's pixels; undefined where there is no ink. */
export function toDigit(ink: Ink): Float32Array | undefined {
  const box = boundsOf(ink);
  if (box === undefined) return undefined;
  const scale = BOX / Math.max(box.width, box.height);
  const small = shrink(ink, box, scale);
  // Centre of mass to the middle, as far as nothing is cut off.
  const centre = centreOf(small);
  const left = within(Math.round(SIDE / 2 - centre.x), SIDE - small.width);
  const top = within(Math.round(SIDE / 2 - centre.y), SIDE - small.height);
  const pixels = new Float32Array(PIXELS);
  for (let y = 0; y < small.height; y++) {
    pixels.set(small.values.subarray(y * small.width, (y + 1) * small.width), (top + y) * SIDE + left);
  }
  return pixels;
}

/** The ink in a photograph or scan: what differs from its border, as much as anything does. */
export function inkOf({ width, height, data }: ImageData): Ink {
  const light = Float32Array.from({ length: width * height }, (_, i) => {
    const [red, green, blue, alpha] = data.subarray(4 * i, 4 * i + 4);
    // What is transparent is paper.
    return 255 - ((255 - (0.299 * red + 0.587 * green + 0.114 * blue)) * alpha) / 255;
  });
  const paper = median(light.filter((_, i) => isBorder(i, width, height)));
  const values = light.map((value) => Math.abs(value - paper));
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  // A quarter of the strongest difference is still shadow and grain.
  for (let i = 0; i < values.length; i++) values[i] = most < 16 ? 0 : Math.max(0, (values[i] / most - 0.25) / 0.75);
  return { width, height, values };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boundsOf({ width, height, values }: Ink): Box | undefined {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] <= TRACE) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The ink of a box in fewer pixels (or more): each is the mean of what it covers. */
function shrink(ink: Ink, box: Box, scale: number): Ink {
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [x0, x1] = [box.x + (x * box.width) / width, box.x + ((x + 1) * box.width) / width];
      const [y0, y1] = [box.y + (y * box.height) / height, box.y + ((y + 1) * box.height) / height];
      values[y * width + x] = meanOf(ink, x0, x1, y0, y1);
    }
  }
  return { width, height, values };
}

/** The mean over a rectangle; pixels at its edge count as much as lies inside. */
function meanOf({ width, height, values }: Ink, x0: number, x1: number, y0: number, y1: number): number {
  let [sum, area] = [0, 0];
  for (let y = Math.floor(y0); y < Math.min(Math.ceil(y1), height); y++) {
    const tall = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < Math.min(Math.ceil(x1), width); x++) {
      const part = tall * (Math.min(x + 1, x1) - Math.max(x, x0));
      sum += part * values[y * width + x];
      area += part;
    }
  }
  return area > 0 ? sum / area : 0;
}

function centreOf({ width, height, values }: Ink): { x: number; y: number } {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      sum += value;
      sumX += value * (x + 0.5);
      sumY += value * (y + 0.5);
    }
  }
  return sum > 0 ? { x: sumX / sum, y: sumY / sum } : { x: width / 2, y: height / 2 };
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

function isBorder(i: number, width: number, height: number): boolean {
  const [x, y] = [i % width, Math.floor(i / width)];
  return x === 0 || y === 0 || x === width - 1 || y === height - 1;
}

function median(numbers: Float32Array): number {
  return numbers.sort()[numbers.length >> 1] ?? 0;
}
