// What consoles show of the library's objects: their own short text instead of all that is inside them.

/** Lets consoles (Node's, Bun's, Deno's) show what `toString` says of the class's objects, or why it cannot say it. */
export function showAsText(type: { readonly prototype: object }): void {
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
