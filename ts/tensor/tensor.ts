// A tensor: a shape and a dtype over a buffer in the engine's memory. Dense and row-major; of gradients it only keeps a
// reference to how it was derived.
/// <reference lib="esnext.disposable" preserve="true" />
import { MOST, textOf } from "../runtime/arguments.ts";
import { markAsOurs } from "../runtime/copies.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError, StateError } from "../runtime/errors.ts";
import { allocate, allocateConstant, forbidWhileRecording, isRecording } from "../runtime/launch.ts";
import type { Buffer, Operand } from "../runtime/operand.ts";
import { bytesPerElement, checkDtype, type Dtype, type TypedArray, toNumbers } from "./dtype.ts";
import { type Nested, nest } from "./nested.ts";
import { formatTensor } from "./print.ts";
import { enterScope, leaveScope } from "./scope.ts";
import { checkShape, formatShape, MOST_AXES, type Shape, sizeOf } from "./shape.ts";

/** How a tensor was derived; see autograd/tape.ts. */
export interface Derivation {
  /** Larger than that of everything it was derived from. */
  readonly order: number;
  /** What is kept of it when its tensor is freed, so that a gradient through it is an error instead of incomplete. */
  freed(): Derivation | undefined;
}

const uncloneable = {
  get memory(): never {
    throw new StateError(
      "structuredClone: a tensor lives in the engine's memory and must not be cloned; send its data()",
    );
  },
};

/**
 * Numbers of one dtype in a row-major array of any number of axes. Its memory is freed by `dispose`, at the end of the
 * `scope` it was made in, or when it is collected. Ops make new tensors and leave their arguments as they are.
 */
export class Tensor<D extends Dtype = "f32"> implements Operand<D> {
  /** Makes structuredClone and postMessage throw: they read it first. */
  protected readonly own: object = uncloneable;
  readonly shape: Shape;
  readonly dtype: D;
  /** Number of elements. */
  readonly size: number;
  /** How it was computed, if gradients may be taken. */
  derivation: Derivation | undefined = undefined;
  /** Whether gradients are taken with respect to it although it is not derived. */
  tracked = false;
  private held: Buffer | undefined;
  private ownMask: Tensor<"bool"> | undefined = undefined;

