// Attention along other axes than time: the attended axes become one, all others join the batch.

import { reshape, transpose } from "../ops/layout.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Mask } from "./masks.ts";

export class AttentionAxes {
  /** Axes of an input [batch, ..., features] that queries look along, and those beside them. */
  readonly attended: readonly number[];
  readonly free: readonly number[];

  /** `axes` as given, default all between batch and features; `rank` of the inputs. */
  constructor(name: string, axes: number | readonly number[] | undefined, rank: number) {
    const all = Array.from({ length: rank - 2 }, (_, i) => i + 1);
    const attended = [axes ?? all].flat().map((axis) => (axis < 0 ? axis + rank : axis));
    if (attended.length === 0 || !attended.every((axis, i) => all.includes(axis) && attended.indexOf(axis) === i)) {
      throw new ArgumentError(
        `${name}: attentionAxes must be different axes from 1 to ${rank - 2}, got ${textOf(axes)}`,
      );
    }
    this.attended = attended;
    this.free = all.filter((axis) => !attended.includes(axis));
  }

  /** [batch, ...axes, heads, numbers] -> [batch and free axes, attended axes, heads, numbers]. */
  fold(x: Tensor): Tensor {
    if (x.rank === 4) return x;
    const { shape } = x;
    const steps = this.attended.map((axis) => shape[axis]);
    const moved = transpose(x, [0, ...this.free, ...this.attended, x.rank - 2, x.rank - 1]);
    return reshape(moved, [-1, sizeOf(steps), ...shape.slice(-2)]) as Tensor;
  }

  /** What `fold` made of a tensor of query's axes, as it was: [..., heads, numbers] may be others. */
  unfold(y: Tensor, query: AnyTensor): Tensor {
    if (query.rank === 3) return y;
    const order = [0, ...this.free, ...this.attended];
    const places = order.map((_, axis) => order.indexOf(axis));
    const moved = reshape(y, [...order.map((axis) => query.shape[axis]), ...y.shape.slice(-2)]);
    return transpose(moved, [...places, order.length, order.length + 1]) as Tensor;
  }

  /** Scores [batch and free axes, heads, queries, keys] with all axes: [batch, ...free, heads, ...queries, ...keys]. */
  unfoldScores(scores: Tensor, query: AnyTensor, key: AnyTensor): Tensor {
    return reshape(scores, [query.shape[0], ...this.scoresShape(scores.shape[1], query.shape, key.shape)]) as Tensor;
  }

  /** The shape of one example's scores, for shapes with the batch. */
  scoresShape(heads: number, query: Shape, key: Shape): Shape {
    const { free, attended } = this;
    return [
      ...free.map((axis) => query[axis]),
      heads,
      ...[query, key].flatMap((of) => attended.map((axis) => of[axis])),
    ];
  }

  /** A mask [batch, ...free, ...queries, ...keys], perhaps with heads after the free axes, as it broadcasts to scores. */
  foldMask(mask: Mask): Mask {
    const { free, attended } = this;
    const inner = mask.shape.slice(-2 * attended.length);
    const leading = mask.shape.slice(0, -2 * attended.length);
    const [examples, heads] = [leading.slice(0, 1 + free.length), leading.slice(1 + free.length)];
    const [queries, keys] = [inner.slice(0, attended.length), inner.slice(attended.length)].map(sizeOf);
    return reshape(mask, [sizeOf(examples), sizeOf(heads), queries, keys]) as Mask;
  }
}
