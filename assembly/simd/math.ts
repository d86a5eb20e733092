// Elementary functions on four floats at a time: the building blocks of the elementwise, softmax and norm kernels.
// Each class is one function; `vec` handles its special values, and NaN in a lane gives NaN in that lane. The errors
// are the largest found by sweeping tens of millions of floats against float64, in either build.
// Polynomials are minimax fits, rounded to f32 one coefficient after the other while the rest were refitted.
import { Fma, Fma64 } from "./fma";

/**
 * Four lanes of a number that lies in memory: one instruction where newer V8s, which no longer move constants out of
 * loops, make those of a `splat` with three at each use.
 */
export class Constant {
  @inline static at(address: usize): v128 { return v128.load32_splat(address); }
}

export const ONE = memory.data<f32>([1]);
const HALF = memory.data<f32>([0.5]);
const MINUS_HALF = memory.data<f32>([-0.5]);
/** 1.5 * 2^23 + 127: added to a small number, it leaves the integer nearest to it, plus 127, in the low bits. */
const ROUND = memory.data<f32>([12583039]);

/** c0 + c1 x + c2 x^2 + ... by pairs of terms, given x2 = x^2: half the latency of Horner's rule. */
class Polynomial {
  @inline static of2(x: v128, c: usize): v128 {
    return Fma.vec(x, Constant.at(c + 4), Constant.at(c));
  }

  @inline static of3(x: v128, x2: v128, c: usize): v128 {
    return Fma.vec(x2, Constant.at(c + 8), Polynomial.of2(x, c));
  }

  @inline static of4(x: v128, x2: v128, c: usize): v128 {
    return Fma.vec(x2, Polynomial.of2(x, c + 8), Polynomial.of2(x, c));
  }

  @inline static of5(x: v128, x2: v128, c: usize): v128 {
    return Fma.vec(x2, Polynomial.of3(x, x2, c + 8), Polynomial.of2(x, c));
  }

  @inline static of6(x: v128, x2: v128, c: usize): v128 {
    return Fma.vec(x2, Polynomial.of4(x, x2, c + 8), Polynomial.of2(x, c));
  }
}

/** x, but not beyond -bound and bound. The order of the operands keeps NaN. */
export class Clamp {
  @inline static vec(x: v128, bound: f32): v128 {
    return f32x4.pmax(f32x4.pmin(x, f32x4.splat(bound)), f32x4.splat(-bound));
  }
}

const EXP_HIGHEST = memory.data<f32>([89]);
const EXP_LOWEST = memory.data<f32>([-176]);
const HALF_LOG2_E = memory.data<f32>([0.7213475108146667]);
const MINUS_TWO_LN2_HIGH = memory.data<f32>([-1.38629150390625]);
const MINUS_TWO_LN2_LOW = memory.data<f32>([-2.857213530660374e-6]);
const EXP = memory.data<f32>([
    0.5000003576278687, 0.1666661649942398, 0.041661154478788376, 0.008335936814546585,
  0.0014106627786532044, 0.000196377543034032,
]);

/**
 * e^x: with x = 2m ln2 + r, e^r by a polynomial on [-ln2, ln2] times 2^m twice, so that denormal results and the last
 * binade before infinity come out right. Error: 2.1 ulp.
 */
export class Exp {
  @inline static vec(x: v128): v128 {
    // Above 89 the result overflows; below -176, 2^m becomes a true zero.
    const bounded = f32x4.pmax(f32x4.pmin(x, Constant.at(EXP_HIGHEST)), Constant.at(EXP_LOWEST));
    const biased = Exp.exponent(bounded);
    return Exp.scaled(Exp.polynomial(Exp.remainder(bounded, biased)), biased);
  }

  /** e^(x + tail) for -176 <= x <= 0 and a tail far smaller than x that x itself could not hold. */
  @inline static withTail(x: v128, tail: v128): v128 {
    const biased = Exp.exponent(f32x4.add(x, tail));
    return Exp.scaled(Exp.polynomial(f32x4.add(Exp.remainder(x, biased), tail)), biased);
  }

