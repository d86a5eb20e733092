// The types of delta.js, for the tests.
/** A delta from which `applyDelta(base, delta)` makes `target`. */
export function makeDelta(base: Uint8Array, target: Uint8Array): Uint8Array;
