// capture: runs a step once and records it, then replays the recording in one call. Tensors and signatures are handled here,
// launches and memory by the program (runtime/record.ts).
import { captureOptions } from "../generated/options.ts";
import { requireFunction, requireSynchronous, typeOf } from "../runtime/arguments.ts";
import { isForeign } from "../runtime/copies.ts";
import { engine } from "../runtime/engine.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { isRecording } from "../runtime/launch.ts";
import type { Buffer } from "../runtime/operand.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Program } from "../runtime/program.ts";
import { record } from "../runtime/record.ts";
import { bytesPerElement, type Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor, unfilled } from "../tensor/tensor.ts";
import { trainableChanges, Variable } from "../tensor/variable.ts";
import { context, isObserved, observed } from "./observe.ts";
import { isDifferentiable, isTracked, type Lost, lostWay, tensorsOf } from "./tape.ts";

/** One, or lists and records of them. */
type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> } | undefined;

/** What a captured step may return: a tensor, or a list or record of tensors; nothing else is known after a replay. */
export type StepResult = Tree<AnyTensor> | void;

/** What a captured step may be given: tensors and plain values, or lists and records of them; anything else becomes never. */
export type StepArgument<T> = unknown extends T
  ? T
  : T extends AnyTensor | string | number | boolean | null | undefined
    ? T
    : T extends (...args: never) => unknown
      ? never
      : T extends object
        ? { readonly [K in keyof T]: StepArgument<T[K]> }
        : never;

/** A captured step: called like the step itself. */
export interface Captured<Args extends readonly unknown[], R extends StepResult> {
  (...args: Args): R;
  /** Frees the memory of all recordings. */
  dispose(): void;
  /** Recordings made so far, one for each signature of arguments. */
  readonly recordings: number;
}

/** What `capture` takes beside the step. */
export interface CaptureOptions {
  /** Whether a signature beyond the 32 that are kept replaces the oldest instead of being an error; default false. */
  replaceOldest?: boolean;
}

/** A variable, or a layer, which cannot be disposed of alone. */
interface Trained {
  readonly trainable: boolean;
  readonly disposed?: boolean;
}

interface Recording {
  readonly program: Program;
  /** What it was recorded with: the program's own tensors, variables and plain values. */
  readonly args: readonly unknown[];
  readonly result: Tree<Slot>;
  /** The variables that its ops used, the layers that they were called in, and whether these were trained; as of so many changes of that. */
  readonly trained: ReadonlyMap<Trained, boolean>;
  changes: number;
}

/** An input or a result of a program. */
class Slot {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly buffer: Buffer;
  readonly mask: Slot | undefined;
  /** Why no gradient goes back from it, if the step derived it from a leaf. */
  readonly lost: Lost | undefined;

  constructor(x: AnyTensor) {
    this.shape = x.shape;
    this.dtype = x.dtype;
    this.buffer = x.buffer;
    this.mask = x.mask && new Slot(x.mask);
    this.lost = isTracked(x) ? lostWay(DETACHED, [x]) : undefined;
  }
}

const DETACHED = "a result of a captured step, which no gradient leaves";

/** More signatures than this mean that something is passed as a number or shape that changes all the time. */
const MOST_RECORDINGS = 32;

/**
 * Records a step at the first call with given shapes, dtypes and plain values; later calls replay the recording with
 * the new tensors' values. Variables are updated in place. Control flow and plain numbers are baked in, tensors made
 * from JavaScript values inside are constants, and what the step makes but does not return is freed. Freezing or
 * freeing a variable or layer records anew.
 * Errors: StateError for reading values inside, for gradients through results (take them inside, by `valueAndGrad`),
 * for tracked arguments and for more than 32 signatures; ArgumentError for arguments that are no tensors or plain
 * values, and where the step returns anything but tensors. An index or label out of range throws the error of an eager
 * call, before anything outside the step has changed.
 */
export function capture<
  Args extends readonly unknown[] & { readonly [K in keyof Args]: StepArgument<Args[K]> },
  R extends StepResult,
>(step: (...args: Args) => R, options: CaptureOptions = {}): Captured<Args, R> {
  const { replaceOldest = false } = checkOptions("capture", options, captureOptions);
  requireFunction("capture", step);
  const recordings = new Map<string, Recording>();
  let last: Recording | undefined;
  const captured = (...given: Args): R => {
    if (isRecording()) return requireSynchronous("capture", step(...given));
    // Whoever looks at each op must see them run.
    if (isObserved()) return scope(() => requireSynchronous("capture", step(...given)));
    const args = flatten(given);
    // Most calls have the signature of the call before: there is no need to write it down.
    if (last !== undefined && fits(last, args)) return replay(last, args) as R;
    const signature = args.map(signatureOf).join("; ");
    last = recordings.get(signature);
    if (last !== undefined && isCurrent(last)) return replay(last, args) as R;
    if (last !== undefined) {
      last.program.dispose();
      recordings.delete(signature);
    }
    if (recordings.size === MOST_RECORDINGS && replaceOldest) {
      const [[oldest, { program }]] = recordings;
      program.dispose();
      recordings.delete(oldest);
    } else if (recordings.size === MOST_RECORDINGS) {
      throw new StateError(
        `capture: at most ${MOST_RECORDINGS} signatures must be recorded, got one more: ${signature}; ` +
          "pass what changes as a tensor, or let new signatures replace old ones by { replaceOldest: true }",
      );
    }
    const [recording, result] = makeRecording(step, given, args);
    recordings.set(signature, recording);
    last = recording;
    return result;
  };
  const dispose = (): void => {
    for (const { program } of recordings.values()) program.dispose();
    recordings.clear();
    last = undefined;
  };
  return Object.defineProperty(Object.assign(captured, { dispose }), "recordings", {
    get: () => recordings.size,
  }) as unknown as Captured<Args, R>;
}

