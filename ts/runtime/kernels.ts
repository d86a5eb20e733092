// Loads the core: unpacks the build that this runtime validates, compiles it, and makes the calling thread's instance.

import { unpackCore } from "./core-bytes.ts";
import { StateError } from "./errors.ts";
import { detectSimd, type Simd } from "./features.ts";

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

function join(first: Uint8Array, second: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
