// The tile of the 256-bit mode: 4 rows x 16 columns, from two neighbouring panels of B. V8's revectorizer makes one
// vector of 256 bits of two of 128 that are stored side by side and computed by the same instructions; eight sums
// are then in flight, which hides the latency of an addition. Without it this tile spills registers: it is used only
// where it measures faster. Each number is summed as in the narrow tile, so the bits are the same.
import { Fma } from "./fma";

export const WIDE_COLUMNS: i32 = 16;

/** Whether products use this tile. */
export let wide: bool = false;

/** Says for this instance of the core whether products use the tile of 16 columns. */
export function set_wide(on: bool): void {
  wide = on;
}

/**
 * One tile: four rows of C, `offset` bytes into the rows whose addresses are at `targets`, from the parts of the
 * panels at `a` and at `b` and `d` that `spans` lists. Starts from `bias` (16 numbers) or, if that is 0, from C itself;
 * no result is less than `floor` (NaN stays NaN).
 */
export function multiplyWide(
  targets: usize, offset: usize, a: usize, spans: usize, b: usize, d: usize, bias: usize, floor: f32,
): void {
  const c0 = load<usize>(targets) + offset;
  const c1 = load<usize>(targets, 4) + offset;
  const c2 = load<usize>(targets, 8) + offset;
  const c3 = load<usize>(targets, 12) + offset;
  let start = bias ? bias : c0;
  let c00 = v128.load(start);
  let c01 = v128.load(start, 16);
  let c02 = v128.load(start, 32);
  let c03 = v128.load(start, 48);
  start = bias ? bias : c1;
  let c10 = v128.load(start);
  let c11 = v128.load(start, 16);
  let c12 = v128.load(start, 32);
  let c13 = v128.load(start, 48);
  start = bias ? bias : c2;
  let c20 = v128.load(start);
  let c21 = v128.load(start, 16);
  let c22 = v128.load(start, 32);
  let c23 = v128.load(start, 48);
  start = bias ? bias : c3;
  let c30 = v128.load(start);
  let c31 = v128.load(start, 16);
  let c32 = v128.load(start, 32);
  let c33 = v128.load(start, 48);
  for (const last = spans + (load<usize>(spans) << 3); spans < last; spans += 8) {
    const skipped = load<usize>(spans, 4);
    let p = a + skipped;
    let q = b + (skipped << 1);
    let r = d + (skipped << 1);
    const end = a + load<usize>(spans, 8);
    do {
      const b0 = v128.load(q);
      const b1 = v128.load(q, 16);
      const b2 = v128.load(r);
      const b3 = v128.load(r, 16);
      let x = v128.load32_splat(p);
      c00 = Fma.vec(x, b0, c00);
      c01 = Fma.vec(x, b1, c01);
      c02 = Fma.vec(x, b2, c02);
      c03 = Fma.vec(x, b3, c03);
      x = v128.load32_splat(p, 4);
      c10 = Fma.vec(x, b0, c10);
      c11 = Fma.vec(x, b1, c11);
      c12 = Fma.vec(x, b2, c12);
      c13 = Fma.vec(x, b3, c13);
      x = v128.load32_splat(p, 8);
      c20 = Fma.vec(x, b0, c20);
      c21 = Fma.vec(x, b1, c21);
      c22 = Fma.vec(x, b2, c22);
      c23 = Fma.vec(x, b3, c23);
      x = v128.load32_splat(p, 12);
      c30 = Fma.vec(x, b0, c30);
      c31 = Fma.vec(x, b1, c31);
      c32 = Fma.vec(x, b2, c32);
      c33 = Fma.vec(x, b3, c33);
      p += 16;
      q += 32;
      r += 32;
    } while (p < end);
  }
  const least = f32x4.splat(floor);
  // The upper half first: V8 then needs no store of its own for the lower one.
  v128.store(c0, f32x4.pmax(c01, least), 16);
  v128.store(c0, f32x4.pmax(c00, least));
  v128.store(c0, f32x4.pmax(c03, least), 48);
  v128.store(c0, f32x4.pmax(c02, least), 32);
  v128.store(c1, f32x4.pmax(c11, least), 16);
  v128.store(c1, f32x4.pmax(c10, least));
  v128.store(c1, f32x4.pmax(c13, least), 48);
  v128.store(c1, f32x4.pmax(c12, least), 32);
  v128.store(c2, f32x4.pmax(c21, least), 16);
  v128.store(c2, f32x4.pmax(c20, least));
  v128.store(c2, f32x4.pmax(c23, least), 48);
  v128.store(c2, f32x4.pmax(c22, least), 32);
  v128.store(c3, f32x4.pmax(c31, least), 16);
  v128.store(c3, f32x4.pmax(c30, least));
  v128.store(c3, f32x4.pmax(c33, least), 48);
  v128.store(c3, f32x4.pmax(c32, least), 32);
}
