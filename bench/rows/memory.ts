// How much memory does training take, and does it leak? Bytes of Heddle's WebAssembly memory, training the README's CNN.
import type { Question } from "../harness/question.ts";

const training = {
  better: "less",
  contenders: ["heddle"],
  threads: "most",
  rounds: 1,
  verify: (loss) => loss < 1,
} as const satisfies Partial<Question>;

export const memory: Question[] = [
  {
    ...training,
    name: "memory-reserved",
    work: "WebAssembly memory reserved after 200 training steps of the README's CNN at batch 32",
    unit: "MiB",
    task: "memory-reserved",
    options: { batch: 32, images: 6400, steps: 200 },
    targets: [{ on: "the best of both", atMost: 48 }],
    figure: ({ amount }) => amount / 2 ** 20,
  },
  {
    ...training,
    name: "memory-in-use",
    work: "WebAssembly memory in use after 200 training steps of the README's CNN at batch 32",
    unit: "MiB",
    task: "memory-in-use",
    options: { batch: 32, images: 6400, steps: 200 },
    figure: ({ amount }) => amount / 2 ** 20,
  },
  {
    ...training,
    name: "memory-growth",
    work: "growth of the WebAssembly memory, in use or reserved, over 10,000 training steps of the README's CNN",
    unit: "bytes",
    task: "memory-growth",
    options: { batch: 32, images: 6400, steps: 10_000 },
    targets: [{ on: "the best of both", atMost: 0 }],
    figure: ({ amount }) => amount,
  },
];
