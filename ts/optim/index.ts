// The optimizers, and look-up by name.
import all, { type OptimizerName } from "../generated/optimizers.ts";
import type { Names } from "../generated/options.ts";
import { lookUp } from "../layers/config.ts";
import { type Config, type Definition, type OptionsClass, readNested } from "../layers/definition.ts";
import { requireType, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { defineOptimizer as define, Optimizer } from "./optimizer.ts";
import type { NamedSchedule } from "./schedule.ts";
import { namedSchedules } from "./schedules.ts";

export * from "../generated/optimizers.ts";
export type { ClippingOptions } from "./clipping.ts";
export type { Collection } from "./collections.ts";
export type { ParameterGroup } from "./groups.ts";
export {
  type ExclusionOptions,
  Optimizer,
  type OptimizerOptions,
  type Outer,
  type Slots,
  slotsLike,
  type Update,
} from "./optimizer.ts";
export type { LearningRate, Schedule } from "./rate.ts";

/** Those that were defined since. */
const defined = new Map<string, Definition<OptionsClass<Optimizer>>>();

/**
 * Defines an optimizer by a class of your own, which takes one record of options and passes it to `Optimizer`.
 * `compile` and `fromConfig` then find it by name; a later definition replaces it. Without optionNames, the default,
 * every option is accepted.
 * Errors: ArgumentError unless kind is a string and the class one of optimizers.
 */
export function defineOptimizer<C extends OptionsClass<Optimizer>>(
  kind: string,
  made: C,
  optionNames?: Names,
): Definition<C> {
  requireType("defineOptimizer", "kind", kind, "string");
  if (!((made as { prototype?: unknown } | undefined)?.prototype instanceof Optimizer)) {
    throw new ArgumentError(`defineOptimizer: ${kind} must be a class of optimizers, got ${textOf(made)}`);
  }
  const definition = define(kind, made, optionNames);
  defined.set(kind, definition as never);
  return definition;
}

/** What makes those of each name. */
function makers(): { readonly [name: string]: (options: object) => Optimizer } {
  return { ...all, ...Object.fromEntries(defined) } as object as {
    readonly [name: string]: (options: object) => Optimizer;
  };
}

/**
 * The optimizer itself, or a new one of that name; options default to none.
 * Errors: ArgumentError for an unknown name or a function.
 */
export function getOptimizer(optimizer: Optimizer | OptimizerName, options: object = {}): Optimizer {
  if (typeof optimizer === "function") {
    throw new ArgumentError("optimizer: it must be a name or an optimizer, got a function; call it, as in adam()");
  }
  return optimizer instanceof Optimizer ? optimizer : lookUp("optimizer", optimizer, makers())(options);
}

/**
 * The optimizer of this name with these options, `{ kind: "adam", config: { learningRate: 0.01 } }`, as its `kind` and
 * `config()` return them; schedules among them likewise. Its state is separate.
 * Errors: ArgumentError for an unknown name and for options that it does not have.
 */
export function fromConfig(config: Config | string): Optimizer {
  const made = readNested<Optimizer | NamedSchedule>("optimizer", config, { ...namedSchedules(), ...makers() });
  if (made instanceof Optimizer) return made;
  throw new ArgumentError(`optimizer: the configuration must be that of an optimizer, got that of ${made.kind}`);
}
