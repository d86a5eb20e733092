// npm run test:hostile -- --minutes N --seed S [--only PATTERN] [--case NUMBER]: each family in a process of its own for its
// share of the time, a new one after a case that failed, ended it or hung; then the closing line.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { families } from "./families.ts";
import type { FamilyEntry } from "./harness/family.ts";

/** Cases of one family that may fail before it is given up. */
const MOST_FAILURES = 5;
const ERROR_LINES = 15;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: "string", default: "" },
    case: { type: "string" },
  },
});
const { seed, case: single } = values;
const minutes = Number(values.minutes);
const pattern = new RegExp(values.only);
const chosen = families.filter(({ name }) => pattern.test(name));
if (chosen.length === 0 || !(minutes > 0)) {
  const names = families.map(({ name }) => name).join(", ");
  console.error(`test:hostile: --minutes must be above 0 and --only match one of ${names}`);
  process.exit(1);
}
console.log(`hostile: --seed ${seed} --minutes ${minutes}, Node ${process.versions.node}`);

let running: ChildProcess | undefined;

/** Ends a family's process and all that it started. */
function kill(): void {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, "SIGKILL");
  } catch {
    // They have all ended already.
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    kill();
    process.exit(1);
  });
}
const parent = process.ppid;
setInterval(() => {
  if (process.ppid === parent) return;
  kill();
  process.exit(1);
}, 500).unref();

/** How a process of a family ended: what it passed, the case that follows, and how one failed, if one did. */
interface Outcome {
  passed: number;
  next: number;
  failure: string | undefined;
}

/** Runs cases of a family from `first` on, for so long. */
async function runProcess({ name, patience }: FamilyEntry, first: number, milliseconds: number): Promise<Outcome> {
  const words = [join(import.meta.dirname, "harness/process.ts"), name, seed, String(first), String(milliseconds)];
  const child = spawn(process.execPath, [...process.execArgv, "--expose-gc", ...words], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  const outcome: Outcome = { passed: 0, next: first, failure: undefined };
  const errors: string[] = [];
  let hung = false;
  const wait = (): NodeJS.Timeout =>
    setTimeout(() => {
      hung = true;
      kill();
    }, patience * 1000);
  let timer = wait();
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [, word, number, rest] = /^(begun|passed|failed) (\d+) ?(.*)$/.exec(line) ?? [];
    if (word === undefined) return;
    clearTimeout(timer);
    timer = wait();
    outcome.next = Number(number);
    if (word === "passed") {
      outcome.passed++;
      outcome.next++;
    } else if (word === "failed") outcome.failure = JSON.parse(rest) as string;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...ending) => resolve(ending));
  });
  clearTimeout(timer);
  kill();
  running = undefined;
  if (hung) outcome.failure = `it did not end within ${patience} s`;
  else if (code !== 0) {
    outcome.failure ??= [`its process ended with ${signal ?? code}`, ...errors.slice(-ERROR_LINES)].join("\n");
  }
  return outcome;
}

/** Runs a family until its deadline; returns how many cases passed and failed. */
async function runFamily(entry: FamilyEntry, deadline: number): Promise<[passed: number, failed: number]> {
  let [passed, failed, next] = [0, 0, Number(single ?? 0)];
  do {
    const outcome = await runProcess(entry, next, single === undefined ? deadline - performance.now() : 0);
    passed += outcome.passed;
    next = outcome.next;
    if (outcome.failure === undefined) break;
    failed++;
    console.log(`FAILED  ${entry.name}, case ${next}: ${outcome.failure.replaceAll("\n", "\n        ")}`);
    console.log(`        again: npm run test:hostile -- --seed ${seed} --only '^${entry.name}$' --case ${next}`);
    next++;
  } while (single === undefined && failed < MOST_FAILURES && performance.now() < deadline);
  return [passed, failed];
}

const end = performance.now() + minutes * 60_000;
let [passed, failed] = [0, 0];
for (const [i, entry] of chosen.entries()) {
  const began = performance.now();
  const [well, badly] = await runFamily(entry, began + (end - began) / (chosen.length - i));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${badly === 0 ? "passed" : "FAILED"}  ${entry.name}: ${entry.title} (${well + badly} cases, ${seconds} s)`,
  );
  passed += well;
  failed += badly;
}
console.log(`hostile: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
