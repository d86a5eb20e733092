// What errors say to whoever gives models, metrics and data of the wrong kind: which argument it was, where, and what to do.
import { describe, expect, it } from "vitest";
import * as h from "../../ts/index.ts";

const quiet = { verbose: 0 } as const;
const x = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const y = [0, 1, 1];

function make(options: Partial<h.CompileOptions> = {}): h.Sequential {
  const model = new h.Sequential([h.layers.dense({ units: 2, activation: "softmax", inputShape: [2] })]);
  model.compile({ loss: "sparseCategoricalCrossentropy", ...options });
  return model;
}

const refused = (kind: new (message: string) => Error, message: string): Error => new kind(message);

describe("weights of classes", () => {
  const must = "fit: classWeight must";
  it.each<[unknown, string]>([
    [new Map([[1, 5]]), " be a record of numbers by class number, got Map"],
    [new Set([1]), " be a record of numbers by class number, got Set"],
    ["balanced", " be a record of numbers by class number, got balanced"],
    [null, " be a record of numbers by class number, got null"],
    [3, " be a record of numbers by class number, got 3"],
    [{ 0: "2" }, ' hold numbers of at least 0 by class number, got "2" for 0'],
    [{ 0: 2n }, " hold numbers of at least 0 by class number, got 2 for 0"],
    [{ 0: null }, " hold numbers of at least 0 by class number, got null for 0"],
    [{ 1: -1 }, " hold numbers of at least 0 by class number, got -1 for 1"],
    [{ 1: Number.NaN }, " hold numbers of at least 0 by class number, got NaN for 1"],
    [{ 1: Number.POSITIVE_INFINITY }, " hold numbers of at least 0 by class number, got Infinity for 1"],
    [{ "01": 2 }, " hold numbers of at least 0 by class number, got 2 for 01"],
    [{ cat: 2 }, " hold numbers of at least 0 by class number, got 2 for cat"],
  ])("must be numbers by class: %o", async (classWeight, got) => {
    const fit = make().fit(x, y, { ...quiet, classWeight: classWeight as never });
    await expect(fit).rejects.toThrow(refused(h.ArgumentError, must + got));
  });
});

describe("a step on one batch", () => {
  it("says that nothing is trained, as fit does", () => {
    const said: unknown[] = [];
    const { warn } = console;
    console.warn = (text) => void said.push(text);
    try {
      const model = make();
      model.layers[0].trainable = false;
      model.trainOnBatch(x, y);
      model.trainOnBatch(x, y);
    } finally {
      console.warn = warn;
    }
    expect(said).toEqual([expect.stringContaining("has no trainable weights")]);
  });
});

describe("data", () => {
  const trained = (inputs: unknown, targets: unknown, options: object = {}): Promise<unknown> =>
    make().fit(inputs as never, targets as never, { ...quiet, ...options });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      "NaN in validation",
      () => trained(x, y, { validationData: [[[1, Number.NaN]], [1]] }),
      "fit: validationData: x must be finite numbers, got NaN or infinity at index [0, 1]",
    ],
    [
      "validation without targets",
      () => trained(x, y, { validationData: [x] }),
      "fit: validationData: y must be a tensor or ArrayData",
    ],
    [
      "labels of validation",
      () => trained(x, y, { validationData: [x, [0, 1, 7]] }),
      "fit: validationData: labels must be whole numbers from 0 to 1, got 7",
    ],
    [
      "lengths in validation",
      () => trained(x, y, { validationData: [x, [0]] }),
      "fit: validationData: x and y must have the same number of examples, got 3 and 1",
    ],
    ["lengths", () => trained(x, [0, 1]), "fit: x and y must have the same number of examples, got 3 and 2"],
    [
      "weights of too few",
      () => trained(x, y, { sampleWeight: [1, 2] }),
      "fit: x, y and sampleWeight must have the same number of examples, got 3 and 3 and 2",
    ],
    [
      "text",
      () =>
        trained(
          [
            [1, 2],
            [3, "4"],
            [5, 6],
          ],
          y,
        ),
      'fit: x: values must be numbers or booleans, got "4" at index [1, 1]',
    ],
    [
      "null",
      () =>
        trained(
          [
            [1, 2],
            [3, 4],
            [null, 6],
          ],
          y,
        ),
      "fit: x: values must be numbers or booleans, got null at index [2, 0]",
    ],
    [
      "undefined",
      () => trained(x, [0, undefined, 1]),
      "fit: y: values must be numbers or booleans, got undefined at index [1]",
    ],
    [
      "numbers among booleans",
      () => trained(x, [true, 2, false]),
      "fit: y: values must be true or false as the first is, got 2 at index [1]",
    ],
    [
      "rows of several lengths",
      () => trained([[1, 2], [3], [4, 5]], y),
      "fit: x: examples in lists must all have the same lengths, got [2] beside [1]; several inputs",
    ],
    [
      "text for a prediction",
      () => make().predict([["a", 2]] as never),
      'predict: x: values must be numbers or booleans, got "a" at index [0, 0]',
    ],
  ])("%s: which argument, and where", async (_, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message);
  });

  it("weights that are none are typed errors", async () => {
    await expect(trained(x, y, { sampleWeight: null })).rejects.toThrow(h.ArgumentError);
  });

  it("of several inputs and outputs may be lists of lists", async () => {
    const inputs = [2, 3].map((size) => h.layers.input({ shape: [size] }));
    const both = h.layers.concatenate().apply(inputs);
    const outputs = [1, 1].map((units) => h.layers.dense({ units, kernelInitializer: "ones" }).apply(both));
    const model = new h.Model({ inputs, outputs });
    model.compile({ loss: ["mse", "mse"], optimizer: "sgd" });
    const lists = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ];
    const targets = [
      [9, 22],
      [9, 22],
    ];
    expect(await model.evaluate(lists as never, targets as never)).toMatchObject({ loss: 0 });
    const [first] = await model.predictAll(lists as never);
    expect([...first.data()]).toEqual([9, 22]);
    await model.fit(lists as never, targets as never, { ...quiet, sampleWeight: [1, 2] });
  });
});

