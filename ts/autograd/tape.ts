// The tape: records how each tracked tensor was derived. backward.ts goes back through it.
import { requireFunction, requireSynchronous } from "../runtime/arguments.ts";
import { type AnyTensor, type Derivation, Tensor } from "../tensor/tensor.ts";
import type { AnyOp } from "./gradients.ts";
import { context } from "./observe.ts";

/** What a tensor was derived from: leaves, and lost derivations. */
type Origin = AnyTensor | Lost;

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
  /** What is kept of it once freed; null: not computed yet. */
  private memory: Lost | undefined | null;

  constructor(op: AnyOp, args: readonly unknown[], output: AnyTensor) {
    this.op = op;
    this.memory = null;
    this.args = args.map(asItIs);
    this.output = output;
    this.order = ++order;
    this.versions = versionsOf(args);
    this.layer = context.layer;
  }

  freed(): Lost | undefined {
    if (this.memory !== null) return this.memory;
    // Earlier ones first, without recursion: a chain may be longer than the call stack.
    const open = new Set<Node>([this]);
    for (const node of open) {
      for (const { derivation } of tensorsOf(node.args)) {
        if (derivation instanceof Node && derivation.memory === null) open.add(derivation);
      }
    }
    const ordered = open.size === 1 ? open : [...open].sort((a, b) => a.order - b.order);
    let own: Lost | undefined;
    for (const node of ordered)
      own = node.memory = lostWay(`a result of ${node.op.opName} that was freed`, tensorsOf(node.args));
    return own;
  }
}

/** An argument as it is now: lists and options are copied, since the caller may change them. */
function asItIs(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null || arg instanceof Tensor) return arg;
  if (Array.isArray(arg)) return [...arg];
  return Object.getPrototypeOf(arg) === Object.prototype ? { ...arg } : arg;
}

/** Deeper chains of lost derivations are flattened to their leaves, so that a recurrence does not hold ever more. */
const DEEPEST = 64;

/** A lost derivation: a gradient that would have to go through it is an error. */
export class Lost implements Derivation {
  /** What was lost, for errors. */
  readonly what: string;
  readonly order: number;
  /** The longest chain of others that it leads through. */
  readonly depth: number;
  readonly origins: readonly Origin[];

  constructor(what: string, origins: readonly Origin[]) {
    this.what = what;
    this.order = ++order;
    const only = origins.length === 1 ? origins[0] : undefined;
    const depth = origins.reduce((most, origin) => Math.max(most, origin instanceof Lost ? origin.depth + 1 : 0), 0);
    if (only instanceof Lost) [this.origins, this.depth] = [only.origins, only.depth];
    else if (depth > DEEPEST) [this.origins, this.depth] = [[...leavesOf(origins)], 0];
    else [this.origins, this.depth] = [origins, depth];
  }

  /** The leaves that it led to: those with respect to which gradients may be wanted. */
  get leaves(): Set<AnyTensor> {
    return leavesOf(this.origins);
  }

  freed(): this {
    return this;
  }
}

/** The lost derivation of tensors, where it ends with `what`; undefined if they were derived from no leaf. */
export function lostWay(what: string, xs: Iterable<AnyTensor>): Lost | undefined {
  const origins: Origin[] = [];
  for (const x of xs) {
    const origin = x.derivation === undefined ? (isLeaf(x) ? x : undefined) : (x.derivation as Node | Lost).freed();
    if (origin !== undefined && !origins.includes(origin)) origins.push(origin);
  }
  return origins.length === 0 ? undefined : new Lost(what, origins);
}

function leavesOf(origins: readonly Origin[]): Set<AnyTensor> {
  const all = new Set<Origin>(origins);
  const leaves = new Set<AnyTensor>();
  // A loop over a set also visits what is added meanwhile.
  for (const origin of all) {
    if (origin instanceof Lost) for (const inner of origin.origins) all.add(inner);
    else if (isLeaf(origin)) leaves.add(origin);
  }
  return leaves;
}

function isLeaf(x: AnyTensor): boolean {
  return x.tracked && !x.disposed;
}

let recording = true;
let order = 0;

/** Whether derivations are being recorded. */
export function isNoting(): boolean {
  return recording;
}

/** The order of the latest node: all later ones have a larger one. */
export function latestOrder(): number {
  return order;
}

let cuts = 0;

/** How often something tracked was used without a gradient: in noGrad, or by stopGradient. */
export function cutsSoFar(): number {
  return cuts;
}

/** Resets to an earlier count. */
export function forgetCuts(before: number): void {
  cuts = before;
}

/** Counts such a use of x. */
export function noteCut(x: AnyTensor): void {
  if (x.tracked || x.derivation !== undefined) cuts++;
}

/** Whether an op on `x` must be recorded. */
export function isTracked(x: AnyTensor): boolean {
  if (!recording) noteCut(x);
  return recording && (x.tracked || x.derivation !== undefined);
}

/** Whether an op on one of them must be. */
export function anyTracked(...xs: readonly (AnyTensor | undefined)[]): boolean {
  return xs.some((x) => x !== undefined && isTracked(x));
}

/** Whether `x` can be differentiated. */
function isOpen(x: AnyTensor): boolean {
  return x.tracked || x.derivation instanceof Node;
}

/** Whether an op on `x` must be recorded so that it can be differentiated. */
export function isDifferentiable(x: AnyTensor): boolean {
  return recording && isOpen(x);
}

/** Records that `op` derived `output` from `args`. */
export function noteDerivation(op: AnyOp, args: readonly unknown[], output: AnyTensor): void {
  let lost: Lost | undefined;
  for (const x of tensorsOf(args)) {
    if (isOpen(x)) {
      output.derivation = new Node(op, args, output);
      return;
    }
    lost ??= x.derivation as Lost | undefined;
  }
  // Nothing to differentiate, so nothing is held.
  output.derivation = lostWay(lost?.what ?? op.opName, tensorsOf(args));
}

/**
 * Runs `f` without recording derivations: what it computes has no gradient. A tensor that was derived before keeps its
 * derivation, also if `f` returns it: `stopGradient` removes that. Errors: ArgumentError if `f` is asynchronous.
 */
export function noGrad<T>(f: () => T): T {
  requireFunction("noGrad", f);
  return withRecording(false, () => requireSynchronous("noGrad", f()));
}

/** Runs `f` with recording on or off. */
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
