// Functions of one number, and their gradients. The unit of every kernel is an element. A gradient
// kernel takes dy and what the forward kernel read (x) or wrote (y), whichever is enough. For errors see simd/math.ts.
import { InEach, OutEach } from "./signature";
import { Binary, Elements, Ternary, Unary } from "./simd/lanes";
import * as math from "./simd/math";

@unmanaged
class Neg extends Unary {
  @inline vec(x: v128): v128 { return f32x4.neg(x); }
}

/** y = -x */
export function neg_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Neg>(y, x, begin, end);
}

@unmanaged
class Abs extends Unary {
  @inline vec(x: v128): v128 { return f32x4.abs(x); }
}

/** y = |x| */
export function abs_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Abs>(y, x, begin, end);
}

@unmanaged
class Sign extends Unary {
  @inline vec(x: v128): v128 {
    const one = v128.or(v128.and(x, i32x4.splat(0x80000000)), f32x4.splat(1));
    return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
  }
}

/** y = -1 or 1 by the sign of x; 0, -0 and NaN are unchanged */
export function sign_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Sign>(y, x, begin, end);
}

@unmanaged
class Floor extends Unary {
  @inline vec(x: v128): v128 { return f32x4.floor(x); }
}

/** y = the greatest integer not above x */
export function floor_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Floor>(y, x, begin, end);
}

@unmanaged
class Ceil extends Unary {
  @inline vec(x: v128): v128 { return f32x4.ceil(x); }
}

/** y = the smallest integer not below x */
export function ceil_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Ceil>(y, x, begin, end);
}

@unmanaged
class Round extends Unary {
  @inline vec(x: v128): v128 { return f32x4.nearest(x); }
}

/** y = the integer nearest to x, the even one of two */
export function round_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Round>(y, x, begin, end);
}

@unmanaged
class Trunc extends Unary {
  @inline vec(x: v128): v128 { return f32x4.trunc(x); }
}

/** y = x without its fraction */
export function trunc_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Trunc>(y, x, begin, end);
}

@unmanaged
class Sqrt extends Unary {
  @inline vec(x: v128): v128 { return f32x4.sqrt(x); }
}

/** y = sqrt(x) */
export function sqrt_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Sqrt>(y, x, begin, end);
}

@unmanaged
class Square extends Unary {
  @inline vec(x: v128): v128 { return f32x4.mul(x, x); }
}

/** y = x^2 */
export function square_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Square>(y, x, begin, end);
}

@unmanaged
class Reciprocal extends Unary {
  @inline vec(x: v128): v128 { return f32x4.div(f32x4.splat(1), x); }
}

/** y = 1 / x */
export function reciprocal_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Reciprocal>(y, x, begin, end);
}

@unmanaged
class Rsqrt extends Unary {
  @inline vec(x: v128): v128 { return f32x4.div(f32x4.splat(1), f32x4.sqrt(x)); }
}

/** y = 1 / sqrt(x) */
export function rsqrt_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Rsqrt>(y, x, begin, end);
}

@unmanaged
class Exp extends Unary {
  @inline vec(x: v128): v128 { return math.Exp.vec(x); }
}

/** y = e^x */
export function exp_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Exp>(y, x, begin, end);
}

@unmanaged
class Log extends Unary {
  @inline vec(x: v128): v128 { return math.Log.vec(x); }
}

/** y = ln x */
export function log_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Log>(y, x, begin, end);
}

@unmanaged
class Log1p extends Unary {
  @inline vec(x: v128): v128 { return math.Log1p.vec(x); }
}

/** y = ln(1 + x) */
export function log1p_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Log1p>(y, x, begin, end);
}

@unmanaged
class Sin extends Unary {
  @inline vec(x: v128): v128 { return math.Sin.vec(x); }
}

/** y = sin x */
export function sin_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Sin>(y, x, begin, end);
}

@unmanaged
class Cos extends Unary {
  @inline vec(x: v128): v128 { return math.Cos.vec(x); }
}

