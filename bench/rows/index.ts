// Every question of the comparison, in the order of the report. A new one is a file beside this and a line here.
import type { Question } from "../harness/question.ts";
import { bandwidth } from "./bandwidth.ts";
import { cnnInference } from "./cnn-inference.ts";
import { cnnTraining } from "./cnn-training.ts";
import { convbnTraining } from "./convbn-training.ts";
import { generation } from "./generation.ts";
import { gptTraining } from "./gpt-training.ts";
import { lstmTraining } from "./lstm-training.ts";
import { matmul } from "./matmul.ts";
import { memory } from "./memory.ts";
import { mlpTraining } from "./mlp-training.ts";
import { overhead } from "./overhead.ts";
import { slidingWindow } from "./sliding-window.ts";
import { start } from "./start.ts";

export const questions: Question[] = [
  ...matmul,
  ...cnnTraining,
  ...cnnInference,
  ...mlpTraining,
  ...convbnTraining,
  ...lstmTraining,
  ...bandwidth,
  ...gptTraining,
  ...generation,
  ...slidingWindow,
  ...overhead,
  ...memory,
  ...start,
];
