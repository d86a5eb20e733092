// 3 x 3 convolutions by Winograd's minimal filtering F(2x2, 3x3): images and filters are transformed to 16 matrices
// each, multiplied, and transformed back; 16 multiplications per output tile where the direct sum has 36. Large images
// are processed in chunks of lines, so that the matrices stay in cache.
import { mayUseWinograd } from "../../runtime/engine.ts";
import { launch } from "../../runtime/launch.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";
import { cutIntoBlocks, overChunks } from "./blocking.ts";
import type { ConvSpec } from "./conv-geometry.ts";
import { copyPadded, copyPermuted } from "./strided-copy.ts";

/** Fewer channels do not pay for turning images into matrices and back. */
const LEAST_CHANNELS = 32;
/** The direct way must have this many times as many multiplications: small images leave parts of tiles unused. */
const LEAST_GAIN = 1.6;
/** Numbers that the 16 matrices of a chunk have at most. */
const CHUNK_NUMBERS = 1 << 20;
/** Rows of a block of a product. */
const BLOCK_ROWS = 128;
/** Nanoseconds that a number takes to be transformed. */
const NANOSECONDS = 0.3;

/** Whether Winograd's way is open for a convolution and its gradients, and has far fewer multiplications. */
export function hasFewerProducts({ batch, rows, columns, channels, outputs, groups }: ConvSpec): boolean {
  const isPlain = [rows, columns].every(({ taps, stride, dilation }) => taps === 3 && stride === 1 && dilation === 1);
  if (!isPlain || groups !== 1 || channels % 8 !== 0 || outputs % 8 !== 0) return false;
  if (Math.min(channels, outputs) < LEAST_CHANNELS || batch === 0 || !mayUseWinograd()) return false;
  const windows = rows.windows * columns.windows;
  const tiles = Math.ceil(rows.windows / 2) * Math.ceil(columns.windows / 2);
  return 9 * windows >= LEAST_GAIN * 16 * tiles;
}

/** y = activation(conv(x, filters) + bias). */
export function winogradConvolve(
  y: Tensor,
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  { rows, columns }: ConvSpec,
  activation: number,
): void {
  correlate(y, x, filters, bias, [rows.before, columns.before], activation, false);
}

/** dx = activation(the transposed convolution of dy + bias): the convolution with filters rotated by 180 degrees. */
export function winogradBack(
  dx: Tensor,
  dy: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  { rows, columns }: ConvSpec,
  activation: number,
): void {
  const swapped = copyPermuted("conv2d", filters, [0, 1, 3, 2]);
  correlate(dx, dy, swapped, bias, [2 - rows.before, 2 - columns.before], activation, true);
  swapped.dispose();
}

/** The gradient of the filters: sums over all tiles of the products of x's and dy's matrices. */
export function winogradFilterGradient(gradient: Tensor, x: Tensor, dy: Tensor, { rows, columns }: ConvSpec): void {
  const [, height, width, outputs] = dy.shape;
  const channels = x.shape[3];
  const cut = cutIntoChunks(dy, channels);
  const padded = withZeros(x, [rows.before, columns.before], cut);
  overChunks(gradient, cut.chunks, (partial) => {
    forChunks(cut, (chunk, firstLine, lines) => {
      const tiles = lines * cut.columns;
      const v = spreadImages(padded, cut, firstLine, lines);
      const plane = planeOf(tiles, outputs);
      const z = empty([16, plane]);
      const sizes = [height, width, outputs, cut.rows, cut.columns, plane, firstLine] as const;
      launch("winograd_grad_output_f32", lines, costOf(cut.columns, outputs), z, dy, ...sizes);
      const w = multiplyPlanes(v, z, channels, outputs, tiles, [1, channels], [outputs, 1]);
      const cost = costOf(1, outputs);
      launch("winograd_grad_filters_f32", channels, cost, partial, w, channels, outputs, w.shape[1], chunk);
      for (const matrices of [v, z, w]) matrices.dispose();
    });
  });
  if (padded !== x) padded.dispose();
}

