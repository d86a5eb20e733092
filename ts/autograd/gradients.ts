// The types of an op's gradients and traits, and of an op as the tape and observers see it.
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";

/** The gradient with respect to one argument: a tensor of its shape, for a list of tensors a list, or nothing. */
export type Gradient = Tensor | (Tensor | undefined)[] | undefined;

/**
 * Gradients of an op, given dy (the gradient of its result), its result and its arguments. Written with ops, so that they
 * have gradients themselves. Either one function for each argument (only those that are wanted are called), or one
 * function that returns them all, in the order of the arguments.
 */
export type Gradients<Args extends readonly unknown[], Y> =
  | readonly (((dy: Tensor, y: Y, ...args: Args) => Gradient) | undefined)[]
  | ((dy: Tensor, y: Y, ...args: Args) => Gradient[]);

/**
 * How an op keeps the examples of a batch, in the first axes of its tensors, apart: `elementwise` where each element of the
 * result comes from those in the same place, broadcast; `rows` where each row along the last axis of all its tensors makes a
 * row or a number of the result; else a function that says it of its arguments, of which the first alone holds examples.
 */
export type PerExample<Args extends readonly unknown[]> = "elementwise" | "rows" | ((...args: Args) => boolean);

/** An op as the tape sees it. */
export interface AnyOp {
  readonly opName: string;
  readonly gradients: Gradients<readonly unknown[], AnyTensor> | undefined;
  readonly perExample?: PerExample<readonly unknown[]> | undefined;
}
