// Loads the core: unpacks the build that this runtime validates, compiles it, and makes the calling thread's instance.

import relaxedCore from "../generated/core-relaxed.ts";
import simdCore from "../generated/core-simd.ts";
import { applyDelta } from "./delta.ts";
import { StateError } from "./errors.ts";
import { builtinModule, detectSimd, type Simd } from "./features.ts";
import { inflate } from "./inflate.ts";

/** What of the core is called by name; the other kernels run by rows. */
export interface Core {
  run_row(row: number, begin: number, end: number): void;
  run_alone(program: number, end: number): void;
  run(control: number, epoch: number, program: number, end: number, tickets: number): number;
  walk(control: number, thread: number, epoch: number): number;
  work(control: number, thread: number): void;
  redo(control: number, ticket: number): void;
  set_scratch(address: number): void;
  set_wide(on: boolean): void;
  matmul_f32(...arguments_: number[]): void;
}

export interface LoadedCore {
  readonly simd: Simd;
  readonly module: WebAssembly.Module;
  readonly core: Core;
}

/** An empty section that has a name: it changes a module's bytes and nothing else. */
const TWIN = [0, 5, 4, 116, 119, 105, 110];

/**
 * Compiles and instantiates the core on `memory`; `deterministic` keeps to the baseline build. V8 compiles modules of
 * the same bytes once: a `twin` is compiled on its own.
 */
export function loadCore(memory: WebAssembly.Memory, deterministic: boolean, twin = false): LoadedCore {
  const best = detectSimd();
  if (best === undefined) throw new StateError("heddle: the runtime must have WebAssembly SIMD, got one without it");
  const chosen = deterministic ? "simd" : best;
  const bytes = unpackCore(chosen);
  const module = new WebAssembly.Module(twin ? join(bytes, TWIN) : bytes);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { simd: chosen, module, core: instance.exports as unknown as Core };
}

/** The bytes of a build. The relaxed one is carried as what differs from the other. */
export function unpackCore(simd: Simd): Uint8Array<ArrayBuffer> {
  const baseline = unpack(simdCore);
  return simd === "relaxed" ? applyDelta(baseline, unpack(relaxedCore)) : baseline;
}

/** The bytes of a text; where the runtime can inflate at once, it is faster at it than JavaScript not yet warm. */
function unpack(text: string): Uint8Array<ArrayBuffer> {
  const zlib = builtinModule<typeof import("node:zlib")>("node:zlib");
  const deflated = decodeBase64(text);
  return zlib?.inflateRawSync ? new Uint8Array(zlib.inflateRawSync(deflated)) : inflate(deflated);
}

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function join(first: Uint8Array, second: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
