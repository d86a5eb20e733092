// Targets that a loss cannot mean, numbers that are none, and targets for another loss: refused before the first step, in
// whatever form the data come.
import { beforeEach, describe, expect, it } from "vitest";
import {
  type AnyTensor,
  ArgumentError,
  ArrayData,
  abs,
  batches,
  capture,
  layers,
  losses,
  Model,
  mean,
  Sequential,
  seed,
  square,
  sub,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

beforeEach(() => seed(3));

type Loss = losses.LossFunction;
type Activation = "sigmoid" | "softmax" | "tanh" | "softplus";

function modelOf(
  loss: Loss | losses.LossName | ((t: Tensor, p: Tensor) => Tensor),
  units = 2,
  activation?: Activation,
) {
  const model = new Sequential([layers.dense({ units, activation, inputShape: [3] })]);
  model.compile({ optimizer: "adam", loss });
  return model;
}

const x = tensor(Array.from({ length: 4 }, (_, i) => [i, 1 - i, 0.5]));
const stateOf = (model: Model): unknown[] => model.weights.map((weight) => [...weight.data()]);

/** What each way to give targets is refused with; the weights stay. */
async function refusals(model: Model, y: number[][], inputs: Tensor = x): Promise<Set<string>> {
  const before = stateOf(model);
  const good = y.map((row) => row.map(() => 1));
  const attempts = [
    () => model.fit(inputs, y, { verbose: 0 }),
    () => model.fit(inputs, tensor(y), { verbose: 0 }),
    () =>
      model.fit(
        inputs,
        y.map((row) => Float32Array.from(row)),
        { verbose: 0 },
      ),
    () => model.fit(inputs, good, { verbose: 0, validationData: [inputs, y] }),
    () => model.evaluate(inputs, y),
    async () => model.trainOnBatch(inputs, y),
    async () => model.testOnBatch(inputs, y),
  ];
  const messages = new Set<string>();
  for (const attempt of attempts) {
    const error: Error = await attempt().then(
      () => new Error("accepted"),
      (error) => error,
    );
    messages.add(error.message.replace(/^\w+: (validationData: )?/, ""));
  }
  expect(stateOf(model)).toEqual(before);
  return messages;
}

describe("targets that a loss cannot mean are refused before the first step", () => {
  const unit = "from 0 to 1";
  it.each<[losses.LossName, Activation, string, number]>([
    ["binaryCrossentropy", "sigmoid", unit, 2],
    ["binaryCrossentropy", "sigmoid", unit, -1],
    ["binaryFocalCrossentropy", "sigmoid", unit, -0.5],
    ["categoricalCrossentropy", "softmax", unit, -1],
    ["categoricalCrossentropy", "softmax", unit, 255],
    ["categoricalFocalCrossentropy", "softmax", unit, -0.25],
    ["categoricalFocalCrossentropy", "softmax", unit, 2],
    ["klDivergence", "softmax", unit, -0.5],
    ["klDivergence", "softmax", unit, 3],
    ["poisson", "softplus", "at least 0", -2],
    ["hinge", "tanh", "-1 and 1, or 0 and 1", 2],
    ["squaredHinge", "tanh", "-1 and 1, or 0 and 1", 0.5],
    ["categoricalHinge", "softmax", "-1, 0 or 1", 2],
    ["dice", "sigmoid", unit, 255],
    ["tversky", "sigmoid", unit, -1],
    ["contrastive", "softplus", unit, 2],
  ])("%s after %s: %s, not %d", async (loss, activation, must, bad) => {
    const model = modelOf(loss, 2, activation);
    const messages = await refusals(model, [
      [1, 1],
      [1, 1],
      [1, bad],
      [1, 1],
    ]);
    const remedy = loss.endsWith("rossentropy") ? "; for class numbers take sparseCategoricalCrossentropy" : "";
    expect([...messages]).toEqual([`targets of ${loss} must be ${must}, got ${bad} at index 5${remedy}`]);
  });

  it("by losses with options, and models that cannot tell the shape of their outputs", async () => {
    class Own extends Model {
      readonly dense = layers.dense({ units: 2 });
      override call(inputs: Tensor): Tensor {
        return this.dense.apply(inputs);
      }
    }
    const model = new Own({});
    model.compile({ loss: losses.binaryCrossentropy.with({ fromLogits: true }) });
    await expect(
      model.fit(
        x,
        [
          [1, 1],
          [1, 0],
          [0, 5],
          [1, 1],
        ],
        { verbose: 0 },
      ),
    ).rejects.toThrow("got 5 at index 5");
    expect(model.weights).toEqual([]);
  });

  it.each<[string, Loss, AnyTensor]>([
    ["bytes", losses.categoricalCrossentropy, tensor(Uint8Array.of(255, 0, 0, 255), { shape: [2, 2] })],
    [
      "counts",
      losses.categoricalFocalCrossentropy,
      tensor([
        [2, 2],
        [0, 1],
      ]),
    ],
    [
      "signs",
      losses.binaryCrossentropy.with({ fromLogits: true }),
      tensor([
        [1, -1],
        [1, 1],
      ]),
    ],
    [
      "signs",
      losses.binaryFocalCrossentropy,
      tensor([
        [1, -1],
        [1, 1],
      ]),
    ],
    [
      "NaN",
      losses.klDivergence,
      tensor([
        [1, Number.NaN],
        [1, 1],
      ]),
    ],
    [
      "bytes",
      losses.dice,
      tensor([
        [255, 0],
        [1, 1],
      ]),
    ],
    [
      "negative counts",
      losses.poisson,
      tensor([
        [1, -1],
        [1, 1],
      ]),
    ],
  ])("%s in loops of one's own too, captured or not", (_, loss, yTrue) => {
    const yPred = tensor([
      [0.5, 0.5],
      [0.25, 0.75],
    ]);
    const step = capture((t: Tensor, p: Tensor) => loss(t, p));
    for (const f of [
      () => loss(yTrue, yPred),
      () => loss.perExample(yTrue, yPred),
      () => step(yTrue as Tensor, yPred),
    ]) {
      expect(f).toThrow(ArgumentError);
      expect(f).toThrow(/yTrue must be (from 0 to 1|at least 0), got (255|2|-1|NaN) at position \[0, [01]\]/);
    }
    const soft = tensor([
      [0.1, 0.9],
      [1, 0],
    ]);
    expect(Number.isFinite(step(soft, yPred).item())).toBe(true);
  });

  it("0 among signs, which would be one in some batches only", async () => {
    const model = modelOf("hinge", 1, "tanh");
    await expect(model.fit(x, [-1, 1, 0, 1], { verbose: 0 })).rejects.toThrow("got 0 at index 2");
  });

  it("one class, of which every prediction is right", async () => {
    const model = modelOf("categoricalCrossentropy", 1, "softmax");
    await expect(model.fit(x, [0, 1, 1, 0], { verbose: 0 })).rejects.toThrow(
      "fit: categoricalCrossentropy must have several classes, got 1; of 0 and 1 take binaryCrossentropy",
    );
  });

  it.each<[losses.LossName, Activation, number[][]]>([
    [
      "binaryCrossentropy",
      "sigmoid",
      [
        [0, 1],
        [0.25, 1.0000001],
        [1, 0],
        [1, 1],
      ],
    ],
    [
      "categoricalCrossentropy",
      "softmax",
      [
        [0, 0],
        [1, 1],
        [0.5, 0.5],
        [1, 0],
      ],
    ],
    [
      "poisson",
      "softplus",
      [
        [0, 7],
        [2.5, 1],
        [1, 0],
        [1, 1],
      ],
    ],
    [
      "hinge",
      "tanh",
      [
        [0, 1],
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ],
    [
      "hinge",
      "tanh",
      [
        [-1, 1],
        [-1, -1],
        [1, -1],
        [1, 1],
      ],
    ],
    [
      "categoricalHinge",
      "softmax",
      [
        [-1, 1],
        [1, -1],
        [0, 1],
        [1, 0],
      ],
    ],
    [
      "meanSquaredError",
      "tanh",
      [
        [-9, 9],
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ],
  ])("and those it can are taken: %s after %s, %j", async (loss, activation, y) => {
    const { loss: value } = await modelOf(loss, 2, activation).evaluate(x, y);
    expect(value).toBeGreaterThan(-1e-6);
  });

  it("bytes count as what they stand for", async () => {
    const images = new ArrayData(
      Uint8Array.from({ length: 12 }, (_, i) => 23 * i),
      [4, 3],
      "f32",
      1 / 255,
    );
    const model = modelOf("binaryCrossentropy", 3, "sigmoid");
    expect(model.trainOnBatch(images, images).loss).toBeGreaterThan(0);
    const doubled = new ArrayData(images.data, [4, 3], "f32", 2 / 255);
    expect(() => model.trainOnBatch(images, doubled)).toThrow(ArgumentError);
  });
});

describe("targets for another loss: the error names it", () => {
  it.each<[losses.LossName, unknown, string]>([
    [
      "sparseCategoricalCrossentropy",
      [
        [1, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
      ],
      "for one-hot rows take categoricalCrossentropy",
    ],
    [
      "sparseCategoricalCrossentropy",
      [
        [0.2, 0.8, 0],
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
      ],
      "for rows of probabilities take categoricalCrossentropy",
    ],
    ["categoricalCrossentropy", [0, 1, 2, 1], "for class numbers take sparseCategoricalCrossentropy"],
    ["categoricalCrossentropy", Int32Array.of(0, 1, 2, 1), "for class numbers take sparseCategoricalCrossentropy"],
    ["categoricalCrossentropy", [[0], [1], [2], [1]], "for class numbers take sparseCategoricalCrossentropy"],
    ["categoricalFocalCrossentropy", [0, 1, 2, 1], "for class numbers take sparseCategoricalCrossentropy"],
    ["binaryCrossentropy", [[0], [1], [2], [1]], "for class numbers take sparseCategoricalCrossentropy"],
  ])("%s of %j", async (loss, y, remedy) => {
    const model = modelOf(loss, 3, "softmax");
    const before = stateOf(model);
    await expect(model.fit(x, y as Tensor, { verbose: 0 })).rejects.toThrow(remedy);
    await expect(model.evaluate(x, y as Tensor)).rejects.toThrow(remedy);
    expect(stateOf(model)).toEqual(before);
  });
});

describe("a loss or metric of one's own finds a column of targets for a column of predictions, as in Keras", () => {
  const loss = (t: Tensor, p: Tensor): Tensor => mean(square(sub(p, t)));
  const each = (t: Tensor, p: Tensor): Tensor => mean(square(sub(p, t)), -1);
  const error = (t: Tensor, p: Tensor): Tensor => mean(abs(sub(p, t)));
  it.each<[string, typeof loss, object]>([
    ["a scalar", loss, {}],
    ["a number for each example", each, {}],
    ["weighted", each, { sampleWeight: [1, 1, 1, 1] }],
  ])("%s", async (_, own, options) => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [3] })]);
    model.compile({ loss: own, metrics: [error, "mae", "mse"] });
    const figures: Record<string, number> = await model.evaluate(x, [3, 1, 4, 1], options);
    expect(figures.loss).toBeCloseTo(figures.mse, 5);
    expect(figures.error).toBeCloseTo(figures.mae, 5);
  });
});

