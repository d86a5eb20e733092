// Scaled dot-product attention, y = softmax(scale q k' + mask) v for each head, a block of queries x keys at a time, so
// that the matrix of scores is never stored; its gradients recompute the scores of each block. Rotary position
// embedding, and the rows of a key-value cache. Source: Dao et al. 2022, FlashAttention.
import { In, InOut, OptionalIn, Out, Scratch } from "./signature";
import { product, Scores } from "./simd/attention";
import { Thin } from "./simd/gemm-thin";
import { ONTO_RESULT } from "./simd/gemm";
import { Exp } from "./simd/math";
import { Lanes, Max, Product, Row, RowMap, Scaled, Sum } from "./simd/reduce";
import { Run } from "./simd/runs";

/** t e^(u a - s) */
@unmanaged
class Probability extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.mul(t, Exp.vec(f32x4.sub(f32x4.mul(u, a), s)));
  }
}

/** t a (b - s) */
@unmanaged
class ScoreGrad extends RowMap {
  @inline vec(a: v128, b: v128, s: v128, t: v128, u: v128): v128 {
    return f32x4.mul(f32x4.mul(a, t), f32x4.sub(b, s));
  }
}

/** What is subtracted from a row before e^x: its largest number, or 0 if there is none. */
function shiftOf(peak: f32): f32 {
  return peak == -Infinity ? 0 : peak;
}

/** Numbers [begin, end) of a row of `count` scores become t e^(factor a - shift), the others 0. */
function exponentiate(row: usize, begin: i32, end: i32, count: i32, factor: f32, shift: f32, t: f32): void {
  const p = row + (<usize>begin << 2);
  Run.fill<f32>(row, 0, begin);
  Row.map<Probability>(p, p, p, shift, t, factor, end - begin);
  Run.fill<f32>(row + (<usize>end << 2), 0, count - end);
}

/** y += x B for one row of `count` probabilities, the rows of B `bRow` bytes apart. */
function addRows(y: usize, x: usize, b: usize, bRow: usize, count: i32, columns: i32): void {
  for (; count >= 8; count -= 8, x += 32, b += bRow << 3) Thin.add8(y, x, b, bRow, columns, -Infinity);
  for (; count > 0; count--, x += 4, b += bRow) Thin.add1(y, x, b, columns, -Infinity);
}

/**
 * y[b, i, h] = sum over j of p[j] v[b, j, g], p = softmax over j of scale q[b, i, h] . k[b, j, g] + bias, where query
 * head h belongs to the key head g = h keyHeads / heads, and j goes over the keys that query i attends to (`Scores`).
 * Leaves each row's largest score in `peak` and 1 / sum of e^(score - peak) in `reciprocal`, [batch, heads, queries]; a
 * query that attends to no key gives zeros. Over blocks of `blockQueries` queries [begin, end) of all heads of all
 * batches; a block has at most 64 queries and 256 keys.
 * @flops 2 * units * Math.min(blockQueries, queries) * keys * (dim + valueDim)
 */
