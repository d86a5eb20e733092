// The gates of an LSTM, shared by dense and convolutional cells.
import { add, mul } from "../ops/arithmetic.ts";
import { concat } from "../ops/layout.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { getInitializer, type InitializerLike } from "./initializers.ts";

/** One step of long short-term memory from its four gates before their activations: [h, h, cell]. */
export function lstmStep(
  [i, f, c, o]: readonly Tensor[],
  cell: Tensor,
  activation: (x: Tensor) => Tensor,
  recurrentActivation: (x: Tensor) => Tensor,
): readonly Tensor[] {
  const next = add(mul(recurrentActivation(f), cell), mul(recurrentActivation(i), activation(c)));
  const h = mul(recurrentActivation(o), activation(next));
  return [h, h, next];
}

/** The initializer of a bias [4 units] whose second quarter, the forget gate's, is 1. */
export function forgetBias(rest: InitializerLike): InitializerLike {
  const others = getInitializer(rest);
  return ([size]) => {
    const quarter = size / 4;
    return concat([others([quarter]), getInitializer("ones")([quarter]), others([2 * quarter])]);
  };
}
