// One head's attention scores, a block of queries x keys at a time in scratch memory: the product, the masks, and which
// keys a query attends to.
import { BLOCK_ROWS, Matrix, multiply, PRODUCT_BYTES, Right } from "./gemm";
import { isNear, multiplyMatrix } from "./gemm-matrix";
import { Thin } from "./gemm-thin";
import { Lanes, Row, Scaled } from "./reduce";
import { Run } from "./runs";

/** C = A B + start, [m, k] x [k, n], of any number of rows; `start` is a bias, 0 or ONTO_RESULT. Strides are bytes. */
export function product(
  scratch: usize, c: usize, cRow: usize, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize,
  m: i32, n: i32, k: i32, start: usize,
): void {
  const left = Matrix.at(scratch, a, m, <i32>(aRow >> 2), <i32>(aColumn >> 2), c, <i32>(cRow >> 2));
  const right = Right.at(scratch, b, k, n, <i32>(bRow >> 2), <i32>(bColumn >> 2));
  for (let row = 0; row < m; row += BLOCK_ROWS) {
    const end = min(row + BLOCK_ROWS, m);
    if (start == 0 && isNear(right, end - row, n)) {
      multiplyMatrix(left, right, 0, -Infinity, row, end, 0, n, scratch);
    } else {
      multiply<Matrix>(left, right, start, -Infinity, row, end, 0, n, scratch);
    }
  }
}

/** The keys that queries attend to, and the scores of the chosen head. In scratch memory. */
@unmanaged
export class Scores {
  static readonly BYTES: usize = 128;

  q: usize;
  k: usize;
  queries: i32;
  keys: i32;
  heads: i32;
  /** Divides `heads`: neighbouring query heads share a key head. */
  keyHeads: i32;
  dim: i32;
  scale: f32;
  /** The position of the first query among the keys. */
  position: i32;
  /** How many keys before and after its own position a query attends to; 0 after it: causal. */
  before: i32;
  after: i32;
  /** All queries attend to so many first keys, and so many first queries to all keys. */
  globals: i32;
  /** Bytes that are 0 where a key must not be seen, and numbers added to the scores; the elements to the next .. */
  allowed: usize;
  bias: usize;
  maskBatch: i32;
  maskHead: i32;
  maskRow: i32;
  /** The head chosen. */
  batch: i32;
  head: i32;
  keyHead: i32;
  /** The block of scores, and the bytes from one query's row to the next. */
  tile: usize;
  tileRow: usize;
  blockKeys: i32;

  static setUp(
    scratch: usize, q: usize, k: usize, queries: i32, keys: i32, heads: i32, keyHeads: i32, dim: i32, scale: f32,
    position: usize, before: i32, after: i32, globals: i32, blockKeys: i32,
  ): Scores {
    const scores = changetype<Scores>(scratch + PRODUCT_BYTES);
    scores.q = q;
    scores.k = k;
    scores.queries = queries;
    scores.keys = keys;
    scores.heads = heads;
    scores.keyHeads = keyHeads;
    scores.dim = dim;
    scores.scale = scale;
    scores.position = position ? load<i32>(position) : 0;
    scores.before = before;
    scores.after = after;
    scores.globals = globals;
    scores.tile = scratch + PRODUCT_BYTES + Scores.BYTES;
    // Not a power of two: rows would lie in the same few lines of a cache.
    scores.tileRow = <usize>(blockKeys + 16) << 2;
    scores.blockKeys = blockKeys;
    return scores;
  }

  setMask(allowed: usize, bias: usize, maskBatch: i32, maskHead: i32, maskRow: i32): void {
    this.allowed = allowed;
    this.bias = bias;
    this.maskBatch = maskBatch;
    this.maskHead = maskHead;
    this.maskRow = maskRow;
  }

  /** Chooses a head, counted over all batches. */
  choose(head: i32): void {
    this.batch = head / this.heads;
    this.head = head % this.heads;
    this.keyHead = this.head / (this.heads / this.keyHeads);
  }

  /** The chosen head's row for a query in a tensor [batch, queries, heads, numbers]. */
  atQuery(x: usize, query: i32, numbers: i32): usize {
    const row = (<usize>this.batch * this.queries + query) * this.heads + this.head;
    return x + (row * numbers << 2);
  }

  /** The chosen head's row for a key in a tensor [batch, keys, keyHeads, numbers]. */
  atKey(x: usize, key: i32, numbers: i32): usize {
    const row = (<usize>this.batch * this.keys + key) * this.keyHeads + this.keyHead;
    return x + (row * numbers << 2);
  }

