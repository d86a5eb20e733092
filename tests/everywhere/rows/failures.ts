// Workers that fail: the results of training steps stay right to the bit, nothing hangs, and nothing waits for long.
import { askConsole, askPage } from "../harness/ask.ts";
import { type Browser, browsers } from "../harness/browsers.ts";
import { missing, type Runtime, runtimes } from "../harness/places.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";

const KILLS = 100;
/** Of the workers that are killed, so many at least must hold work then. */
const LEAST_AT_WORK = 0.25;
const STEPS = 20;
/** Milliseconds within which a step with a failing worker must be over. */
const BOUND = 1000;
/** A machine that does other work as well may take so many times as long. */
const TOLERANCE = 5;

/** What `endWorkers` of apps/failures.js returns. */
interface Ended {
  right: boolean;
  ended: number;
  atWork: number;
  repeated: number;
  longest: number;
}

/** What `neverStart` returns. */
interface NeverStarted {
  right: boolean;
  longest: number;
  threads: number;
  reason?: string;
}

/** How a place ends workers. */
interface Manner {
  pattern: RegExp;
  ending: "warden" | "directly";
  /** Milliseconds from asking for an end to the end of a worker that works. */
  delay: number;
  /** Processes or pages at a time: as many as there are cores to keep busy, or more where they wait. */
  atOnce: number;
  /** Why no worker holds work when it ends. */
  never?: string;
}

const manners: Manner[] = [
  { pattern: /^(Node|Firefox)/, ending: "warden", delay: 0, atOnce: 2 },
  // A task of the worker's own would end it; one that does not come to its tasks is ended by force, two seconds later.
  { pattern: /^Chromium/, ending: "warden", delay: 2000, atOnce: 5 },
  {
    pattern: /^Bun/,
    ending: "warden",
    delay: 0,
    atOnce: 2,
    never: "Bun ends a thread where its WebAssembly waits, hardly ever where it computes",
  },
  {
    pattern: /^Deno/,
    ending: "directly",
    delay: 0,
    atOnce: 2,
    never: "Deno ends a thread once its WebAssembly has returned, not before",
  },
];

/** A place that runs a program of apps/ by its name. */
interface Place {
  name: string;
  missing?: string;
  ask<T>(context: Context, name: string, options: object): Promise<T>;
}

const consolePlace = ({ name, command }: Runtime): Place => ({
  name,
  missing: missing(command[0]),
  ask: (context, program, options) => askConsole(context, command, program, options),
});

const browserPlace = (browser: Browser): Place => ({
  name: browser.name,
  missing: browser.missing,
  ask: (context, program, options) => askPage(context, browser, program, options),
});

/** Of Node the oldest and the newest, which bring different engines. */
const places: Place[] = [
  ...runtimes.filter(({ name }) => !/Node 2[24]|without/.test(name)).map(consolePlace),
  // Without threads nothing can fail.
  ...browsers.filter(({ alone }) => alone === undefined).map(browserPlace),
];

function mannerOf({ name }: Place): Manner {
  const manner = manners.find(({ pattern }) => pattern.test(name));
  must(manner !== undefined, `it must be known how ${name} ends workers`);
  return manner;
}

function checkStep(context: Context, { right, longest }: { right: boolean; longest: number }): void {
  context.show("longest step, ms", longest.toFixed(0));
  context.show("weights", right ? "the same bits" : "others");
  must(right, "the weights must be those of one thread, bit for bit");
  must(longest < TOLERANCE * BOUND, `a step must take less than ${BOUND} ms, got ${longest.toFixed(0)}`);
}

/** Ends workers in some processes or pages at once; returns how many held work. */
async function endWorkers(context: Context, place: Place, manner: Manner, kills: number): Promise<number> {
  const { ending, delay, atOnce } = manner;
  const share = kills / atOnce;
  const answers = await Promise.all(
    Array.from({ length: atOnce }, async (_, part) => {
      // One after the other, so that their workers do not all end at the same time.
      await new Promise((resolve) => setTimeout(resolve, (part * delay) / atOnce));
      return place.ask<Ended>(context, "endWorkers", { ending, delay, kills: share, first: part * share });
    }),
  );
  const sum = (name: "ended" | "atWork" | "repeated"): number => answers.reduce((all, answer) => all + answer[name], 0);
  context.show("threads ended", sum("ended"));
  context.show("at work then", sum("atWork"));
  context.show("steps repeated", sum("repeated"));
  checkStep(context, {
    right: answers.every(({ right }) => right),
    longest: Math.max(...answers.map(({ longest }) => longest)),
  });
  must(sum("ended") === kills, `${kills} workers must end, got ${sum("ended")}`);
  return sum("atWork");
}

const killed = (place: Place): Row => {
  const manner = mannerOf(place);
  return {
    name: `${place.name}: killed ${manner.never === undefined ? "in mid-step" : "between pieces of work"}`,
    missing: place.missing,
    async run(context) {
      const atWork = await endWorkers(context, place, manner, KILLS);
      context.show("reason", manner.never ?? "");
      const least = manner.never === undefined ? LEAST_AT_WORK * KILLS : 0;
      must(atWork >= least, `at least ${least} of ${KILLS} workers must hold work when they end, got ${atWork}`);
    },
  };
};

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
    "Workers are killed while training goes on, or never answer. The weights must be " +
    `those of one thread to the bit, and no step is to take ${BOUND} ms. A step whose worker ended in the middle of an ` +
    "update in place is an error; the app restores what it updates, and repeats it.",
  columns: ["runtime", "threads ended", "at work then", "steps repeated", "weights", "longest step, ms", "reason"],
  rows: [...places.map(killed), ...places.map(neverStarted)],
};
