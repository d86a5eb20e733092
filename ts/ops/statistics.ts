// Quantiles, histograms and covariance.
import { requireFloat, requireTensor, within } from "../autograd/op.ts";
import { bincountOptions, covarianceOptions, histogramOptions } from "../generated/options.ts";
import { requireCount, requireNumbers, textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { forbidWhileRecording } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { linspace, ones, tensor } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, normalizeAxes } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { cast, equal, notEqual, where } from "./compare.ts";
import { diagonal } from "./diagonal.ts";
import { outer } from "./einsum.ts";
import { clip, sqrt } from "./elementwise.ts";
import { axesLast, reshape, slice, transpose } from "./layout.ts";
import { type Axes, countOf, reducedShape, requireElements } from "./lower/axes.ts";
import { requireIndices } from "./lower/indices.ts";
import { addSlices, pickSlices } from "./lower/picking.ts";
import { matmul } from "./matmul.ts";
import { mean } from "./reduce.ts";
import { searchSorted, sort } from "./sort.ts";

/**
 * The q-th quantile over the axes, default all, interpolated linearly; NaN if there is one; keepDims, default false,
 * keeps the axes with size 1. Equal elements keep their order, which decides who gets the gradient.
 * Shapes: `[a, b]` -> `[a]` with axes 1; with a list of q `[q, a]`.
 * Errors: ArgumentError unless q is from 0 to 1, and for axes out of range; ShapeError where they are empty; DtypeError
 * unless x is f32.
 */
export function quantile(x: Tensor, q: number | readonly number[], axes?: Axes, keepDims = false): Tensor {
  requireFloat("quantile", "x", x);
  const list = normalizeAxes("quantile", axes, x.rank);
  const shape = reducedShape("quantile", x.shape, list, keepDims);
  requireElements("quantile", x.shape, list);
  const parts = typeof q === "number" ? [q] : q;
  requireNumbers("quantile", "q", parts);
  if (parts.length === 0 || !parts.every((part) => part >= 0 && part <= 1)) {
    throw new ArgumentError(`quantile: q must be from 0 to 1, or a list of such, got ${textOf(q)}`);
  }
  const count = countOf(x.shape, list);
  const ordered = sort(reshape(axesLast(x, list), [-1, count]) as Tensor);
  const positions = parts.map((part) => part * (count - 1));
  const below = positions.map(Math.floor);
  const weights = positions.map((position, i) => position - below[i]);
  const at = (places: readonly number[]): Tensor => pickSlices(ordered, tensor(places, { dtype: "i32" }), 1) as Tensor;
  const [low, last] = [at(below), at([count - 1])];
  const high = at(below.map((position) => Math.min(position + 1, count - 1)));
  const between = add(mul(low, tensor(weights.map((weight) => 1 - weight))), mul(high, tensor(weights)));
  // An infinity beside a weight of 0 would make it NaN.
  const y = where(equal(tensor(weights), 0), low, between);
  const found = transpose(where(notEqual(last, last), last, y));
  return reshape(found, typeof q === "number" ? shape : [parts.length, ...shape]) as Tensor;
}

/**
 * Median over the axes, default all; NaN if there is one; keepDims, default false, keeps the axes with size 1.
 * Shapes: `[a, b]` -> `[a]` with axes 1; default `[]`.
 * Errors: ArgumentError for axes out of range or repeated; ShapeError where they are empty; DtypeError unless x is f32.
 */
export function median(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return within("median", () => quantile(x, 0.5, axes, keepDims));
}

/** Options of {@link bincount}. */
export interface BincountOptions {
  /** Numbers to count, from 0; default: up to the largest, which reads values: StateError in a captured step. */
  length?: number;
}

/**
 * How often each of 0, 1, 2, ... occurs in x, exact up to 2^24.
 * Shapes: i32 `[...]` -> i32 `[length]`.
 * Errors: ArgumentError for elements outside [0, length); DtypeError unless x is i32; StateError without length in a
 * captured step.
 */
