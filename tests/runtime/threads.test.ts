// Threads that come late, never, or end in the middle of a run: results stay right, nothing hangs, engineInfo() says why.
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configure, engine, engineInfo } from "../../ts/runtime/engine.ts";
import { OutOfMemoryError, StateError } from "../../ts/runtime/errors.ts";
import { launch, splitting } from "../../ts/runtime/program.ts";
import { spawning } from "../../ts/runtime/threads.ts";
import type { WorkerMaker } from "../../ts/runtime/web-worker.ts";
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
  launch("softmax_f32", ROWS, 100, y, input, COLUMNS);
  return y;
}

configure({ threads: 1 });
const expected = softmaxRows().data();
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

/** Node workers that run `source` in place of the pool's own. */
function running(source: string): WorkerMaker {
  return (_source, gone) => {
    const worker = new Worker(source, { eval: true, execArgv: [] });
    worker.on("error", () => undefined);
    worker.on("exit", () => gone("a worker ended"));
    worker.unref();
    return worker;
  };
}

/** A worker that reports for work, takes one ticket of the next run as assembly/program.ts does, then does `ending`. */
function takingOneTicket(ending: string): string {
  return `
    const { parentPort } = require("node:worker_threads");
    parentPort.once("message", ({ memory, control, thread }) => {
      const words = new Int32Array(memory.buffer, control, 256 + thread * 16);
      const next = new BigInt64Array(memory.buffer, control + 64, 1);
      const slot = 64 + thread * 16;
      const epoch = Atomics.load(words, 0);
      Atomics.store(words, slot + 1, 1);
      while (Atomics.load(words, 0) === epoch);
      for (let taken = false; !taken; ) {
        const seen = Atomics.load(next, 0);
        const ticket = Number(seen & 0xffffffffn);
        if (ticket >= words[2]) continue;
        taken = Atomics.compareExchange(next, 0, seen, seen + 1n) === seen;
        if (taken) Atomics.store(words, slot, ticket);
      }
      ${ending}
    });`;
}

beforeEach(() => {
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
    configure({ threads: 1 });
    await until(() => engine().memory.report().buffers <= alone.buffers);
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
    spawning.make = () => ({ postMessage: () => undefined, terminate: () => undefined });
    restart(3);
    for (let i = 0; i < 5; i++) runAndCheck();
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "workers are starting" });
    await until(() => performance.now() - began > 1050);
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "workers did not start in time" });
    runAndCheck();
  });

  it("because they cannot be made are explained", () => {
    spawning.make = () => {
      throw new Error("no threads today");
    };
    const { buffers } = engine().memory.report();
    restart(3);
    runAndCheck();
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "workers could not be made: no threads today" });
    expect(engine().memory.report().buffers).toBe(buffers);
  });

  it("because the runtime has none are explained", () => {
    spawning.make = undefined;
    restart(2);
    runAndCheck();
    expect(engineInfo().reason).toBe("workers could not be made: this runtime has no workers that share memory");
  });

  it("because there is no memory for them leave the work to the calling thread", () => {
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
    reserve.dispose();
    restart(4);
    launch("softmax_f32", 8, 100, y, input, COLUMNS);
    expect(y.data()).toEqual(expected.subarray(0, y.size));
    expect(engineInfo().reason).toMatch(/^workers could not be made: allocate: the request must fit/);
    for (const x of [...taken, y]) x.dispose();
    expect(engine().memory.report().inUse).toBeLessThan(10 * 1024 * 1024);
  });

  it("because their code fails are explained", async () => {
    spawning.make = running("throw new Error('not in this house')");
    restart(2);
    runAndCheck();
    await until(() => engineInfo().reason === "a worker ended");
    runAndCheck();
  });
});

describe("a worker that ends in the middle of a run", () => {
  it.each([
    ["silently", "process.exit()", "a worker held work for 600 ms and was given up"],
    ["by looping forever", "for (;;);", "a worker held work for 600 ms and was given up"],
    ["and says so", "Atomics.store(words, slot + 1, 2)", "a worker failed while it held work"],
  ])("%s is replaced within a second", async (_how, ending, reason) => {
    spawning.make = running(takingOneTicket(ending));
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
    for (let run = 0; run < MANY && engineInfo().threads === 2; run++) expect(runAndCheck()).toBeLessThan(SOON);
    expect(engineInfo()).toMatchObject({ threads: 1, reason });
    runAndCheck();
  });

  it("while it updates values in place is an error, never a wrong result", async () => {
    spawning.make = running(takingOneTicket("process.exit()"));
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
    const [y, x] = [empty([ROWS]), empty([ROWS])];
    splitting.chunkNanoseconds = 1;
    const update = (): void => launch("view_write_u32", ROWS, 1, y, x, 1, 1, 1, 1, ROWS, 0, 0, 0, 0, 0, 1, 0);
    const updates = (): void => {
      for (let run = 0; run < MANY; run++) update();
    };
    expect(updates).toThrow(StateError);
    update();
    expect(engineInfo().threads).toBe(1);
    for (const tensor of [x, y]) tensor.dispose();
  });

  it("with work that nobody can find again is an error, never a hang", async () => {
    spawning.make = running(takingOneTicket("Atomics.store(words, slot, -1)"));
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
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

  it("keeps what it works on in Deno, which tells of its end when it is told to end", async () => {
    vi.stubGlobal("Deno", { version: { deno: "2.9.5" } });
    const made: Worker[] = [];
    spawning.make = (source, gone) => {
      const worker = usual.make?.(source, gone) as Worker;
      made.push(worker);
      return worker;
    };
    restart(2);
    runAndCheck();
    await until(() => engineInfo().threads === 2);
    const { inUse } = engine().memory.report();
    await made[0].terminate();
    expect(engineInfo()).toMatchObject({ threads: 1, reason: "a worker ended" });
    expect(engine().memory.report().inUse).toBe(inUse);
    await until(() => engine().memory.report().inUse < inUse);
  });

  it("because it is terminated, at any moment, changes no result", async () => {
    const made: Worker[] = [];
    spawning.make = (source, gone) => {
      const worker = usual.make?.(source, gone) as Worker;
      made.push(worker);
      return worker;
    };
    for (let round = 0; round < 12; round++) {
      restart(2);
      runAndCheck();
      await until(() => engineInfo().threads === 2);
      runAndCheck();
      // It takes effect while the run goes on.
      void made.at(-1)?.terminate();
      expect(runAndCheck()).toBeLessThan(SOON);
      runAndCheck();
      await until(() => engineInfo().threads === 1);
      expect(engineInfo().reason).toMatch(/^a worker (ended|held work for 600 ms and was given up)$/);
    }
  });
});
