// Things with the state of one run, such as metrics and callbacks: while a run uses one, no other may.
import { StateError } from "../runtime/errors.ts";

const holders = new WeakMap<object, object>();

/** Holds all of the things for `holder`. StateError, and nothing held, where another has one; `nameOf` says what it is called. */
export function hold<T extends object>(
  operation: string,
  things: readonly T[],
  holder: object,
  nameOf: (thing: T) => string = (thing) => thing.constructor.name,
): void {
  const taken = things.find((thing) => (holders.get(thing) ?? holder) !== holder);
  if (taken !== undefined) {
    throw new StateError(
      `${operation}: ${nameOf(taken)} must be in one run at a time, got a second one; await the first, or make another`,
    );
  }
  for (const thing of things) holders.set(thing, holder);
}

/** Lets go of them. */
export function release(things: readonly object[]): void {
  for (const thing of things) holders.delete(thing);
}
