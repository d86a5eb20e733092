// What consoles show of the library's objects: their own short text instead of all that is inside them.

/** Lets consoles (Node's, Bun's, Deno's) show what `toString` says of the class's objects. */
export function showAsText(type: { readonly prototype: object }): void {
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: object): string {
      return this.toString();
    },
    configurable: true,
    writable: true,
  });
}
