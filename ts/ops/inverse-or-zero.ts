// The inverse of numbers of which some may be 0.
import type { Tensor } from "../tensor/tensor.ts";
import { div } from "./binary.ts";
import { equal, where } from "./compare.ts";

/** 1 / x, and 0 where x is 0: also in the gradients. */
export function inverseOrZero(x: Tensor): Tensor {
  const isZero = equal(x, 0);
  return where(isZero, 0, div(1, where(isZero, 1, x)));
}
