// Heddle without its binary inside: the core comes from a file of its own. For pages whose policy is strict, and for sites
// that let it be cached apart from their code.

import { initializeOptions } from "./generated/options.ts";
import { type CoreOrigin, giveCore } from "./runtime/core-given.ts";
import { configure, configuredSimd } from "./runtime/engine.ts";
import { checkOptions } from "./runtime/options.ts";
import { workerPlaces } from "./runtime/web-worker.ts";

export * from "./index.ts";
export type { CoreOrigin };

/** What `initialize` takes; everything is optional. */
export interface InitializeOptions {
  /**
   * `heddle/core-simd.wasm` or `heddle/core-relaxed.wasm`: its address, its response or its module. Default: the better one
   * that this runtime has, from beside this module.
   */
  core?: CoreOrigin;
  /** Address of `heddle/thread.js` on the page's own origin. Default: workers from blob: URLs, as in the default entry. */
  worker?: string | URL;
}

/**
 * Loads the core, compiled while it comes in; must be awaited before the first tensor. Throws ArgumentError where the file
 * cannot be had or is no core.
 */
export async function initialize(options: InitializeOptions = {}): Promise<void> {
  const { core, worker } = checkOptions("initialize", options, initializeOptions);
  if (worker !== undefined) {
    workerPlaces.blob = false;
    configure({ workerUrl: worker });
  }
  await giveCore(core ?? besides[configuredSimd()]());
}

/** Written out, so that bundlers see which files come along. */
const besides = {
  simd: () => new URL("../core-simd.wasm", import.meta.url),
  relaxed: () => new URL("../core-relaxed.wasm", import.meta.url),
};
