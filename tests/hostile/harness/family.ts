// What is tested: families of random cases. A case follows from the seed and its number alone, and throws where something
// does not hold.
import type { Random } from "./random.ts";

export interface Case {
  /** The case's own numbers. */
  readonly random: Random;
  /** Adds to what is said of the case should it fail. */
  say(what: string): void;
}

export interface Family {
  /** Before the first case: what holds for the whole process, such as the engine's configuration. */
  begin?(random: Random): void | Promise<void>;
  run(one: Case): void | Promise<void>;
}

/** Where the families are: their names, what they hold, and how long a case may take. */
export interface FamilyEntry {
  readonly name: string;
  readonly title: string;
  /** Seconds after which a case hangs. */
  readonly patience: number;
  load(): Promise<Family>;
}

/** Throws `message` unless `condition` holds. */
export function must(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new Error(typeof message === "string" ? message : message());
}
