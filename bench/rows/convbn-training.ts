// How fast does a network with batch normalization learn? Four convolutions with 15 times the arithmetic of the README's.
import { everyone } from "../harness/contenders.ts";
import type { Question } from "../harness/question.ts";

export const convbnTraining: Question[] = [
  {
    name: "convbn-training",
    work: "conv-BN-ReLU 3-32-64s2-128s2-128, average pooling, dense 10, on 32 x 32 x 3 with Adam, batch 32",
    unit: "images/s",
    better: "more",
    task: "convbn-training",
    options: { batch: 32, images: 320 },
    contenders: everyone,
    targets: [
      { on: "the best of both", atLeast: 0.7, times: "PyTorch" },
      { on: "the best of both", atLeast: 1, times: "PyTorch", by: "heddle wide" },
    ],
    figure: ({ amount, seconds }) => amount / seconds,
    verify: (loss) => loss < 2.6,
  },
];
