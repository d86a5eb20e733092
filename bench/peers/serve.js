// The child's end of bench/harness/child.ts: reads one JSON request a line from standard input and answers one a line
// on file descriptor 3 (libraries print what they like on the other two). It knows nothing of what is measured.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

/**
 * Answers requests until standard input closes. `tasks` maps a task's name to a function of its options that returns
 * `{ step, amountPerStep, check?, end? }` or `{ round }`; or to a string, the reason why this peer cannot do it.
 */
export async function serve({ version, settings = () => "all by default", tasks }) {
  let task;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (request.do === "prepare") {
        const make = tasks[request.task] ?? "not part of this library";
        if (typeof make === "string") {
          answer({ cannot: make });
          continue;
        }
        task?.end?.();
        task = await make(request.options);
        if (task.step) await run(task, request.warmUpSeconds, 2);
        answer({ version: `${version} (Node ${process.versions.node})`, settings: settings() });
      } else {
        answer(await (task.round ? task.round(request.seconds) : run(task, request.seconds, 1)));
      }
    } catch (error) {
      answer({ cannot: firstSentence(error) });
    }
  }
  process.exit(0);
}

/** Repeats the task's step until both the time and the number of steps are reached. */
async function run(task, seconds, leastSteps) {
  let steps = 0;
  let elapsed = 0;
  const start = performance.now();
  while (steps < leastSteps || elapsed < seconds) {
    const pending = task.step();
    if (pending) await pending;
    steps++;
    elapsed = (performance.now() - start) / 1000;
  }
  const check = task.check ? await task.check() : 0;
  return { amount: steps * task.amountPerStep, seconds: elapsed, check };
}

function answer(message) {
  writeSync(3, `${JSON.stringify(message)}\n`);
}

function firstSentence(error) {
  console.error(error);
  const [line] = String(error?.message ?? error).split(/\n|\. /);
  return line.slice(0, 200);
}
