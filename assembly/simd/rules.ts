// The update rules of optimizers, four numbers at a time, with Keras 3's formulas. `blend` is 1 - beta of an
// exponential moving average with decay beta: f32 represents it better than a beta near 1.
import { Pow } from "./math";

/** Four numbers at a time, or with `whole` false a single one, in lane 0 of the same instructions. */
export class Lanes {
  @inline static read(at: usize, whole: bool): v128 {
    return whole ? v128.load(at) : v128.load32_zero(at);
  }

  @inline static write(at: usize, x: v128, whole: bool): void {
    if (whole) v128.store(at, x);
    else v128.store_lane<f32>(at, x, 0);
  }

  /** a + blend (b - a). */
  @inline static mix(a: v128, b: v128, blend: v128): v128 {
    return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), blend));
  }

  /** g within [-ROOT, ROOT], so that squares are finite; infinities are kept, so that they are noticed. */
  @inline static bounded(g: v128): v128 {
    const square = f32x4.mul(g, g);
    // Infinity minus infinity is NaN: cheaper than a constant to compare with.
    const nothing = f32x4.sub(square, square);
    if (!v128.any_true(f32x4.ne(nothing, nothing))) return g;
    return Lanes.within(g, ROOT);
  }

  /** g within [-most, most]; infinities are kept, so that they are noticed. */
  static within(g: v128, most: f32): v128 {
    const kept = f32x4.pmax(f32x4.pmin(g, f32x4.splat(most)), f32x4.splat(-most));
    return v128.bitselect(g, kept, f32x4.eq(f32x4.abs(g), f32x4.splat(Infinity)));
  }

  /** The exponential moving average at `at`, updated by x: average + blend (x - average). */
  @inline static average(at: usize, x: v128, blend: v128, whole: bool): v128 {
    const average = Lanes.mix(Lanes.read(at, whole), x, blend);
    Lanes.write(at, average, whole);
    return average;
  }

  /** The sum at `at`, decayed by a factor, plus x. */
  @inline static accumulate(at: usize, factor: v128, x: v128, whole: bool): v128 {
    const sum = f32x4.add(f32x4.mul(Lanes.read(at, whole), factor), x);
    Lanes.write(at, sum, whole);
    return sum;
  }
}

/** Larger gradients have squares beyond f32: a variance of infinity would never come back. */
const ROOT: f32 = 1.8e19;
/** The difference of two larger gradients may be beyond f32. */
const HALF: f32 = 1.7e38;
/** The largest finite number. */
const MOST: f32 = f32.MAX_VALUE;

export class Norm {
  /** The root of the sum of squares of `count` numbers. */
  static of(numbers: usize, count: i32): f64 {
    let sum: f64 = 0;
    for (let i = 0; i < count; i++) {
      const x = <f64>load<f32>(numbers + (<usize>i << 2));
      sum += x * x;
    }
    return sqrt<f64>(sum);
  }
}

/** How one optimizer changes variables x by gradients g at a byte offset; a, b, c are its state, p to s constants. */
@unmanaged
abstract class Rule {
  /** Updates the state and gives the variable's new value. */
  abstract next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128;
}

class Step {
  /** variable = next(variable keep, gradient scale), for four numbers or one. */
  @inline static take<R extends Rule>(
    variable: usize, gradient: usize, keep: v128, scale: v128,
    rate: v128, p: v128, q: v128, r: v128, s: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): void {
    const g = f32x4.mul(Lanes.read(gradient + at, whole), scale);
    const kept = f32x4.mul(Lanes.read(variable + at, whole), keep);
    const next = changetype<R>(<usize>0).next(kept, g, rate, p, q, r, s, a, b, c, at, whole);
    Lanes.write(variable + at, next, whole);
  }
}

/** A number in memory that skips the step when it is 0; address 0 is no gate. */
export class Gate {
  @inline static closed(gate: usize): bool {
    return gate != 0 && load<i32>(gate) == 0;
  }
}

/** Applies a rule to numbers [begin, end); `decay` is the fraction of the variable that weight decay subtracts. */
export function apply<R extends Rule>(
  variable: usize, gradient: usize, scale: usize, gate: usize, decay: f32, rate: f32,
  p: f32, q: f32, r: f32, s: f32, a: usize, b: usize, c: usize,
  begin: i32, end: i32,
): void {
  if (Gate.closed(gate)) return;
  const f = scale == 0 ? f32x4.splat(1) : v128.load32_splat(scale);
  const k = f32x4.splat(1 - decay);
  const l = f32x4.splat(rate);
  const t = f32x4.splat(p);
  const u = f32x4.splat(q);
  const v = f32x4.splat(r);
  const w = f32x4.splat(s);
  let at = <usize>begin << 2;
  const stop = <usize>end << 2;
  for (; at + 32 <= stop; at += 32) {
    Step.take<R>(variable, gradient, k, f, l, t, u, v, w, a, b, c, at, true);
    Step.take<R>(variable, gradient, k, f, l, t, u, v, w, a, b, c, at + 16, true);
  }
  for (; at + 16 <= stop; at += 16) Step.take<R>(variable, gradient, k, f, l, t, u, v, w, a, b, c, at, true);
  for (; at < stop; at += 4) Step.take<R>(variable, gradient, k, f, l, t, u, v, w, a, b, c, at, false);
}

@unmanaged
export class Sgd extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    return f32x4.sub(x, f32x4.mul(g, rate));
  }
}

/** a = velocity; p = momentum. */
@unmanaged
export class Momentum extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    return f32x4.add(x, Lanes.accumulate(a + at, p, f32x4.neg(f32x4.mul(g, rate)), whole));
  }
}

