// An edge runtime on this machine: what wrangler would deploy, run by workerd through miniflare.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { here, missing, node, tools, version } from "./places.ts";
import { run } from "./program.ts";
import type { Context } from "./row.ts";

const COMPATIBILITY_DATE = "2026-10-01";
const workerd = join(here, "node_modules/@cloudflare/workerd-linux-64/bin/workerd");

export const edge = {
  name: existsSync(workerd) ? `workerd ${version(workerd)}` : "workerd",
  missing: missing(workerd) ?? missing(node),
};

interface Miniflare {
  dispatchFetch(url: string, request?: { method: string; body: string }): Promise<Response>;
  dispose(): Promise<void>;
}

/** Lets wrangler make of a file what it would deploy, without deploying it; returns the folder. */
export async function bundleForEdge(context: Context, folder: string, file: string): Promise<string> {
  const output = `deployed-${file.replace(/\W/g, "-")}`;
  const options = ["--dry-run", "--outdir", output, "--name", "heddle", "--compatibility-date", COMPATIBILITY_DATE];
  await run(context, [...tools.wrangler, "deploy", file, ...options], folder);
  return join(folder, output);
}

/** Serves what `bundleForEdge` made of a file until the row has ended; returns how to ask it. */
export async function startEdge(
  context: Context,
  folder: string,
  mainModule: string,
): Promise<Miniflare["dispatchFetch"]> {
  const types: Record<string, string> = { ".js": "esm", ".wasm": "wasm" };
  const modules: Record<string, { type: string; contents: string | Buffer }> = {};
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type) modules[name] = { type, contents: readFileSync(join(folder, name), type === "esm" ? "utf8" : undefined) };
  }
  const manifest = { mainModule, modulesRoot: "/", modules };
  const config = { name: "heddle", compatibilityDate: COMPATIBILITY_DATE, manifest };
  // Not among the root's dependencies: named where the type checker does not look.
  const name = "miniflare";
  const { Miniflare } = (await import(name)) as { Miniflare: new (options: object) => Miniflare };
  // `cf: false`: it would fetch an example of a request's origin from the network.
  const server = new Miniflare({ workers: [{ config }], cf: false });
  context.finally(() => server.dispose());
  return (url, request) => server.dispatchFetch(url, request);
}
