// Runs one question: starts and warms up every contender, then lets them work in turn, A B C A B C, so that whatever
// else the machine does meets all of them alike. Only one works at a time; the others wait for input.
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "./child.ts";
import { mnistFolder, start, threadCounts, toInstall } from "./contenders.ts";
import { plain } from "./figures.ts";
import { label, type Outcome, type PeerName, type Question, type Round } from "./question.ts";

export interface Effort {
  rounds: number;
  secondsPerRound: number;
  /** The greater of the two thread counts that are measured. */
  threads: number;
}

const warmUpSeconds = 1;
const patienceSeconds = 600;
/** Between two contenders: thread pools go on spinning for up to 100 ms after their last work. */
const pauseMilliseconds = 150;

/** The outcome of every contender: Heddle on one thread first. `say` receives the progress, a line at a time. */
export async function compare(question: Question, effort: Effort, say: (line: string) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const children = new Map<Outcome, Child>();
  try {
    for (const peer of ["heddle", ...question.peers] as PeerName[]) {
      const install = toInstall(peer);
      for (const threads of threadCounts(peer, effort.threads)) {
        const outcome: Outcome = { peer, threads, figures: [] };
        outcomes.push(outcome);
        if (install !== undefined) outcome.missing = `not installed: ${install}`;
        else await prepare(question, outcome, children);
        if (outcome.missing !== undefined) say(`${question.name}: ${label(outcome)}: ${outcome.missing}`);
      }
    }
    const rounds = question.rounds ?? effort.rounds;
    for (let round = 1; round <= rounds; round++) {
      const figures: string[] = [];
      for (const [outcome, child] of children) {
        await sleep(pauseMilliseconds);
        const figure = await measure(question, outcome, child, effort.secondsPerRound);
        figures.push(`${label(outcome)} ${figure === undefined ? outcome.missing : plain(figure)}`);
        if (figure === undefined) children.delete(outcome);
      }
      say(`${question.name}: round ${round} of ${rounds}: ${figures.join(", ")}`);
    }
  } finally {
    for (const child of children.values()) child.stop();
  }
  return outcomes;
}

/** Starts and warms up one contender; one that cannot do the work is stopped and its outcome says why. */
async function prepare(question: Question, outcome: Outcome, children: Map<Outcome, Child>): Promise<void> {
  const child = start(outcome.peer, outcome.threads);
  const options = { ...question.options, threads: outcome.threads, mnist: mnistFolder };
  const request = { do: "prepare", task: question.task, options, warmUpSeconds };
  const answer = await child.ask<{ version: string }>(request, patienceSeconds);
  if ("cannot" in answer) {
    outcome.missing = answer.cannot;
    child.stop();
    return;
  }
  outcome.version = answer.version;
  children.set(outcome, child);
}

/** The figure of one round; undefined, with the reason in the outcome, for a contender that failed. */
async function measure(question: Question, outcome: Outcome, child: Child, seconds: number) {
  const answer = await child.ask<Round>({ do: "round", seconds }, patienceSeconds);
  if ("cannot" in answer) outcome.missing = answer.cannot;
  else if (!question.verify(answer.check)) outcome.missing = `wrong result: its check came out as ${answer.check}`;
  if ("cannot" in answer || outcome.missing !== undefined) {
    outcome.figures = [];
    child.stop();
    return undefined;
  }
  const figure = question.figure(answer);
  outcome.figures.push(figure);
  return figure;
}
