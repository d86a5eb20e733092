// The thread pool: starts workers in the background and runs programs on them. A run never waits for a worker that has
// not come; one that stops responding while it holds work is replaced by the calling thread, and the pool is given up.
import workerSource from "../generated/worker-source.ts";
import { builtinModule } from "./features.ts";
import type { Core } from "./kernels.ts";
import type { LinearMemory } from "./memory.ts";
import type { Buffer } from "./operand.ts";

// The control block's words; assembly/program.ts reads them.
const EPOCH = 0;
const PROGRAM = 1;
const TICKETS = 2;
const THREADS = 3;
const STOP = 4;
const SPINS = 5;
const PROGRAM_END = 6;
const NEXT_TICKET = 16; // low half of the 64-bit next; the high half is the epoch
const NEXT_EPOCH = 17;
const DONE = 32;
const SLEEPERS = 48;
const SLOTS = 64;
const SLOT_WORDS = 16;
const READY = 1;

export const MAXIMUM_THREADS = 64;
export const SCRATCH_BYTES = 512 * 1024;
const IDLE_SPINS = 200_000; // about 0.3 ms, longer than the gap between two training steps
const STALL_MILLISECONDS = 400;
const START_MILLISECONDS = 1000;

/** A thread as this pool needs it: Node's worker_threads and the web's Worker both fit. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

export class ThreadPool {
  /** Why the pool was given up, or undefined while it works. */
  failure: string | undefined;
  private readonly control: Buffer;
  private readonly base: number;
  private readonly scratches: Buffer[] = [];
  private readonly workers = new Set<Thread>();
  private readonly started = performance.now();
  private epoch = 0;
  private exited = 0;
  readonly threads: number;
  private readonly memory: LinearMemory;
  private readonly core: Core;

  /** Starts `threads - 1` workers; they report for work a few milliseconds later. */
  constructor(memory: LinearMemory, core: Core, module: WebAssembly.Module, threads: number) {
    this.memory = memory;
    this.core = core;
    this.threads = threads;
    const words = SLOTS + threads * SLOT_WORDS;
    this.control = memory.allocate(words * 4);
    this.base = this.control.block.address >> 2;
    memory.i32.fill(0, this.base, this.base + words);
    memory.i32[this.base + SPINS] = IDLE_SPINS;
    const make = workerMaker();
    if (make === undefined) {
      this.failure = "this runtime has no workers that share memory";
      return;
    }
    for (let thread = 0; thread < threads; thread++) memory.i32[this.slot(thread)] = -1;
    for (let thread = 1; thread < threads; thread++) this.start(make, module, thread);
  }

  /** Threads that have reported for work, the caller included. */
  get ready(): number {
    let count = 1;
    for (let thread = 1; thread < this.threads; thread++) {
      if (Atomics.load(this.memory.i32, this.slot(thread) + 1) === READY) count++;
    }
    return this.failure === undefined ? count : 1;
  }

  /** Says why workers that should be there are not, or nothing. */
  explain(): string | undefined {
    if (this.failure !== undefined || this.ready === this.threads) return this.failure;
    const late = performance.now() - this.started > START_MILLISECONDS;
    return late ? "workers did not start in time" : "workers are starting";
  }

  /** Runs the groups at [program, end), `tickets` in all; returns when all are done. */
  run(program: number, end: number, tickets: number): void {
    const { base, core } = this;
    const i32 = this.memory.i32;
    const epoch = (this.epoch = (this.epoch % 0x7fffffff) + 1);
    i32[base + PROGRAM] = program;
    i32[base + PROGRAM_END] = end;
    i32[base + TICKETS] = tickets;
    i32[base + THREADS] = this.threads;
    i32[base + DONE] = 0;
    i32[base + NEXT_TICKET] = 0;
    Atomics.store(i32, base + NEXT_EPOCH, epoch);
    Atomics.store(i32, base + EPOCH, epoch);
    if (Atomics.load(i32, base + SLEEPERS) > 0) Atomics.notify(i32, base + EPOCH);
    if (core.walk(this.control.block.address, 0, epoch) !== 0) this.wait(epoch);
  }

  /** Ends all workers; their memory is freed when they are gone. */
  stop(reason?: string): void {
    this.failure ??= reason ?? "the pool was stopped";
    Atomics.store(this.memory.i32, this.base + STOP, 1);
    Atomics.add(this.memory.i32, this.base + EPOCH, 1);
    Atomics.notify(this.memory.i32, this.base + EPOCH);
    for (const worker of this.workers) void worker.terminate();
    this.workers.clear();
  }

  private start(make: WorkerMaker, module: WebAssembly.Module, thread: number): void {
    const scratch = this.memory.allocate(SCRATCH_BYTES);
    this.scratches.push(scratch);
    try {
      const worker = make(workerSource, (reason) => this.gone(reason));
      this.workers.add(worker);
      worker.postMessage({
        module,
        memory: this.memory.memory,
        control: this.control.block.address,
        thread,
        scratch: scratch.block.address,
      });
    } catch (error) {
      this.stop(`a worker could not be made: ${(error as Error).message}`);
    }
  }

  /** A worker has ended: without all of them the calling thread goes on alone. */
  private gone(reason: string): void {
    this.exited++;
    if (this.failure === undefined) this.stop(reason);
    if (this.exited !== this.scratches.length) return;
    for (const buffer of [this.control, ...this.scratches]) this.memory.release(buffer);
  }

  /** The calling thread found nothing to do for a while: it looks again, and minds workers that hold work too long. */
  private wait(epoch: number): void {
    const { base, core } = this;
    const i32 = this.memory.i32;
    const control = this.control.block.address;
    let done = Atomics.load(i32, base + DONE);
    let moved = performance.now();
    while (core.walk(control, 0, epoch) !== 0) {
      const now = Atomics.load(i32, base + DONE);
      if (now !== done) {
        done = now;
        moved = performance.now();
      } else if (performance.now() - moved > STALL_MILLISECONDS) {
        this.takeOver();
        moved = performance.now();
      }
    }
  }

  /** Gives the workers up and does what they held. */
  private takeOver(): void {
    this.stop(`a worker held work for ${STALL_MILLISECONDS} ms and was given up`);
    // Terminating takes effect at the next loop of the worker's code; leave it time to do so.
    sleep(20);
    for (let thread = 1; thread < this.threads; thread++) {
      const ticket = Atomics.exchange(this.memory.i32, this.slot(thread), -1);
      if (ticket >= 0) this.core.redo(this.control.block.address, ticket);
    }
  }

  private slot(thread: number): number {
    return this.base + SLOTS + thread * SLOT_WORDS;
  }
}

type WorkerMaker = (source: string, gone: (reason: string) => void) => Thread;

/** How this runtime makes a worker from source text, or undefined where it has none that can share memory. */
function workerMaker(): WorkerMaker | undefined {
  const threads = builtinModule<typeof import("node:worker_threads")>("node:worker_threads");
  if (threads) {
    return (source, gone) => {
      const worker = new threads.Worker(source, { eval: true, execArgv: [] });
      let reason = "a worker ended";
      worker.on("error", (error: Error) => {
        reason = `a worker failed: ${error.message}`;
      });
      worker.on("exit", () => gone(reason));
      worker.unref();
      return worker;
    };
  }
  if (typeof Worker === "undefined" || typeof SharedArrayBuffer === "undefined") return undefined;
  return (source, gone) => {
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    worker.onerror = (event) => gone(`a worker failed: ${event.message}`);
    return worker;
  };
}

function sleep(milliseconds: number): void {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  } catch {
    // A browser's main thread may not sleep: it looks at the clock instead.
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }
}
