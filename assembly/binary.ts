// Arithmetic of two operands, element by element, with broadcasting. y is [planes, rows, columns]; an operand spans
// some of these axes (bits of its `spans`: 1 columns, 2 rows, 4 planes) and is repeated along the others; `value`
// stands for an absent one. The unit of every kernel is an element of y.
import { InEach, OptionalInEach, OutEach } from "./signature";
import { Binary, Elements } from "./simd/lanes";
import * as math from "./simd/math";

@unmanaged
class Add extends Binary {
  @inline vec(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}

/** y = a + b */
export function add_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Add, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

/** y = a + b, of one shape: the sum of two gradients */
export function accumulate_f32(y: OutEach<f32>, a: InEach<f32>, b: InEach<f32>, begin: i32, end: i32): void {
  Elements.zip<Add>(y, a, b, begin, end);
}

@unmanaged
class Sub extends Binary {
  @inline vec(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}

/** y = a - b */
export function sub_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Sub, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Mul extends Binary {
  @inline vec(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}

/** y = a b */
export function mul_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Mul, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Div extends Binary {
  @inline vec(a: v128, b: v128): v128 { return f32x4.div(a, b); }
}

/** y = a / b */
export function div_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Div, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Pow extends Binary {
  @inline vec(a: v128, b: v128): v128 { return math.Pow.vec(a, b); }
}

/** y = a^b, as Math.pow has it */
export function pow_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Pow, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Maximum extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.or(f32x4.pmax(a, b), f32x4.ne(b, b)); }
}

/** y = max(a, b), NaN if either is */
export function maximum_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Maximum, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class Minimum extends Binary {
  @inline vec(a: v128, b: v128): v128 { return v128.or(f32x4.pmin(a, b), f32x4.ne(b, b)); }
}

/** y = min(a, b), NaN if either is */
export function minimum_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<Minimum, f32>(y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class AddI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.add(a, b); }
}

/** y = a + b, modulo 2^32 */
export function add_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<AddI32, i32>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class SubI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.sub(a, b); }
}

/** y = a - b, modulo 2^32 */
export function sub_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<SubI32, i32>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class MulI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.mul(a, b); }
}

/** y = a b, modulo 2^32 */
export function mul_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<MulI32, i32>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class MaximumI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.max_s(a, b); }
}

/** y = max(a, b) */
export function maximum_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<MaximumI32, i32>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}

@unmanaged
class MinimumI32 extends Binary {
  @inline vec(a: v128, b: v128): v128 { return i32x4.min_s(a, b); }
}

/** y = min(a, b) */
export function minimum_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<MinimumI32, i32>(y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end);
}
