// How training gives way: often on a page, with a word about steps that are too long for one.
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as pauseModule from "../../ts/train/pause.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The module, loaded anew, on a page or beside one. */
async function fresh(page: boolean): Promise<typeof pauseModule> {
  vi.resetModules();
  vi.stubGlobal("process", { ...process, versions: {}, getBuiltinModule: undefined });
  vi.stubGlobal("document", page ? {} : undefined);
  vi.stubGlobal("setImmediate", undefined);
  return import("../../ts/train/pause.ts");
}

/** Milliseconds that pass between yields, seen by a clock that moves by one at each step. */
async function intervals(page: boolean): Promise<number[]> {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const { makePause } = await fresh(page);
  const pause = makePause(undefined);
  const found: number[] = [];
  for (let last = 0; found.length < 3; ) {
    now++;
    const rest = pause(1);
    if (rest === undefined) continue;
    found.push(now - last);
    last = now;
    await rest;
  }
  return found;
}

describe("makePause", () => {
  it("gives way on a page three times as often as elsewhere", async () => {
    expect(await intervals(true)).toEqual([10, 10, 10]);
    expect(await intervals(false)).toEqual([30, 30, 30]);
  });

  it("lets tasks that wait have their turn, without a timer", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { makePause } = await fresh(true);
    const timer = vi.spyOn(globalThis, "setTimeout");
    const pause = makePause(undefined);
    let turn = false;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      turn = true;
      port1.close();
    };
    port2.postMessage(undefined);
    now = 100;
    await pause(1);
    expect([turn, timer.mock.calls.length]).toEqual([true, 0]);
  });

  it("waits for a timer where there is nothing better, as in older edge runtimes", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { makePause } = await fresh(false);
    vi.stubGlobal("MessageChannel", undefined);
    const timer = vi.spyOn(globalThis, "setTimeout");
    const pause = makePause(undefined);
    now = 100;
    await pause(1);
    expect(timer.mock.calls.length).toBe(1);
  });

  it("warns once of a step that holds a page up, but for the first, which is recorded", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { makePause } = await fresh(true);
    const pause = makePause(undefined);
    pause(400);
    pause(49);
    expect(warn).not.toHaveBeenCalled();
    for (const milliseconds of [83.4, 90]) pause(milliseconds);
    expect(warn.mock.calls).toEqual([
      ["heddle: a step held the page up for 83 ms; heddle/worker computes beside the page"],
    ]);
    const beside = (await fresh(false)).makePause(undefined);
    for (const milliseconds of [80, 90]) beside(milliseconds);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it("throws the signal's reason, at once or after the step in which it came", async () => {
    const { makePause } = await fresh(true);
    const controller = new AbortController();
    const pause = makePause(controller.signal);
    pause(1);
    controller.abort(new Error("enough"));
    expect(() => pause(1)).toThrow("enough");
    expect(() => makePause(controller.signal)).toThrow("enough");
  });
});
