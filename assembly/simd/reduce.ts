// Loops over one row of numbers (`Row`) and down the columns of a block of rows (`Block`): folds, sums of terms, maps.
// The order in which numbers are combined follows from the sizes alone.

/** One to four numbers at the low end of a vector; the other lanes are zero. */
export class Lanes {
  @inline static load(p: usize, n: i32): v128 {
    if (n >= 4) return v128.load(p);
    if (n == 1) return v128.load32_zero(p);
    const pair = v128.load64_zero(p);
    return n == 2 ? pair : v128.load32_lane(p, pair, 2, 8);
  }

  @inline static store(p: usize, v: v128, n: i32): void {
    if (n >= 4) {
      v128.store(p, v);
    } else if (n == 1) {
      v128.store32_lane(p, v, 0);
    } else {
      v128.store64_lane(p, v, 0);
      if (n == 3) v128.store32_lane(p, v, 2, 8);
    }
  }

  /** `v` with all but the first n lanes zero, whatever they held. */
  @inline static keep(v: v128, n: i32): v128 {
    return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
  }

  @inline static sum(v: v128): f32 {
    return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3));
  }
}

/** An associative operation, as a compile-time parameter: `vec` and `one` combine, `start` changes nothing. */
@unmanaged
export abstract class Fold {
  abstract start(): f32;
  abstract vec(a: v128, b: v128): v128;
  abstract one(a: f32, b: f32): f32;
}

@unmanaged
export class Sum extends Fold {
  @inline start(): f32 { return 0; }
  @inline vec(a: v128, b: v128): v128 { return f32x4.add(a, b); }
  @inline one(a: f32, b: f32): f32 { return a + b; }
}

@unmanaged
export class Multiply extends Fold {
  @inline start(): f32 { return 1; }
  @inline vec(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
  @inline one(a: f32, b: f32): f32 { return a * b; }
}

/** The largest number; NaN if there is one: three instructions, where f32x4.max takes eight on x86. */
@unmanaged
export class Max extends Fold {
  @inline start(): f32 { return -Infinity; }
  @inline vec(a: v128, b: v128): v128 { return v128.or(f32x4.pmax(a, b), f32x4.ne(b, b)); }
  @inline one(a: f32, b: f32): f32 { return b > a || b != b ? b : a; }
}

/** The smallest number; NaN if there is one. */
@unmanaged
export class Min extends Fold {
  @inline start(): f32 { return Infinity; }
  @inline vec(a: v128, b: v128): v128 { return v128.or(f32x4.pmin(a, b), f32x4.ne(b, b)); }
  @inline one(a: f32, b: f32): f32 { return b < a || b != b ? b : a; }
}

/** What a sum adds up, as a compile-time parameter: a function of a number of `a`, one of `b` and a constant. */
@unmanaged
export abstract class Term {
  abstract vec(a: v128, b: v128, s: v128): v128;
}

/** What a map writes, as a compile-time parameter: a function of a number of `a`, one of `b` and three constants. */
@unmanaged
export abstract class RowMap {
  abstract vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128;
}

/** a b */
@unmanaged
export class Product extends Term {
  @inline vec(a: v128, b: v128, s: v128): v128 { return f32x4.mul(a, b); }
}

/** a s */
@unmanaged
export class Scaled extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 { return f32x4.mul(a, s); }
}

