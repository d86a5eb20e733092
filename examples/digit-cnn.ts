// Trains a convolutional network to read MNIST's handwritten digits and shows what it learned: the job of `npm start`.
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { configure, datasets, engineInfo, layers, optimizers, ProgressLine, profile, Sequential, seed } from "heddle";
import { countConfusions, drawConfusionMatrix } from "./terminal/confusion-matrix.ts";
import { type Caption, type CaptionedImage, drawImages } from "./terminal/digits.ts";
import { drawFacts } from "./terminal/facts.ts";
import { exitUsage, flagsOrExit } from "./terminal/flags.ts";
import { count, counted, duration, fileSize, percent } from "./terminal/numbers.ts";
import { makePaint, mayColor } from "./terminal/paint.ts";

const CLASSES = 10;
const TRAINING_IMAGES = 60_000;
const SHOWN = 5;
const INTERRUPTED = 130;
const cores = Math.min(availableParallelism(), 64);

const program = {
  name: "digit-cnn",
  command: "npm start --",
  does: "Trains a convolutional network on MNIST's handwritten digits, tests it on 10,000\nothers and shows the result.",
  flags: {
    epochs: { kind: "number", default: 5, help: "times through the training images" },
    batchSize: { kind: "number", default: 32, most: TRAINING_IMAGES, help: "images in a training step" },
    limit: {
      kind: "number",
      default: TRAINING_IMAGES,
      most: TRAINING_IMAGES,
      help: "train on the first N images only",
    },
    seed: { kind: "number", default: 1, least: 0, help: "where the random numbers begin" },
    threads: {
      kind: "number",
      default: cores,
      most: 64,
      help: "threads that work",
      defaultText: `all cores: ${cores}`,
    },
    weights: { kind: "path", default: "weights/digit-cnn.safetensors", help: "where the weights go" },
    profile: { kind: "switch", help: "show where the time of training went, by kernel" },
    json: { kind: "switch", help: "end with one line of JSON on stdout; all else goes to stderr" },
  },
} as const;

const flags = flagsOrExit(program, process.argv.slice(2));
const screen = flags.json ? process.stderr : process.stdout;
const paint = makePaint(mayColor(screen));
const say = (...lines: string[]): void => void screen.write(`${lines.join("\n")}\n`);

checkWeightsPath(flags.weights);
configure({ threads: flags.threads });
seed(flags.seed);

const { train, test } = await datasets.mnist();
const images = train.images.slice(0, flags.limit);
const labels = train.labels.slice(0, flags.limit);
say(
  paint.bold("Heddle: a convolutional network learns to read handwritten digits"),
  paint.dim(
    `${count(images.length)} images to learn from, ${count(test.images.length)} by other people to be tested on`,
  ),
  "",
);

const model = new Sequential(
  [
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: CLASSES, activation: "softmax" }),
  ],
  { name: "digit_cnn" },
);
const optimizer = optimizers.adam();
model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
say(model.summary(), "");

