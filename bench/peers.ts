// npm run bench:peers: Heddle beside the libraries people use instead, on the same work, in one run, and whether it
// reaches its targets. Progress goes to standard error, the tables (or with --json the records) to standard output.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compare, type Effort } from "./harness/compare.ts";
import { toInstall } from "./harness/contenders.ts";
import { Crew } from "./harness/crew.ts";
import type { Question, Result } from "./harness/question.ts";
import { result, summary, table } from "./harness/report.ts";
import { questions } from "./rows/index.ts";

const usage = `npm run bench:peers -- [NAME ...] [options]

NAME selects the rows whose names begin with it; without one all rows run:
${questions.map(({ name, work }) => `  ${name.padEnd(22)} ${work}`).join("\n")}

  --json          print an array of records instead of the tables
  --save          keep the records in bench/results/<date>.json as well
  --rounds N      rounds for each contender (default 5)
  --seconds S     length of a round (default 1)
  --threads N     threads of the contenders that have them, beside 1 (default: the number of cores)`;

const { values: options, positionals: names } = readArguments();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const chosen = choose(names);
const effort: Effort = {
  rounds: positive("rounds", options.rounds, 5),
  secondsPerRound: positive("seconds", options.seconds, 1),
  threads: positive("threads", options.threads, availableParallelism()),
};

warnOfMissing();
const records: Result[] = [];
const versions = new Map<string, string>();
const started = new Date();
const loadAverage = loadavg()[0];
if (loadAverage > 0.5) console.error(`bench:peers: the machine is at work already (load ${loadAverage.toFixed(1)})\n`);
const crew = new Crew();
try {
  for (const question of chosen) {
    const outcomes = await compare(question, effort, crew, (line) => console.error(line));
    for (const { contender, version } of outcomes) if (version !== undefined) versions.set(contender, version);
    records.push(result(question, outcomes));
    if (!options.json) console.log(table(question, outcomes));
  }
} finally {
  crew.stop();
}
const circumstances = {
  date: started.toISOString(),
  machine: `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} cores`,
  node: process.version,
  loadAverage,
  ...effort,
  versions: Object.fromEntries(versions),
};
if (options.json) console.log(JSON.stringify(records, null, 2));
else console.log(`${summary(records)}\n${footer()}`);
if (options.save) console.error(`kept in ${save()}`);
warnOfMissing();

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        save: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        rounds: { type: "string" },
        seconds: { type: "string" },
        threads: { type: "string" },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`);
  }
}

/** The questions whose names begin with one of the given ones. */
function choose(prefixes: string[]): Question[] {
  for (const prefix of prefixes) {
    if (!questions.some(({ name }) => name.startsWith(prefix))) {
      fail(`bench:peers: a row's name is expected, got "${prefix}"; known: ${questions.map((q) => q.name).join(", ")}`);
    }
  }
  return questions.filter(({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)));
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (value > 0 && (name === "seconds" || Number.isInteger(value))) return value;
  return fail(`bench:peers: --${name} must be a positive number, got "${given}"`);
}

/** Names the peers that are not installed, once before and once after, where it cannot be overlooked. */
function warnOfMissing(): void {
  const asked = [...new Set(chosen.flatMap(({ contenders }) => contenders))];
  for (const command of new Set(asked.map(toInstall))) {
    if (command === undefined) continue;
    const peers = asked.filter((peer) => toInstall(peer) === command).join(", ");
    console.error(`\n*** NOT MEASURED: ${peers.toUpperCase()}: not installed. Install with: ${command}\n`);
  }
}

function footer(): string {
  const { machine } = circumstances;
  const minutes = ((Date.now() - started.getTime()) / 60_000).toFixed(1);
  const contenders = [...versions].map(([contender, version]) => `  ${contender}: ${version}`);
  return [
    `"heddle on N" is how many times as fast Heddle is on N threads; medians of interleaved rounds, ${effort.rounds} of them`,
    `unless a row says otherwise. ${machine}, load at the start ${loadAverage.toFixed(1)}, ${minutes} minutes.`,
    ...contenders,
  ].join("\n");
}

/** Writes the records to bench/results/, beside those of an earlier run on the same day. */
function save(): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const day = circumstances.date.slice(0, 10);
  let file = join(folder, `${day}.json`);
  for (let run = 2; existsSync(file); run++) file = join(folder, `${day}-${run}.json`);
  writeFileSync(file, `${JSON.stringify({ ...circumstances, rows: records }, null, 2)}\n`);
  return file;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