describe("models", () => {
  it("say that they are disposed", async () => {
    const model = make();
    await model.fit(x, y, quiet);
    model.dispose();
    await expect(model.fit(x, y, quiet)).rejects.toThrow(/the model must not be disposed, got one that is/);
    expect(() => model.trainOnBatch(x, y)).toThrow(h.StateError);
  });

  it("must be new ones for each fold", async () => {
    const model = make();
    const same = h.crossValidate(() => model, x, y, { folds: 3 });
    await expect(same).rejects.toThrow("crossValidate: makeModel must make a new model for each fold");
  });

  it("are called by their class, however short its name is", async () => {
    class M extends h.Model {}
    expect(new M().name).toMatch(/^m(_\d+)?$/);
    await expect(new M().fit(x, y, quiet)).rejects.toThrow(/^m(_\d+)?: the model must be compiled first/);
    expect(new (class extends h.Model {})().name).toMatch(/^functional/);
  });
});

describe("what compile is given", () => {
  it("optimizers that were not called", () => {
    for (const optimizer of [h.optimizers.adam, h.optimizers.Adam]) {
      expect(() => make({ optimizer: optimizer as never })).toThrow(
        refused(h.ArgumentError, "optimizer: it must be a name or an optimizer, got a function; call it, as in adam()"),
      );
    }
  });

  it("metrics: classes, functions of numbers, tensors of a step", async () => {
    expect(() => make({ metrics: [h.metrics.AUC as never] })).toThrow(
      refused(h.ArgumentError, "compile: metrics must be names, figures or made with new, got the class AUC"),
    );
    const numbers = make({ metrics: [(() => 3) as never] });
    await expect(numbers.fit(x, y, quiet)).rejects.toThrow("what it returns must be a tensor, got number");
    class Kept extends h.metrics.Metric {
      private last: h.Tensor | undefined;
      update(_: h.AnyTensor, yPred: h.Tensor): void {
        this.last = h.mean(yPred);
      }
      result(): number {
        return this.last?.item() ?? 0;
      }
      reset(): void {}
      dispose(): void {}
    }
    const kept = make({ metrics: [new Kept("kept", "max")] });
    await expect(kept.fit(x, y, quiet)).rejects.toThrow(
      "compile: the metric kept must keep what it gathers in a variable, made outside update and assigned there",
    );
  });

  it("F-scores, which errors call by their names", () => {
    for (const [make, name] of [
      [h.metrics.F1Score, "f1Score"],
      [h.metrics.FBetaScore, "fBetaScore"],
    ] as const) {
      expect(() => new make({ threshold: 2 })).toThrow(`${name}: threshold`);
      expect(() => new make({ average: "most" as never })).toThrow(`${name}: average`);
      expect(() => new make().update(h.tensor([1]), h.tensor([1]))).toThrow(`${name}: yPred`);
    }
  });
});

describe("Normalization.adapt", () => {
  it("takes lists and ArrayData as it takes tensors, and says what else it was given", () => {
    const adapted = (data: Parameters<h.layers.Normalization["adapt"]>[0]): number[] => {
      const layer = new h.layers.Normalization();
      layer.adapt(data);
      return layer.weights.flatMap((weight) => [...weight.data()]);
    };
    const wanted = adapted(h.tensor(x));
    expect(adapted(x)).toEqual(wanted);
    expect(adapted(new h.ArrayData(Float32Array.from(x.flat()), [3, 2]))).toEqual(wanted);
    expect(adapted([h.tensor(x.slice(0, 1)), h.tensor(x.slice(1))])).toEqual(wanted);
    for (const wrong of [3, null, undefined, {}, "text"]) {
      expect(() => adapted(wrong as never), String(wrong)).toThrow(h.ArgumentError);
    }
  });
});
