// heddle/separate: Heddle whose core is a file of its own, for pages with a strict Content-Security-Policy and for sites
// that want it cached apart from their code.

import { initializeOptions } from "./generated/options.ts";
import { type CoreOrigin, giveCore } from "./runtime/core-given.ts";
import { configure, configuredSimd } from "./runtime/engine.ts";
import { checkOptions } from "./runtime/options.ts";
import { threadSources } from "./runtime/web-worker.ts";

export * from "./index.ts";
export type { CoreOrigin };

/** What `initialize` takes; everything is optional. */
export interface InitializeOptions {
  /**
   * `heddle/core-simd.wasm` or `heddle/core-relaxed.wasm`: its URL, its response or its module. Default: the better one
   * that this runtime supports, from beside this module.
   */
  core?: CoreOrigin;
  /** URL of `heddle/thread.js` on the page's own origin. Default: threads from blob: URLs, as in the default entry. */
  thread?: string | URL;
}

/**
 * Loads the core, compiled while it downloads; must be awaited before the first tensor. Errors: ArgumentError where the
 * file cannot be loaded or is no core.
 */
export async function initialize(options: InitializeOptions = {}): Promise<void> {
  const { core, thread } = checkOptions("initialize", options, initializeOptions);
  if (thread !== undefined) {
    threadSources.blob = false;
    configure({ threadUrl: thread });
  }
  await giveCore(core ?? besides[configuredSimd()]());
}

/** Written out, so that bundlers find the files. */
const besides = {
  simd: () => new URL("../core-simd.wasm", import.meta.url),
  relaxed: () => new URL("../core-relaxed.wasm", import.meta.url),
};
