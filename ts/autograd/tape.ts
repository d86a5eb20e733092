// The tape: notes how each tracked tensor was derived. The walk back through it is in backward.ts.
import { requireSynchronous } from "../runtime/arguments.ts";
import { type AnyTensor, type Derivation, Tensor } from "../tensor/tensor.ts";
import { place } from "./observe.ts";
import type { AnyOp } from "./op.ts";

/** The leaves that a tensor was derived from: those with respect to which gradients may be wanted. */
type Leaves = ReadonlySet<AnyTensor>;

const none: Leaves = new Set();

/** One application of an op. */
export class Node implements Derivation {
  readonly op: AnyOp;
  readonly args: readonly unknown[];
  readonly output: AnyTensor;
  readonly order: number;
  /** Sum of the versions of the tensors it used: a later in-place update shows. */
  readonly versions: number;
  /** The layer it was applied in. */
  readonly layer: string | undefined;
  private known: Leaves | undefined;

  constructor(op: AnyOp, args: readonly unknown[], output: AnyTensor) {
    this.op = op;
    this.args = args.map(own);
    this.output = output;
    this.order = ++order;
    this.versions = versionsOf(args);
    this.layer = place.layer;
  }

  get leaves(): Leaves {
    if (this.known !== undefined) return this.known;
    // Earlier ones first: a chain may be longer than the stack is deep.
    const open = new Set<Node>([this]);
    for (const node of open) {
      for (const { derivation } of tensorsOf(node.args)) {
        if (derivation instanceof Node && derivation.known === undefined) open.add(derivation);
      }
    }
    for (const node of [...open].sort((a, b) => a.order - b.order)) node.known = leavesOf(tensorsOf(node.args));
    return this.known as unknown as Leaves;
  }

  freed(): Lost | undefined {
    return lostWay(`a result of ${this.op.opName} that was freed`, [this.output]);
  }
}

/** An argument as it is now: lists and options are copied, since whoever passed them may go on using them. */
function own(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null || arg instanceof Tensor) return arg;
  if (Array.isArray(arg)) return [...arg];
  return Object.getPrototypeOf(arg) === Object.prototype ? { ...arg } : arg;
}

/** A way back that is gone: a gradient that would have to go it is an error. */
export class Lost implements Derivation {
  /** What is there no more, for people. */
  readonly what: string;
  readonly leaves: Leaves;
  readonly order: number;

  constructor(what: string, leaves: Leaves) {
    this.what = what;
    this.leaves = leaves;
    this.order = ++order;
  }

  freed(): this {
    return this;
  }
}

/** What becomes of tensors' derivations whose way back ends with `what`; undefined where it led to no leaf. */
export function lostWay(what: string, xs: Iterable<AnyTensor>): Lost | undefined {
  const leaves = leavesOf(xs);
  return leaves.size === 0 ? undefined : new Lost(what, leaves);
}

/** The leaves of several tensors; where one has them all its set is shared, so that a long recurrence holds just one. */
function leavesOf(xs: Iterable<AnyTensor>): Leaves {
  let all = none;
  for (const x of xs) {
    const derivation = x.derivation as Node | Lost | undefined;
    const some = derivation === undefined ? (isLeaf(x) ? [x] : none) : derivation.leaves;
    if (all.size === 0 && some instanceof Set) all = some;
    else {
      const more = [...some].filter((leaf) => !all.has(leaf) && isLeaf(leaf));
      if (more.length > 0) all = new Set([...[...all].filter(isLeaf), ...more]);
    }
  }
  return all;
}

function isLeaf(x: AnyTensor): boolean {
  return x.tracked && !x.disposed;
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

/** Whether a gradient could go back from `x`. */
function isOpen(x: AnyTensor): boolean {
  return x.tracked || x.derivation instanceof Node;
}

/** Whether an op on `x` must be noted so that a gradient can go back through it. */
export function isDifferentiable(x: AnyTensor): boolean {
  return recording && isOpen(x);
}

/** Notes that `op` made `output` from `args`. */
export function noteDerivation(op: AnyOp, args: readonly unknown[], output: AnyTensor): void {
  let lost: Lost | undefined;
  for (const x of tensorsOf(args)) {
    if (isOpen(x)) {
      output.derivation = new Node(op, args, output);
      return;
    }
    lost ??= x.derivation as Lost | undefined;
  }
  // Nothing to walk back through, so nothing is held for it.
  output.derivation = lostWay(lost?.what ?? op.opName, tensorsOf(args));
}

/**
 * Runs `f` without noting derivations: what it computes has no gradient. A tensor that was derived before keeps its own,
 * also if `f` returns it: `stopGradient` is what cuts that. Errors: ArgumentError if `f` is asynchronous.
 */
export function noGrad<T>(f: () => T): T {
  return withRecording(false, () => requireSynchronous("noGrad", f()));
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
