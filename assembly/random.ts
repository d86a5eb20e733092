// Random tensors. Number i of a draw is a function of the seed, the draw's number and i alone, so it does not depend on
// how the work is split. `state` is [seed, seed, draw, 0]; `random_advance_i32` begins the next draw, in replays too.
// Threefry gives 16 words at a time: the unit of work is a block of 16 numbers, ceil(size / 16) in all.
import { In, InOut, Out, Scratch } from "./signature";
import { Fma } from "./simd/fma";
import { Log } from "./simd/math";
import { Threefry } from "./simd/threefry";

/** From four random words to four numbers of a distribution with the parameters p and q. */
@unmanaged
abstract class Distribution {
  abstract vec(words: v128, p: v128, q: v128): v128;
}

/** Blocks [begin, end) of a draw; a partial last block is made in scratch memory. */
function draw<D extends Distribution>(
  y: usize, state: usize, size: i32, p: v128, q: v128, scratch: usize, begin: i32, end: i32,
): void {
  const distribution = changetype<D>(<usize>0);
  const key0 = load<i32>(state);
  const key1 = load<i32>(state, 4);
  const stream = load<i32>(state, 8);
  for (let block = begin; block < end; block++) {
    const to = y + (<usize>block << 6);
    const rest = size - (block << 4);
    const at = rest < 16 ? scratch : to;
    Threefry.block(at, key0, key1, block << 3, stream);
    v128.store(at, distribution.vec(v128.load(at), p, q));
    v128.store(at, distribution.vec(v128.load(at, 16), p, q), 16);
    v128.store(at, distribution.vec(v128.load(at, 32), p, q), 32);
    v128.store(at, distribution.vec(v128.load(at, 48), p, q), 48);
    if (rest < 16) memory.copy(to, scratch, <usize>rest << 2);
  }
}

/** The top 24 bits of each word as a multiple of 2^-24 in [0, 1). */
class Unit {
  @inline static vec(words: v128): v128 {
    return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.960464477539063e-8));
  }
}

/** low + u (high - low); p = low, q = high. If rounding reaches high, the number below it is returned. */
@unmanaged
class Uniform extends Distribution {
  @inline vec(words: v128, p: v128, q: v128): v128 {
    const x = f32x4.add(p, f32x4.mul(Unit.vec(words), f32x4.sub(q, p)));
    // Towards -infinity: one less in the bits of a positive number, one more in those of a negative.
    const bits = i32x4.sub(q, v128.or(i32x4.shr_s(q, 31), i32x4.splat(1)));
    const below = v128.bitselect(i32x4.splat(<i32>0x80000001), bits, f32x4.eq(q, f32x4.splat(0)));
    return f32x4.pmax(f32x4.pmin(x, below), p);
  }
}

/** p = probability, q = value: the value where u < probability, else 0. */
@unmanaged
class Bernoulli extends Distribution {
  @inline vec(words: v128, p: v128, q: v128): v128 {
    return v128.and(f32x4.lt(Unit.vec(words), p), q);
  }
}

/**
 * The normal distribution's quantile. A word gives a sign and 31 bits that become a tail probability t in (tail, 1/2);
 * M. Giles, "Approximating the erfinv function" (2010), gives z within 3e-6, as far out as 6.3 deviations.
 */
class Quantile {
  @inline static vec(words: v128, tail: f32): v128 {
    const u = f32x4.add(f32x4.convert_i32x4_s(v128.and(words, i32x4.splat(0x7fffffff))), f32x4.splat(0.5));
    const t = f32x4.add(f32x4.mul(u, f32x4.splat((0.5 - tail) * 4.656612873077393e-10)), f32x4.splat(tail));
    const x = f32x4.sub(f32x4.splat(1), f32x4.add(t, t));
    // w = -ln(1 - x^2), without the cancellation.
    const w = f32x4.neg(Log.vec(f32x4.mul(f32x4.mul(f32x4.splat(4), t), f32x4.sub(f32x4.splat(1), t))));
    const erfinv = f32x4.mul(x, v128.bitselect(Quantile.centre(w), Quantile.tails(w), f32x4.lt(w, f32x4.splat(5))));
    const z = f32x4.mul(erfinv, f32x4.splat(1.4142135381698608));
    return v128.xor(z, v128.and(words, i32x4.splat(<i32>0x80000000)));
  }

  /** erfinv(x) / x for w < 5. */
  @inline static centre(w: v128): v128 {
    const v = f32x4.sub(w, f32x4.splat(2.5));
    let p = Fma.vec(f32x4.splat(2.81022636e-8), v, f32x4.splat(3.43273939e-7));
    p = Fma.vec(p, v, f32x4.splat(-3.5233877e-6));
    p = Fma.vec(p, v, f32x4.splat(-4.39150654e-6));
    p = Fma.vec(p, v, f32x4.splat(0.00021858087));
    p = Fma.vec(p, v, f32x4.splat(-0.00125372503));
    p = Fma.vec(p, v, f32x4.splat(-0.00417768164));
    p = Fma.vec(p, v, f32x4.splat(0.246640727));
    return Fma.vec(p, v, f32x4.splat(1.50140941));
  }

