// Gives the buffers of a program their places in one arena: those that are never alive together share memory, and an
// elementwise row writes its result over an operand that it is the last to read.
import type { Buffer } from "./operand.ts";
import { type Access, accesses, type Group } from "./stages.ts";

const ALIGNMENT = 64;

interface Arena {
  /** Where each buffer begins, in bytes. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

/** Buffers that share one place, and the stages from the first that touches one of them to the last. */
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
  return place([...new Set(lives.values())]);
}

/**
 * Lets the result of an elementwise row lie where one of its operands lies, if both are of one size, the row is the first
 * to touch the one and the last to touch the other, and no row that may run at the same time reads other elements.
 */
function shareInPlace(stages: readonly (readonly Group[])[], lives: Map<Buffer, Life>): void {
  stages.forEach((stage, number) => {
    for (const group of stage) {
      const firstRow = new Map<Buffer, number>();
      const lastRow = new Map<Buffer, number>();
      const rows = group.launches.map(accesses);
      rows.forEach((list, row) => {
        for (const { buffer } of list) {
          if (!firstRow.has(buffer)) firstRow.set(buffer, row);
          lastRow.set(buffer, row);
        }
      });
      /** Whether a row may write over an operand: no other element of it is still wanted, by this row or others. */
      const isDone = (list: readonly Access[], row: number, operand: Buffer): boolean =>
        lastRow.get(operand) === row &&
        list.every(({ buffer, each }) => buffer !== operand || each) &&
        (group.block === 0 || group.touched.get(operand)?.each === true) &&
        stage.every((other) => other === group || !other.touched.has(operand));
      rows.forEach((list, row) => {
        for (const { buffer: result, kind, each } of list) {
          const life = lives.get(result);
          if (kind !== "w" || !each || life?.first !== number || firstRow.get(result) !== row) continue;
          for (const { buffer: operand, kind } of list) {
            const place = lives.get(operand);
            if (kind !== "r" || place?.last !== number || place.buffers.at(-1) !== operand) continue;
            if (operand.bytes !== result.bytes || !isDone(list, row, operand)) continue;
            place.buffers.push(result);
            place.last = life.last;
            lives.set(result, place);
            break;
          }
        }
      });
    }
  });
}

/** Gives each life an offset, largest first at the lowest place free over all the stages it lasts. */
function place(lives: Life[]): Arena {
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
