// Checks the package as npm would publish it: its files, publint, are-the-types-wrong, sizes.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { entries, files } from "../entries.js";
import { checkFields, importName } from "../package-fields.js";

const FOLDER = "build/pack";

function run(command, args, cwd = ".") {
  const { stdout, stderr, status } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return { stdout, lines: `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== ""), status };
}

/** Files that may be published: JavaScript, declarations and binaries of dist/, and documentation. */
const meant = new RegExp(
  [
    "package\\.json|LICENSE|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING)\\.md",
    "dist/([a-z-]+/)*[a-z0-9-]+\\.(js|d\\.ts)|dist/[a-z]+/library-[A-Z0-9]+\\.js|dist/core-(simd|relaxed)\\.wasm",
    "docs/([a-z]+/)?[a-z0-9-]+\\.(md|svg|png)|examples/([a-z]+/)?[a-z-]+(\\.d)?\\.ts",
    // npm adds a folder's package.json to what is in it.
    "(examples/edge|studio|bench/results)/README\\.md|bench/package\\.json",
  ]
    .map((kind) => `^(${kind})$`)
    .join("|"),
);
/** Files that only the build uses: bundles contain them. */
const inside = /^dist\/(generated|runtime)\/core-(plain|imported)\./;

/** Files that must not be in the tarball, and files that package.json names and it lacks. */
export function checkContents() {
  const { stdout, lines, status } = run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]);
  if (status !== 0) return lines;
  const paths = JSON.parse(stdout)[0].files.map(({ path }) => path);
  const strange = paths.filter((path) => !meant.test(path) || inside.test(path));
  const { exports, imports } = JSON.parse(readFileSync("package.json", "utf8"));
  const promised = JSON.stringify({ exports, imports }).match(/"\.\/dist\/[^"]+"/g) ?? [];
  const missing = promised.map((path) => path.slice(3, -1)).filter((path) => !paths.includes(path));
  return [
    ...strange.map((path) => `${path}: only what people need must be published`),
    ...missing.map((path) => `package.json: what it points to must be published, got no ${path}`),
  ];
}

/** What package.json says that scripts/entries.js does not, and entries that the README does not name. */
export function checkEntries() {
  const readme = readFileSync("README.md", "utf8");
  const unnamed = entries.map(importName).filter((name) => name !== "heddle" && !readme.includes(`\`${name}\``));
  return [
    ...checkFields(readFileSync("package.json", "utf8")),
    ...unnamed.map((name) => `README.md: must name ${name}`),
  ];
}

/** What publint says about package.json and the files it points to. */
export function checkPublint() {
  const { lines, status } = run(process.execPath, ["node_modules/publint/src/cli.js", "--strict"]);
  return status === 0 ? [] : lines;
}

/** What attw says about how types are found from ES modules. */
export function checkAttw() {
  mkdirSync(FOLDER, { recursive: true });
  const { stdout, lines, status } = run("npm", ["pack", "--json", "--ignore-scripts", process.cwd()], FOLDER);
  if (status !== 0) return lines;
  const tarball = `${FOLDER}/${JSON.parse(stdout)[0].filename}`;
  const untyped = files.map((file) => `./${basename(file)}`);
  const tool = "node_modules/@arethetypeswrong/cli/dist/index.js";
  const result = run(process.execPath, [tool, tarball, "--profile", "esm-only", "--exclude-entrypoints", ...untyped]);
  rmSync(tarball);
  return result.status === 0 ? [] : result.lines;
}

/** Entries that are larger than package.json's `size-limit` allows. */
export function checkWeights() {
  const { stdout, lines } = run(process.execPath, ["node_modules/size-limit/bin.js", "--json"]);
  if (!stdout.trim().startsWith("[")) return lines;
  return JSON.parse(stdout)
    .filter(({ passed }) => !passed)
    .map(({ name, size, sizeLimit }) => `${name}: must be at most ${sizeLimit} bytes gzipped, got ${size}`);
}
