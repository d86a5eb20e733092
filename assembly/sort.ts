// Sorting: argsort of rows, top k of a row, binary search in a sorted row. Numbers are compared by keys, unsigned
// integers of the same order; f32 if `isFloat`, else i32. `flip` is -1 for descending order, else 0.
import { In, Out, Scratch } from "./signature";

/** Up to so many numbers are sorted by insertion, more by radix. */
const SHORT_ROW: i32 = 48;
const BUCKETS: i32 = 256;

class Key {
  /** That of NaN is the largest, -0 and 0 have the same. No branches, which signs would mislead. */
  @inline static of(bits: u32, isFloat: i32, flip: i32): u32 {
    const magnitude = bits & 0x7fffffff;
    const sign = <u32>(<i32>bits >> 31 & -isFloat) | 0x80000000;
    const key = select<u32>(0x80000000, bits ^ sign, isFloat & i32(magnitude == 0));
    return select<u32>(0xffffffff, key, isFloat & i32(magnitude > 0x7f800000)) ^ <u32>flip;
  }

  @inline static at(x: usize, i: i32, isFloat: i32, flip: i32): u32 {
    return Key.of(load<u32>(x + (<usize>i << 2)), isFloat, flip);
  }
}

/** Pairs of a key and, below it, an index: no two are equal, so that their order is that of a stable sort. */
class Pair {
  @inline static at(x: usize, i: i32, isFloat: i32, flip: i32): u64 {
    return <u64>Key.at(x, i, isFloat, flip) << 32 | <u64>i;
  }

  /** Where pairs are counted whose key has the same byte. */
  @inline static bucket(counts: usize, pair: u64, byte: i32): usize {
    return counts + (<usize>(byte * BUCKETS + <i32>(pair >> (32 + 8 * byte) & 255)) << 2);
  }
}

/** Sorts a row's pairs by inserting one after the other. */
function insertionSort(pairs: usize, x: usize, n: i32, isFloat: i32, flip: i32): void {
  for (let i = 0; i < n; i++) {
    const pair = Pair.at(x, i, isFloat, flip);
    let at = pairs + (<usize>i << 3);
    while (at > pairs && load<u64>(at - 8) > pair) {
      store<u64>(at, load<u64>(at - 8));
      at -= 8;
    }
    store<u64>(at, pair);
  }
}

/** Sorts a row's pairs byte by byte of their keys, the lowest first, from one array to the other; returns the last. */
function radixSort(pairs: usize, spare: usize, counts: usize, x: usize, n: i32, isFloat: i32, flip: i32): usize {
  memory.fill(counts, 0, 4 * BUCKETS * 4);
  for (let i = 0; i < n; i++) {
    const pair = Pair.at(x, i, isFloat, flip);
    store<u64>(pairs + (<usize>i << 3), pair);
    for (let byte = 0; byte < 4; byte++) {
      const count = Pair.bucket(counts, pair, byte);
      store<i32>(count, load<i32>(count) + 1);
    }
  }
  for (let byte = 0; byte < 4; byte++) {
    // Nothing moves where all keys share the byte.
    if (load<i32>(Pair.bucket(counts, load<u64>(pairs), byte)) == n) continue;
    let total = 0;
    for (let b = 0; b < BUCKETS; b++) {
      const count = counts + (<usize>(byte * BUCKETS + b) << 2);
      const size = load<i32>(count);
      store<i32>(count, total);
      total += size;
    }
    for (let i = 0; i < n; i++) {
      const pair = load<u64>(pairs + (<usize>i << 3));
      const count = Pair.bucket(counts, pair, byte);
      const position = load<i32>(count);
      store<i32>(count, position + 1);
      store<u64>(spare + (<usize>position << 3), pair);
    }
    const other = pairs;
    pairs = spare;
    spare = other;
  }
  return pairs;
}

/** order[r, i] = the index in row r of x of its i-th number in order (stable); pairs, spare: 8 bytes a number. */
export function argsort_u32(
  order: Out<i32>, pairs: Out<i32>, spare: Out<i32>, x: In<u32>, columns: i32, isFloat: i32, flip: i32,
  scratch: Scratch, begin: i32, end: i32,
): void {
  for (let row = begin; row < end; row++) {
    const first = <usize>row * <usize>columns;
    const source = x + (first << 2);
    let sorted = pairs + (first << 3);
    if (columns <= SHORT_ROW) insertionSort(sorted, source, columns, isFloat, flip);
    else sorted = radixSort(sorted, spare + (first << 3), scratch, source, columns, isFloat, flip);
    const target = order + (first << 2);
    for (let i = 0; i < columns; i++) store<i32>(target + (<usize>i << 2), load<i32>(sorted + (<usize>i << 3)));
  }
}

/** How many of n sorted numbers have a smaller key than this, or, if `right`, no larger one. */
function positionOf(sorted: usize, key: u32, n: i32, isFloat: i32, right: i32): i32 {
  let low = 0;
  while (low < n) {
    const middle = (low + n) >>> 1;
    const other = Key.at(sorted, middle, isFloat, 0);
    if (other < key || (right && other == key)) low = middle + 1;
    else n = middle;
  }
  return low;
}

/**
 * order[r, :k] = the indices in row r of x of its first k numbers in order (stable); `chosen` holds their keys as i32
 * of the same order.
 */
export function top_k_u32(
  order: Out<i32>, chosen: Out<i32>, x: In<u32>, columns: i32, k: i32, isFloat: i32, flip: i32, begin: i32, end: i32,
): void {
  for (let row = begin; row < end; row++) {
    const source = x + (<usize>row * <usize>columns << 2);
    const keys = chosen + (<usize>row * <usize>k << 2);
    const positions = order + (<usize>row * <usize>k << 2);
    let count = 0;
    let last: u32 = 0;
    for (let i = 0; i < columns; i++) {
      const key = Key.at(source, i, isFloat, flip);
      if (count == k && key >= last) continue;
      const position = positionOf(keys, key, count, 0, 1);
      if (count < k) count++;
      const at = <usize>position << 2;
      const moved = <usize>(count - 1 - position) << 2;
      memory.copy(keys + at + 4, keys + at, moved);
      memory.copy(positions + at + 4, positions + at, moved);
      store<u32>(keys + at, key ^ 0x80000000);
      store<i32>(positions + at, i);
      last = Key.at(keys, count - 1, 0, 0);
    }
  }
}

/** y = how many of n sorted numbers are less than x, or, if `right`, not greater, over elements [begin, end). */
export function search_sorted_u32(
  y: Out<i32>, sorted: In<u32>, x: In<u32>, n: i32, isFloat: i32, right: i32, begin: i32, end: i32,
): void {
  for (let i = begin; i < end; i++) {
    store<i32>(y + (<usize>i << 2), positionOf(sorted, Key.at(x, i, isFloat, 0), n, isFloat, right));
  }
}
