// Connectionist temporal classification: the probability of a label sequence summed over all its alignments with the
// time steps, by the forward-backward recursions in log space (Graves, Fernandez, Gomez and Schmidhuber 2006).
//
// The states of an example are its labels with a blank before, between and behind them. A row holds one number for each
// state, with a margin of four on both sides, so that the neighbours of four states are loads of four too.
import { In, Out } from "./signature";
import { Exp, Log } from "./simd/math";
import { Lanes } from "./simd/reduce";

/** The logarithm of zero: far below all others, and finite, so that differences of two are numbers. */
const NEVER: f32 = -1e30;
const HARDLY: f32 = -1e29;
const MARGIN: usize = 16;

/** Bytes of a row for up to `longest` labels. */
function rowBytes(longest: i32): usize {
  return (<usize>((2 * longest + 4) & ~3) << 2) + 2 * MARGIN;
}

/** Numbers that are logarithms, four at a time. */
class Logs {
  /** log(e^a + e^b + e^c) */
  @inline static sum(a: v128, b: v128, c: v128): v128 {
    const peak = f32x4.pmax(f32x4.pmax(a, b), c);
    const pair = f32x4.add(Exp.vec(f32x4.sub(a, peak)), Exp.vec(f32x4.sub(b, peak)));
    return f32x4.add(peak, Log.vec(f32x4.add(pair, Exp.vec(f32x4.sub(c, peak)))));
  }

