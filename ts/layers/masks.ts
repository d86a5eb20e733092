// Masks: which steps of a sequence count. A mask is attached to its tensor and passed on from layer to layer.
import { requireTensor } from "../autograd/op.ts";
import { ShapeError } from "../runtime/errors.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";

/** bool, true where a step counts: [batch, time], the first axes of its tensor. */
export type Mask = Tensor<"bool">;

/**
 * Attaches a mask to x, and returns x; layers applied to it get the mask as `context.mask`. `undefined` removes it.
 * Shapes: x `[batch, time, ...]`, mask `[batch, time]`, or any first axes of x -> x.
 * Errors: ShapeError unless the mask has the first axes of x; DtypeError unless it is bool.
 */
export function attachMask<T extends AnyTensor>(x: T, mask: Mask | undefined): T {
  requireTensor("attachMask", "x", x);
  if (mask !== undefined) {
    requireTensor("attachMask", "the mask", mask);
    requireDtype("attachMask", "the mask", mask.dtype, "bool");
    if (mask.rank > x.rank || !mask.shape.every((size, i) => size === x.shape[i])) {
      throw new ShapeError(
        `attachMask: the mask must have the first axes of ${formatShape(x.shape)}, got ${formatShape(mask.shape)}`,
      );
    }
  }
  x.mask = mask;
  return x;
}

/**
 * The mask attached to x, or undefined.
 * Shapes: x `[batch, time, ...]` -> bool `[batch, time]`.
 * Errors: none of its own.
 */
export function maskOf(x: AnyTensor): Mask | undefined {
  requireTensor("maskOf", "x", x);
  return x.mask;
}

/** The only mask, or the first of several inputs'. */
export function firstMask(mask: Mask | undefined | readonly (Mask | undefined)[]): Mask | undefined {
  return mask instanceof Tensor || mask === undefined ? mask : mask[0];
}
