// Matrix products: c[batch] = activation(a[batch] b[batch] + bias), b packed beforehand or by the kernel; products of
// one row unpacked. Strides count numbers; in each matrix either the row stride or the column stride is 1.
import { In, OptionalIn, Out, Scratch } from "./signature";
import { Thin } from "./simd/gemm-thin";
import { clearZeros, DEPTH, floorOf, Matrix, multiply, Right } from "./simd/gemm";
import { isNear, multiplyMatrix } from "./simd/gemm-matrix";
import { Run } from "./simd/runs";

const DOTS: i32 = 32; // columns of one unit of a product of one row by a transposed matrix

/**
 * packed[batch, panel, d, 0..7] = b[batch, d, 8 panel + 0..7], zeros past the last column, over panels [begin, end) of
 * all batches.
 * @pack
 */
export function matmul_pack_f32(
  packed: Out<f32>, b: In<f32>, n: i32, k: i32, bBatch: i32, bRow: i32, bColumn: i32,
  scratch: Scratch, begin: i32, end: i32,
): void {
  const zeros = clearZeros(scratch);
  const panels = (n + 7) >> 3;
  const panelBytes = <usize>k << 5;
  while (begin < end) {
    const batch = begin / panels;
    const first = begin % panels;
    const last = min(panels, first + end - begin);
    const right = Right.at(scratch, b + (<usize>batch * <usize>bBatch << 2), k, n, bRow, bColumn);
    for (let depth = 0; depth < k; depth += DEPTH) {
      const y = packed + <usize>begin * panelBytes + (<usize>depth << 5);
      right.pack(y, panelBytes, depth, min(k - depth, DEPTH), first << 3, min(last << 3, n), zeros);
    }
    begin += last - first;
  }
}

/**
 * c[batch] = activation(a[batch] b[batch] + bias), each row of c dense, over blocks [begin, end): a block is
 * `blockRows` (a multiple of 4, at most 128) x `blockColumns` (a multiple of 8), columns counted fastest, then rows,
 * then batches. A column stride of 0 says that b is packed.
 * @flops 2 * m * n * k * units / (Math.ceil(m / blockRows) * Math.ceil(n / blockColumns))
 */
export function matmul_f32(
  c: Out<f32>, a: In<f32>, b: In<f32>, bias: OptionalIn<f32>, m: i32, n: i32, k: i32,
  cBatch: i32, cRow: i32, aBatch: i32, aRow: i32, aColumn: i32, bBatch: i32, bRow: i32, bColumn: i32,
  blockRows: i32, blockColumns: i32, activation: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const rowBlocks = (m + blockRows - 1) / blockRows;
  const columnBlocks = (n + blockColumns - 1) / blockColumns;
  for (let unit = begin; unit < end; unit++) {
    const column = unit % columnBlocks * blockColumns;
    const rest = unit / columnBlocks;
    const row = rest % rowBlocks * blockRows;
    const batch = <usize>(rest / rowBlocks);
    const cAt = c + (batch * <usize>cBatch << 2);
    const left = Matrix.at(scratch, a + (batch * <usize>aBatch << 2), m, aRow, aColumn, cAt, cRow);
    const right = Right.at(scratch, b + (batch * <usize>bBatch << 2), k, n, bRow, bColumn);
    const floor = floorOf(activation);
    const rowEnd = min(row + blockRows, m);
    const columnEnd = min(column + blockColumns, n);
    if (isNear(right, rowEnd - row, columnEnd - column)) {
      multiplyMatrix(left, right, bias, floor, row, rowEnd, column, columnEnd, scratch);
    } else {
      multiply<Matrix>(left, right, bias, floor, row, rowEnd, column, columnEnd, scratch);
    }
  }
}

/**
 * y[batch] = activation(x[batch] b[batch] + bias), x a vector, k > 0 and the rows of b dense, over groups of
 * `groupColumns` columns [begin, end) of all batches.
 * @flops 2 * n * k * units / Math.ceil(n / groupColumns)
 */
export function vecmat_f32(
  y: Out<f32>, x: In<f32>, b: In<f32>, bias: OptionalIn<f32>, n: i32, k: i32, xBatch: i32, bBatch: i32,
  groupColumns: i32, activation: i32, begin: i32, end: i32,
): void {
  const groups = (n + groupColumns - 1) / groupColumns;
  const bStep = <usize>n << 2;
  for (let unit = begin; unit < end; unit++) {
    const batch = <usize>(unit / groups);
    const first = unit % groups * groupColumns;
    const columns = min(groupColumns, n - first);
    const offset = <usize>first << 2;
    const yAt = y + batch * bStep + offset;
    let xAt = x + (batch * <usize>xBatch << 2);
    let bAt = b + (batch * <usize>bBatch << 2) + offset;
    if (bias) Run.copy<f32>(yAt, bias + offset, columns);
    else Run.fill<f32>(yAt, 0, columns);
    for (let depth = 0; depth < k; ) {
      const step = depth + 8 <= k ? 8 : 1;
      const floor = depth + step < k ? f32.NEGATIVE_INFINITY : floorOf(activation);
      if (step == 8) Thin.add8(yAt, xAt, bAt, bStep, columns, floor);
      else Thin.add1(yAt, xAt, bAt, columns, floor);
      depth += step;
      xAt += <usize>step << 2;
      bAt += <usize>step * bStep;
    }
  }
}

/**
 * y[batch] = activation(b[batch] x[batch] + bias), x a vector, b of n dense rows of k numbers, over groups of 32 rows
 * [begin, end) of all batches.
 * @flops 2 * n * k * units / Math.ceil(n / 32)
 */
export function matvec_f32(
  y: Out<f32>, x: In<f32>, b: In<f32>, bias: OptionalIn<f32>, n: i32, k: i32, xBatch: i32, bBatch: i32,
  activation: i32, begin: i32, end: i32,
): void {
  const groups = (n + DOTS - 1) / DOTS;
  const bytes = <usize>k << 2;
  for (let unit = begin; unit < end; unit++) {
    const batch = <usize>(unit / groups);
    const first = unit % groups * DOTS;
    const last = min(first + DOTS, n);
    const xAt = x + (batch * <usize>xBatch << 2);
    for (let row = first; row < last; row += 4) {
      const rows = last - row;
      const b0 = b + (batch * <usize>bBatch << 2) + <usize>row * bytes;
      const b1 = rows > 1 ? b0 + bytes : b0;
      const b2 = rows > 2 ? b1 + bytes : b0;
      const b3 = rows > 3 ? b2 + bytes : b0;
      const yAt = y + (batch * <usize>n + <usize>row << 2);
      const start = bias ? bias + (<usize>row << 2) : 0;
      Thin.write(yAt, Thin.dots(xAt, b0, b1, b2, b3, k), start, floorOf(activation), min(rows, 4));
    }
  }
}
