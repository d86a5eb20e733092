// The discrete Fourier transform of rows, real and imaginary parts apart: Stockham's, with radices 4, 2, 3 and 5.
// The caller handles lengths with other prime factors.
import { In, OptionalIn, Out, Scratch } from "./signature";

const SIN_60: f32 = 0.8660254037844386;
const COS_72: f32 = 0.30901699437494745;
const COS_144: f32 = -0.8090169943749475;
const SIN_72: f32 = 0.9510565162951535;
const SIN_144: f32 = 0.5877852522924731;

/** Four numbers, or one in lane 0. */
function take<T>(x: usize): v128 { return sizeof<T>() == 16 ? v128.load(x) : v128.load32_zero(x); }
function give<T>(y: usize, value: v128): void {
  if (sizeof<T>() == 16) v128.store(y, value);
  else v128.store32_lane(y, value, 0);
}
function plus(a: v128, b: v128): v128 { return f32x4.add(a, b); }
function minus(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
function times(a: v128, c: f32): v128 { return f32x4.mul(a, f32x4.splat(c)); }

@unmanaged
class Butterfly {
  /** Stores (re + i im) e^(-2 pi i k / n), the root by its address in the tables of cosines and -sines. */
  @inline static rotated<T>(yr: usize, yi: usize, re: v128, im: v128, table: usize, n: usize, k: usize): void {
    const c = v128.load32_splat(table + (k << 2));
    const s = v128.load32_splat(table + ((n + k) << 2));
    give<T>(yr, realOf(re, im, c, s));
    give<T>(yi, imaginaryOf(re, im, c, s));
  }

  /** One butterfly of numbers `from` bytes apart in x and `to` bytes apart in y; root number k is the first one's. */
  @inline static run<T>(
    radix: i32, yr: usize, yi: usize, to: usize, xr: usize, xi: usize, from: usize, table: usize, n: usize, k: usize,
  ): void {
    const ar = take<T>(xr);
    const ai = take<T>(xi);
    const br = take<T>(xr + from);
    const bi = take<T>(xi + from);
    if (radix == 2) {
      give<T>(yr, plus(ar, br));
      give<T>(yi, plus(ai, bi));
      Butterfly.rotated<T>(yr + to, yi + to, minus(ar, br), minus(ai, bi), table, n, k);
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
      Butterfly.rotated<T>(yr + to, yi + to, plus(ur, vr), plus(ui, vi), table, n, k);
      Butterfly.rotated<T>(yr + 2 * to, yi + 2 * to, minus(ur, vr), minus(ui, vi), table, n, 2 * k);
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
      Butterfly.rotated<T>(yr + to, yi + to, plus(qr, sr), plus(qi, si), table, n, k);
      Butterfly.rotated<T>(yr + 2 * to, yi + 2 * to, minus(pr, rr), minus(pi, ri), table, n, 2 * k);
      Butterfly.rotated<T>(yr + 3 * to, yi + 3 * to, minus(qr, sr), minus(qi, si), table, n, 3 * k);
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
    // Multiplied by -i: (x, y) becomes (y, -x).
    const hr = plus(times(ri, SIN_72), times(si, SIN_144));
    const hi = plus(times(rr, -SIN_72), times(sr, -SIN_144));
    const kr = minus(times(ri, SIN_144), times(si, SIN_72));
    const ki = minus(times(sr, SIN_72), times(rr, SIN_144));
    give<T>(yr, plus(ar, plus(pr, qr)));
    give<T>(yi, plus(ai, plus(pi, qi)));
    Butterfly.rotated<T>(yr + to, yi + to, plus(fr, hr), plus(fi, hi), table, n, k);
    Butterfly.rotated<T>(yr + 2 * to, yi + 2 * to, plus(gr, kr), plus(gi, ki), table, n, 2 * k);
    Butterfly.rotated<T>(yr + 3 * to, yi + 3 * to, minus(gr, kr), minus(gi, ki), table, n, 3 * k);
    Butterfly.rotated<T>(yr + 4 * to, yi + 4 * to, minus(fr, hr), minus(fi, hi), table, n, 4 * k);
  }
}

/** Stores (a, b, c, d)[0], (a, b, c, d)[1], ... at y. */
function interleave(y: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abLast = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdLast = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(y, v128.shuffle<i64>(ab, cd, 1, 3), 16);
  v128.store(y, v128.shuffle<i64>(abLast, cdLast, 0, 2), 32);
  v128.store(y, v128.shuffle<i64>(abLast, cdLast, 1, 3), 48);
}

/** Four numbers, `step` numbers apart. */
function spread(x: usize, step: usize): v128 {
  const low = v128.load32_lane(x + (step << 2), v128.load32_zero(x), 1);
  return v128.load32_lane(x + ((3 * step) << 2), v128.load32_lane(x + ((2 * step) << 2), low, 2), 3);
}

/** The real part of (re + i im) (c + i s), or its imaginary part. */
function realOf(re: v128, im: v128, c: v128, s: v128): v128 {
  return minus(f32x4.mul(re, c), f32x4.mul(im, s));
}
function imaginaryOf(re: v128, im: v128, c: v128, s: v128): v128 {
  return plus(f32x4.mul(re, s), f32x4.mul(im, c));
}

/** The first pass where it has radix 4, four butterflies of different roots at a time; returns how many it has done. */
function firstPass(yr: usize, yi: usize, xr: usize, xi: usize, n: usize, table: usize): usize {
  const sines = table + (n << 2);
  let k: usize = 0;
  for (; k + 4 <= n >> 2; k += 4, xr += 16, xi += 16, yr += 64, yi += 64) {
    const pr = plus(v128.load(xr), v128.load(xr + 2 * n));
    const pi = plus(v128.load(xi), v128.load(xi + 2 * n));
    const qr = minus(v128.load(xr), v128.load(xr + 2 * n));
    const qi = minus(v128.load(xi), v128.load(xi + 2 * n));
    const rr = plus(v128.load(xr + n), v128.load(xr + 3 * n));
    const ri = plus(v128.load(xi + n), v128.load(xi + 3 * n));
    const sr = minus(v128.load(xi + n), v128.load(xi + 3 * n));
    const si = minus(v128.load(xr + 3 * n), v128.load(xr + n));
    const c1 = v128.load(table + (k << 2));
    const s1 = v128.load(sines + (k << 2));
    const c2 = spread(table + (k << 3), 2);
    const s2 = spread(sines + (k << 3), 2);
    const c3 = spread(table + 12 * k, 3);
    const s3 = spread(sines + 12 * k, 3);
    const br = plus(qr, sr);
    const bi = plus(qi, si);
    const cr = minus(pr, rr);
    const ci = minus(pi, ri);
    const dr = minus(qr, sr);
    const di = minus(qi, si);
    interleave(yr, plus(pr, rr), realOf(br, bi, c1, s1), realOf(cr, ci, c2, s2), realOf(dr, di, c3, s3));
    interleave(
      yi, plus(pi, ri), imaginaryOf(br, bi, c1, s1), imaginaryOf(cr, ci, c2, s2), imaginaryOf(dr, di, c3, s3),
    );
  }
  return k;
}

/** A pass over n numbers: butterflies of n / radix apart, `stride` of them side by side with the same root. */
function pass(
  radix: i32, yr: usize, yi: usize, xr: usize, xi: usize, n: usize, stride: usize, table: usize,
): void {
  const from = (n / <usize>radix) << 2;
  const to = stride << 2;
  let k: usize = 0;
  if (stride == 1 && radix == 4) {
    k = firstPass(yr, yi, xr, xi, n, table);
    xr += k << 2;
    xi += k << 2;
    yr += k << 4;
    yi += k << 4;
  }
  for (; k < n / <usize>radix; k += stride) {
    let rest = stride;
    for (; rest >= 4; rest -= 4, xr += 16, xi += 16, yr += 16, yi += 16) {
      if (radix == 4) Butterfly.run<v128>(4, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 2) Butterfly.run<v128>(2, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 3) Butterfly.run<v128>(3, yr, yi, to, xr, xi, from, table, n, k);
      else Butterfly.run<v128>(5, yr, yi, to, xr, xi, from, table, n, k);
    }
    for (; rest > 0; rest--, xr += 4, xi += 4, yr += 4, yi += 4) {
      if (radix == 4) Butterfly.run<f32>(4, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 2) Butterfly.run<f32>(2, yr, yi, to, xr, xi, from, table, n, k);
      else if (radix == 3) Butterfly.run<f32>(3, yr, yi, to, xr, xi, from, table, n, k);
      else Butterfly.run<f32>(5, yr, yi, to, xr, xi, from, table, n, k);
    }
    yr += to * <usize>(radix - 1);
    yi += to * <usize>(radix - 1);
  }
}

function radixOf(n: i32): i32 { return n % 4 == 0 ? 4 : n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5; }

/**
 * y[k] = scale sum_j x[j] e^(-2 pi i j k / n), with `inverse` e^(2 pi i j k / n), for rows [begin, end) of `rows` rows
 * of n numbers; y's real parts stand before all its imaginary ones. An absent part of x is 0. n = 2^a 3^b 5^c; `table`
 * holds n cosines of 2 pi k / n and n sines, negated. Two f32 for each number of a row must fit into scratch, or with
 * `long` work holds as many for each row.
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
    if (passes > 0 && scale == 1) continue;
    for (let i: usize = 0; i < bytes; i += 4) {
      const a = load<f32>(xr + i);
      const b = load<f32>(xi + i);
      store<f32>(yr + i, scale * a);
      store<f32>(yi + i, scale * b);
    }
  }
}
