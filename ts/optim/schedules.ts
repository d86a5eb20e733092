// The learning-rate schedules, and look-up by name.

import type { Names } from "../generated/options.ts";
import all from "../generated/schedules.ts";
import { type Config, readNested } from "../layers/definition.ts";
import { requireFunction, requireType } from "../runtime/arguments.ts";
import type { Schedule } from "./rate.ts";
import { defineSchedule as define, type NamedSchedule, type ScheduleDefinition } from "./schedule.ts";

export * from "../generated/schedules.ts";
export { type LearningRate, rateAt, type Schedule } from "./rate.ts";
export type { NamedSchedule, ScheduleDefinition } from "./schedule.ts";

/** Those that were defined since. */
const defined = new Map<string, ScheduleDefinition<never>>();

/**
 * Defines a schedule from its options. `fromConfig` then finds it by name; a later definition replaces it. Without
 * optionNames, the default, every option is accepted.
 * Errors: ArgumentError unless kind is a string and make a function.
 */
export function defineSchedule<Options extends object = object>(
  kind: string,
  make: (options: Options) => Schedule,
  optionNames?: Names<keyof Options & string>,
): ScheduleDefinition<Options> {
  requireType("defineSchedule", "kind", kind, "string");
  requireFunction("defineSchedule", make);
  const definition = define(kind, make, optionNames);
  defined.set(kind, definition);
  return definition;
}

/** All by their names. @internal */
export function namedSchedules(): { readonly [name: string]: (options: object) => NamedSchedule } {
  return { ...all, ...Object.fromEntries(defined) } as object as {
    readonly [name: string]: (options: object) => NamedSchedule;
  };
}

/**
 * The schedule of this name with these options, as its `kind` and `config()` return them.
 * Errors: ArgumentError for an unknown name and for options that it does not have.
 */
export function fromConfig(config: Config | string): NamedSchedule {
  return readNested("schedule", config, namedSchedules());
}
