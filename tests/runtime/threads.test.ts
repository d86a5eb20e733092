// Threads that come late, never, are slow, or end in the middle of a run: results stay right, nobody who lives is given up,
// who is lost is replaced, and engineInfo() says why.
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configure, engine, engineInfo } from "../../ts/runtime/engine.ts";
import { OutOfMemoryError, StateError } from "../../ts/runtime/errors.ts";
import { launch } from "../../ts/runtime/launch.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { spawning } from "../../ts/runtime/threads.ts";
import type { ThreadMaker } from "../../ts/runtime/web-worker.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { empty, type Tensor } from "../../ts/tensor/tensor.ts";

const usual = { ...splitting, make: spawning.make };
const ROWS = 4000;
const COLUMNS = 64;
/** Runs until a busy machine has surely let a worker take part. */
const MANY = 20_000;
/** Milliseconds: a second where this process has a core to itself, as it does not always have here. */
const SOON = 2000;

const input = tensor(
  Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i)),
  { shape: [ROWS, COLUMNS] },
);

function softmaxRows(): Tensor {
  const y = empty([ROWS, COLUMNS]);
  try {
    launch("softmax_f32", ROWS, 100, y, input, COLUMNS);
  } catch (error) {
    y.dispose();
    throw error;
  }
  return y;
}

configure({ threads: 1 });
const first = softmaxRows();
const expected = first.data();
first.dispose();
/** What is in use before there are any threads. */
const alone = engine().memory.report();

/** Softmax of all rows in thousands of tickets, and how long that took. */
function runAndCheck(): number {
  const began = performance.now();
  const y = softmaxRows();
  const milliseconds = performance.now() - began;
  expect(Buffer.compare(new Uint8Array(y.data().buffer), new Uint8Array(expected.buffer))).toBe(0);
  y.dispose();
  return milliseconds;
}

async function until(condition: () => boolean): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > 20_000) expect.fail("it did not happen within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets go of the threads, and starts `threads` anew at the next run. */
function restart(threads: number): void {
  configure({ threads: 1 });
  configure({ threads });
}

/** Lets go of the threads, and waits until none holds memory. */
async function allGone(): Promise<void> {
  configure({ threads: 1 });
  await until(() => engine().memory.report().buffers <= alone.buffers);
}

/** Node workers that run `source` in place of the pool's own. */
function running(source: string): ThreadMaker {
  return (_source, gone) => {
    const worker = new Worker(source, { eval: true, execArgv: [] });
    worker.on("error", () => undefined);
    worker.on("exit", () => gone("a thread ended"));
    worker.unref();
    return worker;
  };
}

/**
 * A worker that reports for work, takes one ticket of the next run as assembly/program.ts does, then does `ending`: there
 * `finish()` does the work, and `pause(n)` sleeps n milliseconds.
 */
function takingOneTicket(ending: string): string {
  return `
    const { parentPort } = require("node:worker_threads");
    parentPort.once("message", ({ module, memory, control, thread, scratch }) => {
      const words = new Int32Array(memory.buffer, control, 256 + thread * 16);
      const next = new BigInt64Array(memory.buffer, control + 64, 1);
      const slot = 64 + thread * 16;
      const { exports: core } = new WebAssembly.Instance(module, { env: { memory } });
      core.set_scratch(scratch);
      const pause = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      const epoch = Atomics.load(words, 0);
      Atomics.store(words, slot + 1, 1);
      while (Atomics.load(words, 0) === epoch);
      let held = -1;
      while (held < 0) {
        const seen = Atomics.load(next, 0);
        const ticket = Number(seen & 0xffffffffn);
        if (ticket >= words[2]) continue;
        if (Atomics.compareExchange(next, 0, seen, seen + 1n) === seen) held = ticket;
      }
      Atomics.store(words, slot, held);
      const finish = () => {
        core.redo(control, held);
        Atomics.store(words, slot, -1);
      };
      ${ending}
    });`;
}

/** Starts a second thread that does so, and waits until it has reported. */
async function startOne(ending: string): Promise<void> {
  spawning.make = running(takingOneTicket(ending));
  restart(2);
  runAndCheck();
  await until(() => engineInfo().threads === 2);
}

/** Runs until a thread has been lost. */
function runUntilLost(): void {
  for (let run = 0; run < MANY && engineInfo().threads === 2; run++) expect(runAndCheck()).toBeLessThan(SOON);
  expect(engineInfo().threads).toBe(1);
}

const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);

