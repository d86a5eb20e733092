// Scopes: dispose what is made inside them, except what is returned or kept. Does not import tensors.
import { requireFunction, requireSynchronous, typeOf } from "../runtime/arguments.ts";
import { isForeign } from "../runtime/copies.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { forbidWhileRecording } from "../runtime/launch.ts";

/** What a scope disposes. */
export interface Scoped {
  /** Frees its memory. */
  dispose(): void;
  /** What is kept with it: a tensor's mask. */
  readonly mask?: Scoped | undefined;
}

let current: Set<Scoped> | undefined;
let isDeferring = false;

/** Adds a new thing to the innermost scope. */
export function enterScope(thing: Scoped): void {
  current?.add(thing);
}

/**
 * Removes a thing from the innermost scope: it lives until it is disposed or collected. Errors: StateError inside a captured
 * step, whose replays would not make a new one.
 */
export function keep<T extends Scoped>(thing: T): T {
  forbidWhileRecording("keep");
  if (typeof thing?.dispose !== "function" || isForeign(thing))
    throw new ArgumentError(`keep: there must be a tensor, got ${typeOf(thing)}`);
  current?.delete(thing);
  if (thing.mask) current?.delete(thing.mask);
  return thing;
}

/** Removes a thing that was disposed. */
export function leaveScope(thing: Scoped): void {
  current?.delete(thing);
}

/**
 * Runs f and frees every tensor made inside, except those in its result (also in lists, maps, sets and plain objects)
 * and kept ones.
 * Shapes: those of f's result.
 * Errors: ArgumentError where f returns a promise.
 */
export function scope<T>(f: () => T): T {
  requireFunction("scope", f);
  const outer = current;
  const inner = new Set<Scoped>();
  current = inner;
  let result: T;
  try {
    result = requireSynchronous("scope", f());
    eachReachable(result, (thing) => {
      if (inner.delete(thing)) outer?.add(thing);
    });
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
 * Calls `visit` with the disposable things in a value, each with what goes with it: itself, or those in its array elements,
 * in maps, sets and plain object properties.
 */
export function eachReachable(value: unknown, visit: (thing: Scoped) => void, seen?: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen?.has(value)) return;
  const thing = value as Scoped;
  if (typeof thing.dispose === "function") {
    visit(thing);
    if (thing.mask) visit(thing.mask);
    return;
  }
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  const list = Array.isArray(value) || value instanceof Set;
  const items = list ? value : value instanceof Map ? value.values() : isPlain ? Object.values(value) : [];
  const all = (seen ?? new Set()).add(value);
  for (const item of items) eachReachable(item, visit, all);
}