const profiled = flags.profile ? await profile(fit) : undefined;
const seconds = profiled?.result ?? (await fit());
await model.saveWeights(flags.weights);
const erases = screen.isTTY && process.env.TERM !== "dumb";
if (erases) screen.write(paint.dim("Testing ..."));
const { loss, accuracy } = await model.evaluate(test.images, test.labels);
const probabilities = await model.predict(test.images);
if (erases) screen.write("\r\x1b[K");
const verdicts = judge(probabilities.data(), test.labels.data);
const { threads, simd, runtime, reason } = engineInfo();
const imagesPerSecond = (images.length * flags.epochs) / seconds;
report();
if (profiled) say("", paint.bold("Training, kernel by kernel"), "", profiled.toString());
if (flags.json) {
  const [rounded, speed] = [Number(seconds.toFixed(3)), Math.round(imagesPerSecond)];
  const figures = { testAccuracy: accuracy, imagesPerSecond: speed, seconds: rounded, threads, weights: flags.weights };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** Trains the model and returns how many seconds it took. Ctrl-C ends it, and the program, after the current step. */
async function fit(): Promise<number> {
  const progress = new ProgressLine({ output: screen });
  const reached = { epoch: 0, steps: 0, logs: {} as Record<string, number> };
  const watcher = {
    onEpochBegin: (epoch: number) => {
      Object.assign(reached, { epoch, steps: 0, logs: {} });
      // The last two fifths of the epochs take smaller steps: where training ends then depends less on the seed.
      if (epoch === Math.ceil(flags.epochs * 0.6)) optimizer.learningRate *= 0.3;
      if (epoch === Math.ceil(flags.epochs * 0.8)) optimizer.learningRate *= 0.3;
    },
    onBatchEnd: (batch: number, logs: Record<string, number>) =>
      void Object.assign(reached, { steps: batch + 1, logs }),
  };
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once("SIGINT", interrupt);
  const began = performance.now();
  try {
    const { epochs, batchSize } = flags;
    const { signal } = interruption;
    await model.fit(images, labels, { epochs, batchSize, signal, verbose: 0, callbacks: [progress, watcher] });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    const steps = `${count(reached.steps)} of ${counted(Math.ceil(images.length / flags.batchSize), "step")}`;
    const figures = Object.entries(reached.logs).map(([name, value]) => `${name} ${value.toFixed(4)}`);
    say(
      "",
      `Stopped in epoch ${reached.epoch + 1} of ${flags.epochs}, after ${steps}: ${figures.join(", ") || "nothing learned"}.`,
    );
    say("No weights were saved.");
    process.exit(INTERRUPTED);
  } finally {
    process.off("SIGINT", interrupt);
  }
  return (performance.now() - began) / 1000;
}

/** What the model said about one test image. */
interface Verdict {
  readonly image: number;
  readonly is: number;
  readonly said: number;
  /** The probabilities that the model gave to what it said, and to what is true. */
  readonly sure: number;
  readonly truth: number;
}

function judge(probabilities: Float32Array, labels: ArrayLike<number>): Verdict[] {
  return Array.from(labels, (is, image) => {
    const row = probabilities.subarray(image * CLASSES, (image + 1) * CLASSES);
    const said = row.reduce((best, share, digit) => (share > row[best] ? digit : best), 0);
    return { image, is, said, sure: row[said], truth: row[is] };
  });
}

function report(): void {
  const wrong = verdicts.filter(({ is, said }) => is !== said).sort((a, b) => b.sure - a.sure);
  const right = verdicts.filter(({ is, said }) => is === said).sort((a, b) => a.sure - b.sure);
  const said = verdicts.map((verdict) => verdict.said);
  const total = count(verdicts.length);

  say(
    "",
    paint.bold(`${percent(accuracy)} of the ${total} test digits read right`) + paint.dim(`, loss ${loss.toFixed(4)}`),
    "",
  );
  say(paint.bold("Confusion matrix") + paint.dim(", rows: what a digit is, columns: what it was read as"), "");
  say(...drawConfusionMatrix(countConfusions(test.labels.data, said, CLASSES), paint), "");
  if (wrong.length > 0)
    say(paint.bold(`Misread: ${count(wrong.length)}`) + paint.dim(", the surest mistakes first"), "");
  drawShown(wrong);
  if (right.length > 0) say(paint.bold(`Read right: ${count(right.length)}`) + paint.dim(", the least sure first"), "");
  drawShown(right);

  const step = `${((seconds * 1000) / (flags.epochs * Math.ceil(images.length / flags.batchSize))).toFixed(2)} ms per step`;
  const facts: [string, string][] = [
    ["Accuracy", `${percent(accuracy)} on the test images`],
    ["Training", `${counted(flags.epochs, "epoch")} of ${counted(images.length, "image")} in ${duration(seconds)}`],
    ["Throughput", `${count(imagesPerSecond)} images/s, ${step} of ${counted(flags.batchSize, "image")}`],
    ["Machine", `${counted(threads, "thread")}, ${simd === "relaxed" ? "relaxed SIMD" : "SIMD"}, ${runtime}`],
    ["Weights", `${flags.weights} (${fileSize(statSync(flags.weights).size)})`],
  ];
  if (threads < flags.threads && reason) facts.push(["Note", reason]);
  say(...drawFacts(facts, paint));
}

/** Draws the first few of these test images, if there are any, with what was said about them. */
function drawShown(verdicts: readonly Verdict[]): void {
  const shown = verdicts.slice(0, SHOWN).map(({ image, is, said, sure, truth }): CaptionedImage => {
    const line = (word: string, digit: number, share: number): string =>
      `${word} ${digit}${percent(share, 1).padStart(8)}`;
    const caption: Caption[] = [{ text: line("read", said, sure), paint: is === said ? paint.green : paint.red }];
    caption.push(is === said ? { text: `  is ${is}` } : { text: line("  is", is, truth) });
    return { pixels: test.images.valuesAt(image), caption };
  });
  if (shown.length > 0) say(...drawImages(shown, paint, screen.columns || 80), "");
}

/** Makes the folder for the weights, and finds out now, not after the training, whether they can go there. */
function checkWeightsPath(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    exitUsage(
      program,
      `--weights must be in a folder that can be written, got ${error instanceof Error ? error.message : error}`,
    );
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    exitUsage(program, `--weights must be the path of a file, got the folder ${JSON.stringify(path)}`);
  }
}
