// Random bits as a function of a key and a counter: Threefry-2x32 with 20 rounds, eight counters at a time.
// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011).

export class Threefry {
  /**
   * Writes 16 words for the counters (first + 0 .. 7, stream) under the key: the first words of counters 0 .. 3, their
   * second words, then those of 4 .. 7. The two halves are independent chains, computed side by side.
   */
  static block(words: usize, key0: i32, key1: i32, first: i32, stream: i32): void {
    const k0 = i32x4.splat(key0);
    const k1 = i32x4.splat(key1);
    const k2 = i32x4.splat(key0 ^ key1 ^ 0x1bd11bda);
    let a = i32x4.add(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), k0);
    let b = i32x4.add(i32x4.splat(stream), k1);
    let c = i32x4.add(a, i32x4.splat(4));
    let d = b;
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 13, a);
    d = Threefry.turn(d, 13, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 15, a);
    d = Threefry.turn(d, 15, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 26, a);
    d = Threefry.turn(d, 26, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 6, a);
    d = Threefry.turn(d, 6, c);
    a = i32x4.add(a, k1);
    c = i32x4.add(c, k1);
    b = i32x4.add(b, i32x4.add(k2, i32x4.splat(1)));
    d = i32x4.add(d, i32x4.add(k2, i32x4.splat(1)));
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 17, a);
    d = Threefry.turn(d, 17, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 29, a);
    d = Threefry.turn(d, 29, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 16, a);
    d = Threefry.turn(d, 16, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 24, a);
    d = Threefry.turn(d, 24, c);
    a = i32x4.add(a, k2);
    c = i32x4.add(c, k2);
    b = i32x4.add(b, i32x4.add(k0, i32x4.splat(2)));
    d = i32x4.add(d, i32x4.add(k0, i32x4.splat(2)));
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 13, a);
    d = Threefry.turn(d, 13, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 15, a);
    d = Threefry.turn(d, 15, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 26, a);
    d = Threefry.turn(d, 26, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 6, a);
    d = Threefry.turn(d, 6, c);
    a = i32x4.add(a, k0);
    c = i32x4.add(c, k0);
    b = i32x4.add(b, i32x4.add(k1, i32x4.splat(3)));
    d = i32x4.add(d, i32x4.add(k1, i32x4.splat(3)));
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 17, a);
    d = Threefry.turn(d, 17, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 29, a);
    d = Threefry.turn(d, 29, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 16, a);
    d = Threefry.turn(d, 16, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 24, a);
    d = Threefry.turn(d, 24, c);
    a = i32x4.add(a, k1);
    c = i32x4.add(c, k1);
    b = i32x4.add(b, i32x4.add(k2, i32x4.splat(4)));
    d = i32x4.add(d, i32x4.add(k2, i32x4.splat(4)));
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 13, a);
    d = Threefry.turn(d, 13, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 15, a);
    d = Threefry.turn(d, 15, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 26, a);
    d = Threefry.turn(d, 26, c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = Threefry.turn(b, 6, a);
    d = Threefry.turn(d, 6, c);
    a = i32x4.add(a, k2);
    c = i32x4.add(c, k2);
    b = i32x4.add(b, i32x4.add(k0, i32x4.splat(5)));
    d = i32x4.add(d, i32x4.add(k0, i32x4.splat(5)));
    v128.store(words, a);
    v128.store(words, b, 16);
    v128.store(words, c, 32);
    v128.store(words, d, 48);
  }

  /** x rotated left by n bits, xor a. */
  @inline static turn(x: v128, n: i32, a: v128): v128 {
    return v128.xor(v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n)), a);
  }
}
