// The logarithm of the gamma function and its derivatives, the polygamma functions: a few terms of the sum that defines
// them, and the Euler-Maclaurin formula for the rest. In f64. The unit of the kernel is an element.
import { InEach, OutEach } from "./signature";
import { naturalLog } from "./simd/doubles";

@unmanaged
class Polygamma {
  /** (s - 1)! / x^s, s >= 1 */
  static power(x: f64, s: i32): f64 {
    const inverse = 1 / x;
    let y = inverse;
    for (let i = 1; i < s; i++) y *= <f64>i * inverse;
    return y;
  }

  /**
   * (-1)^s times the s-th derivative of ln gamma(x) for x >= 0: with f(k) = power(x + k, s), or -ln(x + k) if s is 0,
   * the sum of f(0) .. f(n - 1) and of the integral of f from n on, f(n) / 2, and the series of f's derivatives at n.
   */
  static sum(x: f64, s: i32): f64 {
    let total: f64 = 0;
    let product: f64 = 1;
    for (; x < <f64>(10 + s); x++) {
      if (s == 0) product *= x;
      else total += Polygamma.power(x, s);
    }
    const inverse = 1 / x;
    const log = s < 2 ? naturalLog(x) : 0;
    const term = s == 0 ? -log : Polygamma.power(x, s);
    if (s == 0) total = (x * log - x) + 0.9189385332046728 - (product > 0 ? naturalLog(product) : -Infinity);
    else total += s == 1 ? -log : term * x / <f64>(s - 1);
    // B[2j] / (2j)! (s + 2j - 2)! / x^(s + 2j - 1) for j = 1 .. 6.
    const z = inverse * inverse;
    let series: f64 = -5.284190138687493e-10;
    series = Polygamma.next(series, s + 9, z) + 2.08767569878681e-8;
    series = Polygamma.next(series, s + 7, z) - 8.267195767195767e-7;
    series = Polygamma.next(series, s + 5, z) + 3.306878306878307e-5;
    series = Polygamma.next(series, s + 3, z) - 0.001388888888888889;
    series = Polygamma.next(series, s + 1, z) + 0.08333333333333333;
    return total + 0.5 * term + series * inverse * (s == 0 ? 1 : term * <f64>s);
  }

  @inline static next(series: f64, n: i32, z: f64): f64 { return series * z * (<f64>n * <f64>(n + 1)); }

  /** The s-th derivative for any x; for x < 0 by what gamma(x) gamma(1 - x) and its derivatives are in x's fraction. */
  static at(x: f64, s: i32): f64 {
    const sign: f64 = s & 1 ? -1 : 1;
    if (x != x) return x;
    if (abs(x) == Infinity) return s == 0 ? Infinity : x < 0 ? NaN : s == 1 ? x : 0;
    if (s == 0 && (x == 1 || x == 2)) return 0; // where all digits of the sum cancel
    if (!(x < 0)) return sign * Polygamma.sum(x, s);
    const mirrored = Polygamma.sum(1 - x, s) - Polygamma.sum(ceil(x) - x, s);
    return sign * Polygamma.sum(x - floor(x), s) - mirrored;
  }
}

/** y = the derivative number `order` of ln |gamma(x)|, 0 being that itself; NaN where poles have two signs */
export function polygamma_f32(y: OutEach<f32>, x: InEach<f32>, order: i32, begin: i32, end: i32): void {
  for (let i = <usize>begin << 2; i < <usize>end << 2; i += 4) {
    store<f32>(y + i, <f32>Polygamma.at(<f64>load<f32>(x + i), order));
  }
}
