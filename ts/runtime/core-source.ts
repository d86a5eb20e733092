// What provides the core's module, and the limits of the platform. Each build of the package has one such file, the only
// difference between them: core-carried (the default), core-plain (Node's bundles), core-imported (edge runtimes),
// core-given (`heddle/separate`). The build replaces one by another.
import { StateError } from "./errors.ts";
import type { Simd } from "./features.ts";

/** A build of the core, compiled. */
export interface CompiledCore {
  readonly simd: Simd;
  readonly module: WebAssembly.Module;
}

/** What provides the core. */
export interface CoreSource {
  /**
   * The core's build `simd`, or the only one there is. V8 compiles modules of the same bytes once; a `twin` is compiled
   * separately.
   */
  compile(simd: Simd, twin: boolean): CompiledCore;
  /** Why there can be only one thread, or undefined where more are possible. */
  readonly aloneBecause?: string;
  /** Maximum bytes of memory unless configured, and bytes that it grows by; default: the engine's own. */
  readonly memory?: { readonly maximum: number; readonly growth: number };
}

/** An empty custom section: it changes a module's bytes and nothing else. */
const TWIN = [0, 5, 4, 116, 119, 105, 110];

/** Compiles bytes; a `twin` separately from other modules of the same bytes. StateError where a policy forbids it. */
export function compileBytes(bytes: Uint8Array<ArrayBuffer>, twin: boolean): WebAssembly.Module {
  let all = bytes;
  if (twin) {
    all = new Uint8Array(bytes.length + TWIN.length);
    all.set(bytes);
    all.set(TWIN, bytes.length);
  }
  try {
    return new WebAssembly.Module(all);
  } catch (error) {
    const policy = "a page's Content-Security-Policy must have 'wasm-unsafe-eval' in script-src";
    throw new StateError(`heddle: WebAssembly must be allowed here (${policy}), got ${error}`, { cause: error });
  }
}
