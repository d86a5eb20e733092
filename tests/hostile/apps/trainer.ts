// Trains a small network for some steps and tells the digest of its weights: `trainer.ts KEY THREADS STEPS [killed]`. With
// `killed` its workers end again and again, at any moment of a step.
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { configure, engineInfo } from "../../../ts/runtime/engine.ts";
import { StateError } from "../../../ts/runtime/errors.ts";
import { splitting } from "../../../ts/runtime/splitting.ts";
import { spawning } from "../../../ts/runtime/threads.ts";
import { makeTask, type TaskName, variablesOf } from "../harness/models.ts";
import { Random } from "../harness/random.ts";

/** So many milliseconds at most until a new worker comes. */
const STARTING = 2000;
/** Milliseconds after which a worker ends, at most. */
const LATEST = 60;

/** A worker with the library's own inside, which it ends when told to: by then that one is in the middle of its work. */
const warden = `
  const { parentPort, Worker, workerData } = require("node:worker_threads");
  const worker = new Worker(workerData, { eval: true, execArgv: [] });
  worker.on("message", (message) => parentPort.postMessage(message));
  worker.on("exit", () => process.exit());
  parentPort.on("message", (message) => {
    if (message.endAfter === undefined) worker.postMessage(message);
    else setTimeout(() => worker.terminate(), message.endAfter);
  });`;

const [name, key, threads, steps, manner] = process.argv.slice(2);
const random = new Random("trainer", key, Math.random());
let wardens: Worker[] = [];
if (manner === "killed") {
  spawning.make = (source, gone) => {
    const worker = new Worker(warden, { eval: true, execArgv: [], workerData: source });
    worker.on("exit", () => {
      wardens = wardens.filter((other) => other !== worker);
      gone("a thread ended");
    });
    worker.unref();
    wardens.push(worker);
    return worker;
  };
}
// Every stage goes to the threads.
Object.assign(splitting, { parallelNanoseconds: 500, chunkNanoseconds: 500 });
configure({ threads: Number(threads), deterministic: true });
const task = makeTask(name as TaskName, Number(key));
const { model, x, y } = task;
const variables = variablesOf(task);
process.stdout.write("begun\n");
for (let step = 0; step < Number(steps); step++) {
  if (manner === "killed" && step % 20 === 10) await threadsAreThere();
  for (const worker of wardens.splice(0)) worker.postMessage({ endAfter: random.whole(0, LATEST) });
  const before = variables.map((variable) => variable.data());
  try {
    model.trainOnBatch(x, y);
  } catch (error) {
    // A worker that ended in the middle of an update in place is told of, and what was updated is set back.
    if (!(error instanceof StateError && /in place/.test(error.message))) throw error;
    for (const [i, variable] of variables.entries()) variable.assign(before[i]);
    step--;
  }
  if (step % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
const hash = createHash("sha256");
for (const variable of variables) hash.update(new Uint8Array(variable.data().buffer));
process.stdout.write(`digest ${hash.digest("hex")}\n`);
process.exit(0);

async function threadsAreThere(): Promise<void> {
  const deadline = performance.now() + STARTING;
  while (engineInfo().threads < Number(threads) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
