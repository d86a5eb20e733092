// How fast does a small language model learn? Attention, layer normalization and dense layers of moderate size.
import type { Question } from "../harness/question.ts";

export const gptTraining: Question[] = [
  {
    name: "gpt-training",
    work: "a language model of 4 decoder blocks, 128 features, 4 heads, 128 tokens, trained with Adam, batch 8",
    unit: "tokens/s",
    better: "more",
    task: "gpt-training",
    options: { batch: 8, images: 64, length: 128, vocabulary: 65 },
    contenders: ["heddle", "heddle wide", "heddle on node 20", "pytorch"],
    targets: [{ on: "the best of both", atLeast: 1.3, times: "PyTorch" }],
    figure: ({ amount, seconds }) => amount / seconds,
    verify: (loss) => loss < 4.5,
  },
];
