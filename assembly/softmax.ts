// Softmax, its logarithm and cross-entropy from logits over rows of `columns` numbers, with their gradients.
import { In, Out } from "./signature";
import { Exp, Log } from "./simd/math";
import { Max, Product, Row, RowMap, Scaled, Sum, Term } from "./simd/reduce";

/** e^(a - s) */
@unmanaged
class Shifted extends Term {
  @inline vec(a: v128, b: v128, s: v128): v128 { return Exp.vec(f32x4.sub(a, s)); }
}

/** b (s - a) */
@unmanaged
class Surprise extends Term {
  @inline vec(a: v128, b: v128, s: v128): v128 { return f32x4.mul(b, f32x4.sub(s, a)); }
}

/** e^(a - s) */
@unmanaged
class ExpShifted extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return Exp.vec(f32x4.sub(a, s)); }
}

/** a - s */
@unmanaged
class Lowered extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.sub(a, s); }
}

/** b (a - s) */
@unmanaged
class SoftmaxGrad extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.mul(b, f32x4.sub(a, s)); }
}

/** a - s e^b */
@unmanaged
class LogSoftmaxGrad extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.sub(a, f32x4.mul(s, Exp.vec(b))); }
}

/** t e^(a - s) */
@unmanaged
class Probability extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.mul(t, Exp.vec(f32x4.sub(a, s)));
  }
}

/** t (u e^(a - s) - b) */
@unmanaged
class Excess extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.mul(t, f32x4.sub(f32x4.mul(u, Exp.vec(f32x4.sub(a, s))), b));
  }
}

/** log sum_i e^x[i]; the largest number is taken out first, unless it is infinite and alone decides the result. */
function logSumExp(x: usize, n: i32): f32 {
  const peak = Row.fold<Max>(x, n);
  const shift: f32 = abs<f32>(peak) < Infinity ? peak : 0;
  const sum = Row.sum<Shifted>(x, x, shift, n);
  return shift + f32x4.extract_lane(Log.vec(f32x4.splat(sum)), 0);
}

/** y[r, i] = e^x[r, i] / sum_j e^x[r, j], over rows [begin, end). */
export function softmax_f32(y: Out<f32>, x: In<f32>, columns: i32, begin: i32, end: i32): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const out = y + <usize>r * stride;
    const row = x + <usize>r * stride;
    Row.map<ExpShifted>(out, row, row, Row.fold<Max>(row, columns), 0, 0, columns);
    Row.map<Scaled>(out, out, out, 1 / Row.fold<Sum>(out, columns), 0, 0, columns);
  }
}

/** dx[r, i] = y[r, i] (dy[r, i] - sum_j dy[r, j] y[r, j]), over rows [begin, end). */
export function softmax_grad_f32(
  dx: Out<f32>, dy: In<f32>, y: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r * stride;
    const dot = Row.sum<Product>(dy + at, y + at, 0, columns);
    Row.map<SoftmaxGrad>(dx + at, dy + at, y + at, dot, 0, 0, columns);
  }
}

/** y[r, i] = x[r, i] - log sum_j e^x[r, j], over rows [begin, end). */
export function log_softmax_f32(y: Out<f32>, x: In<f32>, columns: i32, begin: i32, end: i32): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * stride;
    Row.map<Lowered>(y + <usize>r * stride, row, row, logSumExp(row, columns), 0, 0, columns);
  }
}

/** dx[r, i] = dy[r, i] - e^y[r, i] sum_j dy[r, j], over rows [begin, end). */
export function log_softmax_grad_f32(
  dx: Out<f32>, dy: In<f32>, y: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r * stride;
    Row.map<LogSoftmaxGrad>(dx + at, dy + at, y + at, Row.fold<Sum>(dy + at, columns), 0, 0, columns);
  }
}

/** y[r] = log sum_i e^x[r, i], over rows [begin, end). */
export function log_sum_exp_f32(y: Out<f32>, x: In<f32>, columns: i32, begin: i32, end: i32): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) store<f32>(y + (<usize>r << 2), logSumExp(x + <usize>r * stride, columns));
}

/** lse[r] = log sum_i e^x[r, i]; loss[r] = lse[r] - x[r, label[r]], NaN for no such label; over rows [begin, end). */
export function softmax_cross_entropy_labels_f32(
  loss: Out<f32>, lse: Out<f32>, x: In<f32>, labels: In<i32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const label = load<i32>(labels + at);
    const total = logSumExp(row, columns);
    store<f32>(lse + at, total);
    store<f32>(loss + at, <u32>label < <u32>columns ? total - load<f32>(row + (<usize>label << 2)) : NaN);
  }
}

/** dx[r, i] = dy[r] (e^(x[r, i] - lse[r]) - (1 if i = label[r])), NaN for no such label, over rows [begin, end). */
export function softmax_cross_entropy_labels_grad_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, lse: In<f32>, labels: In<i32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const out = dx + <usize>r * stride;
    const label = load<i32>(labels + at);
    const known = <u32>label < <u32>columns;
    const scale: f32 = known ? load<f32>(dy + at) : NaN;
    Row.map<Probability>(out, row, row, load<f32>(lse + at), scale, 0, columns);
    const chosen = out + (<usize>label << 2);
    if (known) store<f32>(chosen, load<f32>(chosen) - scale);
  }
}

/** lse[r] = log sum_i e^x[r, i] and loss[r] = sum_i p[r, i] (lse[r] - x[r, i]), over rows [begin, end). */
export function softmax_cross_entropy_f32(
  loss: Out<f32>, lse: Out<f32>, x: In<f32>, p: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * stride;
    const total = logSumExp(row, columns);
    store<f32>(lse + (<usize>r << 2), total);
    store<f32>(loss + (<usize>r << 2), Row.sum<Surprise>(row, p + <usize>r * stride, total, columns));
  }
}

/** dx[r, i] = dy[r] (e^(x[r, i] - lse[r]) sum_j p[r, j] - p[r, i]), over rows [begin, end). */
export function softmax_cross_entropy_grad_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, lse: In<f32>, p: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const target = p + <usize>r * stride;
    const mass = Row.fold<Sum>(target, columns);
    const row = <usize>r * stride;
    Row.map<Excess>(dx + row, x + row, target, load<f32>(lse + at), load<f32>(dy + at), mass, columns);
  }
}
