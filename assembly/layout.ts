// Data movement: views of up to six axes read into a dense tensor or written from one, transposition, filling.
// Elements are moved as bits. The caller drops axes of size 1, merges axes that lie together, and aligns them to the
// right: unused leading axes have size 1 and stride 0. Strides and offsets count elements.
import { In, InOut, Out, OutEach } from "./signature";
import { Run } from "./simd/runs";

/** Moves n elements, row after row of `columns`, from the column `first` on; each side has its own strides. */
function movePlane<T>(
  y: usize, yRow: i32, yColumn: i32,
  x: usize, xRow: i32, xColumn: i32,
  columns: i32, first: i32, n: i32,
): void {
  while (n > 0) {
    const run = min(columns - first, n);
    const skip = <usize>first * sizeof<T>();
    Run.move<T>(y + skip * yColumn, yColumn, x + skip * xColumn, xColumn, run);
    y += <usize>yRow * sizeof<T>();
    x += <usize>xRow * sizeof<T>();
    n -= run;
    first = 0;
  }
}

/**
 * Moves elements [begin, end) between a dense tensor and a view with the sizes d0 (implied), d1 .. d5 and the strides
 * s0 .. s5, plane after plane: into the view when `inward`, out of it otherwise.
 */
function moveView<T>(
  dense: usize, view: usize, inward: bool,
  d1: i32, d2: i32, d3: i32, d4: i32, d5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32,
  begin: i32, end: i32,
): void {
  const planeSize = d4 * d5;
  for (let i = begin; i < end; ) {
    const inPlane = i % planeSize;
    let o = i / planeSize;
    const i3 = o % d3;
    o /= d3;
    const i2 = o % d2;
    o /= d2;
    const i1 = o % d1;
    o /= d1;
    const i4 = inPlane / d5;
    const i5 = inPlane - i4 * d5;
    const n = min(planeSize - inPlane, end - i);
    const row = view + <usize>(o * s0 + i1 * s1 + i2 * s2 + i3 * s3 + i4 * s4) * sizeof<T>();
    const denseRow = dense + <usize>(i - i5) * sizeof<T>();
    if (inward) movePlane<T>(row, s4, s5, denseRow, d5, 1, d5, i5, n);
    else movePlane<T>(denseRow, d5, 1, row, s4, s5, d5, i5, n);
    i += n;
  }
}

/** y[i0, .., i5] = x[offset + i0 s0 + .. + i5 s5], over elements [begin, end) of y. */
export function view_read_u32(
  y: Out<u32>, x: In<u32>,
  d1: i32, d2: i32, d3: i32, d4: i32, d5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32, offset: i32,
  begin: i32, end: i32,
): void {
  moveView<u32>(y, x + (<usize>offset << 2), false, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, begin, end);
}

/** y[i0, .., i5] = x[offset + i0 s0 + .. + i5 s5], over elements [begin, end) of y. */
export function view_read_u8(
  y: Out<u8>, x: In<u8>,
  d1: i32, d2: i32, d3: i32, d4: i32, d5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32, offset: i32,
  begin: i32, end: i32,
): void {
  moveView<u8>(y, x + <usize>offset, false, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, begin, end);
}

/** y[offset + i0 s0 + .. + i5 s5] = x[i0, .., i5], over elements [begin, end) of x; the rest of y stays. */
export function view_write_u32(
  y: InOut<u32>, x: In<u32>,
  d1: i32, d2: i32, d3: i32, d4: i32, d5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32, offset: i32,
  begin: i32, end: i32,
): void {
  moveView<u32>(x, y + (<usize>offset << 2), true, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, begin, end);
}

/** y[offset + i0 s0 + .. + i5 s5] = x[i0, .., i5], over elements [begin, end) of x; the rest of y stays. */
export function view_write_u8(
  y: InOut<u8>, x: In<u8>,
  d1: i32, d2: i32, d3: i32, d4: i32, d5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32, offset: i32,
  begin: i32, end: i32,
): void {
  moveView<u8>(x, y + <usize>offset, true, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, begin, end);
}

