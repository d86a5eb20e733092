// Elementary functions on four floats at a time: the building blocks of the elementwise, softmax and norm kernels.
// Each class is one function; `vec` handles its special values, and NaN in any lane gives NaN in that lane.
// The coefficients are minimax fits, rounded to f32 one after the other with the rest refitted.
import { Fma } from "./fma";

/**
 * e^x: r = x - m 2ln2, e^r by a polynomial on [-ln2, ln2], then times 2^m twice, so that even denormal results and the
 * last binade before infinity come out right.
 */
export class Exp {
  @inline static vec(x: v128): v128 {
    // Below -176, 2^m becomes a true zero; above 89 the result overflows. The operand order of pmin and pmax keeps NaN.
    const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-176));
    // Adding 1.5 * 2^23 + 127 rounds to an integer and leaves m + 127, the exponent field of 2^m, in the low bits.
    const magic = f32x4.splat(12583039);
    const biased = Fma.vec(bounded, f32x4.splat(0.7213475108146667), magic);
    const m = f32x4.sub(biased, magic);
    const r = Fma.negative(m, f32x4.splat(2.857213530660374e-6), Fma.negative(m, f32x4.splat(1.38629150390625), bounded));
    const r2 = f32x4.mul(r, r);
    let p = Fma.vec(f32x4.splat(0.000196377543034032), r, f32x4.splat(0.0014106627786532044));
    p = Fma.vec(p, r2, Fma.vec(f32x4.splat(0.008335936814546585), r, f32x4.splat(0.041661154478788376)));
    p = Fma.vec(p, r2, Fma.vec(f32x4.splat(0.1666661649942398), r, f32x4.splat(0.5000003576278687)));
    p = Fma.vec(p, r2, f32x4.add(r, f32x4.splat(1)));
    const power = i32x4.shl(biased, 23);
    return f32x4.mul(f32x4.mul(p, power), power);
  }
}

/** ln x: x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), ln(1 + f) by a polynomial. ln 0 is -inf, ln(-1) NaN. */
export class Log {
  @inline static vec(x: v128): v128 {
    const denormal = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
    const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, denormal);
    const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
    const exponent = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(denormal, i32x4.splat(23)));
    const mantissa = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
    return Log.special(x, Log.sum(f32x4.convert_i32x4_s(exponent), f32x4.sub(mantissa, f32x4.splat(1))));
  }

  /** e ln2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1). */
  @inline static sum(e: v128, f: v128): v128 {
    const f2 = f32x4.mul(f, f);
    let p = Fma.vec(f32x4.splat(-0.1315649002790451), f, f32x4.splat(0.14200909435749054));
    p = Fma.vec(Fma.vec(f32x4.splat(-0.07621138542890549), f, f32x4.splat(0.12751099467277527)), f2, p);
    p = Fma.vec(p, f2, Fma.vec(f32x4.splat(-0.1662334948778152), f, f32x4.splat(0.20001260936260223)));
    p = Fma.vec(p, f2, Fma.vec(f32x4.splat(-0.250008225440979), f, f32x4.splat(0.3333333134651184)));
    p = f32x4.mul(f2, Fma.vec(p, f, f32x4.splat(-0.5)));
    const tail = f32x4.add(f, Fma.vec(e, f32x4.splat(1.428606765330187e-6), p));
    return Fma.vec(e, f32x4.splat(0.693145751953125), tail);
  }

  /** `y`, except where x is 0, negative, infinite or NaN. */
  @inline static special(x: v128, y: v128): v128 {
    const finite = v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity)));
    const zero = f32x4.splat(0);
    return v128.bitselect(f32x4.splat(-Infinity), v128.or(finite, f32x4.lt(x, zero)), f32x4.eq(x, zero));
  }
}
