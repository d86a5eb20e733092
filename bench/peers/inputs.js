// The inputs every JavaScript peer works on, so that all compute the same thing; pytorch.py makes the same in Python.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The two operands of the square product; bench/rows/sgemm.ts knows what one element of the product must be. */
export function operands(size) {
  const a = new Float32Array(size * size);
  const b = new Float32Array(size * size);
  for (let i = 0; i < a.length; i++) {
    a[i] = (((i * 31) % 101) - 50) / 50;
    b[i] = (((i * 17) % 97) - 48) / 48;
  }
  return { a, b };
}

/** The first `count` training digits from the IDX files in `folder`: images in [0, 1], labels as numbers. */
export function digits(folder, count) {
  const pixels = readFileSync(join(folder, "train-images-idx3-ubyte")).subarray(16, 16 + count * 784);
  const labels = readFileSync(join(folder, "train-labels-idx1-ubyte")).subarray(8, 8 + count);
  return { images: Float32Array.from(pixels, (value) => value / 255), labels: Array.from(labels) };
}
