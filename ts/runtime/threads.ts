// The thread pool: starts workers in the background and runs programs on them. A run never waits for a worker that has
// not come; one that stops responding while it holds work is replaced by the calling thread, and the pool is given up.
import workerSource from "../generated/worker-source.ts";
import { StateError } from "./errors.ts";
import { builtinModule, detectRuntime, hasBuiltinModules } from "./features.ts";
import type { Core } from "./kernels.ts";
import type { LinearMemory } from "./memory.ts";
import type { Buffer } from "./operand.ts";
import { isRepeatable } from "./rows.ts";
import { makeWebWorker, type Thread, type WorkerMaker } from "./web-worker.ts";

// The control block's words that this side reads and writes; assembly/program.ts has them all.
const EPOCH = 0;
const PROGRAM = 1;
const STOP = 4;
const SPINS = 5;
const DONE = 32;
const SLOTS = 64; // one line per thread: the ticket it holds or -1, then its state
const SLOT_WORDS = 16;
const READY = 1;
const FAILED = 2;

export const MAXIMUM_THREADS = 64;
export const SCRATCH_BYTES: number = 512 * 1024;
const IDLE_SPINS = 200_000; // about 0.3 ms, longer than the gap between two training steps
// Patience for a worker that got no core for a while: where ending a thread takes time (Chromium, Deno) one that comes
// back later still writes.
const STALL_MILLISECONDS = 600;
// Terminating takes effect at the next loop of a worker's code.
const TERMINATION_MILLISECONDS = 20;
const GAP_MILLISECONDS = 5;
const LINGER_MILLISECONDS = 1000;
const START_MILLISECONDS = 1000;

/** How workers are made here, or undefined where none can share memory; tests make some that fail. */
export const spawning: { make: WorkerMaker | undefined } = { make: workerMaker() };

export class ThreadPool {
  /** Why the pool was given up, or undefined while it works. */
  failure: string | undefined;
  readonly threads: number;
  private readonly memory: LinearMemory;
  private readonly core: Core;
  private readonly wide: boolean;
  private readonly control: Buffer;
  /** The control block's first word. */
  private readonly base: number;
  private readonly scratches: Buffer[] = [];
  private readonly workers = new Set<Thread>();
  private readonly began = performance.now();
  private epoch = 0;
  private exited = 0;
  private released = false;

  /** Starts `threads - 1` workers, `wide` as the caller; they report for work a few milliseconds later. */
  constructor(memory: LinearMemory, core: Core, module: WebAssembly.Module, threads: number, wide: boolean) {
    this.memory = memory;
    this.core = core;
    this.wide = wide;
    this.threads = threads;
    const words = SLOTS + threads * SLOT_WORDS;
    this.control = memory.allocate(words * 4);
    this.base = this.control.block.address >>> 2;
    memory.i32.fill(0, this.base, this.base + words);
    memory.i32[this.base + SPINS] = IDLE_SPINS;
    for (let thread = 0; thread < threads; thread++) memory.i32[this.slot(thread)] = -1;
    try {
      if (spawning.make === undefined) throw new Error("this runtime has no workers that share memory");
      for (let thread = 1; thread < threads; thread++) this.start(spawning.make, module, thread);
    } catch (error) {
      this.stop(`workers could not be made: ${(error as Error).message}`);
    }
  }

  /** Threads that have reported for work, the caller included. */
  get ready(): number {
    let count = 1;
    for (let thread = 1; thread < this.threads; thread++) if (this.state(thread) === READY) count++;
    return this.failure === undefined ? count : 1;
  }

  /** Says why workers that should be there are not, or nothing. */
  explain(): string | undefined {
    if (this.failure !== undefined || this.ready === this.threads) return this.failure;
    const late = performance.now() - this.began > START_MILLISECONDS;
    return late ? "workers did not start in time" : "workers are starting";
  }

  /** Runs the groups at [program, end), `tickets` in all; returns when all are done. */
  run(program: number, end: number, tickets: number): void {
    this.epoch = (this.epoch % 0x7fffffff) + 1;
    try {
      const pending = this.core.run(this.control.block.address, this.epoch, program, end, tickets);
      if (pending !== 0) this.wait();
    } catch (error) {
      // The caller will free what the workers are still working on.
      this.stop(`a run failed: ${(error as Error).message}`);
      sleep(TERMINATION_MILLISECONDS);
      throw error;
    }
  }

