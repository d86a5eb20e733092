// Canaries: behind each buffer that is handed out lie bytes of a known value, and inside it, at first, garbage. Whatever
// writes past the end kills them; whatever reads what nobody wrote comes to other results with other garbage.
import { engine } from "../../../ts/runtime/engine.ts";
import type { Buffer } from "../../../ts/runtime/operand.ts";
import { must } from "./family.ts";

const GUARD_BYTES = 64;
const CANARY = 0xa5;

/** Garbage that reads as immense numbers, and garbage that reads as NaN. */
export const garbages = [0x7f, 0xff] as const;

let garbage: number = garbages[0];
const watched = new Set<Buffer>();

/** From now on all buffers have canaries. */
export function placeCanaries(): void {
  const { memory } = engine();
  const { allocate, release } = memory;
  memory.allocate = (bytes) => {
    const buffer = allocate.call(memory, bytes + GUARD_BYTES);
    const { address, bytes: room } = buffer.block;
    buffer.bytes = bytes;
    memory.bytes.fill(garbage, address, address + bytes);
    memory.bytes.fill(CANARY, address + bytes, address + room);
    watched.add(buffer);
    return buffer;
  };
  memory.release = (buffer) => {
    if (buffer.references === 1 && watched.delete(buffer)) check(buffer);
    release.call(memory, buffer);
  };
}

/** Fills what is handed out from now on with this. */
export function setGarbage(byte: number): void {
  garbage = byte;
}

/** Throws unless all canaries of buffers made since the last time are alive. */
export function checkCanaries(): void {
  for (const buffer of watched) check(buffer);
  watched.clear();
}

function check({ block, bytes }: Buffer): void {
  const { memory } = engine();
  const tail = memory.bytes.subarray(block.address + bytes, block.address + block.bytes);
  const dead = tail.findIndex((byte) => byte !== CANARY);
  must(dead < 0, () => `what lies behind a buffer of ${bytes} bytes must stay, got byte ${dead} behind it changed`);
}
