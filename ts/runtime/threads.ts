// The thread pool: starts threads in the background and runs programs on them. A run never waits for a thread that has not
// started. It waits for one that holds work for as long as that lives; the work of one that has ended is done again by
// the calling thread, and another one is started.
import threadSource from "../generated/thread-source.ts";
import { isRepeatable } from "./encoding.ts";
import { OutOfMemoryError, StateError } from "./errors.ts";
import { builtinModule, detectRuntime, hasBuiltinModules } from "./features.ts";
import type { Core } from "./kernels.ts";
import type { LinearMemory } from "./memory.ts";
import type { Buffer } from "./operand.ts";
import { makeWebWorker, type Thread, type ThreadMaker } from "./web-worker.ts";

// The words of the control block that are used here; assembly/program.ts has them all.
const EPOCH = 0;
const PROGRAM = 1;
const TICKETS = 2;
const STOP = 4;
const SPINS = 5;
const NEXT_BYTES = 64;
const DONE = 32;
const SLOTS = 64; // one line per thread: the ticket it holds or -1, then its state
const SLOT_WORDS = 16;
const READY = 1;
const FAILED = 2;

export const MAXIMUM_THREADS = 64;
export const SCRATCH_BYTES: number = 512 * 1024;
const IDLE_SPINS = 200_000; // about 0.3 ms, longer than the gap between two training steps
const START_MILLISECONDS = 1000;
/** A calling thread that waits for longer than this sleeps between polls: the others may need its core. */
const NAP_MILLISECONDS = 2;
/** How often it checks then whether those that hold work have ended. */
const CHECK_MILLISECONDS = 100;
const WARNING_MILLISECONDS = 10_000;
// A lost thread is started again after this long, doubled if that one is lost too before it has lasted.
const RESTART_MILLISECONDS = 100;
const LASTING_MILLISECONDS = 30_000;

/** How threads are made here, or undefined where none can share memory; tests make some that fail. */
export const spawning: { make: ThreadMaker | undefined } = { make: threadMaker() };

/** A thread, and the memory that is its own until it has ended. */
interface Member {
  readonly handle: Thread;
  readonly scratch: Buffer;
}

export class ThreadPool {
  readonly threads: number;
  private readonly memory: LinearMemory;
  private readonly core: Core;
  private readonly module: WebAssembly.Module;
  private readonly wide: boolean;
  /** By thread; the calling one has none. */
  private readonly members: (Member | undefined)[] = [];
  /** Allocated as long as there are members. */
  private control: Buffer | undefined;
  /** The control block's first word. */
  private base = 0;
  private epoch = 0;
  /** Why the last missing member is missing. */
  private reason: string | undefined;
  /** Whether one is missing that is not being started. */
  private missing = true;
  /** When one was last started. */
  private began = 0;
  /** How long to wait before the next start, and until when. */
  private pause = 0;
  private restartAt = 0;
  /** Members found to have ended during the run, and how. */
  private readonly ended = new Map<number, string>();
  private stopped = false;
  private warned = false;

  /** A pool of `threads`, the calling one included; `wide` as that one. They are started at the first run, and report a few milliseconds later. */
  constructor(memory: LinearMemory, core: Core, module: WebAssembly.Module, threads: number, wide: boolean) {
    this.memory = memory;
    this.core = core;
    this.module = module;
    this.wide = wide;
    this.threads = threads;
  }

  /** Number of threads that have reported, the calling one included. */
  get ready(): number {
    let count = 1;
    for (let thread = 1; thread < this.threads; thread++) {
      const member = this.members[thread];
      if (member === undefined || this.state(thread) !== READY) continue;
      // Node can tell that a thread has ended only if it was asked before.
      endedInNode(member.handle);
      count++;
    }
    return count;
  }

  /** Why there are fewer threads than there should be, or undefined. */
  explain(): string | undefined {
    if (this.ready === this.threads) return undefined;
    const late = performance.now() - this.began > START_MILLISECONDS;
    return this.reason ?? (late ? "threads did not start in time" : "threads are starting");
  }

  /** Starts missing threads, unless it is too early to try again; at once where `now` is infinite. */
  start(now: number = performance.now()): void {
    if (!this.missing || now < this.restartAt) return;
    this.missing = false;
    this.began = performance.now();
    try {
      if (this.control === undefined) this.begin();
      for (let thread = 1; thread < this.threads; thread++) if (!this.members[thread]) this.add(thread);
    } catch (error) {
      this.lose(`threads could not be made: ${(error as Error).message}`, error);
    }
    this.releaseUnlessUsed();
  }

