// Detects memory that was transferred to another thread: its views read as empty.
import { StateError } from "./errors.ts";

/** Whether the memory was transferred. */
export function isDetached(memory: ArrayBufferLike): boolean {
  if (memory.byteLength > 0) return false;
  try {
    return new Uint8Array(memory).length > 0;
  } catch {
    return true;
  }
}

/** Throws a StateError if the memory of a typed array was transferred. */
export function requireAttached(operation: string, what: string, { buffer }: ArrayBufferView): void {
  if (isDetached(buffer)) {
    throw new StateError(`${operation}: ${what} must be in this thread's memory, got memory that was transferred`);
  }
}
