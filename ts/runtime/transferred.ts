// Memory that was transferred to another thread: what views it reads as empty.
import { StateError } from "./errors.ts";

/** Whether the memory has moved elsewhere. */
export function isDetached(memory: ArrayBufferLike): boolean {
  if (memory.byteLength > 0) return false;
  try {
    return new Uint8Array(memory).length > 0;
  } catch {
    return true;
  }
}

/** Throws a StateError where the memory of a typed array has moved elsewhere. */
export function requireAttached(operation: string, what: string, { buffer }: ArrayBufferView): void {
  if (isDetached(buffer)) {
    throw new StateError(`${operation}: ${what} must be in this thread's memory, got memory that was transferred`);
  }
}
