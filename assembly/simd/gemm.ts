// The blocked matrix product under every dense layer and convolution: C = A B + bias, in tiles of 4 rows x 8 columns.
// Both operands are packed into panels, so that one pointer and constant offsets reach everything. Each number of C is
// summed over ascending depth from its bias on, whatever the blocks are: the division of a product never changes a bit.
import { Fma } from "./fma";
import { multiplyWide, wide, WIDE_COLUMNS } from "./gemm-wide";
import { Run } from "./runs";

/** The most numbers of the shared dimension multiplied between visits to C: a panel of B (12 KiB) then stays in L1. */
export const DEPTH: i32 = 384;
export const TILE_ROWS: i32 = 4;
export const TILE_COLUMNS: i32 = 8;

/** Rows of C that a unit of work may have at most. */
export const BLOCK_ROWS: i32 = 128;
/** Columns of a right operand packed together, so that whole cache lines of it are read at once. */
const GROUP_COLUMNS: i32 = 32;

// How a unit of work divides its scratch memory: first come the fields of the two operands.
const RIGHT: usize = 192;
const ZEROS: usize = 256; // DEPTH zeros
const EDGE_BIAS: usize = ZEROS + 1536; // one row of a tile
const EDGE_TILE: usize = EDGE_BIAS + 32; // a whole tile
const EDGE_TARGETS: usize = EDGE_TILE + 128; // the addresses of its rows
const TARGETS: usize = EDGE_TARGETS + 16; // the addresses of the block's rows of C
const SPANS: usize = TARGETS + <usize>(BLOCK_ROWS << 2); // for each panel of A
export const RIGHT_PANELS: usize = 4608; // [GROUP_COLUMNS / 8, DEPTH, 8]
export const LEFT_PANELS: usize = RIGHT_PANELS + 49152; // [BLOCK_ROWS / 4, DEPTH, 4]
/** The scratch memory that a product works in; what lies behind is the caller's. A multiple of 64. */
export const PRODUCT_BYTES: usize = LEFT_PANELS + <usize>(BLOCK_ROWS * DEPTH << 2);
/** Instead of a bias: the sums start from the values of C. */
export const ONTO_RESULT: usize = 1;

/** The parts of a panel of A that are not all zeros, as a list of byte ranges in scratch memory. */
export class Spans {
  static readonly BYTES: usize = 64;
  static readonly MOST: i32 = 7;

  static clear(spans: usize): void {
    store<i32>(spans, 0);
  }

  @inline static isFull(spans: usize): bool {
    return load<i32>(spans) == Spans.MOST;
  }

  /** Adds a range, which begins at or after the end of the last one. */
  static add(spans: usize, begin: usize, end: usize): void {
    const n = load<usize>(spans);
    const last = spans + (n << 3);
    if (n != 0 && load<usize>(last) == begin) {
      store<usize>(last, end);
      return;
    }
    store<usize>(spans, n + 1);
    store<usize>(last, begin, 4);
    store<usize>(last, end, 8);
  }
}

/** The left operand of a product: where its rows come from and where the rows of the result go. */
@unmanaged
export abstract class Left {
  /**
   * Packs rows [row, row + 4) at depths [depth, depth + count) as [count, 4], and adds the bytes of the panel that
   * matter to `spans`: the others are zeros, and need not be written. Rows that do not exist count as zeros.
   */
  abstract pack(panel: usize, spans: usize, row: i32, depth: i32, count: i32, zeros: usize): void;
  /** The address of a row of the result. */
  abstract target(row: i32): usize;
}

/** A matrix in memory as left operand; one of the strides is one number. Strides count bytes. */
@unmanaged
export class Matrix extends Left {
  data: usize;
  rows: i32;
  rowStride: usize;
  depthStride: usize;
  result: usize;
  resultStride: usize;

  /** The matrix at `data` in scratch memory, its product going to `result`. */
  static at(
    scratch: usize, data: usize, rows: i32, rowStride: i32, depthStride: i32, result: usize, resultStride: i32,
  ): Matrix {
    const left = changetype<Matrix>(scratch);
    left.data = data;
    left.rows = rows;
    left.rowStride = <usize>rowStride << 2;
    left.depthStride = <usize>depthStride << 2;
    left.result = result;
    left.resultStride = <usize>resultStride << 2;
    return left;
  }

  pack(panel: usize, spans: usize, row: i32, depth: i32, count: i32, zeros: usize): void {
    Spans.add(spans, 0, <usize>count << 4);
    this.copy(panel, row, depth, count, zeros);
  }

