// Constraints: what keeps weights within bounds. Optimizers apply them after each update. Formulas and defaults are those
// of Keras 3.
import { add, div, mul } from "../ops/binary.ts";
import { clip, relu, sqrt, square } from "../ops/elementwise.ts";
import { sum } from "../ops/reduce.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Json, lookUp, madeFrom } from "./config.ts";

/** A weight within bounds, of the same shape. */
export type Constraint = (weight: Tensor) => Tensor;

/** Along which axes norms are taken; default 0, the inputs of a dense kernel. Of convolutions: [0, 1, 2]. */
export interface NormOptions {
  axis?: number | readonly number[];
}

const EPSILON = 1e-7;

function normsOf(weight: Tensor, axis: number | readonly number[]): Tensor {
  return sqrt(sum(square(weight), axis as number | number[], true));
}

function requireAtLeast(name: string, value: number, least: number): void {
  if (!(value >= least)) throw new ArgumentError(`constraint: ${name} must be at least ${least}, got ${value}`);
}

/** Norms above maxValue become maxValue; default 2. */
export function maxNorm({ maxValue = 2, axis = 0 }: NormOptions & { maxValue?: number } = {}): Constraint {
  requireAtLeast("maxValue", maxValue, 0);
  const constraint: Constraint = (weight) => {
    const norms = normsOf(weight, axis);
    return mul(weight, div(clip(norms, 0, maxValue), add(norms, EPSILON)));
  };
  return madeFrom(constraint, { name: "maxNorm", maxValue, axis: axis as Json });
}

/** Numbers below 0 become 0. */
export function nonNeg(): Constraint {
  return madeFrom((weight: Tensor) => relu(weight), "nonNeg");
}

/** All norms become 1. */
export function unitNorm({ axis = 0 }: NormOptions = {}): Constraint {
  const constraint: Constraint = (weight) => div(weight, add(normsOf(weight, axis), EPSILON));
  return madeFrom(constraint, { name: "unitNorm", axis: axis as Json });
}

/**
 * Norms outside minValue .. maxValue go towards it by the part `rate`, with 1 all the way.
 * Defaults: minValue 0, maxValue 1, rate 1.
 */
export function minMaxNorm(
  options: NormOptions & { minValue?: number; maxValue?: number; rate?: number } = {},
): Constraint {
  const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = options;
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
  nonNeg,
  unitNorm,
  minMaxNorm,
};

/** A constraint by its name and options, as a saved layer has it: { name: "maxNorm", maxValue: 3 }. */
export interface ConstraintConfig {
  name: ConstraintName;
  [option: string]: Json;
}

/** How layers are given a constraint. */
export type ConstraintLike = ConstraintName | ConstraintConfig | Constraint;

/** The constraint of this name; a function stays as it is. ArgumentError for an unknown name. */
export function getConstraint(constraint: ConstraintLike): Constraint {
  if (typeof constraint === "function") return constraint;
  const { name, ...options } =
    typeof constraint === "object" && constraint !== null ? constraint : { name: constraint };
  return lookUp("constraint", name, factories)(options as never);
}
