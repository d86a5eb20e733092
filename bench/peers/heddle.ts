// Heddle itself, through what its users have: ops on resident tensors, Sequential with compile, fit and predict.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { configure, datasets, engineInfo, layers, matmul, memory, ones, Sequential, tensor } from "../heddle.ts";
import { digits, operands } from "./inputs.js";
import { type Options, type RepeatedTask, serve, type WholeTask } from "./serve.js";

const imagesPerFit = 1600;

function cnn(): Sequential {
  const { conv2d, maxPooling2d, flatten, dense } = layers;
  return new Sequential([
    conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    flatten(),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]);
}

function mlp(): Sequential {
  const { dense } = layers;
  return new Sequential([
    dense({ units: 64, activation: "relu", inputShape: [784] }),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 10, activation: "softmax" }),
  ]);
}

/** The threads asked for must be at work, or the figure would be another one's. */
async function threads(count: number): Promise<void> {
  configure({ threads: count });
  for (let waited = 0; engineInfo().threads < count; waited += 10) {
    if (waited > 3000) throw new Error(`runs on ${engineInfo().threads} of ${count} threads: ${engineInfo().reason}`);
    await sleep(10);
  }
}

/** One call of `fit` a step, over the next part of the digits as the data set hands them out. */
async function training(model: Sequential, options: Options, amountPerImage: number): Promise<RepeatedTask> {
  await threads(options.threads);
  const { train } = await datasets.mnist({ directory: options.mnist });
  const shape = model.layers[0].inputShape ?? [];
  const parts = Array.from({ length: Math.floor(options.images / imagesPerFit) }, (_, part) => {
    const [begin, end] = [part * imagesPerFit, (part + 1) * imagesPerFit];
    return {
      x: train.images.slice(begin, end).reshape([imagesPerFit, ...shape]),
      y: train.labels.slice(begin, end),
    };
  });
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  let at = 0;
  let loss = NaN;
  return {
    amountPerStep: imagesPerFit * amountPerImage,
    step: async () => {
      const { x, y } = parts[at++ % parts.length];
      const { history } = await model.fit(x, y, { batchSize: options.batch, shuffle: false, verbose: 0 });
      loss = history.loss[0];
    },
    check: () => loss,
  };
}

await serve({
  version: JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version,
  tasks: {
    async sgemm({ size, threads: count }): Promise<RepeatedTask> {
      await threads(count);
      const inputs = operands(size);
      const a = tensor(inputs.a, { shape: [size, size] });
      const b = tensor(inputs.b, { shape: [size, size] });
      let product: Float32Array = new Float32Array();
      return {
        amountPerStep: (2 * size ** 3) / 1e9,
        step: () => {
          const c = matmul(a, b);
          product = c.data();
          c.dispose();
        },
        check: () => product[size + 1],
      };
    },
    "cnn-training": (options) => training(cnn(), options, 1),
    "mlp-training": (options) => training(mlp(), options, 1 / options.batch),
    async "cnn-inference"({ batch, mnist, threads: count }): Promise<RepeatedTask> {
      await threads(count);
      const model = cnn();
      const x = tensor(digits(mnist, batch).images, { shape: [batch, 28, 28, 1] });
      let output: Float32Array = new Float32Array();
      return {
        amountPerStep: batch,
        step: async () => {
          const y = await model.predict(x, { batchSize: batch });
          output = y.data();
          y.dispose();
        },
        check: () => output.reduce((sum, value) => sum + value, 0) / batch,
      };
    },
    async "op-overhead"({ size, opsPerStep, threads: count }): Promise<RepeatedTask> {
      await threads(count);
      const a = ones([size]);
      const b = ones([size]);
      return {
        amountPerStep: opsPerStep,
        step: () => {
          for (let i = 0; i < opsPerStep; i++) a.add(b).dispose();
        },
        check: () => a.add(b).data()[size - 1],
      };
    },
    async "memory-growth"(options): Promise<WholeTask> {
      const { step, check, amountPerStep } = await training(cnn(), options, 1 / options.batch);
      await step(); // the first steps make what lives as long as the model
      return {
        round: async () => {
          const before = memory.report();
          const start = performance.now();
          for (let steps = 0; steps < options.steps; steps += amountPerStep) await step();
          const after = memory.report();
          const growth = Math.max(after.reserved - before.reserved, after.inUse - before.inUse);
          return { amount: growth, seconds: (performance.now() - start) / 1000, check: (await check?.()) ?? NaN };
        },
      };
    },
  },
});
