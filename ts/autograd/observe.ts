// Where computation stands, and who watches it: the layer around an op, the op whose gradient is being computed, and a
// function that sees each op's result.
import type { AnyTensor } from "../tensor/tensor.ts";
import type { AnyOp } from "./op.ts";

/** What an observer is told: an op, its arguments and its result. */
export type Observer = (op: AnyOp, args: readonly unknown[], result: AnyTensor) => void;

/** Where computation stands now. */
export const place: {
  /** The names of the layers being called, outermost first, with slashes between. */
  layer: string | undefined;
  /** The op whose gradient is being computed. */
  gradientOf: string | undefined;
} = { layer: undefined, gradientOf: undefined };

let observer: Observer | undefined;

/** Runs `f` as the computation of a layer. */
export function withinLayer<T>(name: string, f: () => T): T {
  const outer = place.layer;
  place.layer = outer === undefined ? name : `${outer}/${name}`;
  try {
    return f();
  } finally {
    place.layer = outer;
  }
}

/** Tells the observer, if there is one, what an op has made. */
export function notify(op: AnyOp, args: readonly unknown[], result: AnyTensor): void {
  observer?.(op, args, result);
}

export function isObserved(): boolean {
  return observer !== undefined;
}

/** Runs `f`, which may return a promise, and shows the observer every op until it is done, after those around it. */
export function observed<T>(next: Observer, f: () => T): T {
  const before = observer;
  const restore = (): void => {
    observer = before;
  };
  observer = (op, args, made) => {
    before?.(op, args, made);
    next(op, args, made);
  };
  let result: T;
  try {
    result = f();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}
