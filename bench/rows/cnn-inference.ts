// How fast does the README's convolutional network answer? One batch of digits in, ten probabilities an image out.
import type { Question } from "../harness/question.ts";

export const cnnInference: Question[] = [32, 128].map((batch) => ({
  name: `cnn-inference-${batch}`,
  work: `the README's CNN, prediction, batch ${batch}`,
  unit: "images/s",
  better: "more",
  task: "cnn-inference",
  options: { batch },
  peers: ["tfjs-wasm", "onnxruntime-web", "jax-js", "pytorch"],
  figure: ({ amount, seconds }) => amount / seconds,
  verify: (meanOfSums) => Math.abs(meanOfSums - 1) < 1e-3,
}));