/** a = velocity; p = momentum. */
@unmanaged
export class Nesterov extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    const step = f32x4.neg(f32x4.mul(g, rate));
    return f32x4.add(x, f32x4.add(f32x4.mul(Lanes.accumulate(a + at, p, step, whole), p), step));
  }
}

/** a = velocity, b = average gradient or 0, c = momentum or 0; p = blend, q = epsilon, r = momentum. */
@unmanaged
export class Rmsprop extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    let variance = Lanes.average(a + at, f32x4.mul(g, g), p, whole);
    if (b != 0) {
      const mean = Lanes.average(b + at, g, p, whole);
      // Rounding may make it negative.
      variance = f32x4.pmax(f32x4.sub(variance, f32x4.mul(mean, mean)), f32x4.splat(0));
    }
    const step = f32x4.div(f32x4.mul(g, rate), f32x4.sqrt(f32x4.add(variance, q)));
    return f32x4.sub(x, c == 0 ? step : Lanes.accumulate(c + at, r, step, whole));
  }
}

/** a = accumulator; p = epsilon. */
@unmanaged
export class Adagrad extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const sum = Lanes.accumulate(a + at, f32x4.splat(1), f32x4.mul(g, g), whole);
    return f32x4.sub(x, f32x4.div(f32x4.mul(g, rate), f32x4.sqrt(f32x4.add(sum, p))));
  }
}

/** a = average square of gradients, b = of steps; p = blend, q = epsilon. */
@unmanaged
export class Adadelta extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const root = f32x4.sqrt(f32x4.add(Lanes.average(a + at, f32x4.mul(g, g), p, whole), q));
    const step = f32x4.div(f32x4.mul(f32x4.sqrt(f32x4.add(Lanes.read(b + at, whole), q)), g), root);
    Lanes.average(b + at, f32x4.mul(step, step), p, whole);
    return f32x4.sub(x, f32x4.mul(step, rate));
  }
}

/** a = momentum, b = velocity, c = its maximum or 0; p = blend1, q = blend2, r = epsilon. */
@unmanaged
export class Adam extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const momentum = Lanes.average(a + at, g, p, whole);
    let velocity = Lanes.average(b + at, f32x4.mul(g, g), q, whole);
    if (c != 0) {
      velocity = f32x4.max(Lanes.read(c + at, whole), velocity);
      Lanes.write(c + at, velocity, whole);
    }
    return f32x4.sub(x, f32x4.div(f32x4.mul(momentum, rate), f32x4.add(f32x4.sqrt(velocity), r)));
  }
}

/** a = momentum, b = norm; p = blend1, q = beta2, r = epsilon. */
@unmanaged
export class Adamax extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.within(g, HALF);
    const momentum = Lanes.average(a + at, g, p, whole);
    const norm = f32x4.max(f32x4.mul(Lanes.read(b + at, whole), q), f32x4.abs(g));
    Lanes.write(b + at, norm, whole);
    return f32x4.sub(x, f32x4.div(f32x4.mul(momentum, rate), f32x4.add(norm, r)));
  }
}

/** a = momentum, b = velocity; p = blend1, q = blend2, r = epsilon, s = the rate of the gradient itself. */
@unmanaged
export class Nadam extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const momentum = Lanes.average(a + at, g, p, whole);
    const velocity = Lanes.average(b + at, f32x4.mul(g, g), q, whole);
    const ahead = f32x4.add(f32x4.mul(momentum, rate), f32x4.mul(g, s));
    return f32x4.sub(x, f32x4.div(ahead, f32x4.add(f32x4.sqrt(velocity), r)));
  }
}

/** a = momentum; p = blend1, q = blend2. */
@unmanaged
export class Lion extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.within(g, HALF);
    const direction = Lanes.mix(Lanes.read(a + at, whole), g, p);
    Lanes.average(a + at, g, q, whole);
    const signed = v128.or(rate, v128.and(direction, i32x4.splat(0x80000000)));
    // 0 is unchanged, and NaN is kept.
    const step = v128.bitselect(signed, f32x4.mul(direction, rate), f32x4.gt(f32x4.abs(direction), f32x4.splat(0)));
    return f32x4.sub(x, step);
  }
}

/** The step in place of a new value; a = momentum, b = velocity; p = blend1, q = blend2, r = epsilon, s = 1 / bias. */
@unmanaged
export class Lamb extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const momentum = Lanes.average(a + at, g, p, whole);
    const velocity = Lanes.average(b + at, f32x4.mul(g, g), q, whole);
    return f32x4.div(f32x4.mul(momentum, rate), f32x4.add(f32x4.sqrt(f32x4.mul(velocity, s)), r));
  }
}

/** a = accumulator, b = linear; p = power of the accumulator, q = l1, r = 2 l2 + beta / rate, s = 2 shrinkage. */
@unmanaged
export class Ftrl extends Rule {
  @inline next(
    x: v128, g: v128, rate: v128, p: v128, q: v128, r: v128, s: v128,
    a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    g = Lanes.bounded(g);
    const old = Lanes.read(a + at, whole);
    const sum = f32x4.pmin(f32x4.add(old, f32x4.mul(g, g)), f32x4.splat(MOST));
    Lanes.write(a + at, sum, whole);
    const power = Pow.vec(sum, p);
    const grown = f32x4.div(f32x4.sub(power, Pow.vec(old, p)), rate);
    const pull = f32x4.sub(f32x4.add(g, f32x4.mul(s, x)), f32x4.mul(grown, x));
    const linear = Lanes.accumulate(b + at, f32x4.splat(1), pull, whole);
    const clipped = f32x4.max(f32x4.min(linear, q), f32x4.neg(q));
    return f32x4.div(f32x4.sub(clipped, linear), f32x4.add(f32x4.div(power, rate), r));
  }
}
