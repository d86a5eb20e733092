// The types of inputs.js.

export interface Product {
  m: number;
  n: number;
  k: number;
  batch: number;
  transposeA: boolean;
  transposeB: boolean;
  samples: readonly number[];
}

export function operands(product: Product): { a: Float32Array<ArrayBuffer>; b: Float32Array<ArrayBuffer> };
export function operandShapes(product: Product): { a: number[]; b: number[] };
export function gigaflops(product: Product): number;
export function sumOfSamples(product: Float32Array, options: Product): number;
export function digits(folder: string, count: number): { images: Float32Array<ArrayBuffer>; labels: number[] };
export function patterns(count: number): { images: Float32Array<ArrayBuffer>; labels: number[] };
export function text(
  count: number,
  length: number,
  vocabulary: number,
): { tokens: Int32Array<ArrayBuffer>; targets: Int32Array<ArrayBuffer> };
