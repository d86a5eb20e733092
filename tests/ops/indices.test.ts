// Indices, class numbers, lengths and positions out of range: the same error from an eager call, from a captured step's
// first run and from its replays, on one thread and on two, and nothing has changed.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { valueAndGrad } from "../../ts/autograd/grad.ts";
import { losses } from "../../ts/index.ts";
import { add } from "../../ts/ops/arithmetic.ts";
import { writeRows } from "../../ts/ops/attention.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { ctcLoss } from "../../ts/ops/ctc.ts";
import * as ops from "../../ts/ops/gather.ts";
import { dropout } from "../../ts/ops/random.ts";
import { softmaxCrossEntropy } from "../../ts/ops/softmax.ts";
import { bincount } from "../../ts/ops/statistics.ts";
import { configure, engineInfo } from "../../ts/runtime/engine.ts";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { full, ones, tensor, zeros } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";

type Indices = Tensor<"i32">;

const usual = { ...splitting };
beforeAll(async () => {
  configure({ threads: 2 });
  while (engineInfo().threads < 2) await new Promise((resolve) => setTimeout(resolve, 5));
});
afterEach(() => {
  Object.assign(splitting, usual);
});
afterAll(() => configure({ threads: 1 }));

const integers = (shape: number[], ...values: number[]): Indices => tensor(Int32Array.from(values), { shape });
const floats = (shape: number[], ...values: number[]): Tensor => tensor(Float32Array.from(values), { shape });
const buffer = new Variable(zeros([1, 4, 2]));
const three = integers([1], 3);
const logits = zeros([2, 3]);
const sparse = losses.sparseCategoricalCrossentropy;
const generalized = losses.categoricalGeneralizedCrossEntropy;

