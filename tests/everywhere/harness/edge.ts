// An edge runtime on this machine: what wrangler would deploy, run by workerd through miniflare.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { here, missing, node, tools, version } from "./places.ts";
import { run } from "./program.ts";
import type { Context } from "./row.ts";

const COMPATIBILITY_DATE = "2026-11-01";
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

/** Serves a deployed folder until the row has ended; returns how to ask it. */
export async function startEdge(context: Context, folder: string): Promise<Miniflare["dispatchFetch"]> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const module = (type: string) => (path: string) => ({ type, path, contents: readFileSync(join(folder, path)) });
  const modules = [
    // The first one is the worker, the others are what it imports.
    ...names.filter((name) => name.endsWith(".js")).map(module("ESModule")),
    ...names.filter((name) => name.endsWith(".wasm")).map(module("CompiledWasm")),
  ];
  // Not among the root's dependencies: named where the type checker does not look.
  const name = "miniflare";
  const { Miniflare } = (await import(name)) as { Miniflare: new (options: object) => Miniflare };
  const server = new Miniflare({ modules, compatibilityDate: COMPATIBILITY_DATE });
  context.finally(() => server.dispose());
  return (url, request) => server.dispatchFetch(url, request);
}
