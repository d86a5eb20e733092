// Heddle itself, through what its users have: ops on resident tensors, captured steps, Sequential with compile, fit and
// predict.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import {
  ArrayData,
  add,
  capture,
  configure,
  datasets,
  type EngineInfo,
  engineInfo,
  matmul,
  memory,
  ones,
  type Sequential,
  softmax,
  type Tensor,
  tensor,
} from "../heddle.ts";
import { bandwidthTask } from "./heddle-bandwidth.ts";
import { cnn, convBn, gpt, mlp, rowReader } from "./heddle-networks.ts";
import { attentionMemory, attentionTime, generation, generationShare, textParts } from "./heddle-sequences.ts";
import { digits, gigaflops, operandShapes, operands, patterns, sumOfSamples } from "./inputs.js";
import { type Options, type RepeatedTask, serve, type Task, type WholeTask } from "./serve.js";
import { startTask } from "./start.js";

let isWide = false;

/** The threads and vectors asked for must be at work, or the figure would be another one's. */
async function useEngine({ threads, wide = false }: Options): Promise<void> {
  // The width is chosen once, before the first tensor; the threads may change between tasks.
  configure({ threads, ...(wide && !isWide && { wide }) });
  isWide = wide;
  for (let waited = 0; engineInfo().threads < threads; waited += 10) {
    if (waited > 3000) throw new Error(`runs on ${engineInfo().threads} of ${threads} threads: ${engineInfo().reason}`);
    await sleep(10);
  }
  const info: EngineInfo & { wide?: boolean; wideReason?: string } = engineInfo();
  if (wide && info.wide !== true) throw new Error(info.wideReason ?? "this version has no 256-bit mode");
}

/** The tasks, each with the engine set up before anything is made. */
function onEngine(tasks: Record<string, (options: Options) => Task | Promise<Task>>): typeof tasks {
  const prepared = Object.entries(tasks).map(([name, make]) => {
    const task = async (options: Options) => {
      await useEngine(options);
      return make(options);
    };
    return [name, task];
  });
  return Object.fromEntries(prepared);
}

/** A part of a data set that one call of `fit` sees. */
interface Part {
  x: ArrayData;
  y: ArrayData;
}

/** The first digits, in parts of 1,600, as the data set hands them out. */
async function digitParts({ images, mnist }: Options, imageShape: number[]): Promise<Part[]> {
  const { train } = await datasets.mnist({ directory: mnist });
  const size = 1600;
  return Array.from({ length: Math.floor(images / size) }, (_, part) => {
    const [begin, end] = [part * size, (part + 1) * size];
    return { x: train.images.slice(begin, end).reshape([size, ...imageShape]), y: train.labels.slice(begin, end) };
  });
}

/** All patterns as one part. */
function patternParts({ images: count }: Options): Part[] {
  const { images, labels } = patterns(count);
  const y = new ArrayData(Int32Array.from(labels), [count], "i32");
  return [{ x: new ArrayData(images, [count, 32, 32, 3], "f32"), y }];
}

/** One call of `fit` a step, over the next part. */
function training(model: Sequential, parts: Part[], options: Options, amountPerImage: number) {
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  let at = 0;
  let loss = NaN;
  return {
    amountPerStep: parts[0].x.length * amountPerImage,
    step: async () => {
      const { x, y } = parts[at++ % parts.length];
      const { history } = await model.fit(x, y, { batchSize: options.batch, shuffle: false, verbose: 0 });
      loss = history.loss[0];
    },
    check: () => loss,
  } satisfies RepeatedTask;
}

/** Bytes of memory after the question's number of training steps; `before` is the report after the first few of them. */
async function trainingMemory(options: Options, bytes: (before: Report, after: Report) => number): Promise<WholeTask> {
  const parts = await digitParts(options, [28, 28, 1]);
  const { step, check, amountPerStep } = training(cnn(), parts, options, 1 / options.batch);
  await step(); // the first steps make what lives as long as the model
  return {
    round: async () => {
      const before = memory.report();
      const start = performance.now();
      for (let steps = 0; steps < options.steps; steps += amountPerStep) await step();
      const seconds = (performance.now() - start) / 1000;
      return { amount: bytes(before, memory.report()), seconds, check: check() };
    },
  };
}

type Report = ReturnType<typeof memory.report>;

/** A captured program that applies `f` to its own result again and again. */
function captureChain(rows: number, f: (x: Tensor) => Tensor) {
  return capture((x: Tensor) => {
    let y = x;
    for (let row = 0; row < rows; row++) y = f(y);
    return y;
  });
}

