// The losses, and look-up by name.
import all, { type LossName } from "../generated/losses.ts";
import { asFunction, lookUp } from "../layers/config.ts";
import { type Config, readConfig } from "../layers/definition.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { defineLoss as define, type Loss, type LossDetails, type LossFunction } from "./loss.ts";

export * from "../generated/losses.ts";
export {
  type Bounds,
  type Counted,
  type Loss,
  type LossDetails,
  type LossFunction,
  type Reduction,
  type ReductionOptions,
  reduceLoss,
  type TargetsCheck,
} from "./loss.ts";
export { checkLabels, type Labels, type TargetRange } from "./targets.ts";

/** Losses defined by users. */
const defined = new Map<string, LossFunction>();

/**
 * Defines a loss from its values for each example. `compile` and `fromConfig` then find it by name; a later definition
 * replaces it. details default to none, so that every option is accepted. Example:
 * `defineLoss("absolute", (yTrue, yPred) => yPred.sub(yTrue).abs())`.
 * Shapes: perExample returns `[batch]`, or `[batch, ...]` -> a loss that returns `[]`.
 * Errors: ArgumentError for a name that is no string, a perExample that is no function, and unknown details.
 */
export function defineLoss<Options extends object = object>(
  name: string,
  perExample: (yTrue: AnyTensor, yPred: Tensor, options: Options) => Tensor,
  details: LossDetails<Options> = {},
): LossFunction<Options> {
  const loss = define(name, perExample, details);
  defined.set(name, loss as LossFunction<never> as LossFunction);
  return loss;
}

/** All by their names. @internal */
export function namedLosses(): { readonly [name: string]: LossFunction } {
  return { ...all, ...Object.fromEntries(defined) } as { readonly [name: string]: LossFunction };
}

/**
 * The loss of this name; a function is returned as it is.
 * Shapes: none. Errors: ArgumentError for an unknown name or a class.
 */
export function getLoss(loss: LossName | Loss): Loss {
  return typeof loss === "function" ? asFunction("loss", loss) : lookUp("loss", loss, namedLosses());
}

/**
 * The loss of this name with these options, `{ kind: "huber", config: { delta: 2 } }`, as its `kind` and `config()`
 * return them.
 * Shapes: none. Errors: ArgumentError for an unknown name and for options that it does not have.
 */
export function fromConfig(config: Config | string): LossFunction {
  const { kind, options } = readConfig("loss", config);
  const loss = lookUp("loss", kind, namedLosses());
  return options === undefined ? loss : loss.with(options);
}