beforeEach(() => {
  warn.mockClear();
  Object.assign(splitting, { parallelNanoseconds: 0, chunkNanoseconds: 100 });
});

afterEach(() => {
  Object.assign(splitting, {
    parallelNanoseconds: usual.parallelNanoseconds,
    chunkNanoseconds: usual.chunkNanoseconds,
  });
  spawning.make = usual.make;
  vi.unstubAllGlobals();
  configure({ threads: 1 });
});

describe("threads", () => {
  it.each([2, 3, 4])("come up by themselves and give the same bits: %d of them", async (threads) => {
    restart(threads);
    runAndCheck();
    await until(() => engineInfo().threads === threads);
    expect(engineInfo().reason).toBeUndefined();
    for (let i = 0; i < 20; i++) runAndCheck();
  });

  it("may be more or fewer at any time, and give their memory back", async () => {
    for (let round = 0; round < 30; round++) {
      restart(1 + (round % 4));
      for (let i = 0; i < 3; i++) runAndCheck();
      if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, round));
    }
    await allGone();
    expect(engine().memory.report().inUse).toBeLessThanOrEqual(alone.inUse);
  });

  it("run thousands of short programs while workers start, stop and sleep", async () => {
    const small = tensor(
      Float32Array.from({ length: 37 * 5 }, (_, i) => Math.cos(i)),
      { shape: [37, 5] },
    );
    const softmax = (): Float32Array => {
      const y = empty([37, 5]);
      launch("softmax_f32", 37, 100, y, small, 5);
      const values = y.data();
      y.dispose();
      return values;
    };
    configure({ threads: 1 });
    const wanted = softmax().join();
    for (const threads of [2, 4, 2]) {
      restart(threads);
      for (let i = 0; i < 3000; i++) {
        if (softmax().join() !== wanted) expect.fail(`run ${i} on ${threads} threads gave other values`);
        if (i % 500 === 250) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  });
});

describe("workers with nothing to do", () => {
  it("sleep, and use next to no processor time", async () => {
    restart(2);
    await until(() => engineInfo().threads === 2);
    for (let i = 0; i < 20; i++) runAndCheck();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    // One that went on looking would use 300 milliseconds.
    expect((user + system) / 1000).toBeLessThan(100);
  });
});

