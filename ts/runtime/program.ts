// Launches and programs. Everything that computes is a launch: one row in shared memory. Eager mode runs a program of one
// row; while a recorder is on, the row is noted instead, and the rows noted become a Program that runs in one call.
import { type Kernel, type Kernels, kernels } from "../generated/kernels.ts";
import { requireSynchronous, textOf } from "./arguments.ts";
import { engine } from "./engine.ts";
import { ArgumentError, StateError } from "./errors.ts";
import type { Buffer, Operand } from "./operand.ts";
import { makePlan, type Plan } from "./plan.ts";
import { type Profiler, profiling, shapesOf } from "./profile.ts";
import { bitsOf, GROUP_WORDS, ROW_WORDS, writeGroup } from "./rows.ts";
import { chunk } from "./splitting.ts";
import type { Group } from "./stages.ts";

export { splitting } from "./splitting.ts";

/** One launch: what a row is made from. Pointers are kept as buffers, so that a plan can see what is read and written. */
export interface Launch {
  readonly kernel: number;
  /** A letter per argument: w written, u updated, r read, i integer, f float. */
  readonly kinds: string;
  /** A digit per argument: the bytes of the one element that unit i touches there, or 0 where it may touch others. */
  readonly each: string;
  readonly units: number;
  /** Units of one chunk, the least a thread takes at a time. */
  readonly grain: number;
  /** Estimated nanoseconds on one thread. */
  readonly nanoseconds: number;
  readonly buffers: readonly (Buffer | undefined)[];
  readonly numbers: readonly number[];
  /** Whether the kernel only rearranges what it reads. */
  readonly pack: boolean;
  /** The operands' shapes, for people. */
  readonly shapes: string;
  /** Of a row that looks for bad values: what its cell, the first buffer, means. */
  readonly fail?: Fail | undefined;
}

/** The error of a bad value: its position, and its bits as an integer. */
export type Fail = (position: number, bits: number) => Error;

const EAGER_WORDS = 64;

/** Bytes of a cell in which a kernel notes a bad value; see assembly/indices.ts. */
const CELL_BYTES = 8;

let recorder: Recorder | undefined;
let writeWatcher: ((operand: Operand) => void) | undefined;
let eager: Buffer | undefined;
let cell: Operand<"i32"> | undefined;

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
  if (recorder !== undefined) {
    recorder.note(kernel, units, grain, cost, args);
    return;
  }
  const { memory, core } = (running ??= engine());
  eager ??= memory.allocate(EAGER_WORDS * 4);
  const i32 = memory.i32;
  const group = eager.block.address >>> 2;
  const row = group + GROUP_WORDS;
  let at = row + ROW_WORDS;
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
  i32[row] = index;
  const began = profiling.current ? performance.now() : 0;
  if (grain >= units) core.run_row(row << 2, 0, units);
  else {
    i32[row + 1] = (at - row) << 2;
    i32[row + 2] = units;
    const tickets = Math.ceil(units / grain);
    writeGroup(i32, group, (at - group) << 2, 0, tickets, 0, units, grain, 1, grain);
    running.run(group << 2, at << 2, tickets);
  }
  if (profiling.current) noteLaunch(profiling.current, index, kinds, units, args, performance.now() - began);
}

/** The kernels that look for bad values, and what they take beside their cell. */
type Checks = {
  [K in keyof Kernels as K extends `check_${string}` ? K : never]: Kernels[K] extends [unknown, ...infer Rest]
    ? Rest
    : never;
};

/**
 * Runs a kernel that looks for bad values and throws what `fail` says of the first one. In a step that is being recorded
 * every run of the program does so, before anything outside it has changed.
 */
export function check<K extends keyof Checks>(
  name: K,
  units: number,
  cost: number,
  fail: Fail,
  ...args: Checks[K]
): void {
  if (units === 0 || recorder?.hasChecked(name, args)) return;
  const own = recorder === undefined ? (cell ??= makeCell()) : makeCell();
  (launch as (...all: unknown[]) => void)(name, units, cost, own, ...args);
  if (recorder !== undefined) {
    recorder.failWith(fail, own.buffer);
    return;
  }
  const error = takeNoted(own.buffer, fail);
  if (error) throw error;
}

function makeCell(): Operand<"i32"> {
  const { memory } = (running ??= engine());
  const made = memory.allocate(CELL_BYTES);
  memory.i32.fill(-1, made.block.address >>> 2, (made.block.address + CELL_BYTES) >>> 2);
  return { buffer: made, dtype: "i32" };
}

