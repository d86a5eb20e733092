// Regularizers: penalties on large weights, added to the loss in training.
import { orthogonalRegularizerOptions, penalties } from "../generated/options.ts";
import { add, div, maximum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { abs, sqrt, square } from "../ops/elementwise.ts";
import { matmul } from "../ops/matmul.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { eye } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asFunction, lookUp, madeFrom } from "./config.ts";

/** A weight's penalty, a scalar. */
export type Regularizer = (weight: Tensor) => Tensor;

/** Factors of both penalties; for layers a factor left out is 0. */
export interface Penalties {
  /** Factor of sum(|w|); default 0.01 in {@link l1l2}, 0 elsewhere. */
  l1?: number;
  /** Factor of sum(w^2); default 0.01 in {@link l1l2}, 0 elsewhere. */
  l2?: number;
}

const DEFAULT = 0.01;

/**
 * l1 sum(|w|) + l2 sum(w^2); options default to 0.01 each.
 * Errors: ArgumentError unless factors are finite and at least 0.
 */
export function l1l2(options: Penalties = {}): Regularizer {
  const { l1 = DEFAULT, l2 = DEFAULT } = checkOptions("l1l2", options, penalties);
  for (const [name, factor] of Object.entries({ l1, l2 })) {
    if (!(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(`regularizer: ${name} must be a number of at least 0, got ${factor}`);
    }
  }
  const absolute = (weight: Tensor): Tensor => mul(sum(abs(weight)), l1);
  const squared = (weight: Tensor): Tensor => mul(sum(square(weight)), l2);
  const both = (weight: Tensor): Tensor => add(absolute(weight), squared(weight));
  return madeFrom(l1 === 0 ? squared : l2 === 0 ? absolute : both, { l1, l2 });
}

/**
 * x sum(|w|); x defaults to 0.01.
 * Errors: ArgumentError unless x is finite and at least 0.
 */
export function l1(x: number = DEFAULT): Regularizer {
  return l1l2({ l1: x, l2: 0 });
}

/**
 * x sum(w^2); x defaults to 0.01.
 * Errors: ArgumentError unless x is finite and at least 0.
 */
export function l2(x: number = DEFAULT): Regularizer {
  return l1l2({ l1: 0, l2: x });
}

/** Options of {@link orthogonal}. */
export interface OrthogonalRegularizerOptions {
  /** Factor of the penalty; default 0.01. */
  factor?: number;
  /** Which vectors are to be orthogonal; default "rows". */
  mode?: "rows" | "columns";
}

/**
 * factor mean(|cosine|) over all pairs of a matrix's rows, or columns: 0 where they are orthogonal.
 * Errors: ArgumentError for options out of range; ShapeError unless the weight is a matrix.
 */
export function orthogonal(options: OrthogonalRegularizerOptions = {}): Regularizer {
  const { factor = DEFAULT, mode = "rows" } = checkOptions("orthogonal", options, orthogonalRegularizerOptions);
  if (!(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError(`regularizer: factor must be a number of at least 0, got ${factor}`);
  }
  if (mode !== "rows" && mode !== "columns") {
    throw new ArgumentError(`regularizer: mode must be rows or columns, got ${String(mode)}`);
  }
  const [axis, vectors] = mode === "rows" ? [1, 0] : [0, 1];
  const regularizer = (weight: Tensor): Tensor => {
    if (weight.rank !== 2) {
      throw new ShapeError(`orthogonal: the weight must be a matrix, got shape ${formatShape(weight.shape)}`);
    }
    const count = weight.shape[vectors];
    const norms = sqrt(maximum(sum(square(weight), axis, true), SMALLEST));
    const units = div(weight, norms);
    const cosines = matmul(units, units, mode === "rows" ? { transposeB: true } : { transposeA: true });
    const others = sub(1, eye(count));
    return mul(sum(abs(mul(cosines, others))), factor / (count * (count - 1)));
  };
  return madeFrom(regularizer, { name: "orthogonal", factor, mode });
}

/** Squares of norms below this count as this. */
const SMALLEST = 1e-12;

/** The names of the regularizers. */
export type RegularizerName = "l1" | "l2" | "l1l2" | "orthogonal";

const factories: { readonly [name in RegularizerName]: () => Regularizer } = { l1, l2, l1l2, orthogonal };

/** The orthogonal regularizer by name and options, as a saved layer has it. */
export interface OrthogonalConfig extends OrthogonalRegularizerOptions {
  name: "orthogonal";
}

/** A regularizer by name, by its factors, or as a function. */
export type RegularizerLike = RegularizerName | Penalties | OrthogonalConfig | Regularizer;

/**
 * The regularizer of this name or these factors; a function is returned as it is.
 * Errors: ArgumentError for an unknown name or option, or a class.
 */
export function getRegularizer(regularizer: RegularizerLike): Regularizer {
  if (typeof regularizer === "function") return asFunction("regularizer", regularizer);
  if (typeof regularizer === "object" && regularizer !== null && "name" in regularizer) {
    const { name, ...options } = regularizer;
    return lookUp<(options: never) => Regularizer>("regularizer", name, { orthogonal })(options as never);
  }
  if (typeof regularizer === "object" && regularizer?.constructor === Object)
    return l1l2({ l1: 0, l2: 0, ...regularizer });
  return lookUp("regularizer", regularizer, factories)();
}
