// Launches: one run of one kernel. In eager mode a launch runs at once, as a program of its own; while a recorder is on,
// it is noted there instead.
import { type Kernel, type Kernels, kernels } from "../generated/kernels.ts";
import { requireSynchronous, textOf } from "./arguments.ts";
import { bitsOf, GROUP_WORDS, LAUNCH_WORDS, writeGroup } from "./encoding.ts";
import { engine } from "./engine.ts";
import { ArgumentError, StateError } from "./errors.ts";
import type { Buffer, Operand } from "./operand.ts";
import { profiling } from "./profile.ts";
import { chunk } from "./splitting.ts";

/** What launches and buffers go to while a step is being recorded. */
export interface Recorder {
  /** Takes a launch, which does not run now. */
  note(kernel: Kernel, units: number, grain: number, cost: number, args: readonly unknown[]): void;
  /** Takes a buffer for a result into the program. */
  own(buffer: Buffer): void;
  /** Takes a buffer whose values the program never changes. */
  keepAsConstant(buffer: Buffer): void;
  /** Whether the same values have been checked before; from now on they have. */
  hasChecked(name: string, args: readonly unknown[]): boolean;
  /** Says what the last launch checks, and gives its cell away. */
  failWith(fail: Fail, cell: Buffer): void;
}

/** A launch that was recorded. Pointers are kept as buffers, so that a plan sees what is read and written. */
export interface Launch {
  readonly kernel: number;
  /** A letter for each argument: w written, u updated, r read, i integer, f float. */
  readonly kinds: string;
  /** A digit for each argument: the bytes of the one element that unit i touches there, 0 where it may touch others. */
  readonly each: string;
  readonly units: number;
  /** Units of one chunk, the least that a thread takes at a time. */
  readonly grain: number;
  /** Estimated nanoseconds on one thread. */
  readonly nanoseconds: number;
  readonly buffers: readonly (Buffer | undefined)[];
  readonly numbers: readonly number[];
  /** Whether the kernel only rearranges what it reads. */
  readonly pack: boolean;
  /** The operands' shapes, for profiles. */
  readonly shapes: string;
  /** Of a launch that checks values: the error for what its cell, the first buffer, notes. */
  readonly fail?: Fail | undefined;
}

/** The error for a bad value, from its position and its bits as an integer. */
export type Fail = (position: number, bits: number) => Error;

/** Words of an eager launch's program, at most. */
export const EAGER_WORDS = 64;

let current: Recorder | undefined;
let writeWatcher: ((operand: Operand) => void) | undefined;
let eager: Buffer | undefined;
let running: ReturnType<typeof engine> | undefined;

/**
 * Runs a kernel over `units` units of about `cost` nanoseconds each; `args` follow the kernel's signature. While a
 * recorder is on it is only noted.
 */
export function launch<K extends keyof Kernels>(name: K, units: number, cost: number, ...args: Kernels[K]): void {
  if (units === 0) return;
  const kernel: Kernel = kernels[name];
  const { index, kinds } = kernel;
  if (writeWatcher !== undefined) tellWrites(writeWatcher, kinds, args);
  const grain = chunk(units, cost);
  if (current !== undefined) {
    current.note(kernel, units, grain, cost, args);
    return;
  }
  const { memory, core } = (running ??= engine());
  eager ??= memory.allocate(EAGER_WORDS * 4);
  const i32 = memory.i32;
  const group = eager.block.address >>> 2;
  const begin = group + GROUP_WORDS;
  let at = begin + LAUNCH_WORDS;
  for (let i = 0; i < kinds.length; i++, at++) {
    const arg = args[i] as Operand | number | undefined;
    if (typeof arg === "number") i32[at] = kinds[i] === "f" ? bitsOf(arg) : arg;
    else if (kinds[i] === "f" || kinds[i] === "i") throw notNumber(name, arg);
    else if (arg === undefined) i32[at] = 0;
    else {
      const buffer = arg.buffer;
      if (kinds[i] === "u") buffer.version++;
      else if (kinds[i] === "w") buffer.block.maker = index;
      i32[at] = buffer.block.address;
    }
  }
  i32[begin] = index;
  const began = profiling.current ? performance.now() : 0;
  if (grain >= units) core.run_launch(begin << 2, 0, units);
  else {
    i32[begin + 1] = (at - begin) << 2;
    i32[begin + 2] = units;
    const tickets = Math.ceil(units / grain);
    writeGroup(i32, group, (at - group) << 2, 0, tickets, 0, units, grain, 1, grain);
    running.run(group << 2, at << 2, tickets);
  }
  profiling.current?.noteLaunch(index, kinds, units, args, (performance.now() - began) / 1000);
}

/** The error for what JavaScript compares as a number but is none, such as [3]. */
export function notNumber(operation: string, value: unknown): ArgumentError {
  return new ArgumentError(`${operation}: numbers must be numbers, got ${textOf(value)}`);
}

function tellWrites(watcher: (operand: Operand) => void, kinds: string, args: readonly unknown[]): void {
  args.forEach((arg, i) => {
    if (typeof arg === "object" && kinds[i] !== "r") watcher(arg as Operand);
  });
}

/** Runs `f` and tells the watcher of each operand that launches write, before they do. */
export function watchWrites<T>(watcher: (operand: Operand) => void, f: () => T): T {
  const outer = writeWatcher;
  writeWatcher = (operand) => {
    watcher(operand);
    outer?.(operand);
  };
  try {
    return requireSynchronous("watchWrites", f());
  } finally {
    writeWatcher = outer;
  }
}

/** A buffer for a launch's result. While recording, the program lays it out in its own memory. */
export function allocate(bytes: number): Buffer {
  const buffer = (running ??= engine()).memory.allocate(bytes);
  current?.own(buffer);
  return buffer;
}

/** A buffer for values from JavaScript. While recording they are constants of the program. */
export function allocateConstant(bytes: number): Buffer {
  const buffer = (running ??= engine()).memory.allocate(bytes);
  current?.keepAsConstant(buffer);
  return buffer;
}

/** The recorder that is on, if one is. */
export function recorder(): Recorder | undefined {
  return current;
}

/** Whether launches are being recorded. */
export function isRecording(): boolean {
  return current !== undefined;
}

/** Throws a StateError when JavaScript reads or writes values while a step is being recorded: no replay would do that. */
export function forbidWhileRecording(operation: string): void {
  if (current) {
    throw new StateError(
      `${operation}: no values may be read, written or kept inside a captured step, got a call while recording`,
    );
  }
}

/** Runs `f` with another recorder, or with none. */
export function withRecorder<T>(next: Recorder | undefined, f: () => T): T {
  const outer = current;
  current = next;
  try {
    return f();
  } finally {
    current = outer;
  }
}

/** Runs `f` outside the recording: what it launches runs once and is not part of the program. */
export function unrecorded<T>(f: () => T): T {
  return withRecorder(undefined, () => requireSynchronous("unrecorded", f()));
}
