// Properties of a class that follow from the rest of it, and that a subclass may have properties of its own in place of.

import { ArgumentError } from "../runtime/errors.ts";

/** The only one of a model's inputs or outputs. ArgumentError where there are several. */
export function only<T>(name: string, what: "inputs" | "outputs", list: readonly T[]): T {
  if (list.length === 1) return list[0];
  throw new ArgumentError(`${name}: there must be one of the ${what}, got ${list.length}; use ${what}`);
}

/** Defines them on the prototype of a class. */
export function defineViews<T extends object>(prototype: T, views: Readonly<Record<string, (x: T) => unknown>>): void {
  for (const [name, view] of Object.entries(views)) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: T) {
        return view(this);
      },
      set(value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
}
