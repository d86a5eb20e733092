// Checks options from JavaScript callers: an object, no unknown names, and booleans, numbers, strings, functions and lists
// where the types require them. The build makes the lists of names from the types (scripts/options.js).

import type { Names } from "../generated/options.ts";
import { kindOf, requireType, textOf } from "./arguments.ts";
import { ArgumentError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/**
 * The options. ArgumentError for what is no object, for a value of another type than the option's, and for an unknown option
 * that has a value, unless `isComplete` is false: the names are those of a class, and a subclass passes on what it was given.
 */
export function checkOptions<T extends object>(
  operation: string,
  options: T | undefined,
  names: Names<keyof T & string>,
  isComplete = true,
): T {
  let isKnown = false;
  if (typeof options === "object") {
    const known = typesOf(names);
    for (const name in options) {
      const type = known.get(name);
      const value: unknown = options[name];
      if (type !== undefined) {
        isKnown = true;
        if (type !== "" && value !== undefined) requireType(operation, name, value, type);
      } else if (isComplete && value !== undefined) refuse(operation, options, names, name);
    }
  }
  if (!isKnown && !isRecord(options)) refuse(operation, options, names);
  return options as T;
}

/** The options whose names are listed. */
export function pickOptions<T extends object>(options: T, names: Names<keyof T & string>): T {
  const known = typesOf(names);
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.has(name))) as T;
}

const TYPES: { readonly [mark: string]: string } = {
  "?": "boolean",
  "#": "number",
  "@": "string",
  "!": "function",
  "*": "list",
};

/** Each name with the type of its value; "" where it may be of several. */
function typesOf(names: Names): Map<string, string> {
  if (names.all !== undefined) return names.all;
  const all = new Map(words(names).map((word) => [word.replace(/[?#@!*]/, ""), TYPES[word.slice(-1)] ?? ""]));
  // Cached if the list is not frozen.
  Reflect.set(names, "all", all);
  return all;
}

function words(names: Names): string[] {
  return names.flatMap((part) => (typeof part === "string" ? part.split(" ") : words(part)));
}

function isRecord<T>(value: T | undefined): value is T & object {
  return value?.constructor === Object || kindOf(value) === "Object";
}

function refuse(operation: string, options: unknown, names: Names, name = ""): never {
  const known = [...typesOf(names).keys()];
  const list = known.join(", ");
  const isTensor = isRecord(options) && "dtype" in options && options.constructor !== Object;
  if (name === "" || isTensor || !isRecord(options)) {
    const got = isTensor ? "a tensor" : textOf(options);
    throw new ArgumentError(`${operation}: options must be { ${list} }, got ${got}`);
  }
  const guess = nearest(name, known);
  const hint = guess === undefined ? "" : `; did you mean ${guess}?`;
  throw new ArgumentError(`${operation}: unknown option ${name}, known are ${list}${hint}`);
}