export function attention_f32(
  y: Out<f32>, peak: Out<f32>, reciprocal: Out<f32>, q: In<f32>, k: In<f32>, v: In<f32>, position: OptionalIn<i32>,
  allowed: OptionalIn<u8>, bias: OptionalIn<f32>, maskBatch: i32, maskHead: i32, maskRow: i32,
  queries: i32, keys: i32, heads: i32, keyHeads: i32, dim: i32, valueDim: i32, scale: f32,
  before: i32, after: i32, globals: i32, blockQueries: i32, blockKeys: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const scores = Scores.setUp(
    scratch, q, k, queries, keys, heads, keyHeads, dim, scale, position, before, after, globals, blockKeys,
  );
  scores.setMask(allowed, bias, maskBatch, maskHead, maskRow);
  const blocks = (queries + blockQueries - 1) / blockQueries;
  const yStep = scores.queryStep(valueDim);
  const vStep = scores.keyStep(valueDim);
  const tile = scores.tile;
  const tileRow = scores.tileRow;
  for (let unit = begin; unit < end; unit++) {
    const query = unit % blocks * blockQueries;
    const head = unit / blocks;
    const rows = min(blockQueries, queries - query);
    scores.choose(head);
    const out = scores.atQuery(y, query, valueDim);
    const at = <usize>(head * queries + query) << 2;
    const peaks = peak + at;
    const sums = reciprocal + at;
    Run.fill<f32>(peaks, -Infinity, rows);
    Run.fill<f32>(sums, 0, rows);

    const last = scores.blockEnd(query, rows);
    let key = scores.blockFirst(query, 0);
    if (rows == 1 || key >= last) clearRows(out, yStep, rows, valueDim);
    for (let start: usize = 0; key < last; start = ONTO_RESULT) {
      const stop = scores.blockStop(query, key, last);
      const count = stop - key;
      scores.multiply(scratch, query, rows, key, count);
      for (let i = 0; i < rows; i++) {
        const row = tile + <usize>i * tileRow;
        const seen = scores.seenBegin(query + i, key, count);
        const seenEnd = scores.seenEnd(query + i, key, count);
        const factor = scores.mask(row, query + i, key, seen, seenEnd);
        // The sum so far and its weight are relative to the old peak.
        const old = load<f32>(peaks + (<usize>i << 2));
        const found = factor * Row.fold<Max>(row + (<usize>seen << 2), seenEnd - seen);
        const now = found > old || found != found ? found : old;
        const shift = shiftOf(now);
        exponentiate(row, seen, seenEnd, count, factor, shift, 1);
        const sum = Row.fold<Sum>(row + (<usize>seen << 2), seenEnd - seen);
        const sumSoFar = load<f32>(sums + (<usize>i << 2));
        store<f32>(peaks + (<usize>i << 2), now);
        if (old == now || sumSoFar == 0) {
          store<f32>(sums + (<usize>i << 2), sumSoFar + sum);
          continue;
        }
        const shrink = f32x4.extract_lane(Exp.vec(f32x4.splat(old - shift)), 0);
        store<f32>(sums + (<usize>i << 2), sumSoFar * shrink + sum);
        const line = out + <usize>i * yStep;
        Row.map<Scaled>(line, line, line, shrink, 0, 0, valueDim);
      }
      const block = scores.atKey(v, key, valueDim);
      if (rows == 1) addRows(out, tile, block, vStep, count, valueDim);
      else product(scratch, out, yStep, tile, tileRow, 4, block, vStep, 4, rows, valueDim, count, start);
      key = scores.blockFirst(query, stop);
    }
    for (let i = 0; i < rows; i++) {
      const line = out + <usize>i * yStep;
      const sum = load<f32>(sums + (<usize>i << 2));
      const factor: f32 = sum == 0 ? 0 : 1 / sum;
      store<f32>(peaks + (<usize>i << 2), shiftOf(load<f32>(peaks + (<usize>i << 2))));
      store<f32>(sums + (<usize>i << 2), factor);
      Row.map<Scaled>(line, line, line, factor, 0, 0, valueDim);
    }
  }
}

/**
 * The gradients of attention_f32 with respect to q, k and v, given that of its result: with p the probabilities, and
 * e[i] = sum of dy[i] y[i], dv = p' dy, ds = p (dy v' - e), dq = scale ds k, dk = scale ds' q. Over key heads
 * [begin, end) of all batches: all queries' contributions to a key are added by one thread, in order.
 * @flops 2 * units * heads / keyHeads * queries * keys * (3 * dim + 2 * valueDim)
 */
export function attention_grad_f32(
  dq: Out<f32>, dk: Out<f32>, dv: Out<f32>, dy: In<f32>, y: In<f32>, peak: In<f32>, reciprocal: In<f32>,
  q: In<f32>, k: In<f32>, v: In<f32>, position: OptionalIn<i32>,
  allowed: OptionalIn<u8>, bias: OptionalIn<f32>, maskBatch: i32, maskHead: i32, maskRow: i32,
  queries: i32, keys: i32, heads: i32, keyHeads: i32, dim: i32, valueDim: i32, scale: f32,
  before: i32, after: i32, globals: i32, blockQueries: i32, blockKeys: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const scores = Scores.setUp(
    scratch, q, k, queries, keys, heads, keyHeads, dim, scale, position, before, after, globals, blockKeys,
  );
  scores.setMask(allowed, bias, maskBatch, maskHead, maskRow);
  const group = heads / keyHeads;
  const tile = scores.tile;
  const tileRow = scores.tileRow;
  const second = tile + <usize>blockQueries * tileRow; // a second tile
  const qStep = scores.queryStep(dim);
  const kStep = scores.keyStep(dim);
  const yStep = scores.queryStep(valueDim);
  const vStep = scores.keyStep(valueDim);
  for (let head = begin * group; head < end * group; head++) {
    scores.choose(head);
    if (head % group == 0) {
      clearRows(scores.atKey(dk, 0, dim), kStep, keys, dim);
      clearRows(scores.atKey(dv, 0, valueDim), vStep, keys, valueDim);
    }
    for (let query = 0; query < queries; query += blockQueries) {
      const rows = min(blockQueries, queries - query);
      const queryRows = scores.atQuery(q, query, dim);
      const yRows = scores.atQuery(y, query, valueDim);
      const dyRows = scores.atQuery(dy, query, valueDim);
      const dqRows = scores.atQuery(dq, query, dim);
      const last = scores.blockEnd(query, rows);
      let key = scores.blockFirst(query, 0);
      if (key >= last) clearRows(dqRows, qStep, rows, dim);
      for (let start: usize = 0; key < last; start = ONTO_RESULT) {
        const stop = scores.blockStop(query, key, last);
        const count = stop - key;
        scores.multiply(scratch, query, rows, key, count);
        for (let i = 0; i < rows; i++) {
          const row = tile + <usize>i * tileRow;
          const at = <usize>(head * queries + query + i) << 2;
          const seen = scores.seenBegin(query + i, key, count);
          const seenEnd = scores.seenEnd(query + i, key, count);
          const factor = scores.mask(row, query + i, key, seen, seenEnd);
          exponentiate(row, seen, seenEnd, count, factor, load<f32>(peak + at), load<f32>(reciprocal + at));
        }
        const dvRows = scores.atKey(dv, key, valueDim);
        product(scratch, dvRows, vStep, tile, 4, tileRow, dyRows, yStep, 4, count, valueDim, rows, ONTO_RESULT);
        const values = scores.atKey(v, key, valueDim);
        product(scratch, second, tileRow, dyRows, yStep, 4, values, 4, vStep, rows, count, valueDim, 0);
        for (let i = 0; i < rows; i++) {
          const row = <usize>i * tileRow;
          const line = <usize>i * yStep;
          const dot = Row.sum<Product>(dyRows + line, yRows + line, 0, valueDim);
          Row.map<ScoreGrad>(tile + row, tile + row, second + row, dot, scale, 0, count);
        }
        const keyRows = scores.atKey(k, key, dim);
        product(scratch, dqRows, qStep, tile, tileRow, 4, keyRows, kStep, 4, rows, dim, count, start);
        const dkRows = scores.atKey(dk, key, dim);
        product(scratch, dkRows, kStep, tile, 4, tileRow, queryRows, qStep, 4, count, dim, rows, ONTO_RESULT);
        key = scores.blockFirst(query, stop);
      }
    }
  }
}

