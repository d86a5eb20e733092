// Running sums, products and maxima along the middle axis of [outer, length, inner], in f64. The unit of every kernel
// is a strip of up to four columns, ceil(inner / 4) of them for each o.
import { In, Out } from "./signature";
import { Lanes } from "./simd/reduce";

/** What is done with each number, as a compile-time parameter, on two f64. */
@unmanaged
abstract class Step {
  abstract start(): f64;
  abstract pair(total: v128, x: v128): v128;
}

@unmanaged
class Add extends Step {
  @inline start(): f64 { return 0; }
  @inline pair(total: v128, x: v128): v128 { return f64x2.add(total, x); }
}

@unmanaged
class Multiply extends Step {
  @inline start(): f64 { return 1; }
  @inline pair(total: v128, x: v128): v128 { return f64x2.mul(total, x); }
}

@unmanaged
class Larger extends Step {
  @inline start(): f64 { return -Infinity; }
  @inline pair(total: v128, x: v128): v128 { return f64x2.max(total, x); }
}

class Totals {
  @inline static round(low: v128, high: v128): v128 {
    return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  }
}

function scan<S extends Step>(
  y: usize, x: usize, length: i32, inner: i32, reverse: i32, exclusive: i32, begin: i32, end: i32,
): void {
  const step = changetype<S>(<usize>0);
  const strips = (inner + 3) >> 2;
  const stride = <usize>inner << 2;
  const next: usize = reverse ? <usize>0 - stride : stride;
  for (let unit = begin; unit < end; unit++) {
    const o = unit / strips;
    const column = (unit - o * strips) << 2;
    const lanes = min(4, inner - column);
    const first = o * length + (reverse ? length - 1 : 0);
    let offset = <usize>first * stride + (<usize>column << 2);
    let low = f64x2.splat(step.start());
    let high = low;
    for (let i = 0; i < length; i++, offset += next) {
      const v = Lanes.load(x + offset, lanes);
      if (exclusive) Lanes.store(y + offset, Totals.round(low, high), lanes);
      low = step.pair(low, f64x2.promote_low_f32x4(v));
      high = step.pair(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
      if (!exclusive) Lanes.store(y + offset, Totals.round(low, high), lanes);
    }
  }
}

/** y[o, k, i] = the sum of x[o, j, i] over j <= k, or j >= k if reverse; without x[o, k, i] itself if exclusive. */
export function cum_sum_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, reverse: i32, exclusive: i32, begin: i32, end: i32,
): void {
  scan<Add>(y, x, length, inner, reverse, exclusive, begin, end);
}

/** y[o, k, i] = the product of x[o, j, i] over j <= k, or j >= k if reverse; without x[o, k, i] itself if exclusive. */
export function cum_prod_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, reverse: i32, exclusive: i32, begin: i32, end: i32,
): void {
  scan<Multiply>(y, x, length, inner, reverse, exclusive, begin, end);
}

/** y[o, k, i] = the largest x[o, j, i] with j <= k, or j >= k if reverse; without x[o, k, i] itself if exclusive. */
export function cum_max_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, reverse: i32, exclusive: i32, begin: i32, end: i32,
): void {
  scan<Larger>(y, x, length, inner, reverse, exclusive, begin, end);
}