/** What is called, with good values, with bad ones, and what is said of these. */
type Row = [name: string, f: (x: AnyTensor) => AnyTensor, good: AnyTensor, bad: AnyTensor, message: string];
const rows: Row[] = [
  [
    "gather",
    (x) => ops.gather(ones([3, 2]), x as Indices),
    integers([2], 0, 2),
    integers([2], 0, 3),
    "gather: indices must be from 0 to 2, got 3 at position 1",
  ],
  [
    "gather, axis",
    (x) => ops.gather(ones([2, 3]), x as Indices, 1),
    integers([1, 2], 0, 2),
    integers([1, 2], 2, -1),
    "gather: indices must be from 0 to 2, got -1 at position [0, 1]",
  ],
  [
    "gather from nothing",
    (x) => ops.gather(ones([2, 3]), x as Indices, 1),
    integers([1], 0),
    integers([1], -(2 ** 31)),
    "gather: indices must be from 0 to 2, got -2147483648 at position 0",
  ],
  [
    "gather of bytes",
    (x) => ops.gather(zeros([3], "u8"), x as Indices),
    integers([1], 0),
    integers([1], 3),
    "gather: indices must be from 0 to 2, got 3 at position 0",
  ],
  [
    "take",
    (x) => ops.take(ones([2, 2]), x as Indices),
    integers([1], 3),
    integers([1], 4),
    "take: indices must be from 0 to 3, got 4 at position 0",
  ],
  [
    "embedding",
    (x) => ops.embedding(ones([4, 2]), x as Indices),
    integers([2, 2], 0, 1, 2, 3),
    integers([2, 2], 0, 1, 4, 5),
    "embedding: ids must be from 0 to 3, got 4 at position [1, 0]",
  ],
  [
    "scatter",
    (x) => ops.scatter(ones([2]), x as Indices, 2),
    integers([2], 0, 1),
    integers([2], 2, 3),
    "scatter: indices must be from 0 to 1, got 2 at position 0",
  ],
  [
    "scatterAdd",
    (x) => ops.scatterAdd(ones([2]), x as Indices, ones([1])),
    integers([1], 1),
    integers([1], 2),
    "scatterAdd: indices must be from 0 to 1, got 2 at position 0",
  ],
  [
    "takeAlongAxis",
    (x) => ops.takeAlongAxis(ones([2, 3]), x as Indices),
    integers([2, 1], 0, 2),
    integers([2, 1], 0, 3),
    "takeAlongAxis: indices must be from 0 to 2, got 3 at position [1, 0]",
  ],
  [
    "scatterAlongAxis",
    (x) => ops.scatterAlongAxis(ones([2]), x as Indices, 3),
    integers([2], 0, 2),
    integers([2], 0, -1),
    "scatterAlongAxis: indices must be from 0 to 2, got -1 at position 1",
  ],
  [
    "gatherNd",
    (x) => ops.gatherNd(ones([2, 3]), x as Indices),
    integers([1, 2], 1, 2),
    integers([1, 2], 1, 3),
    "gatherNd: indices must be from 0 to 2, got 3 at position 0",
  ],
  [
    "scatterNd",
    (x) => ops.scatterNd(x as Indices, ones([1]), [2, 3]),
    integers([1, 2], 1, 2),
    integers([1, 2], 2, 0),
    "scatterNd: indices must be from 0 to 1, got 2 at position 0",
  ],
  [
    "oneHot",
    (x) => ops.oneHot(x as Indices, 3),
    integers([2], 0, 2),
    integers([2], 0, -1),
    "oneHot: indices must be from 0 to 2, got -1 at position 1",
  ],
  [
    "bincount",
    (x) => bincount(x as Indices, { length: 3 }),
    integers([2], 0, 2),
    integers([2], 0, 3),
    "bincount: x must be from 0 to 2, got 3 at position 1",
  ],
  [
    "softmaxCrossEntropy",
    (x) => softmaxCrossEntropy(logits, x as Indices),
    integers([2], 0, 2),
    integers([2], 0, 3),
    "softmaxCrossEntropy: class numbers must be from 0 to 2, got 3 at position 1",
  ],
  [
    "ctcLoss's labels",
    (x) => ctcLoss(zeros([2, 4, 3]), x as Indices, full([2], 4, "i32"), integers([2], 1, 2)),
    integers([2, 2], 1, 99, 1, 2),
    integers([2, 2], 1, 99, 1, 3),
    "ctcLoss: labels must be from 0 to 2, got 3 at position [1, 1]",
  ],
  [
    "ctcLoss's times",
    (x) => ctcLoss(zeros([1, 4, 3]), integers([1, 1], 1), x as Indices, integers([1], 1)),
    integers([1], 4),
    integers([1], 5),
    "ctcLoss: inputLengths must be from 0 to 4, got 5 at position 0",
  ],
  [
    "ctcLoss's lengths",
    (x) => ctcLoss(zeros([1, 4, 3]), integers([1, 1], 1), integers([1], 4), x as Indices),
    integers([1], 1),
    integers([1], -1),
    "ctcLoss: labelLengths must be from 0 to 1, got -1 at position 0",
  ],
  [
    "writeRows",
    (x) => {
      writeRows(buffer, ones([1, 2, 2]), x as Indices);
      return x;
    },
    integers([1], 2),
    three,
    "writeRows: position must be from 0 to 2, got 3 at position 0",
  ],
  [
    "losses.sparse",
    (x) => sparse(x, logits, { fromLogits: true }),
    integers([2], 0, 2),
    integers([2], 0, 3),
    "sparseCategoricalCrossentropy: labels must be whole numbers from 0 to 2, got 3 at position 1",
  ],
  [
    "losses.sparse of columns",
    (x) => sparse(x, logits),
    integers([2, 1], 0, 2),
    integers([2, 1], 0, 3),
    "sparseCategoricalCrossentropy: labels must be whole numbers from 0 to 2, got 3 at position 1",
  ],
  ["losses.sparse of floats", (x) => sparse(x, logits), floats([2], 0, 2), floats([2], 0, 3), "got 3 at position 1"],
  [
    "losses.sparse of halves",
    (x) => sparse(x, logits),
    floats([2], -0, 2),
    floats([2], 1.5, 0),
    "got 1.5 at position 0",
  ],
  [
    "losses.sparse of NaN",
    (x) => sparse(x, logits),
    floats([2], 1, 2),
    floats([2], 1, Number.NaN),
    "got NaN at position 1",
  ],
  [
    "losses.sparse of large floats",
    (x) => sparse(x, logits),
    floats([2], 1, 2),
    floats([2], 1, 2 ** 33),
    "got 8589934592 at position 1",
  ],
  [
    "losses.sparse of bytes",
    (x) => sparse(x, logits),
    tensor([1, 2], { dtype: "u8" }),
    tensor([1, 255], { dtype: "u8" }),
    "got 255 at position 1",
  ],
  [
    "losses.sparse with an ignored class",
    (x) => sparse(x, logits, { ignoreClass: -1 }),
    integers([2], -1, 2),
    integers([2], -1, -2),
    "got -2 at position 1",
  ],
  [
    "losses.sparse with an ignored float",
    (x) => sparse(x, logits, { ignoreClass: 255 }),
    floats([2], 255, 2),
    floats([2], 255, 3),
    "got 3 at position 1",
  ],
  [
    "losses.sparse, classes first",
    (x) => sparse(x, zeros([2, 3, 4]), { axis: 1, fromLogits: true }),
    integers([2, 4], 0, 1, 2, 0, 1, 2, 0, 1),
    integers([2, 4], 0, 1, 2, 0, 1, 2, 3, 1),
    "got 3 at position [1, 2]",
  ],
  [
    "losses.generalized",
    (x) => generalized(x, full([2, 3], 1 / 3)),
    integers([2], 0, 2),
    integers([2], 3, 2),
    "categoricalGeneralizedCrossEntropy: labels must be whole numbers from 0 to 2, got 3 at position 0",
  ],
  [
    "losses.ctc of floats",
    (x) => losses.ctc(x, zeros([1, 4, 3])),
    floats([1, 2], 1, 0),
    floats([1, 2], 1.5, 0),
    "ctc: labels must be whole numbers from 0 to 2, got 1.5 at position [0, 0]",
  ],
];

