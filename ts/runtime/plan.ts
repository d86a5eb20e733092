// Plans a recorded step: which rows are needed, which may run side by side, whether more than one thread is worth while,
// and where each buffer lives. It knows launches and buffers, not what the kernels compute.
import { layOut } from "./arena.ts";
import type { Buffer } from "./operand.ts";
import type { Launch } from "./program.ts";
import { splitting } from "./splitting.ts";
import { accesses, type Group, makeStages } from "./stages.ts";

export interface Plan {
  /** Rows that only pack what the program does not change: they need not run each time. */
  readonly packing: readonly Group[];
  /** The buffers that they read. */
  readonly packedFrom: readonly Buffer[];
  /** Rows that look for bad values, and what must run before them: they run first. */
  readonly checking: readonly Group[];
  /** Those that look, in their order. */
  readonly checks: readonly Launch[];
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
  const [packs, others] = splitPacks(needed, owned, [...inputs, ...outputs]);
  const [first, rest] = splitChecks(others);
  const [packing, checking, stages] = [packs, first, rest].map((rows) => numbered(makeStages(rows)));
  const outside = new Set<Buffer>();
  const updated = new Set<Buffer>();
  for (const { buffer, kind } of needed.flatMap(accesses)) {
    if (owned.has(buffer)) continue;
    outside.add(buffer);
    if (kind !== "r") updated.add(buffer);
  }
  for (const buffer of outputs) if (!owned.has(buffer)) outside.add(buffer);
  // What is packed stays for the next run, as inputs do.
  const packed = packs.flatMap(accesses).filter(({ kind }) => kind !== "r");
  const all = [...checking, ...stages];
  const { offsets, bytes } = layOut(all, owned, [...inputs, ...packed.map(({ buffer }) => buffer)], outputs);
  return {
    packing: packing.flat(),
    packedFrom: packs.flatMap(accesses).flatMap(({ buffer, kind }) => (kind === "r" ? [buffer] : [])),
    checking: checking.flat(),
    checks: first.filter(({ fail }) => fail),
    groups: stages.flat(),
    parallel: isWorthThreads(all),
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

/** Gives the groups of all stages their tickets. */
function numbered(stages: Group[][]): Group[][] {
  let ticket = 0;
  for (const stage of stages) {
    const start = ticket;
    for (const group of stage) {
      group.start = start;
      group.first = ticket;
      ticket += group.tickets;
    }
  }
  return stages;
}

/** The rows that only pack memory from outside that no row changes, into memory that no other row writes; and the others. */
function splitPacks(
  launches: readonly Launch[],
  owned: ReadonlySet<Buffer>,
  kept: readonly Buffer[],
): [packs: Launch[], others: Launch[]] {
  const writers = new Map<Buffer, number>();
  for (const { buffer, kind } of launches.flatMap(accesses)) {
    if (kind !== "r") writers.set(buffer, (writers.get(buffer) ?? 0) + 1);
  }
  const isSteady = (launch: Launch): boolean =>
    launch.pack &&
    accesses(launch).every(({ buffer, kind }) =>
      kind === "r"
        ? !owned.has(buffer) && !writers.has(buffer)
        : owned.has(buffer) && writers.get(buffer) === 1 && !kept.includes(buffer),
    );
  return [launches.filter(isSteady), launches.filter((launch) => !isSteady(launch))];
}

/**
 * The rows that look for bad values with all that must run before them, and the others: what these change is as it was
 * when a bad value is found.
 */
function splitChecks(launches: readonly Launch[]): [first: Launch[], others: Launch[]] {
  const first = new Set<Launch>();
  /** What those touch, and whether one of them writes it. */
  const known = new Map<Buffer, boolean>();
  for (const launch of launches.toReversed()) {
    const touched = accesses(launch);
    const isNeeded = touched.some(({ buffer, kind }) => known.get(buffer) || (known.has(buffer) && kind !== "r"));
    if (launch.fail === undefined && !isNeeded) continue;
    first.add(launch);
    for (const { buffer, kind } of touched) known.set(buffer, known.get(buffer) === true || kind !== "r");
  }
  return [launches.filter((launch) => first.has(launch)), launches.filter((launch) => !first.has(launch))];
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
