// Keeps a test process to the baseline SIMD build, whatever the runtime offers.
import { configure } from "../ts/runtime/engine.ts";

/** Files that share a process all come through here, and an engine takes it only before its first tensor. */
const seen = globalThis as { baseline?: true };
if (seen.baseline === undefined) configure({ deterministic: true });
seen.baseline = true;
