// Plans a recorded step: which launches are needed, which may run side by side, whether more than one thread is worth
// while, and the offset of each buffer. It looks at launches and buffers, not at what the kernels compute.
import { layOut } from "./arena.ts";
import type { Launch } from "./launch.ts";
import type { Buffer } from "./operand.ts";
import { splitting } from "./splitting.ts";
import { accesses, type Group, makeStages } from "./stages.ts";

export interface Plan {
  /** Launches that only pack what the program does not change: they need not run each time. */
  readonly packing: readonly Group[];
  /** The buffers that they read. */
  readonly packedFrom: readonly Buffer[];
  /** Launches that check values, and those that they need: they run first. */
  readonly checking: readonly Group[];
  /** Those that check, in their order. */
  readonly checks: readonly Launch[];
  readonly groups: readonly Group[];
  /** Whether more than one thread is worth while. */
  readonly parallel: boolean;
  /** First bytes of the program's own buffers in its arena. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly arenaBytes: number;
  /** Buffers that existed before and are used: weights, optimizer state, constants. */
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
  const needed = withoutDeadLaunches(launches, owned, [...inputs, ...outputs]);
  const [packs, others] = splitPacks(needed, owned, [...inputs, ...outputs]);
  const [first, rest] = splitChecks(others);
  const [packing, checking, stages] = [packs, first, rest].map((part) => numbered(makeStages(part)));
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

/** The launches whose results are read by others of them, are among `kept`, or lie in memory that is not `owned`. */
function withoutDeadLaunches(
  launches: readonly Launch[],
  owned: ReadonlySet<Buffer>,
  kept: readonly Buffer[],
): Launch[] {
  const wanted = new Set(kept);
  const needed: Launch[] = [];
  for (const launch of launches.toReversed()) {
    const touched = accesses(launch);
    if (!touched.some(({ buffer, kind }) => kind !== "r" && (wanted.has(buffer) || !owned.has(buffer)))) continue;
    // What it writes stays wanted: earlier launches may have written other parts of it.
    for (const { buffer } of touched) wanted.add(buffer);
    needed.push(launch);
  }
  return needed.reverse();
}

/** Numbers the tickets of all stages' groups. */
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

/** The launches that only pack outside memory that no launch changes, into memory that no other writes; and the others. */
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
 * The launches that check values with all that they need, and the others, which have changed nothing yet when a bad value
 * is found.
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

/** Whether a second thread could do enough of the work: it has nothing to do where a stage is one long ticket. */
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
