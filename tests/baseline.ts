// Keeps a test process to the baseline SIMD build, whatever the runtime offers.
import { configure } from "../ts/runtime/engine.ts";

configure({ deterministic: true });
