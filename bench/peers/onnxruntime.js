// ONNX Runtime Web on its WebAssembly backend. It runs models and cannot train; its inputs are copied in at every run.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { digits, gigaflops, operandShapes, operands, sumOfSamples } from "./inputs.js";
import { onnxModel } from "./onnx-file.js";
import { serve } from "./serve.js";
import { startTask } from "./start.js";

const cannotTrain = "runs models, cannot train them";

async function open(model, threads) {
  ort.env.wasm.numThreads = threads;
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
}

/** MatMul has no flags for transposed operands: Gemm has, for single products, and batches go through Transpose. */
function matmulModel(options) {
  const { m, n, batch, transposeA, transposeB } = options;
  const shapes = operandShapes(options);
  const isFlipped = transposeA || transposeB;
  const flip = { perm: [0, 2, 1] };
  const nodes = [];
  if (!isFlipped) nodes.push({ op: "MatMul", inputs: ["a", "b"], outputs: ["c"] });
  else if (batch === 1) {
    const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
    nodes.push({ op: "Gemm", inputs: ["a", "b"], outputs: ["c"], attributes });
  } else {
    const turned = transposeA ? "a" : "b";
    nodes.push({ op: "Transpose", inputs: [turned], outputs: ["t"], attributes: flip });
    nodes.push({ op: "MatMul", inputs: transposeA ? ["t", "b"] : ["a", "t"], outputs: ["c"] });
  }
  return onnxModel({
    nodes,
    inputs: ["a", "b"].map((name) => ({ name, shape: shapes[name] })),
    outputs: [{ name: "c", shape: batch > 1 ? [batch, m, n] : [m, n] }],
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
  settings: () => `WebAssembly, SIMD, numThreads ${ort.env.wasm.numThreads}`,
  tasks: {
    async matmul(options) {
      const session = await open(matmulModel(options), options.threads);
      const values = operands(options);
      const shapes = operandShapes(options);
      const feeds = {
        a: new ort.Tensor("float32", values.a, shapes.a),
        b: new ort.Tensor("float32", values.b, shapes.b),
      };
      let product;
      return {
        amountPerStep: gigaflops(options),
        step: async () => {
          product = (await session.run(feeds)).c.data;
        },
        check: () => sumOfSamples(product, options),
        end: () => session.release(),
      };
    },
    "cnn-training": cannotTrain,
    "mlp-training": cannotTrain,
    "lstm-training": cannotTrain,
    "convbn-training": cannotTrain,
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
    start: startTask("onnxruntime-web"),
  },
});