/** The message that f throws; undefined where it throws none. */
function thrown(f: () => unknown): string | undefined {
  try {
    f();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return (error as Error).message;
  }
}

describe.each(rows)("%s", (_name, f, good, bad, message) => {
  it.each([1, 2])("says what is wrong in any step, on %s threads", (threads) => {
    if (threads > 1) Object.assign(splitting, { parallelNanoseconds: 0, chunkNanoseconds: 1 });
    const eager = thrown(() => f(bad));
    expect(eager).toContain(message);
    const step = capture((x: AnyTensor) => f(x));
    expect(thrown(() => step(bad))).toBe(eager);
    const right = f(good).array();
    for (let i = 0; i < 2; i++) {
      expect(step(good).array()).toEqual(right);
      expect(thrown(() => step(bad))).toBe(eager);
    }
    expect(step.recordings).toBe(1);
    step.dispose();
  });
});

describe("a step with a bad index", () => {
  it("is told of the first of many, however they are shared out", () => {
    Object.assign(splitting, { parallelNanoseconds: 0, chunkNanoseconds: 1 });
    const many = Int32Array.from({ length: 50_000 }, (_, i) => (i >= 17_001 ? i : 0));
    for (let i = 0; i < 20; i++) {
      expect(thrown(() => ops.gather(ones([3]), tensor(many)))).toContain("got 17001 at position 17001");
    }
  });

  it("is told of the first op, whatever others say", () => {
    const step = capture((x: Indices, y: Indices) => [ops.oneHot(x, 3), ops.oneHot(y, 2)]);
    step(integers([1], 2), integers([1], 1));
    expect(thrown(() => step(integers([1], 3), integers([1], 2)))).toContain("from 0 to 2");
    expect(thrown(() => step(integers([1], 2), integers([1], 2)))).toContain("from 0 to 1");
    step.dispose();
  });

  it("leaves weights, random state and all else outside as they were, before and behind the op", () => {
    const weights = new Variable(ones([4, 2]));
    const [before, behind] = [new Variable(zeros([])), new Variable(zeros([]))];
    const noise = new Variable(ones([2, 2]));
    const lossAndGradients = valueAndGrad((_weights: readonly Tensor[], ids: Indices) =>
      sum(dropout(ops.embedding(weights, ids), 0.5)),
    );
    const step = capture((ids: Indices) => {
      before.assign(add(before, 1));
      noise.assign(dropout(noise, 0.5));
      const [loss, [gradient]] = lossAndGradients([weights], ids);
      weights.assign(add(weights, gradient));
      behind.assign(add(behind, 1));
      return loss;
    });
    const state = (): unknown[] => [weights, before, behind, noise].map((x) => x.array());
    for (let i = 0; i < 3; i++) {
      const was = state();
      expect(thrown(() => step(integers([2], 1, 4)))).toContain("embedding: ids must be from 0 to 3, got 4");
      expect(state()).toEqual(was);
      step(integers([2], 1, 3));
      expect(state()).not.toEqual(was);
    }
    expect(before.item()).toBe(3);
    step.dispose();
  });

  it("throws inside a step of another, and where the result is of no use", () => {
    const inner = capture((x: Indices) => ops.oneHot(x, 3));
    const outer = capture((x: Indices) => {
      inner(x);
      return sum(ones([2]));
    });
    expect(outer(integers([1], 2)).item()).toBe(2);
    expect(thrown(() => outer(integers([1], 3)))).toContain("oneHot");
    expect(outer(integers([1], 2)).item()).toBe(2);
    for (const step of [inner, outer]) step.dispose();
  });

  it("checks indices that the step computes itself", () => {
    const step = capture((x: Indices) => ops.gather(ones([3]), add(x, 1)));
    step(integers([1], 1));
    expect(thrown(() => step(integers([1], 2)))).toContain("got 3 at position 0");
    step.dispose();
  });

  it("gives its memory back", () => {
    const bytes = (): number => engineInfo().memory.inUse;
    const bad = integers([1], 5);
    thrown(() => ops.oneHot(bad, 3));
    const was = bytes();
    for (let i = 0; i < 3; i++) {
      const step = capture((x: Indices) => scope(() => ops.oneHot(x, 3)));
      expect(thrown(() => step(bad))).toContain("oneHot");
      step.dispose();
    }
    expect(bytes()).toBe(was);
  });
});
