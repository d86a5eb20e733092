// Two runs of the tests that compute: with the baseline SIMD build, and with relaxed SIMD where the runtime has it.
import { defineConfig } from "vitest/config";

// Node 20 has relaxed SIMD behind a flag, later versions have it anyway.
const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
const slow = { testTimeout: 120_000, hookTimeout: 60_000 };

export default defineConfig({
  resolve: { conditions: ["heddle-source"] },
  ssr: { resolve: { conditions: ["heddle-source"] } },
  test: {
    pool: "forks",
    projects: [
      { test: { ...slow, name: "simd", include: ["tests/**/*.test.ts"], setupFiles: ["tests/baseline.ts"] } },
      { test: { ...slow, name: "relaxed", include: ["tests/ops/**/*.test.ts"], execArgv: flags } },
    ],
  },
});