function makeRecording<Args extends readonly unknown[], R extends StepResult>(
  step: (...args: Args) => R,
  given: Args,
  args: readonly unknown[],
): [Recording, R] {
  let recording: Recording | undefined;
  const result = scope(() => {
    // The step sees copies: the program's own inputs, which replays fill.
    const own = mapNested(given, (arg) => (isInput(arg) ? copyOf(arg) : arg)) as Args;
    const inputs = flatten(own);
    const buffers = inputs.filter(isInput).flatMap(buffersOf);
    const trained = new Map<Trained, boolean>();
    const look = (args: readonly unknown[]): void => {
      const { inner } = context;
      if (inner) trained.set(inner, inner.trainable);
      for (const x of tensorsOf(args)) if (x instanceof Variable) trained.set(x, x.trainable);
    };
    let found: Tree<Slot>;
    let made: Tree<AnyTensor>;
    const results: [Slot, AnyTensor][] = [];
    const [, program] = record(
      buffers,
      () =>
        observed(
          (_op, args) => look(args),
          () => step(...own) as Tree<AnyTensor>,
        ),
      (result) => {
        found = mapTree(result, (x: AnyTensor) => new Slot(x));
        made = mapTree(found, (slot: Slot) => detached(resultFor(slot, results), slot, args));
        return tensorsIn(result).flatMap(buffersOf);
      },
    );
    for (const [slot, y] of results) unload(program, slot, y);
    const slots = inputs.map((arg) => (isInput(arg) ? new Slot(arg) : arg));
    recording = { program, args: slots, result: found, trained, changes: trainableChanges() };
    return made as R;
  });
  return [recording as unknown as Recording, result];
}

/** Whether a call has the arguments of a recording: tensors of the same shapes and dtypes, the same variables and values. */
function fits(recording: Recording, given: readonly unknown[]): boolean {
  const { args } = recording;
  if (given.length !== args.length || !isCurrent(recording)) return false;
  for (let i = 0; i < args.length; i++) {
    const [known, arg] = [args[i], given[i]];
    if (!(known instanceof Slot)) {
      if (!Object.is(known, arg)) return false;
    } else if (!isInput(arg) || !isLike(known, arg) || isDifferentiable(arg)) return false;
  }
  return true;
}

/** Whether a tensor, with its mask, may be an input. */
function isLike({ dtype, shape, mask }: Slot, x: AnyTensor): boolean {
  if (x.dtype !== dtype || !sameShape(x.shape, shape)) return false;
  return mask === undefined || x.mask === undefined ? mask === x.mask : isLike(mask, x.mask);
}

/** Whether the variables of a recording are trained or frozen as they were. */
function isCurrent(recording: Recording): boolean {
  if (recording.changes === trainableChanges()) return true;
  for (const [x, trained] of recording.trained) if (x.trainable !== trained || x.disposed) return false;
  recording.changes = trainableChanges();
  return true;
}

function replay({ program, args, result }: Recording, given: readonly unknown[]): StepResult {
  args.forEach((slot, i) => {
    if (slot instanceof Slot) load(program, slot, given[i] as AnyTensor);
  });
  // What is returned is made before the program runs: a step that has run must not fail.
  const results: [Slot, AnyTensor][] = [];
  try {
    const made = mapTree(result, (slot: Slot) => detached(resultFor(slot, results), slot, given));
    program.run();
    for (const [slot, y] of results) unload(program, slot, y);
    return made;
  } catch (error) {
    for (const [, y] of results) y.dispose();
    throw error;
  }
}

/** Copies an argument, with its mask, to where the program reads it. */
function load(program: Program, { buffer, mask }: Slot, x: AnyTensor): void {
  const from = x.buffer.block.address;
  engine().memory.bytes.copyWithin(program.address(buffer), from, from + x.size * bytesPerElement(x.dtype));
  if (mask !== undefined) load(program, mask, x.mask as AnyTensor);
}

