// Epilogues of matrix product and convolution kernels: bias and activation, applied while the sums are in registers.
import { requireFloat } from "../../autograd/op.ts";
import { textOf } from "../../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../../runtime/errors.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Activations that a product can apply by itself. */
export type FusedActivation = "linear" | "relu";

const activations: readonly string[] = ["linear", "relu"] satisfies FusedActivation[];

/** The kernels' number of an activation. */
export function activationCode(operation: string, activation: FusedActivation = "linear"): number {
  const code = activations.indexOf(activation);
  if (code < 0) {
    throw new ArgumentError(`${operation}: activation must be ${activations.join(" or ")}, got ${textOf(activation)}`);
  }
  return code;
}

/** Throws unless `bias` is absent or has one number for each output. */
export function requireBias(operation: string, bias: Tensor | undefined, outputs: number): void {
  if (bias === undefined) return;
  requireFloat(operation, "bias", bias);
  if (bias.rank !== 1 || bias.size !== outputs) {
    throw new ShapeError(`${operation}: bias must have shape [${outputs}], got ${formatShape(bias.shape)}`);
  }
}
