// What bundlers make of the package: an app pays for what it uses.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { entries } from "../scripts/entries.js";

const root = new URL("..", import.meta.url).pathname;

/** The bytes of an app's bundle: its JavaScript without the core's binary, and everything compressed. */
async function bundle(
  contents: string,
): Promise<{ javascript: number; compressed: number; modules: string[]; text: string }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
  });
  const parts = Object.entries(Object.values(metafile.outputs)[0].inputs);
  const binaries = parts.filter(([path]) => /generated\/core\b/.test(path));
  expect(binaries.length).toBe(1);
  const binaryBytes = binaries.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  return {
    javascript: outputFiles[0].contents.length - binaryBytes,
    compressed: gzipSync(outputFiles[0].contents, { level: 9 }).length,
    text: outputFiles[0].text,
    modules: parts.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path),
  };
}

describe("a bundle", () => {
  it("of an app of dense layers has a third less JavaScript than the whole, and no other layer", async () => {
    const dense = await bundle(`
      import { Sequential, tensor } from "heddle";
      import * as layers from "heddle/layers";
      const model = new Sequential([layers.dense({ units: 1, inputShape: [2] })]);
      model.compile({ optimizer: "sgd", loss: "mse" });
      model.predict(tensor([[1, 2]])).then((y) => console.log(y.data()));
    `);
    const whole = await bundle('import * as heddle from "heddle"; globalThis.heddle = heddle;');
    expect(dense.modules.filter((path) => /layers\/(conv|merging|pooling|registry)/.test(path))).toEqual([]);
    expect(dense.javascript).toBeLessThan((2 / 3) * whole.javascript);
    // What the entry may weigh, and the names of its exports, which an app that keeps all of them has too.
    const { limit = 0 } = entries.find(({ path }) => path === ".") ?? {};
    expect(whole.compressed).toBeLessThan(1013 * limit);
  });

  it("has of a module of ops only those that are used", async () => {
    const { text } = await bundle('import { det, tensor } from "heddle"; console.log(det(tensor([[1]])).item());');
    expect(text).toContain('"det"');
    expect(text).not.toContain('"cholesky"');
  });
});
