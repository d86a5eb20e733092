// One pass per variable for each optimizer, with Keras 3's formulas, and the norm that gradients are clipped by.
// What may change between replays is in memory: the learning rate, the number of finished steps and the scale that
// clipping found. Where a formula needs 1 - beta, that is the argument (`blend`): f32 holds it better than beta near 1.
// Weight decay is decoupled, as everywhere in Keras: the variable first loses learningRate * weightDecay of itself.
import { In, InEach, InOut, InOutEach, OptionalIn, Out } from "./signature";

/** Four numbers at a time, or with `whole` false a single one, in lane 0 of the same instructions. */
class Lanes {
  @inline static read(at: usize, whole: bool): v128 {
    return whole ? v128.load(at) : v128.load32_zero(at);
  }

  @inline static write(at: usize, x: v128, whole: bool): void {
    if (whole) v128.store(at, x);
    else v128.store_lane<f32>(at, x, 0);
  }

  /** The running average at `at`, moved towards x by the part `blend`. */
  @inline static average(at: usize, x: v128, blend: v128, whole: bool): v128 {
    const old = Lanes.read(at, whole);
    const average = f32x4.add(old, f32x4.mul(f32x4.sub(x, old), blend));
    Lanes.write(at, average, whole);
    return average;
  }

  /** The sum at `at`, faded by a factor, plus x. */
  @inline static accumulate(at: usize, factor: v128, x: v128, whole: bool): v128 {
    const sum = f32x4.add(f32x4.mul(Lanes.read(at, whole), factor), x);
    Lanes.write(at, sum, whole);
    return sum;
  }
}

/** How one optimizer turns gradients g into steps, at a byte offset; a, b, c are its state, p, q, r its constants. */
@unmanaged
abstract class Rule {
  /** Updates the state and gives what to add to the variable. */
  abstract step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128;
}

class Step {
  /** variable = variable keep + step(gradient scale), for four numbers or one. */
  @inline static take<R extends Rule>(
    variable: usize, gradient: usize, keep: v128, scale: v128,
    rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): void {
    const g = f32x4.mul(Lanes.read(gradient + at, whole), scale);
    const kept = f32x4.mul(Lanes.read(variable + at, whole), keep);
    const step = changetype<R>(<usize>0).step(g, rate, p, q, r, a, b, c, at, whole);
    Lanes.write(variable + at, f32x4.add(kept, step), whole);
  }
}

/** Applies a rule to numbers [begin, end); `decay` is the part of the variable that weight decay takes. */
function apply<R extends Rule>(
  variable: usize, gradient: usize, scale: usize, decay: f32, rate: f32,
  p: f32, q: f32, r: f32, a: usize, b: usize, c: usize,
  begin: i32, end: i32,
): void {
  const s = scale == 0 ? f32x4.splat(1) : v128.load32_splat(scale);
  const k = f32x4.splat(1 - decay);
  const l = f32x4.splat(rate);
  const u = f32x4.splat(p);
  const v = f32x4.splat(q);
  const w = f32x4.splat(r);
  let at = <usize>begin << 2;
  const stop = <usize>end << 2;
  for (; at + 32 <= stop; at += 32) {
    Step.take<R>(variable, gradient, k, s, l, u, v, w, a, b, c, at, true);
    Step.take<R>(variable, gradient, k, s, l, u, v, w, a, b, c, at + 16, true);
  }
  for (; at + 16 <= stop; at += 16) Step.take<R>(variable, gradient, k, s, l, u, v, w, a, b, c, at, true);
  for (; at < stop; at += 4) Step.take<R>(variable, gradient, k, s, l, u, v, w, a, b, c, at, false);
}

@unmanaged
class Sgd extends Rule {
  @inline step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    return f32x4.neg(f32x4.mul(g, rate));
  }
}

/** a = velocity; p = momentum. */
@unmanaged
class Momentum extends Rule {
  @inline step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    return Lanes.accumulate(a + at, p, f32x4.neg(f32x4.mul(g, rate)), whole);
  }
}

/** a = velocity; p = momentum. */
@unmanaged
class Nesterov extends Rule {
  @inline step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    const step = f32x4.neg(f32x4.mul(g, rate));
    return f32x4.add(f32x4.mul(Lanes.accumulate(a + at, p, step, whole), p), step);
  }
}

/** a = velocity, b = average gradient or 0, c = momentum or 0; p = blend, q = epsilon, r = momentum. */
@unmanaged
class Rmsprop extends Rule {
  @inline step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    let variance = Lanes.average(a + at, f32x4.mul(g, g), p, whole);
    if (b != 0) {
      const mean = Lanes.average(b + at, g, p, whole);
      variance = f32x4.sub(variance, f32x4.mul(mean, mean));
    }
    const step = f32x4.div(f32x4.mul(g, rate), f32x4.sqrt(f32x4.add(variance, q)));
    return f32x4.neg(c == 0 ? step : Lanes.accumulate(c + at, r, step, whole));
  }
}

/** a = momentum, b = velocity; p = blend1, q = blend2, r = epsilon. */
@unmanaged
class Adam extends Rule {
  @inline step(
    g: v128, rate: v128, p: v128, q: v128, r: v128, a: usize, b: usize, c: usize, at: usize, whole: bool,
  ): v128 {
    const momentum = Lanes.average(a + at, g, p, whole);
    const velocity = Lanes.average(b + at, f32x4.mul(g, g), q, whole);
    return f32x4.neg(f32x4.div(f32x4.mul(momentum, rate), f32x4.add(f32x4.sqrt(velocity), r)));
  }
}

