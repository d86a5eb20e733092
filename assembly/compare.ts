// Comparisons, logic, selection and conversion. Comparisons broadcast like the arithmetic of binary.ts. A bool is a
// byte 0 or 1. The unit of every kernel is an element.
import { InEach, OptionalInEach, OutEach } from "./signature";
import { Binary, Elements, Unary } from "./simd/lanes";

@unmanaged
class Equal extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(f32x4.eq(a, b), 31); }
}

/** y = a == b */
export function equal_f32(
  y: OutEach<u8>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Equal, u8>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class NotEqual extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(f32x4.ne(a, b), 31); }
}

/** y = a != b */
export function not_equal_f32(
  y: OutEach<u8>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<NotEqual, u8>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Less extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(f32x4.lt(a, b), 31); }
}

/** y = a < b */
export function less_f32(
  y: OutEach<u8>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Less, u8>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class LessEqual extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(f32x4.le(a, b), 31); }
}

/** y = a <= b */
export function less_equal_f32(
  y: OutEach<u8>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<LessEqual, u8>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class EqualI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(i32x4.eq(a, b), 31); }
}

/** y = a == b */
export function equal_i32(
  y: OutEach<u8>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<EqualI32, u8>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class NotEqualI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(i32x4.ne(a, b), 31); }
}

/** y = a != b */
export function not_equal_i32(
  y: OutEach<u8>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<NotEqualI32, u8>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class LessI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(i32x4.lt_s(a, b), 31); }
}

/** y = a < b */
export function less_i32(
  y: OutEach<u8>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<LessI32, u8>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class LessEqualI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.shr_u(i32x4.le_s(a, b), 31); }
}

/** y = a <= b */
export function less_equal_i32(
  y: OutEach<u8>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<LessEqualI32, u8>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

/** Loops over bytes, sixteen at a time. */
class Bytes {
  /** y = op(a, b) */
  static zip<Op extends Binary>(y: usize, a: usize, b: usize, begin: i32, end: i32): void {
    const op = changetype<Op>(<usize>0);
    const stop = y + <usize>end;
    y += <usize>begin;
    a += <usize>begin;
    b += <usize>begin;
    for (; y + 16 <= stop; y += 16, a += 16, b += 16) v128.store(y, op.vec(v128.load(a), v128.load(b)));
    for (; y < stop; y++, a++, b++) v128.store8_lane(y, op.vec(v128.load8_splat(a), v128.load8_splat(b)), 0);
  }

  /** The four bytes at x as i32. */
  @inline static four(x: usize): v128 {
    return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));
  }

  /** y = op(x), of bytes that become i32 */
  static widen<Op extends Unary>(y: usize, x: usize, begin: i32, end: i32): void {
    const op = changetype<Op>(<usize>0);
    const stop = x + <usize>end;
    x += <usize>begin;
    y += <usize>begin << 2;
    for (; x + 8 <= stop; x += 8, y += 32) {
      v128.store(y, op.vec(Bytes.four(x)));
      v128.store(y, op.vec(Bytes.four(x + 4)), 16);
    }
    for (; x < stop; x++, y += 4) v128.store32_lane(y, op.vec(i32x4.splat(<i32>load<u8>(x))), 0);
  }
}

@unmanaged
class And extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.and(a, b); }
}

/** y = a and b */
export function logical_and_u8(y: OutEach<u8>, a: InEach<u8>, b: InEach<u8>, begin: i32, end: i32): void {
  Bytes.zip<And>(y, a, b, begin, end);
}

@unmanaged
class Or extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.or(a, b); }
}

/** y = a or b */
export function logical_or_u8(y: OutEach<u8>, a: InEach<u8>, b: InEach<u8>, begin: i32, end: i32): void {
  Bytes.zip<Or>(y, a, b, begin, end);
}

@unmanaged
class Xor extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.xor(a, b); }
}

/** y = either a or b */
export function logical_xor_u8(y: OutEach<u8>, a: InEach<u8>, b: InEach<u8>, begin: i32, end: i32): void {
  Bytes.zip<Xor>(y, a, b, begin, end);
}

@unmanaged
class Not extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.xor(a, i8x16.splat(1)); }
}

