// Sorting along an axis: sort, topK, searchSorted, unique. NaN is larger than all numbers; equal elements keep their
// order.
import { defineOp, type Op, requireTensor, within } from "../autograd/op.ts";
import { searchSortedOptions, sortOptions } from "../generated/options.ts";
import { requireNoOptions, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { forbidWhileRecording, launch } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis, sizeOf } from "../tensor/shape.ts";
import { type AnyTensor, empty, type Tensor, unfilled } from "../tensor/tensor.ts";
import { cast } from "./compare.ts";
import { reshape, slice, transpose } from "./layout.ts";
import type { Numeric } from "./lower/launch-binary.ts";
import { pickAlong, pickSlices } from "./lower/picking.ts";

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Whether the largest come first; default false. */
  descending?: boolean;
}

function requireNumeric(operation: string, what: string, x: AnyTensor): asserts x is Tensor<Numeric> {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "f32", "i32");
}

/** f applied along an axis: f gets x with that axis last, and its result is transposed back. */
function alongRows(x: Tensor<Numeric>, axis: number, f: (rows: Tensor<Numeric>) => Tensor<"i32">): Tensor<"i32"> {
  const last = x.rank - 1;
  if (axis === last) return f(x);
  const swapped = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const rows = transpose(x, swapped);
  const y = f(rows);
  rows.dispose();
  return transpose(y, swapped);
}

/**
 * Indices that sort x along the axis, default the last. Stable; NaN is largest.
 * Shapes: `[...]` -> i32 of the same shape.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32 or i32.
 */
export const argsort: Op<(x: Tensor<Numeric>, axis?: number, options?: SortOptions) => Tensor<"i32">> = defineOp(
  "argsort",
  {
    options: true,
    forward(x: Tensor<Numeric>, axis = -1, options: SortOptions = {}): Tensor<"i32"> {
      const { descending = false } = checkOptions("argsort", options, sortOptions);
      requireNumeric("argsort", "x", x);
      return alongRows(x, normalizeAxis("argsort", axis, x.rank), (rows) => {
        const columns = rows.shape[rows.rank - 1];
        const order = empty(rows.shape, "i32");
        const [pairs, spare] = [empty([2 * rows.size], "i32"), empty([2 * rows.size], "i32")];
        const cost = 10 * columns + 20;
        launch(
          "argsort_u32",
          rows.size / (columns || 1),
          cost,
          order,
          pairs,
          spare,
          rows,
          columns,
          ...orderOf(x, descending),
        );
        pairs.dispose();
        spare.dispose();
        return order;
      });
    },
  },
);

/** Flags with which kernels compare elements of x. */
function orderOf(x: AnyTensor, descending: boolean): [isFloat: number, flip: number] {
  return [x.dtype === "f32" ? 1 : 0, descending ? -1 : 0];
}

/**
 * Sorts x along the axis, default the last, ascending unless options say otherwise. NaN is largest.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an axis out of range; DtypeError unless x is f32 or i32.
 */
export function sort<D extends Numeric = "f32">(x: Tensor<D>, axis = -1, options: SortOptions = {}): Tensor<D> {
  return within("sort", () => {
    const order = argsort(x, axis, checkOptions("sort", options, sortOptions));
    return pickAlong(x, order, normalizeAxis("sort", axis, x.rank));
  });
}

/** Where the k largest elements stand along the axis, the largest first, the first of equal ones first. @internal */
export const topKIndices: Op<(x: Tensor<Numeric>, k: number, axis?: number) => Tensor<"i32">> = defineOp(
  "topKIndices",
  {
    forward(x: Tensor<Numeric>, k: number, axis = -1): Tensor<"i32"> {
      requireNumeric("topK", "x", x);
      const at = normalizeAxis("topK", axis, x.rank);
      if (!(Number.isInteger(k) && k >= 0 && k <= x.shape[at])) {
        throw new ArgumentError(
          `topK: k must be a whole number from 0 to axis ${at}'s size ${x.shape[at]}, got ${textOf(k)}`,
        );
      }
      if (!isInserted(k, x.shape[at])) {
        const all = argsort(x, at, { descending: true });
        return slice(
          all,
          x.shape.map(() => 0),
          x.shape.with(at, k),
        );
      }
      return alongRows(x, at, (rows) => {
        const columns = rows.shape[rows.rank - 1];
        const order = empty(rows.shape.with(-1, k), "i32");
        const keys = empty(order.shape, "i32");
        const units = k === 0 ? 0 : order.size / k;
        launch("top_k_u32", units, 20 + columns + 20 * k, order, keys, rows, columns, k, ...orderOf(x, true));
        keys.dispose();
        return order;
      });
    },
  },
);

/**
 * Whether `top_k_u32`, which keeps the first k in order by inserting, is faster than sorting n numbers: of numbers in any
 * order it inserts about k (1 + ln(n / k)), at the price of sorting 5 each; of ascending ones n, so that k is bounded.
 */