/** Loops over n adjacent numbers. */
export class Row {
  /** x[0] . x[1] . . . x[n - 1]: eight accumulators over runs of 512 numbers, then the runs one after the other. */
  static fold<F extends Fold>(x: usize, n: i32): f32 {
    const op = changetype<F>(<usize>0);
    const end = x + (<usize>n << 2);
    const body = x + (<usize>(n & ~31) << 2);
    let total = f32x4.splat(op.start());
    while (x < body) {
      const stop = min(x + 2048, body);
      let a0 = v128.load(x);
      let a1 = v128.load(x, 16);
      let a2 = v128.load(x, 32);
      let a3 = v128.load(x, 48);
      let a4 = v128.load(x, 64);
      let a5 = v128.load(x, 80);
      let a6 = v128.load(x, 96);
      let a7 = v128.load(x, 112);
      for (x += 128; x < stop; x += 128) {
        a0 = op.vec(a0, v128.load(x));
        a1 = op.vec(a1, v128.load(x, 16));
        a2 = op.vec(a2, v128.load(x, 32));
        a3 = op.vec(a3, v128.load(x, 48));
        a4 = op.vec(a4, v128.load(x, 64));
        a5 = op.vec(a5, v128.load(x, 80));
        a6 = op.vec(a6, v128.load(x, 96));
        a7 = op.vec(a7, v128.load(x, 112));
      }
      const low = op.vec(op.vec(a0, a1), op.vec(a2, a3));
      total = op.vec(total, op.vec(low, op.vec(op.vec(a4, a5), op.vec(a6, a7))));
    }
    for (; x + 16 <= end; x += 16) total = op.vec(total, v128.load(x));
    let result = op.one(
      op.one(f32x4.extract_lane(total, 0), f32x4.extract_lane(total, 2)),
      op.one(f32x4.extract_lane(total, 1), f32x4.extract_lane(total, 3)),
    );
    for (; x < end; x += 4) result = op.one(result, load<f32>(x));
    return result;
  }

  /** The sum of T(a[i], b[i], s): two accumulators over runs of 512 numbers, then the runs one after the other. */
  static sum<T extends Term>(a: usize, b: usize, s: f32, n: i32): f32 {
    const op = changetype<T>(<usize>0);
    const constant = f32x4.splat(s);
    const end = a + (<usize>n << 2);
    const body = a + (<usize>(n & ~7) << 2);
    let total = f32x4.splat(0);
    while (a < body) {
      const stop = min(a + 2048, body);
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      for (; a < stop; a += 32, b += 32) {
        s0 = f32x4.add(s0, op.vec(v128.load(a), v128.load(b), constant));
        s1 = f32x4.add(s1, op.vec(v128.load(a, 16), v128.load(b, 16), constant));
      }
      total = f32x4.add(total, f32x4.add(s0, s1));
    }
    for (; a < end; a += 16, b += 16) {
      const lanes = <i32>(end - a) >> 2;
      total = f32x4.add(total, Lanes.keep(op.vec(Lanes.load(a, lanes), Lanes.load(b, lanes), constant), lanes));
    }
    return Lanes.sum(total);
  }

  /** y[i] = M(a[i], b[i], s, t, u); y may be a or b. */
  static map<M extends RowMap>(y: usize, a: usize, b: usize, s: f32, t: f32, u: f32, n: i32): void {
    const op = changetype<M>(<usize>0);
    const vs = f32x4.splat(s);
    const vt = f32x4.splat(t);
    const vu = f32x4.splat(u);
    const end = y + (<usize>n << 2);
    const body = y + (<usize>(n & ~7) << 2);
    for (; y < body; y += 32, a += 32, b += 32) {
      v128.store(y, op.vec(v128.load(a), v128.load(b), vs, vt, vu));
      v128.store(y, op.vec(v128.load(a, 16), v128.load(b, 16), vs, vt, vu), 16);
    }
    for (; y < end; y += 16, a += 16, b += 16) {
      const lanes = <i32>(end - y) >> 2;
      Lanes.store(y, op.vec(Lanes.load(a, lanes), Lanes.load(b, lanes), vs, vt, vu), lanes);
    }
  }
}

