// Between two steps: gives way to the event loop, so that a page stays responsive, and notices when it cannot.
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { isPage } from "../runtime/features.ts";

/** Other tasks get their turn at least this often; a page's, which draws and listens, more often. */
const YIELD_MILLISECONDS = 30;
const PAGE_YIELD_MILLISECONDS = 10;
/** A step that holds a page up for longer is felt. */
const LONG_MILLISECONDS = 50;

/** Called after each step, with how long it took; where it returns a promise, that must be awaited before the next. */
export type Pause = (milliseconds: number) => Promise<void> | undefined;

/** What is still going on when training is aborted gets this long to come to its end. */
const GRACE_MILLISECONDS = 1000;

/** What the promise gives; the signal's reason, where the promise has not settled so long after the abort. */
export async function settled<T>(
  promise: T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  grace: number = GRACE_MILLISECONDS,
): Promise<T> {
  if (signal === undefined || promise === undefined) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = (): void => {};
  const late = new Promise<never>((_, reject) => {
    wait = () => {
      timer = setTimeout(() => reject(signal.reason), grace);
    };
  });
  if (signal.aborted) wait();
  else signal.addEventListener("abort", wait);
  try {
    return await Promise.race([promise, late]);
  } finally {
    signal.removeEventListener("abort", wait);
    clearTimeout(timer);
  }
}

let warned = false;
/** When other tasks had their turn last: also many short calls in a row must let them, and the collector frees in one. */
let last = performance.now();

/** Gives way to the event loop now and then, and throws the signal's reason once it is aborted. */
export function makePause(signal: AbortSignal | undefined): Pause {
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function") {
    throw new ArgumentError(`fit, evaluate, predict: signal must be an AbortSignal, got ${textOf(signal)}`);
  }
  signal?.throwIfAborted();
  const page = isPage();
  const interval = page ? PAGE_YIELD_MILLISECONDS : YIELD_MILLISECONDS;
  let steps = 0;
  return (milliseconds) => {
    signal?.throwIfAborted();
    // The first step is recorded, which takes longer than those that follow.
    if (page && steps++ > 0) warnOnce(milliseconds);
    if (performance.now() - last < interval) return undefined;
    return nextTask().then(() => {
      last = performance.now();
      signal?.throwIfAborted();
    });
  };
}

function warnOnce(milliseconds: number): void {
  if (warned || milliseconds < LONG_MILLISECONDS) return;
  warned = true;
  console.warn(
    `heddle: a step held the page up for ${Math.round(milliseconds)} ms; heddle/worker computes beside the page`,
  );
}

/** Resolves when tasks that were waiting have had their turn, where it can be without a browser's 4 ms for a nested timer. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate !== "undefined") setImmediate(resolve);
    else if (typeof MessageChannel === "undefined") setTimeout(resolve, 0);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        // An open port would keep some runtimes from ending.
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    }
  });
}
