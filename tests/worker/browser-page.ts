// What runs in the browser for browser.test.ts: trains a CNN in an engine worker while it watches its own main thread, then
// does the same at hand; it reports what it saw to the server that it came from.
import { ArrayData, configure, layers, Sequential, seed } from "../../ts/index.ts";
import { EngineWorker, RemoteModel } from "../../ts/worker/index.ts";
import { bits } from "./quadrants.ts";

/** What the page saw. */
export interface Report {
  isolated: boolean;
  /** Threads of the worker's engine after training. */
  threads: number;
  /** Milliseconds of the tasks of the main thread that took more than 50, while the worker was started and trained. */
  longTasks: number[];
  trainingMilliseconds: number;
  steps: number;
  /** Batches that the page was told of. */
  batches: number[];
  epochs: number;
  /** The name of what `fit` was rejected with when aborted, and how long that took. */
  aborted: string;
  abortMilliseconds: number;
  /** Whether the weights have the same bits as those trained on the page. */
  sameBits: boolean;
  weights: number;
  /** What a model of the page's own worker file gives, and what it is rejected with once that worker is gone. */
  own: number[];
  died: string;
}

const IMAGES = 4096;

function cnn(): layers.Layer[] {
  layers.resetLayerNames();
  return [
    layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu" }),
    layers.flatten(),
    layers.dropout({ rate: 0.25 }),
    layers.dense({ units: 10, activation: "softmax" }),
  ];
}

const pixels = Float32Array.from({ length: IMAGES * 784 }, (_, i) => Math.abs(Math.sin(i * i)));
const x = new ArrayData(pixels, [IMAGES, 28, 28, 1], "f32");
const y = new ArrayData(
  Int32Array.from({ length: IMAGES }, (_, i) => (i * 7) % 10),
  [IMAGES],
  "i32",
);
const judgement = { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;
const options = { epochs: 1, batchSize: 32, verbose: 0 } as const;

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Trains remotely under observation. */
async function trainRemotely(report: Partial<Report>): Promise<ArrayData[]> {
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    longTasks.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ type: "longtask" });
  const model = new RemoteModel(cnn(), { deterministic: true, seed: 3 });
  await model.compile(judgement);
  const [images, labels] = [await model.engine.send(x), await model.engine.send(y)];
  const batches: number[] = [];
  const began = performance.now();
  const { epochs } = await model.fit(images, labels, {
    ...options,
    callbacks: [
      {
        onTrainBegin: ({ steps }) => void (report.steps = steps),
        onBatchEnd: (batch) => void batches.push(batch),
      },
    ],
  });
  report.trainingMilliseconds = performance.now() - began;
  Object.assign(report, { batches, epochs: epochs.length, threads: (await model.engine.info()).threads });
  const weights = await model.getWeights();

  const controller = new AbortController();
  let abortedAt = 0;
  const abort = (): void => {
    abortedAt ||= performance.now();
    controller.abort();
  };
  const endless = { ...options, epochs: 1e6, signal: controller.signal, callbacks: [{ onBatchEnd: abort }] };
  report.aborted = await model.fit(images, labels, endless).then(
    () => "not at all",
    ({ name }: Error) => name,
  );
  report.abortMilliseconds = performance.now() - abortedAt;
  model.dispose();
  // Entries come some time after their tasks.
  await after(200);
  observer.disconnect();
  report.longTasks = longTasks;
  return weights;
}

/** The same training on the page itself. */
async function trainHere(): Promise<Float32Array[]> {
  configure({ deterministic: true });
  seed(3);
  const model = new Sequential(cnn());
  model.compile(judgement);
  await model.fit(x, y, options);
  return model.weights.map((weight) => weight.data());
}

/** A model with a layer of the page's own, in a worker file of its own, which then is ended from outside. */
async function useOwnWorker(report: Partial<Report>): Promise<void> {
  let worker: Worker | undefined;
  const engine = new EngineWorker({ worker: () => (worker = new Worker("/own-worker.js", { type: "module" })) });
  const model = new RemoteModel([{ kind: "triple" }], { engine });
  report.own = [...(await model.predict(new ArrayData(Float32Array.of(1, 2), [2, 1], "f32"))).data];
  const training = model.method("wait");
  worker?.terminate();
  report.died = await training.then(
    () => "not at all",
    ({ message }: Error) => message,
  );
}

async function run(): Promise<Partial<Report>> {
  // The page's own script is one long task, and the browser has just started.
  await after(500);
  const report: Partial<Report> = { isolated: crossOriginIsolated };
  const remote = await trainRemotely(report);
  await useOwnWorker(report);
  const here = await trainHere();
  report.weights = remote.length;
  report.sameBits = here.every((values, i) => {
    const [a, b] = [bits(values), bits(remote[i].data)];
    return a.length === b.length && a.every((bit, j) => bit === b[j]);
  });
  return report;
}

run().then(
  (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) }),
  (error: Error) => fetch("/report", { method: "POST", body: JSON.stringify({ error: `${error.stack ?? error}` }) }),
);
