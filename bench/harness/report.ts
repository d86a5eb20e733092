// Turns the outcomes of a question into the records of `--json` and into the table people read.
import { columns, median, plain, range, ratio } from "./figures.ts";
import { label, type Outcome, type Question, type Result } from "./question.ts";

/** One record for each thread count of Heddle, beside the peers that used no more threads than that. */
export function results(question: Question, outcomes: Outcome[]): Result[] {
  return outcomes.filter(({ peer }) => peer === "heddle").map((heddle) => result(question, heddle, outcomes));
}

function result(question: Question, heddle: Outcome, outcomes: Outcome[]): Result {
  const figure = heddle.missing === undefined ? median(heddle.figures) : null;
  const { name, unit } = question;
  const { threads } = heddle;
  const record: Result = { name, unit, threads, heddle: figure, peers: {}, ratios: {}, ranges: {}, missing: {} };
  const beside = outcomes.filter((other) => other.peer !== "heddle" && other.threads <= heddle.threads);
  for (const outcome of [heddle, ...beside]) {
    const key = outcome === heddle ? "heddle" : label(outcome);
    if (outcome.missing !== undefined) {
      record.missing[key] = outcome.missing;
      continue;
    }
    record.ranges[key] = range(outcome.figures);
    if (outcome === heddle) continue;
    record.peers[key] = median(outcome.figures);
    if (figure !== null) record.ratios[key] = ratio(question, figure, median(outcome.figures));
  }
  return record;
}

/** The table of one question: a line a contender, with a column of ratios for each thread count of Heddle. */
export function table(question: Question, outcomes: Outcome[]): string {
  const heddles = outcomes.filter(({ peer, missing }) => peer === "heddle" && missing === undefined);
  const head = ["", "threads", "median", "min - max", ...heddles.map(({ threads }) => `heddle on ${threads}`)];
  const lines = [head, ...outcomes.filter(({ missing }) => missing === undefined).map((outcome) => line(outcome))];
  const absent = outcomes.filter(({ missing }) => missing !== undefined);
  const reasons = new Set(absent.map(({ peer, missing }) => `${peer}: ${missing}`));
  return [
    `${question.name}: ${question.work}; ${question.unit}, ${question.better} is better`,
    ...columns(lines),
    ...[...reasons].map((reason) => `  ${reason}`),
    "",
  ].join("\n");

  function line(outcome: Outcome): string[] {
    const middle = median(outcome.figures);
    const [least, most] = range(outcome.figures);
    const ratios = heddles.map((heddle) =>
      heddle === outcome ? "" : `${plain(ratio(question, median(heddle.figures), middle))}x`,
    );
    return [outcome.peer, `${outcome.threads}`, plain(middle), `${plain(least)} - ${plain(most)}`, ...ratios];
  }
}
