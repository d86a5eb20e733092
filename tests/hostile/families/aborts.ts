// Trainings, evaluations and predictions that are aborted at any moment: memory as before, and a model that is where one
// is that was asked to stop after the same step, and goes on to the same bits.
import { configure } from "../../../ts/runtime/engine.ts";
import { sameBits } from "../harness/bits.ts";
import { type Family, must } from "../harness/family.ts";
import { memoryIsBack } from "../harness/memory.ts";
import { disposeTask, makeTask, stateOf, type Task, type TaskName, taskNames } from "../harness/models.ts";
import type { Random } from "../harness/random.ts";

const BATCH_SIZE = 4;
const LATEST_MILLISECONDS = 25;
const REASON = new Error("enough");

export const aborts: Family = {
  async begin() {
    configure({ threads: 1, deterministic: true });
    const task = makeTask("dense", 0);
    await task.model.fit(task.x, task.y, { verbose: 0 });
    disposeTask(task);
  },

  async run({ random, say }) {
    const name = random.pick(taskNames);
    const key = random.whole(0, 1e6);
    const clean = memoryIsBack({ exactly: true });
    if (random.chance(0.5)) await abortFit(name, key, random, say);
    else await abortReading(name, key, random, say);
    clean("when all is disposed, the memory in use");
  },
};

/** Fits until `stop`, called after each step with the number of steps so far, or the signal ends it; the steps done. */
async function trainUntil(
  { model, x, y }: Task,
  signal?: AbortSignal,
  stop?: (steps: number) => void,
): Promise<number> {
  let steps = 0;
  const counter = { onBatchEnd: () => stop?.(++steps) ?? undefined };
  const options = { epochs: 4, batchSize: BATCH_SIZE, seed: 3, verbose: 0, callbacks: [counter], signal } as const;
  await model.fit(x, y, options).catch((error) => {
    must(error === REASON, `fit must be rejected with the signal's reason, got ${error}`);
  });
  return steps;
}

async function abortFit(name: TaskName, key: number, random: Random, say: (what: string) => void): Promise<void> {
  const [aborted, asked] = [makeTask(name, key), makeTask(name, key)];
  const controller = new AbortController();
  const abort = (): void => controller.abort(REASON);
  let last = 0;
  const count = (steps: number): void => void (last = steps);
  if (random.chance(0.2)) abort();
  if (random.chance(0.5)) {
    const after = random.whole(1, 20);
    say(`${name} ${key}, fit aborted after step ${after}`);
    await trainUntil(aborted, controller.signal, (steps) => {
      count(steps);
      if (steps === after) abort();
    });
  } else {
    const milliseconds = random.whole(0, LATEST_MILLISECONDS);
    say(`${name} ${key}, fit aborted after ${milliseconds} ms`);
    const timer = setTimeout(abort, milliseconds);
    await trainUntil(aborted, controller.signal, count);
    clearTimeout(timer);
  }
  if (last > 0) {
    await trainUntil(asked, undefined, (steps) => {
      if (steps === last) asked.model.stopTraining = true;
    });
  }
  sameBits(stateOf(aborted), stateOf(asked), `after ${last} steps`);
  const back = memoryIsBack({ exactly: true });
  await trainUntil(aborted, AbortSignal.abort(REASON));
  back("after a fit that was aborted before it began, the memory in use");
  for (const task of [aborted, asked]) {
    await task.model.fit(task.x, task.y, { batchSize: BATCH_SIZE, seed: 9, verbose: 0 });
  }
  sameBits(stateOf(aborted), stateOf(asked), `after ${last} steps and another fit`);
  for (const task of [aborted, asked]) disposeTask(task);
}

async function abortReading(name: TaskName, key: number, random: Random, say: (what: string) => void): Promise<void> {
  const task = makeTask(name, key);
  const { model, x, y } = task;
  const method = random.pick(["evaluate", "predict"] as const);
  const milliseconds = random.whole(0, 4);
  say(`${name} ${key}, ${method} aborted after ${milliseconds} ms`);
  const read = async (signal?: AbortSignal): Promise<string> => {
    if (method === "evaluate") return JSON.stringify(await model.evaluate(x, y, { batchSize: 1, signal }));
    const found = await model.predict(x, { batchSize: 1, signal });
    const text = found.data().join();
    found.dispose();
    return text;
  };
  const wanted = await read();
  const back = memoryIsBack({ exactly: true });
  for (let i = 0; i < 5; i++) {
    const controller = new AbortController();
    if (i === 0) controller.abort(REASON);
    const timer = setTimeout(() => controller.abort(REASON), milliseconds);
    await read(controller.signal).then(
      (text) => must(text === wanted, `${method} must come to ${wanted}, got ${text}`),
      (error) => must(error === REASON, `${method} must be rejected with the signal's reason, got ${error}`),
    );
    clearTimeout(timer);
    back(`after ${method} was aborted, the memory in use`);
  }
  must((await read()) === wanted, `${method} must come to the same after it was aborted, got something else`);
  disposeTask(task);
}