  /** The bytes from one of the rows of a head to the next. */
  @inline queryStep(numbers: i32): usize { return <usize>(this.heads * numbers) << 2; }
  @inline keyStep(numbers: i32): usize { return <usize>(this.keyHeads * numbers) << 2; }

  /** The first key of those around the query. */
  first(query: i32): i32 {
    const at = this.position + query;
    return at < this.globals ? 0 : min(max(at - this.before, 0), this.keys);
  }

  /** The end of the keys that the query attends to. */
  end(query: i32): i32 {
    const at = this.position + query;
    if (this.after == 0) return min(at + 1, this.keys);
    return at < this.globals ? this.keys : min(at + 1 + this.after, this.keys);
  }

  /** The end of all keys that queries [query, query + rows) attend to. */
  blockEnd(query: i32, rows: i32): i32 {
    return max(this.end(query), this.end(query + rows - 1));
  }

  /** The first key of the block at or after `key` that one of the queries from `query` on attends to. */
  blockFirst(query: i32, key: i32): i32 {
    return key < this.globals ? key : max(key, this.first(query));
  }

  /** The end of the block of keys that begins at `key`. */
  blockStop(query: i32, key: i32, end: i32): i32 {
    const stop = min(key + this.blockKeys, end);
    return key < this.globals && this.globals < this.first(query) ? min(stop, this.globals) : stop;
  }

  /** tile = Q K' for queries [query, query + rows) and keys [key, key + count). */
  multiply(scratch: usize, query: i32, rows: i32, key: i32, count: i32): void {
    const dim = this.dim;
    const q = this.atQuery(this.q, query, dim);
    const k = this.atKey(this.k, key, dim);
    const step = this.keyStep(dim);
    if (rows > 1) {
      product(scratch, this.tile, this.tileRow, q, this.queryStep(dim), 4, k, 4, step, rows, count, dim, 0);
      return;
    }
    for (let column = 0; column < count; column += 4) {
      const left = count - column;
      const k0 = k + <usize>column * step;
      const k1 = left > 1 ? k0 + step : k0;
      const k2 = left > 2 ? k1 + step : k0;
      const k3 = left > 3 ? k2 + step : k0;
      Lanes.store(this.tile + (<usize>column << 2), Thin.dots(q, k0, k1, k2, k3, dim), left);
    }
  }

  /** Where the keys that the query attends to begin in the block [key, key + count): all but a gap up to `seenEnd`. */
  seenBegin(query: i32, key: i32, count: i32): i32 {
    const first = this.globals > 0 ? 0 : this.first(query);
    return min(max(first - key, 0), this.seenEnd(query, key, count));
  }

  seenEnd(query: i32, key: i32, count: i32): i32 {
    return min(max(this.end(query) - key, 0), count);
  }

  /**
   * Sets to -Infinity what the query must not attend to among numbers [begin, end) of its row, and adds its mask.
   * Returns what the row is still to be multiplied by.
   */
  mask(row: usize, query: i32, key: i32, begin: i32, end: i32): f32 {
    const p = row + (<usize>begin << 2);
    const n = end - begin;
    if (n == 0) return 1;
    const at = <usize>(this.batch * this.maskBatch + this.head * this.maskHead + query * this.maskRow + key + begin);
    if (this.bias) {
      Row.map<Scaled>(p, p, p, this.scale, 0, 0, n);
      Run.add(p, this.bias + (at << 2), n);
    }
    if (this.allowed) hide(p, this.allowed + at, n);
    const gap = max(this.globals - key, begin);
    const gapEnd = min(this.first(query) - key, end);
    if (gap < gapEnd) Run.fill<f32>(row + (<usize>gap << 2), -Infinity, gapEnd - gap);
    return this.bias ? 1 : this.scale;
  }
}

/** Sets to -Infinity the numbers whose mask byte is 0. */
function hide(p: usize, allowed: usize, n: i32): void {
  const none = f32x4.splat(-Infinity);
  const zero = i32x4.splat(0);
  for (; n >= 4; n -= 4, p += 16, allowed += 4) {
    const bytes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(allowed)));
    v128.store(p, v128.bitselect(none, v128.load(p), i32x4.eq(bytes, zero)));
  }
  for (; n > 0; n--, p += 4, allowed++) if (load<u8>(allowed) == 0) store<f32>(p, -Infinity);
}
