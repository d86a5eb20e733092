// Matrices of derivatives: gradients, or gradients of gradients, stacked.
import { backpropagate } from "../autograd/backward.ts";
import { differentiate, followed, grad, gradientOf, type LossValue } from "../autograd/grad.ts";
import { requireFloat, requireTensor } from "../autograd/op.ts";
import { reshape, stack } from "../ops/layout.ts";
import { requireFunction } from "../runtime/arguments.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { freeingScope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * The function (x, ...rest) that returns all derivatives of y = f(x, ...rest) with respect to x: one forward pass, and
 * one backward pass for each element of y.
 * Shapes: x, y -> `[...y, ...x]`.
 * Errors: ArgumentError unless f is a function of tensors; DtypeError unless x and y are f32.
 */
export function jacobian<Rest extends unknown[]>(
  f: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  requireFunction("jacobian", f);
  return (x, ...rest) => {
    requireTensor("jacobian", "x", x);
    return differentiate(x, (tracked, targets, isInner) => {
      const y = followed("jacobian", () => f(tracked, ...rest));
      requireFloat("jacobian", "the function's result", y);
      const shape = [...y.shape, ...x.shape];
      if (y.size === 0) return zeros(shape);
      const rows = Array.from({ length: y.size }, (_, i) => {
        const row = (): Tensor => {
          const weights = tensor(new Float32Array(y.size).fill(1, i, i + 1), { shape: y.shape });
          return gradientOf(tracked, backpropagate(y, weights, targets, isInner));
        };
        return isInner ? row() : freeingScope(row);
      });
      return reshape(stack(rows), shape) as Tensor;
    });
  };
}

/**
 * The function (x, ...rest) that returns the second derivatives of f's scalar result with respect to x: one backward
 * pass through the gradient for each element of x. For products with vectors see {@link hvp}.
 * Shapes: x -> `[...x, ...x]`.
 * Errors: ShapeError unless f returns one element; DtypeError unless x and the result are f32.
 */
export function hessian<Rest extends unknown[]>(
  f: (x: Tensor, ...rest: Rest) => LossValue,
): (x: Tensor, ...rest: Rest) => Tensor {
  return jacobian(grad<Tensor, Rest>(f));
}
