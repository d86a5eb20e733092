// The engine: one linear memory, one core and one thread pool, made at first use as configured. It runs programs and
// describes what it runs on.
import { allowed, type Core, chooseSimd, type LoadedCore, loadCore } from "./kernels.ts";

// The core comes first, in bundles too (ts/index.ts).

import { configuration as configurationNames } from "../generated/options.ts";
import { checkOptions } from "../runtime/options.ts";
import { noteEngine } from "./copies.ts";
import { ArgumentError, StateError } from "./errors.ts";
import { detectCores, detectRuntime, isPage, type Simd } from "./features.ts";
import { checkMaximum, DEFAULT_MAXIMUM, LinearMemory, type MemoryReport } from "./memory.ts";
import type { Buffer } from "./operand.ts";
import { MAXIMUM_THREADS, SCRATCH_BYTES, ThreadPool } from "./threads.ts";
import { threadSources } from "./web-worker.ts";
import { refuseWide, tryWide, type WideMode } from "./wide.ts";

/** What `configure` takes; everything is optional. */
export interface Configuration {
  /**
   * Number of threads, the calling one included; default: the number of cores. May change at any time; the same number
   * starts missing threads at once.
   */
  threads?: number;
  /**
   * Maximum bytes of WebAssembly memory; default 1 GiB (96 MiB in edge runtimes), halved where refused. Before first use
   * only.
   */
  memory?: number;
  /** Same bits in every runtime: the baseline SIMD build everywhere; default false. Before first use only. */
  deterministic?: boolean;
  /**
   * Matrix products on 256 bits, with the same bits as on 128: sets an experimental flag of V8 for the whole process, in
   * Node 24 and later on x64, and is kept only where it measures faster (some 40 ms at first use); elsewhere it changes
   * nothing. `engineInfo()` tells; default false. Before first use only.
   */
  wide?: boolean;
  /**
   * 3 x 3 convolutions of many channels by Winograd's minimal filtering: 16 multiplications instead of 36, with other
   * rounding (docs/decisions/0008); default true. May change at any time; captured programs stay as they are.
   */
  winograd?: boolean;
  /**
   * URL of `heddle/thread.js` on the page's own origin: what a browser loads threads from if the page's
   * Content-Security-Policy forbids blob: URLs. Elsewhere it changes nothing.
   */
  threadUrl?: string | URL;
}

/** What `engineInfo` returns. */
export interface EngineInfo {
  runtime: string;
  simd: Simd;
  /** Number of running threads, the calling one included. */
  threads: number;
  /** Whether this context may share memory between threads. */
  isolated: boolean;
  /** Why there are fewer threads than configured, if so. */
  reason: string | undefined;
  /** Whether matrix products run on 256 bits. */
  wide: boolean;
  /** Why they do or do not. */
  wideReason: string;
  memory: MemoryReport;
}

const ONE_THREAD = "one thread was asked for, or the machine has one core";

class Engine {
  readonly memory: LinearMemory;
  readonly core: Core;
  readonly simd: Simd;
  private readonly wide: WideMode;
  private readonly module: WebAssembly.Module;
  /** Held so that it is not collected. */
  private readonly scratch: Buffer;
  private pool: ThreadPool | undefined;

  constructor({ memory, deterministic, wide }: Configuration) {
    this.memory = new LinearMemory(memory ?? allowed.memory?.maximum ?? DEFAULT_MAXIMUM, allowed.memory?.growth);
    this.scratch = this.memory.allocate(SCRATCH_BYTES);
    const { address } = this.scratch.block;
    const load = (twin: boolean): LoadedCore => loadCore(this.memory.memory, deterministic ?? false, twin);
    const plain = load(false);
    plain.core.set_scratch(address);
    const refusal = wide ? refuseWide(detectRuntime()) : "256 bits were not asked for";
    const { loaded, mode } =
      refusal === undefined
        ? tryWide(plain, () => load(true), this.memory, address)
        : { loaded: plain, mode: { on: false, reason: refusal } };
    this.simd = loaded.simd;
    this.module = loaded.module;
    this.core = loaded.core;
    this.wide = mode;
  }

