// customGrad, a function with a gradient of its own, and stopGradient, which has none.
import { requireFunction, requireList, requireSynchronous } from "../runtime/arguments.ts";
import { StateError } from "../runtime/errors.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { alias, Tensor } from "../tensor/tensor.ts";
import { defineOp, type Gradient, type Op, requireTensor } from "./op.ts";
import { noteCut, withRecording } from "./tape.ts";

/**
 * x as a constant: the same values in the same memory, without gradient.
 * Shapes: `[...]` -> the same, of any dtype.
 * Errors: none of its own.
 */
export const stopGradient: Op<<D extends Dtype>(x: Tensor<D>) => Tensor<D>> = defineOp("stopGradient", {
  forward<D extends Dtype>(x: Tensor<D>): Tensor<D> {
    requireTensor("stopGradient", "x", x);
    noteCut(x);
    return alias(x);
  },
});

/**
 * f with a gradient of your own: `gradient(dy, y, ...args)` returns a tensor for one argument, else a list with one for
 * each, undefined where there is none. Written with ops it is differentiable itself. What f closes over gets no
 * gradient.
 * Shapes: those of f; each gradient has its argument's.
 * Errors: ArgumentError unless both are functions and f returns a tensor; StateError for another number of gradients
 * than arguments.
 */
export function customGrad<Args extends readonly unknown[]>(
  f: (...args: Args) => Tensor,
  gradient: (dy: Tensor, y: Tensor, ...args: Args) => Tensor | readonly Gradient[],
): (...args: Args) => Tensor {
  for (const each of [f, gradient]) requireFunction("customGrad", each);
  return defineOp("customGrad", {
    options: true,
    forward(...args: never[]): Tensor {
      const y = requireSynchronous(
        "customGrad",
        withRecording(false, () => f(...(args as unknown as Args))),
      );
      requireTensor("customGrad", "the function's result", y);
      // An existing tensor keeps its own derivation; this is another handle.
      return args.includes(y as never) || y.tracked || y.derivation !== undefined ? alias(y) : y;
    },
    gradients(dy: Tensor, y: Tensor, ...args: never[]): Gradient[] {
      const found = requireSynchronous("customGrad", gradient(dy, y, ...(args as unknown as Args)));
      const list = found instanceof Tensor ? [found] : found;
      requireList("customGrad", "what the gradient returns", list);
      if (list.length !== args.length) {
        throw new StateError(
          `customGrad: the gradient must have an entry for each of ${args.length} arguments, got ${list.length}`,
        );
      }
      return [...list];
    },
  }) as unknown as (...args: Args) => Tensor;
}
