// npm test: the kernels alone (as-pect, which compiles on one core for most of its time) beside everything else (vitest, with the
// arguments given). `--changed` runs what differs from the branch main, or from `--since COMMIT`: tests that import it, those of
// kernels where they are meant, and the quick checks.
import { spawn, spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { touched } from "./touched.js";

process.chdir(new URL("..", import.meta.url).pathname);

/** Runs a Node program to its end, and whether it ended well; what it says is shown at once or, if `later`, in the end. */
function run(words, later = false) {
  const child = spawn(process.execPath, words, { stdio: ["ignore", ...Array(2).fill(later ? "pipe" : "inherit")] });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => parts.push(part));
  return new Promise((resolve) => {
    child.on("close", (status) => {
      if (later) process.stdout.write(Buffer.concat(parts));
      resolve(status === 0);
    });
  });
}

const kernels = (later) => run(["node_modules/@as-pect/cli/bin/asp.js", "--summary"], later);
const vitest = (...words) => run(["node_modules/vitest/vitest.mjs", ...words]);

/** What git says, in lines; the end of this program where it says no. */
function git(...words) {
  const { stdout, stderr, status } = spawnSync("git", words, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) {
    console.error(`test: git must know what has changed, got ${stderr.trim()}`);
    process.exit(1);
  }
  return stdout.split("\n").filter((line) => line !== "");
}

/** Files of the project that are not as they were in a commit, and new ones. */
function changedSince(commit) {
  const [base] = git("merge-base", "HEAD", commit);
  const changed = git("diff", "--name-only", "--diff-filter=d", base);
  return [...changed, ...git("ls-files", "--others", "--exclude-standard")];
}

/** Runs what a change touches, one after the other, and whether all of it ended well. */
async function testChanged(commit) {
  const { related, named, needsKernels, needsDist } = touched(changedSince(commit));
  if (needsDist && !(await run(["scripts/build.js", "--quiet"]))) return false;
  const outcomes = [];
  if (related.length > 0) outcomes.push(await vitest("related", "--run", "--passWithNoTests", ...related));
  if (named.length > 0) outcomes.push(await vitest("run", ...named));
  if (needsKernels) outcomes.push(await kernels());
  outcomes.push(await run(["scripts/check.js", "--quick"]));
  return outcomes.every(Boolean);
}

async function testAll(words) {
  const outcomes = await Promise.all([vitest("run", ...words), kernels(true)]);
  return outcomes.every(Boolean);
}

let good;
if (process.argv[2] === "--changed") {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { since: { type: "string", default: "main" } },
  });
  good = await testChanged(values.since);
} else {
  good = await testAll(process.argv.slice(2));
}
process.exit(good ? 0 : 1);
