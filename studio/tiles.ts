// Many small pictures in a grid, on one canvas as wide as its place.
import { fitted, ofImage, picture, type Ramp } from "./canvas.ts";
import type { Maps } from "./protocol.ts";

export interface TileOptions {
  readonly tint: Ramp;
  /** The least value: 0, or -1 for pictures of both signs. */
  readonly least: 0 | -1;
  /** How wide a tile should be at most and at least, in units of the page. */
  readonly widest: number;
  readonly narrowest: number;
  readonly gap: number;
}

/** Draws the maps, each from the least to the largest value of all of them. */
export function drawTiles(canvas: HTMLCanvasElement, maps: Maps, options: TileOptions): void {
  const { tint, least, widest, narrowest, gap } = options;
  const { count, height, width, values } = maps;
  const room = canvas.parentElement?.clientWidth ?? 300;
  const style = canvas.parentElement && getComputedStyle(canvas.parentElement);
  const inner = room - (style ? Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight) : 0);
  const columns = columnsFor(count, inner, { widest, narrowest, gap });
  const side = Math.min(widest, (inner - (columns - 1) * gap) / columns);
  const tall = (side * height) / width;
  const rows = Math.ceil(count / columns);
  const total = rows * tall + (rows - 1) * gap;
  canvas.style.height = `${total}px`;
  const context = fitted(canvas, inner, total);
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  // One picture with the maps one under the other, of which each tile takes its part.
  const image = picture(
    values.map((value) => value / most),
    width,
    count * height,
    tint,
    least,
  );
  const strip = ofImage(image);
  context.imageSmoothingEnabled = false;
  for (let i = 0; i < count; i++) {
    const [x, y] = [(i % columns) * (side + gap), Math.floor(i / columns) * (tall + gap)];
    context.drawImage(strip, 0, i * height, width, height, x, y, side, tall);
  }
}

/** Rows as full as can be: a number of columns that divides the count, if one near enough does. */
function columnsFor(
  count: number,
  room: number,
  { widest, narrowest, gap }: { widest: number; narrowest: number; gap: number },
): number {
  const most = Math.max(1, Math.min(count, Math.floor((room + gap) / (narrowest + gap))));
  const least = Math.max(1, Math.min(most, Math.ceil((room + gap) / (widest + gap))));
  for (let columns = most; columns >= least; columns--) if (count % columns === 0) return columns;
  return most;
}
