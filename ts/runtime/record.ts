// Records what a step launches and makes a program of it.
import type { Kernel } from "../generated/kernels.ts";
import { requireSynchronous } from "./arguments.ts";
import { engine } from "./engine.ts";
import { StateError } from "./errors.ts";
import { type Fail, isRecording, type Launch, notNumber, type Recorder, withRecorder } from "./launch.ts";
import type { Buffer, Operand } from "./operand.ts";
import { makePlan } from "./plan.ts";
import { shapesOf } from "./profile.ts";
import { Program } from "./program.ts";

/**
 * Makes a program of what `f` launches and runs it; `outputs` names the buffers of f's result that a replay must leave. If
 * this throws, nothing outside the step has changed, unless a thread ended at work.
 */
export function record<T>(
  inputs: readonly Buffer[],
  f: () => T,
  outputs: (result: T) => readonly Buffer[],
): [T, Program] {
  if (isRecording()) {
    throw new StateError("capture: a step must be recorded on its own, got a recording inside a recording");
  }
  const recording = new Recording();
  for (const buffer of inputs) recording.own(buffer);
  let program: Program | undefined;
  try {
    const result = withRecorder(recording, () => requireSynchronous("capture", f()));
    const results = outputs(result);
    program = new Program(makePlan(recording.launches, recording.owned, inputs, results));
    program.runFirst(inputs, results);
    return [result, program];
  } catch (error) {
    program?.dispose();
    throw error;
  } finally {
    recording.release();
  }
}

class Recording implements Recorder {
  readonly launches: Launch[] = [];
  /** Buffers made while recording, and the inputs: the program lays them out. */
  readonly owned = new Set<Buffer>();
  private readonly constants = new Set<Buffer>();
  private readonly checked = new Set<string>();
  private readonly names = new Map<Buffer, number>();
  /** All other buffers: held, since the step may release a constant that the program goes on reading. */
  private readonly outside = new Set<Buffer>();

  own(buffer: Buffer): void {
    // This object stands for one value of the program; it must not be reused for another.
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
    const nanoseconds = units * cost;
    this.launches.push({ kernel: index, kinds, each, units, grain, nanoseconds, buffers, numbers, pack, shapes });
  }

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

  failWith(fail: Fail, cell: Buffer): void {
    this.launches.push({ ...(this.launches.pop() as Launch), fail });
    engine().memory.release(cell);
  }

  private hold(buffer: Buffer | undefined): Buffer | undefined {
    if (buffer && !this.owned.has(buffer) && !this.outside.has(buffer)) {
      buffer.references++;
      this.outside.add(buffer);
    }
    return buffer;
  }
}