  /** Rounds x / 2ln2 to m by adding 1.5 * 2^23 + 127: m + 127, the exponent field of 2^m, is left in the low bits. */
  @inline static exponent(x: v128): v128 {
    return Fma.vec(x, Constant.at(HALF_LOG2_E), Constant.at(ROUND));
  }

  /** r = x - 2m ln2 */
  @inline static remainder(x: v128, biased: v128): v128 {
    const m = f32x4.sub(biased, Constant.at(ROUND));
    const high = Fma.vec(m, Constant.at(MINUS_TWO_LN2_HIGH), x);
    return Fma.vec(m, Constant.at(MINUS_TWO_LN2_LOW), high);
  }

  /** e^r */
  @inline static polynomial(r: v128): v128 {
    const r2 = f32x4.mul(r, r);
    const q = Polynomial.of6(r, r2, EXP);
    return Fma.vec(q, r2, f32x4.add(r, Constant.at(ONE)));
  }

  /** p 2^2m; times a factor that p brings along, nothing is denormal before the result is. */
  @inline static scaled(p: v128, biased: v128): v128 {
    const power = i32x4.shl(biased, 23);
    return f32x4.mul(f32x4.mul(p, power), power);
  }
}

const EXPM1_LOWEST = memory.data<f32>([-18]);
const LOG2_E = memory.data<f32>([1.4426950216293335]);
const LN2_HIGH = memory.data<f32>([0.693145751953125]);
const LN2_LOW = memory.data<f32>([1.428606765330187e-6]);
const MINUS_LN2_HIGH = memory.data<f32>([-0.693145751953125]);
const MINUS_LN2_LOW = memory.data<f32>([-1.428606765330187e-6]);
const EXPM1 = memory.data<f32>([
    0.4999999701976776, 0.16666539013385773, 0.041667744517326355, 0.008367056958377361,
  0.0013839412713423371,
]);

/** e^x - 1 for x <= 88, by 2^m (e^r - 1) + (2^m - 1) with x = m ln2 + r: nothing cancels near 0. Error: 1.7 ulp. */
export class Expm1 {
  @inline static vec(x: v128): v128 {
    const bounded = f32x4.pmax(x, Constant.at(EXPM1_LOWEST));
    const magic = Constant.at(ROUND);
    const biased = Fma.vec(bounded, Constant.at(LOG2_E), magic);
    const m = f32x4.sub(biased, magic);
    const high = Fma.vec(m, Constant.at(MINUS_LN2_HIGH), bounded);
    const r = Fma.vec(m, Constant.at(MINUS_LN2_LOW), high);
    const r2 = f32x4.mul(r, r);
    const q = Polynomial.of5(r, r2, EXPM1);
    const power = i32x4.shl(biased, 23);
    return Fma.vec(Fma.vec(q, r2, r), power, f32x4.sub(power, Constant.at(ONE)));
  }
}

const SMALLEST_NORMAL = memory.data<f32>([1.1754943508222875e-38]);
const TWO_TO_23 = memory.data<f32>([8388608]);
const LOG = memory.data<f32>([
    -0.5, 0.3333390951156616, -0.2500133812427521, 0.19963064789772034, -0.1657758206129074,
  0.14914759993553162, -0.14267498254776, 0.08700474351644516,
]);

/** ln x: x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), ln(1 + f) by a polynomial. Error: 1.3 ulp. */
export class Log {
  @inline static vec(x: v128): v128 {
    const denormal = f32x4.lt(x, Constant.at(SMALLEST_NORMAL));
    const normal = v128.bitselect(f32x4.mul(x, Constant.at(TWO_TO_23)), x, denormal);
    const shifted = i32x4.sub(normal, i32x4.splat(0x3f3504f3));
    const exponent = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(denormal, i32x4.splat(23)));
    return Log.special(x, Log.sum(f32x4.convert_i32x4_s(exponent), Log.fraction(shifted)));
  }

  /** f of x = 2^e (1 + f), from the bits of x less those of sqrt(1/2). */
  @inline static fraction(shifted: v128): v128 {
    const mantissa = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
    return f32x4.sub(mantissa, Constant.at(ONE));
  }

  /** e ln2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1). */
  @inline static sum(e: v128, f: v128): v128 {
    const f2 = f32x4.mul(f, f);
    const q = Polynomial.of6(f, f2, LOG + 8);
    const p = Fma.vec(q, f2, Polynomial.of2(f, LOG));
    const low = Fma.vec(e, Constant.at(LN2_LOW), f32x4.mul(p, f2));
    return Fma.vec(e, Constant.at(LN2_HIGH), f32x4.add(f, low));
  }

  /** `y`, except where x is 0, negative, infinite or NaN. */
  @inline static special(x: v128, y: v128): v128 {
    const finite = v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity)));
    const zero = f32x4.splat(0);
    return v128.bitselect(f32x4.splat(-Infinity), v128.or(finite, f32x4.lt(x, zero)), f32x4.eq(x, zero));
  }
}

