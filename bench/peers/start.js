// From import to the first result: `node start.js NAME` prints the milliseconds a library takes in this new process, and
// an element of the result. `startTask` runs that again and again.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { onnxModel } from "./onnx-file.js";

const left = [
  [1, 2],
  [3, 4],
];
const right = [
  [5, 6],
  [1, 8],
];

/** Each imports a library and returns the numbers of the product of the two. */
const starts = {
  async heddle() {
    const { matmul, tensor } = await import("../../dist/node/index.js");
    return matmul(tensor(left), tensor(right)).data();
  },
  async "tfjs-wasm"() {
    const require = createRequire(import.meta.url);
    const tf = require("@tensorflow/tfjs");
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm")) + sep);
    await tf.setBackend("wasm");
    return tf.matMul(left, right).dataSync();
  },
  async "onnxruntime-web"() {
    const ort = await import("onnxruntime-web");
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    const matrix = (values) => new ort.Tensor("float32", Float32Array.from(values.flat()), [2, 2]);
    return (await session.run({ a: matrix(left), b: matrix(right) })).c.data;
  },
  async "jax-js"() {
    const { init, defaultDevice, numpy } = await import("@jax-js/jax");
    await init("wasm");
    defaultDevice("wasm");
    return numpy.matmul(numpy.array(left), numpy.array(right)).data();
  },
};

/** The model ONNX Runtime Web runs: others would have it as a file. */
const model = onnxModel({
  nodes: [{ op: "MatMul", inputs: ["a", "b"], outputs: ["c"] }],
  inputs: ["a", "b"].map((name) => ({ name, shape: [2, 2] })),
  outputs: [{ name: "c", shape: [2, 2] }],
});

/** A task whose rounds are one new process each. */
export function startTask(name) {
  return () => ({
    round: async () => {
      const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], {
        encoding: "utf8",
      });
      const answer = stdout.trim().split("\n").at(-1);
      if (!answer.startsWith("{")) throw new Error(stderr.trim());
      return JSON.parse(answer);
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const began = performance.now();
  const product = await starts[process.argv[2]]();
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ amount: 1, seconds, check: product[0] }));
  process.exit(0);
}
