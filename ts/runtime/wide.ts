// The 256-bit mode: V8's experimental revectorizer, which computes two neighbouring vectors of 128 bits as one. It is
// asked for by `configure({ wide: true })` and kept only where it is seen to be faster and to give the same bits.
import { builtinModule } from "./features.ts";
import type { Core } from "./kernels.ts";
import type { LinearMemory } from "./memory.ts";

/** Whether the core computes on 256 bits, and why or why not. */
export interface WideMode {
  readonly on: boolean;
  readonly reason: string;
}

const NODE = 24; // the first version whose V8 pairs the sums of a matrix product

/** Why `runtime` (as `detectRuntime` names it) has no 256-bit mode, or undefined where it may have one. */
export function refuseWide(runtime: string): string | undefined {
  const version = /^node (\d+)\./.exec(runtime)?.[1];
  return Number(version) >= NODE ? undefined : `256 bits need Node ${NODE} or later, this is ${runtime}`;
}

/** Tells V8 whether to pair vectors in what it compiles from now on, for all threads of this process. */
export function pairVectors(on: boolean): void {
  const v8 = builtinModule<typeof import("node:v8")>("node:v8");
  v8?.setFlagsFromString(`--${on ? "" : "no-"}experimental-wasm-revectorize`);
}

// The product that is timed: its operands stay in the first cache.
const ROWS = 32;
const COLUMNS = 32;
const DEPTH = 256;
const SHAPE = [ROWS, COLUMNS, DEPTH];
const STRIDES = [0, DEPTH, 1, 0, 8, 0]; // of a and of b, which is packed
const BLOCK = [ROWS, COLUMNS];
const PRODUCTS = 4; // timed together, some 50 microseconds
/** V8 optimises in the background: a time counts when so many rounds in turn have not bettered it by a tenth. */
const QUIET_ROUNDS = 30;
const LEAST_GAIN = 1.2;

/**
 * Times one product with both tiles in turn, some 10 ms in all, and leaves `core` with the wide one if it is at least
 * 1.2 times as fast and gives the same bits. `scratch` is the address of the core's scratch memory.
 */
export function measureWide(core: Core, memory: LinearMemory, scratch: number, now = () => performance.now()): WideMode {
  const operand = ROWS * DEPTH;
  const result = ROWS * COLUMNS;
  const buffer = memory.allocate((2 * operand + 2 * result) * 4);
  const a = buffer.block.address;
  const b = a + operand * 4;
  const c = b + operand * 4;
  for (let i = 0; i < 2 * operand; i++) memory.f32[(a >>> 2) + i] = Math.sin(i);

  const tiles = [false, true].map((wide, i) => ({ wide, c: c + i * result * 4, best: Number.POSITIVE_INFINITY }));
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
    for (const tile of tiles) {
      core.set_wide(tile.wide);
      const began = now();
      for (let i = 0; i < PRODUCTS; i++) {
        core.matmul_f32(tile.c, a, b, 0, ...SHAPE, ...STRIDES, ...BLOCK, 0, scratch, 0, 1);
      }
      const time = now() - began;
      if (time < 0.9 * tile.best) quiet = 0;
      tile.best = Math.min(tile.best, time);
    }
  }
  const [narrow, wide] = tiles;
  const bits = (at: number): Int32Array => memory.i32.subarray(at >>> 2, (at >>> 2) + result);
  const expected = bits(narrow.c);
  const same = bits(wide.c).every((value, i) => value === expected[i]);
  memory.release(buffer);

  const gain = narrow.best / wide.best;
  const on = same && gain >= LEAST_GAIN;
  core.set_wide(on);
  if (!same) return { on, reason: "256 bits gave other numbers than 128 bits" };
  return { on, reason: `256 bits ran ${gain.toFixed(2)} times as fast as 128 bits` };
}
