// Checks of indices, class numbers and lengths in memory, run before an op uses them, in captured steps too.
import { requireTensor } from "../../autograd/op.ts";
import { check } from "../../runtime/check.ts";
import { ArgumentError } from "../../runtime/errors.ts";
import type { Fail } from "../../runtime/launch.ts";
import { requireDtype } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Throws an ArgumentError unless x is i32 and holds numbers from 0 to limit - 1. */
export function requireIndices(operation: string, what: string, x: Tensor<"i32">, limit: number): void {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "i32");
  const held = `${operation}: ${what} must be from 0 to ${limit - 1}`;
  check("check_indices_i32", x.size, 0.1, failing(held, x.shape), x, limit);
}

/** Throws an ArgumentError unless the floats or integers of x are whole numbers from 0 to limit - 1. */
export function requireWhole(
  operation: string,
  what: string,
  x: Tensor | Tensor<"i32">,
  limit: number,
  must = `whole numbers from 0 to ${limit - 1}`,
): void {
  const held = `${operation}: ${what} must be ${must}`;
  if (x.dtype === "i32") {
    check("check_indices_i32", x.size, 0.1, failing(held, x.shape), x as Tensor<"i32">, limit);
    return;
  }
  check("check_labels_f32", x.size, 0.8, failing(held, x.shape, floatOf), x as Tensor, limit);
}

/** Throws an ArgumentError, which says what x must be, unless its floats are from least to greatest. */
export function requireWithin(
  operation: string,
  what: string,
  x: Tensor,
  [least, greatest]: readonly [least: number, greatest: number],
  must: string,
): void {
  const fail = failing(`${operation}: ${what} must be ${must}`, x.shape, floatOf);
  check("check_range_f32", x.size, 0.5, fail, x, least, greatest);
}

function floatOf(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0];
}

/** Throws an ArgumentError unless the first counts[b] of labels [b, :] are from 0 to classes - 1. */
export function requireCounted(operation: string, labels: Tensor<"i32">, counts: Tensor<"i32">, classes: number): void {
  const [batch, longest] = labels.shape;
  const fail = failing(`${operation}: labels must be from 0 to ${classes - 1}`, labels.shape);
  check("check_counted_labels_i32", batch, 5 + 0.1 * longest, fail, labels, counts, longest, classes);
}

/** The error of a bad value, which says where in the shape it stands. */
function failing(held: string, shape: Shape, numberOf = (bits: number): number => bits): Fail {
  return (position, bits) => {
    let rest = position;
    const index = shape.toReversed().map((length) => {
      const at = rest % length;
      rest = (rest - at) / length;
      return at;
    });
    const where = index.length < 2 ? position : `[${index.reverse().join(", ")}]`;
    return new ArgumentError(`${held}, got ${numberOf(bits)} at position ${where}`);
  };
}
