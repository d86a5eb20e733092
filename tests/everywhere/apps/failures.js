// Workers that are killed in mid-step, or never start: what the training steps around them come to, and how long they take.
import { configure, engineInfo, layers, losses, optimizers, scope, seed, tensor, valueAndGrad } from "heddle";
import { images, labels } from "./digits.js";
import { digest, pause, waitForThreads } from "./train.js";

const BATCH_SIZE = 64;
const FILTERS = 16;
const ATTEMPTS = 5;

/** Where this runtime has its workers: the object whose property `Worker` the library makes them with. */
const home = globalThis.process?.getBuiltinModule?.("node:worker_threads") ?? globalThis;
const isWeb = home === globalThis;
const UsualWorker = home.Worker;

/** What a worker is made from: text in Node, an address in browsers. */
const place = (source) => (isWeb ? URL.createObjectURL(new Blob([source], { type: "text/javascript" })) : source);

/**
 * A worker that has the library's worker inside, hands messages through, and ends it when told: by then the library's
 * own thread is in the middle of its work, and could not end anything.
 */
const wardens = {
  node: `
    const { parentPort, Worker, workerData } = require("node:worker_threads");
    const worker = new Worker(workerData.source, { eval: true, execArgv: [] });
    worker.on("message", (message) => parentPort.postMessage(message));
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

/** Trains a small network step by step, its operations one by one; `before` runs before each step. */
async function trainSteps(steps, before) {
  seed(1);
  const x = tensor(
    Float32Array.from(images.subarray(0, BATCH_SIZE * 784), (byte) => byte / 255),
    {
      shape: [BATCH_SIZE, 28, 28, 1],
    },
  );
  const y = tensor(Int32Array.from(labels.subarray(0, BATCH_SIZE)), { dtype: "i32" });
  const network = [
    [layers.conv2d({ filters: FILTERS, kernelSize: 3, activation: "relu" }), [28, 28, 1]],
    [layers.conv2d({ filters: FILTERS, kernelSize: 3, activation: "relu" }), [26, 26, FILTERS]],
    [layers.globalAveragePooling2d(), [24, 24, FILTERS]],
    [layers.dense({ units: 10, activation: "softmax" }), [FILTERS]],
  ];
  for (const [layer, shape] of network) layer.ensureBuilt(shape);
  const weights = network.flatMap(([layer]) => layer.trainableWeights);
  const optimizer = optimizers.adam();
  const lossAndGradients = valueAndGrad((_weights) => {
    const probabilities = network.reduce((value, [layer]) => layer.apply(value), x);
    return losses.sparseCategoricalCrossentropy(y, probabilities);
  });
  const times = [];
  for (let step = 0; step < steps; step++) {
    await before(step);
    const began = performance.now();
    scope(() => {
      const [, gradients] = lossAndGradients(weights);
      optimizer.step(weights, gradients);
    });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { digest: await digest(weights), median: times[steps >> 1], longest: times.at(-1) };
}

/** The same steps on one thread, where nothing can fail. */
function trainAlone(steps) {
  configure({ threads: 1 });
  return trainSteps(steps, () => {});
}

/** Starts a new worker; on a machine that does other work as well it may need another attempt. */
async function startWorker() {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    configure({ threads: 1 });
    configure({ threads: 2 });
    await waitForThreads();
    if (engineInfo().threads === 2) return true;
  }
  return false;
}

/**
 * Trains `steps` steps on two threads, and ends the worker in the middle of each, by a warden or, `directly`, by this
 * thread: whether the weights are right, the longest step, and how often the worker was at work when it ended.
 */
export async function killWorkers({ steps, directly }) {
  const alone = await trainAlone(steps);
  let worker;
  home.Worker = class extends UsualWorker {
    constructor(source, options) {
      if (directly) super(source, options);
      else if (isWeb) super(place(wardens.web(source)));
      else super(wardens.node, { ...options, workerData: { source } });
      worker = this;
    }
  };
  let killed = 0;
  let atWork = 0;
  const note = () => {
    if (/held work/.test(engineInfo().reason)) atWork++;
  };
  const { digest, longest } = await trainSteps(steps, async (step) => {
    note();
    if (!(await startWorker())) return;
    killed++;
    // At another moment each time.
    if (directly) void worker.terminate();
    else worker.postMessage({ killAfter: ((step % 10) / 10) * 0.6 * alone.median });
  });
  note();
  home.Worker = UsualWorker;
  return { right: digest === alone.digest, killed, atWork, longest };
}

/** Trains `steps` steps with workers that run, but never answer. */
export async function neverStart({ steps }) {
  const alone = await trainAlone(steps);
  home.Worker = class extends UsualWorker {
    constructor(_source, options) {
      super(place("setInterval(() => {}, 1000000)"), options);
    }
  };
  configure({ threads: 2 });
  const { digest, longest } = await trainSteps(steps, () => {});
  while (/are starting/.test(engineInfo().reason)) await pause(10);
  const { threads, reason } = engineInfo();
  home.Worker = UsualWorker;
  configure({ threads: 1 });
  return { right: digest === alone.digest, longest, threads, reason };
}
