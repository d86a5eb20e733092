// Products of matrices whose depth is not cut: one loop over a column of tiles, and a right operand of dense rows is
// read unpacked. Tiles that would reach past the last row or column begin earlier: their numbers are computed and
// stored twice, with the same bits. Sums are those of `multiply`, term by term.
import { Fma } from "./fma";
import { clearZeros, DEPTH, LEFT_PANELS, Matrix, Right, RIGHT_PANELS, TILE_COLUMNS, TILE_ROWS } from "./gemm";
import { wide } from "./gemm-wide";

/** Numbers of a right operand that stay in the L1 and L2 caches while it is read or packed for each block of rows. */
const NEAR: i32 = 16384;

/** Whether `multiplyMatrix` can multiply a block of `rows` x `columns`, and is the faster way. */
export function isNear(right: Right, rows: i32, columns: i32): bool {
  const depth = right.depth;
  if (wide || rows < TILE_ROWS || columns < TILE_COLUMNS || depth == 0 || depth > DEPTH) return false;
  return right.columnStride == 0 ? columns % TILE_COLUMNS == 0 : right.columns * depth <= NEAR;
}

/**
 * Eight columns of `rows` rows of C, tile by tile: four rows of the left operand at `a`, `aStep` bytes from one depth
 * to the next and `aTile` from one tile to the next; the right operand [b, bEnd) with `bStep` bytes from one depth to
 * the next; the result at `c` with `stride` bytes a row. Starts from `bias` (8 numbers); no result is less than `floor`
 * (NaN stays NaN).
 */
function multiplyColumn(
  a: usize, aStep: usize, aTile: usize, b: usize, bEnd: usize, bStep: usize, c: usize, stride: usize, rows: i32,
  bias: usize, floor: f32,
): void {
  do {
    let c00 = v128.load(bias);
    let c01 = v128.load(bias, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    let p = a;
    let q = b;
    // Not unrolled here: V8 does it, see `multiplyTile`.
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
      p += aStep;
      q += bStep;
    } while (q < bEnd);
    const least = f32x4.splat(floor);
    const c1 = c + stride;
    const c2 = c1 + stride;
    const c3 = c2 + stride;
    v128.store(c, f32x4.pmax(c00, least));
    v128.store(c, f32x4.pmax(c01, least), 16);
    v128.store(c1, f32x4.pmax(c10, least));
    v128.store(c1, f32x4.pmax(c11, least), 16);
    v128.store(c2, f32x4.pmax(c20, least));
    v128.store(c2, f32x4.pmax(c21, least), 16);
    v128.store(c3, f32x4.pmax(c30, least));
    v128.store(c3, f32x4.pmax(c31, least), 16);
    a += aTile;
    rows -= TILE_ROWS;
    c += <usize>min(rows, TILE_ROWS) * stride;
  } while (rows > 0);
}

/**
 * C[row, column] = max(floor, bias[column] + sum over depth of left[row, depth] right[depth, column]) over a block of
 * rows (at most BLOCK_ROWS) and of columns (the first a multiple of 8) for which `isNear` holds. `bias` may be 0.
 */
export function multiplyMatrix(
  left: Matrix, right: Right, bias: usize, floor: f32, rowBegin: i32, rowEnd: i32, columnBegin: i32, columnEnd: i32,
  scratch: usize,
): void {
  const zeros = clearZeros(scratch);
  const depth = right.depth;
  const panels = scratch + LEFT_PANELS;
  const lastRow = rowEnd - TILE_ROWS;
  let panelsEnd = panels;
  for (let row = rowBegin; row < rowEnd; row += TILE_ROWS, panelsEnd += <usize>depth << 4) {
    left.copy(panelsEnd, min(row, lastRow), 0, depth, zeros);
  }
  for (let column = columnBegin; column < columnEnd; column += TILE_COLUMNS) {
    column = min(column, columnEnd - TILE_COLUMNS);
    const offset = <usize>column << 2;
    let b = right.data + offset;
    let step = right.depthStride;
    if (right.columnStride != 4) {
      step = TILE_COLUMNS << 2;
      if (right.columnStride == 0) {
        b = right.data + <usize>(column >> 3) * right.panelStride;
      } else {
        b = scratch + RIGHT_PANELS;
        right.pack(b, 0, 0, depth, column, column + TILE_COLUMNS, zeros);
      }
    }
    multiplyColumn(
      panels, 16, <usize>depth << 4, b, b + <usize>depth * step, step, left.target(rowBegin) + offset,
      left.resultStride, rowEnd - rowBegin, bias ? bias + offset : zeros, floor,
    );
  }
}
