// What a learning-rate schedule by name is: a function of the finished steps that knows from which options it was made.
import type { Names } from "../generated/options.ts";
import { type Json, ownCopy, toJsonRecord } from "../layers/config.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Schedule } from "./rate.ts";

/** A schedule that can be saved and sent. */
export interface NamedSchedule extends Schedule {
  /** Its name, by which `fromConfig` finds it. */
  readonly kind: string;
  /** The options that make it again, as plain JSON. ArgumentError for a schedule among them that has no name. */
  config(): Record<string, Json>;
}

/** What makes the schedules of one name from their options. */
export interface ScheduleDefinition<Options extends object = object> {
  (options: Options): NamedSchedule;
  readonly kind: string;
}

/** A schedule by name. */
export function defineSchedule<Options extends object = object>(
  kind: string,
  make: (options: Options) => Schedule,
  optionNames?: Names<keyof Options & string>,
): ScheduleDefinition<Options> {
  const define = (given: Options): NamedSchedule => {
    const options = ownCopy(optionNames ? checkOptions(kind, given, optionNames) : given);
    const schedule = make(options);
    const named: Schedule = (step) => schedule(step);
    return Object.assign(named, { kind, config: () => toJsonRecord(kind, options) });
  };
  return Object.assign(define, { kind });
}
