// The inverse and the root of numbers of which some may be 0.
import { defineOp, type Op } from "../autograd/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./arithmetic.ts";
import { equal, where } from "./compare.ts";
import { map } from "./lower/launch-unary.ts";

/** 1 / x, and 0 where x is 0: also in the gradients. */
export function inverseOrZero(x: Tensor): Tensor {
  const isZero = equal(x, 0);
  return where(isZero, 0, div(1, where(isZero, 1, x)));
}

/** sqrt(x) whose gradient is 0 where x is 0, as suits lengths: they grow whatever way one goes. */
export const rootOrZero: Op<(x: Tensor) => Tensor> = defineOp("rootOrZero", {
  forward: (x) => map("rootOrZero", "sqrt_f32", 0.6, x),
  gradients: [(dy, y) => mul(mul(dy, 0.5), inverseOrZero(y))],
});
