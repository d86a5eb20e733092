// Plans a recorded step: which rows are needed, which may run side by side, whether more than one thread is worth while,
// and where each buffer lives. It knows launches and buffers, not what the kernels compute.
import { layOut } from "./arena.ts";
import type { Buffer } from "./operand.ts";
import type { Launch } from "./program.ts";
import { splitting } from "./splitting.ts";
import { accesses, type Group, makeStages } from "./stages.ts";

export interface Plan {
  readonly groups: readonly Group[];
  /** Whether more than one thread is worth while. */
  readonly parallel: boolean;
  /** Where the program's own buffers begin in its arena, in bytes. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly arenaBytes: number;
  /** Buffers that existed before and are used: parameters, optimizer state, constants. */
  readonly outside: readonly Buffer[];
  /** Those of them that a run changes. */
  readonly updated: readonly Buffer[];
}

/** Plans `launches`; `owned` are the buffers the program lays out, of which `inputs` and `outputs` outlive the run. */
export function makePlan(
  launches: readonly Launch[],
  owned: ReadonlySet<Buffer>,
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): Plan {
  const needed = withoutDeadRows(launches, owned, [...inputs, ...outputs]);
  const stages = makeStages(needed);
  let ticket = 0;
  for (const stage of stages) {
    const start = ticket;
    for (const group of stage) {
      group.start = start;
      group.first = ticket;
      ticket += group.tickets;
    }
  }
  const outside = new Set<Buffer>();
  const updated = new Set<Buffer>();
  for (const { buffer, kind } of needed.flatMap(accesses)) {
    if (owned.has(buffer)) continue;
    outside.add(buffer);
    if (kind !== "r") updated.add(buffer);
  }
  for (const buffer of outputs) if (!owned.has(buffer)) outside.add(buffer);
  const { offsets, bytes } = layOut(stages, owned, inputs, outputs);
  return {
    groups: stages.flat(),
    parallel: isWorthThreads(stages),
    offsets,
    arenaBytes: bytes,
    outside: [...outside],
    updated: [...updated],
  };
}

/** The rows whose results are read by others of them, are among `kept`, or lie in memory that is not `owned`. */
function withoutDeadRows(launches: readonly Launch[], owned: ReadonlySet<Buffer>, kept: readonly Buffer[]): Launch[] {
  const wanted = new Set(kept);
  const needed: Launch[] = [];
  for (const launch of launches.toReversed()) {
    const touched = accesses(launch);
    if (!touched.some(({ buffer, kind }) => kind !== "r" && (wanted.has(buffer) || !owned.has(buffer)))) continue;
    // What it writes stays wanted: earlier rows may have written other parts of it.
    for (const { buffer } of touched) wanted.add(buffer);
    needed.push(launch);
  }
  return needed.reverse();
}

/** Whether a second thread could take over enough work: it does nothing where a stage is one long ticket. */
function isWorthThreads(stages: readonly (readonly Group[])[]): boolean {
  let saved = 0;
  for (const stage of stages) {
    const total = stage.reduce((sum, group) => sum + group.nanoseconds, 0);
    const longest = Math.max(...stage.map((group) => group.nanoseconds / group.tickets));
    saved += total - Math.max(total / 2, longest);
  }
  const several = stages.some((stage) => stage.length > 1 || stage[0].tickets > 1);
  return several && saved >= splitting.parallelNanoseconds / 2;
}
