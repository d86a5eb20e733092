// ONNX Runtime Web on its WebAssembly backend. It runs models and cannot train; its inputs are copied in at every run.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { digits, operands } from "./inputs.js";
import { onnxModel } from "./onnx-file.js";
import { serve } from "./serve.js";

const cannotTrain = "runs models, cannot train them";

async function open(model, threads) {
  ort.env.wasm.numThreads = threads;
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
}

function matmulModel(size) {
  return onnxModel({
    nodes: [{ op: "MatMul", inputs: ["a", "b"], outputs: ["c"] }],
    inputs: ["a", "b"].map((name) => ({ name, shape: [size, size] })),
    outputs: [{ name: "c", shape: [size, size] }],
  });
}

/** The CNN of the README with random weights. ONNX images are NCHW, so the kernels are [out, in, 3, 3]. */
function cnnModel() {
  const kernel = { kernel_shape: [3, 3] };
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  return onnxModel({
    nodes: [
      { op: "Conv", inputs: ["x", "w1", "b1"], outputs: ["c1"], attributes: kernel },
      { op: "Relu", inputs: ["c1"], outputs: ["r1"] },
      { op: "MaxPool", inputs: ["r1"], outputs: ["p1"], attributes: pool },
      { op: "Conv", inputs: ["p1", "w2", "b2"], outputs: ["c2"], attributes: kernel },
      { op: "Relu", inputs: ["c2"], outputs: ["r2"] },
      { op: "MaxPool", inputs: ["r2"], outputs: ["p2"], attributes: pool },
      { op: "Conv", inputs: ["p2", "w3", "b3"], outputs: ["c3"], attributes: kernel },
      { op: "Relu", inputs: ["c3"], outputs: ["r3"] },
      { op: "Flatten", inputs: ["r3"], outputs: ["f"], attributes: { axis: 1 } },
      { op: "Gemm", inputs: ["f", "w4", "b4"], outputs: ["d4"], attributes: { transB: 1 } },
      { op: "Relu", inputs: ["d4"], outputs: ["r4"] },
      { op: "Gemm", inputs: ["r4", "w5", "b5"], outputs: ["d5"], attributes: { transB: 1 } },
      { op: "Softmax", inputs: ["d5"], outputs: ["y"], attributes: { axis: 1 } },
    ],
    weights: [
      ...layer(1, [32, 1, 3, 3]),
      ...layer(2, [64, 32, 3, 3]),
      ...layer(3, [64, 64, 3, 3]),
      ...layer(4, [64, 576]),
      ...layer(5, [10, 64]),
    ],
    inputs: [{ name: "x", shape: ["batch", 1, 28, 28] }],
    outputs: [{ name: "y", shape: ["batch", 10] }],
  });
}

/** Weights by He's rule and zero biases of one layer. */
function layer(number, shape) {
  const count = shape.reduce((product, size) => product * size, 1);
  const limit = Math.sqrt((6 * shape[0]) / count);
  return [
    { name: `w${number}`, shape, data: Float32Array.from({ length: count }, () => (Math.random() * 2 - 1) * limit) },
    { name: `b${number}`, shape: [shape[0]], data: new Float32Array(shape[0]) },
  ];
}

await serve({
  version: JSON.parse(readFileSync(new URL("../node_modules/onnxruntime-web/package.json", import.meta.url))).version,
  tasks: {
    async sgemm({ size, threads }) {
      const session = await open(matmulModel(size), threads);
      const { a, b } = operands(size);
      const feeds = {
        a: new ort.Tensor("float32", a, [size, size]),
        b: new ort.Tensor("float32", b, [size, size]),
      };
      let product;
      return {
        amountPerStep: (2 * size ** 3) / 1e9,
        step: async () => {
          product = (await session.run(feeds)).c.data;
        },
        check: () => product[size + 1],
      };
    },
    "cnn-training": cannotTrain,
    "mlp-training": cannotTrain,
    async "cnn-inference"({ batch, mnist, threads }) {
      const session = await open(cnnModel(), threads);
      const feeds = { x: new ort.Tensor("float32", digits(mnist, batch).images, [batch, 1, 28, 28]) };
      let output;
      return {
        amountPerStep: batch,
        step: async () => {
          output = (await session.run(feeds)).y.data;
        },
        check: () => output.reduce((sum, value) => sum + value, 0) / batch,
      };
    },
  },
});
