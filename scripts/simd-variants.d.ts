// The types of forms.js, for the tests.
/** The module that travels, from the relaxed build, and how many multiply-adds it has; of its exports only those in `names` stay. */
export function makeTravelForm(relaxed: Uint8Array, names: string[]): { bytes: Uint8Array<ArrayBuffer>; count: number };
