// Reductions over the middle axis of [outer, length, inner]. A long axis is cut into blocks of `block` rows and a wide
// row into tiles of `tile` columns: the same kernel first makes y = [outer, blocks, inner] and then reduces that again.
import { In, InOut, Out } from "./signature";
import { Block, Fold, Lanes, Max, Min, Multiply, Row, Sum } from "./simd/reduce";

/** Folds block `b` and tile `t` of `o` for each unit (o, b, t); an empty axis has one empty block. */
function reduce<F extends Fold>(
  y: usize, x: usize, length: i32, inner: i32, block: i32, tile: i32, divisor: f32, begin: i32, end: i32,
): void {
  const blocks = max((length + block - 1) / block, 1);
  const tiles = (inner + tile - 1) / tile;
  const stride = <usize>inner << 2;
  for (let unit = begin; unit < end; unit++) {
    const row = unit / tiles;
    const column = (unit - row * tiles) * tile;
    const o = row / blocks;
    const first = (row - o * blocks) * block;
    const rows = min(block, length - first);
    const source = x + (<usize>((o * length + first) * inner + column) << 2);
    const target = y + (<usize>(row * inner + column) << 2);
    if (inner == 1) {
      store<f32>(target, Row.fold<F>(source, rows) / divisor);
      continue;
    }
    const columns = min(tile, inner - column);
    Block.fold<F>(target, source, rows, columns, stride);
    if (divisor != 1) {
      const stop = target + (<usize>columns << 2);
      for (let p = target; p < stop; p += 4) store<f32>(p, load<f32>(p) / divisor);
    }
  }
}

/** y = sum of x / divisor, over units [begin, end) of outer x blocks x tiles. */
export function sum_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, block: i32, tile: i32, divisor: f32, begin: i32, end: i32,
): void {
  reduce<Sum>(y, x, length, inner, block, tile, divisor, begin, end);
}

/** y = product of x, over units [begin, end) of outer x blocks x tiles. */
export function prod_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, block: i32, tile: i32, begin: i32, end: i32,
): void {
  reduce<Multiply>(y, x, length, inner, block, tile, 1, begin, end);
}

/** y = the largest of x, NaN if there is one, over units [begin, end) of outer x blocks x tiles. */
export function max_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, block: i32, tile: i32, begin: i32, end: i32,
): void {
  reduce<Max>(y, x, length, inner, block, tile, 1, begin, end);
}

/** y = the smallest of x, NaN if there is one, over units [begin, end) of outer x blocks x tiles. */
export function min_f32(
  y: Out<f32>, x: In<f32>, length: i32, inner: i32, block: i32, tile: i32, begin: i32, end: i32,
): void {
  reduce<Min>(y, x, length, inner, block, tile, 1, begin, end);
}

/** Which of two numbers comes first, as a compile-time parameter. */
@unmanaged
abstract class Order {
  abstract vec(a: v128, b: v128): v128;
  abstract one(a: f32, b: f32): bool;
}

@unmanaged
class Greater extends Order {
  @inline vec(a: v128, b: v128): v128 { return f32x4.gt(a, b); }
  @inline one(a: f32, b: f32): bool { return a > b; }
}

@unmanaged
class Less extends Order {
  @inline vec(a: v128, b: v128): v128 { return f32x4.lt(a, b); }
  @inline one(a: f32, b: f32): bool { return a < b; }
}

/** Down each of `lanes` columns, the index of the first NaN or else of the first number that no other precedes. */
function argColumns<O extends Order>(x: usize, rows: i32, stride: usize, lanes: i32): v128 {
  const order = changetype<O>(<usize>0);
  let best = Lanes.load(x, lanes);
  let index = i32x4.splat(0);
  for (let row = 1; row < rows; row++) {
    x += stride;
    const v = Lanes.load(x, lanes);
    const better = v128.or(order.vec(v, best), v128.and(f32x4.ne(v, v), f32x4.eq(best, best)));
    best = v128.bitselect(v, best, better);
    index = v128.bitselect(i32x4.splat(row), index, better);
  }
  return index;
}

/** Whether x[i] replaces x[j]: it precedes it, or it ties and i < j. NaN precedes every number. */
function takes<O extends Order>(x: usize, i: i32, j: i32): bool {
  const a = load<f32>(x + (<usize>i << 2));
  const b = load<f32>(x + (<usize>j << 2));
  if (a != a || b != b) return a != a && (b == b || i < j);
  return changetype<O>(<usize>0).one(a, b) || (a == b && i < j);
}

/** The index of the first NaN or else of the first number of a row that no other precedes. */
function argRow<O extends Order>(x: usize, n: i32): i32 {
  let best = 0;
  const body = n & ~3;
  if (body > 0) {
    // Four columns of n / 4 numbers, whose winners meet here.
    const at = i32x4.add(i32x4.shl(argColumns<O>(x, n >> 2, 16, 4), 2), i32x4(0, 1, 2, 3));
    best = i32x4.extract_lane(at, 0);
    if (takes<O>(x, i32x4.extract_lane(at, 1), best)) best = i32x4.extract_lane(at, 1);
    if (takes<O>(x, i32x4.extract_lane(at, 2), best)) best = i32x4.extract_lane(at, 2);
    if (takes<O>(x, i32x4.extract_lane(at, 3), best)) best = i32x4.extract_lane(at, 3);
  }
  for (let i = body; i < n; i++) if (takes<O>(x, i, best)) best = i;
  return best;
}

function arg<O extends Order>(y: usize, x: usize, length: i32, inner: i32, tile: i32, begin: i32, end: i32): void {
  const tiles = (inner + tile - 1) / tile;
  const stride = <usize>inner << 2;
  for (let unit = begin; unit < end; unit++) {
    const o = unit / tiles;
    const first = (unit - o * tiles) * tile;
    const last = min(first + tile, inner);
    const source = x + <usize>(o * length) * stride;
    const target = y + <usize>o * stride;
    if (inner == 1) {
      store<i32>(target, argRow<O>(source, length));
      continue;
    }
    for (let c = first; c < last; c += 4) {
      const lanes = min(last - c, 4);
      Lanes.store(target + (<usize>c << 2), argColumns<O>(source + (<usize>c << 2), length, stride, lanes), lanes);
    }
  }
}

/** y = index of the largest of x along the axis, the first NaN winning, over units [begin, end) of outer x tiles. */
export function arg_max_f32(
  y: Out<i32>, x: In<f32>, length: i32, inner: i32, tile: i32, begin: i32, end: i32,
): void {
  arg<Greater>(y, x, length, inner, tile, begin, end);
}

/** y = index of the smallest of x along the axis, the first NaN winning, over units [begin, end) of outer x tiles. */
export function arg_min_f32(
  y: Out<i32>, x: In<f32>, length: i32, inner: i32, tile: i32, begin: i32, end: i32,
): void {
  arg<Less>(y, x, length, inner, tile, begin, end);
}

/** sums += times x over elements [begin, end); the sums are f64, each in the place of two i32. */
export function running_sum_f32(sums: InOut<i32>, x: In<f32>, times: i32, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const sum = sums + (<usize>i << 3);
    store<f64>(sum, load<f64>(sum) + <f64>load<f32>(x + (<usize>i << 2)) * <f64>times);
  }
}
