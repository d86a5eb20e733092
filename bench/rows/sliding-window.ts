// Does attention with a window cost what it should on long sequences? Against attention to all keys, with gradients. Time
// is compared with the fused kernels for all keys. They need no matrix of scores either: memory is compared with
// attention as it is written down, softmax(q k') v.
import type { Question } from "../harness/question.ts";

const shared = {
  unit: "of full attention",
  better: "less",
  options: { length: 4096, window: 128 },
  contenders: ["heddle"],
  figure: ({ amount }) => amount,
} as const satisfies Partial<Question>;

export const slidingWindow: Question[] = [
  {
    ...shared,
    name: "sliding-window-time",
    work: "attention of 4,096 steps to 128 before and after and one global, and its gradients: its time",
    task: "sliding-window-time",
    targets: [{ on: "the best of both", atMost: 0.25 }],
    verify: () => true,
  },
  {
    ...shared,
    name: "sliding-window-memory",
    work: "attention of 4,096 steps to 128 before and after and one global, and its gradients: its memory",
    task: "sliding-window-memory",
    threads: "one",
    rounds: 1,
    targets: [{ on: "one thread", atMost: 0.25 }],
    verify: (bytes) => bytes > 0,
  },
];
