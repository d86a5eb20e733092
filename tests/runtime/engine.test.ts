// What people configure, what the engine tells about itself, how it ends when memory does, and that scripts end.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as engineModule from "../../ts/runtime/engine.ts";
import type * as createModule from "../../ts/tensor/create.ts";

const MB = 1024 * 1024;

/** The engine's modules, loaded anew: an engine not yet made. */
async function fresh(): Promise<typeof engineModule & typeof createModule> {
  vi.resetModules();
  const [engine, create] = await Promise.all([
    import("../../ts/runtime/engine.ts"),
    import("../../ts/tensor/create.ts"),
  ]);
  return { ...engine, ...create };
}

describe("memory", () => {
  it("tells the most bytes that were in use at once", async () => {
    const { memory, zeros } = await fresh();
    const x = zeros([MB]);
    const big = zeros([4 * MB]);
    const most = memory.peak();
    expect(most).toBe(memory.report().inUse);
    big.dispose();
    expect(memory.peak()).toBe(most);
    memory.resetPeak();
    expect(memory.peak()).toBe(memory.report().inUse);
    expect(memory.peak()).toBe(most - 16 * MB);
    x.dispose();
    expect(memory.peak()).toBe(most - 16 * MB);
  });
});

describe("configure", () => {
  it.each([
    [{ threads: 0 }, "configure: threads must be a whole number from 1 to 64, got 0"],
    [{ threads: 1.5 }, "configure: threads must be a whole number from 1 to 64, got 1.5"],
    [{ threads: 65 }, "configure: threads must be a whole number from 1 to 64, got 65"],
    [{ threads: Number.NaN }, "configure: threads must be a number, got NaN"],
    [{ memory: 1000 }, "configure: memory must be from 67108864 to 4294967296 bytes, got 1000"],
    [{ memory: Number.NaN }, "configure: memory must be a number, got NaN"],
  ])("refuses %j, and changes nothing then", async (changes, message) => {
    const { configure, engineInfo } = await fresh();
    expect(() => configure(changes)).toThrow(message);
    try {
      configure(changes);
    } catch (error) {
      expect((error as Error).name).toBe("ArgumentError");
    }
    expect(engineInfo().memory.maximum).toBe(1024 * MB);
  });

  it("refuses what is fixed once there is a tensor", async () => {
    const { configure, tensor } = await fresh();
    configure({ deterministic: true });
    tensor([1]);
    const message = "configure: memory, deterministic and wide must be set before the first tensor, got them after it";
    expect(() => configure({ memory: 256 * MB })).toThrow(message);
    expect(() => configure({ deterministic: false })).toThrow(message);
    expect(() => configure({ wide: true })).toThrow(message);
    expect(() => configure({ threads: 1 })).not.toThrow();
  });

  it("limits the memory", async () => {
    const { configure, engineInfo, full } = await fresh();
    configure({ memory: 100 * MB, threads: 1 });
    expect(engineInfo().memory.maximum).toBe(100 * MB);
    const held = full([20 * MB], 1);
    expect(() => full([10 * MB], 2)).toThrow("allocate: the request must fit in the engine's memory");
    expect(held.data()[20 * MB - 1]).toBe(1);
    held.dispose();
    expect(full([10 * MB], 2).data()[0]).toBe(2);
  });

  it("keeps to the baseline build where bits must not depend on the runtime", async () => {
    const { configure, engineInfo } = await fresh();
    configure({ deterministic: true });
    expect(engineInfo().simd).toBe("simd");
  });

  it("takes wide everywhere, and says what came of it", async () => {
    const { configure, engineInfo, tensor } = await fresh();
    configure({ wide: true, threads: 1 });
    expect(tensor([1, 2]).data()).toEqual(new Float32Array([1, 2]));
    const { runtime, wide, wideReason } = engineInfo();
    if (Number(process.versions.node.split(".")[0]) < 24) {
      expect({ wide, wideReason }).toEqual({
        wide: false,
        wideReason: `256 bits need Node 24 or later, this is ${runtime}`,
      });
    } else {
      const gain = /^256 bits ran (\d+\.\d\d) times as fast as 128 bits$/.exec(wideReason)?.[1];
      expect(wide ? Number(gain) >= 1.2 : Number(gain) <= 1.2).toBe(true);
    }
  });
});

