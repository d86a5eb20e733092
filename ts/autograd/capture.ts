// Capture: runs a step once and records it, then replays the recording in one call. It knows tensors; the program behind
// it knows rows and memory.
import { engine } from "../runtime/engine.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import type { Buffer } from "../runtime/operand.ts";
import { isRecording, type Program, record } from "../runtime/program.ts";
import { bytesPerElement, type Dtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, alias, Tensor, unfilled } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { isObserved } from "./observe.ts";
import { isTracked } from "./tape.ts";

/** One, or lists and records of them. */
type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> } | undefined;

/** What a captured step may return: a tensor, or a list or record of tensors; nothing else is known after a replay. */
export type StepResult = Tree<AnyTensor> | void;

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
  /** Whether one more signature than can be kept takes the place of the oldest instead of being an error; default false. */
  replaceOldest?: boolean;
}

interface Recording {
  readonly program: Program;
  /** What it was recorded with: the program's own tensors, variables and plain values. */
  readonly args: readonly unknown[];
  readonly result: Tree<Slot>;
}

/** A tensor's place in a program. */
class Slot {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly buffer: Buffer;

  constructor({ shape, dtype, buffer }: AnyTensor) {
    this.shape = shape;
    this.dtype = dtype;
    this.buffer = buffer;
  }
}

/** More signatures than this mean that something is passed as a number or shape that changes all the time. */
const MOST_RECORDINGS = 32;

/**
 * The step, recorded: at the first call with given shapes, dtypes and plain values it runs and is recorded, later calls
 * replay the recording with the new tensors' values. Variables are updated in place. The contract: control flow and plain
 * numbers are baked in, tensors made from JavaScript values inside are constants, values must not be read inside
 * (StateError), results are tensors that are not derived from anything, and what the step makes and does not return is
 * gone afterwards.
 */
export function capture<Args extends readonly unknown[], R extends StepResult>(
  step: (...args: Args) => R,
  { replaceOldest = false }: CaptureOptions = {},
): Captured<Args, R> {
  const recordings = new Map<string, Recording>();
  let last: Recording | undefined;
  const captured = (...args: Args): R => {
    if (isRecording()) return step(...args);
    // Whoever looks at each op must see them run.
    if (isObserved()) return scope(() => step(...args));
    // Most calls have the signature of the call before: there is no need to write it down.
    if (last !== undefined && fits(last, args)) return replay(last, args) as R;
    const signature = args.map(signatureOf).join("; ");
    last = recordings.get(signature);
    if (last !== undefined) return replay(last, args) as R;
    if (recordings.size === MOST_RECORDINGS && replaceOldest) {
      const [[oldest, { program }]] = recordings;
      program.dispose();
      recordings.delete(oldest);
    } else if (recordings.size === MOST_RECORDINGS) {
      throw new StateError(
        `capture: at most ${MOST_RECORDINGS} signatures must be recorded, got one more: ${signature}; ` +
          "pass what changes as a tensor, or dispose the captured step",
      );
    }
    const [recording, result] = makeRecording(step, args);
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
  args: Args,
): [Recording, R] {
  let recording: Recording | undefined;
  const result = scope(() => {
    // The step sees copies: the program's own inputs, which replays fill.
    const own = args.map((arg) => (isInput(arg) ? copyOf(arg) : arg)) as unknown as Args;
    const buffers = own.filter(isInput).map((x) => x.buffer);
    const [result, program] = record(
      buffers,
      () => step(...own) as Tree<AnyTensor>,
      (result) => slotsOf(result).map((x) => x.buffer),
    );
    const slots = own.map((arg) => (isInput(arg) ? new Slot(arg) : arg));
    recording = { program, args: slots, result: mapTree(result, (x) => new Slot(x)) };
    // As after a replay: no memory shared with inputs or variables, and not derived from anything.
    const shared = (x: AnyTensor): boolean => buffers.includes(x.buffer) || !program.owns(x.buffer);
    return mapTree(result, (x) => (shared(x) ? copyOf(x) : alias(x))) as R;
  });
  return [recording as unknown as Recording, result];
}

/** Whether a call has the arguments of a recording: tensors of the same shapes and dtypes, the same variables and values. */
function fits({ args }: Recording, given: readonly unknown[]): boolean {
  if (given.length !== args.length) return false;
  for (let i = 0; i < args.length; i++) {
    const [known, arg] = [args[i], given[i]];
    if (!(known instanceof Slot)) {
      if (!Object.is(known, arg)) return false;
    } else if (!isInput(arg) || arg.dtype !== known.dtype || !sameShape(arg.shape, known.shape) || isTracked(arg)) {
      return false;
    }
  }
  return true;
}

function replay({ program, args, result }: Recording, given: readonly unknown[]): StepResult {
  const { bytes } = engine().memory;
  for (let i = 0; i < args.length; i++) {
    const input = args[i];
    if (!(input instanceof Slot)) continue;
    const source = given[i] as AnyTensor;
    const from = source.buffer.block.address;
    bytes.copyWithin(program.address(input.buffer), from, from + source.size * bytesPerElement(source.dtype));
  }
  program.run();
  return mapTree(result, ({ shape, dtype, buffer }) => {
    const y = unfilled(shape, dtype);
    const from = program.address(buffer);
    engine().memory.bytes.copyWithin(y.buffer.block.address, from, from + y.size * bytesPerElement(dtype));
    return y;
  });
}

/** Whether an argument's values are copied into the program; a variable is used where it is. */
function isInput(arg: unknown): arg is AnyTensor {
  return arg instanceof Tensor && !(arg instanceof Variable);
}

function copyOf(x: AnyTensor): AnyTensor {
  return unfilled(x.shape, x.dtype).write(x.view());
}

function signatureOf(arg: unknown): string {
  if (isInput(arg)) {
    if (isTracked(arg)) {
      throw new StateError(
        "capture: gradients must be taken inside the step, got a tracked tensor as an argument; " +
          "call the captured step inside noGrad if no gradient is wanted",
      );
    }
    return `${arg.dtype}${formatShape(arg.shape)}`;
  }
  if (arg instanceof Variable) return `variable ${numberOf(arg)}`;
  if (typeof arg === "string") return JSON.stringify(arg);
  if (Object.is(arg, -0)) return "-0";
  if (arg === null || ["number", "boolean", "undefined"].includes(typeof arg)) return String(arg);
  throw new ArgumentError(`capture: a step's arguments must be tensors or plain values, got ${typeof arg}`);
}

const numbers = new WeakMap<Variable<Dtype>, number>();
let counted = 0;

/** A number for each variable, since a recording is made for that one and no other. */
function numberOf(x: Variable<Dtype>): number {
  let number = numbers.get(x);
  if (number === undefined) numbers.set(x, (number = ++counted));
  return number;
}

function slotsOf(result: Tree<AnyTensor>): Slot[] {
  const slots: Slot[] = [];
  mapTree(result, (x) => slots.push(new Slot(x)));
  return slots;
}

function mapTree<A extends AnyTensor | Slot, B>(tree: Tree<A>, f: (leaf: A) => B): Tree<B> {
  if (tree === undefined) return undefined;
  if (tree instanceof Tensor || tree instanceof Slot) return f(tree as A);
  if (Array.isArray(tree)) return tree.map((item: Tree<A>) => mapTree(item, f));
  if (typeof tree !== "object" || tree === null) {
    throw new ArgumentError(`capture: a step must return tensors, or lists or records of them, got ${typeof tree}`);
  }
  return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, mapTree(item as Tree<A>, f)]));
}
