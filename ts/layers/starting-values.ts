// Initial values of weights: those of their initializers, or zeros while a file is read, whose values follow.
import { FormatError } from "../runtime/errors.ts";
import { zeros } from "../tensor/create.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { getInitializer, type InitializerLike } from "./initializers.ts";

/** How many numbers the file that is being read has left for weights. */
let left: number | undefined;

/** The first values of a weight. FormatError where a file that is being read cannot hold them. */
export function startingValues(initializer: InitializerLike, shape: Shape): Tensor {
  const initialize = getInitializer(initializer);
  if (left === undefined) return initialize(shape);
  left -= sizeOf(shape);
  if (left >= 0) return zeros(shape);
  throw new FormatError("loadModel: the file must hold the numbers of all weights of its configuration, got fewer");
}

/** Runs `make`, which makes layers whose weights, together at most so many numbers, will be overwritten. */
export function withoutInitializers<T>(numbers: number, make: () => T): T {
  const before = left;
  left = numbers;
  try {
    return make();
  } finally {
    left = before;
  }
}
