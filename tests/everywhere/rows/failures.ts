// Workers that fail: the results of training steps stay right to the bit, nothing hangs, and nothing waits for long.
import { browsers } from "../harness/browsers.ts";
import { missing, runtimes } from "../harness/places.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";
import { isolation, serve } from "../harness/server.ts";
import { workspace } from "../harness/workspace.ts";
import { askConsole } from "./training.ts";

/** So often in the first place; in the others, where it costs as much time each time, less often. */
const KILLS = 100;
const FEWER_KILLS = 20;
const STEPS = 20;
/** Within which a step with a failing worker must be over. */
const BOUND = 1000;
/** A machine that does other work as well may take so many times as long. */
const TOLERANCE = 5;

/** What the programs of apps/failures.js return. */
interface Killed {
  right: boolean;
  killed: number;
  atWork: number;
  longest: number;
}
interface NeverStarted {
  right: boolean;
  longest: number;
  threads: number;
  reason?: string;
}

/** A place that runs a program of apps/ by its name. */
interface Place {
  name: string;
  missing?: string;
  ask<T>(context: Context, name: string, options: object): Promise<T>;
}

const places: Place[] = [
  ...runtimes
    .filter(({ name }) => !/Node 2[24]|without/.test(name))
    .map(({ name, command }) => ({
      name,
      missing: missing(command[0]),
      ask: <T>(context: Context, program: string, options: object) => askConsole<T>(context, command, program, options),
    })),
  ...browsers.map((browser) => ({
    name: browser.name,
    missing: browser.missing,
    ask: async <T>(context: Context, program: string, options: object): Promise<T> => {
      const page = await browser.page(context);
      await page.open(`${await serve(context, workspace, isolation)}/page.html#${program}${JSON.stringify(options)}`);
      return page.ask<T>("answer");
    },
  })),
];

function checkStep(context: Context, { right, longest }: { right: boolean; longest: number }): void {
  context.show("longest step, ms", longest.toFixed(0));
  context.show("weights", right ? "the same bits" : "others");
  must(right, "the weights must be those of one thread, bit for bit");
  must(longest < TOLERANCE * BOUND, `a step must take less than ${BOUND} ms, got ${longest.toFixed(0)}`);
}

const killed = (place: Place, i: number): Row => ({
  name: `${place.name}: killed in mid-step`,
  missing: place.missing,
  async run(context) {
    // Deno lets a terminated worker go on for two seconds: it makes no difference who ends it, and takes no time.
    const directly = place.name.startsWith("Deno");
    const steps = i === 0 || directly ? KILLS : FEWER_KILLS;
    const answer = await place.ask<Killed>(context, "killWorkers", { steps, directly });
    context.show("workers killed", answer.killed);
    context.show("at work then", answer.atWork);
    checkStep(context, answer);
    must(answer.killed === steps, `a worker must be killed in each of ${steps} steps, got ${answer.killed}`);
  },
});

const neverStarted = (place: Place): Row => ({
  name: `${place.name}: never starts`,
  missing: place.missing,
  async run(context) {
    const answer = await place.ask<NeverStarted>(context, "neverStart", { steps: STEPS });
    const { threads, reason } = answer;
    context.show("reason", reason ?? "");
    checkStep(context, answer);
    must(threads === 1 && reason !== undefined, `there must be one thread, and a reason, got ${threads}: ${reason}`);
  },
});

export const failureFamily: Family = {
  name: "failing workers",
  title:
    `A worker is killed in the middle of each training step, or never answers; the step must come to the bits of one thread, ` +
    `and is to take less than ${BOUND} ms.`,
  columns: ["runtime", "workers killed", "at work then", "weights", "longest step, ms", "reason"],
  rows: [...places.map(killed), ...places.map(neverStarted)],
};
