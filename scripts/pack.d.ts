// The types of pack.js, for the tests.

interface Coder {
  bits(base: number, width: number, bits: number): number;
  number(base: number, number: number): number;
}
interface Walk {
  through(length: number): void;
}

/** How a module is packed: assembly/packing/model.ts. */
export const model: {
  chance(known: number): number;
  learned(known: number, bit: number): number;
  Coder: abstract new () => Coder & { code(place: number, bit: number): number };
  Walk: abstract new () => Walk & { next(field: number): number };
};

/** The bytes from which `module` is unpacked. */
export function pack(module: Uint8Array): Uint8Array;
