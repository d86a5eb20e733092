// The context of a computation and its observers: the layer that an op is called in, the op whose gradient is computed,
// and functions that see each op's result.
import { requireSynchronous } from "../runtime/arguments.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { AnyOp } from "./gradients.ts";

/** Called with each op, its arguments and its result. */
export type Observer = (op: AnyOp, args: readonly unknown[], result: AnyTensor) => void;

/** What is used of a layer. */
interface Called {
  readonly name: string;
  readonly trainable: boolean;
}

/** The context of the current computation. */
export const context: {
  /** The names of the layers being called, outermost first, with slashes between. */
  layer: string | undefined;
  /** The outermost of them. */
  root: object | undefined;
  /** The innermost of them. */
  inner: Called | undefined;
  /** The op whose gradient is being computed. */
  gradientOf: string | undefined;
} = { layer: undefined, root: undefined, inner: undefined, gradientOf: undefined };

const observers = new Set<Observer>();

/** Runs `f` as the computation of a layer. */
export function withinLayer<T>(layer: Called, f: () => T): T {
  const { layer: outer, root, inner } = context;
  context.layer = outer === undefined ? layer.name : `${outer}/${layer.name}`;
  context.root = root ?? layer;
  context.inner = layer;
  try {
    return requireSynchronous(layer.name, f());
  } finally {
    context.layer = outer;
    context.root = root;
    context.inner = inner;
  }
}

/** Calls the observers, if any, with an op's result. */
export function notify(op: AnyOp, args: readonly unknown[], result: AnyTensor): void {
  for (const observer of observers) observer(op, args, result);
}

export function isObserved(): boolean {
  return observers.size > 0;
}

/** Runs `f`, which may return a promise; the observer is called for every op until it is done, after outer ones. */
export function observed<T>(observer: Observer, f: () => T): T {
  // Wrapped, so that the same function can observe twice at a time.
  const own: Observer = (op, args, result) => observer(op, args, result);
  const end = (): void => void observers.delete(own);
  observers.add(own);
  let result: T;
  try {
    result = f();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) return result.finally(end) as T;
  end();
  return result;
}
