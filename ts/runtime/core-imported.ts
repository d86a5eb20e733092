// The core in edge runtimes, which cannot compile bytes: both builds are modules of the deployment, compiled when it was
// uploaded.
import { relaxed, simd } from "#wasm";
import type { CoreSource } from "./core-source.ts";

const MiB = 1024 * 1024;
const modules = { simd, relaxed };

/** Both builds, as modules that the bundler found. */
export const source: CoreSource = {
  compile: (simd) => ({ simd, module: modules[simd] }),
  aloneBecause: "edge runtimes have no threads",
  // An isolate may use 128 MB, JavaScript's objects included, and reserved memory counts.
  memory: { maximum: 96 * MiB, growth: 4 * MiB },
};
