// The tape: notes how each tracked tensor was derived. The walk back through it is in backward.ts.
import { requireFunction, requireSynchronous } from "../runtime/arguments.ts";
import { type AnyTensor, type Derivation, Tensor } from "../tensor/tensor.ts";
import type { AnyOp } from "./gradients.ts";
import { context } from "./observe.ts";

/** What a tensor was derived from: leaves, and what is remembered of others. */
type Part = AnyTensor | Lost;

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
  /** What will be remembered of it; null: not asked for yet. */
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
    // Earlier ones first: a chain may be longer than the stack is deep.
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

/** An argument as it is now: lists and options are copied, since whoever passed them may go on using them. */
function asItIs(arg: unknown): unknown {
  if (typeof arg !== "object" || arg === null || arg instanceof Tensor) return arg;
  if (Array.isArray(arg)) return [...arg];
  return Object.getPrototypeOf(arg) === Object.prototype ? { ...arg } : arg;
}

/** Longer chains of what is remembered are written out as their leaves, so that a recurrence holds no more and more. */
const DEEPEST = 64;

/** A way back that is gone: a gradient that would have to go it is an error. */
export class Lost implements Derivation {
  /** What is there no more, for people. */
  readonly what: string;
  readonly order: number;
  /** How many others it leads through at most. */
  readonly depth: number;
  readonly parts: readonly Part[];

  constructor(what: string, parts: readonly Part[]) {
    this.what = what;
    this.order = ++order;
    const only = parts.length === 1 ? parts[0] : undefined;
    const depth = parts.reduce((most, part) => Math.max(most, part instanceof Lost ? part.depth + 1 : 0), 0);
    if (only instanceof Lost) [this.parts, this.depth] = [only.parts, only.depth];
    else if (depth > DEEPEST) [this.parts, this.depth] = [[...leavesOf(parts)], 0];
    else [this.parts, this.depth] = [parts, depth];
  }

  /** The leaves that it led to: those with respect to which gradients may be wanted. */
  get leaves(): Set<AnyTensor> {
    return leavesOf(this.parts);
  }

  freed(): this {
    return this;
  }
}

/** What is remembered of tensors whose way back ends with `what`; undefined where it led to no leaf. */
export function lostWay(what: string, xs: Iterable<AnyTensor>): Lost | undefined {
  const parts: Part[] = [];
  for (const x of xs) {
    const part = x.derivation === undefined ? (isLeaf(x) ? x : undefined) : (x.derivation as Node | Lost).freed();
    if (part !== undefined && !parts.includes(part)) parts.push(part);
  }
  return parts.length === 0 ? undefined : new Lost(what, parts);
}

function leavesOf(parts: readonly Part[]): Set<AnyTensor> {
  const all = new Set<Part>(parts);
  const leaves = new Set<AnyTensor>();
  // A set's loop goes on to what is added on the way.
  for (const part of all) {
    if (part instanceof Lost) for (const inner of part.parts) all.add(inner);
    else if (isLeaf(part)) leaves.add(part);
  }
  return leaves;
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

let cuts = 0;

/** How often something that is tracked was used where no gradient goes back through it: in noGrad, or by stopGradient. */
export function cutsSoFar(): number {
  return cuts;
}

/** Goes back to an earlier count. */
export function forgetCuts(before: number): void {
  cuts = before;
}

/** Counts such a use of x. */
export function noteCut(x: AnyTensor): void {
  if (x.tracked || x.derivation !== undefined) cuts++;
}

/** Whether an op on `x` must be noted. */
export function isTracked(x: AnyTensor): boolean {
  if (!recording) noteCut(x);
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
  requireFunction("noGrad", f);
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
