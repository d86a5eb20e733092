// The parts of an optimizer's step around the updates: norms of gradients and the scale that clips them, gradient
// accumulation, loss scaling, exponential moving averages of weights, the count of steps. All decisions depend on
// values in memory, so that each replay of a captured step makes its own.
import { In, InEach, InOut, InOutEach, OptionalIn, Out } from "./signature";
import { Gate, Lanes, Norm } from "./simd/rules";

/** iterations += 1; one unit. */
export function advance_i32(iterations: InOut<i32>, gate: OptionalIn<i32>, begin: i32, end: i32): void {
  if (Gate.closed(gate)) return;
  store<i32>(iterations, load<i32>(iterations) + end - begin);
}

/**
 * partials[first + i] = the root of the sum of squares in block i of factor x; over blocks [begin, end) of 4096 of
 * `size` numbers. With factor 0 it is 0 where all numbers are finite, and NaN elsewhere.
 */
export function block_norms_f32(
  partials: InOut<f32>, x: In<f32>, factor: f32, size: i32, first: i32, begin: i32, end: i32,
): void {
  for (let block = begin; block < end; block++) {
    const at = x + (<usize>block << 14);
    const stop = x + (<usize>min((block + 1) << 12, size) << 2);
    let norm = sqrt<f32>(sumSquares(at, stop, factor));
    // Squares beyond f32: of 2^-70 x there are none.
    if (norm == Infinity) norm = sqrt<f32>(sumSquares(at, stop, factor * SHRINK)) / SHRINK;
    store<f32>(partials + (<usize>(first + block) << 2), norm);
  }
}

/** 2^-70 */
const SHRINK: f32 = 8.470329472543003e-22;

/** The sum of (factor x)^2 from `at` to `stop`. */
function sumSquares(at: usize, stop: usize, factor: f32): f32 {
  const f = f32x4.splat(factor);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; at + 64 <= stop; at += 64) {
    s0 = f32x4.add(s0, Squares.of(v128.load(at), f));
    s1 = f32x4.add(s1, Squares.of(v128.load(at, 16), f));
    s2 = f32x4.add(s2, Squares.of(v128.load(at, 32), f));
    s3 = f32x4.add(s3, Squares.of(v128.load(at, 48), f));
  }
  for (; at + 16 <= stop; at += 16) s0 = f32x4.add(s0, Squares.of(v128.load(at), f));
  for (; at < stop; at += 4) s1 = f32x4.add(s1, Squares.of(v128.load32_zero(at), f));
  const pairs = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return (f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)) +
    (f32x4.extract_lane(pairs, 2) + f32x4.extract_lane(pairs, 3));
}

class Squares {
  @inline static of(x: v128, factor: v128): v128 {
    const scaled = f32x4.mul(x, factor);
    return f32x4.mul(scaled, scaled);
  }
}

/**
 * scale = unscale limit / max(limit, unscale norm) with the norm of the `count` blocks' norms: makes gradients that are
 * still to be multiplied by `unscale` true ones of at most this norm; one unit.
 */
export function clip_scale_f32(
  scale: Out<f32>, partials: In<f32>, unscale: OptionalIn<f32>, count: i32, limit: f32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  const factor: f64 = unscale == 0 ? 1 : <f64>load<f32>(unscale);
  const norm = factor * Norm.of(partials, count);
  store<f32>(scale, <f32>(factor * <f64>limit / max<f64>(limit, norm)));
}

/**
 * pending counts the gradients accumulated since the last update, 1 to `steps`; open = whether there are enough.
 * Nothing is counted while the outer gate is closed; one unit.
 */
export function accumulation_gate_i32(
  open: Out<i32>, pending: InOut<i32>, outer: OptionalIn<i32>, steps: i32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  if (Gate.closed(outer)) {
    store<i32>(open, 0);
    return;
  }
  const before = load<i32>(pending);
  const now = before >= steps ? 1 : before + 1;
  store<i32>(pending, now);
  store<i32>(open, i32(now == steps));
}

/** sum += scale gradient, after resetting the sum when one gradient is pending; over numbers [begin, end). */
export function accumulate_gradient_f32(
  sum: InOutEach<f32>, gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, pending: In<i32>,
  begin: i32, end: i32,
): void {
  if (Gate.closed(gate)) return;
  const first = load<i32>(pending) == 1;
  const f = scale == 0 ? f32x4.splat(1) : v128.load32_splat(scale);
  let at = <usize>begin << 2;
  const stop = <usize>end << 2;
  for (; at + 16 <= stop; at += 16) Sum.add(sum + at, gradient + at, f, first, true);
  for (; at < stop; at += 4) Sum.add(sum + at, gradient + at, f, first, false);
}

class Sum {
  @inline static add(sum: usize, x: usize, factor: v128, first: bool, whole: bool): void {
    const scaled = f32x4.mul(Lanes.read(x, whole), factor);
    Lanes.write(sum, first ? scaled : f32x4.add(Lanes.read(sum, whole), scaled), whole);
  }
}

/**
 * average += blend (variable - average), and where a step is the first of all, average = variable; after each
 * `frequency` steps (0: never) variable = average; over numbers [begin, end).
 */
export function average_weights_f32(
  average: InOutEach<f32>, variable: InOutEach<f32>, gate: OptionalIn<i32>, iterations: In<i32>,
  blend: f32, frequency: i32, begin: i32, end: i32,
): void {
  if (Gate.closed(gate)) return;
  const done = load<i32>(iterations);
  const overwrite = frequency > 0 && (done + 1) % frequency == 0;
  const b = f32x4.splat(blend);
  let at = <usize>begin << 2;
  const stop = <usize>end << 2;
  for (; at + 16 <= stop; at += 16) Average.take(average + at, variable + at, b, done == 0, overwrite, true);
  for (; at < stop; at += 4) Average.take(average + at, variable + at, b, done == 0, overwrite, false);
}

class Average {
  @inline static take(average: usize, variable: usize, blend: v128, first: bool, overwrite: bool, whole: bool): void {
    const x = Lanes.read(variable, whole);
    const mean = first ? x : Lanes.mix(Lanes.read(average, whole), x, blend);
    Lanes.write(average, mean, whole);
    if (overwrite) Lanes.write(variable, mean, whole);
  }
}

/**
 * open = whether the `count` norms are all 0, as they are when all gradients are finite; unscale = 1 / lossScale;
 * then lossScale is doubled after `growthSteps` finite steps in a row, which goodSteps counts, and halved by any other;
 * one unit.
 */
export function loss_scale_f32(
  open: Out<i32>, unscale: Out<f32>, lossScale: InOut<f32>, goodSteps: InOut<i32>, partials: In<f32>,
  count: i32, growthSteps: i32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  const scale = load<f32>(lossScale);
  const finite = Norm.of(partials, count) == 0;
  const good = load<i32>(goodSteps) + 1;
  const grows = finite && good >= growthSteps;
  store<f32>(unscale, 1 / scale);
  store<i32>(open, i32(finite));
  store<f32>(lossScale, grows ? scale * 2 : finite ? scale : scale * 0.5);
  store<i32>(goodSteps, finite && !grows ? good : 0);
}
