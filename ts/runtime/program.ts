// A program: the launches of a recorded step and their memory, run in one call.
import { takeNoted } from "./check.ts";
import { bitsOf, GROUP_WORDS, LAUNCH_WORDS, writeGroup } from "./encoding.ts";
import { engine } from "./engine.ts";
import { StateError } from "./errors.ts";
import { EAGER_WORDS, type Fail, type Launch } from "./launch.ts";
import type { Buffer } from "./operand.ts";
import type { Plan } from "./plan.ts";
import { type Profiler, profiling } from "./profile.ts";
import type { Group } from "./stages.ts";

/** Groups that run in one call, and where their code lies. */
interface Stretch {
  readonly groups: readonly Group[];
  readonly begin: number;
  readonly end: number;
  readonly tickets: number;
}

/** A recorded step, ready to run in one call. */
export class Program {
  /** How many launches it has. */
  readonly launches: number;
  /** Bytes of the arena that holds its inputs, intermediate values and outputs. */
  readonly arenaBytes: number;
  private readonly plan: Plan;
  private readonly arena: Buffer;
  private readonly code: Buffer;
  /** The launches that pack, those that check, and all others. */
  private readonly packing: Stretch;
  private readonly checking: Stretch;
  private readonly rest: Stretch;
  /** The sum of the versions of what was packed last. */
  private packed = -1;
  private disposed = false;

  constructor(plan: Plan) {
    const { memory } = engine();
    this.plan = plan;
    const groups = [...plan.packing, ...plan.checking, ...plan.groups];
    this.launches = groups.reduce((sum, group) => sum + group.launches.length, 0);
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

  /** Whether a buffer lies in the program's own memory. */
  owns(buffer: Buffer): boolean {
    return this.plan.offsets.has(buffer);
  }

  /** The address of an input or output of the recorded step in this program. */
  address(buffer: Buffer): number {
    const offset = this.plan.offsets.get(buffer);
    return offset === undefined ? buffer.block.address : this.arena.block.address + offset;
  }

  /** Runs on the values that the recorded step was given, and copies the results to where the step has them. */
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
   * Runs all launches; those that only pack what no launch changes run again only if that has changed since the last run.
   * Throws at a bad value before anything outside the program has changed.
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

  /** Frees the program's memory and releases the buffers it used. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const { memory } = engine();
    for (const buffer of [this.arena, this.code, ...this.plan.outside]) memory.release(buffer);
  }

  private runStretch({ groups, begin, end, tickets }: Stretch): void {
    if (groups.length === 0) return;
    if (profiling.current) this.runByLaunch(profiling.current, groups);
    else engine().run(begin, end, tickets);
  }

  /** Runs launches one after the other, each on all threads, and lets the profiler note each. */
  private runByLaunch(profiler: Profiler, groups: readonly Group[]): void {
    const { memory } = engine();
    const code = memory.allocate(4 * EAGER_WORDS);
    const at = code.block.address >>> 2;
    for (const launch of groups.flatMap((group) => group.launches)) {
      const { kernel, units, grain, buffers, numbers, shapes } = launch;
      const tickets = Math.ceil(units / grain);
      const end = this.writeLaunch(at + GROUP_WORDS, launch);
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
      for (const launch of launches) at = this.writeLaunch(at, launch);
    }
    const last = groups.at(-1);
    return { groups, begin, end: at << 2, tickets: parallel && last ? last.first + last.tickets : 1 };
  }

  /** Writes a launch at word `begin`; returns the word after it. */
  private writeLaunch(begin: number, { kernel, kinds, units, buffers, numbers }: Launch): number {
    const { i32 } = engine().memory;
    let at = begin + LAUNCH_WORDS;
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
  return launches.reduce((sum, { kinds }) => sum + LAUNCH_WORDS + kinds.length, GROUP_WORDS);
}
