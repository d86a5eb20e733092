// Winograd's minimal filtering F(2x2, 3x3) for four channels of a tile: 4 x 4 pixels, 2 x 2 results and 3 x 3 filters,
// transformed line by line into 16 numbers and back. The matrices are B, G and A of Lavin and Gray, arXiv 1509.09308.

export class Turn {
  /** result[0..3] = B' d for one line of d, at `step` bytes: d0 - d2, d1 + d2, d2 - d1, d1 - d3. */
  @inline static spread(result: usize, step: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
    v128.store(result, f32x4.sub(d0, d2));
    v128.store(result + step, f32x4.add(d1, d2));
    v128.store(result + 2 * step, f32x4.sub(d2, d1));
    v128.store(result + 3 * step, f32x4.sub(d1, d3));
  }

  /** One column of B' d B from two columns of d: `a` + `b` if `isSum`, else `a` - `b`. */
  @inline static inputColumn(result: usize, step: usize, a: usize, b: usize, line: usize, isSum: bool): void {
    const line2 = line << 1;
    const line3 = line + line2;
    const d0 = isSum ? f32x4.add(v128.load(a), v128.load(b)) : f32x4.sub(v128.load(a), v128.load(b));
    const d1 = isSum
      ? f32x4.add(v128.load(a + line), v128.load(b + line))
      : f32x4.sub(v128.load(a + line), v128.load(b + line));
    const d2 = isSum
      ? f32x4.add(v128.load(a + line2), v128.load(b + line2))
      : f32x4.sub(v128.load(a + line2), v128.load(b + line2));
    const d3 = isSum
      ? f32x4.add(v128.load(a + line3), v128.load(b + line3))
      : f32x4.sub(v128.load(a + line3), v128.load(b + line3));
    Turn.spread(result, step, d0, d1, d2, d3);
  }

  /** The first of A' times four numbers, `step` bytes apart: m0 + m1 + m2. */
  @inline static upper(p: usize, step: usize): v128 {
    return f32x4.add(f32x4.add(v128.load(p), v128.load(p + step)), v128.load(p + 2 * step));
  }

  /** The second: m1 - m2 - m3. */
  @inline static lower(p: usize, step: usize): v128 {
    return f32x4.sub(f32x4.sub(v128.load(p + step), v128.load(p + 2 * step)), v128.load(p + 3 * step));
  }

  /** result[0..3] = A times two numbers: left, left + right, left - right, -right. */
  @inline static gradientLine(result: usize, step: usize, left: v128, right: v128): void {
    v128.store(result, left);
    v128.store(result + step, f32x4.add(left, right));
    v128.store(result + 2 * step, f32x4.sub(left, right));
    v128.store(result + 3 * step, f32x4.neg(right));
  }

  /** result[0..3] = G times three numbers: g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2. */
  @inline static filterLine(result: usize, step: usize, g0: v128, g1: v128, g2: v128): void {
    const outer = f32x4.add(g0, g2);
    v128.store(result, g0);
    v128.store(result + step, Turn.half(f32x4.add(outer, g1)));
    v128.store(result + 2 * step, Turn.half(f32x4.sub(outer, g1)));
    v128.store(result + 3 * step, g2);
  }

  /** One of G' times four numbers, `step` bytes apart: w0 + (w1 + w2) / 2, (w1 - w2) / 2, (w1 + w2) / 2 + w3. */
  @inline static gather(p: usize, step: usize, line: i32): v128 {
    const w1 = v128.load(p + step);
    const w2 = v128.load(p + 2 * step);
    if (line == 1) return Turn.half(f32x4.sub(w1, w2));
    return f32x4.add(Turn.half(f32x4.add(w1, w2)), v128.load(line == 0 ? p : p + 3 * step));
  }

  @inline static half(x: v128): v128 {
    return f32x4.mul(f32x4.splat(0.5), x);
  }
}
