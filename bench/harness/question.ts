// The words of the comparison: a question, what one contender answers, and the record that is printed and kept.

export type PeerName = "heddle" | "tfjs-wasm" | "onnxruntime-web" | "jax-js" | "pytorch";

/** What a contender reports of one round: how much it did, how long that took, and a number to verify the work by. */
export interface Round {
  amount: number;
  seconds: number;
  check: number;
}

/** One row of the table: the same work asked of Heddle and of its peers. Each file of bench/rows/ exports some. */
export interface Question {
  /** What `npm run bench:peers -- NAME` selects it by. */
  name: string;
  /** The work, in one phrase. */
  work: string;
  unit: string;
  better: "more" | "less";
  /** The task of the contenders' files in bench/peers/, and its options. */
  task: string;
  options: Record<string, number | string>;
  /** Who is asked beside Heddle. */
  peers: Exclude<PeerName, "heddle">[];
  /** How many rounds, where that differs from the command's; a single round needs no interleaving. */
  rounds?: number;
  /** The figure in `unit` of one round. */
  figure(round: Round): number;
  /** Whether a contender computed the right thing, from its `check`; a wrong one is shown as such, never as fast. */
  verify(check: number): boolean;
}

/** A contender's figures of all rounds, or why there are none. */
export interface Outcome {
  peer: PeerName;
  threads: number;
  figures: number[];
  missing?: string;
  version?: string;
}

/** What `--json` prints: Heddle on `threads` threads beside every peer that used no more than as many. */
export interface Result {
  name: string;
  unit: string;
  threads: number;
  heddle: number | null;
  peers: Record<string, number>;
  /** How many times as fast (or as small) as each peer Heddle is: above 1 is in Heddle's favour. */
  ratios: Record<string, number>;
  /** The least and the greatest figure of the rounds. */
  ranges: Record<string, [number, number]>;
  /** Who could not answer, and why. */
  missing: Record<string, string>;
}

/** The key of a contender in a Result: its name, and its threads where they are more than one. */
export function label(outcome: { peer: PeerName; threads: number }): string {
  return outcome.threads > 1 ? `${outcome.peer} (${outcome.threads} threads)` : outcome.peer;
}
