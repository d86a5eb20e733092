// Runs one question: prepares and warms up every contender, then lets them work in turn, A B C A B C, so that whatever
// else the machine does meets all of them alike. Only one works at a time; the processes of the others are stopped.
import { isCeiling, standingOptions, threadCounts, toInstall } from "./contenders.ts";
import type { Crew } from "./crew.ts";
import { plain } from "./figures.ts";
import { label, type Outcome, type Question, type Round } from "./question.ts";

export interface Effort {
  rounds: number;
  secondsPerRound: number;
  /** The greater of the two thread counts that are measured. */
  threads: number;
}

/** No answer for so long means that a contender hangs; the longest round is memory-growth. */
const patienceSeconds = 1200;

/** The outcome of every contender. `say` receives the progress, a line at a time. */
export async function compare(
  question: Question,
  effort: Effort,
  crew: Crew,
  say: (line: string) => void,
): Promise<Outcome[]> {
  const seconds = Math.min(effort.secondsPerRound, question.seconds ?? Number.POSITIVE_INFINITY);
  const rounds = question.rounds ?? effort.rounds;
  const outcomes = candidates(question, effort.threads);
  for (const outcome of outcomes) {
    await prepare(question, outcome, crew, Math.min(1, 2 * seconds));
    if (outcome.missing !== undefined) say(`${question.name}: ${label(outcome)}: ${outcome.missing}`);
  }
  for (let round = 1; round <= rounds; round++) {
    const figures: string[] = [];
    for (const outcome of outcomes.filter(({ missing }) => missing === undefined)) {
      const figure = await measure(question, outcome, crew, seconds);
      figures.push(`${label(outcome)} ${figure === undefined ? outcome.missing : plain(figure)}`);
    }
    say(`${question.name}: round ${round} of ${rounds}: ${figures.join(", ")}`);
  }
  return outcomes;
}

/** Who is asked, on which numbers of threads. */
function candidates({ contenders, threads: wanted }: Question, most: number): Outcome[] {
  return contenders.flatMap((contender) => {
    const counts = threadCounts(contender, most);
    const asked = wanted === "one" ? counts.slice(0, 1) : wanted === "most" ? counts.slice(-1) : counts;
    return asked.map((threads) => ({ contender, threads, figures: [] }));
  });
}

/** Starts and warms up one contender; the outcome of one that cannot do the work says why. */
async function prepare(question: Question, outcome: Outcome, crew: Crew, warmUpSeconds: number): Promise<void> {
  const { contender, threads } = outcome;
  const install = toInstall(contender);
  if (install !== undefined) {
    outcome.missing = `not installed: ${install}`;
    return;
  }
  const { task } = question;
  const options = { ...question.options, ...standingOptions(contender, threads) };
  const request = { do: "prepare", task, options, warmUpSeconds };
  const answer = await crew.child(task, outcome).ask<{ version: string; settings: string }>(request, patienceSeconds);
  if ("cannot" in answer) fail(outcome, crew, answer.cannot);
  else Object.assign(outcome, { version: answer.version, settings: answer.settings });
}

/** The figure of one round; undefined, with the reason in the outcome, for a contender that failed. */
async function measure(question: Question, outcome: Outcome, crew: Crew, seconds: number) {
  const answer = await crew.child(question.task, outcome).ask<Round>({ do: "round", seconds }, patienceSeconds);
  if ("cannot" in answer) return fail(outcome, crew, answer.cannot);
  if (!isCeiling(outcome.contender) && !question.verify(answer.check)) {
    return fail(outcome, crew, `wrong result: its check came out as ${answer.check}`);
  }
  const figure = question.figure(answer);
  outcome.figures.push(figure);
  return figure;
}

function fail(outcome: Outcome, crew: Crew, reason: string): undefined {
  outcome.missing = reason;
  outcome.figures = [];
  crew.dismiss(outcome);
}