/** y = cos x */
export function cos_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Cos>(y, x, begin, end);
}

@unmanaged
class Erf extends Unary {
  @inline vec(x: v128): v128 { return math.Erf.vec(x); }
}

/** y = erf x */
export function erf_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Erf>(y, x, begin, end);
}

@unmanaged
class Sigmoid extends Unary {
  @inline vec(x: v128): v128 { return math.Sigmoid.vec(x); }
}

/** y = 1 / (1 + e^-x) */
export function sigmoid_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Sigmoid>(y, x, begin, end);
}

@unmanaged
class SigmoidGrad extends Binary {
  @inline vec(dy: v128, y: v128): v128 { return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(math.Constant.at(math.ONE), y)); }
}

/** dx = dy y (1 - y) */
export function sigmoid_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, y: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<SigmoidGrad>(dx, dy, y, begin, end);
}

@unmanaged
class Tanh extends Unary {
  @inline vec(x: v128): v128 { return math.Tanh.vec(x); }
}

/** y = tanh x */
export function tanh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Tanh>(y, x, begin, end);
}

@unmanaged
class TanhGrad extends Binary {
  @inline vec(dy: v128, y: v128): v128 {
    const one = math.Constant.at(math.ONE);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

/** dx = dy (1 - y^2) */
export function tanh_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, y: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<TanhGrad>(dx, dy, y, begin, end);
}

@unmanaged
class Relu extends Unary {
  @inline vec(x: v128): v128 { return f32x4.pmax(x, f32x4.splat(0)); }
}

/** y = max(x, 0) */
export function relu_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Relu>(y, x, begin, end);
}

@unmanaged
class ReluGrad extends Binary {
  @inline vec(dy: v128, y: v128): v128 { return v128.andnot(dy, f32x4.le(y, f32x4.splat(0))); }
}

/** dx = dy where y > 0, else 0 */
export function relu_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, y: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<ReluGrad>(dx, dy, y, begin, end);
}

@unmanaged
class Softplus extends Unary {
  @inline vec(x: v128): v128 { return math.Softplus.vec(x); }
}

/** y = ln(1 + e^x) */
export function softplus_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Softplus>(y, x, begin, end);
}

@unmanaged
class SoftplusGrad extends Binary {
  @inline vec(dy: v128, x: v128): v128 { return f32x4.mul(dy, math.Sigmoid.vec(x)); }
}

/** dx = dy sigmoid(x) */
export function softplus_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<SoftplusGrad>(dx, dy, x, begin, end);
}

// The following are x times a factor that vanishes: x is bounded where the factor is 0 in f32, or -infinity gave NaN.

@unmanaged
class Silu extends Unary {
  @inline vec(x: v128): v128 { return f32x4.mul(f32x4.pmax(x, f32x4.splat(-110)), math.Sigmoid.vec(x)); }
}

/** y = x sigmoid(x); error 4.1 ulp */
export function silu_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Silu>(y, x, begin, end);
}

@unmanaged
class SiluGrad extends Binary {
  @inline vec(dy: v128, x: v128): v128 {
    const one = math.Constant.at(math.ONE);
    const s = math.Sigmoid.vec(x);
    const slope = f32x4.add(one, f32x4.mul(math.Clamp.vec(x, 110), f32x4.sub(one, s)));
    return f32x4.mul(dy, f32x4.mul(s, slope));
  }
}

/** dx = dy s (1 + x (1 - s)) with s = sigmoid(x) */
export function silu_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<SiluGrad>(dx, dy, x, begin, end);
}

/** 1 / sqrt(2 pi) */
const DENSITY = memory.data<f32>([0.3989422804]);

@unmanaged
class Gelu extends Unary {
  @inline vec(x: v128): v128 {
    // x times the tail beyond |x|: with x first, no factor is denormal before the result is.
    const tail = f32x4.mul(f32x4.mul(math.Clamp.vec(x, 18), math.Normal.bell(x)), math.Normal.tailRatio(x));
    return v128.bitselect(f32x4.sub(x, tail), tail, f32x4.gt(x, f32x4.splat(0)));
  }
}