/** y = activation(sums over 3 x 3 windows of x + bias), the first window `before` pixels before the image. */
function correlate(
  y: Tensor,
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  before: readonly [number, number],
  activation: number,
  rotated: boolean,
): void {
  const [, height, width, outputs] = y.shape;
  const channels = x.shape[3];
  const filterPlane = planeOf(channels, outputs);
  const u = empty([16, filterPlane]);
  const packing = costOf(1, outputs);
  launch("winograd_pack_filters_f32", channels, packing, u, filters, channels, outputs, filterPlane, Number(rotated));
  const cut = cutIntoChunks(y, channels);
  const padded = withZeros(x, before, cut);
  forChunks(cut, (_chunk, firstLine, lines) => {
    const tiles = lines * cut.columns;
    const v = spreadImages(padded, cut, firstLine, lines);
    const m = multiplyPlanes(v, u, tiles, outputs, channels, [channels, 1], PACKED);
    v.dispose();
    const sizes = [height, width, outputs, cut.rows, cut.columns, m.shape[1]] as const;
    launch("winograd_output_f32", lines, costOf(cut.columns, outputs), y, m, bias, ...sizes, activation, firstLine);
    m.dispose();
  });
  if (padded !== x) padded.dispose();
  u.dispose();
}

/** From row to row and from column to column of a matrix. */
type Strides = readonly [row: number, column: number];

/** Of matrices in panels, which are not read by strides. */
const PACKED: Strides = [0, 0];

/** The 16 products of matrices [rows, depth] and [depth, columns]. */
function multiplyPlanes(
  a: Tensor,
  b: Tensor,
  rows: number,
  columns: number,
  depth: number,
  aStrides: Strides,
  bStrides: Strides,
): Tensor {
  const plane = planeOf(rows, columns);
  const product = empty([16, plane]);
  const { units, cost, blockRows, blockColumns } = cutIntoBlocks(rows, columns, depth, 16, BLOCK_ROWS);
  const sizes = [rows, columns, depth, plane, columns] as const;
  const strides = [a.shape[1], ...aStrides, b.shape[1], ...bStrides] as const;
  launch("matmul_f32", units, cost, product, a, b, undefined, ...sizes, ...strides, blockRows, blockColumns, 0);
  return product;
}

/** Lines of tiles over all images, cut into chunks. */
interface Cut {
  /** Lines of tiles of an image, and tiles of a line. */
  readonly rows: number;
  readonly columns: number;
  readonly lines: number;
  readonly chunkLines: number;
  readonly chunks: number;
}

function cutIntoChunks(result: Tensor, channels: number): Cut {
  const [batch, height, width, outputs] = result.shape;
  const rows = Math.ceil(height / 2);
  const columns = Math.ceil(width / 2);
  const lines = batch * rows;
  const fitting = Math.max(1, Math.floor(CHUNK_NUMBERS / (16 * columns * Math.max(channels, outputs))));
  const chunks = Math.ceil(lines / fitting);
  const chunkLines = Math.ceil(lines / chunks);
  return { rows, columns, lines, chunkLines, chunks: Math.ceil(lines / chunkLines) };
}

function forChunks(cut: Cut, f: (chunk: number, firstLine: number, lines: number) => void): void {
  for (let chunk = 0; chunk < cut.chunks; chunk++) {
    const firstLine = chunk * cut.chunkLines;
    f(chunk, firstLine, Math.min(cut.chunkLines, cut.lines - firstLine));
  }
}

/** Images with zeros around them that all tiles need. */
function withZeros(x: Tensor, before: readonly [number, number], cut: Cut): Tensor {
  const [, height, width] = x.shape;
  const below = 2 * cut.rows + 2 - before[0] - height;
  const right = 2 * cut.columns + 2 - before[1] - width;
  if (before[0] + before[1] + below + right === 0) return x;
  const widths = [
    [0, 0],
    [before[0], below],
    [before[1], right],
    [0, 0],
  ] as const;
  return copyPadded("conv2d", x, widths);
}

/** The matrices of a chunk of the images: [tiles, 16, channels]. */
function spreadImages(padded: Tensor, cut: Cut, firstLine: number, lines: number): Tensor {
  const [, height, width, channels] = padded.shape;
  const plane = planeOf(lines * cut.columns, channels);
  const v = empty([16, plane]);
  const sizes = [height, width, channels, cut.rows, cut.columns, plane, firstLine] as const;
  launch("winograd_input_f32", lines, costOf(cut.columns, channels), v, padded, ...sizes);
  return v;
}

/** Nanoseconds that so many tiles of so many channels take to be transformed into 16 numbers each, or back. */
function costOf(tiles: number, channels: number): number {
  return NANOSECONDS * 16 * tiles * channels;
}

/** Numbers from one of 16 matrices to the next: not a power of two, so that they do not share places in the cache. */
function planeOf(tiles: number, numbers: number): number {
  return tiles * numbers + 16;
}
