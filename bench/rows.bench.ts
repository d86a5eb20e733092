// How fast are the ops that work on rows: sums, softmax, layer normalization?
import type { Case } from "./harness/micro.ts";
import { layerNorm, logSoftmax, max, ones, softmax, sum, type Tensor } from "./heddle.ts";

const rows = 1024;
const columns = 512;

/** Bytes count the input once and, for ops that keep the shape, the output once. */
function overRows(name: string, keepsShape: boolean, op: (x: Tensor) => Tensor): Case {
  return {
    name: `${name}-${rows}x${columns}`,
    unit: "GB/s",
    amount: 4 * rows * columns * (keepsShape ? 2 : 1),
    prepare: () => {
      const x = ones([rows, columns]);
      return () => op(x);
    },
  };
}

export const cases: Case[] = [
  overRows("sum-all", false, (x) => sum(x)),
  overRows("sum-rows", false, (x) => sum(x, -1)),
  overRows("sum-columns", false, (x) => sum(x, 0)),
  overRows("max-rows", false, (x) => max(x, -1)),
  overRows("softmax", true, (x) => softmax(x)),
  overRows("log-softmax", true, (x) => logSoftmax(x)),
  overRows("layer-norm", true, (x) => layerNorm(x)),
];
