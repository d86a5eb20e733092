// The page's side of an engine worker: starts it, sends calls and data, and sees to it that every promise is settled.
import { startEngine } from "./source.ts";

// The core comes first, in bundles too (ts/index.ts).

import type { Data } from "../data/rows.ts";
import { configuration as configurationNames, engineWorkerOptions } from "../generated/options.ts";
import type { Configuration, EngineInfo } from "../runtime/engine.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { checkOptions } from "../runtime/options.ts";
import { isDetached } from "../runtime/transferred.ts";
import { decodeError, encodeError } from "./errors.ts";
import { listenTo, type WorkerLike } from "./line.ts";
import type { CallOptions, Calls, FromWorker, ToWorker } from "./protocol.ts";
import { type RemoteData, type SendOptions, sendData } from "./remote-data.ts";

/** What `new EngineWorker` takes: what `configure` takes, for the worker's engine, and how the worker is made. */
export interface EngineWorkerOptions extends Configuration {
  /**
   * Makes the worker; default: one from a Blob URL, or a thread in Node. For pages whose content security policy forbids
   * `blob:`, and for layers and functions of one's own, a file that calls `serve()`:
   * `() => new Worker(new URL("./my-worker.js", import.meta.url), { type: "module" })`.
   */
  worker?: () => WorkerLike;
}

/** A call that has no answer yet. */
interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly options: CallOptions;
  readonly abort: () => void;
  /** What a hook of the page threw, if one did: the call fails with it. */
  thrown?: { readonly reason: unknown };
}

// 30 s in looks: a page that computes, or a machine that sleeps, does not look.
const START_LOOKS = 300;
const LOOK_MILLISECONDS = 100;

/** A worker in which all of Heddle lives. Several models and their data may share one. */
export class EngineWorker {
  /** Fulfilled when the engine listens; rejected with a StateError when it cannot start. */
  readonly ready: Promise<void>;
  private readonly worker: WorkerLike | undefined;
  private readonly wait: (on: boolean) => void = () => {};
  private readonly pending = new Map<number, Pending>();
  /** What is to be posted when the worker listens; undefined from then on. */
  private queue: (() => void)[] | undefined = [];
  private readonly timer: ReturnType<typeof setInterval>;
  /** What to do where the worker does not start. */
  private readonly advice: string;
  private failure: Error | undefined;
  private count = 0;

  static {
    showAsText(EngineWorker);
  }

  constructor(options: EngineWorkerOptions = {}) {
    const { worker, ...configuration } = checkOptions(
      "EngineWorker",
      options,
      engineWorkerOptions,
      new.target === EngineWorker,
    );
    this.advice = worker === undefined ? "; where blob: is forbidden, give a worker" : "";
    let looks = 0;
    this.timer = setInterval(() => {
      if (++looks === START_LOOKS) this.lost(`one that did not start in ${(START_LOOKS * LOOK_MILLISECONDS) / 1000} s`);
    }, LOOK_MILLISECONDS);
    try {
      this.worker = (worker ?? startEngine)();
      this.wait = listenTo(this.worker, {
        hear: (message) => this.hear(message),
        lost: (reason) => this.lost(reason),
      });
    } catch (error) {
      this.lost(`none: ${(error as Error).message}`);
    }
    this.ready = this.configure(configuration);
    this.ready.catch((error) => this.fail(error));
  }

  /**
   * Changes how the worker's engine works, as `configure` does at hand: `engine.configure({ threads: 2 })`. Errors:
   * ArgumentError for values out of range, StateError for what is fixed after first use.
   */
  async configure(options: Configuration): Promise<void> {
    const { threadUrl, ...changes } = checkOptions("configure", options, configurationNames);
    await this.call("configure", threadUrl === undefined ? changes : { ...changes, threadUrl: absolute(threadUrl) });
  }

  /** Whether it runs, and how many calls have no answer yet. */
  toString(): string {
    const state = this.failure ? "ended" : this.queue ? "starting" : "running";
    return `EngineWorker: ${state}, ${this.pending.size} calls under way`;
  }

