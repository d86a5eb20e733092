// Comparing numbers, and making tensors of them, for the tests of layers.
import { expect } from "vitest";
import { tensor } from "../../ts/tensor/create.ts";
import { sizeOf } from "../../ts/tensor/shape.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { numbers } from "../ops/reference.ts";

/** Fails unless |actual - expected| <= relative |expected| + absolute for each number. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-4, absolute = 1e-6 } = {},
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    if (!(Object.is(a, b) || Math.abs(a - b) <= relative * Math.abs(b) + absolute)) {
      expect.fail(`element ${i}: expected ${b}, got ${a}`);
    }
  }
}

/** A tensor of numbers spread over [low, high), the same in every run. */
export function spread(shape: readonly number[], { low = -1, high = 1, seed = 1 } = {}): Tensor {
  return tensor(Float32Array.from(numbers(sizeOf(shape), low, high, seed)), { shape });
}