  @inline static largest(v: v128): f32 {
    const pairs = f32x4.pmax(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
    return f32x4.extract_lane(f32x4.pmax(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
  }
}

/** Fills a row, margins too, with the logarithm of zero. */
function clear(row: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(row + at, f32x4.splat(NEVER));
}

/**
 * The class of each state into `classOf`, -1 for one that does not exist; into `skip` 0 where a state may follow the
 * state two before it, the logarithm of zero elsewhere.
 */
function layOut(classOf: usize, skip: usize, labels: usize, count: i32, classes: i32, blank: i32, bytes: usize): void {
  clear(skip, bytes);
  for (let i = 0; i < count; i++) {
    const label = load<i32>(labels + (<usize>i << 2));
    const at = <usize>(2 * i) << 2;
    store<i32>(classOf + at, blank);
    store<i32>(classOf + at + 4, <u32>label < <u32>classes ? label : -1);
    if (label != blank && i > 0 && label != load<i32>(labels + (<usize>(i - 1) << 2))) {
      store<f32>(skip + MARGIN + at + 4, 0);
    }
  }
  store<i32>(classOf + (<usize>(2 * count) << 2), blank);
}

/** The log-probability of each state's class in the time step x; NaN for a class that does not exist. */
function emit(row: usize, x: usize, classOf: usize, states: i32): void {
  for (let s = 0; s < states; s++) {
    const at = <usize>s << 2;
    const label = load<i32>(classOf + at);
    const value: f32 = label < 0 ? NaN : load<f32>(x + (<usize>label << 2));
    store<f32>(row + MARGIN + at, value < NEVER ? NEVER : value);
  }
}

/** Lowers a row by its largest number, unless nothing in it is possible; the number. */
function lower(row: usize, states: i32, peak: v128): f32 {
  const top = Logs.largest(peak);
  if (top < HARDLY) return 0;
  for (let s = 0; s < states; s += 4) {
    const at = row + MARGIN + (<usize>s << 2);
    v128.store(at, f32x4.sub(v128.load(at), f32x4.splat(top)));
  }
  return top;
}

/** The logarithm of the probability of the two states in which an example may end. */
function ending(row: usize, states: i32): f32 {
  const last = row + MARGIN + (<usize>(states - 1) << 2);
  const never = f32x4.splat(NEVER);
  return f32x4.extract_lane(Logs.sum(v128.load32_splat(last), v128.load32_splat(last - 4), never), 0);
}

/**
 * loss[b] = -log p(labels[b] | x[b]), infinite where the labels do not fit into the time steps, over examples
 * [begin, end). x are log-probabilities [batch, time, classes], labels [batch, longest]; inputs[b] and counts[b] say
 * how many of the time steps and of the labels count. alpha, [batch, time + 1, row], gets the forward probabilities for
 * the gradient, each row lowered by its largest number; the first stands for the time before the first step. work is
 * [batch, 3, row].
 */
export function ctc_f32(
  loss: Out<f32>, alpha: Out<f32>, work: Out<f32>, x: In<f32>, labels: In<i32>, inputs: In<i32>, counts: In<i32>,
  time: i32, classes: i32, longest: i32, blank: i32, begin: i32, end: i32,
): void {
  const bytes = rowBytes(longest);
  for (let b = <usize>begin; b < <usize>end; b++) {
    const steps = min(max(load<i32>(inputs + (b << 2)), 0), time);
    const count = min(max(load<i32>(counts + (b << 2)), 0), longest);
    const states = 2 * count + 1;
    const classOf = work + b * 3 * bytes;
    const skip = classOf + bytes;
    const emission = skip + bytes;
    layOut(classOf, skip, labels + ((b * <usize>longest) << 2), count, classes, blank, bytes);
    clear(emission, bytes);
    let from = alpha + b * <usize>(time + 1) * bytes;
    clear(from, bytes);
    store<f32>(from + MARGIN, 0);
    let row = x + ((b * <usize>time * <usize>classes) << 2);
    let total: f64 = 0;
    for (let t = 0; t < steps; t++, from += bytes, row += <usize>classes << 2) {
      const to = from + bytes;
      clear(to, bytes);
      emit(emission, row, classOf, states);
      let peak = f32x4.splat(NEVER);
      for (let s = 0; s < states; s += 4) {
        const at = MARGIN + (<usize>s << 2);
        const jumped = f32x4.add(v128.load(from + at - 8), v128.load(skip + at));
        const arrived = Logs.sum(v128.load(from + at), v128.load(from + at - 4), jumped);
        const next = f32x4.add(arrived, v128.load(emission + at));
        peak = f32x4.pmax(peak, next);
        v128.store(to + at, next);
      }
      total += <f64>lower(to, states, peak);
    }
    const rest = ending(from, states);
    store<f32>(loss + (b << 2), rest < HARDLY ? Infinity : <f32>-(total + <f64>rest));
  }
}

/**
 * dx[b, t, k] = -dy[b] p(class k at time t | labels[b], x[b]), 0 for examples of infinite loss and behind an example's
 * time steps, over examples [begin, end). What it shares with ctc_f32 is as there; work is [batch, 5, row].
 */
export function ctc_grad_f32(
  dx: Out<f32>, work: Out<f32>, dy: In<f32>, alpha: In<f32>, x: In<f32>, labels: In<i32>, inputs: In<i32>,
  counts: In<i32>, time: i32, classes: i32, longest: i32, blank: i32, begin: i32, end: i32,
): void {
  const bytes = rowBytes(longest);
  const stride = <usize>classes << 2;
  for (let b = <usize>begin; b < <usize>end; b++) {
    const steps = min(max(load<i32>(inputs + (b << 2)), 0), time);
    const count = min(max(load<i32>(counts + (b << 2)), 0), longest);
    const states = 2 * count + 1;
    const example = b * <usize>time * stride;
    memory.fill(dx + example, 0, <usize>time * stride);
    const first = alpha + b * <usize>(time + 1) * bytes;
    if (steps == 0 || ending(first + <usize>steps * bytes, states) < HARDLY) continue;
    const classOf = work + b * 5 * bytes;
    const skip = classOf + bytes;
    const emission = skip + bytes;
    const beta = emission + bytes;
    const ahead = beta + bytes;
    layOut(classOf, skip, labels + ((b * <usize>longest) << 2), count, classes, blank, bytes);
    clear(emission, bytes);
    clear(ahead, bytes);
    clear(beta, bytes);
    const last = beta + MARGIN + (<usize>(states - 1) << 2);
    store<f32>(last, 0);
    if (states > 1) store<f32>(last - 4, 0);
    const scale = load<f32>(dy + (b << 2));
    for (let t = <usize>(steps - 1); ; t--) {
      const out = dx + example + t * stride;
      share(emission, first + (t + 1) * bytes, beta, states);
      for (let s = 0; s < states; s++) {
        const at = <usize>s << 2;
        const label = load<i32>(classOf + at);
        if (label < 0) continue;
        const to = out + (<usize>label << 2);
        store<f32>(to, load<f32>(to) - scale * load<f32>(emission + MARGIN + at));
      }
      if (t == 0) break;
      clear(emission, bytes);
      emit(emission, x + example + t * stride, classOf, states);
      retreat(beta, ahead, emission, skip, states);
    }
  }
}

/** out = e^(alpha + beta), divided by its sum: the probability of each state. */
function share(out: usize, alpha: usize, beta: usize, states: i32): void {
  let peak = f32x4.splat(NEVER);
  for (let s = 0; s < states; s += 4) {
    const at = MARGIN + (<usize>s << 2);
    peak = f32x4.pmax(peak, f32x4.add(v128.load(alpha + at), v128.load(beta + at)));
  }
  const top = f32x4.splat(Logs.largest(peak));
  let sum = f32x4.splat(0);
  for (let s = 0; s < states; s += 4) {
    const at = MARGIN + (<usize>s << 2);
    const value = Exp.vec(f32x4.sub(f32x4.add(v128.load(alpha + at), v128.load(beta + at)), top));
    sum = f32x4.add(sum, value);
    v128.store(out + at, value);
  }
  const factor = f32x4.splat(1 / Lanes.sum(sum));
  for (let s = 0; s < states; s += 4) {
    const at = out + MARGIN + (<usize>s << 2);
    v128.store(at, f32x4.mul(v128.load(at), factor));
  }
}

/** beta of one time step earlier, from what the later one emits. */
function retreat(beta: usize, ahead: usize, emission: usize, skip: usize, states: i32): void {
  let peak = f32x4.splat(NEVER);
  for (let s = 0; s < states; s += 4) {
    const at = MARGIN + (<usize>s << 2);
    const value = f32x4.add(v128.load(beta + at), v128.load(emission + at));
    peak = f32x4.pmax(peak, value);
    v128.store(ahead + at, value);
  }
  lower(ahead, states, peak);
  for (let s = 0; s < states; s += 4) {
    const at = MARGIN + (<usize>s << 2);
    const jumped = f32x4.add(v128.load(ahead + at + 8), v128.load(skip + at + 8));
    v128.store(beta + at, Logs.sum(v128.load(ahead + at), v128.load(ahead + at + 4), jumped));
  }
}
