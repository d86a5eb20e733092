// How consoles show Heddle's objects: by their short text instead of all their fields.
import { markAsOurs } from "./copies.ts";

/**
 * Lets consoles (Node's, Bun's, Deno's) show what `toString` returns for the class's objects, or why it cannot; and marks
 * them as this copy's.
 */
export function showAsText(type: { readonly prototype: object }): void {
  markAsOurs(type);
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: object): string {
      try {
        return this.toString();
      } catch (error) {
        return `${this.constructor.name} (${(error as Error).message})`;
      }
    },
    configurable: true,
    writable: true,
  });
}
