// Scopes free what is made inside them. It knows that things can be disposed and kept, not what they are.
import { ArgumentError } from "../runtime/errors.ts";

/** What a scope holds. */
export interface Scoped {
  /** Frees what it holds. */
  dispose(): void;
}

let current: Set<Scoped> | undefined;
let deferring = false;

/** Puts a new thing into the innermost scope. */
export function enterScope(thing: Scoped): void {
  current?.add(thing);
}

/** Takes a thing out of the innermost scope: it lives until it is disposed or collected. */
export function keep<T extends Scoped>(thing: T): T {
  current?.delete(thing);
  return thing;
}

/** Forgets a thing that was disposed. */
export function leaveScope(thing: Scoped): void {
  current?.delete(thing);
}

/** Runs `f` and frees every tensor made inside it, except those in its result (also in arrays and plain objects) and kept ones. */
export function scope<T>(f: () => T): T {
  const outer = current;
  const inner = new Set<Scoped>();
  current = inner;
  let result: T;
  try {
    result = f();
    if (result instanceof Promise) {
      throw new ArgumentError("scope: the function must be synchronous, got one that returns a promise");
    }
    for (const thing of reachable(result)) {
      if (inner.delete(thing)) outer?.add(thing);
    }
  } finally {
    current = outer;
    for (const thing of inner) {
      if (deferring && outer) outer.add(thing);
      else thing.dispose();
    }
  }
  return result;
}

/** Runs `f` in a scope whose inner scopes free nothing before it ends: for what must be walked back through. */
export function deferredScope<T>(f: () => T): T {
  const before = deferring;
  return scope(() => {
    deferring = true;
    try {
      return f();
    } finally {
      deferring = before;
    }
  });
}

/** Runs `f` in a scope that frees at its end even within a deferred one: nobody walks back through what `f` makes. */
export function freeingScope<T>(f: () => T): T {
  const before = deferring;
  deferring = false;
  try {
    return scope(f);
  } finally {
    deferring = before;
  }
}

/** The disposable things in a value: itself, or those in its array elements and plain object properties. */
function* reachable(value: unknown): Generator<Scoped> {
  if (typeof value !== "object" || value === null) return;
  if (typeof (value as Scoped).dispose === "function") yield value as Scoped;
  else if (Array.isArray(value)) for (const item of value) yield* reachable(item);
  else if (value instanceof Map) for (const item of value.values()) yield* reachable(item);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) yield* reachable(item);
}
