// TensorFlow.js 4 on its WebAssembly backend. It starts no threads in Node, so there is one figure for it.
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { digits, gigaflops, operandShapes, operands, patterns, sumOfSamples } from "./inputs.js";
import { serve } from "./serve.js";
import { startTask } from "./start.js";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm")) + sep);
await tf.setBackend("wasm");
await tf.ready();

function cnn() {
  const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
  return tf.sequential({
    layers: [
      conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
      flatten(),
      dense({ units: 64, activation: "relu" }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
}

function mlp() {
  const { dense } = tf.layers;
  return tf.sequential({
    layers: [
      dense({ units: 64, activation: "relu", inputShape: [784] }),
      dense({ units: 64, activation: "relu" }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
}

function convBn() {
  const { activation, batchNormalization, conv2d, globalAveragePooling2d, dense } = tf.layers;
  const block = (filters, strides, inputShape) => [
    conv2d({ filters, kernelSize: 3, strides, padding: "same", useBias: false, inputShape }),
    batchNormalization(),
    activation({ activation: "relu" }),
  ];
  return tf.sequential({
    layers: [
      ...block(32, 1, [32, 32, 3]),
      ...block(64, 2),
      ...block(128, 2),
      ...block(128, 1),
      globalAveragePooling2d({}),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
}

function rowReader() {
  const { lstm, dense } = tf.layers;
  return tf.sequential({
    layers: [
      lstm({ units: 128, recurrentActivation: "sigmoid", inputShape: [28, 28] }),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
}

function training(model, { images, labels }, imageShape, amountPerStep, { batch }) {
  const count = labels.length;
  const batches = [];
  for (let first = 0; first < count; first += batch) {
    const size = images.length / count;
    batches.push([
      tf.tensor(images.subarray(first * size, (first + batch) * size), [batch, ...imageShape]),
      tf.tensor1d(labels.slice(first, first + batch)),
    ]);
  }
  model.compile({ optimizer: tf.train.adam(), loss: "sparseCategoricalCrossentropy" });
  let at = 0;
  let loss = NaN;
  return {
    amountPerStep,
    step: async () => {
      loss = await model.trainOnBatch(...batches[at++ % batches.length]);
    },
    check: () => loss,
  };
}

await serve({
  version: tf.version.tfjs,
  settings: () => "SIMD, one thread: it starts none in Node",
  tasks: {
    matmul(options) {
      const values = operands(options);
      const shapes = operandShapes(options);
      const a = tf.tensor(values.a, shapes.a);
      const b = tf.tensor(values.b, shapes.b);
      let product;
      return {
        amountPerStep: gigaflops(options),
        step: () => {
          product?.dispose();
          product = tf.matMul(a, b, options.transposeA, options.transposeB);
        },
        check: () => sumOfSamples(product.dataSync(), options),
        end: () => tf.dispose([a, b, product]),
      };
    },
    "cnn-training": (options) =>
      training(cnn(), digits(options.mnist, options.images), [28, 28, 1], options.batch, options),
    "mlp-training": (options) => training(mlp(), digits(options.mnist, options.images), [784], 1, options),
    "lstm-training": (options) =>
      training(rowReader(), digits(options.mnist, options.images), [28, 28], options.batch, options),
    "convbn-training": (options) => training(convBn(), patterns(options.images), [32, 32, 3], options.batch, options),
    "cnn-inference"({ batch, mnist }) {
      const model = cnn();
      const x = tf.tensor4d(digits(mnist, batch).images, [batch, 28, 28, 1]);
      let output;
      return {
        amountPerStep: batch,
        step: () => {
          const y = model.predictOnBatch(x);
          output = y.dataSync();
          y.dispose();
        },
        check: () => output.reduce((sum, value) => sum + value, 0) / batch,
      };
    },
    "op-overhead"({ size, opsPerStep }) {
      const a = tf.ones([size]);
      const b = tf.ones([size]);
      return {
        amountPerStep: opsPerStep,
        step: () => {
          for (let i = 0; i < opsPerStep; i++) tf.add(a, b).dispose();
        },
        check: () => tf.add(a, b).dataSync()[size - 1],
      };
    },
    start: startTask("tfjs-wasm"),
  },
});