/** What `fail` says of the value in a cell, if there is one; clears the cell. */
function takeNoted(noted: Buffer, fail: Fail): Error | undefined {
  const { i32 } = engine().memory;
  const at = noted.block.address >>> 2;
  const [bits, position] = [i32[at], i32[at + 1]];
  if (position < 0) return undefined;
  i32[at] = i32[at + 1] = -1;
  return fail(position, bits);
}

/** The error for what JavaScript compares as a number but is none, such as [3]. */
function notNumber(operation: string, value: unknown): ArgumentError {
  return new ArgumentError(`${operation}: numbers must be numbers, got ${textOf(value)}`);
}

function tellWrites(watcher: (operand: Operand) => void, kinds: string, args: readonly unknown[]): void {
  args.forEach((arg, i) => {
    if (typeof arg === "object" && kinds[i] !== "r") watcher(arg as Operand);
  });
}

/** Runs `f` and tells the watcher of all that launches write, before they do. */
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

function noteLaunch(
  profiler: Profiler,
  kernel: number,
  kinds: string,
  units: number,
  args: readonly unknown[],
  milliseconds: number,
): void {
  const numbers = args.filter((arg) => typeof arg === "number");
  const operands = args.filter((arg) => typeof arg === "object") as Operand[];
  const bytes = operands.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  profiler.note(kernel, shapesOf(kinds, args), numbers, units, bytes, milliseconds / 1000);
}

let running: ReturnType<typeof engine> | undefined;

/** A buffer for a result of a launch. While recording it belongs to the program, which gives it a place of its own. */
export function allocate(bytes: number): Buffer {
  const buffer = (running ??= engine()).memory.allocate(bytes);
  recorder?.own(buffer);
  return buffer;
}

/** A buffer for values from JavaScript. While recording they are constants, which the program keeps as they are. */
export function allocateConstant(bytes: number): Buffer {
  const buffer = (running ??= engine()).memory.allocate(bytes);
  recorder?.keepAsConstant(buffer);
  return buffer;
}

/** Whether launches are being noted for a program. */
export function isRecording(): boolean {
  return recorder !== undefined;
}

/** Throws a StateError when JavaScript reads or writes values while a step is being recorded: no replay would do that. */
export function forbidWhileRecording(operation: string): void {
  if (recorder) {
    throw new StateError(
      `${operation}: no values may be read, written or kept inside a captured step, got a call while recording`,
    );
  }
}

/** Runs `f` outside the recording: what it launches happens once and is not part of the program. */
export function unrecorded<T>(f: () => T): T {
  const outer = recorder;
  recorder = undefined;
  try {
    return requireSynchronous("unrecorded", f());
  } finally {
    recorder = outer;
  }
}

/**
 * Makes a program of what `f` launches and runs it; `outputs` names the buffers of f's result that a replay must leave. If
 * this throws, nothing outside the step has changed, unless it was a thread's end.
 */
export function record<T>(
  inputs: readonly Buffer[],
  f: () => T,
  outputs: (result: T) => readonly Buffer[],
): [T, Program] {
  if (recorder) throw new StateError("capture: a step must be recorded on its own, got a recording inside a recording");
  const noted = new Recorder();
  for (const buffer of inputs) noted.own(buffer);
  recorder = noted;
  let program: Program | undefined;
  try {
    const result = requireSynchronous("capture", f());
    recorder = undefined;
    const results = outputs(result);
    program = new Program(makePlan(noted.launches, noted.owned, inputs, results));
    program.runFirst(inputs, results);
    return [result, program];
  } catch (error) {
    program?.dispose();
    throw error;
  } finally {
    recorder = undefined;
    noted.release();
  }
}

class Recorder {
  readonly launches: Launch[] = [];
  /** Buffers made while recording, and the inputs: the program lays them out. */
  readonly owned = new Set<Buffer>();
  private readonly constants = new Set<Buffer>();
  private readonly checked = new Set<string>();
  private readonly names = new Map<Buffer, number>();
  /** All other buffers: held, since the step may let go of a constant that the program goes on reading. */
  private readonly outside = new Set<Buffer>();

  own(buffer: Buffer): void {
    // This object stands for one value of the program; another value must not come along in it.
    buffer.reusable = false;
    this.owned.add(buffer);
  }