  /** What the worker's engine runs on: threads, SIMD, memory. */
  info(): Promise<EngineInfo> {
    return this.call("info", undefined);
  }

  /**
   * Sends data once, for several calls: `const images = await engine.send(train.images)`. They are copied, in parts that
   * hold nobody up; data in shared memory are not, and with `transfer` their buffer moves and is gone here.
   */
  send(data: Data, options: SendOptions = {}): Promise<RemoteData> {
    return sendData(this, data, options);
  }

  /** Ends the worker. Calls that have no answer yet are rejected with a StateError, and all later ones. */
  dispose(): void {
    this.fail(new StateError("worker: the engine worker must not be disposed, got one that was"));
  }

  /**
   * A number that nothing else in this worker has.
   *
   * @internal
   */
  newNumber(): number {
    return this.count++;
  }

  /**
   * Calls a method of the worker.
   *
   * @internal
   */
  call<M extends keyof Calls>(method: M, asks: Calls[M][0], options: CallOptions = {}): Promise<Calls[M][1]> {
    const { signal, transfer = [] } = options;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.newNumber();
    return new Promise<Calls[M][1]>((resolve, reject) => {
      const abort = (): void => this.post({ abort: id });
      this.pending.set(id, { resolve, reject, options, abort });
      signal?.addEventListener("abort", abort);
      this.wait(true);
      this.post({ id, method, asks }, transfer, (cause) => {
        this.settle(id)?.reject(
          new ArgumentError(`${method}: what goes to a worker must be plain data, got ${cause.message}`, { cause }),
        );
      });
    });
  }

  private post(message: ToWorker, transfer: ArrayBuffer[] = [], refused: (error: Error) => void = () => {}): void {
    const post = (): void => {
      try {
        // Node 20 would send them all the same.
        if (transfer.some(isDetached)) throw new Error("data that were transferred before");
        this.worker?.postMessage(message, transfer);
      } catch (error) {
        refused(error as Error);
      }
    };
    if (this.queue) this.queue.push(post);
    else post();
  }

  private hear(message: FromWorker): void {
    if ("serving" in message) {
      clearInterval(this.timer);
      const queue = this.queue ?? [];
      this.queue = undefined;
      for (const post of queue) post();
      return;
    }
    if ("lost" in message) {
      this.lost(message.lost);
      return;
    }
    if ("hook" in message) {
      void this.runHook(message);
      return;
    }
    const pending = this.settle(message.id);
    if (pending === undefined) return;
    const { resolve, reject, thrown, options } = pending;
    const { signal } = options;
    if (thrown !== undefined) reject(thrown.reason);
    else if ("result" in message) resolve(message.result as never);
    else reject(signal?.aborted ? signal.reason : decodeError(message.error));
  }

  /** Calls a hook of the page and answers when it is done. */
  private async runHook({ id, hook, parameters, ask }: Extract<FromWorker, { hook: unknown }>): Promise<void> {
    const pending = this.pending.get(id);
    try {
      const f = pending?.options.hooks?.[hook] as ((...parameters: readonly unknown[]) => unknown) | undefined;
      await f?.(...parameters);
      this.post({ answer: ask, error: undefined });
    } catch (error) {
      if (pending) pending.thrown ??= { reason: error };
      this.post({ answer: ask, error: encodeError(error) });
    }
  }

  /** Takes a call off the list. */
  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.options.signal?.removeEventListener("abort", pending.abort);
    this.wait(this.pending.size > 0);
    return pending;
  }

  private lost(reason: string): void {
    const advice = this.queue ? this.advice : "";
    this.fail(new StateError(`worker: the engine worker must run, got ${reason}${advice}`));
  }

  private fail(failure: Error): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    clearInterval(this.timer);
    void this.worker?.terminate();
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(failure);
  }
}

/** An address as the page reads it: in a worker from a blob: URL nothing can be relative. */
function absolute(url: string | URL): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return URL.canParse(url, base) ? new URL(url, base).href : String(url);
}