  /** Packs all of a panel. */
  copy(panel: usize, row: i32, depth: i32, count: i32, zeros: usize): void {
    const stride = this.rowStride;
    const p0 = this.data + <usize>row * stride + <usize>depth * this.depthStride;
    const rows = this.rows - row;
    if (this.depthStride == 4) {
      const p1 = rows > 1 ? p0 + stride : zeros;
      const p2 = rows > 2 ? p0 + 2 * stride : zeros;
      const p3 = rows > 3 ? p0 + 3 * stride : zeros;
      Panel.interleave(panel, 16, p0, p1, p2, p3, count);
    } else if (rows >= TILE_ROWS) {
      Panel.copy4(panel, p0, this.depthStride, count);
    } else {
      Panel.copyPart(panel, 4, p0, this.depthStride, rows, count);
    }
  }

  @inline target(row: i32): usize {
    return this.result + <usize>row * this.resultStride;
  }
}

/**
 * The right operand of a product, [depth, columns]: packed as [ceil(columns / 8), depth, 8], or as it lies in memory
 * and packed group by group on the way. Strides count bytes, and one of them is one number.
 */
@unmanaged
export class Right {
  data: usize;
  depth: i32;
  columns: i32;
  depthStride: usize;
  columnStride: usize; // 0 when packed
  panelStride: usize; // when packed

  static at(scratch: usize, data: usize, depth: i32, columns: i32, depthStride: i32, columnStride: i32): Right {
    const right = changetype<Right>(scratch + RIGHT);
    right.data = data;
    right.depth = depth;
    right.columns = columns;
    right.depthStride = <usize>depthStride << 2;
    right.columnStride = <usize>columnStride << 2;
    right.panelStride = <usize>depth << 5;
    return right;
  }

  /** Packs depths [depth, depth + count) of columns [column, end) into panels `panelStride` bytes apart. */
  pack(panel: usize, panelStride: usize, depth: i32, count: i32, column: i32, end: i32, zeros: usize): void {
    const depthStride = this.depthStride;
    const columnStride = this.columnStride;
    let p = this.data + <usize>depth * depthStride + <usize>column * columnStride;
    if (columnStride == 4) {
      for (; column + GROUP_COLUMNS <= end; column += GROUP_COLUMNS, p += 128, panel += 4 * panelStride) {
        Panel.copy32(panel, panelStride, p, depthStride, count);
      }
      for (; column + TILE_COLUMNS <= end; column += TILE_COLUMNS, p += 32, panel += panelStride) {
        Panel.copy8(panel, p, depthStride, count);
      }
      if (column < end) Panel.copyPart(panel, TILE_COLUMNS, p, depthStride, end - column, count);
      return;
    }
    for (; column < end; column += TILE_COLUMNS, panel += panelStride) {
      for (let half: usize = 0; half < 32; half += 16) {
        const columns = end - column - (half ? 4 : 0);
        const p1 = p + columnStride;
        const p2 = p1 + columnStride;
        const p3 = p2 + columnStride;
        Panel.interleave(
          panel + half, 32, columns > 0 ? p : zeros, columns > 1 ? p1 : zeros, columns > 2 ? p2 : zeros,
          columns > 3 ? p3 : zeros, count,
        );
        p = p3 + columnStride;
      }
    }
  }
}

/** Packing: strips of a matrix become panels [depth, 4] (left operands) or [depth, 8] (right operands). */
export class Panel {
  /** panel[i] = [p0[i], p1[i], p2[i], p3[i]] for `count` depths, `step` bytes apart. */
  static interleave(panel: usize, step: usize, p0: usize, p1: usize, p2: usize, p3: usize, count: i32): void {
    const end = p0 + (<usize>count << 2);
    for (; p0 + 16 <= end; p0 += 16, p1 += 16, p2 += 16, p3 += 16) {
      const x0 = v128.load(p0);
      const x1 = v128.load(p1);
      const x2 = v128.load(p2);
      const x3 = v128.load(p3);
      const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(panel, v128.shuffle<f64>(low01, low23, 0, 2));
      panel += step;
      v128.store(panel, v128.shuffle<f64>(low01, low23, 1, 3));
      panel += step;
      v128.store(panel, v128.shuffle<f64>(high01, high23, 0, 2));
      panel += step;
      v128.store(panel, v128.shuffle<f64>(high01, high23, 1, 3));
      panel += step;
    }
    for (; p0 < end; p0 += 4, p1 += 4, p2 += 4, p3 += 4, panel += step) {
      store<f32>(panel, load<f32>(p0));
      store<f32>(panel, load<f32>(p1), 4);
      store<f32>(panel, load<f32>(p2), 8);
      store<f32>(panel, load<f32>(p3), 12);
    }
  }

  /** panel[i] = the 4 numbers at p + i * stride. */
  static copy4(panel: usize, p: usize, stride: usize, count: i32): void {
    for (const end = panel + (<usize>count << 4); panel < end; panel += 16, p += stride) {
      v128.store(panel, v128.load(p));
    }
  }