describe("workers that never start", () => {
  it("are not missed", async () => {
    const began = performance.now();
    spawning.make = (_source, gone) => ({
      postMessage: () => undefined,
      terminate: () => gone("a thread ended"),
    });
    restart(3);
    for (let i = 0; i < 5; i++) runAndCheck();
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "threads are starting" });
    await until(() => performance.now() - began > 1050);
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "threads did not start in time" });
    runAndCheck();
  });

  it("because they cannot be made are explained", () => {
    spawning.make = () => {
      throw new Error("no threads today");
    };
    const { buffers } = engine().memory.report();
    restart(3);
    runAndCheck();
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "threads could not be made: no threads today" });
    expect(engine().memory.report().buffers).toBe(buffers);
  });

  it("because the runtime has none are explained", () => {
    spawning.make = undefined;
    restart(2);
    runAndCheck();
    expect(engineInfo().reason).toBe("threads could not be made: this runtime has no threads that share memory");
  });

  it("because there is no memory for them leave the work to the calling thread, until there is some", async () => {
    const y = empty([8, COLUMNS]);
    const reserve = empty([4096]);
    const taken: Tensor[] = [];
    for (let size = 2 ** 24; size >= 2 ** 12; ) {
      try {
        taken.push(empty([size]));
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
        size /= 2;
      }
    }
    restart(4);
    const run = (): void => launch("softmax_f32", 8, 100, y, input, COLUMNS);
    for (let i = 0; i < 3; i++) run();
    expect(y.data()).toEqual(expected.subarray(0, y.size));
    expect(engineInfo().reason).toMatch(/^threads could not be made: allocate: the request must fit/);
    expect(warn).toHaveBeenCalledTimes(1);
    for (const x of [...taken, reserve]) x.dispose();
    expect(engine().memory.report().inUse).toBeLessThan(10 * 1024 * 1024);
    run();
    await until(() => engineInfo().threads === 4);
    expect(engineInfo().reason).toBeUndefined();
    y.dispose();
  });

  it("because their code fails are explained", async () => {
    spawning.make = running("throw new Error('not in this house')");
    restart(2);
    runAndCheck();
    await until(() => engineInfo().reason === "a thread ended");
    runAndCheck();
    spawning.make = usual.make;
    await until(() => engineInfo().threads === 2);
  });

  it("are tried again after pauses that grow, or at once when they are asked for", () => {
    let [made, time] = [0, 1000];
    const now = vi.spyOn(performance, "now").mockImplementation(() => time);
    spawning.make = () => {
      made++;
      throw new Error("no threads today");
    };
    restart(3);
    const times: number[] = [];
    for (; time < 9000; time += 100) {
      const before = made;
      runAndCheck();
      if (made > before) times.push(time - 1000);
    }
    expect(times).toEqual([0, 100, 300, 700, 1500, 3100, 6300]);
    configure({ threads: 3 });
    configure({ threadUrl: "/thread.js" });
    expect(made).toBe(times.length + 2);
    expect(warn.mock.calls).toEqual([
      ["heddle: threads could not be made: no threads today; fewer threads work until it can be started again"],
    ]);
    now.mockRestore();
  });
});

