// Trains a small multilayer perceptron, 784-64-64-10, to read MNIST's handwritten digits.
import { datasets, layers, optimizers, Sequential, seed } from "heddle";
import { flagsOrExit } from "./terminal/flags.ts";
import { count, percent } from "./terminal/numbers.ts";

const TRAINING_IMAGES = 60_000;
const flags = flagsOrExit(
  {
    name: "mlp",
    command: "node scripts/run.js examples/mlp.ts",
    does: "Trains a multilayer perceptron on MNIST's handwritten digits and tests it on 10,000 others.",
    flags: {
      epochs: { kind: "number", default: 12, help: "times through the training images" },
      limit: {
        kind: "number",
        default: TRAINING_IMAGES,
        most: TRAINING_IMAGES,
        help: "train on the first N images only",
      },
      seed: { kind: "number", default: 1, least: 0, help: "where the random numbers begin" },
    },
  },
  process.argv.slice(2),
);

seed(flags.seed);
const { train, test } = await datasets.mnist();
const images = train.images.slice(0, flags.limit);
const labels = train.labels.slice(0, flags.limit);

const model = new Sequential([
  layers.flatten({ inputShape: [28, 28, 1] }),
  layers.dense({ units: 64, activation: "relu" }),
  layers.dense({ units: 64, activation: "relu" }),
  layers.dense({ units: 10, activation: "softmax" }),
]);
const optimizer = new optimizers.Adam();
model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
console.log(model.summary());

// Smaller steps at the end: the weights settle.
const settling = Math.ceil(0.8 * flags.epochs);
const onEpochBegin = (epoch: number): void => {
  if (epoch === settling) optimizer.learningRate = 0.0002;
};
await model.fit(images, labels, { epochs: flags.epochs, batchSize: 64, callbacks: [{ onEpochBegin }] });

const { accuracy, loss } = await model.evaluate(test.images, test.labels);
console.log(
  `\n${percent(accuracy)} of the ${count(test.images.length)} test digits read right, loss ${loss.toFixed(4)}`,
);
