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
 * The function (x, ...rest) that returns all derivatives of y = f(x, ...rest) by x: [...y's shape, ...x's shape]. One way
 * forward, and one way back for each element of y.
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
 * The function (x, ...rest) that returns the second derivatives of f's scalar result by x: [...x's shape, ...x's shape].
 * One way back through the gradient for each element of x; for products with vectors see `hvp`.
 */
export function hessian<Rest extends unknown[]>(
  f: (x: Tensor, ...rest: Rest) => LossValue,
): (x: Tensor, ...rest: Rest) => Tensor {
  return jacobian(grad<Tensor, Rest>(f));
}
