// Starts a thread in a browser, as a Web Worker: from the source inside the JavaScript or, where that is forbidden, from a
// file on the page's own origin. A thread gets the memory once it has reported; one that never does is given up.
import { StateError } from "./errors.ts";

/** A thread as the pool uses it: a worker of node:worker_threads, or a Web Worker. */
export interface Thread {
  postMessage(message: unknown): void;
  /** Ends it, now or once it sees that the pool has stopped. */
  terminate(): unknown;
  /** Whether it is known to have ended, for a caller that gets no events. */
  ended?(): boolean;
  /** In Node, what tells the same. */
  readonly performance?: { eventLoopUtilization(): { idle: number } };
}

/** Makes a thread that runs `source`, and calls `gone` when it has ended and does not touch the memory any more. */
export type ThreadMaker = (source: string, gone: (reason: string) => void) => Thread;

/** What threads are loaded from: a URL, a blob: URL; `configure` and `heddle/separate` change it. */
export const threadSources: { url: string | undefined; blob: boolean } = { url: undefined, blob: true };

/**
 * How long to wait for a thread that does not answer, in polls of so many milliseconds: a page that computes does not poll.
 * The number of polls doubles each time that it was not enough.
 */
export const patience: { polls: number; milliseconds: number } = { polls: 20, milliseconds: 100 };

const GOODBYE_MILLISECONDS = 1000;

const HIDDEN =
  "SharedArrayBuffer is hidden since the page is not cross-origin isolated; it is with the headers " +
  "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless)";

/** Makes a thread in a browser. Errors: StateError where there can be none. */
export const makeWebWorker: ThreadMaker = (source, gone) => {
  if (typeof Worker === "undefined") throw new StateError("there is no Worker here");
  if (typeof SharedArrayBuffer === "undefined") throw new StateError(HIDDEN);
  return new WebThread(source, gone);
};

class WebThread implements Thread {
  private readonly gone: (reason: string) => void;
  /** What is left to try: functions that make a URL, and one that revokes it. */
  private readonly sources: (() => { url: string; free: () => void })[] = [];
  /** Why earlier sources failed. */
  private readonly failures: string[] = [];
  private readonly messages: unknown[] = [];
  private worker: Worker | undefined;
  private started = false;
  private over = false;
  /** A blob: URL that the thread has made; it is revoked when the thread ends. */
  private sign = "";

  constructor(source: string, gone: (reason: string) => void) {
    this.gone = gone;
    if (threadSources.blob) {
      this.sources.push(() => {
        const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        return { url, free: () => URL.revokeObjectURL(url) };
      });
    }
    const { url } = threadSources;
    if (url !== undefined) this.sources.push(() => ({ url, free: () => undefined }));
    this.tryNext();
  }

  postMessage(message: unknown): void {
    if (this.started) this.worker?.postMessage(message);
    else this.messages.push(message);
  }

  ended(): boolean {
    if (this.over || !this.started || isThere(this.sign)) return this.over;
    // A policy may forbid requests: then nothing can be found out.
    const own = URL.createObjectURL(new Blob());
    const gone = isThere(own) && !isThere(this.sign);
    URL.revokeObjectURL(own);
    return gone;
  }

  terminate(): void {
    // One that never got the memory cannot be working on it. Another one reports its end, unless it has ended already.
    if (!this.started) this.end("a thread ended");
    else {
      const poll = (): void => {
        if (this.over) return;
        if (this.ended()) this.end("a thread ended");
        else setTimeout(poll, GOODBYE_MILLISECONDS);
      };
      setTimeout(poll, GOODBYE_MILLISECONDS);
    }
  }

  /** Starts the thread from the next source; if there is none it says why. */
  private tryNext(): void {
    const source = this.sources.shift();
    if (source === undefined) {
      // Later, since the caller of the constructor does not have this thread yet.
      setTimeout(() => this.end(`threads could not be started: ${this.failures.join("; then ")}`), 0);
      return;
    }
    const { url, free } = source();
    const name = url.startsWith("blob:") ? "from the blob: URL" : `from ${url}`;
    let settled = false;
    /** Ends the attempt and revokes its URL. */
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
      // The pool is told by `gone`; nobody else has to be.
      event.preventDefault?.();
      if (this.started) this.end(`a thread failed: ${event.message}`);
      // The event of a policy says more, and is dispatched about now.
      else setTimeout(() => fail(event.message || "it could not be loaded"), 0);
    };
    worker.onmessage = ({ data }) => {
      if (this.started) this.end("a thread ended");
      if (!settle() || this.over) return;
      this.started = true;
      this.sign = data;
      for (const message of this.messages.splice(0)) worker.postMessage(message);
    };
    let polls = 0;
    const poll = (): void => {
      if (settled || this.over) settle();
      else if (++polls > patience.polls) {
        patience.polls *= 2;
        fail("it did not answer in time");
      } else setTimeout(poll, patience.milliseconds);
    };
    poll();
  }

  private end(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.worker?.terminate();
    this.gone(reason);
  }
}

/** Whether a blob: URL can be read; synchronous. */
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
