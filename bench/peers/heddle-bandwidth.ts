// Heddle's ops that move more than they compute, and the bytes that each cannot help moving.
import {
  batchNorm,
  depthwiseConv2d,
  embedding,
  layerNorm,
  ones,
  randomInteger,
  randomNormal,
  type Tensor,
  variable,
} from "../heddle.ts";
import type { Options, RepeatedTask } from "./serve.js";

/** Numbers of each large array: 32 MiB. */
const NUMBERS = 64 * 64 * 64 * 32;

/** Each returns the op, called again and again, and how often it reads or writes an array. */
const ops: Record<string, () => { run: () => Tensor; passes: number }> = {
  "batch-norm"() {
    const x = randomNormal([64, 64, 64, 32]);
    const [gamma, beta, mean, deviation] = [1, 2, 3, 4].map(() => variable(ones([32])));
    return { run: () => batchNorm(x, gamma, beta, mean, deviation, { training: true }), passes: 3 };
  },
  "layer-norm"() {
    const x = randomNormal([NUMBERS / 256, 256]);
    const [gamma, beta] = [ones([256]), ones([256])];
    return { run: () => layerNorm(x, gamma, beta), passes: 2 };
  },
  embedding() {
    const table = randomNormal([NUMBERS / 256, 256]);
    const ids = randomInteger([NUMBERS / 256], 0, NUMBERS / 256);
    return { run: () => embedding(table, ids), passes: 2 };
  },
  depthwise() {
    const x = randomNormal([64, 64, 64, 32]);
    const filters = randomNormal([3, 3, 32, 1]);
    return { run: () => depthwiseConv2d(x, filters, undefined, { padding: "same" }), passes: 2 };
  },
};

export function bandwidthTask({ op }: Options): RepeatedTask {
  const { run, passes } = ops[op]();
  let last = run();
  return {
    amountPerStep: passes * NUMBERS * 4,
    step: () => {
      last.dispose();
      last = run();
    },
    check: () => last.data()[0],
  };
}
