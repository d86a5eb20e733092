// The types of inputs.js.

export function operands(size: number): { a: Float32Array; b: Float32Array };
export function digits(folder: string, count: number): { images: Float32Array; labels: number[] };
