// What a person sees of an error that nobody catches: its class and message, and no line that fills the screen.
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** What a program that ends by an error says on standard error. */
function lastWords(program: string): string {
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module"], {
    input: program,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "" },
  });
  expect(status).toBe(1);
  return stderr;
}

const mistake = "heddle.matmul(heddle.ones([4, 3]), heddle.ones([5, 2]));";

describe("an error that nobody catches", () => {
  it("is shown in Node with class and message, under a short line of source", () => {
    const entry = pathToFileURL(`${root}dist/node/index.js`).href;
    const words = lastWords(`import * as heddle from ${JSON.stringify(entry)};\n${mistake}`);
    expect(words).toMatch(/^ShapeError: matmul: .*\[4, 3\].*\[5, 2\]/m);
    expect(words).not.toMatch(/\w \[ShapeError\]/);
    for (const line of words.split("\n")) expect(line.length).toBeLessThan(300);
  });

  it("keeps its class's name in a bundle that a minifier has made", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `import * as heddle from "heddle"; try { ${mistake} } catch (e) { console.error(e); process.exit(1); }`,
        resolveDir: root,
      },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      conditions: ["default"],
      write: false,
    });
    const words = lastWords(outputFiles[0].text);
    expect(words).toMatch(/^ShapeError: matmul: /m);
  });
});
