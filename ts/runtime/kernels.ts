// Loads the core: chooses the best build for this runtime, compiles it, and instantiates it for the calling thread.

import { source } from "./core-carried.ts";
import type { CompiledCore, CoreSource } from "./core-source.ts";
import { StateError } from "./errors.ts";
import { detectSimd, type Simd } from "./features.ts";

/** What is called by name in the core; the kernels run by launches. */
export interface Core {
  run_launch(launch: number, begin: number, end: number): void;
  run_alone(program: number, end: number): void;
  run(control: number, epoch: number, program: number, end: number, tickets: number): number;
  walk(control: number, thread: number, epoch: number): number;
  work(control: number, thread: number): void;
  redo(control: number, ticket: number): void;
  set_scratch(address: number): void;
  set_wide(on: boolean): void;
  matmul_f32(...arguments_: number[]): void;
}

/** The core, compiled and instantiated for the calling thread. */
export interface LoadedCore extends CompiledCore {
  readonly core: Core;
}

/** The limits of the platform: whether there can be threads, and how much memory. */
export const allowed: Omit<CoreSource, "compile"> = source;

/** The build to run: the best one here, or the baseline one if the bits must be the same everywhere. */
export function chooseSimd(deterministic: boolean): Simd {
  const best = detectSimd();
  if (best === undefined) throw new StateError("heddle: the runtime must have WebAssembly SIMD, got one without it");
  return deterministic ? "simd" : best;
}

/**
 * Compiles and instantiates the core on `memory`; `deterministic` chooses the baseline build, a `twin` is compiled
 * separately from all others.
 */
export function loadCore(memory: WebAssembly.Memory, deterministic: boolean, twin = false): LoadedCore {
  const { simd, module } = source.compile(chooseSimd(deterministic), twin);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { simd, module, core: instance.exports as unknown as Core };
}
