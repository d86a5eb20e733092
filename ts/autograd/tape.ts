// The tape: notes how each tracked tensor was derived. The walk back through it is in backward.ts.
import { type AnyTensor, type Derivation, Tensor } from "../tensor/tensor.ts";
import { place } from "./observe.ts";
import type { AnyOp } from "./op.ts";

/** One application of an op. */
export interface Node extends Derivation {
  readonly op: AnyOp;
  readonly args: readonly unknown[];
  readonly output: AnyTensor;
  /** Sum of the versions of the tensors it used: a later in-place update shows. */
  readonly versions: number;
  /** The layer it was applied in. */
  readonly layer: string | undefined;
}

let recording = true;
let order = 0;

/** Whether derivations are being noted. */
export function isNoting(): boolean {
  return recording;
}

/** The order of the latest node: all later ones have a larger one. */
export function latestOrder(): number {
  return order;
}

/** Whether an op on `x` must be noted. */
export function isTracked(x: AnyTensor): boolean {
  return recording && (x.tracked || x.derivation !== undefined);
}

/** Whether an op on one of them must be. */
export function anyTracked(...xs: readonly (AnyTensor | undefined)[]): boolean {
  return xs.some((x) => x !== undefined && isTracked(x));
}

/** Notes that `op` made `output` from `args`. */
export function noteDerivation(op: AnyOp, args: readonly unknown[], output: AnyTensor): void {
  const node: Node = { op, args, output, order: ++order, versions: versionsOf(args), layer: place.layer };
  output.derivation = node;
}

/** Runs `f` without noting derivations: what it computes has no gradient. */
export function noGrad<T>(f: () => T): T {
  return withRecording(false, f);
}

/** Runs `f` with noting on or off. */
export function withRecording<T>(on: boolean, f: () => T): T {
  const before = recording;
  recording = on;
  try {
    return f();
  } finally {
    recording = before;
  }
}

/** The tensors among an op's arguments; lists count too. */
export function* tensorsOf(args: readonly unknown[]): Generator<AnyTensor> {
  for (const arg of args) {
    if (arg instanceof Tensor) yield arg;
    else if (Array.isArray(arg)) for (const item of arg) if (item instanceof Tensor) yield item;
  }
}

/** The sum of the versions of the tensors among an op's arguments. */
export function versionsOf(args: readonly unknown[]): number {
  let sum = 0;
  for (const x of tensorsOf(args)) sum += x.buffer.version;
  return sum;
}
