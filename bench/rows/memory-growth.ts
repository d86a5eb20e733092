// Does training leak? The bytes by which Heddle's memory has grown over 2,000 training steps.
import type { Question } from "../harness/question.ts";

export const memoryGrowth: Question[] = [
  {
    name: "memory-growth",
    work: "growth of the WebAssembly memory over 2,000 training steps of the README's CNN",
    unit: "bytes",
    better: "less",
    task: "memory-growth",
    options: { batch: 32, images: 6400, steps: 2000 },
    peers: [],
    rounds: 1,
    figure: ({ amount }) => amount,
    verify: (loss) => loss < 1,
  },
];
