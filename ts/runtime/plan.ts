// Plans a recorded step: which rows may run side by side, and where each buffer lives so that those that are never
// alive together share memory. It knows launches and buffers, not what the kernels compute.
import type { Buffer } from "./operand.ts";
import type { Launch } from "./program.ts";

/** Rows that one thread runs one after the other; see assembly/program.ts. */
export interface Group {
  readonly launches: Launch[];
  readonly tickets: number;
  nanoseconds: number;
  first: number;
  start: number;
}

export interface Plan {
  readonly groups: readonly Group[];
  /** Whether any stage has work for more than one thread. */
  readonly parallel: boolean;
  /** Where the program's own buffers begin in its arena, in bytes. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly arenaBytes: number;
  /** Buffers that existed before and are used: parameters, optimizer state, constants. */
  readonly outside: readonly Buffer[];
  /** Those of them that a run changes. */
  readonly updated: readonly Buffer[];
}

/** Small rows are strung together up to about this much work before another thread is offered the next ones. */
const GROUP_NANOSECONDS = 20_000;
const ALIGNMENT = 64;

/** Plans `launches`; `owned` are the buffers the program lays out, of which `inputs` and `outputs` outlive the run. */
export function makePlan(
  launches: readonly Launch[],
  owned: ReadonlySet<Buffer>,
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): Plan {
  const stages = makeStages(launches);
  const groups: Group[] = [];
  let ticket = 0;
  for (const stage of stages) {
    const start = ticket;
    for (const group of stage) {
      group.start = start;
      group.first = ticket;
      ticket += group.tickets;
      groups.push(group);
    }
  }
  const parallel = stages.some((stage) => stage.length > 1 || stage[0].tickets > 1);
  const outside = new Set<Buffer>();
  const updated = new Set<Buffer>();
  for (const launch of launches) {
    for (const { buffer, writes } of accesses(launch)) {
      if (owned.has(buffer)) continue;
      outside.add(buffer);
      if (writes) updated.add(buffer);
    }
  }
  for (const buffer of outputs) if (!owned.has(buffer)) outside.add(buffer);
  const { offsets, arenaBytes } = layOut(stages, owned, inputs, outputs);
  return { groups, parallel, offsets, arenaBytes, outside: [...outside], updated: [...updated] };
}

interface Access {
  readonly buffer: Buffer;
  readonly writes: boolean;
}

function accesses({ kinds, buffers }: Launch): Access[] {
  const list: Access[] = [];
  let next = 0;
  for (const kind of kinds) {
    if (kind === "i" || kind === "f") continue;
    const buffer = buffers[next++];
    if (buffer) list.push({ buffer, writes: kind !== "r" });
  }
  return list;
}

/** Cuts the rows into stages: the groups of one stage touch nothing that another of them writes. */
function makeStages(launches: readonly Launch[]): Group[][] {
  const stages: Group[][] = [];
  let stage: Group[] = [];
  // Which group of this stage last wrote a buffer, and which groups read it.
  let writers = new Map<Buffer, Group>();
  let readers = new Map<Buffer, Set<Group>>();
  for (const launch of launches) {
    const touched = accesses(launch);
    const conflicts = new Set<Group>();
    for (const { buffer, writes } of touched) {
      const writer = writers.get(buffer);
      if (writer) conflicts.add(writer);
      if (writes) for (const reader of readers.get(buffer) ?? []) conflicts.add(reader);
    }
    const tickets = Math.ceil(launch.units / launch.grain);
    const last = stage.at(-1);
    const small = tickets === 1 && last?.tickets === 1;
    let group: Group;
    if (last && small && (conflicts.size === 0 ? last.nanoseconds < GROUP_NANOSECONDS : only(conflicts, last))) {
      group = last;
    } else {
      if (conflicts.size > 0 || stage.length === 0) {
        stage = [];
        stages.push(stage);
        writers = new Map();
        readers = new Map();
      }
      group = { launches: [], tickets, nanoseconds: 0, first: 0, start: 0 };
      stage.push(group);
    }
    group.launches.push(launch);
    group.nanoseconds += launch.nanoseconds;
    for (const { buffer, writes } of touched) {
      if (writes) writers.set(buffer, group);
      else readers.set(buffer, (readers.get(buffer) ?? new Set()).add(group));
    }
  }
  return stages;
}

function only(groups: ReadonlySet<Group>, group: Group): boolean {
  return groups.size === 1 && groups.has(group);
}

interface Life {
  readonly buffer: Buffer;
  readonly bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** Gives each owned buffer an offset, largest first at the lowest place free over all the stages it lives through. */
function layOut(
  stages: readonly Group[][],
  owned: ReadonlySet<Buffer>,
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): { offsets: Map<Buffer, number>; arenaBytes: number } {
  const lives = new Map<Buffer, Life>();
  const live = (buffer: Buffer, stage: number): void => {
    if (!owned.has(buffer)) return;
    const life = lives.get(buffer);
    if (life) {
      life.first = Math.min(life.first, stage);
      life.last = Math.max(life.last, stage);
    } else {
      const bytes = Math.ceil(Math.max(1, buffer.bytes) / ALIGNMENT) * ALIGNMENT;
      lives.set(buffer, { buffer, bytes, first: stage, last: stage, offset: 0 });
    }
  };
  // Inputs keep their values for the next replay, outputs theirs until they are copied.
  for (const buffer of inputs) for (const stage of [-1, stages.length]) live(buffer, stage);
  stages.forEach((stage, number) => {
    for (const group of stage) {
      for (const launch of group.launches) for (const { buffer } of accesses(launch)) live(buffer, number);
    }
  });
  for (const buffer of outputs) live(buffer, stages.length);

  const placed: Life[] = [];
  let arenaBytes = ALIGNMENT;
  for (const life of [...lives.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const neighbours = placed.filter((other) => other.first <= life.last && life.first <= other.last);
    neighbours.sort((a, b) => a.offset - b.offset);
    for (const other of neighbours) {
      if (life.offset + life.bytes <= other.offset) break;
      life.offset = Math.max(life.offset, other.offset + other.bytes);
    }
    placed.push(life);
    arenaBytes = Math.max(arenaBytes, life.offset + life.bytes);
  }
  return { offsets: new Map(placed.map(({ buffer, offset }) => [buffer, offset])), arenaBytes };
}
