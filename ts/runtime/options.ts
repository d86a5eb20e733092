// Checks of options as JavaScript callers give them: objects, and none that is not known. The lists of names are made by
// the build from the types.
import type { Names } from "../generated/options.ts";
import { ArgumentError } from "./errors.ts";
import { nearest } from "./nearest.ts";

const none = {};
const sets = new WeakMap<Names, Set<string>>();

/**
 * The options; none where they are undefined. ArgumentError for what is not an object of options, and for an option that
 * has a value but no place among the names, unless somebody else may know it (`isComplete` is false: the names are those
 * of a class, and a subclass hands on what it was given).
 */
export function checkOptions<T extends object>(
  operation: string,
  options: T | null | undefined,
  names: Names<keyof T & string>,
  isComplete = true,
): T {
  if (options === undefined) return none as T;
  let isEmpty = true;
  if (typeof options === "object" && options !== null) {
    const known = setOf(names);
    for (const name in options) {
      isEmpty = false;
      if (isComplete && !known.has(name) && options[name] !== undefined) refuse(operation, options, [...known], name);
    }
  }
  // With a known name among its own it is an object of options: most calls are spared the question.
  if ((isEmpty || !isComplete) && !isRecord(options)) refuse(operation, options, words(names));
  return options as T;
}

/** Those of the options that have one of the names. */
export function pickOptions<T extends object>(options: T, names: Names<keyof T & string>): T {
  const known = setOf(names);
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.has(name))) as T;
}

function setOf(names: Names): Set<string> {
  let set = sets.get(names);
  if (set === undefined) {
    set = new Set(words(names));
    sets.set(names, set);
  }
  return set;
}

function words(names: Names): string[] {
  return names.flatMap((part) => (typeof part === "string" ? part.split(" ") : words(part)));
}

function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function refuse(operation: string, options: unknown, known: string[], name = ""): never {
  const list = known.join(", ");
  const isTensor = isRecord(options) && "dtype" in options && Object.getPrototypeOf(options).constructor !== Object;
  if (name === "" || isTensor || !isRecord(options)) {
    const got = isTensor ? "a tensor" : typeof options === "object" ? textOf(options) : String(options);
    throw new ArgumentError(`${operation}: options must be { ${list} }, got ${got}`);
  }
  const guess = nearest(name, known);
  const hint = guess === undefined ? "" : `; did you mean ${guess}?`;
  throw new ArgumentError(`${operation}: unknown option ${name}, known are ${list}${hint}`);
}

/** A list's beginning, or what kind of object it is. */
function textOf(value: object | null): string {
  if (value === null) return "none";
  if (!Array.isArray(value)) return Object.prototype.toString.call(value).slice(8, -1);
  return `[${value.slice(0, 4).join(", ")}${value.length > 4 ? ", ..." : ""}]`;
}
