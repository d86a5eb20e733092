// The inputs every JavaScript peer works on, so that all compute the same thing; pytorch.py makes the same in Python.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The operands of `batch` products, in the order they are stored; bench/rows/matmul.ts knows what must come out. */
export function operands({ m, n, k, batch }) {
  return {
    a: Float32Array.from({ length: batch * m * k }, (_, i) => (((i * 31) % 101) - 50) / 50),
    b: Float32Array.from({ length: batch * k * n }, (_, i) => (((i * 17) % 97) - 48) / 48),
  };
}

/** The shapes they are stored in, without the batch where there is none. */
export function operandShapes({ m, n, k, batch, transposeA, transposeB }) {
  const leading = batch > 1 ? [batch] : [];
  return {
    a: [...leading, ...(transposeA ? [k, m] : [m, k])],
    b: [...leading, ...(transposeB ? [n, k] : [k, n])],
  };
}

/** 10^9 floating-point operations of all the products. */
export function gigaflops({ m, n, k, batch }) {
  return (2 * m * n * k * batch) / 1e9;
}

/** What verifies a product: the sum of the elements at the places the question names. */
export function sumOfSamples(product, { samples }) {
  return samples.reduce((sum, place) => sum + product[place], 0);
}

/** The first `count` training digits from the IDX files in `folder`: images in [0, 1], labels as numbers. */
export function digits(folder, count) {
  const pixels = readFileSync(join(folder, "train-images-idx3-ubyte")).subarray(16, 16 + count * 784);
  const labels = readFileSync(join(folder, "train-labels-idx1-ubyte")).subarray(8, 8 + count);
  return { images: Float32Array.from(pixels, (value) => value / 255), labels: Array.from(labels) };
}

/** `count` images [32, 32, 3], NHWC, of ten kinds: each a pattern of its own, shifted a little from image to image. */
export function patterns(count) {
  const size = 32 * 32 * 3;
  const labels = Array.from({ length: count }, (_, image) => image % 10);
  const images = Float32Array.from({ length: count * size }, (_, i) => {
    const image = Math.floor(i / size);
    return ((((i % size) * (2 * labels[image] + 3) + image) % 101) - 50) / 50;
  });
  return { images, labels };
}

/** `count` sequences of `length` tokens below `vocabulary`, of ten kinds, and for each the token that follows it. */
export function text(count, length, vocabulary) {
  const token = (sequence, at) => (31 * sequence + at * (2 * (sequence % 10) + 3)) % vocabulary;
  const from = (first) =>
    Int32Array.from({ length: count * length }, (_, i) => token(Math.floor(i / length), (i % length) + first));
  return { tokens: from(0), targets: from(1) };
}