/** Replays a program once and returns the seconds it took. */
function timeReplay(program: (x: Tensor) => Tensor, x: Tensor): number {
  const start = performance.now();
  program(x).dispose();
  return (performance.now() - start) / 1000;
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

await serve({
  version,
  settings: () => {
    const { simd, threads, wide } = engineInfo();
    return `${simd} SIMD${wide ? ", wide" : ""}, threads ${threads}`;
  },
  tasks: {
    ...onEngine({
      matmul(options): RepeatedTask {
        const values = operands(options);
        const shapes = operandShapes(options);
        const { transposeA, transposeB } = options;
        const a = tensor(values.a, { shape: shapes.a });
        const b = tensor(values.b, { shape: shapes.b });
        let product: Tensor | undefined;
        return {
          amountPerStep: gigaflops(options),
          step: () => {
            product?.dispose();
            product = matmul(a, b, { transposeA, transposeB });
          },
          check: () => sumOfSamples(product?.data() ?? new Float32Array(), options),
          end: () => {
            for (const held of [a, b, product]) held?.dispose();
          },
        };
      },
      "cnn-training": async (options) => training(cnn(), await digitParts(options, [28, 28, 1]), options, 1),
      "mlp-training": async (options) => training(mlp(), await digitParts(options, [784]), options, 1 / options.batch),
      "lstm-training": async (options) => training(rowReader(), await digitParts(options, [28, 28]), options, 1),
      "convbn-training": (options) => training(convBn(), patternParts(options), options, 1),
      "gpt-training": (options) =>
        training(gpt(options.length, options.vocabulary), textParts(options), options, options.length),
      generation,
      "generation-share": generationShare,
      "sliding-window-time": attentionTime,
      "sliding-window-memory": attentionMemory,
      "cnn-inference"(options): RepeatedTask {
        const { batch, mnist } = options;
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
          end: () => x.dispose(),
        };
      },
      bandwidth: bandwidthTask,
      "op-overhead"(options): RepeatedTask {
        const { size, opsPerStep } = options;
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
      "row-overhead"(options): RepeatedTask {
        const { size, rows } = options;
        const x = ones([size]);
        const one = ones([size]);
        const program = captureChain(rows, (y) => add(y, one));
        return {
          amountPerStep: rows,
          step: () => program(x).dispose(),
          check: () => program(x).data()[size - 1],
        };
      },
      async "handout-overhead"(options): Promise<WholeTask> {
        const { size, rows } = options;
        const [small, large] = [ones([2, size]), ones([4, size])];
        const manySmall = captureChain(2 * rows, (y) => softmax(y));
        const fewLarge = captureChain(rows, (y) => softmax(y));
        const round = async (seconds: number) => {
          let [many, few] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
          for (const start = performance.now(); performance.now() - start < seconds * 1000; ) {
            many = Math.min(many, timeReplay(manySmall, small));
            few = Math.min(few, timeReplay(fewLarge, large));
          }
          return { amount: rows, seconds: many - few, check: manySmall(small).data()[0] };
        };
        await round(1); // records both and lets the compiler finish
        return { round };
      },
      "idle-cpu": ({ size }) => ({
        round: async (seconds) => {
          const x = ones([64, size]);
          const y = softmax(x);
          await sleep(100);
          const start = performance.now();
          const before = process.cpuUsage();
          await sleep(seconds * 1000);
          const { user, system } = process.cpuUsage(before);
          const elapsed = (performance.now() - start) / 1000;
          const check = y.data()[0];
          x.dispose();
          y.dispose();
          return { amount: (user + system) / 1e6, seconds: elapsed, check };
        },
      }),
      "memory-reserved": (options) => trainingMemory(options, (_, after) => after.reserved),
      "memory-in-use": (options) => trainingMemory(options, (_, after) => after.inUse),
      "memory-growth": (options) =>
        trainingMemory(options, (before, after) =>
          Math.max(0, after.reserved - before.reserved, after.inUse - before.inUse),
        ),
    }),
    start: startTask("heddle"),
    size: () => ({
      round: async () => {
        const entry = fileURLToPath(new URL("../../dist/node/index.js", import.meta.url));
        const bundling = { bundle: true, minify: true, write: false, format: "esm", platform: "node" } as const;
        const { outputFiles } = buildSync({ entryPoints: [entry], target: "es2022", ...bundling });
        const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
        return { amount: bytes, seconds: 0, check: bytes };
      },
    }),
  },
});