/** ln(1 + x): ln of the rounded sum, whose fraction is first corrected by what the rounding lost. Error: 1.8 ulp. */
export class Log1p {
  @inline static vec(x: v128): v128 {
    const one = Constant.at(ONE);
    const sum = f32x4.add(x, one);
    const shifted = i32x4.sub(sum, i32x4.splat(0x3f3504f3));
    const exponent = i32x4.shr_s(shifted, 23);
    // 2^-e; where the bound matters, nothing was lost.
    const scale = i32x4.max_s(i32x4.sub(one, i32x4.shl(exponent, 23)), i32x4.splat(0x00800000));
    const lost = f32x4.sub(x, f32x4.sub(sum, one));
    const f = Fma.vec(lost, scale, Log.fraction(shifted));
    const y = Log.special(sum, Log.sum(f32x4.convert_i32x4_s(exponent), f));
    return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
  }
}

const SQRT2_LESS_1 = memory.data<f32>([0.41421356]);

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). Error: 2.5 ulp. */
export class Softplus {
  @inline static vec(x: v128): v128 {
    const z = Exp.vec(f32x4.neg(f32x4.abs(x)));
    const half = Constant.at(HALF);
    const upper = f32x4.gt(z, Constant.at(SQRT2_LESS_1));
    const f = v128.bitselect(Fma.vec(z, half, f32x4.neg(half)), z, upper);
    const e = v128.and(upper, Constant.at(ONE));
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), Log.sum(e, f));
  }
}

const SIGMOID_HIGHEST = memory.data<f32>([88]);

/** 1 / (1 + e^-x), computed as e^x / (1 + e^x), which loses none of the small values. Error: 3.0 ulp. */
export class Sigmoid {
  @inline static vec(x: v128): v128 {
    const e = Exp.vec(f32x4.pmin(x, Constant.at(SIGMOID_HIGHEST)));
    return f32x4.div(e, f32x4.add(e, Constant.at(ONE)));
  }
}

const TANH_P = memory.data<f32>([
  1, 0.13786956667900085, 0.004011038225144148, 0.00003167938120895997, 5.129927416192004e-8,
]);
const TANH_Q = memory.data<f32>([
    1, 0.47120288014411926, 0.027745364233851433, 0.0004213148495182395, 0.0000016266857301161508,
  7.509429189589412e-10,
]);

/** tanh x = x P(x^2) / Q(x^2); beyond 9.02 it is 1 in f32, and rounding must not carry it further. Error: 5.2 ulp. */
export class Tanh {
  @inline static vec(x: v128): v128 {
    const bounded = Clamp.vec(x, 9.02);
    const u = f32x4.mul(bounded, bounded);
    const u2 = f32x4.mul(u, u);
    const p = Polynomial.of5(u, u2, TANH_P);
    const q = Polynomial.of6(u, u2, TANH_Q);
    return Clamp.vec(f32x4.div(f32x4.mul(bounded, p), q), 1);
  }
}

const ERF_P = memory.data<f32>([
    1.1283791065216064, 0.1907835602760315, 0.05278997868299484, 0.003779651829972863,
  0.00028480234323069453, 0.000002042159394477494,
]);
const ERF_Q = memory.data<f32>([
    1, 0.5024099946022034, 0.11425729840993881, 0.014997393824160099, 0.0011652089888229966,
  0.00003800406921072863,
]);

