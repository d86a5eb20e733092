// The discrete Fourier transform of rows, real and imaginary parts apart: Stockham's, with radices 4, 2, 3 and 5. Lengths
// with other prime factors are the caller's business.
import { In, OptionalIn, Out, Scratch } from "./signature";

const SIN_60: f32 = 0.8660254037844386;
const COS_72: f32 = 0.30901699437494745;
const COS_144: f32 = -0.8090169943749475;
const SIN_72: f32 = 0.9510565162951535;
const SIN_144: f32 = 0.5877852522924731;

/** Four numbers, or one in lane 0. */
@inline function take<T>(x: usize): v128 { return sizeof<T>() == 16 ? v128.load(x) : v128.load32_zero(x); }
@inline function give<T>(y: usize, value: v128): void {
  if (sizeof<T>() == 16) v128.store(y, value);
  else v128.store32_lane(y, value, 0);
}
@inline function plus(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline function minus(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline function times(a: v128, c: f32): v128 { return f32x4.mul(a, f32x4.splat(c)); }

/** Stores (re + i im) e^(-2 pi i k / n), the root given by its place in the table of cosines and that of -sines. */
@inline function rotated<T>(yr: usize, yi: usize, re: v128, im: v128, table: usize, n: usize, k: usize): void {
  const c = v128.load32_splat(table + (k << 2));
  const s = v128.load32_splat(table + ((n + k) << 2));
  give<T>(yr, minus(f32x4.mul(re, c), f32x4.mul(im, s)));
  give<T>(yi, plus(f32x4.mul(re, s), f32x4.mul(im, c)));
}

/** One butterfly of numbers `from` bytes apart in x and `to` bytes apart in y; root number k is the first one's. */
@inline function butterfly<T>(
  radix: i32, yr: usize, yi: usize, to: usize, xr: usize, xi: usize, from: usize, table: usize, n: usize, k: usize,
): void {
  const ar = take<T>(xr);
  const ai = take<T>(xi);
  const br = take<T>(xr + from);
  const bi = take<T>(xi + from);
  if (radix == 2) {
    give<T>(yr, plus(ar, br));
    give<T>(yi, plus(ai, bi));
    rotated<T>(yr + to, yi + to, minus(ar, br), minus(ai, bi), table, n, k);
    return;
  }
  const cr = take<T>(xr + 2 * from);
  const ci = take<T>(xi + 2 * from);
  if (radix == 3) {
    const tr = plus(br, cr);
    const ti = plus(bi, ci);
    const ur = minus(ar, times(tr, 0.5));
    const ui = minus(ai, times(ti, 0.5));
    const vr = times(minus(bi, ci), SIN_60);
    const vi = times(minus(cr, br), SIN_60);
    give<T>(yr, plus(ar, tr));
    give<T>(yi, plus(ai, ti));
    rotated<T>(yr + to, yi + to, plus(ur, vr), plus(ui, vi), table, n, k);
    rotated<T>(yr + 2 * to, yi + 2 * to, minus(ur, vr), minus(ui, vi), table, n, 2 * k);
    return;
  }
  const dr = take<T>(xr + 3 * from);
  const di = take<T>(xi + 3 * from);
  if (radix == 4) {
    const pr = plus(ar, cr);
    const pi = plus(ai, ci);
    const qr = minus(ar, cr);
    const qi = minus(ai, ci);
    const rr = plus(br, dr);
    const ri = plus(bi, di);
    const sr = minus(bi, di);
    const si = minus(dr, br);
    give<T>(yr, plus(pr, rr));
    give<T>(yi, plus(pi, ri));
    rotated<T>(yr + to, yi + to, plus(qr, sr), plus(qi, si), table, n, k);
    rotated<T>(yr + 2 * to, yi + 2 * to, minus(pr, rr), minus(pi, ri), table, n, 2 * k);
    rotated<T>(yr + 3 * to, yi + 3 * to, minus(qr, sr), minus(qi, si), table, n, 3 * k);
    return;
  }
  const er = take<T>(xr + 4 * from);
  const ei = take<T>(xi + 4 * from);
  const pr = plus(br, er);
  const pi = plus(bi, ei);
  const qr = plus(cr, dr);
  const qi = plus(ci, di);
  const rr = minus(br, er);
  const ri = minus(bi, ei);
  const sr = minus(cr, dr);
  const si = minus(ci, di);
  const fr = plus(ar, plus(times(pr, COS_72), times(qr, COS_144)));
  const fi = plus(ai, plus(times(pi, COS_72), times(qi, COS_144)));
  const gr = plus(ar, plus(times(pr, COS_144), times(qr, COS_72)));
  const gi = plus(ai, plus(times(pi, COS_144), times(qi, COS_72)));
  // Turned by -i: (x, y) becomes (y, -x).
  const hr = plus(times(ri, SIN_72), times(si, SIN_144));
  const hi = plus(times(rr, -SIN_72), times(sr, -SIN_144));
  const kr = minus(times(ri, SIN_144), times(si, SIN_72));
  const ki = minus(times(sr, SIN_72), times(rr, SIN_144));
  give<T>(yr, plus(ar, plus(pr, qr)));
  give<T>(yi, plus(ai, plus(pi, qi)));
  rotated<T>(yr + to, yi + to, plus(fr, hr), plus(fi, hi), table, n, k);
  rotated<T>(yr + 2 * to, yi + 2 * to, plus(gr, kr), plus(gi, ki), table, n, 2 * k);
  rotated<T>(yr + 3 * to, yi + 3 * to, minus(gr, kr), minus(gi, ki), table, n, 3 * k);
  rotated<T>(yr + 4 * to, yi + 4 * to, minus(fr, hr), minus(fi, hi), table, n, 4 * k);
}

/** A pass over n numbers: butterflies of n / radix apart, `stride` of them side by side with the same root. */
function pass(
  radix: i32, yr: usize, yi: usize, xr: usize, xi: usize, n: usize, stride: usize, table: usize,
): void {
  const from = (n / <usize>radix) << 2;
  const to = stride << 2;
  for (let k: usize = 0; k < n / <usize>radix; k += stride) {
    let rest = stride;
    for (; rest >= 4; rest -= 4, xr += 16, xi += 16, yr += 16, yi += 16) {
      if (radix == 4) butterfly<v128>(4, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 2) butterfly<v128>(2, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 3) butterfly<v128>(3, yr, yi, to, xr, xi, from, table, n, k);
      else butterfly<v128>(5, yr, yi, to, xr, xi, from, table, n, k);
    }
    for (; rest > 0; rest--, xr += 4, xi += 4, yr += 4, yi += 4) {
      if (radix == 4) butterfly<f32>(4, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 2) butterfly<f32>(2, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 3) butterfly<f32>(3, yr, yi, to, xr, xi, from, table, n, k);
      else butterfly<f32>(5, yr, yi, to, xr, xi, from, table, n, k);
    }
    yr += to * <usize>(radix - 1);
    yi += to * <usize>(radix - 1);
  }
}

@inline function radixOf(n: i32): i32 { return n % 4 == 0 ? 4 : n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5; }

/**
 * y[k] = scale sum_j x[j] e^(-2 pi i j k / n), with `inverse` e^(2 pi i j k / n), for rows [begin, end) of `rows` rows of n
 * numbers; y's real parts stand before all its imaginary ones. An absent part of x is 0. n = 2^a 3^b 5^c; `table` holds n
 * cosines of 2 pi k / n and n sines, negated. Two f32 for each number of a row must fit into scratch, or with `long` work
 * holds as many for each row.
 * @flops units * n * 5 * 1.45 * Math.log(n)
 */
export function fft_f32(
  y: Out<f32>, work: Out<f32>, re: OptionalIn<f32>, im: OptionalIn<f32>, table: In<f32>,
  n: i32, rows: i32, inverse: i32, long: i32, scale: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  const bytes = <usize>n << 2;
  let passes = 0;
  for (let left = n; left > 1; left /= radixOf(left)) passes++;
  for (let unit = <usize>begin; unit < <usize>end; unit++) {
    // The inverse transform is the transform with real and imaginary parts exchanged, before and after.
    const yReal = y + unit * bytes;
    const yImaginary = yReal + <usize>rows * bytes;
    const yr = inverse ? yImaginary : yReal;
    const yi = inverse ? yReal : yImaginary;
    const room = long ? work + unit * 2 * bytes : scratch;
    // Passes go to and fro between y and the room, the last one into y.
    let intoY = (passes & 1) != 0;
    const zeros = intoY ? room : y + unit * bytes;
    if (!re || !im) memory.fill(zeros, 0, bytes);
    const real = re ? re + unit * bytes : zeros;
    const imaginary = im ? im + unit * bytes : zeros;
    let xr = inverse ? imaginary : real;
    let xi = inverse ? real : imaginary;
    let stride: usize = 1;
    for (let left = n; left > 1; intoY = !intoY) {
      const radix = radixOf(left);
      const toReal = intoY ? yr : room;
      const toImaginary = intoY ? yi : room + bytes;
      pass(radix, toReal, toImaginary, xr, xi, <usize>n, stride, table);
      xr = toReal;
      xi = toImaginary;
      stride *= <usize>radix;
      left /= radix;
    }
    for (let i: usize = 0; i < bytes; i += 4) {
      const a = load<f32>(xr + i);
      const b = load<f32>(xi + i);
      store<f32>(yr + i, scale * a);
      store<f32>(yi + i, scale * b);
    }
  }
}
