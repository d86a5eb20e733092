// How a browser's workers start, against a stand-in for its Worker: from a blob: URL, then from a file, then not at all, each
// time with the reason, the address given back, and no memory for one that was given up.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeWebWorker, patience, threadSources } from "../../ts/runtime/web-worker.ts";

/** What a worker from an address does once it is made. */
type Behaviour = (worker: FakeWorker) => void;

const behaviours = new Map<string, Behaviour>();
const made: FakeWorker[] = [];
const revoked: string[] = [];
const violations: ((event: object) => void)[] = [];

class FakeWorker {
  onmessage: ((event: object) => void) | undefined;
  onerror: ((event: object) => void) | undefined;
  readonly messages: unknown[] = [];
  terminated = false;
  readonly url: string;
  readonly options: object;

  constructor(url: string, options: object) {
    this.url = url;
    this.options = options;
    const behave = behaviours.get(url.split(":")[0]) ?? silent;
    if (behave === refuse) refuse();
    made.push(this);
    setTimeout(() => behave(this), 1);
  }

  postMessage(message: unknown): void {
    this.messages.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }
}

const answer: Behaviour = (worker) => worker.onmessage?.({ data: "here" });
const silent: Behaviour = () => undefined;
const notThere: Behaviour = (worker) => worker.onerror?.({});
const refuse = (): never => {
  throw new Error("Access to the script is denied");
};
/** A policy's event, and the error that comes with it, in either order. */
const forbidden: Behaviour = (worker) => {
  worker.onerror?.({});
  for (const tell of [...violations]) tell({ blockedURI: "blob", effectiveDirective: "worker-src" });
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("addEventListener", (_name: string, listener: () => void) => violations.push(listener));
  vi.stubGlobal("removeEventListener", (_name: string, listener: () => void) => {
    violations.splice(violations.indexOf(listener), 1);
  });
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => "blob:1");
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  behaviours.clear();
  for (const list of [made, revoked, violations]) list.length = 0;
  Object.assign(threadSources, { url: undefined, blob: true });
  Object.assign(patience, usual);
});

const usual = { ...patience };

const start = (): {
  thread: ReturnType<typeof makeWebWorker>;
  gone: ReturnType<typeof vi.fn<(why: string) => void>>;
} => {
  const gone = vi.fn<(why: string) => void>();
  return { thread: makeWebWorker("", gone), gone };
};

describe("a worker of a browser", () => {
  it("is a module from a blob: URL, which is given back when it answers; only then it gets the memory", async () => {
    behaviours.set("blob", answer);
    const { thread, gone } = start();
    thread.postMessage("memory");
    expect(made[0]).toMatchObject({ url: "blob:1", options: { type: "module" }, messages: [] });
    expect(revoked).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(made[0].messages).toEqual(["memory"]);
    expect(revoked).toEqual(["blob:1"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([made.length, gone.mock.calls, violations]).toEqual([1, [], []]);
  });

  it.each<[string, Behaviour, string]>([
    ["a policy forbids", forbidden, "the page's Content-Security-Policy forbids it (worker-src)"],
    ["is refused at once", refuse, "Access to the script is denied"],
    ["cannot be loaded", notThere, "it could not be loaded"],
    ["never answers", silent, "it did not answer in time"],
  ])("that %s comes from the file instead; without one there is a reason", async (_how, behaviour, why) => {
    behaviours.set("blob", behaviour);
    const alone = start();
    alone.thread.postMessage("memory");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(alone.gone.mock.calls).toEqual([[`threads could not be started: from the blob: URL: ${why}`]]);
    expect([revoked, violations]).toEqual([["blob:1"], []]);

    threadSources.url = "/worker.js";
    behaviours.set("/worker.js", answer);
    const { thread, gone } = start();
    thread.postMessage("memory");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made.at(-1)).toMatchObject({ url: "/worker.js", messages: ["memory"] });
    expect(gone).not.toHaveBeenCalled();
    // Those that were given up never saw the memory.
    for (const worker of made.slice(0, -1)) expect(worker).toMatchObject({ messages: [], terminated: true });
  });

  it("that cannot be had anywhere says why everywhere", async () => {
    threadSources.url = "/worker.js";
    behaviours.set("blob", forbidden);
    behaviours.set("/worker.js", notThere);
    const { gone } = start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(gone.mock.calls).toEqual([
      [
        "threads could not be started: from the blob: URL: the page's Content-Security-Policy forbids it (worker-src); " +
          "then from /worker.js: it could not be loaded",
      ],
    ]);
  });

  it("is given time while the page computes and does not look", async () => {
    const { thread } = start();
    thread.postMessage("memory");
    // A page that was busy for a minute has looked once.
    vi.setSystemTime(Date.now() + 60_000);
    await vi.advanceTimersByTimeAsync(patience.milliseconds);
    made[0].onmessage?.({ data: "here" });
    expect(made[0].messages).toEqual(["memory"]);
  });

  it("says once that it has gone, however it goes", async () => {
    behaviours.set("blob", answer);
    const failing = start();
    await vi.advanceTimersByTimeAsync(10);
    made[0].onerror?.({ message: "unreachable", preventDefault: () => undefined });
    failing.thread.terminate();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(failing.gone.mock.calls).toEqual([["a thread failed: unreachable"]]);

    const ended = start();
    await vi.advanceTimersByTimeAsync(10);
    ended.thread.terminate();
    // It may be slow to see that it shall end: its memory is still its own.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended.gone).not.toHaveBeenCalled();
    made[1].onmessage?.({ data: "gone" });
    expect(ended.gone.mock.calls).toEqual([["a thread ended"]]);
    expect(made[1].terminated).toBe(true);
  });

  it("is known to have ended when an address that it made cannot be read any more, but others can", async () => {
    let readable = ["blob:1", "here"];
    vi.stubGlobal(
      "XMLHttpRequest",
      class {
        url = "";
        open(_method: string, url: string): void {
          this.url = url;
        }
        send(): void {
          if (!readable.includes(this.url)) throw new Error("NetworkError");
        }
      },
    );
    const { thread, gone } = start();
    expect(thread.ended?.()).toBe(false);
    behaviours.set("blob", answer);
    const other = start();
    await vi.advanceTimersByTimeAsync(10);
    expect(other.thread.ended?.()).toBe(false);
    readable = [];
    // Such is a page whose policy forbids to read any.
    expect(other.thread.ended?.()).toBe(false);
    readable = ["blob:1"];
    expect([thread.ended?.(), other.thread.ended?.()]).toEqual([false, true]);
    other.thread.terminate();
    await vi.advanceTimersByTimeAsync(1000);
    expect(other.gone.mock.calls).toEqual([["a thread ended"]]);
    thread.terminate();
    expect(gone.mock.calls).toEqual([["a thread ended"]]);
  });

  it("that comes too late has more time at the next attempt", async () => {
    const looks = patience.polls;
    start();
    await vi.advanceTimersByTimeAsync(1.5 * looks * patience.milliseconds);
    expect(patience.polls).toBe(2 * looks);
  });

  it("cannot be where memory cannot be shared", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(start).toThrow(/not cross-origin isolated.*Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder/);
    vi.stubGlobal("Worker", undefined);
    expect(start).toThrow("there is no Worker here");
  });
});
