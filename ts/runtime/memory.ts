// The engine's linear memory: hands out buffers, grows in large steps, frees what nobody holds any more.
import { Allocator, type Block } from "./allocator.ts";
import { ArgumentError, OutOfMemoryError } from "./errors.ts";
import type { Buffer } from "./operand.ts";

const PAGE = 65536;
/** Below it lie the constants of the core. */
export const FIRST_BYTE = 4096;
/** How many bytes memory starts with and grows by. */
export const DEFAULT_GROWTH: number = 16 * 1024 * 1024;
const SMALLEST_MAXIMUM = 64 * 1024 * 1024;
const LARGEST_MAXIMUM = 4 * 1024 ** 3;
/** Buffers of at most this size are kept for reuse when released, a few of each size. */
const SPARE_BYTES = 64 * 1024;
const SPARES = 32;
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
  reserved: number;
  maximum: number;
  buffers: number;
  lines: MemoryLine[];
}

/** Throws an ArgumentError unless `maximum` bytes may be asked for. */
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
  /** Views of the whole memory, made anew when it grows. */
  bytes!: Uint8Array;
  i32!: Int32Array;
  f32!: Float32Array;
  /** Number of buffers alive. */
  buffers = 0;
  private readonly allocator: Allocator;
  /** Frees the block of a buffer that was collected without having been released; some edge runtimes have no such net. */
  private readonly collected: FinalizationRegistry<Block> | undefined;
  /**
   * Released small buffers by size in units of 64 bytes. Registering a buffer for finalization costs more than all the
   * rest of a small op, so released ones are handed out again as they are.
   */
  private readonly spares: Buffer[][] = Array.from({ length: SPARE_BYTES / 64 + 1 }, () => []);
  private spareBytes = 0;
  private readonly origins = new Map<Block, string>();
  private tracing = false;
  /** Bytes it starts with, and takes at a time. */
  private readonly growth: number;

  /** Reserves addresses for at most `maximum` bytes, halving where the runtime refuses so many. */
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
    this.allocator = new Allocator(FIRST_BYTE, initial * PAGE);
    if (typeof FinalizationRegistry !== "undefined") {
      this.collected = new FinalizationRegistry((block) => this.free(block));
    }
    this.view();
  }

  /** A buffer of `bytes`, its contents undefined; OutOfMemoryError when there is no room. */
  allocate(bytes: number): Buffer {
    const spare = bytes <= SPARE_BYTES && !this.tracing ? this.spares[Math.max(1, (bytes + 63) >> 6)].pop() : undefined;
    if (spare !== undefined) {
      this.spareBytes -= spare.block.bytes;
      this.buffers++;
      spare.bytes = bytes;
      spare.references = 1;
      return spare;
    }
    const block = this.allocator.allocate(bytes) ?? this.grow(bytes);
    const origin = this.tracing ? callSite() : undefined;
    if (origin !== undefined) this.origins.set(block, origin);
    const buffer: Buffer = { block, bytes, references: 1, reusable: origin === undefined, version: 0, origin };
    this.collected?.register(buffer, block, buffer);
    this.buffers++;
    return buffer;
  }

  /** One holder fewer; the last one frees the buffer. */
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
    this.free(block);
  }

  /** Records from now on where each buffer was made (slow: a stack trace for each). */
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
      reserved: this.memory.buffer.byteLength,
      maximum: this.maximum,
      buffers: this.buffers,
      lines: [...lines.values()].sort((a, b) => b.bytes - a.bytes),
    };
  }

  private free(block: Block): void {
    this.origins.delete(block);
    this.allocator.release(block);
    this.buffers--;
  }

  /** Gives the spare buffers' room back; whether there were any. */
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
      throw new OutOfMemoryError(bytes, this.allocator.inUse, this.maximum);
    }
    try {
      this.memory.grow(pages);
    } catch {
      throw new OutOfMemoryError(bytes, this.allocator.inUse, reserved);
    }
    this.allocator.extend(this.memory.buffer.byteLength);
    this.view();
    const block = this.allocator.allocate(bytes);
    if (block === undefined) throw new OutOfMemoryError(bytes, this.allocator.inUse, this.maximum);
    return block;
  }

  private view(): void {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.i32 = new Int32Array(this.memory.buffer);
    this.f32 = new Float32Array(this.memory.buffer);
  }
}

/** The user's line that asked for memory: the first frame outside this library's own folders. */
function callSite(): string {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  const own = /[\\/](ts|dist)[\\/](runtime|tensor|autograd|ops|layers|optim|data|io|train|node|edge|separate)[\\/]/;
  return (frames.find((frame) => !own.test(frame)) ?? frames.at(-1) ?? "unknown").trim().replace(/^at /, "");
}