/** erf x = x P(x^2) / Q(x^2); beyond 3.93 it is 1 in f32. Error: 6.1 ulp. */
export class Erf {
  @inline static vec(x: v128): v128 {
    const bounded = Clamp.vec(x, 3.93);
    const u = f32x4.mul(bounded, bounded);
    const u2 = f32x4.mul(u, u);
    const p = Polynomial.of6(u, u2, ERF_P);
    const q = Polynomial.of6(u, u2, ERF_Q);
    return Clamp.vec(f32x4.div(f32x4.mul(bounded, p), q), 1);
  }
}

const TAIL_END = memory.data<f32>([18]);
const TAIL_P = memory.data<f32>([
  0.5, 0.43761563301086426, 0.18269969522953033, 0.04044288024306297, 0.004085701424628496,
]);
const TAIL_Q = memory.data<f32>([
    1, 1.6731163263320923, 1.200347900390625, 0.46804943680763245, 0.10138183832168579,
  0.010241212323307991,
]);

/** The standard normal distribution; its tail keeps its accuracy where 1 + erf would cancel. Errors: 2.2 and 6 ulp. */
export class Normal {
  /** e^(-x^2 / 2). */
  @inline static bell(x: v128): v128 {
    const t = f32x4.pmin(f32x4.abs(x), Constant.at(TAIL_END));
    // The square is split in two, since an error of one ulp in 80 would be one of 80 ulp in the result.
    const high = v128.and(t, i32x4.splat(0xfffff000));
    const half = Constant.at(MINUS_HALF);
    const tail = f32x4.mul(f32x4.mul(f32x4.sub(t, high), half), f32x4.add(t, high));
    return Exp.withTail(f32x4.mul(f32x4.mul(high, half), high), tail);
  }

  /** The area of the tail beyond |x|, divided by bell(x): P(|x|) / Q(|x|). */
  @inline static tailRatio(x: v128): v128 {
    const t = f32x4.pmin(f32x4.abs(x), Constant.at(TAIL_END));
    const t2 = f32x4.mul(t, t);
    const p = Polynomial.of5(t, t2, TAIL_P);
    const q = Polynomial.of6(t, t2, TAIL_Q);
    return f32x4.div(p, q);
  }

  /** The probability of a number up to x, given bell(x). */
  @inline static cumulative(x: v128, bell: v128): v128 {
    const tail = f32x4.mul(bell, Normal.tailRatio(x));
    return v128.bitselect(f32x4.sub(Constant.at(ONE), tail), tail, f32x4.gt(x, f32x4.splat(0)));
  }
}

const SINE = memory.data<f32>([-0.16666655242443085, 0.008332189172506332, -0.00019518283079378307]);
const COSINE = memory.data<f32>([0.04166664555668831, -0.0013887309469282627, 0.000024432327633839888]);

/** From here on angles are reduced with as many digits of pi as they take. */
const FAR: f32 = 33554432;

/** The angles of at least 2^25 among four, in turns of pi/2, exactly (Payne and Hanek 1983). */
class Far {
  /** Bits 32 i .. 32 i + 31 of 2/pi. */
  private static word(i: i32): u64 {
    switch (i) {
      case 0: return 0xa2f9836e;
      case 1: return 0x4e441529;
      case 2: return 0xfc2757d1;
      case 3: return 0xf534ddc0;
      case 4: return 0xdb629599;
      case 5: return 0x3c439041;
      default: return 0xfe5163ab;
    }
  }

  /** Bits n .. n + 31. */
  private static bits(n: i32): u64 {
    const i = n >> 5;
    return (((Far.word(i) << 32) | Far.word(i + 1)) >> (32 - (n & 31))) & 0xffffffff;
  }

  /** x 2/pi modulo 4, in units of 2^-62: of x = m 2^e, the bits of 2/pi that 2^e makes multiples of 4 do not matter. */
  private static turns(x: f32): i64 {
    const bits = reinterpret<u32>(x);
    const m = <u64>((bits & 0x7fffff) | 0x800000);
    const n = <i32>(bits >> 23) - 152;
    return <i64>(((m * Far.bits(n)) << 32) + m * Far.bits(n + 32) + ((m * Far.bits(n + 64)) >> 32));
  }