describe("a worker that is slow", () => {
  it.each([
    ["work", runAndCheck],
    ["an update in place", updateInPlace],
  ])("is waited for while it holds %s, and not given up", async (_what, run) => {
    await startOne("pause(1500); finish(); pause(60_000);");
    let longest = 0;
    for (let i = 0; i < MANY && longest < 1400; i++) longest = Math.max(longest, run());
    expect(longest).toBeGreaterThan(1400);
    expect(engineInfo()).toMatchObject({ threads: 2, reason: undefined });
    expect(warn).not.toHaveBeenCalled();
  });

  it("keeps its memory until it has ended", async () => {
    await allGone();
    const { inUse } = engine().memory.report();
    const make = usual.make as ThreadMaker;
    let end = (): void => undefined;
    spawning.make = (source, gone) => {
      const worker = make(source, () => undefined);
      end = () => gone("a thread ended");
      return worker;
    };
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
    configure({ threads: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine().memory.report().inUse).toBeGreaterThan(inUse + 2 ** 19);
    end();
    expect(engine().memory.report().inUse).toBeLessThanOrEqual(inUse);
  });

  it("is waited for before a run ends with an error", async () => {
    await startOne("pause(500); finish(); pause(60_000);");
    const now = vi.spyOn(performance, "now");
    let longest = 0;
    for (let run = 0; run < MANY && longest < 450; run++) {
      const began = Date.now();
      // The calling thread asks for the time when it finds nothing to do.
      now.mockImplementationOnce(() => {
        throw new RangeError("Maximum call stack size exceeded");
      });
      try {
        softmaxRows().dispose();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        longest = Math.max(longest, Date.now() - began);
      }
      now.mockReset();
    }
    now.mockRestore();
    expect(longest).toBeGreaterThan(450);
    for (let run = 0; run < 20; run++) runAndCheck();
  });
});

/** Writes into a part of a tensor in place, checks its values, and tells how long that took. */
function updateInPlace(): number {
  const [y, x] = [tensor(new Float32Array(ROWS)), tensor(new Float32Array(ROWS).fill(1))];
  splitting.chunkNanoseconds = 1;
  try {
    const began = performance.now();
    launch("view_write_u32", ROWS, 1, y, x, 1, 1, 1, 1, ROWS, 0, 0, 0, 0, 0, 1, 0);
    const milliseconds = performance.now() - began;
    expect(y.data().every((value) => value === 1)).toBe(true);
    return milliseconds;
  } finally {
    for (const tensor of [x, y]) tensor.dispose();
  }
}

describe("a worker that ends in the middle of a run", () => {
  it.each([
    ["silently", "process.exit()", "a thread ended while it held work"],
    ["by an error", "throw new Error('not today')", "a thread ended while it held work"],
    ["and says so", "Atomics.store(words, slot + 1, 2)", "a thread failed while it held work"],
  ])("%s is replaced within a second, and another one started", async (_how, ending, reason) => {
    await startOne(ending);
    runUntilLost();
    expect(engineInfo()).toMatchObject({ threads: 1, reason });
    expect(warn.mock.calls).toEqual([[`heddle: ${reason}; fewer threads work until it can be started again`]]);
    spawning.make = usual.make;
    await until(() => runAndCheck() > 0 && engineInfo().threads === 2);
    expect(engineInfo().reason).toBeUndefined();
  });

  it("leaves the others at work", async () => {
    const make = usual.make as ThreadMaker;
    let made = 0;
    spawning.make = (source, gone) => (++made === 2 ? running(takingOneTicket("process.exit()")) : make)(source, gone);
    restart(3);
    runAndCheck();
    await until(() => engineInfo().threads === 3);
    for (let run = 0; run < MANY && engineInfo().threads === 3; run++) runAndCheck();
    expect([engineInfo().threads, made]).toEqual([2, 2]);
    await until(() => runAndCheck() > 0 && engineInfo().threads === 3);
    expect(made).toBe(3);
  });

  it("while it updates values in place is an error, never a wrong result", async () => {
    await startOne("process.exit()");
    const updates = (): void => {
      for (let run = 0; run < MANY; run++) updateInPlace();
    };
    expect(updates).toThrow(StateError);
    expect(engineInfo().threads).toBe(1);
    updateInPlace();
  });

  it("with work that nobody can find again is an error, never a hang", async () => {
    await startOne("Atomics.store(words, slot, -1); process.exit();");
    let began = 0;
    const runs = (): void => {
      for (let run = 0; run < MANY; run++) {
        began = performance.now();
        runAndCheck();
      }
    };
    expect(runs).toThrow("run: a thread must not end unseen");
    expect(performance.now() - began).toBeLessThan(2 * SOON);
    runAndCheck();
  });

  it("is not believed in Deno, which tells so of one that works on; there it ends by itself when the pool stops", async () => {
    vi.stubGlobal("Deno", { version: { deno: "2.9.5" } });
    await allGone();
    const { inUse } = engine().memory.report();
    const make = usual.make as ThreadMaker;
    let tell = (): void => undefined;
    const terminate = vi.fn<() => void>();
    spawning.make = (source, gone) => {
      const worker = make(source, gone);
      tell = () => gone("a thread ended");
      return { postMessage: (message) => worker.postMessage(message), terminate };
    };
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
    tell();
    expect(engineInfo()).toMatchObject({ threads: 2, reason: undefined });
    configure({ threads: 1 });
    await until(() => {
      tell();
      return engine().memory.report().inUse <= inUse;
    });
    expect(terminate).not.toHaveBeenCalled();
  });

  it("because it is terminated, at any moment, changes no result", async () => {
    const made: Worker[] = [];
    spawning.make = (source, gone) => {
      const worker = usual.make?.(source, gone) as Worker;
      made.push(worker);
      return worker;
    };
    restart(2);
    for (let round = 0; round < 12; round++) {
      runAndCheck();
      await until(() => engineInfo().threads === 2);
      runAndCheck();
      // It takes effect while the run goes on.
      void made.at(-1)?.terminate();
      expect(runAndCheck()).toBeLessThan(SOON);
      runAndCheck();
      await until(() => engineInfo().threads === 1);
      expect(engineInfo().reason).toMatch(/^a thread ended( while it held work)?$/);
      configure({ threads: 2 });
    }
  });
});
