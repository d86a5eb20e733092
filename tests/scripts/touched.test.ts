// What `npm run test:changed` runs after a change of which files.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { touched } from "../../scripts/touched.js";

describe("a change", () => {
  it("of source touches what imports it, and nothing else", () => {
    const related = ["ts/ops/softmax.ts", "tests/ops/softmax.test.ts", "studio/main.ts", "bench/main.ts"];
    expect(touched(related)).toEqual({ related, named: [], needsKernels: false, needsDist: false });
  });

  it("of a kernel touches the kernels' tests and those of ops", () => {
    const { related, named, needsKernels, needsDist } = touched(["assembly/softmax.ts"]);
    expect([related, named, needsKernels, needsDist]).toEqual([[], ["tests/ops", "tests/runtime"], true, false]);
    expect(touched(["tests/assembly/softmax.spec.ts"])).toMatchObject({ related: [], named: [], needsKernels: true });
  });

  it("of what the package is touches the tests of dist/", () => {
    for (const path of ["package.json", "scripts/entries.js", "ts/index.ts"]) {
      const { named, needsDist } = touched([path]);
      expect([named, needsDist]).toEqual([["tests/package", "tests/bundle.test.ts"], true]);
    }
    expect(touched(["README.md", "docs/runtimes.md"]).named).toEqual(["tests/readme.test.ts", "tests/package"]);
  });

  it("of examples runs them; of what nothing reads, nothing", () => {
    expect(touched(["examples/mlp.ts"]).named).toEqual(["tests/examples"]);
    const nothing = { related: [], named: [], needsKernels: false, needsDist: false };
    expect(touched(["LICENSE", "studio/index.html"])).toEqual(nothing);
    expect(touched([])).toEqual(nothing);
  });

  it("names tests that there are", () => {
    const paths = [
      "README.md",
      "package.json",
      "examples/a.ts",
      "scripts/prepare.js",
      "assembly/a.ts",
      "assembly/packing/a.ts",
    ];
    const { named } = touched(paths);
    expect(named.length).toBeGreaterThan(5);
    for (const path of named) expect(existsSync(path), path).toBe(true);
  });
});
