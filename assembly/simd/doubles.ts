// Loops over f64 numbers for factorizations: matrices are f32 in memory, and factored in f64.

/**
 * ln x of a positive number or NaN, 2 artanh((m - 1) / (m + 1)) + e ln 2 with x = m 2^e and m near 1. The standard
 * library's reads tables, and there is no static data here.
 */
export function naturalLog(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  let exponent = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  const z = (m - 1) / (m + 1);
  const square = z * z;
  let sum: f64 = 0;
  for (let odd = 21; odd > 0; odd -= 2) sum = sum * square + 1 / <f64>odd;
  return 2 * z * sum + <f64>exponent * Math.LN2;
}

@unmanaged
export class Doubles {
  /** sum x[i] y[i] */
  static dot(x: usize, y: usize, n: i32): f64 {
    let even = f64x2.splat(0);
    let odd = f64x2.splat(0);
    for (const end = x + (<usize>(n & ~3) << 3); x < end; x += 32, y += 32) {
      even = f64x2.add(even, f64x2.mul(v128.load(x), v128.load(y)));
      odd = f64x2.add(odd, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
    }
    even = f64x2.add(even, odd);
    let sum = f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
    for (let rest = n & 3; rest > 0; rest--, x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
    return sum;
  }

  /** y[i] += a x[i] */
  static add(y: usize, a: f64, x: usize, n: i32): void {
    const factor = f64x2.splat(a);
    for (const end = x + (<usize>(n & ~1) << 3); x < end; x += 16, y += 16) {
      v128.store(y, f64x2.add(v128.load(y), f64x2.mul(factor, v128.load(x))));
    }
    if (n & 1) store<f64>(y, load<f64>(y) + a * load<f64>(x));
  }

  /** y[i] = a x[i] */
  static scale(y: usize, a: f64, x: usize, n: i32): void {
    const factor = f64x2.splat(a);
    for (const end = x + (<usize>(n & ~1) << 3); x < end; x += 16, y += 16) {
      v128.store(y, f64x2.mul(factor, v128.load(x)));
    }
    if (n & 1) store<f64>(y, a * load<f64>(x));
  }

  /** x[i], y[i] = c x[i] - s y[i], s x[i] + c y[i] */
  static rotate(x: usize, y: usize, c: f64, s: f64, n: i32): void {
    const cosine = f64x2.splat(c);
    const sine = f64x2.splat(s);
    for (const end = x + (<usize>(n & ~1) << 3); x < end; x += 16, y += 16) {
      const a = v128.load(x);
      const b = v128.load(y);
      v128.store(x, f64x2.sub(f64x2.mul(cosine, a), f64x2.mul(sine, b)));
      v128.store(y, f64x2.add(f64x2.mul(sine, a), f64x2.mul(cosine, b)));
    }
    if (n & 1) {
      const a = load<f64>(x);
      const b = load<f64>(y);
      store<f64>(x, c * a - s * b);
      store<f64>(y, s * a + c * b);
    }
  }

  /** Exchanges x and y. */
  static swap(x: usize, y: usize, n: i32): void {
    for (const end = x + (<usize>n << 3); x < end; x += 8, y += 8) {
      const a = load<f64>(x);
      store<f64>(x, load<f64>(y));
      store<f64>(y, a);
    }
  }

  /** y[i] = x[i step], f32 made f64. */
  static widen(y: usize, x: usize, step: i32, n: i32): void {
    for (const end = y + (<usize>n << 3); y < end; y += 8, x += <usize>step << 2) store<f64>(y, <f64>load<f32>(x));
  }

  /** y[i step] = a x[i], f64 made f32. */
  static narrow(y: usize, step: i32, a: f64, x: usize, n: i32): void {
    for (const end = x + (<usize>n << 3); x < end; x += 8, y += <usize>step << 2) {
      store<f32>(y, <f32>(a * load<f64>(x)));
    }
  }
}