  keepAsConstant(buffer: Buffer): void {
    buffer.reusable = false;
    this.constants.add(buffer);
  }

  release(): void {
    for (const buffer of this.outside) engine().memory.release(buffer);
  }

  note(
    { index, kinds, each, pack = false }: Kernel,
    units: number,
    grain: number,
    cost: number,
    args: readonly unknown[],
  ): void {
    const buffers: (Buffer | undefined)[] = [];
    const numbers: number[] = [];
    for (let i = 0; i < kinds.length; i++) {
      const arg = args[i] as Operand | number | undefined;
      if (typeof arg === "number") {
        numbers.push(arg);
        continue;
      }
      if (kinds[i] === "f" || kinds[i] === "i") throw notNumber("capture", arg);
      if (arg && kinds[i] !== "r" && this.constants.has(arg.buffer)) {
        throw new StateError("capture: a constant of the step must keep its values, got one that is updated in place");
      }
      if (arg && kinds[i] === "u") arg.buffer.version++;
      buffers.push(this.hold(arg?.buffer));
    }
    const shapes = shapesOf(kinds, args);
    this.launches.push({
      kernel: index,
      kinds,
      each,
      units,
      grain,
      nanoseconds: units * cost,
      buffers,
      numbers,
      pack,
      shapes,
    });
  }

  /** Whether the same numbers have been looked at for the same; else they have been from now on. */
  hasChecked(name: string, args: readonly unknown[]): boolean {
    const key = args.map((arg) => (typeof arg === "object" ? this.nameOf((arg as Operand).buffer) : arg));
    const before = this.checked.size;
    return this.checked.add(`${name} ${key}`).size === before;
  }

  private nameOf(buffer: Buffer): string {
    const number = this.names.get(buffer) ?? this.names.size;
    this.names.set(buffer, number);
    return `${number}.${buffer.version}`;
  }

  /** Says what the launch noted last looks for; its cell belongs to the program alone. */
  failWith(fail: Fail, own: Buffer): void {
    this.launches.push({ ...(this.launches.pop() as Launch), fail });
    engine().memory.release(own);
  }

  private hold(buffer: Buffer | undefined): Buffer | undefined {
    if (buffer && !this.owned.has(buffer) && !this.outside.has(buffer)) {
      buffer.references++;
      this.outside.add(buffer);
    }
    return buffer;
  }
}

/** Groups that run in one call, and where their code lies. */
interface Stretch {
  readonly groups: readonly Group[];
  readonly begin: number;
  readonly end: number;
  readonly tickets: number;
}

/** A recorded step: rows and their memory, ready to run in one call. */
export class Program {
  /** Rows of the program. */
  readonly rows: number;
  /** Bytes of the arena that holds its inputs, intermediate values and outputs. */
  readonly arenaBytes: number;
  private readonly plan: Plan;
  private readonly arena: Buffer;
  private readonly code: Buffer;
  /** The code of the rows that pack, of those that check and of all others, each up to its end and with so many tickets. */
  private readonly packing: Stretch;
  private readonly checking: Stretch;
  private readonly rest: Stretch;
  /** The versions, in sum, of what was packed last. */
  private packed = -1;
  private disposed = false;

  constructor(plan: Plan) {
    const { memory } = engine();
    this.plan = plan;
    const groups = [...plan.packing, ...plan.checking, ...plan.groups];
    this.rows = groups.reduce((sum, group) => sum + group.launches.length, 0);
    this.arenaBytes = plan.arenaBytes;
    this.arena = memory.allocate(plan.arenaBytes);
    try {
      this.code = memory.allocate(4 * groups.reduce((sum, group) => sum + groupWords(group), 1));
    } catch (error) {
      memory.release(this.arena);
      throw error;
    }
    for (const buffer of plan.outside) buffer.references++;
    this.packing = this.write(this.code.block.address, plan.packing, true);
    this.checking = this.write(this.packing.end, plan.checking, plan.parallel);
    this.rest = this.write(this.checking.end, plan.groups, plan.parallel);
  }

  /** Whether the program has laid this buffer out in its own memory. */
  owns(buffer: Buffer): boolean {
    return this.plan.offsets.has(buffer);
  }

  /** Where an input or output of the recorded step lives in this program. */
  address(buffer: Buffer): number {
    const offset = this.plan.offsets.get(buffer);
    return offset === undefined ? buffer.block.address : this.arena.block.address + offset;
  }

