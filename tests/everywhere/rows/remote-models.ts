// heddle/worker: a model in the default engine worker comes to the bits of the same model at hand, in every runtime with
// workers; it tells how far it is, is aborted, is missed when it ends, and lets the program end.
import { askConsole, askPage } from "../harness/ask.ts";
import { type Browser, browsers } from "../harness/browsers.ts";
import { expectedThreads, missing, type Runtime, runtimes } from "../harness/places.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";

/** What apps/remote.js returns. */
interface RemoteTraining {
  runtime: string;
  threads: number;
  reason?: string;
  aborted: string;
  steps: number;
  epochs: number;
  /** SHA-256 of the weights in the worker, and of those at hand. */
  there: string;
  here: string;
  /** What a call in a worker of the app's own is rejected with when that is ended. */
  ended?: string;
}

const STEPS = 5;
const EPOCHS = 2;

/** The digest of the first row: all others must come to the same. */
let first: string | undefined;

function check(context: Context, training: RemoteTraining, leastThreads = expectedThreads): void {
  const { threads, reason, aborted, steps, epochs, there, here } = training;
  context.show("threads in the worker", threads);
  context.show("SHA-256 of the weights", `${there.slice(0, 16)}…`);
  must(steps === STEPS && epochs === EPOCHS, `it must tell of 5 steps in 2 epochs, got ${steps} and ${epochs}`);
  must(there === here, `the weights' SHA-256 must be ${here} as at hand, got ${there}`);
  first ??= there;
  must(there === first, `the weights' SHA-256 must be ${first} as in the first row, got ${there}`);
  must(aborted === "AbortError", `an aborted training must be rejected with an AbortError, got ${aborted}`);
  must(threads >= leastThreads, `there must be ${leastThreads} threads, got ${threads}: ${reason}`);
}

function consoleRow({ name, command }: Runtime): Row {
  return {
    name,
    missing: missing(command[0]),
    async run(context) {
      const training = await askConsole<RemoteTraining>(context, command, "remote", {});
      check(context, training);
      const { ended = "" } = training;
      // Without permissions no worker's file may be read, and who waits for it is told so.
      const wanted = name.includes("permissions")
        ? /^StateError: .* read access/
        : /^StateError: .* got one that ended$/;
      must(wanted.test(ended), `a call whose worker ends must be rejected with ${wanted}, got "${ended}"`);
    },
  };
}

function browserRow(browser: Browser): Row {
  return {
    name: browser.name,
    missing: browser.missing,
    async run(context) {
      const training = await askPage<RemoteTraining>(context, browser, "remote", {});
      check(context, training, browser.alone ? 1 : expectedThreads);
    },
  };
}

export const remoteModelFamily: Family = {
  name: "remote models (heddle/worker)",
  title:
    "A tiny CNN trains in an engine worker, and at hand: the same bits of the weights. It is aborted, and the program ends.",
  columns: ["runtime", "threads in the worker", "SHA-256 of the weights"],
  rows: [...runtimes.map(consoleRow), ...browsers.map(browserRow)],
};