/** y = x P(x) with the standard normal distribution P(x) = (1 + erf(x / sqrt(2))) / 2; error 6.1 ulp */
export function gelu_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Gelu>(y, x, begin, end);
}

@unmanaged
class GeluGrad extends Binary {
  @inline vec(dy: v128, x: v128): v128 {
    const bell = math.Normal.bell(x);
    const density = f32x4.mul(bell, math.Constant.at(DENSITY));
    return f32x4.mul(dy, f32x4.add(math.Normal.cumulative(x, bell), f32x4.mul(math.Clamp.vec(x, 18), density)));
  }
}

/** dx = dy (P(x) + x p(x)) with the normal density p(x) = e^(-x^2 / 2) / sqrt(2 pi) */
export function gelu_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<GeluGrad>(dx, dy, x, begin, end);
}

/** 2 sqrt(2 / pi), then that times 0.044715 and three times so much. */
const TANH_SLOPE = memory.data<f32>([1.5957691216]);
const TANH_BEND = memory.data<f32>([0.0713548162726]);
const TANH_BEND_GRAD = memory.data<f32>([0.2140644488178]);

/** GELU's approximation x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3), which is x (1 + tanh u) / 2. */
class GeluTanhGate {
  /** sigmoid(2u) */
  @inline static vec(x: v128): v128 {
    const x2 = f32x4.mul(x, x);
    const slope = f32x4.add(math.Constant.at(TANH_SLOPE), f32x4.mul(x2, math.Constant.at(TANH_BEND)));
    return math.Sigmoid.vec(f32x4.mul(x, slope));
  }
}

@unmanaged
class GeluTanh extends Unary {
  @inline vec(x: v128): v128 {
    // Beyond 12.5 the gate is 0 or 1 in f32.
    const bounded = math.Clamp.vec(x, 12.5);
    const low = GeluTanh.angle(f64x2.promote_low_f32x4(bounded));
    const high = GeluTanh.angle(f64x2.promote_low_f32x4(v128.shuffle<i32>(bounded, bounded, 2, 3, 2, 3)));
    const head = GeluTanh.join(low, high);
    const lowTail = f64x2.sub(low, f64x2.promote_low_f32x4(head));
    const highTail = f64x2.sub(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(head, head, 2, 3, 2, 3)));
    const tail = GeluTanh.join(lowTail, highTail);

    const biased = math.Exp.exponent(head);
    const power = math.Exp.polynomial(f32x4.add(math.Exp.remainder(head, biased), tail));
    const small = math.Exp.scaled(f32x4.mul(bounded, power), biased);
    const numerator = v128.bitselect(x, small, f32x4.gt(x, f32x4.splat(0)));
    return f32x4.div(numerator, f32x4.add(math.Exp.scaled(power, biased), math.Constant.at(math.ONE)));
  }

  /** -|2u| in f64: an error of one ulp in 80 would be one of 80 ulp in the result. */
  @inline private static angle(x: v128): v128 {
    const bend = f64x2.mul(f64x2.mul(x, x), f64x2.splat(0.07135481627260025));
    const slope = f64x2.add(f64x2.splat(1.5957691216057308), bend);
    return f64x2.neg(f64x2.abs(f64x2.mul(x, slope)));
  }

  @inline private static join(low: v128, high: v128): v128 {
    return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  }
}

/** y = x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), as x e^min(2u, 0) / (1 + e^-|2u|); error 3.5 ulp */
export function gelu_tanh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<GeluTanh>(y, x, begin, end);
}

@unmanaged
class GeluTanhGrad extends Binary {
  @inline vec(dy: v128, x: v128): v128 {
    const one = math.Constant.at(math.ONE);
    const bounded = math.Clamp.vec(x, 14);
    const s = GeluTanhGate.vec(x);
    const x2 = f32x4.mul(bounded, bounded);
    const slope = f32x4.add(math.Constant.at(TANH_SLOPE), f32x4.mul(x2, math.Constant.at(TANH_BEND_GRAD)));
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(bounded, f32x4.mul(f32x4.sub(one, s), slope)))));
  }
}

