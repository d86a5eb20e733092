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

/** (a - s) - t */
@unmanaged
class Lowered extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.sub(f32x4.sub(a, s), t); }
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

/** u e^(a - s - t) */
@unmanaged
class Probability extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.mul(u, Exp.vec(f32x4.sub(f32x4.sub(a, s), t)));
  }
}

/** s (a - b) */
@unmanaged
class Excess extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.mul(s, f32x4.sub(a, b)); }
}

/** The largest number of a row, which is taken out before e^x; 0 where it is infinite and alone decides the result. */
function peakOf(x: usize, n: i32): f32 {
  const peak = Row.fold<Max>(x, n);
  return abs<f32>(peak) < Infinity ? peak : 0;
}

/** log sum_i e^(x[i] - peak) */
function logSum(x: usize, peak: f32, n: i32): f32 {
  return f32x4.extract_lane(Log.vec(f32x4.splat(Row.sum<Shifted>(x, x, peak, n))), 0);
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
    const peak = peakOf(row, columns);
    Row.map<Lowered>(y + <usize>r * stride, row, row, peak, logSum(row, peak, columns), 0, columns);
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
  for (let r = begin; r < end; r++) {
    const row = x + <usize>r * stride;
    const peak = peakOf(row, columns);
    store<f32>(y + (<usize>r << 2), peak + logSum(row, peak, columns));
  }
}

/**
 * loss[r] = log sum_i e^x[r, i] - x[r, label[r]], NaN for no such label, over rows [begin, end). The logarithm is
 * peak[r] + total[r], left in two parts for the gradient's sake.
 */
export function softmax_cross_entropy_labels_f32(
  loss: Out<f32>, peak: Out<f32>, total: Out<f32>, x: In<f32>, labels: In<i32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const label = load<i32>(labels + at);
    const largest = peakOf(row, columns);
    const rest = logSum(row, largest, columns);
    store<f32>(peak + at, largest);
    store<f32>(total + at, rest);
    const known = <u32>label < <u32>columns;
    store<f32>(loss + at, known ? largest - load<f32>(row + (<usize>label << 2)) + rest : NaN);
  }
}

/**
 * dx[r, i] = dy[r] (e^(x[r, i] - peak[r] - total[r]) - (1 if i = label[r])), NaN for no such label, over rows
 * [begin, end).
 */
export function softmax_cross_entropy_labels_grad_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, peak: In<f32>, total: In<f32>, labels: In<i32>,
  columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const out = dx + <usize>r * stride;
    const label = load<i32>(labels + at);
    const known = <u32>label < <u32>columns;
    const scale: f32 = known ? load<f32>(dy + at) : NaN;
    Row.map<Probability>(out, row, row, load<f32>(peak + at), load<f32>(total + at), scale, columns);
    const chosen = out + (<usize>label << 2);
    if (known) store<f32>(chosen, load<f32>(chosen) - scale);
  }
}

/** loss[r] = sum_i p[r, i] (log sum_j e^x[r, j] - x[r, i]); the log is peak[r] + total[r]; over rows [begin, end). */
export function softmax_cross_entropy_f32(
  loss: Out<f32>, peak: Out<f32>, total: Out<f32>, x: In<f32>, p: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const target = p + <usize>r * stride;
    const largest = peakOf(row, columns);
    const rest = logSum(row, largest, columns);
    store<f32>(peak + at, largest);
    store<f32>(total + at, rest);
    const mass = Row.fold<Sum>(target, columns);
    store<f32>(loss + at, mass * rest + Row.sum<Surprise>(row, target, largest, columns));
  }
}

/** dx[r, i] = dy[r] (e^(x[r, i] - peak[r] - total[r]) sum_j p[r, j] - p[r, i]), over rows [begin, end). */
export function softmax_cross_entropy_grad_f32(
  dx: Out<f32>, dy: In<f32>, x: In<f32>, peak: In<f32>, total: In<f32>, p: In<f32>, columns: i32, begin: i32, end: i32,
): void {
  const stride = <usize>columns << 2;
  for (let r = begin; r < end; r++) {
    const at = <usize>r << 2;
    const row = x + <usize>r * stride;
    const out = dx + <usize>r * stride;
    const target = p + <usize>r * stride;
    const mass = Row.fold<Sum>(target, columns);
    Row.map<Probability>(out, row, row, load<f32>(peak + at), load<f32>(total + at), mass, columns);
    Row.map<Excess>(out, out, target, load<f32>(dy + at), 0, 0, columns);
  }
}