/** y = not x */
export function logical_not_u8(y: OutEach<u8>, x: InEach<u8>, begin: i32, end: i32): void {
  Bytes.zip<Not>(y, x, x, begin, end);
}

/** y = a where the condition holds, else b; `aBits` and `bBits` stand for an absent a or b */
export function where_u32(
  y: OutEach<u32>, condition: InEach<u8>, a: OptionalInEach<u32>, b: OptionalInEach<u32>,
  aBits: i32, bBits: i32, begin: i32, end: i32,
): void {
  const aStep: usize = a ? 4 : 0;
  const bStep: usize = b ? 4 : 0;
  let from: v128 = i32x4.splat(aBits);
  let other: v128 = i32x4.splat(bBits);
  const stop = condition + <usize>end;
  condition += <usize>begin;
  y += <usize>begin << 2;
  a += <usize>begin * aStep;
  b += <usize>begin * bStep;
  for (; condition + 4 <= stop; condition += 4, y += 16, a += aStep << 2, b += bStep << 2) {
    if (aStep) from = v128.load(a);
    if (bStep) other = v128.load(b);
    v128.store(y, v128.bitselect(other, from, i32x4.eq(Bytes.four(condition), i32x4.splat(0))));
  }
  for (; condition < stop; condition++, y += 4, a += aStep, b += bStep) {
    if (load<u8>(condition)) store<i32>(y, aStep ? load<i32>(a) : aBits);
    else store<i32>(y, bStep ? load<i32>(b) : bBits);
  }
}

@unmanaged
class Same extends Unary {
  @inline vec(x: v128): v128 { return x; }
}

@unmanaged
class ToFloat extends Unary {
  @inline vec(x: v128): v128 { return f32x4.convert_i32x4_s(x); }
}

@unmanaged
class ToInteger extends Unary {
  @inline vec(x: v128): v128 { return i32x4.trunc_sat_f32x4_s(x); }
}

/** y = x, rounded to the nearest float */
export function cast_i32_f32(y: OutEach<f32>, x: InEach<i32>, begin: i32, end: i32): void {
  Elements.map<ToFloat>(y, x, begin, end);
}

/** y = x without its fraction, clamped to the integers' range; NaN gives 0 */
export function cast_f32_i32(y: OutEach<i32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<ToInteger>(y, x, begin, end);
}

/** y = x */
export function cast_u8_f32(y: OutEach<f32>, x: InEach<u8>, begin: i32, end: i32): void {
  Bytes.widen<ToFloat>(y, x, begin, end);
}

/** y = x * scale in f64, rounded once; `low` and `high` are the halves of the scale's bits */
export function scale_u8_f32(
  y: OutEach<f32>, x: InEach<u8>, low: i32, high: i32, begin: i32, end: i32,
): void {
  const one = reinterpret<f64>((<u64>high << 32) | <u64><u32>low);
  const scale = f64x2.splat(one);
  const stop = x + <usize>end;
  x += <usize>begin;
  y += <usize>begin << 2;
  for (; x + 4 <= stop; x += 4, y += 16) {
    const four = Bytes.four(x);
    const upper = v128.shuffle<i32>(four, four, 2, 3, 2, 3);
    const first = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.convert_low_i32x4_u(four), scale));
    const second = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.convert_low_i32x4_u(upper), scale));
    v128.store(y, v128.shuffle<i64>(first, second, 0, 2));
  }
  for (; x < stop; x++, y += 4) store<f32>(y, <f32>(<f64>load<u8>(x) * one));
}

/** y = x */
export function cast_u8_i32(y: OutEach<i32>, x: InEach<u8>, begin: i32, end: i32): void {
  Bytes.widen<Same>(y, x, begin, end);
}

/** y = x without its fraction, clamped to 0..255; NaN gives 0 */
export function cast_f32_u8(y: OutEach<u8>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<ToInteger, u8>(y, x, begin, end);
}

/** y = x, clamped to 0..255 */
export function cast_i32_u8(y: OutEach<u8>, x: InEach<i32>, begin: i32, end: i32): void {
  Elements.map<Same, u8>(y, x, begin, end);
}
