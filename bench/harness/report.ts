// Turns the outcomes of a question into the record of `--json` and into the table and the verdicts that people read.
import { columns, median, plain, range, ratio } from "./figures.ts";
import type { Outcome, Question, Result } from "./question.ts";
import type { Verdict } from "./targets.ts";
import { judge } from "./verdicts.ts";

/** The record of one question. */
export function result(question: Question, outcomes: Outcome[]): Result {
  const { name, work, unit, better } = question;
  const figures: Result["figures"] = [];
  const missing: Result["missing"] = [];
  for (const { contender, threads, figures: list, missing: reason, settings } of outcomes) {
    if (reason !== undefined) missing.push({ contender, threads, reason });
    else figures.push({ contender, threads, median: median(list), range: range(list), settings });
  }
  return { name, work, unit, better, figures, missing, targets: judge(question, outcomes) };
}

/** The table of one question: a line a contender, with a column of ratios for each thread count of Heddle. */
export function table(question: Question, outcomes: Outcome[]): string {
  const present = outcomes.filter(({ missing }) => missing === undefined);
  const heddles = present.filter(({ contender }) => contender === "heddle");
  const head = ["", "threads", "median", "min - max", ...heddles.map(({ threads }) => `heddle on ${threads}`)];
  const absent = outcomes.filter(({ missing }) => missing !== undefined);
  const reasons = new Set(absent.map(({ contender, missing }) => `${contender}: ${missing}`));
  return [
    `${question.name}: ${question.work}; ${question.unit}, ${question.better} is better`,
    ...columns([head, ...present.map(line)]),
    ...[...reasons].map((reason) => `  ${reason}`),
    ...byTarget(judge(question, outcomes)).map((verdicts) => `  target: ${sentence(verdicts)}`),
    "",
  ].join("\n");

  function line(outcome: Outcome): string[] {
    const middle = median(outcome.figures);
    const [least, most] = range(outcome.figures);
    const ratios = heddles.map((heddle) =>
      heddle === outcome ? "" : `${plain(ratio(question, median(heddle.figures), middle))}x`,
    );
    return [outcome.contender, `${outcome.threads}`, plain(middle), `${plain(least)} - ${plain(most)}`, ...ratios];
  }
}

/** All targets of a run and what came of them: the end of the report. */
export function summary(results: Result[]): string {
  const targets = results.flatMap(({ name, targets }) => byTarget(targets).map((verdicts) => ({ name, verdicts })));
  if (targets.length === 0) return "No targets.\n";
  const counts = new Map<string, number>();
  for (const { verdicts } of targets) counts.set(status(verdicts), (counts.get(status(verdicts)) ?? 0) + 1);
  const total = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  return [`Targets: ${total}`, ...targets.map(({ name, verdicts }) => `  ${name}: ${sentence(verdicts)}`), ""].join(
    "\n",
  );
}

/** The verdicts of each target, those of the plain Heddle first. */
function byTarget(verdicts: Verdict[]): Verdict[][] {
  const targets = new Set(verdicts.map(({ target }) => target));
  return [...targets].map((target) => verdicts.filter((verdict) => verdict.target === target));
}

/** Whether a target is met: by the first of the Heddles it means, else by which others. */
function status([first, ...others]: Verdict[]): string {
  if (first.met) return "met";
  const able = others.filter(({ met }) => met).map(({ contender }) => contender);
  if (able.length > 0) return `met only by ${able.join(" and ")}`;
  return [first, ...others].every(({ value }) => value === null) ? "not measured" : "MISSED";
}

/** `at least 1.5x PyTorch: MISSED (heddle 0.87x, heddle wide 1.02x)`. */
function sentence(verdicts: Verdict[]): string {
  const measured = verdicts.filter(({ value }) => value !== null);
  const figures = measured.map(({ contender, value, unit }) => `${contender} ${plain(value ?? NaN)}${unit}`);
  const details = figures.length > 0 ? figures.join(", ") : verdicts[0].reason;
  return `${verdicts[0].target}: ${status(verdicts)} (${details})`;
}
