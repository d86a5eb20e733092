// Indices, class numbers and lengths: whole numbers below a limit, checked where they can be read.
import { requireTensor } from "../autograd/op.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { isRecording } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Throws unless x is i32 and holds numbers from 0 to limit - 1; inside a captured step they are not looked at. */
export function requireIndices(operation: string, what: string, x: Tensor<"i32">, limit: number): void {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "i32");
  if (isRecording()) return;
  const values = x.view();
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0 || values[i] >= limit) {
      throw new ArgumentError(
        `${operation}: ${what} must be from 0 to ${limit - 1}, got ${values[i]} at position ${i}`,
      );
    }
  }
}
