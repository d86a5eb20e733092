// Optimizers and metrics that were made for one model, from a configuration: they are freed with it, or when it is compiled anew.
const owned = new WeakSet<object>();

/** Gives what nobody else has to the model that is compiled with it. */
export function owns<T extends object>(made: T): T {
  owned.add(made);
  return made;
}

/** Whether the model that is compiled with it is to free it. */
export function isOwned(given: unknown): boolean {
  return owned.has(Object(given));
}
