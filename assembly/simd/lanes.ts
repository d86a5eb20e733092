// Loops over elements: eight at a time, then four, then one by one. The function of the elements is a class, a
// compile-time parameter. A lane never depends on its neighbours, so a result never depends on the division of a range.
//
// The loop is a `do ... while` on purpose: V8 moves constants out of a loop only if its body always runs, and to
// build a vector constant costs more than to multiply by it (exp: 4 cycles a float instead of 9).

/** A function of one argument, on four lanes. */
@unmanaged
export abstract class Unary {
  abstract vec(x: v128): v128;
}

/** A function of two arguments, on four lanes. */
@unmanaged
export abstract class Binary {
  abstract vec(a: v128, b: v128): v128;
}

/** A function of three arguments, on four lanes. */
@unmanaged
export abstract class Ternary {
  abstract vec(a: v128, b: v128, c: v128): v128;
}

/** Where a function's arguments come from: the numbers at `a` and at `b`, and the constant `c`. */
@unmanaged
abstract class Source {
  abstract four(a: usize, b: usize, c: v128): v128;
  /** The result for the one number at `a` and at `b` in lane 0, by the same formula. */
  abstract one(a: usize, b: usize, c: v128): v128;
}

@unmanaged
class Each<Op extends Unary> extends Source {
  @inline four(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(v128.load(a)); }
  @inline one(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(v128.load32_splat(a)); }
}

@unmanaged
class EachWith<Op extends Binary> extends Source {
  @inline four(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(v128.load(a), c); }
  @inline one(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(v128.load32_splat(a), c); }
}

@unmanaged
class WithEach<Op extends Binary> extends Source {
  @inline four(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(c, v128.load(b)); }
  @inline one(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(c, v128.load32_splat(b)); }
}

@unmanaged
class Pairs<Op extends Binary> extends Source {
  @inline four(a: usize, b: usize, c: v128): v128 { return changetype<Op>(<usize>0).vec(v128.load(a), v128.load(b)); }
  @inline one(a: usize, b: usize, c: v128): v128 {
    return changetype<Op>(<usize>0).vec(v128.load32_splat(a), v128.load32_splat(b));
  }
}

@unmanaged
class PairsWith<Op extends Ternary> extends Source {
  @inline four(a: usize, b: usize, c: v128): v128 {
    return changetype<Op>(<usize>0).vec(v128.load(a), v128.load(b), c);
  }
  @inline one(a: usize, b: usize, c: v128): v128 {
    return changetype<Op>(<usize>0).vec(v128.load32_splat(a), v128.load32_splat(b), c);
  }
}

/** Writes `count` results to y as T: four bytes moved as they are, or one byte narrowed from i32 to 0..255. */
function run<From extends Source, T>(y: usize, a: usize, b: usize, c: v128, count: i32): void {
  const from = changetype<From>(<usize>0);
  if (count >= 8) {
    do {
      const first = from.four(a, b, c);
      const second = from.four(a + 16, b + 16, c);
      if (sizeof<T>() == 1) {
        v128.store64_lane(y, narrow(first, second), 0);
      } else {
        v128.store(y, first);
        v128.store(y, second, 16);
      }
      a += 32;
      b += 32;
      y += 8 * sizeof<T>();
      count -= 8;
    } while (count >= 8);
  }
  if (count >= 4) {
    const last = from.four(a, b, c);
    if (sizeof<T>() == 1) v128.store32_lane(y, narrow(last, last), 0);
    else v128.store(y, last);
    a += 16;
    b += 16;
    y += 4 * sizeof<T>();
    count -= 4;
  }
  while (count > 0) {
    const one = from.one(a, b, c);
    if (sizeof<T>() == 1) v128.store8_lane(y, narrow(one, one), 0);
    else v128.store32_lane(y, one, 0);
    a += 4;
    b += 4;
    y += sizeof<T>();
    count -= 1;
  }
}

/** Eight i32 as eight bytes, clamped to 0..255. */
function narrow(low: v128, high: v128): v128 {
  const words = i16x8.narrow_i32x4_s(low, high);
  return i8x16.narrow_i16x8_u(words, words);
}

/** The axes of [planes, rows, columns] along which an operand has numbers of its own: bits of `spans`. */
const COLUMNS = 1;
const ROWS = 2;
const PLANES = 4;

/** The loops, over elements [begin, end). */
export class Elements {
  /** y = op(x), as T */
  static map<Op extends Unary, T = u32>(y: usize, x: usize, begin: i32, end: i32): void {
    run<Each<Op>, T>(y + <usize>begin * sizeof<T>(), x + (<usize>begin << 2), 0, i32x4.splat(0), end - begin);
  }

  /** y = op(x, c) */
  static mapWith<Op extends Binary>(y: usize, x: usize, c: v128, begin: i32, end: i32): void {
    run<EachWith<Op>, u32>(y + (<usize>begin << 2), x + (<usize>begin << 2), 0, c, end - begin);
  }

  /** y = op(a, b) */
  static zip<Op extends Binary>(y: usize, a: usize, b: usize, begin: i32, end: i32): void {
    const offset = <usize>begin << 2;
    run<Pairs<Op>, u32>(y + offset, a + offset, b + offset, i32x4.splat(0), end - begin);
  }

  /** y = op(a, b, c) */
  static zipWith<Op extends Ternary>(y: usize, a: usize, b: usize, c: v128, begin: i32, end: i32): void {
    const offset = <usize>begin << 2;
    run<PairsWith<Op>, u32>(y + offset, a + offset, b + offset, c, end - begin);
  }

  /**
   * y = op(a, b), as T, for y [planes, rows, columns] and elements [begin, end) of it. An operand that does not span an
   * axis is repeated along it; `value` stands for an operand that is absent, and spans nothing.
   */
  static broadcast<Op extends Binary, T>(
    y: usize, a: usize, b: usize, value: v128, rows: i32, columns: i32, aSpans: i32, bSpans: i32, begin: i32, end: i32,
  ): void {
    if (begin >= end) return;
    const aColumn = aSpans & COLUMNS;
    const bColumn = bSpans & COLUMNS;
    const aLine = aColumn ? columns : 1;
    const bLine = bColumn ? columns : 1;
    const aRow = aSpans & ROWS ? aLine : 0;
    const bRow = bSpans & ROWS ? bLine : 0;
    const aPlane = aSpans & PLANES ? (aRow ? aLine * rows : aLine) : 0;
    const bPlane = bSpans & PLANES ? (bRow ? bLine * rows : bLine) : 0;

    let row = begin / columns;
    let column = begin - row * columns;
    let plane = row / rows;
    row -= plane * rows;
    y += <usize>begin * sizeof<T>();
    do {
      const count = min(columns - column, end - begin);
      const left = a + (<usize>(plane * aPlane + row * aRow + column * aColumn) << 2);
      const right = b + (<usize>(plane * bPlane + row * bRow + column * bColumn) << 2);
      if (!bColumn) run<EachWith<Op>, T>(y, left, 0, b ? v128.load32_splat(right) : value, count);
      else if (!aColumn) run<WithEach<Op>, T>(y, 0, right, a ? v128.load32_splat(left) : value, count);
      else run<Pairs<Op>, T>(y, left, right, value, count);
      y += <usize>count * sizeof<T>();
      begin += count;
      column = 0;
      row += 1;
      if (row == rows) {
        row = 0;
        plane += 1;
      }
    } while (begin < end);
  }
}