  /** The whole turns of x, or its rest in radians, where x is far; else `near`. */
  private static part(x: f32, near: f32, whole: bool): f32 {
    if (!(x >= FAR && x < Infinity)) return near;
    const turns = Far.turns(x);
    const quadrant = (turns + (<i64>1 << 61)) >> 62;
    if (whole) return reinterpret<f32>(<i32>quadrant);
    return <f32>(<f64>(turns - (quadrant << 62)) * 3.4061215800865545e-19);
  }

  static parts(a: v128, near: v128, whole: bool): v128 {
    let y = near;
    y = f32x4.replace_lane(y, 0, Far.part(f32x4.extract_lane(a, 0), f32x4.extract_lane(near, 0), whole));
    y = f32x4.replace_lane(y, 1, Far.part(f32x4.extract_lane(a, 1), f32x4.extract_lane(near, 1), whole));
    y = f32x4.replace_lane(y, 2, Far.part(f32x4.extract_lane(a, 2), f32x4.extract_lane(near, 2), whole));
    return f32x4.replace_lane(y, 3, Far.part(f32x4.extract_lane(a, 3), f32x4.extract_lane(near, 3), whole));
  }
}

/** sin(|x| + shift pi/2), the angle reduced in f64. Error: 1.6 ulp, or 4e-9 where 1.6e6 < |x| < 2^25 and y is small. */
class Wave {
  @inline static vec(x: v128, shift: i32): v128 {
    const a = f32x4.abs(x);
    const low = f64x2.promote_low_f32x4(a);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(a, a, 2, 3, 2, 3));
    const lowTurns = Wave.turns(low);
    const highTurns = Wave.turns(high);
    const lowAngle = f32x4.demote_f64x2_zero(Wave.remainder(low, lowTurns));
    const highAngle = f32x4.demote_f64x2_zero(Wave.remainder(high, highTurns));
    let r = v128.shuffle<i32>(lowAngle, highAngle, 0, 1, 4, 5);
    let whole = v128.shuffle<i32>(lowTurns, highTurns, 0, 2, 4, 6);
    if (v128.any_true(f32x4.ge(a, f32x4.splat(FAR)))) {
      r = Far.parts(a, r, false);
      whole = Far.parts(a, whole, true);
    }
    const quadrant = i32x4.add(whole, i32x4.splat(shift));
    const u = f32x4.mul(r, r);
    const u2 = f32x4.mul(u, u);
    const s = Polynomial.of3(u, u2, SINE);
    const c = Polynomial.of3(u, u2, COSINE);
    const sin = Fma.vec(f32x4.mul(r, u), s, r);
    const cos = Fma.vec(u2, c, Fma.vec(u, Constant.at(MINUS_HALF), Constant.at(ONE)));
    const odd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
    const sign = i32x4.shl(i32x4.shr_u(quadrant, 1), 31);
    return v128.xor(v128.bitselect(cos, sin, odd), sign);
  }

  /** x 2/pi, rounded to an integer in the low bits. */
  @inline private static turns(x: v128): v128 {
    return Fma64.vec(x, f64x2.splat(0.6366197723675814), f64x2.splat(6755399441055744));
  }

  @inline private static remainder(x: v128, turns: v128): v128 {
    const n = f64x2.sub(turns, f64x2.splat(6755399441055744));
    return Fma64.vec(n, f64x2.splat(-6.077100506506192e-11), Fma64.vec(n, f64x2.splat(-1.5707963267341256), x));
  }
}

export class Sin {
  @inline static vec(x: v128): v128 {
    return v128.xor(Wave.vec(x, 0), v128.and(x, i32x4.splat(0x80000000)));
  }
}

export class Cos {
  @inline static vec(x: v128): v128 { return Wave.vec(x, 1); }
}

/** tan x, as sin x / cos x; too long to inline. Error: 3.7 ulp. */
export class Tan {
  static vec(x: v128): v128 { return f32x4.div(Sin.vec(x), Cos.vec(x)); }
}

