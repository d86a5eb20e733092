// How fast do elementwise ops stream? Large ones are bound by memory, small ones live in the cache.
import type { Case } from "./harness/micro.ts";
import { add, exp, ones, relu, type Tensor, tanh } from "./heddle.ts";

const sizes = { cached: 1 << 14, large: 1 << 20 };

/** Bytes count every number read or written once. */
function stream(name: string, size: number, inputs: 1 | 2, op: (a: Tensor, b: Tensor) => Tensor): Case {
  return {
    name: `${name}-${size}`,
    unit: "GB/s",
    amount: 4 * size * (inputs + 1),
    prepare: () => {
      const a = ones([size]);
      const b = ones([size]);
      return () => op(a, b);
    },
  };
}

export const cases: Case[] = Object.values(sizes).flatMap((size) => [
  stream("relu", size, 1, (a) => relu(a)),
  stream("add", size, 2, (a, b) => add(a, b)),
  stream("exp", size, 1, (a) => exp(a)),
  stream("tanh", size, 1, (a) => tanh(a)),
]);
