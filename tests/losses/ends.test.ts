// Losses at the ends of what predictions can be: probabilities of exactly 0 and 1, sure and very sure logits, no errors.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import { softmax as softmaxLayer } from "../../ts/layers/activation-layers.ts";
import * as losses from "../../ts/losses/index.ts";
import { reshape } from "../../ts/ops/layout.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";

type Loss = (yTrue: AnyTensor, yPred: Tensor, options?: object) => Tensor;

/** The loss and its gradient are finite. */
function expectFinite(loss: Loss, yTrue: AnyTensor, yPred: Tensor, options?: object, what = ""): void {
  const value = loss(yTrue, yPred, options).item();
  const gradient = [...(grad((p: Tensor) => loss(yTrue, p, options))(yPred) as Tensor).data()];
  expect(
    [value, ...gradient].filter((x) => !Number.isFinite(x)),
    `${what} ${JSON.stringify(options)}`,
  ).toEqual([]);
}

const sizes = [0, 1e-3, 1, 9, 30, 88, 104, 200, 1e4, 1e18];
const gammas = [0, 0.01, 0.5, 1, 1.5, 2, 5];
const truths = [
  [0, 1],
  [1, 0],
];

describe("of logits of any size", () => {
  const each = (run: (logits: Tensor, truth: number[]) => void): void => {
    for (const size of sizes) for (const truth of truths) run(tensor([[size, -size]]), truth);
  };

  it.each(["categoricalCrossentropy", "binaryCrossentropy"] as const)("%s is finite", (name) => {
    for (const labelSmoothing of [0, 0.1]) {
      each((logits, truth) =>
        expectFinite(losses.getLoss(name) as Loss, tensor([truth]), logits, { fromLogits: true, labelSmoothing }),
      );
    }
  });

  it.each(["categoricalFocalCrossentropy", "binaryFocalCrossentropy"] as const)(
    "%s is finite for any gamma",
    (name) => {
      for (const gamma of gammas) {
        each((logits, truth) =>
          expectFinite(losses.getLoss(name) as Loss, tensor([truth]), logits, { fromLogits: true, gamma }),
        );
      }
    },
  );

  it.each(["sparseCategoricalCrossentropy", "categoricalGeneralizedCrossEntropy"] as const)("%s is finite", (name) => {
    for (const q of name === "sparseCategoricalCrossentropy" ? [undefined] : [0.1, 0.5, 1]) {
      const options = { fromLogits: true, ...(q && { q }) };
      each((logits, truth) =>
        expectFinite(losses.getLoss(name) as Loss, tensor(Int32Array.of(truth[1])), logits, options),
      );
    }
  });

  it("focal cross-entropy has the slope of its formula", () => {
    const loss = (z: number): number =>
      (-0.25 / Math.sqrt(1 + Math.exp(2 * z))) * Math.log1p(-1 / (1 + Math.exp(2 * z)));
    const options = { fromLogits: true, gamma: 0.5 };
    const focal = (x: Tensor): Tensor => losses.categoricalFocalCrossentropy(tensor([[1, 0]]), x, options);
    for (const z of [-2, 0, 1, 2]) {
      expect(focal(tensor([[z, -z]])).item()).toBeCloseTo(loss(z), 6);
      const [a, b] = (grad(focal)(tensor([[z, -z]])) as Tensor).data();
      expect(a - b).toBeCloseTo((loss(z + 1e-4) - loss(z - 1e-4)) / 2e-4, 4);
    }
  });
});

describe("of probabilities of exactly 0 and 1", () => {
  const names = [
    "binaryCrossentropy",
    "categoricalCrossentropy",
    "klDivergence",
    "poisson",
    "dice",
    "tversky",
  ] as const;
  const rows = [
    [0, 1],
    [1, 0],
    [0.5, 0.5],
    [0, 0],
    [1, 1],
  ];

  it.each(names)("%s is finite", (name) => {
    for (const p of rows)
      for (const t of truths) expectFinite(losses.getLoss(name) as Loss, tensor([t]), tensor([p]), {}, `${p}`);
  });

  it.each(["binaryFocalCrossentropy", "categoricalFocalCrossentropy"] as const)(
    "%s is finite for any gamma",
    (name) => {
      for (const gamma of gammas) {
        for (const p of rows)
          for (const t of truths) expectFinite(losses.getLoss(name) as Loss, tensor([t]), tensor([p]), { gamma });
      }
    },
  );

  it("of a softmax layer, too", () => {
    for (const size of sizes) {
      const loss: Loss = (t, x) =>
        losses.categoricalFocalCrossentropy(t, softmaxLayer().apply(reshape(x, [1, 2])), { gamma: 0.5 });
      expectFinite(loss, tensor([[1, 0]]), tensor([[size, -size]]), {}, `${size}`);
    }
  });
});

describe("of numbers", () => {
  const names = "meanSquaredError meanAbsoluteError meanAbsolutePercentageError huber logCosh".split(" ");
  const more = "meanSquaredLogarithmicError cosineSimilarity hinge squaredHinge categoricalHinge".split(" ");

  it.each([...names, ...more])("%s is finite without errors, of zeros and of large ones", (name) => {
    const loss = losses.getLoss(name as losses.LossName) as Loss;
    for (const p of [
      [0, 0],
      [1, 1],
      [1e-20, 0],
      [1e15, -1e15],
    ]) {
      for (const t of [[0, 0], [1, 1], p]) expectFinite(loss, tensor([t]), tensor([p]), {}, `${t} ${p}`);
    }
  });

  it("losses of embeddings are finite where embeddings are equal", () => {
    const same = tensor([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expectFinite(losses.tripletSemiHard as Loss, tensor(Int32Array.of(0, 0, 1)), same);
    expectFinite(losses.circle as Loss, tensor(Int32Array.of(0, 0, 1)), same);
    expectFinite(
      losses.tripletMargin as Loss,
      tensor([0]),
      tensor([
        [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
      ]),
    );
  });
});

it("logCosh keeps its digits near 0 and far from it", () => {
  const errors = [0, 1e-6, -1e-4, 1e-3, 0.1, 0.999, -1.001, 20, -100, 1e30, Infinity, -Infinity];
  for (const error of errors) {
    const size = Math.abs(error);
    const right =
      size < 1 ? Math.log1p(2 * Math.sinh(size / 2) ** 2) : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    const loss = (p: Tensor): Tensor => losses.logCosh(tensor([[0]]), p);
    const [value, gradient] = [loss(tensor([[error]])).item(), (grad(loss)(tensor([[error]])) as Tensor).item()];
    if (Number.isFinite(right)) expect(Math.abs(value - right)).toBeLessThanOrEqual(1e-6 * right);
    else expect(value).toBe(right);
    expect(Math.abs(gradient - Math.tanh(error))).toBeLessThanOrEqual(1e-6 * Math.abs(Math.tanh(error)));
  }
});