/** y = the element with these bits, over elements [begin, end). */
export function fill_u32(y: OutEach<u32>, bits: i32, begin: i32, end: i32): void {
  Run.fill<u32>(y + (<usize>begin << 2), bits, end - begin);
}

/** y = the byte, over elements [begin, end). */
export function fill_u8(y: OutEach<u8>, byte: i32, begin: i32, end: i32): void {
  Run.fill<u8>(y + <usize>begin, <u8>byte, end - begin);
}

class Tile {
  /** y[j * yStep + i] = x[i * xStep + j] for a tile of 4 x 4 elements; steps in bytes. */
  @inline static transpose(y: usize, yStep: usize, x: usize, xStep: usize): void {
    const r0 = v128.load(x);
    const r1 = v128.load(x + xStep);
    const r2 = v128.load(x + 2 * xStep);
    const r3 = v128.load(x + 3 * xStep);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(y, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(y + yStep, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(y + 2 * yStep, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(y + 3 * yStep, i64x2.shuffle(high01, high23, 1, 3));
  }
}

/** y[c, r] = x[r, c]; `rows` r lie xRow apart in x, `columns` c lie yColumn apart in y. */
function transposePlane(y: usize, yColumn: i32, x: usize, xRow: i32, rows: i32, columns: i32): void {
  const xStep = <usize>xRow << 2;
  const yStep = <usize>yColumn << 2;
  const tiledRows = rows & ~3;
  const tiledColumns = columns & ~3;
  let c = 0;
  for (; c + 8 <= columns; c += 8) {
    let from = x + (<usize>c << 2);
    let to = y + <usize>c * yStep;
    for (let r = 0; r < tiledRows; r += 4, from += 4 * xStep, to += 16) {
      Tile.transpose(to, yStep, from, xStep);
      Tile.transpose(to + 4 * yStep, yStep, from + 16, xStep);
    }
  }
  if (c < tiledColumns) {
    let from = x + (<usize>c << 2);
    let to = y + <usize>c * yStep;
    for (let r = 0; r < tiledRows; r += 4, from += 4 * xStep, to += 16) Tile.transpose(to, yStep, from, xStep);
  }
  for (c = tiledColumns; c < columns; c++) {
    Run.move<u32>(y + <usize>c * yStep, 1, x + (<usize>c << 2), xRow, tiledRows);
  }
  for (let r = tiledRows; r < rows; r++) {
    Run.move<u32>(y + (<usize>r << 2), yColumn, x + <usize>r * xStep, 1, columns);
  }
}

/**
 * y[o, c, r] = x[o, r, c]: `rows` r lie xRow apart in x and are dense in y, `columns` c are dense in x and lie yColumn
 * apart in y; o walks four outer axes of sizes d0 (implied), d1, d2, d3 with a stride in y (t) and one in x (s). Over
 * bands [begin, end) of 8 columns, ceil(columns / 8) of them for each o.
 */
export function transpose_u32(
  y: Out<u32>, x: In<u32>,
  rows: i32, columns: i32, xRow: i32, yColumn: i32,
  d1: i32, d2: i32, d3: i32,
  t0: i32, t1: i32, t2: i32, t3: i32,
  s0: i32, s1: i32, s2: i32, s3: i32,
  begin: i32, end: i32,
): void {
  const bands = (columns + 7) >> 3;
  for (let unit = begin; unit < end; ) {
    const band = unit % bands;
    const count = min(bands - band, end - unit);
    let o = unit / bands;
    const i3 = o % d3;
    o /= d3;
    const i2 = o % d2;
    o /= d2;
    const i1 = o % d1;
    o /= d1;
    const first = band << 3;
    const to = y + (<usize>(o * t0 + i1 * t1 + i2 * t2 + i3 * t3 + first * yColumn) << 2);
    const from = x + (<usize>(o * s0 + i1 * s1 + i2 * s2 + i3 * s3 + first) << 2);
    transposePlane(to, yColumn, from, xRow, rows, min(count << 3, columns - first));
    unit += count;
  }
}