describe("engineInfo", () => {
  it("says what the engine runs on", async () => {
    const { configure, engineInfo } = await fresh();
    configure({ threads: 1 });
    expect(engineInfo()).toEqual({
      runtime: `node ${process.versions.node}`,
      simd: expect.stringMatching(/^(simd|relaxed)$/),
      threads: 1,
      isolated: true,
      reason: "one thread was asked for, or the machine has one core",
      wide: false,
      wideReason: "256 bits were not asked for",
      memory: {
        inUse: expect.any(Number),
        peak: expect.any(Number),
        reserved: 16 * MB,
        maximum: 1024 * MB,
        buffers: expect.any(Number),
        lines: [],
      },
    });
  });

  it("has all the threads soon", async () => {
    const { configure, engineInfo } = await fresh();
    configure({ threads: 3 });
    expect(engineInfo().reason).toBe("threads are starting");
    await vi.waitUntil(() => engineInfo().threads === 3, { timeout: 20_000 });
    expect(engineInfo().reason).toBeUndefined();
    configure({ threads: 1 });
    expect(engineInfo().threads).toBe(1);
  });
});

describe("a page that is left", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("gives its memory back, unless it may come again", async () => {
    let leave = (_event: { persisted: boolean }): void => undefined;
    vi.stubGlobal("process", { ...process, versions: {}, getBuiltinModule: undefined });
    vi.stubGlobal("document", {});
    vi.stubGlobal("addEventListener", (name: string, listener: typeof leave) => {
      if (name === "pagehide") leave = listener;
    });
    const { configure, engineInfo, tensor } = await fresh();
    configure({ threads: 1 });
    const x = tensor([1, 2]);
    expect(engineInfo().runtime).toBe("browser");
    leave({ persisted: true });
    expect(x.data()).toEqual(new Float32Array([1, 2]));
    leave({ persisted: false });
    expect(() => tensor([1])).toThrow("engine: the page must be there, got one that was left");
  });
});

describe("memory", () => {
  it("reports what is alive, and where it was made", async () => {
    const { memory, tensor } = await fresh();
    const { inUse, buffers } = memory.report();
    memory.trace(true);
    const x = tensor([1, 2, 3]);
    expect(memory.report()).toMatchObject({ inUse: inUse + 64, buffers: buffers + 1 });
    expect(memory.report().lines).toEqual([{ origin: expect.stringContaining("engine.test.ts"), count: 1, bytes: 64 }]);
    memory.trace(false);
    x.dispose();
    expect(memory.report()).toMatchObject({ inUse, buffers, lines: [] });
  });
});

describe("a script that used threads", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(process.cwd(), "build", "script-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const source = (name: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), "ts", name)).href);
  const script = (ending: string): string => `
    import { configure, engineInfo } from ${source("runtime/engine.ts")};
    import { full } from ${source("tensor/create.ts")};
    configure({ threads: 3 });
    for (let i = 0; i < 50; i++) full([1_000_000], i).dispose();
    ${ending}`;

  it.each([
    ["ends by itself, before its workers have started", "console.log(engineInfo().threads >= 1);", 0],
    [
      "ends by itself, while its workers sleep",
      `while (engineInfo().threads < 3) await new Promise((resolve) => setTimeout(resolve, 5));
       full([1_000_000], 1);
       await new Promise((resolve) => setTimeout(resolve, 50));
       console.log(engineInfo().threads === 3);`,
      0,
    ],
    ["ends when it throws", "console.log(true); full([1_000_000], 1); throw new Error('enough');", 1],
    ["ends when it says so", "console.log(true); full([1_000_000], 1); process.exit(3);", 3],
  ])("%s", (_how, ending, status) => {
    const file = join(folder, "script.mts");
    writeFileSync(file, script(ending));
    const began = performance.now();
    const result = spawnSync(process.execPath, ["--import", "tsx", file], { encoding: "utf8", timeout: 60_000 });
    expect([result.stdout, result.status]).toEqual(["true\n", status]);
    // Most of it is the start of Node and tsx; a worker that held the script would keep it until the timeout.
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
