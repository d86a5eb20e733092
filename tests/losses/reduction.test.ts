// What losses share: values of each example, reductions, weights, masks, defaults of one's own, other functions as losses.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { activations } from "../../ts/layers/activations.ts";
import * as losses from "../../ts/losses/index.ts";
import { weightedLoss } from "../../ts/losses/loss.ts";
import { mul, sub } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { abs } from "../../ts/ops/elementwise.ts";
import { max } from "../../ts/ops/reduce.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { expectClose, spread } from "../layers/close.ts";

const { meanSquaredError, reduceLoss } = losses;
const values = tensor([1, 2, 3, 4]);
const bools = (...list: boolean[]): Tensor<"bool"> => tensor(list);
const labels = (list: number[], shape = [list.length]): Tensor<"i32"> => tensor(Int32Array.from(list), { shape });

describe("reductions", () => {
  it.each([
    [{}, 2.5],
    [{ reduction: "sumOverBatchSize" }, 2.5],
    [{ reduction: "sum" }, 10],
    [{ sampleWeight: tensor([1, 0, 0, 2]) }, 9 / 4],
    [{ sampleWeight: tensor([[1], [0], [0], [2]]) }, 9 / 4],
    [{ sampleWeight: tensor([1, 0, 0, 2]), reduction: "meanWithSampleWeight" }, 3],
    [{ sampleWeight: tensor([0, 0, 0, 0]), reduction: "meanWithSampleWeight" }, 0],
    [{ sampleWeight: tensor([1, 0, 0, 2]), reduction: "sum" }, 9],
    [{ mask: bools(true, false, false, true) }, 2.5],
    [{ mask: bools(true, true, false, false), reduction: "meanWithSampleWeight" }, 1.5],
    [{ mask: bools(true, true, false, false), reduction: "sum" }, 3],
    [{ mask: bools(false, false, false, false) }, 0],
    [{ mask: bools(true, false, false, true), sampleWeight: tensor([2, 5, 5, 1]) }, 3],
  ] as [losses.ReductionOptions, number][])("%j", (options, expected) => {
    expectClose([reduceLoss(values, options).item()], [expected]);
  });

  it("none: the values times their weights", () => {
    expect([...reduceLoss(values, { reduction: "none" }).data()]).toEqual([1, 2, 3, 4]);
    const sampleWeight = tensor([1, 0, 0.5, 2]);
    expect([...reduceLoss(values, { reduction: "none", sampleWeight }).data()]).toEqual([1, 0, 1.5, 8]);
  });

  it("weights of the first axes count for what is behind", () => {
    const steps = tensor([
      [1, 2],
      [3, 4],
    ]);
    expectClose([reduceLoss(steps, { sampleWeight: tensor([1, 0]) }).item()], [3 / 4]);
    expectClose([reduceLoss(steps, { mask: bools(false, true) }).item()], [3.5]);
    const mask = tensor([
      [true, false],
      [true, false],
    ]);
    expectClose([reduceLoss(steps, { mask, sampleWeight: tensor([3, 1]) }).item()], [3]);
  });

  it("weights of a batch that has one value are averaged", () => {
    const loss = losses.dice(tensor([[1], [0]]), tensor([[0.5], [0.5]]), { sampleWeight: tensor([1, 3]) });
    expectClose([loss.item()], [2 * 0.5]);
  });

  it("nothing is masked away with a gradient of 0, not NaN", () => {
    const mask = bools(false, false, false, false);
    const reduced = (x: Tensor): Tensor => reduceLoss(x, { mask, reduction: "meanWithSampleWeight" });
    expect([...grad(reduced)(values).data()]).toEqual([0, 0, 0, 0]);
  });

  it("refuse what does not fit", () => {
    expect(() => reduceLoss(values, { sampleWeight: tensor([1, 2]) })).toThrow(
      "loss: sampleWeight must have the first axes of the values, got [2] for [4]",
    );
    expect(() => reduceLoss(values, { mask: tensor([[true, false]]) })).toThrow("loss: mask must have");
    expect(() => reduceLoss(values, { reduction: "most" as never })).toThrow("loss: reduction must be one of mean,");
  });
});

