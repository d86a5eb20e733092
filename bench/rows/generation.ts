// What does the next token cost? With the keys and values of the tokens before in a cache it should hardly grow with
// their number, and be a fraction of what computing the whole sequence again takes.
import type { Question } from "../harness/question.ts";

const model = "the language model of gpt-training, batch 1";

export const generation: Question[] = [64, 256, 1024].flatMap((length): Question[] => [
  {
    name: `generation-${length}`,
    work: `one token after ${length} with a key-value cache: ${model}`,
    unit: "us/token",
    better: "less",
    task: "generation",
    options: { length, vocabulary: 65 },
    contenders: ["heddle", "heddle on node 20"],
    figure: ({ amount, seconds }) => (seconds / amount) * 1e6,
    verify: (difference) => difference < 1e-4,
  },
  {
    name: `generation-share-${length}`,
    work: `one token after ${length} with a key-value cache, against computing the whole sequence again: ${model}`,
    unit: "of the time",
    better: "less",
    task: "generation-share",
    options: { length, vocabulary: 65 },
    contenders: ["heddle"],
    targets: [{ on: "one thread", atMost: length === 64 ? 0.5 : 0.25 }],
    figure: ({ amount }) => amount,
    verify: (difference) => difference < 1e-4,
  },
]);
