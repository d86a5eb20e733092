// Reductions over axes in passes: adjacent axes are merged, and a long one is reduced block by block, then over the
// blocks' results. The split depends on the sizes alone.
import { launch } from "../../runtime/launch.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { alias, empty, type Tensor } from "../../tensor/tensor.ts";

export type FoldKernel = "sum_f32" | "prod_f32" | "max_f32" | "min_f32";

/** One run of a kernel: it makes [outer, ceil(length / block), inner] of [outer, length, inner]. */
interface Pass {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly block: number;
}

/** The most columns that one unit of work reduces. */
export const TILE = 1024;
/** About how many numbers it reduces where there are too few units otherwise. */
const UNIT = 16384;
/** So many units are enough to occupy all threads. */
const ENOUGH_UNITS = 64;

/** How many rows of `columns` numbers one unit of work takes; short blocks also keep rounding errors small. */
export function blockOf(columns: number): number {
  return Math.min(Math.max(2 ** Math.floor(Math.log2(UNIT / columns)), 64), 1024);
}

/** The passes that reduce the axes: one group of neighbouring axes after the other, the last first, each in blocks. */
function passesOf(shape: Shape, axes: readonly number[]): Pass[] {
  const passes: Pass[] = [];
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; ) {
    if (!axes.includes(axis)) {
      inner *= shape[axis--];
      continue;
    }
    let length = 1;
    while (axis >= 0 && axes.includes(axis)) length *= shape[axis--];
    const outer = sizeOf(shape.slice(0, axis + 1));
    const plenty = outer * Math.ceil(inner / TILE) >= ENOUGH_UNITS;
    const block = inner === 1 ? 4096 : plenty ? 1024 : blockOf(inner);
    if (length === 1) continue;
    do {
      passes.push({ outer, length, inner, block });
      length = Math.ceil(length / block);
    } while (length > 1);
  }
  return passes;
}

/** x reduced over the axes to a tensor of the shape; a sum is then divided by `divisor`. */
export function fold(kernel: FoldKernel, x: Tensor, axes: readonly number[], shape: Shape, divisor = 1): Tensor {
  const passes = passesOf(x.shape, axes);
  let from = x;
  passes.forEach(({ outer, length, inner, block }, i) => {
    const last = i === passes.length - 1;
    const blocks = Math.max(1, Math.ceil(length / block));
    const to = empty(last ? shape : [outer * blocks * inner]);
    const units = outer * blocks * Math.ceil(inner / TILE);
    const cost = 3 + 0.1 * Math.min(length, block) * Math.min(inner, TILE);
    if (kernel === "sum_f32") launch(kernel, units, cost, to, from, length, inner, block, TILE, last ? divisor : 1);
    else launch(kernel, units, cost, to, from, length, inner, block, TILE);
    if (from !== x) from.dispose();
    from = to;
  });
  return passes.length === 0 ? alias(x, shape) : from;
}
