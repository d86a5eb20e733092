// Regularizers: penalties on large weights, added to the loss in training.

import { add, mul } from "../ops/binary.ts";
import { abs, square } from "../ops/elementwise.ts";
import { sum } from "../ops/reduce.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lookUp, madeFrom } from "./config.ts";

/** A weight's penalty, a scalar. */
export type Regularizer = (weight: Tensor) => Tensor;

/** The factors of both penalties; what is left out is 0. */
export interface Penalties {
  l1?: number;
  l2?: number;
}

const DEFAULT = 0.01;

/** l1 * sum(|w|) + l2 * sum(w^2); default 0.01 each. */
export function l1l2({ l1 = DEFAULT, l2 = DEFAULT }: Penalties = {}): Regularizer {
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

/** x * sum(|w|); default 0.01. */
export function l1(x: number = DEFAULT): Regularizer {
  return l1l2({ l1: x, l2: 0 });
}

/** x * sum(w^2); default 0.01. */
export function l2(x: number = DEFAULT): Regularizer {
  return l1l2({ l1: 0, l2: x });
}

const factories = { l1, l2, l1l2: () => l1l2() } as const;

/** The names of the regularizers. */
export type RegularizerName = keyof typeof factories;

/** How layers are given a regularizer: by name, by its factors, or as a function. */
export type RegularizerLike = RegularizerName | Penalties | Regularizer;

/** The regularizer of this name or these factors; a function stays as it is. */
export function getRegularizer(regularizer: RegularizerLike): Regularizer {
  if (typeof regularizer === "function") return regularizer;
  if (typeof regularizer === "object" && regularizer !== null) return l1l2({ l1: 0, l2: 0, ...regularizer });
  return lookUp("regularizer", regularizer, factories)();
}
