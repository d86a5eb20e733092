// What came out: a line for each row as it ends, the closing tables in Markdown, and the closing line.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { root } from "./places.ts";
import type { Family } from "./row.ts";

export interface Outcome {
  family: Family;
  name: string;
  state: "passed" | "FAILED" | "skipped";
  cells: Map<string, string>;
  /** Why it failed or was skipped. */
  reason: string;
  seconds: number;
}

/** So much of a reason stands in the table; all of it was printed when the row ended. */
const SHOWN = 300;

const plain = (text: string): string => text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();

/** A row's line, as it ends; whoever is skipped is not overlooked. */
export function line({ family, name, state, reason, seconds }: Outcome): string {
  const what = `${family.name}: ${name}`;
  if (state === "skipped") return `*** SKIPPED ${what}: ${reason}`;
  return state === "passed" ? `passed  ${what} (${seconds.toFixed(1)} s)` : `FAILED  ${what}: ${reason}`;
}

/** A family's rows as a Markdown table. */
function table({ columns }: Family, outcomes: Outcome[]): string {
  const heads = [...columns, "result"];
  const rows = outcomes.map(({ name, cells, state, reason }) => [
    name,
    ...columns.slice(1).map((column) => cells.get(column) ?? ""),
    state === "passed" ? "passed" : `${state}: ${reason.slice(0, SHOWN)}`,
  ]);
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.map(plain).join(" | ")} |`).join("\n");
}

/** The whole matrix in Markdown. */
export function report(outcomes: Outcome[]): string {
  const families = [...new Set(outcomes.map(({ family }) => family))];
  const sections = families.map((family) => {
    const rows = outcomes.filter((outcome) => outcome.family === family);
    return `## ${family.name[0].toUpperCase()}${family.name.slice(1)}\n\n${family.title}\n\n${table(family, rows)}\n`;
  });
  return sections.join("\n");
}

/** Keeps the matrix where readers find it. */
export function save(outcomes: Outcome[]): void {
  const machine = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${availableParallelism()} cores`;
  const opening = `# Where it runs\n
What \`npm run test:everywhere\` saw on ${new Date().toISOString().slice(0, 10)} (${machine}), from the packed package as npm installs it.
The command writes this file; times depend on the machine and on what else it does.\n\n`;
  writeFileSync(join(root, "docs/runtimes.md"), `${opening}${report(outcomes)}`);
}

/** The closing line. */
export function summary(outcomes: Outcome[]): string {
  const count = (state: Outcome["state"]): number => outcomes.filter((outcome) => outcome.state === state).length;
  const skipped = count("skipped");
  return `everywhere: ${count("passed")} passed, ${count("FAILED")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