/** A tensor for a result, with its mask; notes both. */
function resultFor(slot: Slot, results: [Slot, AnyTensor][]): AnyTensor {
  const y = unfilled(slot.shape, slot.dtype);
  results.push([slot, y]);
  if (slot.mask !== undefined) y.mask = resultFor(slot.mask, results) as Tensor<"bool">;
  return y;
}

/** Copies a result from where the program leaves it. */
function unload(program: Program, { buffer }: Slot, y: AnyTensor): void {
  const from = program.address(buffer);
  engine().memory.bytes.copyWithin(y.buffer.block.address, from, from + y.size * bytesPerElement(y.dtype));
}

/** A result whose derivation is lost: that of what the step used, and of the arguments. */
function detached(y: AnyTensor, { lost }: Slot, args: readonly unknown[]): AnyTensor {
  y.derivation = lost;
  if (args.some((arg) => isInput(arg) && isTracked(arg))) {
    y.derivation = lostWay(DETACHED, lost === undefined ? tensorsOf(args) : [y, ...tensorsOf(args)]);
  }
  return y;
}

/** Whether an argument's values are copied into the program; a variable is used where it is. */
function isInput(arg: unknown): arg is AnyTensor {
  return arg instanceof Tensor && !(arg instanceof Variable);
}

function copyOf(x: AnyTensor): AnyTensor {
  const y = unfilled(x.shape, x.dtype, x.view());
  if (x.mask !== undefined) y.mask = copyOf(x.mask) as Tensor<"bool">;
  return y;
}

/** Its memory, and that of its mask. */
function buffersOf(x: AnyTensor): Buffer[] {
  return x.mask === undefined ? [x.buffer] : [x.buffer, x.mask.buffer];
}

function signatureOf(arg: unknown): string {
  if (isInput(arg)) {
    if (isDifferentiable(arg)) {
      throw new StateError(
        "capture: gradients must be taken inside the step, got a tracked tensor as an argument; " +
          "call the captured step inside noGrad if no gradient is wanted",
      );
    }
    return `${arg.dtype}${formatShape(arg.shape)}${arg.mask === undefined ? "" : ` mask${formatShape(arg.mask.shape)}`}`;
  }
  if (arg instanceof Variable) return `variable ${numberOf(arg)}`;
  if (typeof arg === "string") return JSON.stringify(arg);
  if (Object.is(arg, -0)) return "-0";
  if (arg === null || ["number", "boolean", "undefined"].includes(typeof arg)) return String(arg);
  throw new ArgumentError(
    `capture: a step's arguments must be tensors or plain values, or lists or records of them, got ${kindOf(arg)}`,
  );
}

const numbers = new WeakMap<Variable<Dtype>, number>();
let counted = 0;

/** A number for each variable, since a recording is made for that one and no other. */
function numberOf(x: Variable<Dtype>): number {
  let number = numbers.get(x);
  if (number === undefined) numbers.set(x, (number = ++counted));
  return number;
}

function tensorsIn(result: Tree<AnyTensor>): AnyTensor[] {
  const tensors: AnyTensor[] = [];
  mapTree(result, (x: AnyTensor) => tensors.push(x));
  return tensors;
}

function mapTree<A extends AnyTensor | Slot, B>(tree: Tree<A>, f: (leaf: A) => B): Tree<B> {
  return mapNested(tree, (leaf) => {
    if (leaf === undefined) return undefined;
    if (leaf instanceof Tensor || leaf instanceof Slot) return f(leaf as A);
    requireSynchronous("capture", leaf);
    throw new ArgumentError(`capture: a step must return tensors, or lists or records of them, got ${kindOf(leaf)}`);
  }) as Tree<B>;
}

/** The same lists and records, `f` of what they hold. */
function mapNested(tree: unknown, f: (leaf: unknown) => unknown, outer: readonly unknown[] = []): unknown {
  if (!isNested(tree)) return f(tree);
  if (outer.includes(tree)) throw new ArgumentError("capture: lists and records must end, got one that holds itself");
  const inner = (item: unknown): unknown => mapNested(item, f, [...outer, tree]);
  if (Array.isArray(tree)) return tree.map(inner);
  return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, inner(item)]));
}

function isNested(x: unknown): x is readonly unknown[] | { readonly [name: string]: unknown } {
  return Array.isArray(x) || (typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype);
}

function kindOf(x: unknown): string {
  return typeof x === "object" && x !== null && !isForeign(x) ? (x.constructor?.name ?? "object") : typeOf(x);
}

/** The tensors and plain values of arguments, one after the other, and between them how they are nested. */
function flatten(args: readonly unknown[]): readonly unknown[] {
  if (!args.some(isNested)) return args;
  const flat: unknown[] = [];
  const add = (arg: unknown): void => {
    if (isNested(arg)) flat.push(`\0${Array.isArray(arg) ? "list" : "record"} ${Object.keys(arg)}`);
    if (isNested(arg)) for (const item of Object.values(arg)) add(item);
    else flat.push(arg);
  };
  mapNested(args, () => undefined);
  for (const arg of args) add(arg);
  return flat;
}