/** dx = dy s (1 + x (1 - s) 2u') with s = sigmoid(2u) and y = x s */
export function gelu_tanh_grad_f32(dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<GeluTanhGrad>(dx, dy, x, begin, end);
}

@unmanaged
class LeakyRelu extends Binary {
  @inline vec(x: v128, slope: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, f32x4.splat(0)));
  }
}

/** y = x where x > 0, else slope x */
export function leaky_relu_f32(y: OutEach<f32>, x: InEach<f32>, slope: f32, begin: i32, end: i32): void {
  Elements.mapWith<LeakyRelu>(y, x, f32x4.splat(slope), begin, end);
}

@unmanaged
class LeakyReluGrad extends Ternary {
  @inline vec(dy: v128, x: v128, slope: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, slope), f32x4.gt(x, f32x4.splat(0)));
  }
}

/** dx = dy where x > 0, else slope dy */
export function leaky_relu_grad_f32(
  dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, slope: f32, begin: i32, end: i32,
): void {
  Elements.zipWith<LeakyReluGrad>(dx, dy, x, f32x4.splat(slope), begin, end);
}

@unmanaged
class Elu extends Binary {
  @inline vec(x: v128, alpha: v128): v128 {
    return v128.bitselect(x, f32x4.mul(alpha, math.Expm1.vec(x)), f32x4.ge(x, f32x4.splat(0)));
  }
}

/** y = x where x >= 0, else alpha (e^x - 1); error 1.7 ulp */
export function elu_f32(y: OutEach<f32>, x: InEach<f32>, alpha: f32, begin: i32, end: i32): void {
  Elements.mapWith<Elu>(y, x, f32x4.splat(alpha), begin, end);
}

@unmanaged
class EluGrad extends Ternary {
  @inline vec(dy: v128, x: v128, alpha: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.mul(alpha, math.Exp.vec(x))), f32x4.gt(x, f32x4.splat(0)));
  }
}

/** dx = dy where x > 0, else dy alpha e^x */
export function elu_grad_f32(
  dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, alpha: f32, begin: i32, end: i32,
): void {
  Elements.zipWith<EluGrad>(dx, dy, x, f32x4.splat(alpha), begin, end);
}

/** Two numbers in one vector of constants: lanes 0 and 1. */
class Bounds {
  @inline static of(lowest: f32, highest: f32): v128 { return f32x4.replace_lane(f32x4.splat(lowest), 1, highest); }
  @inline static lowest(bounds: v128): v128 { return v128.shuffle<i32>(bounds, bounds, 0, 0, 0, 0); }
  @inline static highest(bounds: v128): v128 { return v128.shuffle<i32>(bounds, bounds, 1, 1, 1, 1); }
}

@unmanaged
class Clip extends Binary {
  @inline vec(x: v128, bounds: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, Bounds.lowest(bounds)), Bounds.highest(bounds));
  }
}

/** y = min(max(x, lowest), highest) */
export function clip_f32(y: OutEach<f32>, x: InEach<f32>, lowest: f32, highest: f32, begin: i32, end: i32): void {
  Elements.mapWith<Clip>(y, x, Bounds.of(lowest, highest), begin, end);
}

@unmanaged
class ClipGrad extends Ternary {
  @inline vec(dy: v128, x: v128, bounds: v128): v128 {
    return v128.and(dy, v128.and(f32x4.ge(x, Bounds.lowest(bounds)), f32x4.le(x, Bounds.highest(bounds))));
  }
}

/** dx = dy where lowest <= x <= highest, else 0 */
export function clip_grad_f32(
  dx: OutEach<f32>, dy: InEach<f32>, x: InEach<f32>, lowest: f32, highest: f32, begin: i32, end: i32,
): void {
  Elements.zipWith<ClipGrad>(dx, dy, x, Bounds.of(lowest, highest), begin, end);
}
