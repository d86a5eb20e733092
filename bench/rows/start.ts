// How soon is there a first result, and how much is there to load?
import type { Question } from "../harness/question.ts";

export const start: Question[] = [
  {
    name: "start",
    work: "from import to the first 2 x 2 product in a new Node process, nothing configured",
    unit: "ms",
    better: "less",
    task: "start",
    options: {},
    contenders: ["heddle", "heddle on node 20", "tfjs-wasm", "onnxruntime-web", "jax-js"],
    threads: "one",
    rounds: 15,
    targets: [{ on: "one thread", atMost: 40 }],
    figure: ({ amount, seconds }) => (seconds / amount) * 1000,
    verify: (element) => element === 7,
  },
  {
    name: "size",
    work: "the core entry with all it imports, bundled, minified and gzipped",
    unit: "kB",
    better: "less",
    task: "size",
    options: {},
    contenders: ["heddle"],
    threads: "one",
    rounds: 1,
    targets: [{ on: "one thread", atMost: 200 }],
    figure: ({ amount }) => amount / 1000,
    verify: (bytes) => bytes > 0,
  },
];
