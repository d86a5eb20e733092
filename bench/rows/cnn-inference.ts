// How fast does the README's convolutional network answer? One batch of digits in, ten probabilities an image out.
import { everyone } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";
import type { Target } from "../harness/targets.ts";

const targets: Target[] = [
  { on: "the best of both", atLeast: 2, times: "ONNX Runtime Web" },
  { on: "the best of both", atLeast: 1, times: "PyTorch" },
];

export const cnnInference: Question[] = [1, 128].map((batch) => ({
  name: `cnn-inference-${batch}`,
  work: `the README's CNN, prediction, batch ${batch}`,
  unit: "images/s",
  better: "more",
  task: "cnn-inference",
  options: { batch },
  contenders: everyone,
  seconds: 0.5,
  targets,
  figure: ({ amount, seconds }) => amount / seconds,
  verify: (meanOfSums) => Math.abs(meanOfSums - 1) < 1e-3,
}));