  /** Runs the groups at [program, end), `tickets` in all; returns when all are done. */
  run(program: number, end: number, tickets: number): void {
    if (this.missing) this.start();
    if (this.control === undefined) {
      this.core.run_alone(program, end);
      return;
    }
    this.epoch = (this.epoch % 0x7fffffff) + 1;
    try {
      const pending = this.core.run(this.control.block.address, this.epoch, program, end, tickets);
      if (pending !== 0) this.wait();
    } catch (error) {
      // The caller will free what the threads are still working on.
      this.abandon();
      throw error;
    } finally {
      if (this.ended.size > 0) this.removeEnded();
    }
  }

  /** Ends all threads; their memory is freed when they have ended. */
  stop(): void {
    this.stopped = true;
    if (this.control === undefined) return;
    Atomics.store(this.memory.i32, this.base + STOP, 1);
    Atomics.add(this.memory.i32, this.base + EPOCH, 1);
    Atomics.notify(this.memory.i32, this.base + EPOCH);
    if (!tellsEarly()) for (const member of this.members) member?.handle.terminate();
  }

  private begin(): void {
    const words = SLOTS + this.threads * SLOT_WORDS;
    this.control = this.memory.allocate(words * 4);
    this.base = this.control.block.address >>> 2;
    this.memory.i32.fill(0, this.base, this.base + words);
    this.memory.i32[this.base + SPINS] = IDLE_SPINS;
    for (let thread = 0; thread < this.threads; thread++) this.memory.i32[this.slot(thread)] = -1;
  }

  private add(thread: number): void {
    if (spawning.make === undefined) throw new StateError("this runtime has no threads that share memory");
    const scratch = this.memory.allocate(SCRATCH_BYTES);
    let handle: Thread;
    try {
      handle = spawning.make(threadSource, (reason) => this.gone(thread, handle, reason));
    } catch (error) {
      this.memory.release(scratch);
      throw error;
    }
    this.members[thread] = { handle, scratch };
    this.memory.i32[this.slot(thread)] = -1;
    this.memory.i32[this.slot(thread) + 1] = 0;
    handle.postMessage({
      module: this.module,
      memory: this.memory.memory,
      control: this.base << 2,
      thread,
      scratch: scratch.block.address,
      wide: this.wide,
    });
  }

  /** A thread has ended, and does not touch the memory any more. */
  private gone(thread: number, handle: Thread, reason: string): void {
    const member = this.members[thread];
    if (member?.handle !== handle || (tellsEarly() && this.state(thread) === READY)) return;
    this.members[thread] = undefined;
    this.memory.release(member.scratch);
    if (!this.stopped) this.lose(reason);
    this.releaseUnlessUsed();
  }

  private releaseUnlessUsed(): void {
    if (this.control === undefined || this.members.some((member) => member !== undefined)) return;
    this.memory.release(this.control);
    this.control = undefined;
  }

  /** Notes why a thread is missing, and when to try again. */
  private lose(reason: string, error?: unknown): void {
    const now = performance.now();
    if (!this.missing) {
      this.pause = now - this.began > LASTING_MILLISECONDS ? 0 : 2 * this.pause;
      this.pause ||= RESTART_MILLISECONDS;
    }
    this.missing = true;
    this.reason = reason;
    // Memory that was lacking may be free at the next run.
    this.restartAt = error instanceof OutOfMemoryError ? 0 : now + this.pause;
    // That a runtime has no threads at all is told by engineInfo() alone.
    if (!(error instanceof StateError)) this.warn(`${reason}; fewer threads work until it can be started again`);
  }

  private warn(message: string): void {
    if (!this.warned) console.warn(`heddle: ${message}`);
    this.warned = true;
  }

  /** The calling thread has found nothing to do for a while: it polls, and does the work of threads that have ended. */
  private wait(): void {
    const control = this.base << 2;
    this.attend(
      () => this.core.walk(control, 0, this.epoch) !== 0,
      (alive) => {
        let found = 0;
        for (const thread of this.ended.keys()) found += this.takeOver(control, thread);
        if (alive + found === 0) {
          throw new StateError("run: a thread must not end unseen, got one that took work with it");
        }
      },
    );
  }

  /** Runs the ticket that a thread held when it ended; returns how many that were. */
  private takeOver(control: number, thread: number): number {
    const { i32 } = this.memory;
    const ticket = i32[this.slot(thread)];
    if (ticket < 0) return 0;
    if (!isRepeatable(i32, i32[this.base + PROGRAM] >>> 2, ticket)) {
      throw new StateError(
        "run: a thread must not end while it updates values in place, got one that did; " +
          "restore the values that this step updates",
      );
    }
    i32[this.slot(thread)] = -1;
    i32[this.slot(0)] = ticket;
    this.core.redo(control, ticket);
    i32[this.slot(0)] = -1;
    return 1;
  }