/** Loops down the columns of `rows` rows that lie `stride` bytes apart; y is one row and holds the running results. */
export class Block {
  /** y[c] = x[0, c] . x[1, c] . . . x[rows - 1, c]: a tree over eight rows, then the trees one after the other. */
  static fold<F extends Fold>(y: usize, x: usize, rows: i32, columns: i32, stride: usize): void {
    const op = changetype<F>(<usize>0);
    const end = y + (<usize>columns << 2);
    for (let q = y; q < end; q += 4) store<f32>(q, op.start());
    for (; rows >= 8; rows -= 8, x += stride << 3) {
      let p = x;
      let q = y;
      for (; q + 16 <= end; q += 16, p += 16) {
        const x2 = p + stride + stride;
        const x4 = x2 + stride + stride;
        const x6 = x4 + stride + stride;
        const r0 = op.vec(v128.load(p), v128.load(p + stride));
        const r2 = op.vec(v128.load(x2), v128.load(x2 + stride));
        const r4 = op.vec(v128.load(x4), v128.load(x4 + stride));
        const r6 = op.vec(v128.load(x6), v128.load(x6 + stride));
        v128.store(q, op.vec(v128.load(q), op.vec(op.vec(r0, r2), op.vec(r4, r6))));
      }
      for (; q < end; q += 4, p += 4) {
        const x2 = p + stride + stride;
        const x4 = x2 + stride + stride;
        const x6 = x4 + stride + stride;
        const r0 = op.one(load<f32>(p), load<f32>(p + stride));
        const r2 = op.one(load<f32>(x2), load<f32>(x2 + stride));
        const r4 = op.one(load<f32>(x4), load<f32>(x4 + stride));
        const r6 = op.one(load<f32>(x6), load<f32>(x6 + stride));
        store<f32>(q, op.one(load<f32>(q), op.one(op.one(r0, r2), op.one(r4, r6))));
      }
    }
    for (; rows > 0; rows--, x += stride) {
      let p = x;
      let q = y;
      for (; q + 16 <= end; q += 16, p += 16) v128.store(q, op.vec(v128.load(q), v128.load(p)));
      for (; q < end; q += 4, p += 4) store<f32>(q, op.one(load<f32>(q), load<f32>(p)));
    }
  }

  /** y[c] = the sum over r of T(a[r, c], b[r, c], s[c]): a tree over four rows, then the trees one after the other. */
  static sum<T extends Term>(
    y: usize, a: usize, b: usize, s: usize, rows: i32, columns: i32, stride: usize,
  ): void {
    const bytes = <usize>columns << 2;
    const body = bytes & ~15;
    const rest = columns & 3;
    memory.fill(y, 0, bytes);
    for (; rows >= 4; rows -= 4, a += stride << 2, b += stride << 2) {
      for (let c: usize = 0; c < body; c += 16) Block.addFour<T>(y + c, a + c, b + c, s + c, stride, 4);
      if (rest > 0) Block.addFour<T>(y + body, a + body, b + body, s + body, stride, rest);
    }
    for (; rows > 0; rows--, a += stride, b += stride) {
      for (let c: usize = 0; c < body; c += 16) Block.addOne<T>(y + c, a + c, b + c, s + c, 4);
      if (rest > 0) Block.addOne<T>(y + body, a + body, b + body, s + body, rest);
    }
  }

  /** Adds the terms of four rows to `lanes` numbers. */
  @inline private static addFour<T extends Term>(
    y: usize, a: usize, b: usize, s: usize, stride: usize, lanes: i32,
  ): void {
    const op = changetype<T>(<usize>0);
    const constant = Lanes.load(s, lanes);
    const t0 = op.vec(Lanes.load(a, lanes), Lanes.load(b, lanes), constant);
    const t1 = op.vec(Lanes.load(a + stride, lanes), Lanes.load(b + stride, lanes), constant);
    a += stride << 1;
    b += stride << 1;
    const t2 = op.vec(Lanes.load(a, lanes), Lanes.load(b, lanes), constant);
    const t3 = op.vec(Lanes.load(a + stride, lanes), Lanes.load(b + stride, lanes), constant);
    const sum = f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3));
    Lanes.store(y, f32x4.add(Lanes.load(y, lanes), sum), lanes);
  }

  /** Adds the terms of one row to `lanes` numbers. */
  @inline private static addOne<T extends Term>(y: usize, a: usize, b: usize, s: usize, lanes: i32): void {
    const term = changetype<T>(<usize>0).vec(Lanes.load(a, lanes), Lanes.load(b, lanes), Lanes.load(s, lanes));
    Lanes.store(y, f32x4.add(Lanes.load(y, lanes), term), lanes);
  }
}
