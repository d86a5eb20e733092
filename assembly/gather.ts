// Rows picked by index, and their gradient: gather, scatter-add, one-hot; elements picked one by one along an axis. An
// index outside [0, axis) is safe: it gathers zeros, scatters nothing and has an all-off one-hot row.
import { In, InOut, Out } from "./signature";
import { Run } from "./simd/runs";

function gather<T>(
  y: usize, x: usize, indices: usize, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  const bytes = <usize>inner * sizeof<T>();
  let plane = x + <usize>(begin / count) * <usize>axis * bytes;
  let k = begin % count;
  y += <usize>begin * bytes;
  for (let unit = begin; unit < end; unit++, y += bytes) {
    const index = load<i32>(indices + (<usize>k << 2));
    if (<u32>index < <u32>axis) Run.move<T>(y, 1, plane + <usize>index * bytes, 1, inner);
    else memory.fill(y, 0, bytes);
    if (++k == count) {
      k = 0;
      plane += <usize>axis * bytes;
    }
  }
}

/** y[o, k, :] = x[o, indices[k], :], x of [outer, axis, inner]; over rows [begin, end) of `inner`, outer * count. */
export function gather_u32(
  y: Out<u32>, x: In<u32>, indices: In<i32>, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  gather<u32>(y, x, indices, axis, count, inner, begin, end);
}

/** y[o, k, :] = x[o, indices[k], :], x of [outer, axis, inner]; over rows [begin, end) of `inner`, outer * count. */
export function gather_u8(
  y: Out<u8>, x: In<u8>, indices: In<i32>, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  gather<u8>(y, x, indices, axis, count, inner, begin, end);
}

/**
 * y[o, indices[k], :] += x[o, k, :] in the order of k, y of [outer, axis, inner]; over strips [begin, end) of 16
 * columns of `inner`, ceil(inner / 16) of them for each o.
 */
export function scatter_add_f32(
  y: InOut<f32>, x: In<f32>, indices: In<i32>, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  const strips = (inner + 15) >> 4;
  const bytes = <usize>inner << 2;
  for (let unit = begin; unit < end; ) {
    const strip = unit % strips;
    const outer = <usize>(unit / strips);
    const together = min(strips - strip, end - unit);
    const first = strip << 4;
    const columns = min(together << 4, inner - first);
    const to = y + outer * <usize>axis * bytes + (<usize>first << 2);
    let from = x + outer * <usize>count * bytes + (<usize>first << 2);
    for (let k = 0; k < count; k++, from += bytes) {
      const index = load<i32>(indices + (<usize>k << 2));
      if (<u32>index < <u32>axis) Run.add(to + <usize>index * bytes, from, columns);
    }
    unit += together;
  }
}

/** y[i, j] = on where j = indices[i], else off; over rows [begin, end) of `depth` numbers. */
export function one_hot_f32(
  y: Out<f32>, indices: In<i32>, depth: i32, on: f32, off: f32, begin: i32, end: i32,
): void {
  Run.fill<f32>(y + (<usize>(begin * depth) << 2), off, (end - begin) * depth);
  for (let i = begin; i < end; i++) {
    const index = load<i32>(indices + (<usize>i << 2));
    if (<u32>index < <u32>depth) store<f32>(y + (<usize>(i * depth + index) << 2), on);
  }
}

/** y[o, k, i] = x[o, indices[o, k, i], i], x of [outer, axis, inner]; over elements [begin, end) of y. */
export function take_along_u32(
  y: Out<u32>, x: In<u32>, indices: In<i32>, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  let column = begin % inner;
  let k = (begin / inner) % count;
  let plane = x + (<usize>(begin / inner / count * axis * inner) << 2);
  for (let unit = begin; unit < end; unit++) {
    const index = load<i32>(indices + (<usize>unit << 2));
    const from = plane + (<usize>(index * inner + column) << 2);
    store<u32>(y + (<usize>unit << 2), <u32>index < <u32>axis ? load<u32>(from) : 0);
    if (++column < inner) continue;
    column = 0;
    if (++k < count) continue;
    k = 0;
    plane += <usize>(axis * inner) << 2;
  }
}

/**
 * y[o, indices[o, k, i], i] += x[o, k, i] in the order of k, y of [outer, axis, inner]; over columns [begin, end) of
 * outer x inner.
 */
export function scatter_along_f32(
  y: InOut<f32>, x: In<f32>, indices: In<i32>, axis: i32, count: i32, inner: i32, begin: i32, end: i32,
): void {
  for (let unit = begin; unit < end; ) {
    const outer = unit / inner;
    const first = unit - outer * inner;
    const last = min(inner, first + end - unit);
    const plane = y + (<usize>(outer * axis * inner) << 2);
    for (let k = 0; k < count; k++) {
      const row = (outer * count + k) * inner;
      for (let i = first; i < last; i++) {
        const index = load<i32>(indices + (<usize>(row + i) << 2));
        if (<u32>index >= <u32>axis) continue;
        const to = plane + (<usize>(index * inner + i) << 2);
        store<f32>(to, load<f32>(to) + load<f32>(x + (<usize>(row + i) << 2)));
      }
    }
    unit += last - first;
  }
}