  /** A tensor over a buffer that already counts it as a holder; see `empty` and `alias`. */
  constructor(buffer: Buffer, shape: Shape, dtype: D) {
    this.held = buffer;
    // A copy, since the caller may change its own. (A frozen one would make each op's work on shapes several times slower.)
    this.shape = [...shape];
    this.dtype = dtype;
    this.size = sizeOf(shape);
    enterScope(this);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Its memory. StateError once disposed, or if its shape was written to: kernels would access other memory. */
  get buffer(): Buffer {
    if (this.held === undefined || sizeOf(this.shape) !== this.size) {
      const [must, got] = this.disposed
        ? ["it must not be disposed", "a disposed tensor of"]
        : [`its shape must stay as it was made, for ${this.size} elements`, "one that was changed to"];
      throw new StateError(`tensor: ${must}, got ${got} shape ${formatShape(this.shape)}`);
    }
    return this.held;
  }

  /** Which of its time steps count: [batch, time]; set by layers and `attachMask`. */
  get mask(): Tensor<"bool"> | undefined {
    return this.ownMask?.disposed ? undefined : this.ownMask;
  }

  set mask(mask: Tensor<"bool"> | undefined) {
    this.ownMask = mask;
  }

  get disposed(): boolean {
    return this.held === undefined;
  }

  /** Frees its memory now instead of when it is collected. */
  dispose(): void {
    if (this.held === undefined) return;
    engine().memory.release(this.held);
    this.held = undefined;
    this.derivation = this.derivation?.freed();
    leaveScope(this);
  }

  /** Called at the end of the block of `using x = ...`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Its values, copied, in row-major order. */
  data(): TypedArray<D, ArrayBuffer> {
    forbidWhileRecording("data");
    return this.view().slice() as TypedArray<D, ArrayBuffer>;
  }

  /** Its only value. ShapeError unless it has exactly one element. */
  item(): number {
    forbidWhileRecording("item");
    if (this.size !== 1) {
      throw new ShapeError(`item: the tensor must have one element, got shape ${formatShape(this.shape)}`);
    }
    return this.view()[0];
  }

  /** Its values as nested arrays; the type can be given: `x.array<number[][]>()`. ShapeError if they are too many. */
  array<T = Nested>(): T {
    return nest(this.shape, this.dtype, () => this.data()) as T;
  }

  /** For JSON: `tensor(values, { shape, dtype })` makes it again. NaN and infinities become null. */
  toJSON(): { shape: Shape; dtype: D; values: number[] } {
    return { shape: this.shape, dtype: this.dtype, values: Array.from(this.data()) };
  }

  /** Its shape, dtype and values, long axes shortened. */
  toString(): string {
    return formatTensor(this.shape, this.dtype, this.data());
  }

  /**
   * Overwrites its values from JavaScript. For new tensors and variables only: nothing derived from it may be alive.
   * Errors: ShapeError unless there are as many, DtypeError for values of another dtype, StateError inside a captured step,
   * since a replay would not write.
   */
  write(values: ArrayLike<number | boolean>): this {
    forbidWhileRecording("write");
    if (values?.length !== this.size) {
      throw new ShapeError(`write: there must be ${this.size} values, got ${textOf(values?.length ?? values)}`);
    }
    const numbers = toNumbers("write", values, this.dtype);
    this.view().set(numbers);
    this.buffer.version++;
    return this;
  }

  /** A view of its values, valid until memory grows: for this library's own short reads. */
  view(): TypedArray<D> {
    const { memory } = engine();
    const { address } = this.buffer.block;
    if (this.dtype === "f32") return memory.f32.subarray(address >>> 2, (address >>> 2) + this.size) as TypedArray<D>;
    if (this.dtype === "i32") return memory.i32.subarray(address >>> 2, (address >>> 2) + this.size) as TypedArray<D>;
    return memory.bytes.subarray(address, address + this.size) as TypedArray<D>;
  }
}

markAsOurs(Tensor);
// Consoles show the values, where they may be read.
for (const inspect of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
  Object.defineProperty(Tensor.prototype, Symbol.for(inspect), {
    value(this: Tensor): string {
      if (!this.disposed && !isRecording()) return String(this);
      return `Tensor ${this.dtype} ${formatShape(this.shape)}${this.disposed ? " (disposed)" : ""}`;
    },
  });
}

/** Any tensor, whatever its dtype. */
export type AnyTensor = Tensor<Dtype>;

/** A new tensor whose values the caller computes by a launch. */
export function empty<D extends Dtype = "f32">(shape: Shape, dtype: D = "f32" as D): Tensor<D> {
  return new Tensor(allocate(bytesOf(shape, dtype)), shape, dtype);
}

/** Its bytes. ShapeError if kernels could not count its elements. */
function bytesOf(shape: Shape, dtype: Dtype): number {
  const size = sizeOf(shape);
  const bytes = size * bytesPerElement(dtype);
  if (!(size <= MOST && shape.length <= MOST_AXES && bytes >= 0)) {
    checkShape("empty", shape);
    checkDtype("empty", dtype);
  }
  return bytes;
}

/** A new tensor of values from JavaScript, or undefined values for the caller to write; a constant in a captured step. */
export function unfilled<D extends Dtype>(shape: Shape, dtype: D, values?: ArrayLike<number>): Tensor<D> {
  const y = new Tensor(allocateConstant(bytesOf(shape, dtype)), shape, dtype);
  if (values !== undefined) y.view().set(values);
  return y;
}

/** Another tensor over the same memory. */
export function alias<D extends Dtype>(x: Tensor<D>, shape: Shape = x.shape): Tensor<D> {
  const { buffer } = x;
  buffer.references++;
  const y = new Tensor(buffer, shape, x.dtype);
  if (shape === x.shape) y.mask = x.mask;
  return y;
}
