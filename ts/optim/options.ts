// Checks of optimizers' and schedules' options.
import { requireCount, requireShare } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";

/** Throws an ArgumentError unless low <= value <= high. */
export function requireRange(option: string, value: number, low: number, high: number): void {
  if (!(Number.isFinite(value) && value >= low && value <= high)) {
    const range = high === Number.MAX_VALUE ? `at least ${low} and finite` : `from ${low} to ${high}`;
    throw new ArgumentError(`optimizer: ${option} must be ${range}, got ${value}`);
  }
}

/** Throws an ArgumentError unless the value is a finite number of at least 0. */
export function requireNonNegative(option: string, value: number): void {
  requireRange(option, value, 0, Number.MAX_VALUE);
}

/** Throws an ArgumentError unless the value is a finite number above 0. */
export function requirePositive(option: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new ArgumentError(`optimizer: ${option} must be above 0 and finite, got ${value}`);
  }
}

/** Throws an ArgumentError unless 0 <= value < 1: what fades a running average. */
export function requireFading(option: string, value: number): void {
  requireShare("optimizer", option, value);
}

/** Throws an ArgumentError unless the value is a whole number of at least 1. */
export function requireSteps(option: string, value: number): void {
  requireCount("optimizer", option, value);
}
