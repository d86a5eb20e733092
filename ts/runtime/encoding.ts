// The layout of groups and launches in memory (see assembly/program.ts): written for a run, read when a thread was lost.
import { kernels } from "../generated/kernels.ts";

export const GROUP_WORDS = 8;
export const LAUNCH_WORDS = 3;

const floats = new Float32Array(1);
const floatBits = new Int32Array(floats.buffer);

/** The bits of a number as f32. */
export function bitsOf(value: number): number {
  floats[0] = value;
  return floatBits[0];
}

/** Writes the head of a group of so many launches at word `at`; `bytes` is the length of the whole group. */
export function writeGroup(
  i32: Int32Array,
  at: number,
  bytes: number,
  first: number,
  tickets: number,
  start: number,
  units: number,
  grain: number,
  launches: number,
  block: number,
): void {
  i32[at] = bytes;
  i32[at + 1] = first;
  i32[at + 2] = tickets;
  i32[at + 3] = start;
  i32[at + 4] = units;
  i32[at + 5] = grain;
  i32[at + 6] = launches;
  i32[at + 7] = block;
}

/**
 * Whether a ticket of the program at word `at` can be run again after part of it was done: no launch may update
 * what it or an earlier one of its group reads.
 */
export function isRepeatable(i32: Int32Array, at: number, ticket: number): boolean {
  const kinds = Object.values(kernels).map((kernel) => kernel.kinds);
  while (ticket >= i32[at + 1] + i32[at + 2]) at += i32[at] >> 2;
  const read = new Set<number>();
  let launch = at + GROUP_WORDS;
  for (let left = i32[at + 6]; left > 0; left--) {
    const letters = [...kinds[i32[launch]]];
    const pointers = (wanted: string): number[] =>
      letters.flatMap((letter, i) => (letter === wanted ? [i32[launch + LAUNCH_WORDS + i]] : []));
    for (const pointer of pointers("r")) read.add(pointer);
    if (letters.includes("u") || pointers("w").some((pointer) => read.has(pointer))) return false;
    launch += i32[launch + 1] >> 2;
  }
  return true;
}
