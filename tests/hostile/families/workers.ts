// Training whose threads are killed, stopped or starved in the middle of steps: it ends, with the bits of one thread. Each
// training is a process of its own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Family, must } from "../harness/family.ts";
import type { TaskName } from "../harness/models.ts";
import type { Random } from "../harness/random.ts";

const trainer = join(import.meta.dirname, "../apps/trainer.ts");
const STEPS = 120;
/** A thread that hardly ever runs is waited for again and again. */
const STARVED_STEPS = 25;
const HOGS = 2;
/** Tasks without random numbers, so that a step that was told to be repeated is the same step. */
const tasks: readonly TaskName[] = ["convolutions", "functional", "sequences"];

/** A training under way: lines it says, and its end. */
interface Training {
  readonly child: ChildProcess;
  /** Resolves when it has begun. */
  readonly begun: Promise<void>;
  /** The digest of its weights. */
  readonly digest: Promise<string>;
}

const references = new Map<string, Promise<string>>();

export const workers: Family = {
  async run({ random, say }) {
    const task = random.pick(tasks);
    const key = random.whole(1, 3);
    const manner = random.pick(Object.keys(manners));
    const threads = random.whole(2, 3);
    say(`${task} ${key}, ${threads} threads ${manner}`);
    const steps = manner === "starved" ? STARVED_STEPS : STEPS;
    const name = `${task} ${key} ${steps}`;
    if (!references.has(name)) references.set(name, train(task, key, 1, steps).digest);
    const wanted = await references.get(name);
    const training = train(task, key, threads, steps, manner);
    const ended = training.digest.finally(() => undefined);
    ended.catch(() => {});
    await Promise.race([training.begun, ended]);
    const undo = await manners[manner](training, random);
    try {
      const digest = await ended;
      must(digest === wanted, `the weights' SHA-256 must be ${wanted} as on one thread, got ${digest}`);
    } finally {
      undo();
      training.child.kill("SIGKILL");
    }
  },
};

/** What happens to a training while it goes on; each gives what ends it. */
const manners: Record<string, (training: Training, random: Random) => (() => void) | Promise<() => void>> = {
  /** The workers end, by another worker: the program sees to that itself. */
  killed: () => () => {},

  /** The whole process is stopped, again and again, and goes on. */
  stopped: ({ child, digest }, random) => {
    let over = false;
    const end = (): void => void (over = true);
    digest.then(end, end);
    const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
    void (async () => {
      while (!over) {
        await sleep(random.whole(1, 150));
        child.kill("SIGSTOP");
        await sleep(random.pick([1, 20, 700, 1200]));
        child.kill("SIGCONT");
      }
    })();
    return end;
  },

  /** The workers run only when no other program wants a core, and other programs want all. */
  starved: ({ child }) => {
    const hogs = Array.from({ length: HOGS }, () => spawn(process.execPath, ["-e", "for (;;);"]));
    const starve = (): void => {
      for (const thread of threadsOf(child)) {
        if (Number(thread) === child.pid) continue;
        try {
          execFileSync("chrt", ["--idle", "--pid", "0", thread], { stdio: "ignore" });
        } catch {
          // It has ended meanwhile.
        }
      }
    };
    starve();
    const timer = setInterval(starve, 200);
    return () => {
      clearInterval(timer);
      for (const hog of hogs) hog.kill("SIGKILL");
    };
  },
};

function threadsOf({ pid }: ChildProcess): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function train(task: string, key: number, threads: number, steps: number, manner = ""): Training {
  const words = [...process.execArgv, trainer, task, String(key), String(threads), String(steps), manner];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let errors = "";
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  child.stderr.on("data", (bytes) => (errors += bytes));
  child.stdout.on("data", (bytes) => {
    said += bytes;
    if (said.includes("begun")) begin();
  });
  const digest = new Promise<string>((resolve, reject) => {
    child.once("close", (code, signal) => {
      const found = /^digest (\w+)$/m.exec(said)?.[1];
      if (found) resolve(found);
      else reject(new Error(`the training must end with a digest, got ${signal ?? code}: ${errors.slice(-2000)}`));
    });
  });
  return { child, begun, digest };
}
