// Multiply-add: fused, with one rounding, in the relaxed build where the processor can; else with two. There is no c -
// a * b: for a constant b, -b does the same, and both builds fit into one module (scripts/simd-variants.js).

export class Fma {
  /** a * b + c */
  @inline static vec(a: v128, b: v128, c: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
    return f32x4.add(f32x4.mul(a, b), c);
  }
}

/** The same on two f64. */
export class Fma64 {
  /** a * b + c */
  @inline static vec(a: v128, b: v128, c: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
    return f64x2.add(f64x2.mul(a, b), c);
  }
}
