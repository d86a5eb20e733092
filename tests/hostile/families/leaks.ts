// Trainings of tiny models, thousands of them in one process: no buffer stays, and the process does not grow.
import { configure } from "../../../ts/runtime/engine.ts";
import { type Family, must } from "../harness/family.ts";
import { memoryIsBack } from "../harness/memory.ts";
import { disposeTask, makeTask, type Task, taskNames, variablesOf } from "../harness/models.ts";
import type { Random } from "../harness/random.ts";

const FITS = 40;
/** Cases after which the process is as large as it should become. */
const WARM = 6;
const MEBIBYTE = 2 ** 20;
/** Of what is alive, and of the process: V8 takes some 130 MiB for young objects by and by, however few are alive. */
const MOST_GROWTH = { live: 16 * MEBIBYTE, resident: 192 * MEBIBYTE };

let cases = 0;
let first: typeof MOST_GROWTH | undefined;

export const leaks: Family = {
  async begin() {
    configure({ threads: 1 });
    await train(makeTask("dense", 0));
  },

  async run({ random, say }) {
    const name = random.pick(taskNames);
    const cycles = random.chance(0.5);
    say(`${name}, ${cycles ? "a model for each fit" : "many fits of a model"}`);
    const back = memoryIsBack({ exactly: true });
    if (cycles) {
      for (let i = 0; i < FITS / 4; i++) await train(makeTask(name, random.whole(0, 9)));
    } else {
      const task = makeTask(name, random.whole(0, 9));
      await fitAgain(task, random);
      const between = memoryIsBack({ exactly: true });
      for (let i = 0; i < FITS; i++) await fitAgain(task, random);
      between("after more fits, the memory in use");
      disposeTask(task);
    }
    back("when the models are disposed, the memory in use");
    checkProcess();
  },
};

/** Everything that a model is for, and its end. */
async function train(task: Task): Promise<void> {
  const { model, x, y } = task;
  await model.fit(x, y, { batchSize: 8, verbose: 0 });
  await model.evaluate(x, y);
  (await model.predict(x)).dispose();
  // Settled again: what was settled before is let go of.
  const { optimizer } = model.compilation;
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  optimizer.dispose();
  variablesOf(task);
  disposeTask(task);
}

async function fitAgain({ model, x, y }: Task, random: Random): Promise<void> {
  await model.fit(x, y, { epochs: random.whole(1, 2), batchSize: 8, verbose: 0, seed: random.whole(0, 99) });
}

/** Throws when the process has grown since it was warm. */
function checkProcess(): void {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const now = { live: heapUsed + external, resident: rss };
  if (++cases <= WARM || first === undefined) {
    first = now;
    return;
  }
  for (const what of ["live", "resident"] as const) {
    const growth = now[what] - first[what];
    const mebibytes = (growth / MEBIBYTE).toFixed(1);
    must(
      growth < MOST_GROWTH[what],
      `after ${cases} cases ${what} memory must be as before, got ${mebibytes} MiB more`,
    );
  }
}
