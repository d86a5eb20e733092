// Divides recorded launches into stages, whose groups of launches may run side by side. It looks only at the memory that
// launches touch, and whether element by element, not at what they compute.
import type { Launch } from "./launch.ts";
import type { Buffer } from "./operand.ts";
import { chunk, splitting } from "./splitting.ts";

/** Launches that one thread runs one after the other; see assembly/program.ts. */
export interface Group {
  readonly launches: Launch[];
  /** Units that are divided into tickets; a group of one ticket whose block is 0 runs each launch over its own units. */
  readonly units: number;
  /** Units of one ticket. */
  grain: number;
  tickets: number;
  /** All launches run over this many units before the next units are begun. */
  block: number;
  nanoseconds: number;
  first: number;
  start: number;
  /** What the group touches. */
  readonly touched: Map<Buffer, Touch>;
}

/** How the launches of a group touch a buffer. */
interface Touch {
  written: boolean;
  /** Whether unit i touches element i and no other, in every launch. */
  each: boolean;
}

/** One pointer of a launch. */
export interface Access {
  readonly buffer: Buffer;
  /** w written, u updated, r read */
  readonly kind: string;
  /** Whether unit i touches element i and no other. */
  readonly each: boolean;
}

/** Small launches are grouped up to about this much work. */
const GROUP_NANOSECONDS = 20_000;

/** The pointers of a launch. */
export function accesses({ kinds, each, units, buffers }: Launch): Access[] {
  const list: Access[] = [];
  let next = 0;
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind === "i" || kind === "f") continue;
    const buffer = buffers[next++];
    // A broadcast operand has fewer elements than there are units.
    const bytes = Number(each[i]) * units;
    if (buffer) list.push({ buffer, kind, each: bytes > 0 && buffer.bytes === bytes });
  }
  return list;
}

/** Divides launches into stages: the groups of one stage touch nothing that another of them writes. */
export function makeStages(launches: readonly Launch[]): Group[][] {
  const stages: Group[][] = [];
  let stage: Group[] = [];
  for (const launch of launches) {
    const touched = accesses(launch);
    const conflicts = stage.filter((group) =>
      touched.some((access) => conflict(group.touched.get(access.buffer), access)),
    );
    const neighbour = conflicts.length > 0 ? conflicts[0] : stage.at(-1);
    let group = conflicts.length < 2 && neighbour && joins(neighbour, launch, touched) ? neighbour : undefined;
    if (group === undefined) {
      if (conflicts.length > 0 || stage.length === 0) stages.push((stage = []));
      group = makeGroup(launch, touched);
      stage.push(group);
    }
    join(group, launch, touched);
  }
  return stages;
}

function conflict(touch: Touch | undefined, { kind }: Access): boolean {
  return touch !== undefined && (touch.written || kind !== "r");
}

/** Whether a launch computes large tensors element by element. */
function isLargeElementwise({ units }: Launch, touched: readonly Access[]): boolean {
  return units > splitting.blockUnits && touched.every(({ kind, each }) => kind === "r" || each);
}

function makeGroup(launch: Launch, touched: readonly Access[]): Group {
  const { units, grain } = launch;
  const tickets = Math.ceil(units / grain);
  const block = tickets > 1 || isLargeElementwise(launch, touched) ? grain : 0;
  return { launches: [], units, grain, tickets, block, nanoseconds: 0, first: 0, start: 0, touched: new Map() };
}

/** Whether a launch may join a group, given that it conflicts with no other of its stage. */
function joins(group: Group, launch: Launch, touched: readonly Access[]): boolean {
  const dependent = touched.some((access) => conflict(group.touched.get(access.buffer), access));
  const large = isLargeElementwise(launch, touched);
  if (group.block === 0) {
    return !large && launch.grain >= launch.units && (dependent || group.nanoseconds < GROUP_NANOSECONDS);
  }
  if (!large || launch.units !== group.units) return false;
  for (const { written, each } of group.touched.values()) if (written && !each) return false;
  return touched.every((access) => {
    const touch = group.touched.get(access.buffer);
    return touch === undefined || !conflict(touch, access) || (touch.each && access.each);
  });
}

function join(group: Group, launch: Launch, touched: readonly Access[]): void {
  group.launches.push(launch);
  group.nanoseconds += launch.nanoseconds;
  for (const { buffer, kind, each } of touched) {
    const touch = group.touched.get(buffer);
    if (touch === undefined) group.touched.set(buffer, { written: kind !== "r", each });
    else {
      touch.written ||= kind !== "r";
      touch.each &&= each;
    }
  }
  if (group.launches.length === 1 || group.block === 0) return;
  const { units } = group;
  group.grain = Math.min(units, chunk(units, group.nanoseconds / units));
  group.tickets = Math.ceil(units / group.grain);
  group.block = Math.min(group.grain, splitting.blockUnits);
}
