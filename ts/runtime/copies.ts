// Several copies of Heddle in one process share nothing. What a copy makes carries its mark, so that another one can say in
// an error why it does not take it.
const MARK: unique symbol = Symbol.for("heddle.copy");
const RUNNING: unique symbol = Symbol.for("heddle.engine");
const copy = {};

/** Marks what a class makes as this copy's. */
export function markAsOurs({ prototype }: { readonly prototype: object }): void {
  Object.defineProperty(prototype, MARK, { value: copy });
}

/** Whether another copy made it. */
export function isForeign(value: unknown): boolean {
  const mark = (value as { [MARK]?: object } | null | undefined)?.[MARK];
  return mark !== undefined && mark !== copy;
}

/** How errors call what another copy made. */
export const FOREIGN = "one of another copy of heddle, with an engine of its own (import heddle once)";

/** Notes that this copy's engine starts; warns if another one's has, since settings hold for one alone. */
export function noteEngine(): void {
  const all = globalThis as { [RUNNING]?: boolean };
  if (all[RUNNING]) {
    console.warn(
      "heddle: two copies are loaded, each with threads and memory of its own; tensors, seed() and configure() hold for one",
    );
  }
  all[RUNNING] = true;
}
