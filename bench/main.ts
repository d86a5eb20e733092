// npm run bench: micro-benchmarks of Heddle alone, on one thread and on all cores. Progress goes to standard error, the
// table (or with --json the figures) to standard output.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { cases as conv } from "./conv.bench.ts";
import { cases as elementwise } from "./elementwise.bench.ts";
import { columns, plain } from "./harness/figures.ts";
import { type Timing, time } from "./harness/micro.ts";
import { engineInfo } from "./heddle.ts";
import { cases as matmul } from "./matmul.bench.ts";
import { cases as program } from "./program.bench.ts";
import { cases as rows } from "./rows.bench.ts";

const cases = [...program, ...elementwise, ...rows, ...matmul, ...conv];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, threads: { type: "string" }, help: { type: "boolean" } },
});
if (values.help) {
  console.log("npm run bench -- [NAME ...] [--json] [--threads N]\n");
  console.log("NAME selects the cases whose names begin with it:");
  console.log(cases.map(({ name }) => `  ${name}`).join("\n"));
  process.exit(0);
}
const unknown = positionals.find((prefix) => !cases.some(({ name }) => name.startsWith(prefix)));
if (unknown !== undefined) {
  const known = cases.map(({ name }) => name).join(", ");
  console.error(`bench: a case's name is expected, got "${unknown}"; known: ${known}`);
  process.exit(2);
}
const most = Number(values.threads ?? availableParallelism());
const threadCounts = most > 1 ? [1, most] : [1];
const isChosen = (name: string) => positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix));
const timings: Timing[] = [];
for (const item of cases.filter(({ name }) => isChosen(name))) {
  console.error(item.name);
  timings.push(await time(item, threadCounts));
}
if (values.json) console.log(JSON.stringify(timings, null, 2));
else {
  const threads = threadCounts.map((count) => (count === 1 ? "1 thread" : `${count} threads`));
  console.log(columns([["", "unit", ...threads, "gain"], ...timings.map(line)]).join("\n"));
  console.log(`\nNode ${process.version}, ${engineInfo().simd} build; medians of 5 rounds in turn`);
}

function line({ name, unit, figures }: Timing): string[] {
  const gain = unit === "us" ? figures[1] / figures[most] : figures[most] / figures[1];
  return [name, unit, ...threadCounts.map((threads) => plain(figures[threads])), most > 1 ? `${plain(gain)}x` : ""];
}