  /** panel[i] = the 8 numbers at p + i * stride. */
  static copy8(panel: usize, p: usize, stride: usize, count: i32): void {
    for (const end = panel + (<usize>count << 5); panel < end; panel += 32, p += stride) {
      v128.store(panel, v128.load(p));
      v128.store(panel, v128.load(p, 16), 16);
    }
  }

  /** Four panels at once: panel j at i = numbers 8 j .. 8 j + 7 at p + i * stride. */
  static copy32(panel: usize, panelStride: usize, p: usize, stride: usize, count: i32): void {
    const panel1 = panel + panelStride;
    const panel2 = panel1 + panelStride;
    const panel3 = panel2 + panelStride;
    const bytes = <usize>count << 5;
    for (let i: usize = 0; i < bytes; i += 32, p += stride) {
      v128.store(panel + i, v128.load(p));
      v128.store(panel + i, v128.load(p, 16), 16);
      v128.store(panel1 + i, v128.load(p, 32));
      v128.store(panel1 + i, v128.load(p, 48), 16);
      v128.store(panel2 + i, v128.load(p, 64));
      v128.store(panel2 + i, v128.load(p, 80), 16);
      v128.store(panel3 + i, v128.load(p, 96));
      v128.store(panel3 + i, v128.load(p, 112), 16);
    }
  }

  /** panel[i] = the first `valid` numbers at p + i * stride, then zeros up to `width`. */
  static copyPart(panel: usize, width: i32, p: usize, stride: usize, valid: i32, count: i32): void {
    for (; count > 0; count--, p += stride) {
      for (let i = 0; i < width; i++, panel += 4) {
        store<f32>(panel, i < valid ? load<f32>(p + (<usize>i << 2)) : 0);
      }
    }
  }
}

/** The least value that an activation lets through: 0 none, 1 relu. */
export function floorOf(activation: i32): f32 {
  return activation == 1 ? 0 : f32.NEGATIVE_INFINITY;
}

/** Zeros in scratch memory, where packers read them. */
export function clearZeros(scratch: usize): usize {
  const zeros = scratch + ZEROS;
  for (let p = zeros; p < zeros + (<usize>DEPTH << 2); p += 16) v128.store(p, f32x4.splat(0));
  return zeros;
}

/**
 * One tile: four rows of C, `offset` bytes into the rows whose addresses are at `targets`, summed over the parts of
 * the panels at `a` and `b` that `spans` lists. Starts from `bias` (8 numbers) or, if that is 0, from C itself; no
 * result is less than `floor` (NaN stays NaN).
 */
function multiplyTile(
  targets: usize, offset: usize, a: usize, spans: usize, b: usize, bias: usize, floor: f32,
): void {
  const c0 = load<usize>(targets) + offset;
  const c1 = load<usize>(targets, 4) + offset;
  const c2 = load<usize>(targets, 8) + offset;
  const c3 = load<usize>(targets, 12) + offset;
  let start = bias ? bias : c0;
  let c00 = v128.load(start);
  let c01 = v128.load(start, 16);
  start = bias ? bias : c1;
  let c10 = v128.load(start);
  let c11 = v128.load(start, 16);
  start = bias ? bias : c2;
  let c20 = v128.load(start);
  let c21 = v128.load(start, 16);
  start = bias ? bias : c3;
  let c30 = v128.load(start);
  let c31 = v128.load(start, 16);
  for (const last = spans + (load<usize>(spans) << 3); spans < last; spans += 8) {
    const skipped = load<usize>(spans, 4);
    let p = a + skipped;
    let q = b + (skipped << 1);
    const end = a + load<usize>(spans, 8);
    // Not unrolled here: V8 does it, the loop being inside another, with an exit after each turn that keeps all of it
    // in registers. A body written twice as long spills.
    do {
      const b0 = v128.load(q);
      const b1 = v128.load(q, 16);
      let x = v128.load32_splat(p);
      c00 = Fma.vec(x, b0, c00);
      c01 = Fma.vec(x, b1, c01);
      x = v128.load32_splat(p, 4);
      c10 = Fma.vec(x, b0, c10);
      c11 = Fma.vec(x, b1, c11);
      x = v128.load32_splat(p, 8);
      c20 = Fma.vec(x, b0, c20);
      c21 = Fma.vec(x, b1, c21);
      x = v128.load32_splat(p, 12);
      c30 = Fma.vec(x, b0, c30);
      c31 = Fma.vec(x, b1, c31);
      p += 16;
      q += 32;
    } while (p < end);
  }
  const least = f32x4.splat(floor);
  v128.store(c0, f32x4.pmax(c00, least));
  v128.store(c0, f32x4.pmax(c01, least), 16);
  v128.store(c1, f32x4.pmax(c10, least));
  v128.store(c1, f32x4.pmax(c11, least), 16);
  v128.store(c2, f32x4.pmax(c20, least));
  v128.store(c2, f32x4.pmax(c21, least), 16);
  v128.store(c3, f32x4.pmax(c30, least));
  v128.store(c3, f32x4.pmax(c31, least), 16);
}

