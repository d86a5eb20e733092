// The edge example in workerd itself, bundled as wrangler does it. workerd is installed with the runtimes of
// tests/everywhere; where it is not, this says that it tested nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasets } from "../../ts/index.ts";

const root = new URL("../..", import.meta.url).pathname;
const everywhere = join(root, "tests/everywhere/package.json");

/** The path of workerd's binary, or undefined where it is not installed. */
function findWorkerd(): string | undefined {
  if (!existsSync(everywhere)) return undefined;
  try {
    return (createRequire(everywhere)("workerd") as { default: string }).default;
  } catch {
    return undefined;
  }
}

/** Bundles the example into a folder under workerd's conditions, its binaries and weights beside it: the files there. */
async function bundleExample(folder: string): Promise<string[]> {
  const files = new Set(["worker.js"]);
  const apart: Plugin = {
    name: "files of their own",
    setup: ({ onResolve }) =>
      onResolve({ filter: /\.(wasm|safetensors)$/ }, ({ path, resolveDir }) => {
        const name = basename(path);
        files.add(name);
        copyFileSync(join(resolveDir, path), join(folder, name));
        return { path: `./${name}`, external: true };
      }),
  };
  await build({
    entryPoints: [join(root, "examples/edge/worker.ts")],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    plugins: [apart],
  });
  return [...files];
}

const kinds: Record<string, string> = { js: "esModule", wasm: "wasm", safetensors: "data" };

/** What workerd is told of the worker; `flags` as wrangler's `compatibility_flags`. */
function configuration(files: readonly string[], date: string, flags: readonly string[]): string {
  const modules = files.map((name) => `(name = "${name}", ${kinds[name.split(".")[1]]} = embed "${name}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = ${JSON.stringify(flags)},
);
`;
}

/** Starts workerd on such a file; its address. */
async function serve(workerd: string, file: string): Promise<{ process: ChildProcess; address: string }> {
  // The fourth stream tells which port it took.
  const process = spawn(workerd, ["serve", file, "--control-fd=3"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  for await (const chunk of process.stdio[3] as Readable) {
    const port = /"port":(\d+)/.exec(String(chunk))?.[1];
    if (port !== undefined) return { process, address: `http://127.0.0.1:${port}` };
  }
  throw new Error("workerd ended before it listened");
}

const found = findWorkerd();
if (found === undefined) {
  console.warn("SKIPPED: the edge example was not run: workerd is not installed (npm ci --prefix tests/everywhere)");
}

// An older date has no finalization registry; with Node's names about, it must not be taken for Node.
describe.runIf(found !== undefined).each([
  ["2024-09-23", []],
  ["2026-01-01", ["nodejs_compat"]],
])("the edge example in workerd as of %s, %j", (date, flags) => {
  let folder: string;
  let files: string[];
  let process: ChildProcess;
  let address: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "heddle-edge-"));
    files = await bundleExample(folder);
    writeFileSync(join(folder, "config.capnp"), configuration(files, date, flags));
    ({ process, address } = await serve(found ?? "", join(folder, "config.capnp")));
  });

  afterAll(() => {
    process.kill();
    rmSync(folder, { recursive: true });
  });

  const ask = async (path: string, body: string | Uint8Array<ArrayBuffer>): Promise<unknown[]> => {
    const type = typeof body === "string" ? "application/json" : "application/octet-stream";
    const answer = await fetch(address + path, { method: "POST", body, headers: { "content-type": type } });
    return [answer.status, await answer.json()];
  };

  /** One of MNIST's test images as bytes. */
  async function digit(position: number): Promise<{ image: Uint8Array<ArrayBuffer>; label: number }> {
    const { test } = await datasets.mnist();
    const image = test.images.data.slice(position * 784, (position + 1) * 784) as Uint8Array<ArrayBuffer>;
    return { image, label: test.labels.data[position] };
  }

  it("carries the binaries as modules and no copy of them in its JavaScript", () => {
    expect(files.sort()).toEqual(["core-relaxed.wasm", "core-simd.wasm", "digit-cnn.safetensors", "worker.js"]);
    // "AGFzbQ" is how every module begins in base64.
    expect(readFileSync(join(folder, "worker.js"), "utf8")).not.toMatch(/AGFzbQ|[A-Za-z0-9+/]{2000}/);
  });

  it("says what it runs on", async () => {
    expect(await (await fetch(address)).json()).toMatchObject({
      engine: { runtime: "workerd", threads: 1, reason: "edge runtimes have no threads" },
    });
  });

  it("reads digits, posted as bytes and as JSON", async () => {
    for (const position of [0, 1, 2, 3]) {
      const { image, label } = await digit(position);
      const [status, answer] = await ask("/predict", image);
      expect([status, answer]).toMatchObject([200, { digit: label }]);
      expect(await ask("/predict", JSON.stringify({ image: [...image] }))).toEqual([status, answer]);
    }
  });

  it("learns from posted examples, keeps to its memory, and forgets when told to", async () => {
    const { image, label } = await digit(0);
    const taught = (label + 1) % 10;
    const examples = [{ image: [...image], label: taught }];
    const before = await ask("/predict", image);
    for (let round = 0; round < 3; round++) {
      const [status, { losses }] = (await ask("/train", JSON.stringify({ examples, steps: 20 }))) as [
        number,
        { losses: number[] },
      ];
      expect(status).toBe(200);
      if (round === 0) expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
    }
    expect(await ask("/predict", image)).toMatchObject([200, { digit: taught }]);
    const info = (await (await fetch(address)).json()) as {
      engine: { memory: { reserved: number; maximum: number } };
    };
    expect(info.engine.memory.maximum).toBeLessThanOrEqual(96 * 2 ** 20);
    expect(info.engine.memory.reserved).toBeLessThanOrEqual(32 * 2 ** 20);
    await ask("/reset", "");
    expect(await ask("/predict", image)).toEqual(before);
  });

  it.each([
    ["/predict", '{"image":[1,2]}', "an image must be 784 numbers from 0 to 255"],
    ["/train", '{"examples":[]}', "examples must be a list of 1 to 32"],
    ["/train", '{"examples":[{"image":[],"label":11}]}', "a label must be a whole number from 0 to 9"],
    ["/train", '{"examples":[{}],"steps":1000}', "steps must be a whole number from 1 to 20"],
  ])("refuses %s of %s", async (path, body, error) => {
    expect(await ask(path, body)).toEqual([400, { error }]);
  });
});
