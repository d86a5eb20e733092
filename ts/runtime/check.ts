// Checks of values on the engine's side: a kernel notes the first bad value in a cell, from which the error is made.
import type { Kernels } from "../generated/kernels.ts";
import { engine } from "./engine.ts";
import { type Fail, launch, recorder } from "./launch.ts";
import type { Buffer, Operand } from "./operand.ts";

/** Bytes of a cell: the value's bits, then its position, which is -1 where all are good; see assembly/indices.ts. */
const CELL_BYTES = 8;

let shared: Operand<"i32"> | undefined;

/** The kernels that check values, and what they take beside their cell. */
type Checks = {
  [K in keyof Kernels as K extends `check_${string}` ? K : never]: Kernels[K] extends [unknown, ...infer Rest]
    ? Rest
    : never;
};

/**
 * Runs a kernel that checks values and throws what `fail` returns for the first bad one. In a step that is being recorded,
 * every run of the program does so, before anything outside it has changed.
 */
export function check<K extends keyof Checks>(
  name: K,
  units: number,
  cost: number,
  fail: Fail,
  ...args: Checks[K]
): void {
  const recording = recorder();
  if (units === 0 || recording?.hasChecked(name, args)) return;
  const cell = recording === undefined ? (shared ??= makeCell()) : makeCell();
  (launch as (...all: unknown[]) => void)(name, units, cost, cell, ...args);
  if (recording !== undefined) {
    recording.failWith(fail, cell.buffer);
    return;
  }
  const error = takeNoted(cell.buffer, fail);
  if (error) throw error;
}

function makeCell(): Operand<"i32"> {
  const { memory } = engine();
  const made = memory.allocate(CELL_BYTES);
  memory.i32.fill(-1, made.block.address >>> 2, (made.block.address + CELL_BYTES) >>> 2);
  return { buffer: made, dtype: "i32" };
}

/** The error for the value noted in a cell, if there is one; clears the cell. */
export function takeNoted(cell: Buffer, fail: Fail): Error | undefined {
  const { i32 } = engine().memory;
  const at = cell.block.address >>> 2;
  const [bits, position] = [i32[at], i32[at + 1]];
  if (position < 0) return undefined;
  i32[at] = i32[at + 1] = -1;
  return fail(position, bits);
}
