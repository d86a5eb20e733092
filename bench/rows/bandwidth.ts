// Are the ops that do little arithmetic as fast as memory? Bytes that they cannot help reading and writing a second, on
// arrays larger than the caches, beside a copy of as many bytes.
import type { Question } from "../harness/question.ts";

const works = {
  "batch-norm": "batch normalization in training, 64 x 64 x 64 x 32: the input read twice, the result written",
  "layer-norm": "layer normalization of 32,768 rows of 256: read and written once",
  embedding: "32,768 rows of 256 looked up in a table of 32,768: read and written once",
  depthwise: "a 3 x 3 depthwise convolution of 64 x 64 x 64 x 32: read and written once",
};

export const bandwidth: Question[] = Object.entries(works).map(([op, work]) => ({
  name: `bandwidth-${op}`,
  work,
  unit: "GB/s",
  better: "more",
  task: "bandwidth",
  options: { op },
  contenders: ["heddle", "heddle on node 20", "memory copy"],
  seconds: 0.5,
  targets: [{ on: "the best of both", atLeast: 0.5, times: "a copy of memory" }],
  figure: ({ amount, seconds }) => amount / seconds / 1e9,
  verify: (element) => Number.isFinite(element),
}));
