// What the runtime is asked and how its answers are read.
import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  builtinModule,
  detectCores,
  detectRuntime,
  detectSimd,
  hasBuiltinModules,
  isPage,
} from "../../ts/runtime/features.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("detectSimd", () => {
  it("finds in this runtime at least baseline SIMD", () => {
    expect(["simd", "relaxed"]).toContain(detectSimd());
  });

  it("prefers relaxed SIMD, does without it, and knows where there is none", () => {
    const validate = vi.spyOn(WebAssembly, "validate");
    const answer = (relaxed: boolean, simd: boolean): void => {
      // The opcode of i8x16.relaxed_swizzle stands in the probe for relaxed SIMD only.
      validate.mockImplementation((bytes) => ((bytes as Uint8Array).includes(128) ? relaxed : simd));
    };
    answer(true, true);
    expect(detectSimd()).toBe("relaxed");
    answer(false, true);
    expect(detectSimd()).toBe("simd");
    answer(false, false);
    expect(detectSimd()).toBeUndefined();
  });

  it("asks with modules that are valid where the feature is", () => {
    const validate = vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    detectSimd();
    const probes = validate.mock.calls.map(([bytes]) => [...(bytes as Uint8Array)]);
    // Node 20 has relaxed SIMD behind a flag.
    const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
    const code = `${JSON.stringify(probes)}.map((bytes) => WebAssembly.validate(Uint8Array.from(bytes)))`;
    expect(spawnSync(process.execPath, [...flags, "-p", code], { encoding: "utf8" }).stdout).toBe("[ true, true ]\n");
  });
});

describe("detectRuntime", () => {
  it("is this Node", () => {
    expect(detectRuntime()).toBe(`node ${process.versions.node}`);
  });

  it.each([
    [{ navigator: { userAgent: "Cloudflare-Workers" } }, "workerd"],
    [{ EdgeRuntime: "edge-runtime" }, "edge-runtime"],
    [{ Deno: { version: { deno: "2.9.6" } } }, "deno 2.9.6"],
    [{ Bun: { version: "1.4.5" } }, "bun 1.4.5"],
    [{ process: undefined, WorkerGlobalScope: {} }, "browser"],
    [{ process: undefined, navigator: { userAgent: "Something/1" } }, "Something/1"],
  ])("by %j is %s", (globals, name) => {
    for (const [key, value] of Object.entries(globals)) vi.stubGlobal(key, value);
    expect(detectRuntime()).toBe(name);
  });
});

describe("isPage", () => {
  it("is so where there is a document and nothing of Node", () => {
    expect(isPage()).toBe(false);
    vi.stubGlobal("document", {});
    // A test of a page in Node is no page.
    expect(isPage()).toBe(false);
    vi.stubGlobal("process", undefined);
    expect([isPage(), detectRuntime()]).toEqual([true, "browser"]);
  });
});

describe("detectCores", () => {
  it("is a whole number of at least 1", () => {
    expect(Number.isInteger(detectCores()) && detectCores() >= 1).toBe(true);
  });

  it("is what the navigator says where there is no Node", () => {
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    vi.stubGlobal("navigator", { hardwareConcurrency: 7 });
    expect(detectCores()).toBe(navigator.hardwareConcurrency ?? 1);
  });
});

describe("builtinModule", () => {
  it("is a module of Node, or undefined", () => {
    expect(builtinModule<typeof import("node:os")>("node:os")?.EOL).toBe("\n");
    expect(builtinModule("node:nothing")).toBeUndefined();
  });

  it("is not asked for in an edge runtime, whose process may throw then", () => {
    const getBuiltinModule = {
      get: () => {
        throw new Error("a Node.js API is used");
      },
    };
    vi.stubGlobal("process", Object.defineProperties({}, { getBuiltinModule }));
    vi.stubGlobal("EdgeRuntime", "edge-runtime");
    expect(builtinModule("node:os")).toBeUndefined();
    expect(hasBuiltinModules()).toBe(false);
  });
});
