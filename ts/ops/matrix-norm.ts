// Vector and matrix norms.
import { defineOp, requireTensor } from "../autograd/op.ts";
import { normOptions } from "../generated/options.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { normalizeAxes } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast, equal, notEqual, where } from "./compare.ts";
import { abs, sqrt, square } from "./elementwise.ts";
import { reshape, transpose } from "./layout.ts";
import { svdvals } from "./linalg.ts";
import { inverseOrZero, pow } from "./powers.ts";
import { max, min } from "./reduce.ts";

/** Options of {@link norm}. */
export interface NormOptions {
  /**
   * Default: the root of the sum of squares, over any number of axes. Over one axis a number p: (sum |x|^p)^(1/p), also
   * 0 (how many are not 0) and +-Infinity. Over two: "fro", "nuc", 1, -1, 2, -2 or +-Infinity, as in NumPy.
   */
  ord?: number | "fro" | "nuc";
  /** Axes of the vectors (one) or matrices (two); default all. */
  axis?: number | readonly number[];
  /** Whether reduced axes stay, with size 1; default false. */
  keepDims?: boolean;
}

/**
 * Norm of vectors along an axis, or of matrices along two. The gradient at 0 is 0.
 * Shapes: `[..., n]` -> `[...]` with axis -1; default `[]`.
 * Errors: ArgumentError for an ord that is no norm of as many axes, and axes out of range; DtypeError unless x is f32.
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  const { ord, axis, keepDims = false } = checkOptions("norm", options, normOptions);
  requireTensor("norm", "x", x);
  requireDtype("norm", "x", x.dtype, "f32");
  const axes = normalizeAxes("norm", axis, x.rank);
  const y = normOver(x, axes, typeof axis === "object" ? axis.map((i) => (i + x.rank) % x.rank) : axes, ord);
  return keepDims
    ? y
    : (reshape(
        y,
        x.shape.filter((_, i) => !axes.includes(i)),
      ) as Tensor);
}

/** With the reduced axes kept; `given` has them in the order of the caller: rows, then columns. */
function normOver(x: Tensor, axes: number[], given: readonly number[], ord: NormOptions["ord"]): Tensor {
  if (ord === undefined || (ord === 2 && axes.length === 1) || (ord === "fro" && axes.length === 2)) {
    return rootOfSquares(x, axes);
  }
  if (axes.length === 1 && typeof ord === "number") {
    if (ord === 0) return sum(cast(notEqual(x, 0), "f32"), axes, true);
    if (Math.abs(ord) === Number.POSITIVE_INFINITY) return (ord > 0 ? max : min)(abs(x), axes, true);
    if (ord === 1) return sum(abs(x), axes, true);
    // The power's slope at 0 may be infinite: zeros are handled apart.
    const isNought = equal(x, 0);
    const sizes = where(isNought, 1, abs(x));
    const powers = sum(where(isNought, ord > 0 ? 0 : Infinity, pow(sizes, ord)), axes, true);
    const isZero = equal(powers, 0);
    return where(isZero, 0, pow(where(isZero, 1, powers), 1 / ord));
  }
  if (axes.length !== 2 || ord === "fro" || !["nuc", 1, -1, 2, -2, Infinity, -Infinity].includes(ord)) {
    throw new ArgumentError(
      `norm: ord must be a norm of vectors or matrices, got ${textOf(ord)} over ${axes.length} axes`,
    );
  }
  const extreme = typeof ord === "number" && ord < 0 ? min : max;
  if (ord !== "nuc" && Math.abs(ord) !== 2) {
    const [rows, columns] = given;
    return extreme(sum(abs(x), Math.abs(ord) === 1 ? rows : columns, true), axes, true);
  }
  const others = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const s = svdvals(transpose(x, [...others, ...given]) as Tensor);
  const shape = x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
  return reshape(ord === "nuc" ? sum(s, -1) : extreme(s, -1), shape) as Tensor;
}

const rootOfSquares = defineOp("norm", {
  forward: (x: Tensor, axes: readonly number[]): Tensor => sqrt(sum(square(x), axes, true)),
  gradients: [(dy, y, x): Tensor => mul(dy, mul(x, inverseOrZero(y)))],
});
