// Loops over two operands, element by element: both dense, or either of them repeated along rows or columns. A lane's
// result never depends on its neighbours, so it never depends on where a range is cut.
import { Binary } from "./lanes";

/** y[i] = op(a[i], b[i]) for `count` numbers. */
export function zip<Op extends Binary>(y: usize, a: usize, b: usize, count: i32): void {
  const op = changetype<Op>(<usize>0);
  for (; count >= 8; count -= 8, y += 32, a += 32, b += 32) {
    const first = op.vec(v128.load(a), v128.load(b));
    const second = op.vec(v128.load(a, 16), v128.load(b, 16));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; count > 0; count--, y += 4, a += 4, b += 4) {
    v128.store_lane<f32>(y, op.vec(v128.load_splat<f32>(a), v128.load_splat<f32>(b)), 0);
  }
}

/** y[i] = op(a[i], b[0]) for `count` numbers. */
export function zipRight<Op extends Binary>(y: usize, a: usize, right: usize, count: i32): void {
  const op = changetype<Op>(<usize>0);
  const b = v128.load_splat<f32>(right);
  for (; count >= 8; count -= 8, y += 32, a += 32) {
    const first = op.vec(v128.load(a), b);
    const second = op.vec(v128.load(a, 16), b);
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; count > 0; count--, y += 4, a += 4) v128.store_lane<f32>(y, op.vec(v128.load_splat<f32>(a), b), 0);
}

/** y[i] = op(a[0], b[i]) for `count` numbers. */
export function zipLeft<Op extends Binary>(y: usize, left: usize, b: usize, count: i32): void {
  const op = changetype<Op>(<usize>0);
  const a = v128.load_splat<f32>(left);
  for (; count >= 8; count -= 8, y += 32, b += 32) {
    const first = op.vec(a, v128.load(b));
    const second = op.vec(a, v128.load(b, 16));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; count > 0; count--, y += 4, b += 4) v128.store_lane<f32>(y, op.vec(a, v128.load_splat<f32>(b)), 0);
}

/**
 * y[r, c] = op(a[r aRow + c aColumn], b[r bRow + c bColumn]) over rows [begin, end) of `columns` numbers; strides count
 * numbers, and a column stride is 1, or 0 for one number repeated along the row.
 */
export function broadcast<Op extends Binary>(
  y: usize, a: usize, b: usize, columns: i32, aRow: i32, aColumn: i32, bRow: i32, bColumn: i32, begin: i32, end: i32,
): void {
  const op = changetype<Op>(<usize>0);
  for (let row = <usize>begin; row < <usize>end; row++) {
    const target = y + (row * <usize>columns << 2);
    const left = a + (row * <usize>aRow << 2);
    const right = b + (row * <usize>bRow << 2);
    if (aColumn == 1 && bColumn == 1) zip<Op>(target, left, right, columns);
    else if (aColumn == 1) zipRight<Op>(target, left, right, columns);
    else if (bColumn == 1) zipLeft<Op>(target, left, right, columns);
    else {
      const value = op.vec(v128.load_splat<f32>(left), v128.load_splat<f32>(right));
      for (let c: usize = 0; c < <usize>columns; c++) v128.store_lane<f32>(target + (c << 2), value, 0);
    }
  }
}