/** A tile of which only `rows` x `columns` exist: worked on in scratch memory. */
function multiplyEdge(
  targets: usize, offset: usize, a: usize, spans: usize, b: usize, bias: usize, floor: f32, rows: i32, columns: i32,
  scratch: usize,
): void {
  rows = min(rows, TILE_ROWS);
  columns = min(columns, TILE_COLUMNS);
  const tile = scratch + EDGE_TILE;
  const tileTargets = scratch + EDGE_TARGETS;
  for (let i = 0; i < TILE_ROWS; i++) {
    const row = tile + (<usize>i << 5);
    store<usize>(tileTargets + (<usize>i << 2), row);
    if (bias == 0 && i < rows) Run.copy<f32>(row, load<usize>(targets + (<usize>i << 2)) + offset, columns);
  }
  if (bias) Run.copy<f32>(scratch + EDGE_BIAS, bias, columns);
  multiplyTile(tileTargets, 0, a, spans, b, bias ? scratch + EDGE_BIAS : 0, floor);
  for (let i = 0; i < rows; i++) {
    Run.copy<f32>(load<usize>(targets + (<usize>i << 2)) + offset, tile + (<usize>i << 5), columns);
  }
}

/**
 * C[row, column] = max(floor, bias[column] + sum over depth of left[row, depth] right[depth, column]) over a block of
 * rows (at most BLOCK_ROWS, the first a multiple of 4) and of columns (the first a multiple of 8). `bias` may be 0 for
 * none or ONTO_RESULT. The operands live in `scratch`.
 */
export function multiply<L extends Left>(
  left: L, right: Right, bias: usize, floor: f32, rowBegin: i32, rowEnd: i32, columnBegin: i32, columnEnd: i32,
  scratch: usize,
): void {
  const zeros = clearZeros(scratch);
  const targets = scratch + TARGETS;
  for (let row = rowBegin; row < rowEnd; row++) {
    store<usize>(targets + (<usize>(row - rowBegin) << 2), left.target(row));
  }
  const depth = right.depth;
  const isPacked = right.columnStride == 0;
  const parts = max((depth + DEPTH - 1) / DEPTH, 1);
  const most = (depth + parts - 1) / parts;
  let from = 0;
  do {
    const count = min(depth - from, most);
    const tileBytes = <usize>count << 4;
    const panelStride = isPacked ? right.panelStride : <usize>count << 5;
    let a = scratch + LEFT_PANELS;
    let spans = scratch + SPANS;
    for (let row = rowBegin; row < rowEnd; row += TILE_ROWS, a += tileBytes, spans += Spans.BYTES) {
      Spans.clear(spans);
      if (count) left.pack(a, spans, row, from, count, zeros);
    }
    const blockFloor: f32 = from + count < depth ? f32.NEGATIVE_INFINITY : floor;
    for (let group = columnBegin; group < columnEnd; group += GROUP_COLUMNS) {
      const groupEnd = min(group + GROUP_COLUMNS, columnEnd);
      let b: usize;
      if (isPacked) {
        b = right.data + <usize>(group >> 3) * panelStride + (<usize>from << 5);
      } else {
        b = scratch + RIGHT_PANELS;
        right.pack(b, panelStride, from, count, group, groupEnd, zeros);
      }
      for (let column = group; column < groupEnd; ) {
        const isWide = wide && groupEnd - column >= WIDE_COLUMNS;
        const offset = <usize>column << 2;
        const start: usize = from || bias == ONTO_RESULT ? 0 : bias ? bias + offset : zeros;
        const columns = right.columns - column;
        a = scratch + LEFT_PANELS;
        spans = scratch + SPANS;
        let target = targets;
        for (let row = rowBegin; row < rowEnd; row += TILE_ROWS, a += tileBytes, spans += Spans.BYTES, target += 16) {
          const rows = rowEnd - row;
          const isWhole = rows >= TILE_ROWS && columns >= TILE_COLUMNS;
          if (!isWhole) {
            multiplyEdge(target, offset, a, spans, b, start, blockFloor, rows, columns, scratch);
            if (!isWide) continue;
            const next = start ? start + 32 : 0;
            multiplyEdge(target, offset + 32, a, spans, b + panelStride, next, blockFloor, rows, columns, scratch);
          } else if (isWide) {
            multiplyWide(target, offset, a, spans, b, b + panelStride, start, blockFloor);
          } else {
            multiplyTile(target, offset, a, spans, b, start, blockFloor);
          }
        }
        column += isWide ? WIDE_COLUMNS : TILE_COLUMNS;
        b += isWide ? 2 * panelStride : panelStride;
      }
    }
    from += count;
  } while (from < depth);
}