  /** Ends all workers; their memory is freed when they are gone. */
  stop(reason = "the pool was stopped"): void {
    this.failure ??= reason;
    Atomics.store(this.memory.i32, this.base + STOP, 1);
    Atomics.add(this.memory.i32, this.base + EPOCH, 1);
    Atomics.notify(this.memory.i32, this.base + EPOCH);
    for (const worker of this.workers) void worker.terminate();
    this.workers.clear();
    this.releaseWhenGone();
  }

  private start(make: WorkerMaker, module: WebAssembly.Module, thread: number): void {
    const scratch = this.memory.allocate(SCRATCH_BYTES);
    let worker: Thread;
    try {
      worker = make(workerSource, (reason) => this.gone(reason));
    } catch (error) {
      this.memory.release(scratch);
      throw error;
    }
    this.scratches.push(scratch);
    this.workers.add(worker);
    worker.postMessage({
      module,
      memory: this.memory.memory,
      control: this.control.block.address,
      thread,
      scratch: scratch.block.address,
      wide: this.wide,
    });
  }

  /** A worker has ended: without all of them the calling thread goes on alone. */
  private gone(reason: string): void {
    this.exited++;
    if (this.failure === undefined) this.stop(reason);
    else this.releaseWhenGone();
  }

  private releaseWhenGone(): void {
    if (this.released || this.exited !== this.scratches.length) return;
    this.released = true;
    const release = (): void => {
      for (const buffer of [this.control, ...this.scratches]) this.memory.release(buffer);
    };
    // Deno tells of a worker's end when it is told to end, and lets it run on until it sees that the pool has stopped.
    if (detectRuntime().startsWith("deno")) setTimeout(release, LINGER_MILLISECONDS);
    else release();
  }

  /** The calling thread found nothing to do for a while: it looks again, and minds workers that hold work too long. */
  private wait(): void {
    let done = this.done();
    let looked = performance.now();
    let stalled = 0;
    while (this.core.walk(this.control.block.address, 0, this.epoch) !== 0) {
      const now = performance.now();
      // Of a long gap, in which this thread cannot have looked either (a suspended machine), little counts.
      stalled = this.done() === done ? stalled + Math.min(now - looked, GAP_MILLISECONDS) : 0;
      done = this.done();
      looked = now;
      if (stalled > STALL_MILLISECONDS || (this.failure === undefined && this.anyFailed())) {
        this.takeOver();
        stalled = 0;
      }
    }
  }

  /** Gives the workers up and does what they held. */
  private takeOver(): void {
    if (this.failure !== undefined)
      throw new StateError("run: a thread must not end unseen, got one that took work with it");
    this.stop(
      this.anyFailed()
        ? "a worker failed while it held work"
        : `a worker held work for ${STALL_MILLISECONDS} ms and was given up`,
    );
    sleep(TERMINATION_MILLISECONDS);
    const { i32 } = this.memory;
    const control = this.control.block.address;
    for (let thread = 1; thread < this.threads; thread++) {
      const ticket = Atomics.exchange(i32, this.slot(thread), -1);
      if (ticket < 0) continue;
      if (!isRepeatable(i32, i32[this.base + PROGRAM] >>> 2, ticket)) {
        throw new StateError(
          "run: a thread must not end while it updates values in place, got one that did; " +
            "restore the values that this step updates",
        );
      }
      this.core.redo(control, ticket);
    }
  }

  private done(): number {
    return Atomics.load(this.memory.i32, this.base + DONE);
  }

  private anyFailed(): boolean {
    for (let thread = 1; thread < this.threads; thread++) if (this.state(thread) === FAILED) return true;
    return false;
  }

  private state(thread: number): number {
    return Atomics.load(this.memory.i32, this.slot(thread) + 1);
  }

  private slot(thread: number): number {
    return this.base + SLOTS + thread * SLOT_WORDS;
  }
}

/** How this runtime makes a worker from source text. */
function workerMaker(): WorkerMaker {
  if (!hasBuiltinModules()) return makeWebWorker;
  return (source, gone) => {
    const threads = builtinModule<typeof import("node:worker_threads")>("node:worker_threads");
    if (threads === undefined) throw new Error("this runtime has no workers");
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

function sleep(milliseconds: number): void {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  } catch {
    // A browser's main thread may not sleep: it looks at the clock instead.
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }
}
