// Checks the project's rules for files and lines: sizes, names, opening comments, widths, kernels, leftovers.
import { findLines, linesOf, sourceFiles } from "./sources.js";

const MOST_LINES = 500;
const MOST_TEST_LINES = 800;
const WIDTH = 120;

/** Files that are too long. */
export function checkSizes() {
  return sourceFiles().flatMap((path) => {
    const lines = linesOf(path).length - 1;
    const most = path.startsWith("tests/") ? MOST_TEST_LINES : MOST_LINES;
    return lines > most ? [`${path}:${most + 1}: a file must have at most ${most} lines, got ${lines}`] : [];
  });
}

const vague = /^(utils?|utilit(y|ies)|helpers?|common|misc|shared|stuff|things|various|te?mp)$/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|spec|bench|config|d))*\.[tj]s$/;

/** Names that say nothing, or are not written in kebab-case. */
export function checkNames() {
  return sourceFiles().flatMap((path) => {
    const parts = path.split("/");
    const word = parts.map((part) => part.replace(/\..*$/, "")).find((part) => vague.test(part));
    if (word) return [`${path}:1: a name must say what is inside, got "${word}"`];
    return kebab.test(parts.at(-1)) ? [] : [`${path}:1: file names must be in kebab-case, got "${parts.at(-1)}"`];
  });
}

/** Files without an opening comment. */
export function checkOpenings() {
  return sourceFiles().flatMap((path) => {
    const lines = linesOf(path);
    const first = lines[0].startsWith("#!") ? lines[1] : lines[0];
    return first.startsWith("// ") ? [] : [`${path}:1: a file must open with a line that says what it does`];
  });
}

/** The formatting of kernels, which the formatter leaves alone since it would break one-line kernels. */
export function checkWidths() {
  const tests = sourceFiles("tests/assembly").filter((path) => !path.endsWith(".test.ts"));
  return findLines([...sourceFiles("assembly"), ...tests], (line) => {
    if (line.length > WIDTH) return `a line must have at most ${WIDTH} characters, got ${line.length}`;
    if (/\t/.test(line)) return "indentation must be of spaces";
    return /\s$/.test(line) ? "a line must not end with spaces" : undefined;
  });
}

const notKernels = new Set(["assembly/program.ts", "assembly/signature.ts"]);

/** Exports of kernel files that are not kernels, and kernels without a line that says what they compute. */
export function checkKernels() {
  const families = sourceFiles("assembly").filter((path) => path.split("/").length === 2 && !notKernels.has(path));
  return families.flatMap((path) => {
    const lines = linesOf(path);
    return lines.flatMap((line, i) => {
      if (!line.startsWith("export ")) return [];
      if (!/^export function [a-z0-9_]+\(/.test(line)) return [`${path}:${i + 1}: only kernels must be exported here`];
      return lines[i - 1].endsWith("*/")
        ? []
        : [`${path}:${i + 1}: a kernel must have a line with its formula and unit`];
    });
  });
}

// The words are written in two halves so that this file does not find itself.
const leftovers = [
  [new RegExp(`\\b(TO${""}DO|FIX${""}ME|XX${""}X|HA${""}CK)\\b`), "nothing must be left to do"],
  [new RegExp(`@ts-${""}(ignore|expect-error|nocheck)|biome-${""}ignore`), "the checkers must not be silenced"],
  [new RegExp(`\\bas ${""}any\\b|: ${""}any\\b`), "types must be known"],
  [new RegExp(`\\b(it|test|describe)\\.${""}(only|skip|todo)\\b`), "all tests must run"],
];

/** Unfinished business, silenced checkers, tests that do not run. */
export function checkMarkers() {
  return findLines(sourceFiles(), (line) => leftovers.find(([pattern]) => pattern.test(line))?.[1]);
}