export function bincount(x: Tensor<"i32">, options: BincountOptions = {}): Tensor<"i32"> {
  const { length = lengthOf(x) } = checkOptions("bincount", options, bincountOptions);
  requireTensor("bincount", "x", x);
  requireCount("bincount", "length", length, 0);
  requireIndices("bincount", "x", x, length);
  return cast(addSlices(ones([x.size]), reshape(x, [x.size]) as Tensor<"i32">, length, 0), "i32");
}

function lengthOf(x: Tensor<"i32">): number {
  requireTensor("bincount", "x", x);
  requireDtype("bincount", "x", x.dtype, "i32");
  forbidWhileRecording("bincount");
  return x.data().reduce((largest, value) => Math.max(largest, value), -1) + 1;
}

/** Options of {@link histogram}. */
export interface HistogramOptions {
  /** Number of bins, all of one width; default 10. */
  bins?: number;
  /**
   * Lower and upper bound; default: smallest and largest element, which reads values: StateError in a captured step.
   */
  range?: readonly [number, number];
}

/**
 * Counts of elements in bins of one width, and the bins' edges. A bin includes its lower edge, the last one its upper
 * edge too; elements outside and NaN are left out.
 * Shapes: `[...]` -> i32 counts `[bins]`, edges `[bins + 1]`.
 * Errors: ArgumentError for options out of range; DtypeError unless x is f32; StateError without range in a captured
 * step.
 */
export function histogram(x: Tensor, options: HistogramOptions = {}): { counts: Tensor<"i32">; edges: Tensor } {
  const { bins = 10, range = rangeOf(x) } = checkOptions("histogram", options, histogramOptions);
  requireFloat("histogram", "x", x);
  requireNumbers("histogram", "range", range);
  const [low, high] = range;
  requireCount("histogram", "bins", bins);
  if (!(low < high && Number.isFinite(high - low))) {
    throw new ArgumentError(`histogram: range must be two finite numbers, the first smaller, got [${low}, ${high}]`);
  }
  const edges = linspace(low, high, bins + 1);
  const last = slice(edges, [bins]) as Tensor;
  const places = where(equal(x, last), bins, searchSorted(edges, x, { side: "right" })) as Tensor<"i32">;
  const counts = cast(addSlices(ones([x.size]), reshape(places, [x.size]) as Tensor<"i32">, bins + 2, 0), "i32");
  return { counts: slice(counts, [1], [bins]) as Tensor<"i32">, edges };
}

/** The smallest and the largest finite number; half a number around them if they are one, [0, 1] if there is none. */
function rangeOf(x: Tensor): [number, number] {
  requireFloat("histogram", "x", x);
  forbidWhileRecording("histogram");
  const finite = x.data().filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** Options of {@link cov}. */
export interface CovarianceOptions {
  /** Subtracted from the number of observations before dividing; default 1, Bessel's correction, as in NumPy. */
  correction?: number;
}

/**
 * Covariance matrix of variables.
 * Shapes: `[variables, observations]` -> `[variables, variables]`.
 * Errors: ShapeError for another rank; DtypeError unless x is f32.
 */
export function cov(x: Tensor, options: CovarianceOptions = {}): Tensor {
  return within("cov", () => {
    const { correction = 1 } = checkOptions("cov", options, covarianceOptions);
    requireFloat("cov", "x", x);
    if (x.rank !== 2)
      throw new ShapeError(`cov: x must be [variables, observations], got shape ${formatShape(x.shape)}`);
    const centred = sub(x, mean(x, 1, true));
    return div(matmul(centred, centred, { transposeB: true }), x.shape[1] - correction);
  });
}

/**
 * Pearson correlations of variables, from -1 to 1.
 * Shapes: `[variables, observations]` -> `[variables, variables]`.
 * Errors: ShapeError for another rank; DtypeError unless x is f32.
 */
export function corrcoef(x: Tensor): Tensor {
  return within("corrcoef", () => {
    const covariances = cov(x);
    const deviations = sqrt(diagonal(covariances));
    return clip(div(covariances, outer(deviations, deviations)), -1, 1);
  });
}