  /** Runs all rows on the values that the recorded step was given, and leaves the results where the step has them. */
  runFirst(inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
    const { bytes } = engine().memory;
    const copy = (buffer: Buffer, to: number, from: number): void => {
      if (this.owns(buffer)) bytes.copyWithin(to, from, from + buffer.bytes);
    };
    for (const buffer of inputs) copy(buffer, this.address(buffer), buffer.block.address);
    this.run();
    for (const buffer of outputs) copy(buffer, buffer.block.address, this.address(buffer));
  }

  /**
   * Runs all rows; those that only pack what no row changes run when it has been changed since the last run. Throws at a
   * bad value before anything outside the program has changed.
   */
  run(): void {
    if (this.disposed) throw new StateError("run: the program must not be disposed, got a disposed one");
    const versions = this.plan.packedFrom.reduce((sum, { version }) => sum + version, 0);
    if (versions !== this.packed) this.runStretch(this.packing);
    this.packed = versions;
    this.runStretch(this.checking);
    let error: Error | undefined;
    for (const { fail, buffers } of this.plan.checks) {
      const found = takeNoted(buffers[0] as Buffer, fail as Fail);
      error ??= found;
    }
    if (error) throw error;
    this.runStretch(this.rest);
    for (const buffer of this.plan.updated) buffer.version++;
  }

  /** Frees the program's memory and lets go of the buffers it used. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const { memory } = engine();
    for (const buffer of [this.arena, this.code, ...this.plan.outside]) memory.release(buffer);
  }

  private runStretch({ groups, begin, end, tickets }: Stretch): void {
    if (groups.length === 0) return;
    if (profiling.current) this.runByRows(profiling.current, groups);
    else engine().run(begin, end, tickets);
  }

  /** Runs rows one after the other, each on all threads, and lets the profiler note each. */
  private runByRows(profiler: Profiler, groups: readonly Group[]): void {
    const { memory } = engine();
    const code = memory.allocate(4 * EAGER_WORDS);
    const at = code.block.address >>> 2;
    for (const launch of groups.flatMap((group) => group.launches)) {
      const { kernel, units, grain, buffers, numbers, shapes } = launch;
      const tickets = Math.ceil(units / grain);
      const end = this.writeRow(at + GROUP_WORDS, launch);
      writeGroup(memory.i32, at, (end - at) << 2, 0, tickets, 0, units, grain, 1, grain);
      const began = performance.now();
      engine().run(at << 2, end << 2, tickets);
      const seconds = (performance.now() - began) / 1000;
      const bytes = buffers.reduce((sum, buffer) => sum + (buffer?.bytes ?? 0), 0);
      profiler.note(kernel, shapes, numbers, units, bytes, seconds);
    }
    memory.release(code);
  }

  /** Writes the code of `groups` from `begin` on. */
  private write(begin: number, groups: readonly Group[], parallel: boolean): Stretch {
    const { i32 } = engine().memory;
    let at = begin >>> 2;
    for (const group of groups) {
      const bytes = groupWords(group) << 2;
      const { first, tickets, start, units, grain, launches, block } = group;
      writeGroup(i32, at, bytes, first, tickets, start, units, grain, launches.length, block);
      at += GROUP_WORDS;
      for (const launch of launches) at = this.writeRow(at, launch);
    }
    const last = groups.at(-1);
    return { groups, begin, end: at << 2, tickets: parallel && last ? last.first + last.tickets : 1 };
  }

  /** Writes a row at word `begin`; returns the word after it. */
  private writeRow(begin: number, { kernel, kinds, units, buffers, numbers }: Launch): number {
    const { i32 } = engine().memory;
    let at = begin + ROW_WORDS;
    let buffer = 0;
    let number = 0;
    for (const kind of kinds) {
      if (kind === "i") i32[at++] = numbers[number++];
      else if (kind === "f") i32[at++] = bitsOf(numbers[number++]);
      else {
        const operand = buffers[buffer++];
        i32[at++] = operand === undefined ? 0 : this.address(operand);
      }
    }
    i32[begin] = kernel;
    i32[begin + 1] = (at - begin) << 2;
    i32[begin + 2] = units;
    return at;
  }
}

function groupWords({ launches }: Group): number {
  return launches.reduce((sum, { kinds }) => sum + ROW_WORDS + kinds.length, GROUP_WORDS);
}
