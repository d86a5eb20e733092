// Checks of the options of optimizers and schedules.
import { ABOVE_0, requireCount, requireShare, requireRange as requireWithin } from "../runtime/arguments.ts";

/** Throws an ArgumentError unless low <= value <= high. */
export function requireRange(option: string, value: number, low: number, high?: number): void {
  requireWithin("optimizer", option, value, low, high);
}

/** Throws an ArgumentError unless the value is a finite number of at least 0. */
export function requireNonNegative(option: string, value: number): void {
  requireRange(option, value, 0);
}

/** Throws an ArgumentError unless the value is a finite number above 0. */
export function requirePositive(option: string, value: number): void {
  requireRange(option, value, ABOVE_0);
}

/** Throws an ArgumentError unless 0 <= value < 1: the decay of an exponential moving average. */
export function requireDecay(option: string, value: number): void {
  requireShare("optimizer", option, value);
}

/** Throws an ArgumentError unless the value is a whole number of at least 1. */
export function requireSteps(option: string, value: number): void {
  requireCount("optimizer", option, value);
}
