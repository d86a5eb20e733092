// How fast does a recurrent network learn? Its steps depend on each other: many small products one after the other.
import { everyone } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";

export const lstmTraining: Question[] = [
  {
    name: "lstm-training",
    work: "an LSTM of 128 units over the 28 rows of digits, trained on MNIST with Adam, batch 64",
    unit: "sequences/s",
    better: "more",
    task: "lstm-training",
    options: { batch: 64, images: 6400 },
    contenders: everyone,
    targets: [{ on: "the best of both", atLeast: 1.5, times: "PyTorch" }],
    figure: ({ amount, seconds }) => amount / seconds,
    verify: (loss) => loss < 2.6,
  },
];
