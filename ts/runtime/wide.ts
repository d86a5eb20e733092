// The 256-bit mode: V8's experimental revectorizer, which computes two neighbouring vectors of 128 bits as one. Turned
// on by `configure({ wide: true })`, and kept only where it measures faster and gives the same bits.
import { builtinModule } from "./features.ts";
import type { Core, LoadedCore } from "./kernels.ts";
import type { LinearMemory } from "./memory.ts";
import type { Buffer } from "./operand.ts";

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

/** What a trial uses of the platform; tests replace it. */
export const machine = {
  now: (): number => performance.now(),
  /** Sets whether V8 pairs vectors in what it compiles from now on, for all threads of this process. */
  pairVectors(on: boolean): void {
    const v8 = builtinModule<typeof import("node:v8")>("node:v8");
    v8?.setFlagsFromString(`--${on ? "" : "no-"}experimental-wasm-revectorize`);
  },
};

const LEAST_GAIN = 1.2;
const COMPARED_ROUNDS = 21;

/**
 * Compiles a second core with the 256-bit mode and times both at one product, some 40 ms in all. Returns the second if
 * it is at least 1.2 times as fast and gives the same bits, else `plain`. `scratch` is the address of the scratch memory.
 */
export function tryWide(
  plain: LoadedCore,
  compile: () => LoadedCore,
  memory: LinearMemory,
  scratch: number,
): { loaded: LoadedCore; mode: WideMode } {
  const product = new Product(memory, scratch);
  product.settle(plain.core);
  // Only until V8 has optimized the product: with pairing on, V8 aborts at some modules.
  let paired: LoadedCore;
  machine.pairVectors(true);
  try {
    paired = compile();
    paired.core.set_scratch(scratch);
    paired.core.set_wide(true);
    product.settle(paired.core);
  } finally {
    machine.pairVectors(false);
  }

  // Alternately: other load on the machine then slows both.
  const gains: number[] = [];
  let same = true;
  for (let round = 0; round < COMPARED_ROUNDS; round++) {
    const before = product.time(plain.core);
    const expected = product.result();
    gains.push(before / product.time(paired.core));
    const result = product.result();
    same &&= expected.every((value, i) => value === result[i]);
  }
  product.release();
  const gain = gains.sort((x, y) => x - y)[COMPARED_ROUNDS >> 1];
  const reason = same
    ? `256 bits ran ${gain.toFixed(2)} times as fast as 128 bits`
    : "256 bits gave other numbers than 128 bits";
  const on = same && gain >= LEAST_GAIN;
  return { loaded: on ? paired : plain, mode: { on, reason } };
}

// Columns for four wide tiles and a narrow one; panels fit into the L1 cache.
const ROWS = 32;
const COLUMNS = 72;
const DEPTH = 128;
const SHAPE = [ROWS, COLUMNS, DEPTH];
const STRIDES = [0, COLUMNS, 0, DEPTH, 1, 0, 8, 0]; // of the product, the left operand and the right one, which is packed
const BLOCK = [ROWS, COLUMNS];
const REPETITIONS = 4; // timed together: some 50 microseconds
/** V8 optimizes in the background: it is done when so many runs in succession were not a tenth faster than the best. */
const QUIET_ROUNDS = 40;

/** One matrix product, to be timed. */
class Product {
  private readonly memory: LinearMemory;
  private readonly scratch: number;
  private readonly buffer: Buffer;
  /** Address of the left operand; the right one and the result follow. */
  private readonly address: number;

  constructor(memory: LinearMemory, scratch: number) {
    this.memory = memory;
    this.scratch = scratch;
    const operands = ROWS * DEPTH + DEPTH * COLUMNS;
    this.buffer = memory.allocate((operands + ROWS * COLUMNS) * 4);
    this.address = this.buffer.block.address;
    for (let i = 0; i < operands; i++) memory.f32[(this.address >>> 2) + i] = Math.sin(i);
  }

  time(core: Core): number {
    const a = this.address;
    const b = a + ROWS * DEPTH * 4;
    const c = b + DEPTH * COLUMNS * 4;
    const began = machine.now();
    for (let i = 0; i < REPETITIONS; i++) {
      core.matmul_f32(c, a, b, 0, ...SHAPE, ...STRIDES, ...BLOCK, 0, this.scratch, 0, 1);
    }
    return machine.now() - began;
  }

  /** Runs until V8 has optimized it. */
  settle(core: Core): void {
    let best = Number.POSITIVE_INFINITY;
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
      const time = this.time(core);
      if (time < 0.9 * best) quiet = 0;
      best = Math.min(best, time);
    }
  }

  /** The bits of the result. */
  result(): Int32Array {
    const end = (this.address + this.buffer.bytes) >>> 2;
    return this.memory.i32.slice(end - ROWS * COLUMNS, end);
  }

  release(): void {
    this.memory.release(this.buffer);
  }
}
