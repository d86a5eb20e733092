// npm run test:everywhere, once all is installed: every row, one after the other, then the tables. `--only PATTERN` runs
// the rows whose family and name match.
import { parseArgs } from "node:util";
import { browsers } from "./harness/browsers.ts";
import { line, type Outcome, report, save, summary } from "./harness/report.ts";
import { Context, type Family, type Row } from "./harness/row.ts";
import { makeWorkspace } from "./harness/workspace.ts";
import { bundlerFamily } from "./rows/bundlers.ts";
import { coldStartFamily } from "./rows/cold-starts.ts";
import { failureFamily } from "./rows/failures.ts";
import { headerFamily } from "./rows/headers.ts";
import { installFamily } from "./rows/installs.ts";
import { remoteModelFamily } from "./rows/remote-models.ts";
import { runtimeFamily } from "./rows/runtimes.ts";

const MOST_MILLISECONDS = 180_000;
const families: Family[] = [
  runtimeFamily,
  remoteModelFamily,
  bundlerFamily,
  headerFamily,
  failureFamily,
  coldStartFamily,
  installFamily,
];

const { values } = parseArgs({ options: { only: { type: "string" } } });
const pattern = new RegExp(values.only ?? "", "i");
const chosen = families.flatMap((family) =>
  family.rows.filter(({ name }) => pattern.test(`${family.name}: ${name}`)).map((row) => ({ family, row })),
);
if (chosen.length === 0) {
  console.error(`test:everywhere: --only must match a row's family or name, got "${values.only}"`);
  process.exit(1);
}

/** The row that runs. */
let running: Context | undefined;

/** Runs a row to its end, for as long as a row may take. */
async function outcomeOf(family: Family, row: Row): Promise<Outcome> {
  const context = new Context();
  running = context;
  const began = performance.now();
  let state: Outcome["state"] = "passed";
  let reason = "";
  let timer: NodeJS.Timeout | undefined;
  if (row.missing !== undefined) {
    state = "skipped";
    reason = row.missing;
  } else {
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("it did not end in time")), row.most ?? MOST_MILLISECONDS);
      });
      await Promise.race([row.run(context), late]);
    } catch (error) {
      state = "FAILED";
      reason = (error as Error).message;
    }
    clearTimeout(timer);
    for (const problem of await context.end()) {
      state = "FAILED";
      reason ||= problem.message;
    }
  }
  const seconds = (performance.now() - began) / 1000;
  return { family, name: row.name, state, cells: context.cells, reason, seconds };
}

let ending: Promise<never> | undefined;

/** Ends all that was started, and this process, which takes its folders along. */
function giveUp(): void {
  ending ??= (async () => {
    await running?.end();
    await Promise.allSettled(browsers.map((browser) => browser.close()));
    process.exit(1);
  })();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, giveUp);
// npm and start.js may be killed, which this process is not told of.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) giveUp();
}, 500).unref();

makeWorkspace();
const outcomes: Outcome[] = [];
for (const { family, row } of chosen) {
  const outcome = await outcomeOf(family, row);
  await ending;
  console.log(line(outcome));
  outcomes.push(outcome);
}
for (const browser of browsers) await browser.close();

console.log(`\n${report(outcomes)}`);
for (const outcome of outcomes) if (outcome.state === "skipped") console.log(line(outcome));
if (values.only === undefined) save(outcomes);
console.log(summary(outcomes));
process.exit(outcomes.some(({ state }) => state === "FAILED") ? 1 : 0);
