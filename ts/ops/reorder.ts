// Moving and swapping axes.
import { requireTensor } from "../autograd/op.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { transpose } from "./layout.ts";

/**
 * Exchanges two axes.
 * Shapes: `[a, b, c]` -> `[c, b, a]` with axes 0 and 2, of any dtype.
 * Errors: ArgumentError for axes out of range.
 */
export function swapAxes<D extends Dtype = "f32">(x: Tensor<D>, axis1: number, axis2: number): Tensor<D> {
  requireTensor("swapAxes", "x", x);
  const [first, second] = [axis1, axis2].map((axis) => normalizeAxis("swapAxes", axis, x.rank));
  const order = x.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis));
  return transpose(x, order) as Tensor<D>;
}

/**
 * Moves axis `source` to position `destination`; the others keep their order.
 * Shapes: `[a, b, c]` -> `[b, c, a]` with source 0 and destination 2, of any dtype.
 * Errors: ArgumentError for axes out of range.
 */
export function moveAxis<D extends Dtype = "f32">(x: Tensor<D>, source: number, destination: number): Tensor<D> {
  requireTensor("moveAxis", "x", x);
  const [from, to] = [source, destination].map((axis) => normalizeAxis("moveAxis", axis, x.rank));
  const others = x.shape.flatMap((_, axis) => (axis === from ? [] : [axis]));
  return transpose(x, others.toSpliced(to, 0, from)) as Tensor<D>;
}
