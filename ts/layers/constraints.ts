// Constraints on weights, applied by optimizers after each update. Formulas and defaults are those of Keras 3.
import { maxNormOptions, minMaxNormOptions, normConstraintOptions } from "../generated/options.ts";
import { add, div, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { clip, relu, sqrt, square } from "../ops/elementwise.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asFunction, type Json, lookUp, madeFrom, ownCopy, withoutOptions } from "./config.ts";

/** Maps a weight to an admissible one of the same shape. */
export type Constraint = (weight: Tensor) => Tensor;

/** Options of the constraints on norms. */
export interface NormConstraintOptions {
  /** The axes along which norms are taken; default 0, the inputs of a dense kernel. For convolutions: [0, 1, 2]. */
  axis?: number | readonly number[];
}

const EPSILON = 1e-7;

function normsOf(weight: Tensor, axis: number | readonly number[]): Tensor {
  return sqrt(sum(square(weight), axis as number | number[], true));
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (!(value >= least)) throw new ArgumentError(`constraint: ${name} must be at least ${least}, got ${value}`);
}

/** Options of {@link maxNorm}. */
export interface MaxNormOptions extends NormConstraintOptions {
  /** Upper bound of the norms; default 2. */
  maxValue?: number;
}

/**
 * Scales norms above maxValue down to it.
 * Errors: ArgumentError unless maxValue is at least 0.
 */
export function maxNorm(options: MaxNormOptions = {}): Constraint {
  const { maxValue = 2, axis = 0 } = ownCopy(checkOptions("maxNorm", options, maxNormOptions));
  requireAtLeast("maxValue", maxValue, 0);
  const constraint: Constraint = (weight) => {
    const norms = normsOf(weight, axis);
    return mul(weight, div(clip(norms, 0, maxValue), add(norms, EPSILON)));
  };
  return madeFrom(constraint, { name: "maxNorm", maxValue, axis: axis as Json });
}

/**
 * Sets negative values to 0.
 * Errors: none of its own.
 */
export function nonNeg(): Constraint {
  return madeFrom((weight: Tensor) => relu(weight), "nonNeg");
}

/**
 * Scales all norms to 1.
 * Errors: ArgumentError, when applied, for axes out of range.
 */
export function unitNorm(options: NormConstraintOptions = {}): Constraint {
  const { axis = 0 } = ownCopy(checkOptions("unitNorm", options, normConstraintOptions));
  const constraint: Constraint = (weight) => div(weight, add(normsOf(weight, axis), EPSILON));
  return madeFrom(constraint, { name: "unitNorm", axis: axis as Json });
}

/** Options of {@link minMaxNorm}. */
export interface MinMaxNormOptions extends NormConstraintOptions {
  /** Lower bound of the norms; default 0. */
  minValue?: number;
  /** Upper bound of the norms; default 1. */
  maxValue?: number;
  /** How far norms out of bounds move towards them, from 0 to 1, all the way; default 1. */
  rate?: number;
}

/**
 * Moves norms outside [minValue, maxValue] towards it by the fraction rate.
 * Errors: ArgumentError unless 0 <= minValue <= maxValue and rate is from 0 to 1.
 */
export function minMaxNorm(options: MinMaxNormOptions = {}): Constraint {
  const {
    minValue = 0,
    maxValue = 1,
    rate = 1,
    axis = 0,
  } = ownCopy(checkOptions("minMaxNorm", options, minMaxNormOptions));
  requireAtLeast("minValue", minValue, 0);
  requireAtLeast("maxValue", maxValue, minValue);
  if (!(rate >= 0 && rate <= 1)) throw new ArgumentError(`constraint: rate must be from 0 to 1, got ${rate}`);
  const constraint: Constraint = (weight) => {
    const norms = normsOf(weight, axis);
    const desired = add(mul(clip(norms, minValue, maxValue), rate), mul(norms, 1 - rate));
    return mul(weight, div(desired, add(norms, EPSILON)));
  };
  return madeFrom(constraint, { name: "minMaxNorm", minValue, maxValue, rate, axis: axis as Json });
}

/** The names of the constraints. */
export type ConstraintName = "maxNorm" | "nonNeg" | "unitNorm" | "minMaxNorm";

const factories: { readonly [name in ConstraintName]: (options: never) => Constraint } = {
  maxNorm,
  nonNeg: withoutOptions("nonNeg", nonNeg),
  unitNorm,
  minMaxNorm,
};

/** A constraint by its name and options, as a saved layer has it: { name: "maxNorm", maxValue: 3 }. */
export interface ConstraintConfig {
  name: ConstraintName;
  [option: string]: Json;
}

/** A constraint by name, by name and options, or as a function. */
export type ConstraintLike = ConstraintName | ConstraintConfig | Constraint;

/**
 * The constraint of this name, or of a name and options; a function is returned as it is.
 * Errors: ArgumentError for an unknown name or option, or a class.
 */
export function getConstraint(constraint: ConstraintLike): Constraint {
  if (typeof constraint === "function") return asFunction("constraint", constraint);
  const { name, ...options } =
    typeof constraint === "object" && constraint !== null ? constraint : { name: constraint };
  return lookUp("constraint", name, factories)(options as never);
}
