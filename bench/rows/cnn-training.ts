// How fast does the convolutional network of the README learn? Forward, loss, gradients and Adam on real MNIST digits.
import { everyone } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";

export const cnnTraining: Question[] = [
  {
    name: "cnn-training",
    work: "the README's CNN, trained on MNIST with Adam, batch 32",
    unit: "images/s",
    better: "more",
    task: "cnn-training",
    options: { batch: 32, images: 6400 },
    contenders: everyone,
    targets: [{ on: "the best of both", atLeast: 1.5, times: "PyTorch" }],
    figure: ({ amount, seconds }) => amount / seconds,
    // An untrained network has a loss of about log 10 = 2.3; the slowest peer takes only a few steps.
    verify: (loss) => loss < 2.6,
  },
];