describe("a loss of this library", () => {
  const truth = tensor([
    [0, 0],
    [1, 1],
  ]);
  const prediction = tensor([
    [1, 3],
    [1, 2],
  ]);

  it("has a name, values of each example, and their mean", () => {
    expect(meanSquaredError.name).toBe("meanSquaredError");
    expect([...meanSquaredError.perExample(truth, prediction).data()]).toEqual([5, 0.5]);
    expectClose([meanSquaredError(truth, prediction).item()], [2.75]);
    expectClose([meanSquaredError(truth, prediction, { sampleWeight: tensor([0, 2]) }).item()], [0.5]);
  });

  it("takes a prediction of one axis as one number for each example", () => {
    expect([...meanSquaredError.perExample(tensor([1, 2, 3]), zeros([3])).data()]).toEqual([1, 4, 9]);
    expect([...meanSquaredError.perExample(tensor([[1], [2], [3]]), zeros([3])).data()]).toEqual([1, 4, 9]);
  });

  it("can be given defaults", () => {
    const steep = losses.huber.with({ delta: 0.5 }).with({ reduction: "sum" });
    expect(steep.name).toBe("huber");
    expect(steep.reduction).toBe("sum");
    const [t, p] = [zeros([2, 1]), tensor([[0.2], [2]])];
    expectClose([steep(t, p).item()], [0.02 + 0.875]);
    expectClose(steep.perExample(t, p).data(), [0.02, 0.875]);
    expectClose([steep(t, p, { delta: 10 }).item()], [0.02 + 2]);
    expectClose([losses.huber(t, p).item()], [(0.02 + 1.5) / 2]);
  });

  it("leaves ignored classes out of its mean", () => {
    const p = tensor([
      [0.5, 0.5],
      [0.2, 0.8],
    ]);
    const loss = losses.sparseCategoricalCrossentropy;
    expectClose([loss(labels([-1, 1]), p, { ignoreClass: -1 }).item()], [-Math.log(0.8)]);
    expectClose(loss.perExample(labels([-1, 1]), p, { ignoreClass: -1 }).data(), [0, -Math.log(0.8)]);
    const step = capture((y: AnyTensor, x: AnyTensor) => loss(y, x as Tensor, { ignoreClass: -1 }));
    for (const y of [labels([-1, 1]), labels([1, 1]), labels([-1, -1])]) {
      expect(step(y, p).item()).toBe(loss(y, p, { ignoreClass: -1 }).item());
    }
    expect(loss(labels([-1, -1]), p, { ignoreClass: -1 }).item()).toBe(0);
    const mask = bools(true, false);
    expectClose([loss(labels([0, 1]), p, { ignoreClass: -1, mask }).item()], [-Math.log(0.5)]);
  });

  it("is made by defineLoss", () => {
    const furthest = losses.defineLoss<{ power?: number }>("furthest", (yTrue, yPred, { power = 1 }) =>
      mul(max(abs(sub(yPred, yTrue as Tensor)), -1), power),
    );
    expectClose([furthest(truth, prediction, { power: 2 }).item()], [2 * 2]);
    expect(losses.getLoss(furthest)).toBe(furthest);
  });
});

describe("any function as a loss", () => {
  const sampleWeight = tensor([1, 0, 0, 2]);

  it("may give a scalar, unless it is to be weighted", () => {
    const scalar = (_t: AnyTensor, p: Tensor): Tensor => sum(p);
    expect(weightedLoss(scalar, values, values).item()).toBe(10);
    expect(() => weightedLoss(scalar, values, values, { sampleWeight })).toThrow(
      "scalar: with sample weights or masks, a loss must return a number for each example, got a scalar",
    );
  });

  it("may give a number for each example", () => {
    const each = (_t: AnyTensor, p: Tensor): Tensor => p;
    expectClose([weightedLoss(each, values, values).item()], [2.5]);
    expectClose([weightedLoss(each, values, values, { sampleWeight }).item()], [9 / 4]);
  });

  it("keeps the reduction and the ignored class of one of this library", () => {
    const loss = losses.sparseCategoricalCrossentropy.with({ ignoreClass: 9, reduction: "sum" });
    const p = spread([4, 3], { low: 0.1, high: 1 });
    const y = labels([0, 9, 2, 9]);
    const weighted = weightedLoss(loss, y, p, { sampleWeight });
    expectClose([weighted.item()], [loss.perExample(y, p).data()[0]]);
    const mask = bools(false, true, true, true);
    expectClose([weightedLoss(loss, y, p, { mask }).item()], [loss.perExample(y, p).data()[2]]);
  });

  it("takes no notice of a mask over steps that it has summed up", () => {
    const mask = tensor(new Array(7).fill(true) as boolean[], { shape: [1, 7], dtype: "bool" });
    const [y, x] = [labels([1, 2], [1, 2]), spread([1, 7, 3])];
    expect(weightedLoss(losses.ctc, y, x, { mask }).item()).toBe(losses.ctc(y, x).item());
  });
});

