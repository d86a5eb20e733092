// The words of the comparison: a question, what one contender answers, and the record that is printed and kept.
import type { ContenderName } from "./contenders.ts";
import type { Target, Verdict } from "./targets.ts";

/** What a contender reports of one round: how much it did, how long that took, and a number to verify the work by. */
export interface Round {
  amount: number;
  seconds: number;
  check: number;
}

/** One table: the same work asked of Heddle and of its peers. Each file of bench/rows/ exports some. */
export interface Question {
  /** What `npm run bench:peers -- NAME` selects it by. */
  name: string;
  /** The work, in one phrase. */
  work: string;
  unit: string;
  better: "more" | "less";
  /** The task of the contenders' files in bench/peers/, and its options. */
  task: string;
  options: Record<string, number | string | boolean | readonly number[]>;
  /** Who is asked, in the order of the table. */
  contenders: readonly ContenderName[];
  /** Asked on one thread only, or on the greater number only; default both. */
  threads?: "one" | "most";
  /** How many rounds, where that differs from the command's; a single round needs no interleaving. */
  rounds?: number;
  /** The length of a round, where the command's is longer than it takes. */
  seconds?: number;
  /** What Heddle must reach. */
  targets?: readonly Target[];
  /** The figure in `unit` of one round. */
  figure(round: Round): number;
  /** Whether a contender computed the right thing, from its `check`; a wrong one is shown as such, never as fast. */
  verify(check: number): boolean;
}

/** A contender's figures of all rounds, or why there are none. */
export interface Outcome {
  contender: ContenderName;
  threads: number;
  figures: number[];
  missing?: string;
  version?: string;
  /** What it was set to and found of the machine: threads, instruction set. */
  settings?: string;
}

/** What `--json` prints of a question. */
export interface Result {
  name: string;
  work: string;
  unit: string;
  better: "more" | "less";
  /** Medians over the rounds, with the least and the greatest figure. */
  figures: { contender: string; threads: number; median: number; range: [number, number]; settings?: string }[];
  /** Who could not answer, and why. */
  missing: { contender: string; threads: number; reason: string }[];
  targets: Verdict[];
}

/** A contender's name, and its threads where they are more than one. */
export function label({ contender, threads }: { contender: string; threads: number }): string {
  return threads > 1 ? `${contender} (${threads} threads)` : contender;
}