/** variable -= learningRate gradient; over numbers [begin, end). */
export function sgd_f32(
  variable: InOutEach<f32>, gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  apply<Sgd>(variable, gradient, scale, rate * weightDecay, rate, 0, 0, 0, 0, 0, 0, begin, end);
}

/** velocity = momentum velocity - learningRate gradient, variable += velocity; over numbers [begin, end). */
export function sgd_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  apply<Momentum>(variable, gradient, scale, rate * weightDecay, rate, momentum, 0, 0, velocity, 0, 0, begin, end);
}

/** The same with variable += momentum velocity - learningRate gradient; over numbers [begin, end). */
export function sgd_nesterov_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  apply<Nesterov>(variable, gradient, scale, rate * weightDecay, rate, momentum, 0, 0, velocity, 0, 0, begin, end);
}

/**
 * velocity += blend (gradient^2 - velocity), variable -= learningRate gradient / sqrt(velocity + epsilon); over numbers
 * [begin, end). PyTorch adds its epsilon after the root.
 */
export function rmsprop_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  apply<Rmsprop>(variable, gradient, scale, rate * weightDecay, rate, blend, epsilon, 0, velocity, 0, 0, begin, end);
}

/** The same with step = momentum step + that update, variable -= step; over numbers [begin, end). */
export function rmsprop_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, step: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(variable, gradient, scale, decay, rate, blend, epsilon, momentum, velocity, 0, step, begin, end);
}

/** rmsprop with the variance velocity - average^2 of the gradient under the root; over numbers [begin, end). */
export function rmsprop_centered_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, average: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(variable, gradient, scale, decay, rate, blend, epsilon, 0, velocity, average, 0, begin, end);
}

/** rmsprop with both, the centred variance and momentum; over numbers [begin, end). */
export function rmsprop_centered_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, average: InOutEach<f32>, step: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(variable, gradient, scale, decay, rate, blend, epsilon, momentum, velocity, average, step, begin, end);
}

/** 1 - (1 - blend)^t: the weight that a running average which began at zero has gathered in t steps. */
function gathered(blend: f32, t: i32): f64 {
  let base: f64 = 1 - <f64>blend;
  let power: f64 = 1;
  for (; t > 0; t >>= 1) {
    if (t & 1) power *= base;
    base *= base;
  }
  return 1 - power;
}

/**
 * momentum += blend1 (gradient - momentum), velocity += blend2 (gradient^2 - velocity), t = iterations + 1,
 * alpha = learningRate sqrt(1 - (1 - blend2)^t) / (1 - (1 - blend1)^t),
 * variable -= alpha momentum / (sqrt(velocity) + epsilon); over numbers [begin, end).
 * PyTorch divides the root by sqrt(1 - beta2^t) before it adds epsilon: its epsilon weighs more in the first steps.
 */
export function adam_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, learningRate: In<f32>, iterations: In<i32>,
  weightDecay: f32, blend1: f32, blend2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const t = load<i32>(iterations) + 1;
  const alpha = <f32>(<f64>rate * sqrt<f64>(gathered(blend2, t)) / gathered(blend1, t));
  const decay = rate * weightDecay;
  apply<Adam>(variable, gradient, scale, decay, alpha, blend1, blend2, epsilon, momentum, velocity, 0, begin, end);
}

/** iterations += 1; one unit. */
export function advance_i32(iterations: InOut<i32>, begin: i32, end: i32): void {
  store<i32>(iterations, load<i32>(iterations) + end - begin);
}

/** partials[first + i] = the sum of squares in block i of x; over blocks [begin, end) of 4096 of the `size` numbers. */
export function sum_squares_f32(
  partials: InOut<f32>, x: In<f32>, size: i32, first: i32, begin: i32, end: i32,
): void {
  for (let block = begin; block < end; block++) {
    let at = x + (<usize>block << 14);
    const stop = x + (<usize>min((block + 1) << 12, size) << 2);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; at + 64 <= stop; at += 64) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(at), v128.load(at)));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(at, 16), v128.load(at, 16)));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(at, 32), v128.load(at, 32)));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(at, 48), v128.load(at, 48)));
    }
    for (; at + 16 <= stop; at += 16) s0 = f32x4.add(s0, f32x4.mul(v128.load(at), v128.load(at)));
    for (; at < stop; at += 4) s1 = f32x4.add(s1, f32x4.mul(v128.load32_zero(at), v128.load32_zero(at)));
    const pairs = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    const sum = (f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)) +
      (f32x4.extract_lane(pairs, 2) + f32x4.extract_lane(pairs, 3));
    store<f32>(partials + (<usize>(first + block) << 2), sum);
  }
}

/** scale = limit / max(limit, sqrt(sum of the `count` partials)); one unit. */
export function clip_scale_f32(
  scale: Out<f32>, partials: In<f32>, count: i32, limit: f32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += <f64>load<f32>(partials + (<usize>i << 2));
  store<f32>(scale, <f32>(<f64>limit / max<f64>(limit, sqrt<f64>(sum))));
}
