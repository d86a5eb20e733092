// Functions of four floats computed in f64, two at a time, and rounded: functions too rare to be optimized like those
// of math.ts. Series end where their rest is below 1e-9. Error: 0.6 ulp unless stated otherwise. Long functions are not
// inlined, since the loops of lanes.ts would hold each four times.
import { Fma64 } from "./fma";
import { Binary, Unary } from "./lanes";
import { Normal } from "./math";

/** A function of one or two numbers, on two lanes of f64. */
@unmanaged
export abstract class Pair {
  abstract pair(a: v128, b: v128): v128;
}

/** F of four floats and four floats. */
function widened<F extends Pair>(a: v128, b: v128): v128 {
  const f = changetype<F>(<usize>0);
  const low = f.pair(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  const aHigh = f64x2.promote_low_f32x4(v128.shuffle<i32>(a, a, 2, 3, 2, 3));
  const high = f.pair(aHigh, f64x2.promote_low_f32x4(v128.shuffle<i32>(b, b, 2, 3, 2, 3)));
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

@unmanaged
export class Wide<F extends Pair> extends Unary {
  @inline vec(x: v128): v128 { return widened<F>(x, x); }
}

@unmanaged
export class WideBinary<F extends Pair> extends Binary {
  @inline vec(a: v128, b: v128): v128 { return widened<F>(a, b); }
}

/** F of four i32 and four i32, rounded towards zero and clamped to their range; 0 where b is 0. */
function ofIntegers<F extends Pair>(a: v128, b: v128): v128 {
  const f = changetype<F>(<usize>0);
  const low = f.pair(f64x2.convert_low_i32x4_s(a), f64x2.convert_low_i32x4_s(b));
  const aHigh = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(a, a, 2, 3, 2, 3));
  const high = f.pair(aHigh, f64x2.convert_low_i32x4_s(v128.shuffle<i32>(b, b, 2, 3, 2, 3)));
  const y = v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(low), i32x4.trunc_sat_f64x2_s_zero(high), 0, 1, 4, 5);
  return v128.andnot(y, i32x4.eq(b, i32x4.splat(0)));
}

@unmanaged
export class IntegerBinary<F extends Pair> extends Binary {
  @inline vec(a: v128, b: v128): v128 { return ofIntegers<F>(a, b); }
}

class Sign {
  /** y with the sign bit of x added to its own. */
  @inline static copy(y: v128, x: v128): v128 { return v128.or(y, v128.and(x, f64x2.splat(-0.0))); }
}

/** e^x = 2^n (1 + m), n and 2^n from adding 1.5 * 2^52 + 1023, m by the Taylor series. |x| is bounded by 200. */
class Power {
  @inline static exponent(x: v128): v128 {
    const bounded = Power.bounded(x);
    return Fma64.vec(bounded, f64x2.splat(Math.LOG2E), f64x2.splat(6755399441056767));
  }

  @inline static of(biased: v128): v128 { return i64x2.shl(biased, 52); }

  @inline static bounded(x: v128): v128 {
    return f64x2.pmax(f64x2.pmin(x, f64x2.splat(200)), f64x2.splat(-200));
  }

  /** m = e^r - 1 with r = x - n ln2. */
  static fraction(x: v128, biased: v128): v128 {
    const n = f64x2.sub(biased, f64x2.splat(6755399441056767));
    const r = Fma64.vec(n, f64x2.splat(-Math.LN2), Power.bounded(x));
    let q = Fma64.vec(r, f64x2.splat(0.0000248015873015873), f64x2.splat(0.0001984126984126984));
    q = Fma64.vec(r, q, f64x2.splat(0.001388888888888889));
    q = Fma64.vec(r, q, f64x2.splat(0.008333333333333333));
    q = Fma64.vec(r, q, f64x2.splat(0.041666666666666664));
    q = Fma64.vec(r, q, f64x2.splat(0.16666666666666666));
    q = Fma64.vec(r, q, f64x2.splat(0.5));
    return Fma64.vec(f64x2.mul(r, r), q, r);
  }
}

function exp(x: v128): v128 {
  const biased = Power.exponent(x);
  const power = Power.of(biased);
  return Fma64.vec(Power.fraction(x, biased), power, power);
}

function expm1(x: v128): v128 {
  const biased = Power.exponent(x);
  const power = Power.of(biased);
  const y = Fma64.vec(Power.fraction(x, biased), power, f64x2.sub(power, f64x2.splat(1)));
  return Sign.copy(y, x);
}

