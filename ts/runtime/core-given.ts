// The core of `heddle/separate`: from a file of its own, compiled while it downloads, before the first tensor.
import type { CompiledCore, CoreSource } from "./core-source.ts";
import { ArgumentError, StateError } from "./errors.ts";
import { builtinModule, type Simd } from "./features.ts";

let given: CompiledCore | undefined;

/**
 * The build that was given.
 *
 * @internal
 */
export const source: CoreSource = {
  compile(simd) {
    if (given === undefined) {
      throw new StateError("heddle/separate: initialize must be awaited before the first tensor, got no core yet");
    }
    if (simd === "simd" && given.simd === "relaxed") {
      throw new StateError("initialize: deterministic mode must have core-simd.wasm, got core-relaxed.wasm");
    }
    return given;
  },
};

/** The core's URL or response, or its compiled WebAssembly.Module, a type that not all runtimes declare. */
export type CoreOrigin = string | URL | Response | object;

/** Compiles the core from `origin` and keeps it for the engine. ArgumentError if it is none. */
export async function giveCore(origin: CoreOrigin): Promise<void> {
  const module = origin instanceof WebAssembly.Module ? origin : await fetchModule(origin as string | URL | Response);
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  if (!names.has("run_alone")) throw new ArgumentError("initialize: core must be one of Heddle's, got another module");
  // The build gives the relaxed file an empty section of this name.
  const simd: Simd = WebAssembly.Module.customSections(module, "relaxed").length > 0 ? "relaxed" : "simd";
  given = { simd, module };
}

async function fetchModule(origin: string | URL | Response): Promise<WebAssembly.Module> {
  const place = origin instanceof Response ? origin.url : String(origin);
  try {
    if (place.startsWith("file:")) return await compileFile(place);
    const response = origin instanceof Response ? origin : await fetch(origin);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    // Servers that send another MIME type than application/wasm leave only the slower way.
    const streams = response.headers.get("content-type")?.startsWith("application/wasm");
    if (streams && WebAssembly.compileStreaming !== undefined) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new ArgumentError(`initialize: core must be a WebAssembly file, got ${error} from ${place}`, {
      cause: error,
    });
  }
}

/** In Node, fetch does not take file: URLs. */
async function compileFile(url: string): Promise<WebAssembly.Module> {
  const fs = builtinModule<typeof import("node:fs")>("node:fs");
  if (fs === undefined) throw new Error("no file system here");
  return WebAssembly.compile(new Uint8Array(await fs.promises.readFile(new URL(url))));
}
