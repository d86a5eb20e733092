// What does calling an op cost? The sum of two tensors of 16 floats, made and freed again.
import type { Question } from "../harness/question.ts";

export const opOverhead: Question[] = [
  {
    name: "op-overhead",
    work: "one eager addition of 16 floats, its result freed",
    unit: "us/op",
    better: "less",
    task: "op-overhead",
    options: { size: 16, opsPerStep: 1000 },
    peers: ["tfjs-wasm", "pytorch"],
    figure: ({ amount, seconds }) => (seconds / amount) * 1e6,
    verify: (sum) => sum === 2,
  },
];