describe("numbers that are none are refused, however they come", () => {
  const y = [
    [1, 0],
    [0, 1],
    [1, 1],
    [0, 0],
  ];
  const forms: Record<string, (rows: number[][]) => Tensor> = {
    tensors: (rows) => tensor(rows),
    "nested lists": (rows) => rows as unknown as Tensor,
    "lists of typed arrays": (rows) => rows.map((row) => Float32Array.from(row)) as unknown as Tensor,
    "lists of doubles": (rows) => rows.map((row) => Float64Array.from(row)) as unknown as Tensor,
    ArrayData: (rows) => new ArrayData(Float32Array.from(rows.flat()), [4, rows[0].length]) as unknown as Tensor,
  };
  const cases = Object.entries(forms).flatMap(([form, make]) =>
    [Number.NaN, Number.POSITIVE_INFINITY].map((bad) => [form, bad, make] as const),
  );
  it.each(cases)("%s with %d", async (_, bad, make) => {
    const model = modelOf("meanSquaredError");
    const before = stateOf(model);
    const spoilt = (rows: number[][]): Tensor => make(rows.map((row, i) => (i === 2 ? row.with(-1, bad) : row)));
    const inputs = Array.from({ length: 4 }, (_, i) => [i, 1 - i, 0.5]);
    const weights = [[1], [1], [1], [1]];
    const quiet = { verbose: 0 } as const;
    const attempts: [string, () => unknown][] = [
      ["x", () => model.fit(spoilt(inputs), y, quiet)],
      ["y", () => model.fit(x, spoilt(y), quiet)],
      ["sampleWeight", () => model.fit(x, y, { ...quiet, sampleWeight: spoilt(weights) })],
      ["x", () => model.fit(x, y, { ...quiet, validationData: [spoilt(inputs), y] })],
      ["y", () => model.fit(x, y, { ...quiet, validationData: [x, spoilt(y)] })],
      ["sampleWeight", () => model.fit(x, y, { ...quiet, validationData: [x, y, spoilt(weights)] })],
      ["x", () => model.evaluate(spoilt(inputs), y)],
      ["y", () => model.evaluate(x, spoilt(y))],
      ["sampleWeight", () => model.evaluate(x, y, { sampleWeight: spoilt(weights) })],
      ["x", () => model.predict(spoilt(inputs))],
      ["y", () => model.trainOnBatch(x, spoilt(y))],
      ["x", () => model.testOnBatch(spoilt(inputs), y)],
      ["y", () => batches(x, spoilt(y))],
    ];
    for (const [what, attempt] of attempts) {
      await expect((async () => attempt())()).rejects.toThrow(`${what} must be finite numbers, got NaN or infinity at`);
    }
    expect(stateOf(model)).toEqual(before);
  });

  it("weights of classes", async () => {
    const model = modelOf("sparseCategoricalCrossentropy", 2, "softmax");
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      await expect(model.fit(x, [0, 1, 1, 0], { verbose: 0, classWeight: { 1: bad } })).rejects.toThrow(
        `fit: classWeight must hold numbers of at least 0 by class number, got ${bad} for 1`,
      );
    }
  });
});
