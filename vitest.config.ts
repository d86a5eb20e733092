// Which tests run how: those that compute with the baseline SIMD build, and the ops' again with relaxed SIMD where the runtime
// has it; in processes that files share, or each file in its own.
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Node 20 has relaxed SIMD behind a flag, later versions have it anyway.
const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
const slow = { testTimeout: 120_000, hookTimeout: 60_000 };

/** Folders whose files can share an engine, which saves each of them loading Heddle. */
const sharing = "autograd data datasets formats layers losses metrics ops optim tensor train transforms".split(" ");
/** What a file says that looks at the whole engine, sets it up or replaces what others use: it has a process of its own. */
const apart = /\bmemory\b|\bconfigure\b|\bvi\./;

const files = readdirSync("tests", { recursive: true, encoding: "utf8" })
  .map((path) => `tests/${path}`)
  .filter((path) => path.endsWith(".test.ts") && !path.includes("node_modules"));
const shared = files.filter((path) => sharing.includes(path.split("/")[1]) && !apart.test(readFileSync(path, "utf8")));
const alone = files.filter((path) => !shared.includes(path));
const ops = (paths: string[]): string[] => paths.filter((path) => path.startsWith("tests/ops/"));

/** Files that take longest, which begin first: whoever comes last would be waited for. */
const longest = ["package/types", "examples/examples", "readme", "ops/ops", "train/dispose", "ops/accuracy"];

class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    const place = ({ moduleId }: TestSpecification): number =>
      longest.findIndex((name) => moduleId.endsWith(`/tests/${name}.test.ts`));
    const first = sorted.filter((specification) => place(specification) >= 0);
    first.sort((a, b) => place(a) - place(b));
    return [...first, ...sorted.filter((specification) => place(specification) < 0)];
  }
}

const baseline = { ...slow, setupFiles: ["tests/baseline.ts"] };
const relaxed = { ...slow, execArgv: flags };

export default defineConfig({
  resolve: { conditions: ["heddle-source"] },
  ssr: { resolve: { conditions: ["heddle-source"] } },
  test: {
    pool: "forks",
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...baseline, name: "simd", include: shared, isolate: false } },
      { test: { ...baseline, name: "simd-alone", include: alone } },
      { test: { ...relaxed, name: "relaxed", include: ops(shared), isolate: false } },
      { test: { ...relaxed, name: "relaxed-alone", include: ops(alone) } },
    ],
  },
});
