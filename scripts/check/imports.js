// Checks imports in ts/: folders are ordered and import only from folders before them, and there are no cycles.
import { posix } from "node:path";
import { linesOf, sourceFiles } from "./sources.js";

const line = [
  "generated",
  "runtime",
  "tensor",
  "autograd",
  "ops/lower",
  "ops",
  "transforms",
  "layers",
  "losses",
  "metrics",
  "optim",
  "data",
  "formats",
  "train",
  "interop",
];

/** The folders after those of `line` and the domains. */
const last = ["models", "worker"];

/** The rank of a folder; folders that are not listed are domains, after `line` and before `last`. */
function rank(folder) {
  if (last.includes(folder)) return line.length + 1 + last.indexOf(folder);
  const index = line.indexOf(folder);
  return index < 0 ? line.length : index;
}

/** The imports and re-exports of a file: their targets, lines, and whether they are of types only. */
function importsOf(path) {
  const text = linesOf(path).join("\n");
  const found = [];
  const statements =
    /^(?:import|export)\s(type\s)?(?:[^;"']*?\sfrom\s)?["']([^"']+)["']|(typeof\s)?\bimport\(\s*["']([^"']+)["']\s*\)/gm;
  for (const match of text.matchAll(statements)) {
    const target = match[2] ?? match[4];
    const names = match[0];
    const onlyTypes = Boolean(match[1] || match[3]) || /^import\s*\{(\s*type\s[^,}]*,?)+\s*\}/.test(names);
    found.push({ target, onlyTypes, at: text.slice(0, match.index).split("\n").length });
  }
  return found;
}

/** The folder of ts/ that a file stands in, as the line names it; a generated list of a folder's exports stands in there. */
function folderOf(path) {
  const [, folder, below] = path.split("/");
  const listed =
    folder === "generated" &&
    below
      .replace(".ts", "")
      .replace(/^(optimizers|schedules)$/, "optim")
      .replace("callbacks", "train");
  if (line.includes(listed)) return listed;
  const deeper = `${folder}/${below}`;
  return line.includes(deeper) ? deeper : folder;
}

const resolve = (from, target) => posix.join(posix.dirname(from), target);

/** Imports in ts/ that go the wrong way, or out of it. */
export function checkImports() {
  return sourceFiles("ts").flatMap((path) =>
    importsOf(path).flatMap(({ target, onlyTypes, at: number }) => {
      const at = `${path}:${number}:`;
      if (!target.startsWith(".")) {
        return onlyTypes || target === "#wasm"
          ? []
          : [`${at} ts/ must run anywhere and import nothing but itself, got "${target}"`];
      }
      const to = resolve(path, target);
      if (!to.startsWith("ts/")) return [`${at} ts/ must import nothing outside ts/, got "${target}"`];
      // ts/index.ts may import everything.
      if (path.split("/").length === 2) return [];
      const [here, there] = [folderOf(path), folderOf(to)];
      const leftward = here === there || rank(there) < rank(here);
      return leftward ? [] : [`${at} ${here}/ must not import ${there}/, which stands to its right: "${target}"`];
    }),
  );
}

/** The two imports of types that close a circle: a model's methods call functions that get it, and a layer makes symbolic results of layers. */
const backwards = ["ts/train/trained.ts -> ts/train/model.ts", "ts/layers/symbolic.ts -> ts/layers/layer.ts"];

/** Cycles of imports, imports of types included. */
export function checkCycles() {
  const files = sourceFiles("ts");
  const targets = new Map(
    files.map((path) => [
      path,
      importsOf(path)
        .filter(({ target }) => target.startsWith("."))
        .map(({ target, onlyTypes }) => [resolve(path, target), onlyTypes])
        .filter(([to, onlyTypes]) => !(onlyTypes && backwards.includes(`${path} -> ${to}`)))
        .map(([to]) => to),
    ]),
  );
  const problems = [];
  const done = new Set();
  const visit = (path, chain) => {
    if (chain.includes(path)) {
      const cycle = [...chain.slice(chain.indexOf(path)), path];
      problems.push(`${path}:1: imports must not come back to where they began: ${cycle.join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...chain, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
  return problems;
}
