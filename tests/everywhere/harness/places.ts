// Where things lie: the installed runtimes and tools, and the browsers of this machine.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export const here = join(import.meta.dirname, "..");
export const root = join(here, "..", "..");
const packages = join(here, "node_modules");

/** A file of an installed package. npm runs no install scripts here, so binaries are found where their packages have them. */
const installed = (path: string): string => join(packages, path);

/** The Node that runs tools which ask for a current one. */
export const node = installed("node-24/bin/node");
export const deno = installed("@deno/linux-x64-glibc/deno");
export const bun = installed("@oven/bun-linux-x64/bin/bun");

export const tools = {
  vite: [node, installed("vite/bin/vite.js")],
  webpack: [node, installed("webpack-cli/bin/cli.js")],
  rollup: [node, installed("rollup/dist/bin/rollup")],
  resolvePlugin: installed("@rollup/plugin-node-resolve/dist/cjs/index.js"),
  esbuild: [installed("@esbuild/linux-x64/bin/esbuild")],
  next: [node, installed("next/dist/bin/next")],
  wrangler: [node, installed("wrangler/bin/wrangler.js")],
};

/** A runtime with a console, and the words that run a file in it. */
export interface Runtime {
  name: string;
  command: string[];
}

export const runtimes: Runtime[] = [
  ...[20, 22, 24, 26].map((major) => ({ name: `Node ${major}`, command: [installed(`node-${major}/bin/node`)] })),
  { name: "Deno", command: [deno, "run", "--no-prompt", "--allow-all"] },
  { name: "Deno without permissions", command: [deno, "run", "--no-prompt"] },
  { name: "Bun", command: [bun, "run"] },
].map(({ name, command }) => {
  const found = version(command[0]);
  return { name: found ? `${name.replace(/ \d+$/, "")} ${found}` : name, command };
});

/** The version that a program tells, or nothing where there is none. */
export function version(program: string): string {
  if (!existsSync(program)) return "";
  return execFileSync(program, ["--version"], { encoding: "utf8", stdio: "pipe" }).match(/\d+([.-]\d+)*/)?.[0] ?? "";
}

/** A tool's name with the version that is installed. */
export function named(name: string, packageName = name.toLowerCase()): string {
  const path = installed(`${packageName}/package.json`);
  return existsSync(path) ? `${name} ${JSON.parse(readFileSync(path, "utf8")).version}` : name;
}

/** What to say of a program that is not there, or nothing. */
export function missing(program: string): string | undefined {
  return existsSync(program) ? undefined : `npm has no ${program.replace(packages, "").slice(1)} for this machine`;
}

/** The first of some programs that this machine has. */
export function findProgram(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(":");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Threads that a runtime which has them must bring to work. */
export const expectedThreads = Math.min(2, availableParallelism());