describe("ctc", () => {
  const logits = spread([2, 6, 4]);

  it("counts the labels up to the blanks, in a captured step too", () => {
    const step = capture((y: AnyTensor, x: AnyTensor) => losses.ctc.perExample(y, x as Tensor));
    for (const y of [labels([1, 2, 0, 3, 3, 3], [2, 3]), labels([2, 0, 0, 0, 0, 0], [2, 3])]) {
      const labelLengths = labels([...y.data()].every((label, i) => i < 3 || label > 0) ? [2, 3] : [1, 0]);
      const inputLengths = labels([6, 6]);
      const expected = losses.ctc.perExample(y, logits, { labelLengths, inputLengths }).data();
      expect([...step(y, logits).data()]).toEqual([...expected]);
    }
  });

  it("is infinite for labels that do not fit, without a gradient", () => {
    const loss = (x: Tensor): Tensor => losses.ctc(labels([3, 3, 3, 3], [1, 4]), x);
    expect(loss(spread([1, 6, 4])).item()).toBe(Number.POSITIVE_INFINITY);
    expect([...grad(loss)(spread([1, 6, 4])).data()].every((g) => g === 0)).toBe(true);
    expect(Number.isFinite(loss(spread([1, 7, 4])).item())).toBe(true);
  });

  it("falls to nothing for logits that spell the labels", () => {
    const spelt = [1, 1, 0, 1, 2, 0].flatMap((label) => [0, 1, 2, 3].map((k) => (k === label ? 60 : 0)));
    const x = tensor(spelt, { shape: [1, 6, 4] });
    expect(losses.ctc(labels([1, 1, 2], [1, 3]), x).item()).toBeCloseTo(0, 5);
    expect(losses.ctc(labels([1, 2, 0], [1, 3]), x).item()).toBeGreaterThan(50);
  });
});

describe("far from the middle", () => {
  const far = tensor([
    [300, 0],
    [-300, 200],
  ]);

  it.each<[string, losses.LossFunction, AnyTensor, "sigmoid" | "softmax"]>([
    [
      "binaryFocalCrossentropy",
      losses.binaryFocalCrossentropy,
      tensor([
        [0, 1],
        [1, 0],
      ]),
      "sigmoid",
    ],
    [
      "categoricalFocalCrossentropy",
      losses.categoricalFocalCrossentropy,
      tensor([
        [0, 1],
        [1, 0],
      ]),
      "softmax",
    ],
    ["categoricalGeneralizedCrossEntropy", losses.categoricalGeneralizedCrossEntropy, labels([1, 0]), "softmax"],
    [
      "klDivergence",
      losses.klDivergence,
      tensor([
        [0, 1],
        [1, 0],
      ]),
      "softmax",
    ],
  ])("%s and its gradient are finite after its activation", (_name, loss, truth, activation) => {
    const compute = (x: Tensor): Tensor => loss(truth, activations[activation](x));
    expect(Number.isFinite(compute(far).item())).toBe(true);
    expect([...grad(compute)(far).data()].every(Number.isFinite)).toBe(true);
  });

  it("klDivergence is that of the logits", () => {
    const [value] = losses.klDivergence.perExample(tensor([[0, 1]]), activations.softmax(tensor([[200, 0]]))).data();
    expectClose([value], [200]);
  });

  it("vectors of zeros have no direction and no gradient", () => {
    const loss = (x: Tensor): Tensor => losses.cosineSimilarity(tensor([[1, 2]]), x);
    expect(loss(zeros([1, 2])).item()).toBeCloseTo(0);
    expect([...grad(loss)(zeros([1, 2])).data()].every(Number.isFinite)).toBe(true);
    const equalOnes = tensor([
      [1, 2],
      [1, 2],
      [0, 1],
    ]);
    const triplets = (x: Tensor): Tensor => losses.tripletSemiHard(labels([0, 0, 1]), x);
    expect([...grad(triplets)(equalOnes).data()].every(Number.isFinite)).toBe(true);
  });
});

describe("errors", () => {
  it.each<[string, () => unknown]>([
    ["huber: delta must be above 0 and finite, got -1", () => losses.huber(values, values, { delta: -1 })],
    [
      "categoricalGeneralizedCrossEntropy: q must be above 0 and at most 1",
      () => losses.categoricalGeneralizedCrossEntropy(labels([0]), spread([1, 2]), { q: 0 }),
    ],
    ["tripletMargin: yPred must be [batch, 3, width], got [4]", () => losses.tripletMargin(values, values)],
    [
      "circle: yPred must be [batch, width] and yTrue [batch], got [2, 3] and [4]",
      () => losses.circle(values, spread([2, 3])),
    ],
    [
      "ctcLoss: logits must be [batch, time, classes] and labels [batch, length], got [2, 3] and [1, 1]",
      () => losses.ctc(labels([1], [1, 1]), spread([2, 3])),
    ],
    ["ctcLoss: labels must be from 0 to 2, got 3", () => losses.ctc(labels([3], [1, 1]), spread([1, 4, 3]))],
    [
      "ctcLoss: blank must be a class from 0 to 2, got 5",
      () => losses.ctc(labels([1], [1, 1]), spread([1, 4, 3]), { blank: 5 }),
    ],
    [
      "ctcLoss: inputLengths must be from 0 to 4, got 5",
      () => losses.ctc(labels([1], [1, 1]), spread([1, 4, 3]), { inputLengths: labels([5]) }),
    ],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});
