// The running step of a key-value cache: layers that mix time steps other than through the cache must not run in it.
import { StateError } from "../runtime/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

/** How many rows and new tokens the step has; no token while there is none. */
export const stepping: { batch: number; time: number } = { batch: 0, time: 0 };

/** Throws a StateError where an input of a layer that mixes steps is the new tokens' alone. */
export function refuseMixing(name: string, inputs: readonly AnyTensor[]): void {
  const { batch, time } = stepping;
  if (time === 0 || !inputs.some(({ rank, shape }) => rank > 2 && shape[0] === batch && shape[1] === time)) return;
  throw new StateError(
    `next: layers must compute each step by itself or keep to the cache, as causal attention does, ` +
      `got ${name}, which would see the new tokens alone`,
  );
}

/** Whether an axis, or one of several, is that of time in [batch, time, features]. */
export function isTimeAxis(axis: number | readonly number[]): boolean {
  return [axis].flat().some((one) => one === 1 || one === -2);
}
