// Transcendental functions beyond those of elementwise.ts, and what else is computed in f64: angles, hyperbolic
// functions and their inverses, division with a remainder. The unit of every kernel is an element. For errors see
// simd/math64.ts; for the parameters of functions of two numbers see binary.ts.
import { InEach, OptionalInEach, OutEach } from "./signature";
import { Elements, Unary } from "./simd/lanes";
import * as math from "./simd/math";
import * as wide from "./simd/math64";

@unmanaged
class Tan extends Unary {
  @inline vec(x: v128): v128 { return math.Tan.vec(x); }
}

/** y = tan x */
export function tan_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<Tan>(y, x, begin, end);
}

/** y = asin x, from -pi/2 to pi/2; NaN where |x| > 1 */
export function asin_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Asin>>(y, x, begin, end);
}

/** y = acos x, from 0 to pi; NaN where |x| > 1 */
export function acos_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Acos>>(y, x, begin, end);
}

/** y = atan x, from -pi/2 to pi/2 */
export function atan_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Atan>>(y, x, begin, end);
}

/** y = sinh x */
export function sinh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Sinh>>(y, x, begin, end);
}

/** y = cosh x */
export function cosh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Cosh>>(y, x, begin, end);
}

/** y = asinh x */
export function asinh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Asinh>>(y, x, begin, end);
}

/** y = acosh x; NaN where x < 1 */
export function acosh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Acosh>>(y, x, begin, end);
}

/** y = atanh x; NaN where |x| > 1 */
export function atanh_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Atanh>>(y, x, begin, end);
}

/** y = e^x - 1 */
export function expm1_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Wide<wide.Expm1>>(y, x, begin, end);
}

/** y = 1 - erf x */
export function erfc_f32(y: OutEach<f32>, x: InEach<f32>, begin: i32, end: i32): void {
  Elements.map<wide.Erfc>(y, x, begin, end);
}

/** y = the angle of the point (b, a), from -pi to pi */
export function atan2_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.WideBinary<wide.Atan2>, f32>(
    y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = sqrt(a^2 + b^2) */
export function hypot_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.WideBinary<wide.Hypot>, f32>(
    y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = ln(e^a + e^b) */
export function log_add_exp_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.WideBinary<wide.LogAddExp>, f32>(
    y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = a - floor(a / b) b */
export function mod_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.WideBinary<wide.Mod>, f32>(
    y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = floor(a / b) */
export function floor_divide_f32(
  y: OutEach<f32>, a: OptionalInEach<f32>, b: OptionalInEach<f32>, value: f32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.WideBinary<wide.FloorDivide>, f32>(
    y, a, b, f32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = a - floor(a / b) b; 0 where b is 0 */
export function mod_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.IntegerBinary<wide.Mod>, i32>(
    y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}

/** y = floor(a / b), clamped to the range of i32; 0 where b is 0 */
export function floor_divide_i32(
  y: OutEach<i32>, a: OptionalInEach<i32>, b: OptionalInEach<i32>, value: i32,
  rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
): void {
  Elements.broadcast<wide.IntegerBinary<wide.FloorDivide>, i32>(
    y, a, b, i32x4.splat(value), rows, columns, aSpans, bSpans, begin, end,
  );
}
