// Options of a weight: initializer, regularizer, constraint.
import { type ConstraintLike, getConstraint } from "./constraints.ts";
import { getInitializer, type InitializerLike } from "./initializers.ts";
import type { WeightOptions } from "./layer.ts";
import { getRegularizer, type RegularizerLike } from "./regularizers.ts";

/** Options of `addWeight` without the shape, which is known when the layer is built. */
export type ShapelessWeightOptions = Omit<WeightOptions, "shape">;

/** A weight's options; looks up names at once, so that wrong ones throw before the layer is built. */
export function weightOptions(
  initializer: InitializerLike,
  regularizer: RegularizerLike | undefined,
  constraint: ConstraintLike | undefined,
): ShapelessWeightOptions {
  return {
    initializer: getInitializer(initializer),
    regularizer: regularizer && getRegularizer(regularizer),
    constraint: constraint && getConstraint(constraint),
  };
}
