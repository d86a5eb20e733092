// Workers that end in mid-step, or never start: what the training steps around them come to, and how long they take.
import { ArrayData, configure, engineInfo, layers, Sequential, StateError, seed } from "heddle";
import { images, labels } from "./digits.js";
import { digest, pause, waitForThreads } from "./train.js";

const BATCH_SIZE = 64;
const FILTERS = 16;
const ATTEMPTS = 5;
/** A kill comes so many milliseconds after the one before would have, and then from 0 again: at any point of some steps. */
const SHIFT = 7;
const LATEST = 70;
/** Training goes on from so many milliseconds before a worker's end until as many after it, for so many steps at most. */
const MARGIN = 100;
const MOST_STEPS = 30;

/** Where this runtime has its workers: the object whose property `Worker` the library makes them with. */
const home = globalThis.process?.getBuiltinModule?.("node:worker_threads") ?? globalThis;
const isWeb = home === globalThis;
const UsualWorker = home.Worker;

/** What a worker is made from: text in Node, an address in browsers. */
const place = (source) => (isWeb ? URL.createObjectURL(new Blob([source], { type: "text/javascript" })) : source);

/**
 * A worker that has the library's worker inside, hands messages through, and ends it when told: by then the library's
 * own thread is in the middle of its work, and could not end anything. Where a worker's end can be heard, it ends as well.
 */
const wardens = {
  node: `
    const { parentPort, Worker, workerData } = require("node:worker_threads");
    const worker = new Worker(workerData.source, { eval: true, execArgv: [] });
    worker.on("message", (message) => parentPort.postMessage(message));
    worker.on("exit", () => process.exit());
    parentPort.on("message", (message) => {
      if (message.killAfter === undefined) worker.postMessage(message);
      else setTimeout(() => worker.terminate(), message.killAfter);
    });`,
  web: (url) => `
    const worker = new Worker(${JSON.stringify(String(url))}, { type: "module" });
    worker.onmessage = ({ data }) => postMessage(data);
    onmessage = ({ data }) => {
      if (data.killAfter === undefined) worker.postMessage(data);
      else setTimeout(() => worker.terminate(), data.killAfter);
    };`,
};

/** How workers end: what they are made from in place of the library's source, and what makes them end. */
const endings = {
  /** By another worker, while this thread works. */
  warden: {
    from: (source, options) =>
      isWeb ? [place(wardens.web(source))] : [wardens.node, { ...options, workerData: { source } }],
    end: (worker, killAfter) => worker.postMessage({ killAfter }),
  },
  /** By this thread, between two steps. */
  directly: { from: (source, options) => [source, options], end: (worker) => void worker.terminate() },
};

/** A small network in training, again and again from the same weights. */
class Training {
  /** Steps since the weights were those. */
  steps = 0;
  /** Milliseconds that the longest step took. */
  longest = 0;
  /** Steps that were done again, since a worker had ended while it updated values in place. */
  repeated = 0;

  constructor() {
    seed(1);
    this.x = new ArrayData(images, [labels.length, 28, 28, 1], "f32", 1 / 255).slice(0, BATCH_SIZE);
    this.y = new ArrayData(labels, [labels.length], "i32").slice(0, BATCH_SIZE);
    this.model = new Sequential([
      layers.conv2d({ filters: FILTERS, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
      layers.conv2d({ filters: FILTERS, kernelSize: 3, activation: "relu" }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 10, activation: "softmax" }),
    ]);
    this.model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    const { optimizer } = this.model.compilation;
    optimizer.build(this.model.trainableWeights);
    /** All that a step updates. */
    this.variables = [...this.model.weights, ...Object.values(optimizer.state())];
    this.initial = this.values();
    // The first step is recorded, the others are replayed.
    this.model.trainOnBatch(this.x, this.y);
    this.reset();
  }

  reset() {
    this.restore(this.initial);
    this.steps = 0;
  }

  /** One step. Where that is an error since a thread ended in the middle of an update, it is done again from before. */
  step() {
    const before = this.values();
    const began = performance.now();
    try {
      this.model.trainOnBatch(this.x, this.y);
    } catch (error) {
      if (!(error instanceof StateError && /while it updates values in place/.test(error.message))) throw error;
      this.repeated++;
      this.restore(before);
      this.model.trainOnBatch(this.x, this.y);
    }
    this.longest = Math.max(this.longest, performance.now() - began);
    this.steps++;
  }

  digest() {
    return digest(this.variables);
  }

  values() {
    return this.variables.map((variable) => variable.data());
  }

  restore(values) {
    for (const [i, variable] of this.variables.entries()) variable.assign(values[i]);
  }
}

/** Digests after 0, 1, 2 and so on to `most` steps on one thread, where nothing can fail. */
async function trainAlone(training, most) {
  configure({ threads: 1 });
  training.reset();
  const digests = [await training.digest()];
  while (digests.length <= most) {
    training.step();
    digests.push(await training.digest());
  }
  return digests;
}

/** Starts a new worker; on a machine that does other work as well it may need another attempt. */
async function startWorker() {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    configure({ threads: 1 });
    configure({ threads: 2 });
    await waitForThreads();
    if (engineInfo().threads === 2) return;
  }
  throw new Error(`a worker must start, got ${engineInfo().reason}`);
}

/**
 * Ends as many workers as `kills` says, in one of the `endings`, in the middle of training: an end comes `delay`
 * milliseconds after it was asked for, training begins shortly before, and goes on until the library has seen it, or could
 * have. The first one comes at moment `first`. Returns whether all weights were those of one thread, how many workers held
 * work when they ended, how many steps were done again, and how long the longest one took.
 */
export async function endWorkers({ ending, kills, delay, first }) {
  const training = new Training();
  const alone = await trainAlone(training, MOST_STEPS);
  const { from, end } = endings[ending];
  let worker;
  home.Worker = class extends UsualWorker {
    constructor(source, options) {
      super(...from(source, options));
      worker = this;
    }
  };
  let [ended, atWork, right] = [0, 0, true];
  for (; ended < kills; ended++) {
    await startWorker();
    training.reset();
    const killAfter = ((first + ended) * SHIFT) % LATEST;
    const deadline = performance.now() + delay + killAfter + MARGIN;
    end(worker, killAfter);
    await pause(Math.max(0, delay - MARGIN));
    do {
      training.step();
      // For what else there is to do, such as to hear of an end.
      await pause(0);
    } while (engineInfo().threads === 2 && performance.now() < deadline && training.steps < MOST_STEPS);
    if (/held work|failed while/.test(engineInfo().reason)) atWork++;
    right &&= (await training.digest()) === alone[training.steps];
  }
  home.Worker = UsualWorker;
  configure({ threads: 1 });
  return { right, ended, atWork, repeated: training.repeated, longest: training.longest };
}

/** Trains `steps` steps with workers that run, but never answer. */
export async function neverStart({ steps }) {
  const training = new Training();
  const alone = await trainAlone(training, steps);
  home.Worker = class extends UsualWorker {
    constructor(_source, options) {
      super(place("setInterval(() => {}, 1000000)"), options);
    }
  };
  training.reset();
  configure({ threads: 2 });
  while (training.steps < steps) training.step();
  while (/are starting/.test(engineInfo().reason)) await pause(10);
  const { threads, reason } = engineInfo();
  home.Worker = UsualWorker;
  configure({ threads: 1 });
  return { right: (await training.digest()) === alone[steps], longest: training.longest, threads, reason };
}
