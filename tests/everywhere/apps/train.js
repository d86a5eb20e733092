// Trains the digit CNN for 20 steps on real digits and tells what came of it: the same program in every runtime.
import { ArrayData, configure, engineInfo, layers, Sequential, seed } from "heddle";
import { images, labels } from "./digits.js";

const BATCH_SIZE = 16;
const TESTED = 64;
const PATIENCE = 5000;

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Waits until the workers have come, or the engine says that none will. On a machine that does other work as well they
 * may come later than it thinks.
 */
export async function waitForThreads(threads = 2) {
  for (let waited = 0; waited < PATIENCE; waited += 10) {
    const { threads: there, reason } = engineInfo();
    if (there >= threads || (reason !== undefined && !/are starting|did not start in time/.test(reason))) return;
    await pause(10);
  }
}

/** The SHA-256 of the bits of all weights, one after the other. */
export async function digest(variables) {
  const all = variables.map((variable) => variable.data());
  const values = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const data of all) {
    values.set(data, offset);
    offset += data.length;
  }
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", values));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Loss and probabilities before and after 20 steps, the weights' digest, and what the engine ran on. */
export async function train({ configuration = {} }) {
  configure(configuration);
  await waitForThreads();
  seed(1);
  const count = labels.length;
  const x = new ArrayData(images, [count, 28, 28, 1], "f32", 1 / 255);
  const y = new ArrayData(labels, [count], "i32");
  const model = new Sequential([
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const [tested, truth] = [x.slice(0, TESTED), y.slice(0, TESTED)];
  const before = await model.evaluate(tested, truth);
  let steps = 0;
  const counter = { onBatchEnd: () => void steps++ };
  await model.fit(x, y, { batchSize: BATCH_SIZE, verbose: 0, callbacks: [counter] });
  const after = await model.evaluate(tested, truth);
  const probabilities = (await model.predict(x.slice(0, 10))).data();
  const { runtime, simd, threads, isolated, reason } = engineInfo();
  return {
    ...{ runtime, simd, threads, isolated, reason, steps },
    lossBefore: before.loss,
    lossAfter: after.loss,
    probabilities: [...probabilities],
    digest: await digest(model.weights),
  };
}
