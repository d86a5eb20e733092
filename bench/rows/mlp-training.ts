// How fast does a small dense network learn? Little arithmetic a step: the cost of everything around it shows.
import { everyone } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";

export const mlpTraining: Question[] = [
  {
    name: "mlp-training",
    work: "a 784-64-64-10 network, trained on MNIST with Adam, batch 32",
    unit: "steps/s",
    better: "more",
    task: "mlp-training",
    options: { batch: 32, images: 6400 },
    contenders: everyone,
    seconds: 0.5,
    targets: [{ on: "the best of both", atLeast: 2, times: "PyTorch" }],
    figure: ({ amount, seconds }) => amount / seconds,
    verify: (loss) => loss < 2.6,
  },
];