function clearRows(x: usize, step: usize, rows: i32, numbers: i32): void {
  for (; rows > 0; rows--, x += step) Run.fill<f32>(x, 0, numbers);
}

/**
 * y[b, t, h] = x[b, t, h] with numbers i and i + dim / 2 rotated together by the angle whose cosine and sine are
 * cosines[t, i] and sines[t, i], backwards if `turn` is -1, over rows [begin, end) of `dim` numbers.
 */
export function rotary_f32(
  y: Out<f32>, x: In<f32>, cosines: In<f32>, sines: In<f32>, time: i32, heads: i32, dim: i32, turn: f32,
  begin: i32, end: i32,
): void {
  const half = dim >> 1;
  const halfBytes = <usize>half << 2;
  const sign = f32x4.splat(turn);
  for (let row = begin; row < end; row++) {
    const at = <usize>row * <usize>dim << 2;
    const angles = <usize>(row / heads % time) * halfBytes;
    for (let i = 0; i < half; i += 4) {
      const lanes = half - i;
      const offset = <usize>i << 2;
      const low = Lanes.load(x + at + offset, lanes);
      const high = Lanes.load(x + at + halfBytes + offset, lanes);
      const c = Lanes.load(cosines + angles + offset, lanes);
      const s = f32x4.mul(sign, Lanes.load(sines + angles + offset, lanes));
      Lanes.store(y + at + offset, f32x4.sub(f32x4.mul(low, c), f32x4.mul(high, s)), lanes);
      Lanes.store(y + at + halfBytes + offset, f32x4.add(f32x4.mul(high, c), f32x4.mul(low, s)), lanes);
    }
  }
}

/**
 * Writes rows x[b, t] of `width` numbers to y[b, position + t], where y has `length` rows a batch, over rows
 * [begin, end) of x. Rows that would lie past the end are left out.
 */
export function write_rows_f32(
  y: InOut<f32>, x: In<f32>, position: In<i32>, time: i32, length: i32, width: i32, begin: i32, end: i32,
): void {
  const first = load<i32>(position);
  for (let row = begin; row < end; row++) {
    const at = first + row % time;
    if (<u32>at >= <u32>length) continue;
    const target = <usize>(row / time * length + at) * <usize>width;
    Run.copy<f32>(y + (target << 2), x + (<usize>row * <usize>width << 2), width);
  }
}

/**
 * y[b] = y[indices[b]] in place, of `batch` rows `row` numbers apart the first `width`, over strips [begin, end) of 16
 * numbers. At most SCRATCH_BYTES / 64 rows.
 */
export function reorder_rows_f32(
  y: InOut<f32>, indices: In<i32>, batch: i32, row: i32, width: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const step = <usize>row << 2;
  for (let strip = begin; strip < end; strip++) {
    const at = y + (<usize>strip << 6);
    const count = min(16, width - (strip << 4));
    for (let b = 0; b < batch; b++) Run.copy<f32>(scratch + (<usize>b << 6), at + <usize>b * step, count);
    for (let b = 0; b < batch; b++) {
      const from = <usize>load<i32>(indices + (<usize>b << 2));
      Run.copy<f32>(at + <usize>b * step, scratch + (from << 6), count);
    }
  }
}
