// Gather and scatter by indices that are known to be valid: used by gather.ts after its checks, and by ops that compute
// their indices. Axes count from the front.
import { defineOp, type Op } from "../../autograd/op.ts";
import { launch } from "../../runtime/launch.ts";
import { zeros } from "../../tensor/create.ts";
import { bytesPerElement, type Dtype } from "../../tensor/dtype.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor } from "../../tensor/tensor.ts";

/** y[a, i, b] = x[a, indices[i], b]. */
export const pickSlices: Op<<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis: number) => Tensor<D>> =
  defineOp("gather", {
    forward<D extends Dtype>(x: Tensor<D>, indices: Tensor<"i32">, axis: number): Tensor<D> {
      const { outer, inner } = around(x.shape, axis);
      const y = empty(x.shape.toSpliced(axis, 1, ...indices.shape), x.dtype);
      const sizes = [x.shape[axis], indices.size, inner] as const;
      const rows = outer * indices.size;
      if (bytesPerElement(x.dtype) === 4) {
        const [to, from] = [y, x] as Tensor<"f32" | "i32">[];
        launch("gather_u32", rows, 5 + 0.1 * inner, to, from, indices, ...sizes);
      } else {
        const [to, from] = [y, x] as Tensor<"u8" | "bool">[];
        launch("gather_u8", rows, 5 + 0.03 * inner, to, from, indices, ...sizes);
      }
      return y;
    },
    gradients: [(dy, _y, x, indices, axis) => addSlices(dy, indices, x.shape[axis], axis)],
  });

/** y[a, j, b] = the sum of updates[a, i, b] over all i with indices[i] = j; axis `axis` of y has the size `length`. */
export const addSlices: Op<(updates: Tensor, indices: Tensor<"i32">, length: number, axis: number) => Tensor> =
  defineOp("scatter", {
    forward(updates: Tensor, indices: Tensor<"i32">, length: number, axis: number): Tensor {
      const shape = updates.shape.toSpliced(axis, indices.rank, length);
      const { outer, inner } = around(shape, axis);
      const y = zeros(shape);
      const strips = outer * Math.ceil(inner / 16);
      launch("scatter_add_f32", strips, 8 * indices.size, y, updates, indices, length, indices.size, inner);
      return y;
    },
    gradients: [(dy, _y, _updates, indices, _length, axis) => pickSlices(dy, indices, axis) as Tensor],
  });

/** y[a, k, b] = x[a, indices[a, k, b], b]. */
export const pickAlong: Op<
  <D extends "f32" | "i32" = "f32">(x: Tensor<D>, indices: Tensor<"i32">, axis: number) => Tensor<D>
> = defineOp("takeAlongAxis", {
  forward<D extends "f32" | "i32" = "f32">(x: Tensor<D>, indices: Tensor<"i32">, axis: number): Tensor<D> {
    const y = empty(indices.shape, x.dtype);
    const [to, from] = [y, x] as AnyTensor[] as Tensor[];
    const { inner } = around(x.shape, axis);
    launch("take_along_u32", y.size, 2, to, from, indices, x.shape[axis], indices.shape[axis], inner);
    return y;
  },
  gradients: [(dy, _y, x, indices, axis) => addAlong(dy, indices, x.shape[axis], axis)],
});

/** y[a, indices[a, k, b], b] = the sum of the updates[a, k, b] with that index, 0 where there is none. */
export const addAlong: Op<(updates: Tensor, indices: Tensor<"i32">, length: number, axis: number) => Tensor> = defineOp(
  "scatterAlongAxis",
  {
    forward(updates: Tensor, indices: Tensor<"i32">, length: number, axis: number): Tensor {
      const y = zeros(updates.shape.with(axis, length));
      const { outer, inner } = around(y.shape, axis);
      const count = updates.shape[axis];
      launch("scatter_along_f32", outer * inner, 2 * count, y, updates, indices, length, count, inner);
      return y;
    },
    gradients: [(dy, _y, _updates, indices, _length, axis) => pickAlong(dy, indices, axis)],
  },
);

/** 1 where the last axis's index equals the number, else 0. */
export const hotRows: Op<(indices: Tensor<"i32">, depth: number) => Tensor> = defineOp("oneHot", {
  forward(indices: Tensor<"i32">, depth: number): Tensor {
    const y = empty([...indices.shape, depth]);
    launch("one_hot_f32", indices.size, 3 + 0.1 * depth, y, indices, depth, 1, 0);
    return y;
  },
});

/** The numbers of elements before and after an axis. */
function around(shape: Shape, axis: number): { outer: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), inner: sizeOf(shape.slice(axis + 1)) };
}
