// The types of pack.js, for the tests.
/** The bytes from which `model.unpack` makes `module`; `model` is ts/runtime/unpack.ts. */
export function pack(module: Uint8Array, model: typeof import("../ts/runtime/unpack.ts")): Uint8Array;
