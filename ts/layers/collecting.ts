// Who takes the losses and figures of layers that are called without being told whose they are: the step of a model.
import type { Tensor } from "../tensor/tensor.ts";

/** What takes losses and figures. */
export interface Collector {
  /** Adds a scalar to the loss; with a name its mean is also among the figures of `fit` and `evaluate`. */
  readonly addLoss: (loss: Tensor, name?: string) => void;
  /** Adds the mean of a value, a scalar or a number for each example, to the figures of `fit` and `evaluate`. */
  readonly addMetric: (name: string, value: Tensor) => void;
}

/** Drops them. */
export const dropping: Collector = { addLoss: () => {}, addMetric: () => {} };

let current = dropping;

/** Who takes them now. */
export function collector(): Collector {
  return current;
}

/** Runs `f`, whose layers' losses and figures go to `taker`. */
export function collecting<T>(taker: Collector, f: () => T): T {
  const outer = current;
  current = taker;
  try {
    return f();
  } finally {
    current = outer;
  }
}