function isInserted(k: number, n: number): boolean {
  return k === 0 || (k <= 256 && 5 * k * (1 + Math.log(n / k)) <= n);
}

/**
 * The k largest elements along the axis, default the last, largest first, and their indices; the first of equal ones
 * first.
 * Shapes: `[..., n]` -> values and i32 indices `[..., k]`.
 * Errors: ArgumentError unless k is a whole number from 0 to the axis's size; DtypeError unless x is f32 or i32.
 */
export function topK<D extends Numeric = "f32">(
  x: Tensor<D>,
  k: number,
  axis = -1,
): { values: Tensor<D>; indices: Tensor<"i32"> } {
  return within("topK", () => {
    const indices = topKIndices(x, k, axis);
    return { values: pickAlong(x, indices, normalizeAxis("topK", axis, x.rank)), indices };
  });
}

/** Options of {@link searchSorted}. */
export interface SearchSortedOptions {
  /** "left", the default: before equal elements; "right": after them. */
  side?: "left" | "right";
}

/**
 * Positions at which values would have to be inserted into a sorted vector to keep it sorted.
 * Shapes: `[n]`, `[...]` -> i32 `[...]`.
 * Errors: ShapeError unless sorted has one axis; ArgumentError for an unknown side; DtypeError unless both are f32 or
 * both i32.
 */
export const searchSorted: Op<
  <D extends Numeric = "f32">(sorted: Tensor<D>, values: Tensor<D>, options?: SearchSortedOptions) => Tensor<"i32">
> = defineOp("searchSorted", {
  options: true,
  forward<D extends Numeric = "f32">(
    sorted: Tensor<D>,
    values: Tensor<D>,
    options: SearchSortedOptions = {},
  ): Tensor<"i32"> {
    const { side = "left" } = checkOptions("searchSorted", options, searchSortedOptions);
    requireNumeric("searchSorted", "sorted", sorted);
    requireNumeric("searchSorted", "values", values);
    const [keys, wanted] = [sorted as AnyTensor as Tensor, values as AnyTensor as Tensor];
    requireDtype("searchSorted", "values, as sorted,", wanted.dtype, keys.dtype);
    if (keys.rank !== 1) {
      throw new ShapeError(`searchSorted: sorted must have one axis, got shape ${formatShape(keys.shape)}`);
    }
    if (side !== "left" && side !== "right") {
      throw new ArgumentError(`searchSorted: side must be left or right, got ${textOf(side)}`);
    }
    const y = empty(wanted.shape, "i32");
    const cost = 4 + 3 * Math.log2(keys.size + 1);
    const [isFloat] = orderOf(keys, false);
    launch("search_sorted_u32", y.size, cost, y, keys, wanted, keys.size, isFloat, side === "right" ? 1 : 0);
    return y;
  },
});

/** Result of {@link unique}. */
export interface Unique<D extends Dtype> {
  /** The distinct values, ascending. */
  values: Tensor<D>;
  /** For each element of x, in x's shape, where its value stands among them. */
  inverse: Tensor<"i32">;
  /** How often each of them occurs. */
  counts: Tensor<"i32">;
}

/**
 * The distinct values of x, ascending, all NaN being one; the first of equal ones gets the gradient. It reads the
 * values.
 * Shapes: `[...]` of any dtype -> values `[n]`, i32 inverse `[...]`, i32 counts `[n]`.
 * Errors: StateError in a captured step.
 */
export function unique<D extends Dtype = "f32">(x: Tensor<D>, ...none: never[]): Unique<D> {
  requireNoOptions("unique", ...none);
  requireTensor("unique", "x", x);
  forbidWhileRecording("unique");
  const elements = x.data();
  const inverse = new Int32Array(x.size);
  const firsts = new Int32Array(x.size);
  const counts = new Int32Array(x.size);
  let size = 0;
  for (const position of orderOfAll(x)) {
    const value = elements[position];
    const last = elements[firsts[size - 1]];
    if (size === 0 || !(value === last || (Number.isNaN(value) && Number.isNaN(last)))) firsts[size++] = position;
    inverse[position] = size - 1;
    counts[size - 1]++;
  }
  return {
    values: pickSlices(reshape(x, [x.size]) as Tensor<D>, unfilled([size], "i32", firsts.subarray(0, size)), 0),
    inverse: unfilled(x.shape, "i32", inverse),
    counts: unfilled([size], "i32", counts.subarray(0, size)),
  };
}

/** The indices that sort all elements of x. */
function orderOfAll(x: AnyTensor): Int32Array {
  const numbers = (x.dtype === "f32" ? x : cast(x, "i32")) as Tensor<Numeric>;
  return argsort(reshape(numbers, [sizeOf(x.shape)])).data();
}
