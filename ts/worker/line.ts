// Both ends of the line between a page and its worker, where the web's Worker and that of node:worker_threads differ.
import { builtinModule } from "../runtime/features.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** A web Worker, or a Worker of node:worker_threads. */
export interface WorkerLike {
  /** Sends a copy of the message; the memory of `transfer` moves. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Ends it at once. */
  terminate(): unknown;
}

/** What is different in Node. */
interface NodeWorker extends WorkerLike {
  on(event: "message", listener: (message: FromWorker) => void): void;
  on(event: "error" | "messageerror", listener: (error: Error) => void): void;
  on(event: "exit", listener: () => void): void;
  ref(): void;
  unref(): void;
}

/** Locks of the web: one that a worker holds is free when the worker is gone, however it went. */
interface Locks {
  request(name: string, held: () => unknown): Promise<unknown>;
}

/** What the page's end hears. */
export interface Listener {
  hear(message: FromWorker): void;
  /** The worker is gone, or never came; the first reason counts. */
  lost(reason: string): void;
}

/** What is told where a message came that could not be made again: nobody knows which call it was. */
const UNREADABLE = "one of whose messages could not be read, as data are that were transferred before";

/** Listens to a worker. The result says whether a process shall wait for it: only while calls are under way. */
export function listenTo(worker: WorkerLike, { hear, lost }: Listener): (wait: boolean) => void {
  let heard = false;
  const receive = (message: FromWorker): void => {
    if (!heard && "serving" in message && message.lock !== undefined) {
      locks()
        ?.request(message.lock, () => lost("one that ended"))
        .catch(() => {});
    }
    heard = true;
    hear(message);
  };
  if ("on" in worker) {
    const thread = worker as NodeWorker;
    thread.on("message", receive);
    thread.on("error", (error) => lost(`one that failed: ${error.message}`));
    thread.on("messageerror", () => lost(UNREADABLE));
    thread.on("exit", () => lost("one that ended"));
    return (wait) => (wait ? thread.ref() : thread.unref());
  }
  const web = worker as Worker;
  web.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(data);
  web.onmessageerror = () => lost(UNREADABLE);
  web.onerror = (event) => {
    // Later errors are those of code beside the engine's, which a worker survives.
    if (heard) return;
    // Who waits for the worker hears of it; Deno would end the program too.
    event.preventDefault();
    lost(`one whose script failed or was not allowed to start${event.message ? `: ${event.message}` : ""}`);
  };
  // Bun has this event, and browsers the lock.
  web.addEventListener("close", () => lost("one that ended"));
  return () => {};
}

/** The worker's end: how it posts and listens. */
export interface ParentLine {
  post(message: FromWorker, transfer?: ArrayBuffer[]): void;
  listen(hear: (message: ToWorker) => void): void;
  /** Takes a lock that this worker keeps until it is gone: its name, or undefined where that is known without one. */
  lock(): Promise<string | undefined>;
}

/** The line to whoever started this worker; undefined on a main thread. */
export function parentLine(): ParentLine | undefined {
  const port = builtinModule<typeof import("node:worker_threads")>("node:worker_threads")?.parentPort;
  if (port) {
    const post: ParentLine["post"] = (message, transfer) => port.postMessage(message, transfer);
    return {
      post,
      listen(hear) {
        port.on("message", hear);
        port.on("messageerror", () => post({ lost: UNREADABLE }));
      },
      lock: async () => undefined,
    };
  }
  if (typeof document !== "undefined" || typeof postMessage !== "function") return undefined;
  const scope = globalThis as unknown as Pick<Worker, "postMessage" | "onmessage" | "onmessageerror">;
  const post: ParentLine["post"] = (message, transfer = []) => scope.postMessage(message, transfer);
  return {
    post,
    listen(hear) {
      scope.onmessage = ({ data }: MessageEvent<ToWorker>) => hear(data);
      scope.onmessageerror = () => post({ lost: UNREADABLE });
    },
    lock: holdLock,
  };
}

async function holdLock(): Promise<string | undefined> {
  const name = `heddle ${performance.timeOrigin} ${Math.random()}`;
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve(name);
      return new Promise(() => {});
    };
    const request = locks()?.request(name, hold);
    if (request === undefined) resolve(undefined);
    // Pages without an origin may not use locks.
    else request.catch(() => resolve(undefined));
  });
}

function locks(): Locks | undefined {
  return (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
}
