// The engine's linear memory: allocates buffers, grows in large steps, frees a buffer with its last holder.
import { kernels } from "../generated/kernels.ts";
import { Allocator, type Block } from "./allocator.ts";
import { ArgumentError, OutOfMemoryError } from "./errors.ts";
import type { Buffer } from "./operand.ts";

const PAGE = 65536;
/** The core's constants are below it. */
export const FIRST_BYTE = 4096;
/** How many bytes memory starts with and grows by. */
export const DEFAULT_GROWTH: number = 16 * 1024 * 1024;
const SMALLEST_MAXIMUM = 64 * 1024 * 1024;
const LARGEST_MAXIMUM = 4 * 1024 ** 3;
/** Buffers of at most this size are kept for reuse when released, a few of each size. */
const SPARE_BYTES = 64 * 1024;
const SPARES = 32;
/**
 * The garbage collector sees small JavaScript objects and would not run before the engine's memory is full. So for each
 * further eighth of the maximum in use one buffer holds an ArrayBuffer that is never touched: it takes addresses, not memory,
 * but counts for the collector. V8 collects after two to four of this size; over 32 MiB they come zeroed from the system.
 * Memory that is freed explicitly returns its ballast for reuse.
 */
const BALLAST = 64 * 1024 * 1024;
const BALLAST_SHARE = 1 / 8;
/** With a smaller maximum there are no addresses to spare, as in edge runtimes. */
const BALLAST_MAXIMUM = 128 * 1024 * 1024;
export const DEFAULT_MAXIMUM: number = 1024 * 1024 * 1024;

/** One line of `memory.report()`: live buffers made at the same place. */
export interface MemoryLine {
  origin: string;
  count: number;
  bytes: number;
}

/** What `memory.report()` returns; all sizes in bytes. */
export interface MemoryReport {
  inUse: number;
  /** The most that was in use at once, since the start or `memory.resetPeak`. */
  peak: number;
  reserved: number;
  maximum: number;
  buffers: number;
  lines: MemoryLine[];
}

/** Throws an ArgumentError unless `maximum` is a possible number of bytes. */
export function checkMaximum(maximum: number): void {
  if (!(maximum >= SMALLEST_MAXIMUM && maximum <= LARGEST_MAXIMUM)) {
    throw new ArgumentError(
      `configure: memory must be from ${SMALLEST_MAXIMUM} to ${LARGEST_MAXIMUM} bytes, got ${maximum}`,
    );
  }
}