/** ln(1 + x) for x >= 0 or NaN: 1 + x = 2^e (1 + f), ln(1 + f) = 2 artanh s with s = f / (2 + f), by its series. */
function log1p(x: v128): v128 {
  const one = f64x2.splat(1);
  const shifted = i64x2.sub(f64x2.add(x, one), i64x2.splat(0x3fe6a09e667f3bcd));
  const exponent = i64x2.shr_u(i64x2.add(shifted, i64x2.splat(0x3ff0000000000000)), 52);
  const e = f64x2.sub(v128.or(exponent, f64x2.splat(4503599627370496)), f64x2.splat(4503599627371519));
  const m = i64x2.add(v128.and(shifted, i64x2.splat(0xfffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd));
  const f = v128.bitselect(x, f64x2.sub(m, one), f64x2.eq(e, f64x2.splat(0)));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const z = f64x2.mul(s, s);
  let p = Fma64.vec(z, f64x2.splat(0.18181818181818182), f64x2.splat(0.2222222222222222));
  p = Fma64.vec(z, p, f64x2.splat(0.2857142857142857));
  p = Fma64.vec(z, p, f64x2.splat(0.4));
  p = Fma64.vec(z, p, f64x2.splat(0.6666666666666666));
  p = Fma64.vec(z, p, f64x2.splat(2));
  const y = Fma64.vec(s, p, f64x2.mul(e, f64x2.splat(Math.LN2)));
  return v128.bitselect(y, x, f64x2.lt(x, f64x2.splat(Infinity)));
}

/** The angle of the point (x, y), from -pi to pi: atan of the smaller over the larger, a minimax fit to tan(pi / 8). */
function angle(y: v128, x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(y), f64x2.splat(1e300));
  const b = f64x2.pmin(f64x2.abs(x), f64x2.splat(1e300));
  const small = f64x2.pmin(a, b);
  const large = f64x2.pmax(f64x2.pmax(a, b), f64x2.splat(1e-300));
  // atan t = pi / 4 + atan((t - 1) / (t + 1))
  const upper = f64x2.gt(small, f64x2.mul(large, f64x2.splat(0.41421356)));
  const numerator = v128.bitselect(f64x2.sub(small, large), small, upper);
  const t = f64x2.div(numerator, v128.bitselect(f64x2.add(small, large), large, upper));
  const z = f64x2.mul(t, t);
  let p = Fma64.vec(z, f64x2.splat(0.047387767857749834), f64x2.splat(-0.08473484168131805));
  p = Fma64.vec(z, p, f64x2.splat(0.1104413712042694));
  p = Fma64.vec(z, p, f64x2.splat(-0.14281956631873768));
  p = Fma64.vec(z, p, f64x2.splat(0.1999990178071969));
  p = Fma64.vec(z, p, f64x2.splat(-0.3333333246849659));
  const quarter = v128.and(upper, f64x2.splat(Math.PI / 4));
  let r = f64x2.add(Fma64.vec(f64x2.mul(t, z), p, t), quarter);
  r = v128.bitselect(f64x2.sub(f64x2.splat(Math.PI / 2), r), r, f64x2.gt(a, b));
  r = v128.bitselect(f64x2.sub(f64x2.splat(Math.PI), r), r, i64x2.shr_s(x, 63));
  return v128.or(Sign.copy(r, y), v128.or(f64x2.ne(x, x), f64x2.ne(y, y)));
}

class Cathetus {
  /** The other side of a right triangle with hypotenuse 1. */
  @inline static of(a: v128): v128 {
    const one = f64x2.splat(1);
    return f64x2.sqrt(f64x2.mul(f64x2.sub(one, a), f64x2.add(one, a)));
  }
}

@unmanaged
export class Expm1 extends Pair {
  @inline pair(a: v128, b: v128): v128 { return expm1(a); }
}

@unmanaged
export class Sinh extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const m = expm1(f64x2.abs(a));
    const sum = f64x2.add(m, f64x2.div(m, f64x2.add(m, f64x2.splat(1))));
    return Sign.copy(f64x2.mul(sum, f64x2.splat(0.5)), a);
  }
}

@unmanaged
export class Cosh extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const e = exp(f64x2.abs(a));
    return f64x2.mul(f64x2.add(e, f64x2.div(f64x2.splat(1), e)), f64x2.splat(0.5));
  }
}

