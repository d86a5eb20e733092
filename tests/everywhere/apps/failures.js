// Workers that are killed in mid-step, or never start: what the training steps around them come to, and how long they take.
import { configure, engineInfo, layers, losses, optimizers, scope, seed, tensor, valueAndGrad } from "heddle";
import { images, labels } from "./digits.js";
import { digest, waitForThreads } from "./train.js";

const BATCH_SIZE = 32;

/** Where this runtime has its workers: the object whose property `Worker` the library makes them with. */
const home = globalThis.process?.getBuiltinModule?.("node:worker_threads") ?? globalThis;
const UsualWorker = home.Worker;

/** Trains a small network step by step, its operations one by one; `between` runs in the middle of each step. */
async function trainSteps(steps, before, between) {
  seed(1);
  const x = tensor(Float32Array.from(images.subarray(0, BATCH_SIZE * 784), (byte) => byte / 255), {
    shape: [BATCH_SIZE, 28, 28, 1],
  });
  const y = tensor(Int32Array.from(labels.subarray(0, BATCH_SIZE)), { dtype: "i32" });
  const conv = layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: "relu" });
  const flatten = layers.flatten();
  const dense = layers.dense({ units: 10, activation: "softmax" });
  const forward = () => {
    const hidden = conv.apply(x);
    between();
    return losses.sparseCategoricalCrossentropy(y, dense.apply(flatten.apply(hidden)));
  };
  conv.ensureBuilt([28, 28, 1]);
  dense.ensureBuilt([13 * 13 * 8]);
  const weights = [...conv.trainableWeights, ...dense.trainableWeights];
  const optimizer = optimizers.adam();
  const lossAndGradients = valueAndGrad((_weights) => forward());
  let longest = 0;
  for (let step = 0; step < steps; step++) {
    await before();
    const began = performance.now();
    scope(() => {
      const [, gradients] = lossAndGradients(weights);
      optimizer.step(weights, gradients);
    });
    longest = Math.max(longest, performance.now() - began);
  }
  return { digest: await digest(weights), longest };
}

const nothing = () => {};

/** The same steps on one thread, where nothing can fail. */
function trainAlone(steps) {
  configure({ threads: 1 });
  return trainSteps(steps, nothing, nothing);
}

/** Trains `steps` steps, and ends the worker in the middle of each: results, the longest step, what the engine says. */
export async function killWorkers({ steps }) {
  const expected = await trainAlone(steps);
  const made = [];
  home.Worker = class extends UsualWorker {
    constructor(...parameters) {
      super(...parameters);
      made.push(this);
    }
  };
  const reasons = {};
  let killed = 0;
  const note = () => {
    const { threads, reason } = engineInfo();
    const noticed = threads === 1 ? reason : "not noticed";
    if (killed > 0) reasons[noticed] = (reasons[noticed] ?? 0) + 1;
  };
  const startAgain = async () => {
    note();
    configure({ threads: 1 });
    configure({ threads: 2 });
    await waitForThreads();
  };
  const kill = () => {
    if (engineInfo().threads < 2) return;
    killed++;
    void made.at(-1).terminate();
  };
  const { digest, longest } = await trainSteps(steps, startAgain, kill);
  note();
  home.Worker = UsualWorker;
  return { right: digest === expected.digest, killed, longest, reasons };
}

/** Trains `steps` steps with workers that run, but never answer. */
export async function neverStart({ steps }) {
  const expected = await trainAlone(steps);
  const silence = "setInterval(() => {}, 1000000)";
  home.Worker = class extends UsualWorker {
    constructor(_source, options) {
      super(home === globalThis ? URL.createObjectURL(new Blob([silence])) : silence, options);
    }
  };
  configure({ threads: 2 });
  const { digest, longest } = await trainSteps(steps, nothing, nothing);
  await waitForThreads();
  const { threads, reason } = engineInfo();
  home.Worker = UsualWorker;
  configure({ threads: 1 });
  return { right: digest === expected.digest, longest, threads, reason };
}
