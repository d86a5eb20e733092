// Cosine similarity, which a loss and a metric share.
import { div, maximum, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { EPSILON } from "./targets.ts";

/** Cosine similarity of a and b along the axis. */
export function cosine(a: Tensor, b: Tensor, axis: number): Tensor {
  return sum(mul(unit(a, axis), unit(b, axis)), axis);
}

/** x / max(|x|, 1e-7), |x| the Euclidean norm along the axis. */
function unit(x: Tensor, axis: number): Tensor {
  return div(x, sqrt(maximum(sum(square(x), axis, true), EPSILON * EPSILON)));
}
