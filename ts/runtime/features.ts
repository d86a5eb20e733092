// Detects the runtime: its name, its cores, and the WebAssembly features that it validates.

/** Modules that validate only where the feature exists; assembled by hand, one function each. */
const simdProbe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
const relaxedProbe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
];

/** The build of the core: baseline SIMD, or relaxed SIMD, with fused multiply-adds where the processor has them. */
export type Simd = "simd" | "relaxed";

/** The best build of the core that this runtime validates, or undefined where it has no SIMD at all. */
export function detectSimd(): Simd | undefined {
  if (WebAssembly.validate(new Uint8Array(relaxedProbe))) return "relaxed";
  return WebAssembly.validate(new Uint8Array(simdProbe)) ? "simd" : undefined;
}

interface Globals {
  process?: NodeJS.Process & { getBuiltinModule?: (name: string) => unknown };
  Deno?: { version: { deno: string } };
  Bun?: { version: string };
  EdgeRuntime?: string;
  navigator?: { hardwareConcurrency?: number; userAgent?: string };
  document?: unknown;
  WorkerGlobalScope?: unknown;
}

const globals = globalThis as unknown as Globals;

/** The runtime's name and version, if it has them. */
export function detectRuntime(): string {
  // Edge runtimes first: they may imitate Node.
  if (globals.navigator?.userAgent === "Cloudflare-Workers") return "workerd";
  if (globals.EdgeRuntime) return globals.EdgeRuntime;
  if (globals.Deno) return `deno ${globals.Deno.version.deno}`;
  if (globals.Bun) return `bun ${globals.Bun.version}`;
  if (globals.process?.versions?.node) return `node ${globals.process.versions.node}`;
  if (globals.document || globals.WorkerGlobalScope) return "browser";
  return globals.navigator?.userAgent ?? "unknown";
}

/** Whether this is the main thread of a page: it may not block, and while it computes the page does not respond. */
export function isPage(): boolean {
  return globals.document !== undefined && detectRuntime() === "browser";
}

/** How many threads this machine runs at once. */
export function detectCores(): number {
  const os = builtinModule<typeof import("node:os")>("node:os");
  return Math.max(1, os?.availableParallelism?.() ?? globals.navigator?.hardwareConcurrency ?? 1);
}

/** Node's `process`; not that of an edge runtime, which may throw when Node's members are read. */
function nodeProcess(): Globals["process"] {
  return globals.EdgeRuntime ? undefined : globals.process;
}

/** Whether there are built-in modules: in Node, Deno, Bun. */
export function hasBuiltinModules(): boolean {
  return nodeProcess()?.getBuiltinModule !== undefined;
}

/** A built-in module of Node, Deno or Bun, or undefined elsewhere; invisible to browser bundlers. */
export function builtinModule<T>(name: string): T | undefined {
  return nodeProcess()?.getBuiltinModule?.(name) as T | undefined;
}
