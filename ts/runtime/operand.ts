// The operands of launches: a buffer in the engine's memory, and the dtype of its elements.
import type { Block } from "./allocator.ts";

/** One allocation, shared by every tensor that views it; freed when the last of them is disposed or collected. */
export interface Buffer {
  readonly block: Block;
  /** Bytes asked for; the block may be a little larger. */
  bytes: number;
  /** Number of tensors and programs that hold it. */
  references: number;
  /** Whether this object may be reused for another allocation once it is released. */
  reusable: boolean;
  /** Counts in-place updates, so that a gradient never uses a value that has changed since. */
  version: number;
  /** Unused JavaScript memory that makes the garbage collector aware of the engine's (decision 18). */
  ballast: ArrayBuffer | undefined;
  /** Where it was made, when memory.trace is on. */
  readonly origin: string | undefined;
}

/** Something a kernel can read or write; tensors are operands. */
export interface Operand<D extends string = string> {
  readonly buffer: Buffer;
  readonly dtype: D;
  /** For profiles; kernels get sizes as numbers. */
  readonly shape?: readonly number[];
}
