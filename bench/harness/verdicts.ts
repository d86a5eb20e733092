// Whether Heddle reaches its targets: the verdicts on medians of one run.
import type { ContenderName } from "./contenders.ts";
import { median, plain, ratio } from "./figures.ts";
import type { Outcome, Question } from "./question.ts";
import { heddles, type On, rivals, type Target, type Verdict } from "./targets.ts";

/** The verdicts on every target of a question, for every Heddle it means. */
export function judge(question: Question, outcomes: Outcome[]): Verdict[] {
  return (question.targets ?? []).flatMap((target) =>
    heddles
      .filter((name) => (target.by ? name === target.by : question.contenders.includes(name)))
      .map((contender) => verdict(question, target, contender, outcomes)),
  );
}

/** A target in words: `at least 1.5x PyTorch, the best of one and all threads`. */
export function describe(question: Question, target: Target): string {
  if ("atMost" in target) return `at most ${plain(target.atMost)} ${question.unit}, ${threadsInWords(target.on)}`;
  return `at least ${target.atLeast}x ${target.times}, ${threadsInWords(target.on)}`;
}

function threadsInWords(on: On): string {
  return on === "the best of both" ? "the best of one and all threads" : `on ${on}`;
}

function verdict(question: Question, target: Target, contender: ContenderName, outcomes: Outcome[]): Verdict {
  const isBound = "atMost" in target;
  const common = { target: describe(question, target), contender, unit: isBound ? ` ${question.unit}` : "x" };
  const unmeasured = (reason: string): Verdict => ({ ...common, value: null, met: false, reason });
  const own = best(question, ownOutcomes(outcomes, contender, target.on));
  if (own === undefined) return unmeasured(absence(outcomes, contender));
  if (isBound && own < 0) return unmeasured("a difference that is smaller than the noise");
  if (isBound) return { ...common, value: own, met: own <= target.atMost };
  const others =
    target.times === "itself on one thread"
      ? ownOutcomes(outcomes, contender, "one thread")
      : rivalOutcomes(outcomes, rivals[target.times], target.on);
  const other = best(question, others);
  if (other === undefined) return unmeasured(`no figure of ${target.times}`);
  const value = ratio(question, own, other);
  return { ...common, value, met: value >= target.atLeast };
}

/** A Heddle's outcomes on the threads that are meant. */
function ownOutcomes(outcomes: Outcome[], name: ContenderName, on: On): Outcome[] {
  const most = Math.max(...outcomes.map(({ threads }) => threads));
  return outcomes.filter(({ contender, threads }) => {
    if (contender !== name) return false;
    if (on === "one thread") return threads === 1;
    return on === "the best of both" || (threads === most && most > 1);
  });
}

/** The rivals' outcomes: where Heddle uses all threads they may use fewer. */
function rivalOutcomes(outcomes: Outcome[], names: readonly ContenderName[], on: On): Outcome[] {
  return outcomes.filter(
    ({ contender, threads }) => names.includes(contender) && (on !== "one thread" || threads === 1),
  );
}

/** The best median, undefined where there is none. */
function best({ better }: Question, outcomes: Outcome[]): number | undefined {
  const medians = outcomes.filter(({ figures }) => figures.length > 0).map(({ figures }) => median(figures));
  if (medians.length === 0) return undefined;
  return better === "more" ? Math.max(...medians) : Math.min(...medians);
}

function absence(outcomes: Outcome[], contender: ContenderName): string {
  return outcomes.find((outcome) => outcome.contender === contender)?.missing ?? "not asked on so many threads";
}