  /** Runs the groups at [program, end): on all threads if there is more than one ticket, else on the calling one. */
  run(program: number, end: number, tickets: number): void {
    const pool = tickets > 1 ? this.threads() : undefined;
    if (pool) pool.run(program, end, tickets);
    else this.core.run_alone(program, end);
  }

  /** The pool, made at the first call, or undefined if there is only one thread. */
  private threads(): ThreadPool | undefined {
    if (wantedThreads === 1 || allowed.aloneBecause !== undefined) return undefined;
    return (this.pool ??= new ThreadPool(this.memory, this.core, this.module, wantedThreads, this.wide.on));
  }

  /** Starts missing threads at once. */
  retry(): void {
    this.pool?.start(Number.POSITIVE_INFINITY);
  }

  /** Stops the threads; the next run that uses some starts new ones. */
  restart(): void {
    this.pool?.stop();
    this.pool = undefined;
  }

  info(): EngineInfo {
    const pool = this.threads();
    pool?.start();
    return {
      runtime: detectRuntime(),
      simd: this.simd,
      threads: pool?.ready ?? 1,
      isolated: typeof SharedArrayBuffer !== "undefined",
      reason: allowed.aloneBecause ?? pool?.explain() ?? (wantedThreads === 1 ? ONE_THREAD : undefined),
      wide: this.wide.on,
      wideReason: this.wide.reason,
      memory: this.memory.report(),
    };
  }
}

let current: Engine | undefined;
/** Whether the page was left for good, and its memory freed. */
let left = false;
let configuration: Configuration = {};
let wantedThreads = Math.min(detectCores(), MAXIMUM_THREADS);

/** The engine, made at first use. @internal */
export function engine(): Engine {
  return current ?? (current = makeEngine());
}

function makeEngine(): Engine {
  if (left) throw new StateError("engine: the page must be there, got one that was left");
  const made = new Engine(configuration);
  noteEngine();
  // Some browsers keep the memory of a page that was left as long as its threads hold it, so that a page that is reloaded
  // often would be refused any. A page that may come back (persisted) keeps everything.
  if (isPage()) {
    globalThis.addEventListener("pagehide", (event) => {
      if (event.persisted || current === undefined) return;
      current.restart();
      current = undefined;
      left = true;
    });
  }
  return made;
}

/** The build that will run as configured. */
export function configuredSimd(): Simd {
  return chooseSimd(configuration.deterministic ?? false);
}

/** Configures the engine. Errors: ArgumentError for values out of range, StateError for what is fixed after first use. */
export function configure(changes: Configuration): void {
  const { threads, memory, deterministic, wide, threadUrl } = checkOptions("configure", changes, configurationNames);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAXIMUM_THREADS)) {
    throw new ArgumentError(`configure: threads must be a whole number from 1 to ${MAXIMUM_THREADS}, got ${threads}`);
  }
  if (memory !== undefined) checkMaximum(memory);
  if (current && (memory !== undefined || deterministic !== undefined || wide !== undefined)) {
    throw new StateError(
      "configure: memory, deterministic and wide must be set before the first tensor, got them after it",
    );
  }
  configuration = { ...configuration, ...changes };
  if (threadUrl !== undefined) threadSources.url = String(threadUrl);
  if (threads !== undefined && threads !== wantedThreads) {
    wantedThreads = threads;
    current?.restart();
  } else if (threads !== undefined || threadUrl !== undefined) current?.retry();
}

/** Whether convolutions may use Winograd's algorithm. */
export function mayUseWinograd(): boolean {
  return configuration.winograd ?? true;
}

/**
 * What the engine runs on: runtime, SIMD build, threads and why not more, width of products and why, memory.
 * Errors: StateError where the runtime cannot run the core.
 */
export function engineInfo(): EngineInfo {
  return engine().info();
}

/** Reports on the engine's memory. */
export const memory = {
  /** Bytes in use, reserved and possible, and, for buffers made while tracing, where they were made. */
  report: (): MemoryReport => engine().memory.report(),
  /** The most bytes that were in use at once, since the start or `resetPeak`. */
  peak: (): number => engine().memory.report().peak,
  /** Resets the peak to what is in use now. */
  resetPeak: (): void => engine().memory.resetPeak(),
  /** Records from now on where each buffer is made (slow: a stack trace for each). */
  trace: (on: boolean): void => engine().memory.trace(on),
};
