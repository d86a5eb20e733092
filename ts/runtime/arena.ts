// Assigns the buffers of a program their offsets in one arena: those that are never alive together share memory, and an
// elementwise launch writes its result over an operand that it is the last to read.
import type { Buffer } from "./operand.ts";
import { type Access, accesses, type Group } from "./stages.ts";

const ALIGNMENT = 64;

interface Arena {
  /** Each buffer's first byte. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

/** Buffers that share one offset, and the stages from the first that touches one of them to the last. */
interface Life {
  readonly buffers: Buffer[];
  readonly bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** Lays out the `owned` buffers that are used; `inputs` and `outputs` outlive the run. */
export function layOut(
  stages: readonly (readonly Group[])[],
  owned: ReadonlySet<Buffer>,
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
): Arena {
  const lives = new Map<Buffer, Life>();
  const live = (buffer: Buffer, stage: number): void => {
    if (!owned.has(buffer)) return;
    const life = lives.get(buffer);
    if (life) {
      life.first = Math.min(life.first, stage);
      life.last = Math.max(life.last, stage);
    } else {
      const bytes = Math.ceil(Math.max(1, buffer.bytes) / ALIGNMENT) * ALIGNMENT;
      lives.set(buffer, { buffers: [buffer], bytes, first: stage, last: stage, offset: 0 });
    }
  };
  // Inputs keep their values for the next replay, outputs theirs until they are copied.
  for (const buffer of inputs) for (const stage of [-1, stages.length]) live(buffer, stage);
  stages.forEach((stage, number) => {
    for (const { touched } of stage) for (const buffer of touched.keys()) live(buffer, number);
  });
  for (const buffer of outputs) live(buffer, stages.length);
  shareInPlace(stages, lives);
  return assignOffsets([...new Set(lives.values())]);
}

/**
 * Lets the result of an elementwise launch share an operand's offset, if both have the same size, the launch is the first
 * to touch the one and the last to touch the other, and no launch that may run at the same time reads other elements.
 */
function shareInPlace(stages: readonly (readonly Group[])[], lives: Map<Buffer, Life>): void {
  stages.forEach((stage, number) => {
    for (const group of stage) {
      const firstUse = new Map<Buffer, number>();
      const lastUse = new Map<Buffer, number>();
      const launches = group.launches.map(accesses);
      launches.forEach((list, launch) => {
        for (const { buffer } of list) {
          if (!firstUse.has(buffer)) firstUse.set(buffer, launch);
          lastUse.set(buffer, launch);
        }
      });
      /** Whether a launch may write over an operand: no other element of it is still needed, by this launch or others. */
      const isDone = (list: readonly Access[], launch: number, operand: Buffer): boolean =>
        lastUse.get(operand) === launch &&
        list.every(({ buffer, each }) => buffer !== operand || each) &&
        (group.block === 0 || group.touched.get(operand)?.each === true) &&
        stage.every((other) => other === group || !other.touched.has(operand));
      launches.forEach((list, launch) => {
        for (const { buffer: result, kind, each } of list) {
          const life = lives.get(result);
          if (kind !== "w" || !each || life?.first !== number || firstUse.get(result) !== launch) continue;
          for (const { buffer: operand, kind } of list) {
            const shared = lives.get(operand);
            if (kind !== "r" || shared?.last !== number || shared.buffers.at(-1) !== operand) continue;
            if (operand.bytes !== result.bytes || !isDone(list, launch, operand)) continue;
            shared.buffers.push(result);
            shared.last = life.last;
            lives.set(result, shared);
            break;
          }
        }
      });
    }
  });
}

/** Assigns each life the lowest offset that is free during all its stages, largest first. */
function assignOffsets(lives: Life[]): Arena {
  const placed: Life[] = [];
  let bytes = ALIGNMENT;
  for (const life of lives.sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const neighbours = placed.filter((other) => other.first <= life.last && life.first <= other.last);
    neighbours.sort((a, b) => a.offset - b.offset);
    for (const other of neighbours) {
      if (life.offset + life.bytes <= other.offset) break;
      life.offset = Math.max(life.offset, other.offset + other.bytes);
    }
    placed.push(life);
    bytes = Math.max(bytes, life.offset + life.bytes);
  }
  const offsets = new Map(placed.flatMap(({ buffers, offset }) => buffers.map((buffer) => [buffer, offset] as const)));
  return { offsets, bytes };
}
