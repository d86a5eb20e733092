// Matrices of derivatives, and gradients example by example: gradients stacked by ops.
import { backpropagate } from "../autograd/backward.ts";
import {
  differentiate,
  type GradientsOf,
  grad,
  gradientOf,
  type Loss,
  mapParameters,
  type Parameters,
} from "../autograd/grad.ts";
import { requireTensor } from "../autograd/op.ts";
import { withRecording } from "../autograd/tape.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { freeingScope, scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { reshape, slice, stack } from "./layout.ts";

/**
 * The function (x, ...rest) that returns all derivatives of y = f(x, ...rest) by x: [...y's shape, ...x's shape]. One way
 * forward, and one way back for each element of y.
 */
export function jacobian<Rest extends unknown[]>(
  f: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  return (x, ...rest) => {
    requireTensor("jacobian", "x", x);
    return differentiate(x, (tracked, targets, isInner) => {
      const y = withRecording(true, () => f(tracked, ...rest));
      requireTensor("jacobian", "the function's result", y);
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
  f: (x: Tensor, ...rest: Rest) => Loss,
): (x: Tensor, ...rest: Rest) => Tensor {
  return jacobian(grad<Tensor, Rest>(f));
}

/**
 * The function (parameters, ...batch) that returns the gradients of a scalar loss for each example on its own, with a
 * leading axis of examples: gradient i is that of loss(parameters, ...batch) where each tensor of the batch is cut to
 * example i, [1, ...]. One way forward and back for each example, so it holds for any model, also where examples of a
 * batch act on each other.
 */
export function perExampleGrad<P extends Parameters, Batch extends AnyTensor[]>(
  loss: (parameters: P, ...batch: Batch) => Loss,
): (parameters: P, ...batch: Batch) => GradientsOf<P> {
  const gradient = grad(loss);
  return (parameters, ...batch) => {
    const count = examplesIn(batch);
    return scope(() => {
      const examples = Array.from({ length: count }, (_, i) => {
        const one = batch.map((x) => slice(x, [i, ...x.shape.slice(1).map(() => 0)], [1, ...x.shape.slice(1)]));
        const found: Tensor[] = [];
        mapParameters(gradient(parameters, ...(one as unknown as Batch)) as Parameters, (x) => {
          found.push(x);
          return x;
        });
        return found;
      });
      let next = 0;
      return mapParameters(parameters, () => {
        const at = next++;
        return stack(examples.map((found) => found[at])) as Tensor;
      }) as unknown as GradientsOf<P>;
    });
  };
}

/** The common size of the first axes. */
function examplesIn(batch: readonly AnyTensor[]): number {
  if (batch.length === 0) throw new ArgumentError("perExampleGrad: there must be a batch of examples, got no tensors");
  for (const x of batch) requireTensor("perExampleGrad", "each batch", x);
  const [count] = batch[0].shape;
  if (!(count >= 1) || batch.some(({ shape }) => shape[0] !== count)) {
    const got = batch.map(({ shape }) => formatShape(shape)).join(", ");
    throw new ShapeError(`perExampleGrad: the batches must have one number of examples, at least 1, got ${got}`);
  }
  return count;
}
