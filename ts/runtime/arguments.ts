// Checks plain arguments of operations: numbers, lists, records, functions.
import { FOREIGN, isForeign } from "./copies.ts";
import { ArgumentError } from "./errors.ts";

/** The largest count of kernels. */
export const MOST: number = 2 ** 31 - 1;
/** The largest count of things that JavaScript keeps in a list: far more would take seconds to make. */
export const MOST_LISTED: number = 2 ** 16;

/** Throws an ArgumentError unless `value` is a whole number from `least` to `most`. */
export function requireCount(operation: string, what: string, value: number, least = 1, most: number = MOST): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    const limit = Number.isInteger(value) && value > most ? ` and at most ${most}` : "";
    const must = `must be a whole number of at least ${least}${limit}`;
    throw new ArgumentError(`${operation}: ${what} ${must}, got ${textOf(value)}`);
  }
}

/** As the lower end of a range: above 0. */
export const ABOVE_0: number = Number.MIN_VALUE;

/** Throws an ArgumentError unless `value` is a number from `low`, which may be `ABOVE_0`, to `high`. */
export function requireRange(
  operation: string,
  what: string,
  value: unknown,
  low: number,
  high: number = Number.MAX_VALUE,
): void {
  if (typeof value === "number" && value >= low && value <= high) return;
  const least = low === ABOVE_0 ? "above 0" : low === -Number.MAX_VALUE ? "" : `at least ${low}`;
  const ends = [least, high === Number.MAX_VALUE ? "finite" : `at most ${high}`].filter(Boolean).join(" and ");
  const range = low !== ABOVE_0 && least && high < Number.MAX_VALUE ? `from ${low} to ${high}` : ends;
  throw new ArgumentError(`${operation}: ${what} must be ${range}, got ${textOf(value)}`);
}

/** Throws an ArgumentError unless `value` is a list. */
export function requireList(operation: string, what: string, value: unknown): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new ArgumentError(`${operation}: ${what} must be a list, got ${textOf(value)}`);
}

/** Throws an ArgumentError unless `value`, called `what` in errors, is a record. */
export function requireRecord(what: string, value: unknown): asserts value is object {
  if (kindOf(value) !== "Object") throw new ArgumentError(`${what} must be a record, got ${textOf(value)}`);
}

/**
 * Throws an ArgumentError unless `value` is of the type: "boolean", "number" (but NaN), "string", "function" or "list".
 */
export function requireType(operation: string, what: string, value: unknown, type: string): void {
  if (type === "list" ? Array.isArray(value) : typeof value === type && !Number.isNaN(value)) return;
  const must = type === "boolean" ? "true or false" : `a ${type}`;
  throw new ArgumentError(`${operation}: ${what} must be ${must}, got ${quoted(value)}`);
}

/** Throws an ArgumentError unless `value` is a list of numbers. */
export function requireNumbers(operation: string, what: string, value: unknown): asserts value is readonly number[] {
  requireList(operation, what, value);
  for (const one of value) requireType(operation, `each of ${what}`, one, "number");
}

/** Throws an ArgumentError for an object of options where none are known. */
export function requireNoOptions(operation: string, ...surplus: readonly unknown[]): void {
  for (const arg of surplus) {
    if (typeof arg === "object" && arg !== null && Object.getPrototypeOf(arg) === Object.prototype) {
      throw new ArgumentError(`${operation}: it must be given no options, got { ${Object.keys(arg).join(", ")} }`);
    }
  }
}

/** A short description of a value: numbers, text and short lists as they are, else the name of its class. */
export function textOf(value: unknown, depth = 0): string {
  if (Array.isArray(value)) {
    if (depth > 2) return "[...]";
    const shown = value.slice(0, 8).map((one) => textOf(one, depth + 1));
    return `[${shown.join(", ")}${value.length > 8 ? ", ..." : ""}]`;
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return "derivation" in value && !isForeign(value) ? "a tensor" : kindOf(value);
}

/** The same, but text in quotes, so that "1" does not look like a number. */
export function quoted(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : textOf(value);
}

/** The type of a value, or that it is of another copy of Heddle. */
export function typeOf(value: unknown): string {
  if (isForeign(value)) return FOREIGN;
  return value === null ? "null" : typeof value;
}

/** The name of a value's class; "Object" only for records. */
export function kindOf(value: unknown): string {
  return isForeign(value) ? FOREIGN : Object.prototype.toString.call(value).slice(8, -1);
}

/** Throws an ArgumentError unless 0 <= value < 1: a dropout rate, a momentum, the decay of a moving average. */
export function requireShare(operation: string, what: string, value: number): void {
  if (!(typeof value === "number" && value >= 0 && value < 1)) {
    throw new ArgumentError(`${operation}: ${what} must be at least 0 and less than 1, got ${textOf(value)}`);
  }
}

/**
 * What a callback returned; ArgumentError if it is a promise. Nobody awaits that promise, so its rejection is handled here
 * instead of ending the process.
 */
export function requireSynchronous<T>(operation: string, result: T): T {
  if (typeof (result as { then?: unknown } | undefined | null)?.then !== "function") return result;
  Promise.resolve(result).catch(() => {});
  throw new ArgumentError(
    `${operation}: the function must be synchronous, got one that returns a promise; await outside`,
  );
}

/** Throws an ArgumentError unless `f` is a function. */
export function requireFunction(operation: string, f: unknown): asserts f is (...args: never[]) => unknown {
  if (typeof f === "function") return;
  throw new ArgumentError(`${operation}: there must be a function, got ${typeOf(f)}`);
}