/** The one memory of the engine. @internal */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly maximum: number;
  /** Views of the whole memory, replaced when it grows. */
  bytes!: Uint8Array;
  i32!: Int32Array;
  f32!: Float32Array;
  /** Number of buffers alive. */
  buffers = 0;
  private readonly allocator: Allocator;
  /** Frees the block of a buffer that was collected without having been released; some edge runtimes have no FinalizationRegistry. */
  private readonly collected: FinalizationRegistry<Block> | undefined;
  /**
   * Released small buffers by size in units of 64 bytes. Registering a buffer for finalization costs more than all the
   * rest of a small op, so released ones are reused as they are (decision 4).
   */
  private readonly spares: Buffer[][] = Array.from({ length: SPARE_BYTES / 64 + 1 }, () => []);
  private spareBytes = 0;
  private peak = 0;
  /** Blocks whose buffers hold ballast, and ballast that is free. */
  private readonly ballasted = new Set<Block>();
  private readonly ballasts: ArrayBuffer[] = [];
  private readonly ballastStep: number;
  private readonly origins = new Map<Block, string>();
  private tracing = false;
  /** Bytes that it starts with and grows by. */
  private readonly growth: number;

  /** Reserves addresses for `maximum` bytes, or half as many where the runtime refuses, and so on. */
  constructor(maximum: number, growth: number = DEFAULT_GROWTH) {
    this.growth = growth;
    const initial = growth / PAGE;
    let pages = Math.floor(maximum / PAGE);
    let memory: WebAssembly.Memory | undefined;
    while (memory === undefined) {
      try {
        memory = new WebAssembly.Memory({ initial, maximum: pages, shared: true });
      } catch (error) {
        pages = pages >> 1;
        if (pages * PAGE < SMALLEST_MAXIMUM) throw error;
      }
    }
    this.memory = memory;
    this.maximum = pages * PAGE;
    const isHeavy = this.maximum > BALLAST_MAXIMUM && typeof FinalizationRegistry !== "undefined";
    this.ballastStep = isHeavy ? this.maximum * BALLAST_SHARE : Number.POSITIVE_INFINITY;
    this.allocator = new Allocator(FIRST_BYTE, initial * PAGE);
    if (typeof FinalizationRegistry !== "undefined") {
      this.collected = new FinalizationRegistry((block) => this.free(block));
    }
    this.view();
  }

  /** A buffer of `bytes` with undefined contents. OutOfMemoryError if there is no room. */
  allocate(bytes: number): Buffer {
    const spare = bytes <= SPARE_BYTES && !this.tracing ? this.spares[Math.max(1, (bytes + 63) >> 6)].pop() : undefined;
    if (spare !== undefined) {
      this.spareBytes -= spare.block.bytes;
      this.buffers++;
      spare.bytes = bytes;
      spare.references = 1;
      this.notePeak();
      return spare;
    }
    const block = this.allocator.allocate(bytes) ?? this.grow(bytes);
    this.notePeak();
    const origin = this.tracing ? callSite() : undefined;
    if (origin !== undefined) this.origins.set(block, origin);
    const ballast = this.allocator.inUse > (this.ballasted.size + 1) * this.ballastStep ? this.load(block) : undefined;
    const reusable = origin === undefined && ballast === undefined;
    const buffer: Buffer = { block, bytes, references: 1, reusable, version: 0, ballast, origin };
    this.collected?.register(buffer, block, buffer);
    this.buffers++;
    return buffer;
  }

  /** Removes a holder; the last one frees the buffer. */
  release(buffer: Buffer): void {
    if (--buffer.references > 0) return;
    const { block } = buffer;
    const spares = buffer.reusable && block.bytes <= SPARE_BYTES ? this.spares[block.bytes >> 6] : undefined;
    if (spares !== undefined && spares.length < SPARES) {
      spares.push(buffer);
      this.spareBytes += block.bytes;
      this.buffers--;
      return;
    }
    this.collected?.unregister(buffer);
    if (buffer.ballast) this.ballasts.push(buffer.ballast);
    this.free(block);
  }

  /** Resets the peak to what is in use now. */
  resetPeak(): void {
    this.peak = 0;
    this.notePeak();
  }

  /** Records from now on where each buffer is made (slow: a stack trace for each). */
  trace(on: boolean): void {
    this.tracing = on;
  }

  /** What is alive, and, for buffers made while tracing, where it was made. */
  report(): MemoryReport {
    const lines = new Map<string, MemoryLine>();
    for (const [block, origin] of this.origins) {
      const line = lines.get(origin) ?? { origin, count: 0, bytes: 0 };
      line.count++;
      line.bytes += block.bytes;
      lines.set(origin, line);
    }
    return {
      inUse: this.allocator.inUse - this.spareBytes,
      peak: this.peak,
      reserved: this.memory.buffer.byteLength,
      maximum: this.maximum,
      buffers: this.buffers,
      lines: [...lines.values()].sort((a, b) => b.bytes - a.bytes),
    };
  }

  private notePeak(): void {
    const inUse = this.allocator.inUse - this.spareBytes;
    if (inUse > this.peak) this.peak = inUse;
  }

  /** Ballast for a block's buffer, if the runtime has memory for it. */
  private load(block: Block): ArrayBuffer | undefined {
    this.ballasted.add(block);
    const free = this.ballasts.pop();
    if (free) return free;
    try {
      // Bun's collector reacts late, but can be called.
      (globalThis as { Bun?: { gc(wait: boolean): void } }).Bun?.gc(true);
      return new ArrayBuffer(BALLAST);
    } catch {
      return undefined;
    }
  }

  /** How many buffers are alive, and which kernels made most of them. */
  private alive(): string {
    const makers = new Map<number, { count: number; bytes: number }>();
    for (const { maker, bytes } of this.allocator.used()) {
      const sum = makers.get(maker) ?? { count: 0, bytes: 0 };
      makers.set(maker, { count: sum.count + 1, bytes: sum.bytes + bytes });
    }
    const most = [...makers].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 3);
    const names = Object.keys(kernels);
    const lines = most.map(
      ([maker, { count, bytes }]) => `${count} by ${names[maker] ?? "copying"} with ${Math.round(bytes / 2 ** 20)} MiB`,
    );
    return `: ${this.buffers} buffers, most of them made so: ${lines.join(", ")}`;
  }

  private free(block: Block): void {
    this.origins.delete(block);
    this.ballasted.delete(block);
    this.allocator.release(block);
    this.buffers--;
  }

  /** Frees the spare buffers; whether there were any. */
  private dropSpares(): boolean {
    if (this.spareBytes === 0) return false;
    for (const spares of this.spares) {
      for (const buffer of spares.splice(0)) {
        this.collected?.unregister(buffer);
        this.allocator.release(buffer.block);
      }
    }
    this.spareBytes = 0;
    return true;
  }

  private grow(bytes: number): Block {
    const reserved = this.memory.buffer.byteLength;
    const short = this.allocator.shortfall(bytes);
    const wanted = Math.ceil(Math.max(short, this.growth) / PAGE);
    const possible = (this.maximum - reserved) / PAGE;
    const pages = Math.min(wanted, possible);
    if (short > pages * PAGE) {
      if (this.dropSpares()) return this.allocator.allocate(bytes) ?? this.grow(bytes);
      throw new OutOfMemoryError(bytes, this.allocator.inUse, this.maximum, this.alive());
    }
    try {
      this.memory.grow(pages);
    } catch {
      throw new OutOfMemoryError(bytes, this.allocator.inUse, reserved, this.alive());
    }
    this.allocator.extend(this.memory.buffer.byteLength);
    this.view();
    const block = this.allocator.allocate(bytes);
    if (block === undefined) throw new OutOfMemoryError(bytes, this.allocator.inUse, this.maximum, this.alive());
    return block;
  }

  private view(): void {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.i32 = new Int32Array(this.memory.buffer);
    this.f32 = new Float32Array(this.memory.buffer);
  }
}

/** The user's line that allocated: the first stack frame outside this library's folders. */
function callSite(): string {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  const own = /[\\/](ts|dist)[\\/](runtime|tensor|autograd|ops|layers|optim|data|io|train|node|edge|separate)[\\/]/;
  return (frames.find((frame) => !own.test(frame)) ?? frames.at(-1) ?? "unknown").trim().replace(/^at /, "");
}