/** ln(t + sqrt(t^2 + 1)), t = |x|, as ln(1 + t + t^2 / (1 + sqrt(t^2 + 1))). */
@unmanaged
export class Asinh extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const t = f64x2.abs(a);
    const one = f64x2.splat(1);
    const bounded = f64x2.pmin(t, f64x2.splat(1e40));
    const square = f64x2.mul(bounded, bounded);
    const rest = f64x2.div(square, f64x2.add(one, f64x2.sqrt(f64x2.add(square, one))));
    return Sign.copy(log1p(f64x2.add(t, rest)), a);
  }
}

/** ln(x + sqrt(x^2 - 1)) as ln(1 + t + sqrt(t (t + 2))), t = x - 1. */
@unmanaged
export class Acosh extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const t = f64x2.sub(a, f64x2.splat(1));
    const root = f64x2.sqrt(f64x2.mul(t, f64x2.add(t, f64x2.splat(2))));
    return v128.or(log1p(f64x2.add(t, root)), f64x2.lt(t, f64x2.splat(0)));
  }
}

/** ln((1 + t) / (1 - t)) / 2, t = |x|, as ln(1 + 2t / (1 - t)) / 2. */
@unmanaged
export class Atanh extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const t = f64x2.abs(a);
    const one = f64x2.splat(1);
    const y = log1p(f64x2.div(f64x2.add(t, t), f64x2.sub(one, t)));
    return v128.or(Sign.copy(f64x2.mul(y, f64x2.splat(0.5)), a), f64x2.gt(t, one));
  }
}

@unmanaged
export class Asin extends Pair {
  @inline pair(a: v128, b: v128): v128 { return angle(a, Cathetus.of(a)); }
}

@unmanaged
export class Acos extends Pair {
  @inline pair(a: v128, b: v128): v128 { return angle(Cathetus.of(a), a); }
}

@unmanaged
export class Atan extends Pair {
  @inline pair(a: v128, b: v128): v128 { return angle(a, f64x2.splat(1)); }
}

@unmanaged
export class Atan2 extends Pair {
  @inline pair(a: v128, b: v128): v128 { return angle(a, b); }
}

@unmanaged
export class Hypot extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const infinity = f64x2.splat(Infinity);
    const endless = v128.or(f64x2.eq(f64x2.abs(a), infinity), f64x2.eq(f64x2.abs(b), infinity));
    return v128.bitselect(infinity, f64x2.sqrt(f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b))), endless);
  }
}

/** max(a, b) + ln(1 + e^-|a - b|), also where both are the same infinity. Error: 3 ulp where the two nearly cancel. */
@unmanaged
export class LogAddExp extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const distance = v128.andnot(f64x2.abs(f64x2.sub(a, b)), f64x2.eq(a, b));
    return f64x2.add(f64x2.pmax(a, b), log1p(exp(f64x2.neg(distance))));
  }
}

/** floor(a / b), exact where that is below 2^29; -1 of what is below 0 by infinity; NaN of infinity, but by 0. */
@unmanaged
export class FloorDivide extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const q = f64x2.floor(f64x2.div(a, Sign.copy(f64x2.pmin(f64x2.abs(b), f64x2.splat(1e300)), b)));
    const infinite = v128.and(f64x2.eq(f64x2.abs(a), f64x2.splat(Infinity)), f64x2.ne(b, f64x2.splat(0)));
    return v128.or(q, infinite);
  }
}

/** a - floor(a / b) b, likewise. */
@unmanaged
export class Mod extends Pair {
  @inline pair(a: v128, b: v128): v128 {
    const q = changetype<FloorDivide>(<usize>0).pair(a, b);
    const rest = f64x2.sub(a, v128.andnot(f64x2.mul(q, b), f64x2.eq(q, f64x2.splat(0))));
    return v128.bitselect(Sign.copy(f64x2.splat(0), b), rest, f64x2.eq(rest, f64x2.splat(0)));
  }
}

@unmanaged
class Bell extends Pair {
  @inline pair(a: v128, b: v128): v128 { return exp(f64x2.neg(f64x2.mul(a, a))); }
}

/** 1 - erf x, by the tail of the normal distribution beyond sqrt(2) |x|. Error: 6.5 ulp. */
@unmanaged
export class Erfc extends Unary {
  vec(x: v128): v128 {
    const ratio = Normal.tailRatio(f32x4.mul(x, f32x4.splat(<f32>Math.SQRT2)));
    const tail = f32x4.mul(f32x4.mul(widened<Bell>(x, x), f32x4.splat(2)), ratio);
    return v128.bitselect(tail, f32x4.sub(f32x4.splat(2), tail), f32x4.ge(x, f32x4.splat(0)));
  }
}
