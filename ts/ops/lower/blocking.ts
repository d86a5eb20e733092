// Blocking of matrix products and convolutions: units of work, and chunks of their sums.
import { launch } from "../../runtime/launch.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";

/** A product cut into blocks; each is a unit of work. */
export interface Blocks {
  readonly blockRows: number;
  readonly blockColumns: number;
  readonly units: number;
  /** Nanoseconds a unit. */
  readonly cost: number;
}

/** Rows of a block of a matrix product, and of a convolution: there, blocks of few rows would read many pixels twice. */
export const MATRIX_ROWS = 96;
export const WINDOW_ROWS = 384;
const MOST_COLUMNS = 512;
/** Cut on while there are fewer units than this, so that many threads find work .. */
const ENOUGH_UNITS = 16;
/** .. but not into units of fewer multiplications than this. */
const LEAST_WORK = 250_000;
const NANOSECONDS_PER_MULTIPLICATION = 0.04;

/**
 * Cuts `products` products [rows, depth] x [depth, columns] into blocks of about equal size. Blocks of few rows are
 * cheaper than blocks of few columns: each block packs its rows anew.
 */
export function cutIntoBlocks(
  rows: number,
  columns: number,
  depth: number,
  products: number,
  mostRows: number,
): Blocks {
  let rowBlocks = Math.max(1, Math.ceil(rows / mostRows));
  let columnBlocks = Math.max(1, Math.ceil(columns / MOST_COLUMNS));
  for (;;) {
    const blocks = blocksOf(rows, columns, depth, products, rowBlocks, columnBlocks);
    const { blockRows, blockColumns, units } = blocks;
    const isDone = units >= ENOUGH_UNITS || blockRows * blockColumns * depth < 2 * LEAST_WORK;
    if (!isDone && blockColumns >= 256) columnBlocks *= 2;
    else if (!isDone && blockRows >= 32) rowBlocks *= 2;
    else if (!isDone && blockColumns >= 64) columnBlocks *= 2;
    else return blocks;
  }
}

/** Rows and columns of a block of filters: with smaller ones, zeros would be looked for too often. */
const FILTER_ROWS = 384;
const FILTER_COLUMNS = 128;

/** A sum over the pixels of all images, cut into chunks of pixels and each of them into blocks of filters. */
export interface FilterBlocks extends Blocks {
  readonly chunks: number;
  readonly chunkPixels: number;
}

/** Cuts `groups` gradients of filters [rows, columns], sums over `pixels`; `mostChunks` partial sums fit into memory. */
export function cutFilters(
  rows: number,
  columns: number,
  pixels: number,
  groups: number,
  mostChunks: number,
): FilterBlocks {
  const rowBlocks = Math.max(1, Math.ceil(rows / FILTER_ROWS));
  const columnBlocks = Math.max(1, Math.ceil(columns / FILTER_COLUMNS));
  const wanted = Math.min(Math.ceil(ENOUGH_UNITS / (rowBlocks * columnBlocks * groups)), MOST_CHUNKS, mostChunks);
  const chunkPixels = 256 * Math.max(1, Math.ceil(pixels / Math.max(1, wanted) / 256));
  const chunks = Math.max(1, Math.ceil(pixels / chunkPixels));
  const depth = Math.min(pixels, chunkPixels);
  return { ...blocksOf(rows, columns, depth, groups * chunks, rowBlocks, columnBlocks), chunks, chunkPixels };
}

/** Blocks of about equal size; rows and columns in multiples of 8, so that tiles are whole. */
function blocksOf(
  rows: number,
  columns: number,
  depth: number,
  products: number,
  rowBlocks: number,
  columnBlocks: number,
): Blocks {
  const blockRows = 8 * Math.ceil(rows / rowBlocks / 8);
  const blockColumns = 8 * Math.ceil(columns / columnBlocks / 8);
  const units = Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns) * products;
  const cost = 100 + blockRows * blockColumns * depth * NANOSECONDS_PER_MULTIPLICATION;
  return { blockRows, blockColumns, units, cost };
}

/** The most chunks that a long sum is cut into: fixed by the sizes, so that any number of threads adds alike. */
export const MOST_CHUNKS = 16;

/** Lets `f` compute the partial sums of all chunks and adds them up. */
export function overChunks(y: Tensor, chunks: number, f: (partial: Tensor) => void): void {
  if (chunks === 1) {
    f(y);
    return;
  }
  const partial = empty([chunks, y.size]);
  f(partial);
  launch("sum_chunks_f32", y.size, 0.1 * chunks, y, partial, y.size, chunks);
  partial.dispose();
}
