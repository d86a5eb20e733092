// Trains a tiny CNN for 5 steps in an engine worker, with its learning rate changed by hand, and the same at hand: the same
// program in every runtime that has workers.
import { ArrayData, configure, layers, Sequential, seed } from "heddle";
import { RemoteModel } from "heddle/worker";
import { images, labels } from "./digits.js";
import { digest, pause } from "./train.js";

const COUNT = 80;
const BATCH_SIZE = 16;
const EPOCHS = 2;
const PATIENCE = 5000;

const x = new ArrayData(images.subarray(0, COUNT * 784), [COUNT, 28, 28, 1], "f32", 1 / 255);
const y = new ArrayData(labels.subarray(0, COUNT), [COUNT], "i32");
const compilation = { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] };
const rateOf = (epoch) => 0.01 / (epoch + 1);

function cnn() {
  layers.resetLayerNames();
  return [
    layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 4 }),
    layers.flatten(),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 10, activation: "softmax" }),
  ];
}

/** Waits until the worker's engine has its threads, or says that none will come. */
async function threadsOf(engine) {
  let info = await engine.info();
  for (let waited = 0; waited < PATIENCE && /are starting|in time/.test(info.reason ?? ""); waited += 10) {
    await pause(10);
    info = await engine.info();
  }
  return info;
}

/** What a call is rejected with whose worker, one of the app's own, is ended from outside; pages have no such file here. */
async function endOfOwnWorker() {
  if (typeof document !== "undefined") return undefined;
  const Thread = globalThis.Worker ?? process.getBuiltinModule("node:worker_threads").Worker;
  let thread;
  const worker = () => (thread = new Thread(new URL("./own-worker.js", import.meta.url), { type: "module" }));
  const model = new RemoteModel([{ kind: "flatten" }], { worker });
  const waiting = model.method("wait").catch(({ name, message }) => `${name}: ${message}`);
  await model.engine.ready.catch(() => {});
  thread.terminate();
  return waiting;
}

/** The weights' digests there and here, what the page was told, and what the worker's engine ran on. */
export async function remote() {
  const far = new RemoteModel(cnn(), { deterministic: true, seed: 1 });
  await far.compile(compilation);
  const { runtime, threads, reason } = await threadsOf(far.engine);
  const told = { steps: 0, epochs: 0 };
  const watcher = {
    onTrainBegin: ({ steps }) => void (told.steps = steps),
    onEpochBegin: (epoch) => far.setLearningRate(rateOf(epoch)),
    onEpochEnd: () => void told.epochs++,
  };
  const options = { batchSize: BATCH_SIZE, epochs: EPOCHS, verbose: 0 };
  await far.fit(x, y, { ...options, callbacks: [watcher] });
  await far.trainOnBatch(x, y);
  const weights = await far.getWeights();

  const controller = new AbortController();
  const abort = { onBatchEnd: () => controller.abort() };
  const { signal } = controller;
  const endless = far.fit(x, y, { ...options, epochs: 1e9, signal, callbacks: [abort] });
  const aborted = await endless.catch(({ name }) => name);
  far.dispose();

  configure({ deterministic: true });
  seed(1);
  const near = new Sequential(cnn());
  near.compile(compilation);
  const { optimizer } = near.compilation;
  const scheduler = { onEpochBegin: (epoch) => void (optimizer.learningRate = rateOf(epoch)) };
  await near.fit(x, y, { ...options, callbacks: [scheduler] });
  near.trainOnBatch(x, y);
  return {
    ...{ runtime, threads, reason, aborted, ...told },
    there: await digest(weights.map(({ data }) => ({ data: () => data }))),
    here: await digest(near.weights),
    ended: await endOfOwnWorker(),
  };
}
