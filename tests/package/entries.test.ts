// The table of entries: what follows from it, that it is what package.json says, and that a new entry is one line.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Entry, entries } from "../../scripts/entries.js";
import {
  bundlesOf,
  checkFields,
  exportsOf,
  importName,
  scriptsOf,
  sizeLimitsOf,
} from "../../scripts/package-fields.js";

const written = readFileSync("package.json", "utf8");
const { exports, "size-limit": sizeLimits } = JSON.parse(written);

/** The names of values among what an entry's consumer imports. */
const valuesOf = ({ uses }: Entry): string[] => uses.split(", ").filter((name) => !name.startsWith("type "));

describe("package.json", () => {
  it("is what the table says", () => {
    expect(checkFields(written)).toEqual([]);
    expect(exports).toEqual(exportsOf());
    expect(sizeLimits).toHaveLength(sizeLimitsOf().length);
  });

  it("is said to differ, field by field", () => {
    const other = written
      .replace("./dist/layers/index.d.ts", "./dist/layers.d.ts")
      .replace(/"limit": "\d+ kB"/, '"limit": "1 kB"');
    expect(checkFields(other)).toEqual([
      "package.json: exports must be what scripts/entries.js says: npm run entries",
      "package.json: size-limit must be what scripts/entries.js says: npm run entries",
    ]);
  });
});

describe("an entry", () => {
  it.each(entries.map((entry) => [importName(entry), entry] as const))("%s limits what it weighs", (_name, entry) => {
    expect([entry.limit ?? [], entry.limits ?? []].flat().length).toBeGreaterThan(0);
  });

  it("gives a consumer in Node what it uses, by the name that people import", () => {
    const code = `const names = {};
      for (const name of ${JSON.stringify(entries.map(importName))}) names[name] = Object.keys(await import(name));
      console.log(JSON.stringify(names));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    const names = JSON.parse(out) as Record<string, string[]>;
    for (const entry of entries) {
      expect(valuesOf(entry).length, importName(entry)).toBeGreaterThan(0);
      expect(names[importName(entry)]).toEqual(expect.arrayContaining(valuesOf(entry)));
    }
  });
});

describe("a new entry", () => {
  let copy = "";
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "heddle-entries-"));
    mkdirSync(join(copy, "scripts"));
    for (const file of ["package.json", "scripts/entries.js", "scripts/package-fields.js"])
      cpSync(file, join(copy, file));
    const table = join(copy, "scripts/entries.js");
    const lines =
      '\n  { path: "./text", source: "ts/text/index.ts", own: true, uses: "tokenize", limit: 70 },' +
      '\n  { path: "./interop/onnx", source: "ts/interop/onnx.ts", uses: "read", limit: 90 },';
    const text = readFileSync(table, "utf8");
    writeFileSync(table, text.replace("export const entries = [", `$&${lines}`));
    execFileSync(process.execPath, [join(copy, "scripts/package-fields.js")]);
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it("is a line, from which package.json follows", () => {
    const now = JSON.parse(readFileSync(join(copy, "package.json"), "utf8"));
    const added = {
      "./text": {
        "heddle-source": "./ts/text/index.ts",
        types: "./dist/text/index.d.ts",
        workerd: "./dist/edge/text.js",
        "edge-light": "./dist/edge/text.js",
        node: "./dist/node/text.js",
        default: "./dist/text/index.js",
      },
      "./interop/onnx": {
        "heddle-source": "./ts/interop/onnx.ts",
        types: "./dist/interop/onnx.d.ts",
        workerd: "./dist/edge/interop/onnx.js",
        "edge-light": "./dist/edge/interop/onnx.js",
        node: "./dist/node/interop/onnx.js",
        default: "./dist/interop/onnx.js",
      },
    };
    const limits = [
      { name: "heddle/text", path: "dist/text/index.js", limit: "70 kB", gzip: true },
      { name: "heddle/interop/onnx", path: "dist/interop/onnx.js", limit: "90 kB", gzip: true },
    ];
    expect(now).toEqual({
      ...JSON.parse(written),
      exports: { ...exports, ...added },
      "size-limit": [...limits, ...sizeLimits],
    });
  });

  it("is built: with code of its own, or taken out of the main one", async () => {
    const { bundlesOf: bundlesThere, scriptsOf: scriptsThere } = (await import(
      /* @vite-ignore */ join(copy, "scripts/package-fields.js")
    )) as { bundlesOf: typeof bundlesOf; scriptsOf: typeof scriptsOf };
    const before = bundlesOf();
    bundlesThere().forEach((bundles, i) => {
      const everywhere = bundles.folder !== "separate";
      expect(bundles).toEqual({
        ...before[i],
        bundled: { ...before[i].bundled, ...(everywhere && { text: "ts/text/index.ts" }) },
        parts: { ...before[i].parts, ...(everywhere && { "interop/onnx": "./dist/interop/onnx.js" }) },
      });
    });
    expect(scriptsThere().filter((path) => !scriptsOf().includes(path))).toEqual([
      "dist/edge/interop/onnx.js",
      "dist/edge/text.js",
      "dist/interop/onnx.js",
      "dist/node/interop/onnx.js",
      "dist/node/text.js",
      "dist/text/index.js",
    ]);
  });
});