  /** erfinv(x) / x for w >= 5. */
  @inline static tails(w: v128): v128 {
    const v = f32x4.sub(f32x4.sqrt(w), f32x4.splat(3));
    let p = Fma.vec(f32x4.splat(-0.000200214257), v, f32x4.splat(0.000100950558));
    p = Fma.vec(p, v, f32x4.splat(0.00134934322));
    p = Fma.vec(p, v, f32x4.splat(-0.00367342844));
    p = Fma.vec(p, v, f32x4.splat(0.00573950773));
    p = Fma.vec(p, v, f32x4.splat(-0.0076224613));
    p = Fma.vec(p, v, f32x4.splat(0.00943887047));
    p = Fma.vec(p, v, f32x4.splat(1.00167406));
    return Fma.vec(p, v, f32x4.splat(2.83297682));
  }
}

/** p + q z: p = mean, q = deviation. */
@unmanaged
class Normal extends Distribution {
  @inline vec(words: v128, p: v128, q: v128): v128 {
    return f32x4.add(p, f32x4.mul(q, Quantile.vec(words, 0)));
  }
}

/** The same with |z| < 2, by leaving out both tails of probability 0.02275. */
@unmanaged
class TruncatedNormal extends Distribution {
  @inline vec(words: v128, p: v128, q: v128): v128 {
    return f32x4.add(p, f32x4.mul(q, Quantile.vec(words, 0.0227502)));
  }
}

/** p + floor(word q / 2^32): p = low, q = high - low. */
@unmanaged
class Integer extends Distribution {
  @inline vec(words: v128, p: v128, q: v128): v128 {
    const even = i64x2.extmul_low_i32x4_u(words, q);
    const odd = i64x2.extmul_high_i32x4_u(words, q);
    return i32x4.add(p, i32x4.shuffle(even, odd, 1, 3, 5, 7));
  }
}

/** y = uniform in [low, high), of 2^24 steps; over blocks [begin, end) of 16 numbers. */
export function random_uniform_f32(
  y: Out<f32>, state: In<i32>, size: i32, low: f32, high: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  draw<Uniform>(y, state, size, f32x4.splat(low), f32x4.splat(high), scratch, begin, end);
}

/** y = normal with this mean and standard deviation; over blocks [begin, end) of 16 numbers. */
export function random_normal_f32(
  y: Out<f32>, state: In<i32>, size: i32, mean: f32, deviation: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  draw<Normal>(y, state, size, f32x4.splat(mean), f32x4.splat(deviation), scratch, begin, end);
}

/** y = normal, within two of its standard deviations of the mean; over blocks [begin, end) of 16 numbers. */
export function random_truncated_normal_f32(
  y: Out<f32>, state: In<i32>, size: i32, mean: f32, deviation: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  draw<TruncatedNormal>(y, state, size, f32x4.splat(mean), f32x4.splat(deviation), scratch, begin, end);
}

/** y = value with this probability, else 0; over blocks [begin, end) of 16 numbers. */
export function random_bernoulli_f32(
  y: Out<f32>, state: In<i32>, size: i32, probability: f32, value: f32, scratch: Scratch, begin: i32, end: i32,
): void {
  draw<Bernoulli>(y, state, size, f32x4.splat(probability), f32x4.splat(value), scratch, begin, end);
}

/** y = low + uniform in [0, range), range unsigned, biased by range / 2^32 at most; over blocks of 16 numbers. */
export function random_integer_i32(
  y: Out<i32>, state: In<i32>, size: i32, low: i32, range: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  draw<Integer>(y, state, size, i32x4.splat(low), i32x4.splat(range), scratch, begin, end);
}

/** y = the numbers 0 .. size - 1 in random order (Fisher and Yates); one unit. */
export function random_permutation_i32(
  y: Out<i32>, state: In<i32>, size: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  for (let i = 0; i < size; i++) store<i32>(y + (<usize>i << 2), i);
  for (let i = 0; i < size; i++) {
    const lane = i & 15;
    if (lane == 0) Threefry.block(scratch, load<i32>(state), load<i32>(state, 4), i >> 1, load<i32>(state, 8));
    const word = <u64>load<u32>(scratch + (<usize>lane << 2));
    const j = i + <i32>((word * <u64>(size - i)) >> 32);
    const here = y + (<usize>i << 2);
    const there = y + (<usize>j << 2);
    const moved = load<i32>(there);
    store<i32>(there, load<i32>(here));
    store<i32>(here, moved);
  }
}

/** Begins the next draw; one unit. */
export function random_advance_i32(state: InOut<i32>, begin: i32, end: i32): void {
  store<i32>(state, load<i32>(state, 8) + end - begin, 8);
}