/** x^y = 2^(y log2 |x|) in f64, then the special cases of Math.pow; too long to inline. Error: 0.54 ulp. */
export class Pow {
  static vec(x: v128, y: v128): v128 {
    const a = f32x4.abs(x);
    const low = Pow.positive(a, y);
    const high = Pow.positive(v128.shuffle<i32>(a, a, 2, 3, 2, 3), v128.shuffle<i32>(y, y, 2, 3, 2, 3));
    const power = v128.shuffle<i32>(low, high, 0, 1, 4, 5);

    const zero = f32x4.splat(0);
    const infinity = f32x4.splat(Infinity);
    // 0 and infinity are unchanged, or become each other if y < 0: their bits differ by those of infinity.
    const edge = v128.or(f32x4.eq(a, zero), f32x4.eq(a, infinity));
    const one = Constant.at(ONE);
    const flipped = v128.xor(a, v128.and(f32x4.lt(y, zero), infinity));
    // 1 is unchanged, whatever y.
    const magnitude = v128.bitselect(one, v128.bitselect(flipped, power, edge), f32x4.eq(a, one));

    const half = f32x4.mul(y, Constant.at(HALF));
    const fractional = f32x4.ne(f32x4.trunc(y), y);
    const odd = v128.andnot(f32x4.ne(f32x4.trunc(half), half), fractional);
    const signed = v128.or(magnitude, v128.and(v128.and(x, odd), i32x4.splat(0x80000000)));

    const complex = v128.andnot(v128.and(f32x4.lt(x, zero), fractional), edge);
    const unknown = v128.or(complex, v128.or(f32x4.ne(x, x), f32x4.ne(y, y)));
    return v128.bitselect(one, v128.or(signed, unknown), v128.or(f32x4.eq(y, zero), f32x4.eq(x, one)));
  }

  /** x^y of the lower two lanes, for finite x > 0. */
  private static positive(x: v128, y: v128): v128 {
    // x = 2^e m with m in [sqrt(1/2), sqrt(2)); log2 m = s P(s^2) with s = (m - 1) / (m + 1).
    const shifted = i64x2.sub(f64x2.promote_low_f32x4(x), i64x2.splat(0x3fe6a09e667f3bcd));
    const exponent = i64x2.shr_u(i64x2.add(shifted, i64x2.splat(0x3ff0000000000000)), 52);
    const e = f64x2.sub(v128.or(exponent, f64x2.splat(4503599627370496)), f64x2.splat(4503599627371519));
    const m = i64x2.add(v128.and(shifted, i64x2.splat(0xfffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd));
    const s = f64x2.div(f64x2.sub(m, f64x2.splat(1)), f64x2.add(m, f64x2.splat(1)));
    const z = f64x2.mul(s, s);
    let p = Fma64.vec(z, f64x2.splat(0.340730134839202), f64x2.splat(0.41167271786179327));
    p = Fma64.vec(z, p, f64x2.splat(0.5770835849800819));
    p = Fma64.vec(z, p, f64x2.splat(0.9617966733416922));
    p = Fma64.vec(z, p, f64x2.splat(2.8853900817900864));
    const log = Fma64.vec(s, p, e);

    // 2^w = 2^n 2^r with r in [-1/2, 1/2]: adding 1.5 * 2^52 + 1023 rounds to n, its exponent field in the low bits.
    const unbounded = f64x2.mul(f64x2.promote_low_f32x4(y), log);
    const w = f64x2.pmax(f64x2.pmin(unbounded, f64x2.splat(130)), f64x2.splat(-160));
    const biased = f64x2.add(w, f64x2.splat(6755399441056767));
    const r = f64x2.sub(w, f64x2.sub(biased, f64x2.splat(6755399441056767)));
    let q = Fma64.vec(r, f64x2.splat(0.0001534570231937031), f64x2.splat(0.001339996784763166));
    q = Fma64.vec(r, q, f64x2.splat(0.009618488885584055));
    q = Fma64.vec(r, q, f64x2.splat(0.05550328713133249));
    q = Fma64.vec(r, q, f64x2.splat(0.24022646887186921));
    q = Fma64.vec(r, q, f64x2.splat(0.6931472057665151));
    q = Fma64.vec(r, q, f64x2.splat(1.0000000005549465));
    return f32x4.demote_f64x2_zero(f64x2.mul(q, i64x2.shl(biased, 52)));
  }
}
