// One training, checked wherever it ran: the program apps/train.js in a console, a page or an edge runtime.
import { askConsole } from "../harness/ask.ts";
import { runtimes } from "../harness/places.ts";
import { type Context, must } from "../harness/row.ts";

/** What apps/train.js returns. */
export interface Training {
  runtime: string;
  simd: string;
  threads: number;
  isolated: boolean;
  reason?: string;
  steps: number;
  lossBefore: number;
  lossAfter: number;
  probabilities: number[];
  digest: string;
}

export interface Configuration {
  threads?: number;
  deterministic?: boolean;
}

const STEPS = 20;
const UNTRAINED_LOSS = Math.log(10);
/** Of the loss after the training, between builds of the core that round differently. */
const TOLERANCE = 0.02;

let trained: Promise<Training> | undefined;

/** What the training comes to in Node 20 on one thread, in deterministic mode: all others must come to the same bits. */
export function reference(context: Context): Promise<Training> {
  const configuration = { threads: 1, deterministic: true };
  trained ??= askConsole<Training>(context, runtimes[0].command, "train", { configuration });
  return trained;
}

/** Checks a training with the fastest build that the runtime has, and one in deterministic mode, bit for bit. */
export async function checkTraining(
  context: Context,
  train: (configuration: Configuration) => Promise<Training>,
): Promise<Training> {
  const fast = await train({});
  context.show("SIMD", fast.simd);
  context.show("threads", fast.threads);
  const [first] = fast.probabilities;
  must(fast.steps === STEPS, `there must be ${STEPS} steps, got ${fast.steps}`);
  for (let row = 0; row < fast.probabilities.length; row += 10) {
    const sum = fast.probabilities.slice(row, row + 10).reduce((a, b) => a + b, 0);
    must(Math.abs(sum - 1) < 1e-4, `probabilities must add up to 1, got ${sum}, the first ${first}`);
  }
  must(Math.abs(fast.lossBefore - UNTRAINED_LOSS) < 0.2, `the loss must begin near 2.3, got ${fast.lossBefore}`);
  context.show("loss", `${fast.lossBefore.toFixed(2)} to ${fast.lossAfter.toFixed(2)}`);
  const exact = await train({ deterministic: true });
  context.show("SHA-256 of the weights", `${exact.digest.slice(0, 16)}…`);
  const wanted = await reference(context);
  must(exact.simd === "simd", `deterministic mode must take the baseline build, got ${exact.simd}`);
  must(exact.digest === wanted.digest, `the weights' SHA-256 must be ${wanted.digest}, got ${exact.digest}`);
  const distance = Math.abs(fast.lossAfter / wanted.lossAfter - 1);
  must(distance < TOLERANCE, `the loss must end near ${wanted.lossAfter}, got ${fast.lossAfter}`);
  must(fast.lossAfter < 0.8 * fast.lossBefore, `20 steps must lower the loss by a fifth, got ${fast.lossAfter}`);
  return fast;
}
