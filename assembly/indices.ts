// Checks indices, class numbers and lengths. The kernels that use them check nothing: programs launch these first.
import { In, Note } from "./signature";

/**
 * Notes a bad value, its position above its bits. A cell keeps the one at the smallest position, in whatever order and
 * however often threads note them.
 */
function note(cell: usize, position: i32, bits: u32): void {
  const mine = (<u64>position << 32) | <u64>bits;
  for (let known = atomic.load<u64>(cell); mine < known; ) {
    const before = atomic.cmpxchg<u64>(cell, known, mine);
    if (before == known) return;
    known = before;
  }
}

/** Notes the first x[i] that is not from 0 to limit - 1, over elements [begin, end). */
export function check_indices_i32(cell: Note, x: In<i32>, limit: i32, begin: i32, end: i32): void {
  const limits = i32x4.splat(limit);
  for (let i = begin; i < end; ) {
    const at = x + (<usize>i << 2);
    if (i + 4 <= end && !v128.any_true(i32x4.ge_u(v128.load(at), limits))) {
      i += 4;
      continue;
    }
    const value = load<u32>(at);
    if (value >= <u32>limit) return note(cell, i, value);
    i++;
  }
}

/** Notes the first x[i] that is not a whole number from 0 to limit - 1, over elements [begin, end). */
export function check_labels_f32(cell: Note, x: In<f32>, limit: i32, begin: i32, end: i32): void {
  const limits = i32x4.splat(limit);
  for (let i = begin; i < end; i++) {
    const at = x + (<usize>i << 2);
    const value = v128.load32_splat(at);
    const whole = i32x4.trunc_sat_f32x4_s(value);
    const good = v128.and(i32x4.lt_u(whole, limits), f32x4.eq(f32x4.convert_i32x4_s(whole), value));
    if (!v128.any_true(good)) return note(cell, i, load<u32>(at));
  }
}

/** Notes the first x[i] that is not from least to greatest, or is NaN, over elements [begin, end). */
export function check_range_f32(cell: Note, x: In<f32>, least: f32, greatest: f32, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const at = x + (<usize>i << 2);
    const value = load<f32>(at);
    if (!(value >= least && value <= greatest)) return note(cell, i, load<u32>(at));
  }
}

/**
 * Notes the first of an example's labels that is not from 0 to classes - 1, over examples [begin, end) of `longest`
 * labels each, of which counts[b] count.
 */
export function check_counted_labels_i32(
  cell: Note, labels: In<i32>, counts: In<i32>, longest: i32, classes: i32, begin: i32, end: i32,
): void {
  for (let b = begin; b < end; b++) {
    const first = b * longest;
    check_indices_i32(cell, labels, classes, first, first + min(load<i32>(counts + (<usize>b << 2)), longest));
  }
}