  /** Ends a run early: no more tickets are taken, and live threads finish theirs. */
  private abandon(): void {
    const { i32, memory } = this.memory;
    const next = Atomics.exchange(new BigInt64Array(memory.buffer, (this.base << 2) + NEXT_BYTES, 1), 0, 0n);
    if (Number(next >> 32n) !== this.epoch) return;
    const taken = Math.min(Number(next & 0xffffffffn), i32[this.base + TICKETS]);
    this.attend(
      () => {
        let over = this.done();
        let alive = 0;
        for (let thread = 0; thread < this.threads; thread++) {
          if (this.lives(thread)) alive++;
          else if (i32[this.slot(thread)] >= 0) over++;
        }
        return alive > 0 && over < taken;
      },
      () => undefined,
    );
    for (let thread = 0; thread < this.threads; thread++) i32[this.slot(thread)] = -1;
  }

  /**
   * Waits while something is `pending`. If nothing was done for a while it finds out which threads have ended, and calls
   * `care` with the number of the others: that is certain, not a timeout, so that a slow thread cannot write later.
   */
  private attend(pending: () => boolean, care: (alive: number) => void): void {
    let done = -1;
    let [since, looked] = [0, 0];
    while (pending()) {
      const now = performance.now();
      if (this.done() !== done) {
        done = this.done();
        since = looked = now;
      }
      if (now - since > NAP_MILLISECONDS) this.nap();
      if (now - looked < CHECK_MILLISECONDS) continue;
      looked = now;
      let alive = 0;
      for (let thread = 1; thread < this.threads; thread++) if (this.lives(thread) && !this.findEnded(thread)) alive++;
      care(alive);
      if (now - since > WARNING_MILLISECONDS) {
        this.warn(`a thread has held work for ${WARNING_MILLISECONDS / 1000} s, and is waited for`);
      }
    }
  }

  /** Sleeps for a moment, where this thread may: that of a page may not. */
  private nap(): void {
    try {
      Atomics.wait(this.memory.i32, this.base + EPOCH, this.epoch, NAP_MILLISECONDS / 10);
    } catch {}
  }

  /** Whether a thread may still be working, as far as this run knows; the calling one is not. */
  private lives(thread: number): boolean {
    return this.members[thread] !== undefined && !this.ended.has(thread);
  }

  /** Whether a thread has ended; notes it. */
  private findEnded(thread: number): boolean {
    const handle = this.members[thread]?.handle;
    const failed = this.state(thread) === FAILED;
    if (!failed && !(handle?.ended?.() ?? endedInNode(handle))) return false;
    const atWork = Atomics.load(this.memory.i32, this.slot(thread)) >= 0 ? " while it held work" : "";
    this.ended.set(thread, `a thread ${failed ? "failed" : "ended"}${atWork}`);
    return true;
  }

  private removeEnded(): void {
    for (const [thread, reason] of this.ended) this.gone(thread, this.members[thread]?.handle as Thread, reason);
    this.ended.clear();
  }

  private done(): number {
    return Atomics.load(this.memory.i32, this.base + DONE);
  }

  private state(thread: number): number {
    return Atomics.load(this.memory.i32, this.slot(thread) + 1);
  }

  private slot(thread: number): number {
    return this.base + SLOTS + thread * SLOT_WORDS;
  }
}

/** Whether this runtime reports a thread's end when it was asked to end, and lets it run on. */
function tellsEarly(): boolean {
  return /^(deno|bun)/.test(detectRuntime());
}

/** Whether a thread of Node has ended: its idle time is -1 then, which can be read without an event. */
function endedInNode(thread: Thread | undefined): boolean {
  return detectRuntime().startsWith("node") && thread?.performance?.eventLoopUtilization().idle === -1;
}

/** How this runtime makes a thread from source text. */
function threadMaker(): ThreadMaker {
  if (!hasBuiltinModules()) return makeWebWorker;
  return (source, gone) => {
    const threads = builtinModule<typeof import("node:worker_threads")>("node:worker_threads");
    if (threads === undefined) throw new Error("this runtime has no threads");
    const worker = new threads.Worker(source, { eval: true, execArgv: [] });
    let reason = "a thread ended";
    worker.on("error", (error: Error) => {
      reason = `a thread failed: ${error.message}`;
    });
    worker.on("exit", () => gone(reason));
    worker.unref();
    return worker;
  };
}
