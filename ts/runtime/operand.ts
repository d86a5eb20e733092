// What a launch works on: a stretch of the engine's memory, and what its elements are.
import type { Block } from "./allocator.ts";

/** One allocation, shared by every tensor that views it; freed when the last of them is disposed or collected. */
export interface Buffer {
  readonly block: Block;
  /** Bytes asked for; the block may be a little larger. */
  bytes: number;
  /** How many tensors and programs hold it. */
  references: number;
  /** Whether this object may stand for another allocation once it is released. */
  reusable: boolean;
  /** Counts in-place updates, so that a gradient never uses a value that has changed since. */
  version: number;
  /** Untouched memory of JavaScript's by which the collector feels how much the engine's memory fills up. */
  ballast: ArrayBuffer | undefined;
  /** Where it was made, when memory.trace is on. */
  readonly origin: string | undefined;
}

/** Something a kernel can read or write; tensors are operands. */
export interface Operand<D extends string = string> {
  readonly buffer: Buffer;
  readonly dtype: D;
  /** For people who look at a profile; kernels get sizes as numbers. */
  readonly shape?: readonly number[];
}
