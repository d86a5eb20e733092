// Times small pieces of Heddle alone: every case on one thread and on all, in turn, so that noise meets both alike.
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyTensor, configure, engineInfo } from "../heddle.ts";
import { median } from "./figures.ts";

/** One thing to time; each bench/*.bench.ts exports a list of them. */
export interface Case {
  name: string;
  /** "us" is time per run, less is better; the others are rates. */
  unit: "GFLOP/s" | "GB/s" | "us";
  /** Floating-point operations or bytes of one run; for "us" the number of things one run does. */
  amount: number;
  /** Makes the inputs and returns what is timed; what that returns is freed after each run. */
  prepare(): () => AnyTensor | void;
}

/** A case's figure, the median of its rounds, for each number of threads. */
export interface Timing {
  name: string;
  unit: Case["unit"];
  figures: Record<number, number>;
}

const rounds = 5;
const secondsPerRound = 0.1;
const warmUpSeconds = 0.3;

/** Times one case on each of the numbers of threads. */
export async function time({ name, unit, amount, prepare }: Case, threadCounts: number[]): Promise<Timing> {
  const run = prepare();
  const seconds = new Map<number, number[]>(threadCounts.map((threads) => [threads, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [threads, figures] of seconds) {
      await use(threads);
      repeat(run, round === 0 ? warmUpSeconds : secondsPerRound / 5);
      if (round > 0) figures.push(repeat(run, secondsPerRound));
    }
  }
  const figures: Record<number, number> = {};
  for (const [threads, list] of seconds) {
    const each = median(list);
    figures[threads] = unit === "us" ? (each / amount) * 1e6 : amount / each / 1e9;
  }
  return { name, unit, figures };
}

/** Changes the number of threads and waits until they are there. */
export async function use(threads: number): Promise<void> {
  configure({ threads });
  for (let waited = 0; engineInfo().threads < threads; waited += 5) {
    if (waited > 3000) throw new Error(`runs on ${engineInfo().threads} of ${threads} threads: ${engineInfo().reason}`);
    await sleep(5);
  }
}

/** Seconds of one run, on average over at least the given time. */
function repeat(run: () => AnyTensor | void, least: number): number {
  let runs = 0;
  let elapsed = 0;
  const start = performance.now();
  while (elapsed < least) {
    run()?.dispose();
    runs++;
    elapsed = (performance.now() - start) / 1000;
  }
  return elapsed / runs;
}
