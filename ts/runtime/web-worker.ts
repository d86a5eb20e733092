// Starts a worker in a browser: from the source that the JavaScript carries, then, where that may not be, from a file of the
// page's own origin. A worker is given the memory when it has said that it is there, and one that never does is left.
import { StateError } from "./errors.ts";

/** A thread as the pool needs it: Node's worker_threads and the web's Worker both fit. */
export interface Thread {
  postMessage(message: unknown): void;
  /** Sees to it that it ends, now or when it sees that the pool has stopped. */
  terminate(): unknown;
  /** Whether it is known to have ended, for a caller that hears no events. */
  ended?(): boolean;
  /** By which Node tells the same. */
  readonly performance?: { eventLoopUtilization(): { idle: number } };
}

/** Makes a worker that runs `source`, and calls `gone` when it has ended and touches memory no more. */
export type WorkerMaker = (source: string, gone: (reason: string) => void) => Thread;

/** Where workers come from; `configure` and `heddle/separate` change it. */
export const workerPlaces: { url: string | undefined; blob: boolean } = { url: undefined, blob: true };

/**
 * Patience with a worker that does not answer, in looks of so many milliseconds: a page that computes does not look. Each
 * time that it was not enough the looks become twice as many.
 */
export const patience: { looks: number; milliseconds: number } = { looks: 20, milliseconds: 100 };

const GOODBYE_MILLISECONDS = 1000;

const HIDDEN =
  "SharedArrayBuffer is hidden since the page is not cross-origin isolated; it is with the headers " +
  "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless)";

/** Makes a worker in a browser, or throws where there can be none. */
export const makeWebWorker: WorkerMaker = (source, gone) => {
  if (typeof Worker === "undefined") throw new StateError("there is no Worker here");
  if (typeof SharedArrayBuffer === "undefined") throw new StateError(HIDDEN);
  return new WebThread(source, gone);
};

class WebThread implements Thread {
  private readonly gone: (reason: string) => void;
  /** What is left to try: makers of an address, and what gives it back. */
  private readonly places: (() => { url: string; free: () => void })[] = [];
  /** Why earlier places did not do. */
  private readonly failures: string[] = [];
  private readonly messages: unknown[] = [];
  private worker: Worker | undefined;
  private started = false;
  private over = false;
  /** An address that the worker has made, and that is given back when it is gone. */
  private sign = "";

  constructor(source: string, gone: (reason: string) => void) {
    this.gone = gone;
    if (workerPlaces.blob) {
      this.places.push(() => {
        const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        return { url, free: () => URL.revokeObjectURL(url) };
      });
    }
    const { url } = workerPlaces;
    if (url !== undefined) this.places.push(() => ({ url, free: () => undefined }));
    this.tryNext();
  }

  postMessage(message: unknown): void {
    if (this.started) this.worker?.postMessage(message);
    else this.messages.push(message);
  }

  ended(): boolean {
    if (this.over || !this.started || isThere(this.sign)) return this.over;
    // A policy may forbid to look: then nothing can be seen.
    const own = URL.createObjectURL(new Blob());
    const gone = isThere(own) && !isThere(this.sign);
    URL.revokeObjectURL(own);
    return gone;
  }

  terminate(): void {
    // One that never got the memory cannot be working on it. Another one says goodbye, unless it is gone already.
    if (!this.started) this.end("a worker ended");
    else {
      const look = (): void => {
        if (this.over) return;
        if (this.ended()) this.end("a worker ended");
        else setTimeout(look, GOODBYE_MILLISECONDS);
      };
      setTimeout(look, GOODBYE_MILLISECONDS);
    }
  }

  /** Starts a worker from the next place; without one it says why. */
  private tryNext(): void {
    const place = this.places.shift();
    if (place === undefined) {
      // Later, as whoever made this thread does not know it yet.
      setTimeout(() => this.end(`workers could not be started: ${this.failures.join("; then ")}`), 0);
      return;
    }
    const { url, free } = place();
    const name = url.startsWith("blob:") ? "from the blob: URL" : `from ${url}`;
    let settled = false;
    /** Ends the attempt, in whatever way: its address is given back. */
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      free();
      globalThis.removeEventListener?.("securitypolicyviolation", onViolation);
      return true;
    };
    const fail = (why: string): void => {
      if (!settle()) return;
      this.worker?.terminate();
      this.worker = undefined;
      if (this.over) return;
      this.failures.push(`${name}: ${why}`);
      this.tryNext();
    };
    const onViolation = (event: Event): void => {
      const { blockedURI, effectiveDirective } = event as SecurityPolicyViolationEvent;
      if (blockedURI !== "blob" && !url.startsWith(blockedURI)) return;
      fail(`the page's Content-Security-Policy forbids it (${effectiveDirective})`);
    };
    globalThis.addEventListener?.("securitypolicyviolation", onViolation);

    let worker: Worker;
    try {
      worker = new Worker(url, { type: "module", name: "heddle" });
    } catch (error) {
      fail((error as Error).message);
      return;
    }
    this.worker = worker;
    worker.onerror = (event) => {
      // The pool hears of it by `gone`; nobody else has to.
      event.preventDefault?.();
      if (this.started) this.end(`a worker failed: ${event.message}`);
      // A policy's own event says more, and comes about now.
      else setTimeout(() => fail(event.message || "it could not be loaded"), 0);
    };
    worker.onmessage = ({ data }) => {
      if (this.started) this.end("a worker ended");
      if (!settle() || this.over) return;
      this.started = true;
      this.sign = data;
      for (const message of this.messages.splice(0)) worker.postMessage(message);
    };
    let looks = 0;
    const look = (): void => {
      if (settled || this.over) settle();
      else if (++looks > patience.looks) {
        patience.looks *= 2;
        fail("it did not answer in time");
      } else setTimeout(look, patience.milliseconds);
    };
    look();
  }

  private end(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.worker?.terminate();
    this.gone(reason);
  }
}

/** Whether a blob: URL can be read, found out without an event. */
function isThere(url: string): boolean {
  try {
    const request = new XMLHttpRequest();
    request.open("GET", url, false);
    request.send();
    return true;
  } catch {
    return false;
  }
}
