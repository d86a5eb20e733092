// Every question of the comparison, in the order of the table. A new one is a file beside this and a line here.
import type { Question } from "../harness/question.ts";
import { cnnInference } from "./cnn-inference.ts";
import { cnnTraining } from "./cnn-training.ts";
import { memoryGrowth } from "./memory-growth.ts";
import { mlpTraining } from "./mlp-training.ts";
import { opOverhead } from "./op-overhead.ts";
import { sgemm } from "./sgemm.ts";

export const questions: Question[] = [
  ...sgemm,
  ...cnnTraining,
  ...cnnInference,
  ...mlpTraining,
  ...opOverhead,
  ...memoryGrowth,
];
