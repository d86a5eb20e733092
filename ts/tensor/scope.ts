// Scopes free what is made inside them. It knows that things can be disposed and kept, not what they are.
import { requireSynchronous } from "../runtime/arguments.ts";
import { forbidWhileRecording } from "../runtime/program.ts";

/** What a scope holds. */
export interface Scoped {
  /** Frees what it holds. */
  dispose(): void;
  /** What goes where it goes: a tensor's mask. */
  readonly mask?: Scoped | undefined;
}

let current: Set<Scoped> | undefined;
let isDeferring = false;

/** Puts a new thing into the innermost scope. */
export function enterScope(thing: Scoped): void {
  current?.add(thing);
}

/**
 * Takes a thing out of the innermost scope: it lives until it is disposed or collected. Errors: StateError inside a
 * captured step, whose replays would not make it anew.
 */
export function keep<T extends Scoped>(thing: T): T {
  forbidWhileRecording("keep");
  current?.delete(thing);
  if (thing.mask) current?.delete(thing.mask);
  return thing;
}

/** Forgets a thing that was disposed. */
export function leaveScope(thing: Scoped): void {
  current?.delete(thing);
}

/** Runs `f` and frees every tensor made inside it, except those in its result (also in lists, maps, sets and plain objects) and kept ones. */
export function scope<T>(f: () => T): T {
  const outer = current;
  const inner = new Set<Scoped>();
  current = inner;
  let result: T;
  try {
    result = requireSynchronous("scope", f());
    for (const thing of reachable(result)) {
      if (inner.delete(thing)) outer?.add(thing);
    }
  } finally {
    current = outer;
    for (const thing of inner) {
      if (isDeferring && outer) outer.add(thing);
      else thing.dispose();
    }
  }
  return result;
}

/** Runs `f` while inner scopes leave what they made to the one around them. */
export function deferring<T>(f: () => T, on = true): T {
  const before = isDeferring;
  isDeferring = on;
  try {
    return f();
  } finally {
    isDeferring = before;
  }
}

/** Runs `f` in a scope whose inner scopes free nothing before it ends: for what must be walked back through. */
export function deferredScope<T>(f: () => T): T {
  return scope(() => deferring(f));
}

/** Runs `f` in a scope that frees at its end even within a deferred one: nobody walks back through what `f` makes. */
export function freeingScope<T>(f: () => T): T {
  return deferring(() => scope(f), false);
}

/**
 * The disposable things in a value, each with what goes with it: itself, or those in its array elements, in maps, sets and
 * plain object properties.
 */
export function* reachable(value: unknown, seen: Set<unknown> = new Set()): Generator<Scoped> {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (typeof (value as Scoped).dispose === "function") {
    yield value as Scoped;
    yield* reachable((value as Scoped).mask, seen);
  } else if (Array.isArray(value) || value instanceof Set) for (const item of value) yield* reachable(item, seen);
  else if (value instanceof Map) for (const item of value.values()) yield* reachable(item, seen);
  else if ([Object.prototype, null].includes(Object.getPrototypeOf(value)))
    for (const item of Object.values(value)) yield* reachable(item, seen);
}
