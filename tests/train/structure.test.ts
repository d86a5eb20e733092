// Models as structures: copies, configurations and what is frozen in them, sub-models, layers by name, growing ones.
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type AnyTensor,
  ArgumentError,
  Layer,
  layers,
  Model,
  ones,
  randomNormal,
  Sequential,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from "../../ts/index.ts";

const { dense } = layers;
afterEach(() => vi.restoreAllMocks());

const values = (layer: Layer): number[][] => layer.weights.map((w) => [...w.data()]);
const outputs = (layer: Layer, x: Tensor): number[] => [...layer.apply(x).data()];
const again = (layer: Layer): Layer =>
  layers.fromConfig({ kind: layer.kind, config: JSON.parse(JSON.stringify(layer.config())) });

/** Two towers of one shared layer. */
function towers(): Model {
  const [a, b] = ["a", "b"].map((name) => layers.input({ shape: [3], name }));
  const shared = dense({ units: 2, activation: "tanh" });
  const joined = layers.concatenate().apply([shared.apply(a), shared.apply(b)]);
  return new Model({ inputs: [a, b], outputs: dense({ units: 1, name: "score" }).apply(joined) });
}

class Own extends Model {
  readonly parts: { first: Layer; rest: Layer[] } = { first: dense({ units: 2 }), rest: [dense({ units: 1 })] };
  override call(x: AnyTensor): Tensor {
    return this.parts.rest[0].apply(this.parts.first.apply(x));
  }
}

/** Each kind of thing that holds layers, unbuilt, and what it takes. */
const holders: [string, () => Layer, number[]][] = [
  ["sequential", () => new Sequential([dense({ units: 2 }), layers.batchNormalization()]), [3]],
  [
    "a sequential inside another",
    () => new Sequential([new Sequential([dense({ units: 2 })]), dense({ units: 1 })]),
    [3],
  ],
  ["bidirectional", () => layers.bidirectional({ layer: layers.gru({ units: 2 }) }), [4, 3]],
  [
    "timeDistributed of a model",
    () => layers.timeDistributed({ layer: new Sequential([dense({ units: 2 })]) }),
    [4, 3],
  ],
  ["rnn", () => layers.rnn({ cell: layers.lstmCell({ units: 2 }) }), [4, 3]],
  ["lstm", () => layers.lstm({ units: 2 }), [4, 3]],
  [
    "stacked cells",
    () => layers.rnn({ cell: layers.stackedRnnCells({ cells: [1, 2].map((units) => layers.gruCell({ units })) }) }),
    [4, 3],
  ],
  ["spectralNormalization", () => layers.spectralNormalization({ layer: dense({ units: 2 }) }), [3]],
  ["a transformer block", () => layers.transformerEncoder({ intermediateDim: 4, numHeads: 2 }), [4, 6]],
];

describe.each(holders)("a copy of %s", (_, make, shape) => {
  it("has the same structure and weights of its own, and follows by copyWeightsFrom", () => {
    const layer = make();
    layer.ensureBuilt(shape);
    const copy = layer.copy();
    expect(copy.constructor).toBe(layer.constructor);
    copy.copyWeightsFrom(layer);
    expect(values(copy)).toEqual(values(layer));
    expect(copy.weights.some((weight) => layer.weights.includes(weight))).toBe(false);
    const x = randomNormal([2, ...shape]);
    expect(outputs(copy, x)).toEqual(outputs(layer, x));
  });

  it.each(["copy", "config"])("is as frozen: %s", (how) => {
    const remade = (layer: Layer): Layer => (how === "copy" ? layer.copy() : again(layer));
    const flags = (layer: Layer): boolean[] => {
      layer.ensureBuilt(shape);
      return layer.weights.map(({ trainable }) => trainable);
    };
    const frozen = make();
    frozen.trainable = false;
    expect(flags(remade(frozen))).toEqual(flags(frozen));
    expect(remade(frozen).trainableWeights).toEqual([]);
    const partly = make();
    // Some make what is inside them when they are built.
    partly.ensureBuilt(shape);
    partly.sublayers()[0].trainable = false;
    expect(flags(remade(partly))).toEqual(flags(partly));
    const thawed = make();
    thawed.ensureBuilt(shape);
    thawed.trainable = false;
    thawed.sublayers()[0].trainable = true;
    expect(flags(remade(thawed))).toEqual(flags(thawed));
  });
});

describe("copies", () => {
  it("of a frozen layer that a wrapper makes are frozen", () => {
    const gru = layers.gru({ units: 2 });
    gru.trainable = false;
    const layer = layers.bidirectional({ layer: gru });
    layer.ensureBuilt([4, 3]);
    expect(layer.weights.length).toBe(6);
    expect(layer.trainableWeights).toEqual([]);
  });

  it("of functional models keep names, and shared layers shared", () => {
    const model = towers();
    const copy = model.copy();
    expect(copy.outputNames).toEqual(["score"]);
    expect(copy.weights.length).toBe(4);
    copy.copyWeightsFrom(model);
    const x = [randomNormal([2, 3]), randomNormal([2, 3])];
    expect([...copy.apply(x).data()]).toEqual([...model.apply(x).data()]);
  });

  it("of subclasses of Model are built as they are, without a call", () => {
    const model = new Own();
    model.apply(ones([1, 3]));
    const copy = model.copy();
    expect(copy).toBeInstanceOf(Own);
    copy.copyWeightsFrom(model);
    expect(values(copy)).toEqual(values(model));
  });

  it("that a constructor cannot make are refused", () => {
    class Sized extends Layer {
      readonly units: number;
      constructor(units: number) {
        super("sized");
        this.units = units;
      }
      call(x: AnyTensor): Tensor {
        return x as Tensor;
      }
    }
    expect(() => new Sized(3).copy()).toThrow("sized: copy needs a constructor that takes the layer's options");
    class Deep extends Model {
      readonly inner: Layer[];
      constructor(count: number) {
        super();
        this.inner = Array.from({ length: count }, () => dense({ units: 2, inputShape: [2] }));
      }
      override call(x: AnyTensor): Tensor {
        return this.inner.reduce((y: AnyTensor, layer) => layer.apply(y), x) as Tensor;
      }
    }
    const deep = new Deep(2);
    deep.apply(ones([1, 2]));
    expect(() => deep.copy()).toThrow(ArgumentError);
  });

  it("keep layers shared that lie in several models inside", () => {
    const shared = dense({ units: 2 });
    const model = new Sequential([new Sequential([shared]), new Sequential([shared]), dense({ units: 1 })]);
    model.ensureBuilt([2]);
    expect(model.weights.length).toBe(4);
    expect(model.copy().weights.length).toBe(4);
    expect(again(model).weights.length).toBe(4);
    expect(again(model).config()).toEqual(model.config());
  });
});

describe("configurations", () => {
  it("of models make them again, as layers are made, models inside wrappers too", () => {
    const row = new Sequential([dense({ units: 2, inputShape: [3] })]);
    for (const model of [row, towers(), new Sequential([layers.timeDistributed({ layer: row })])]) {
      const made = again(model) as Model;
      expect(made.constructor).toBe(model.constructor);
      expect(made.config()).toEqual(model.config());
      expect(made.summary()).toBe(model.summary());
    }
  });
});

describe("a layer made frozen", () => {
  it.each<[string, () => Layer, number[]]>([
    ["sequential", () => new Sequential([dense({ units: 1 })], { trainable: false }), [2]],
    ["timeDistributed", () => layers.timeDistributed({ layer: dense({ units: 1 }), trainable: false }), [3, 2]],
    ["bidirectional", () => layers.bidirectional({ layer: layers.gru({ units: 1 }), trainable: false }), [3, 2]],
    ["rnn", () => layers.rnn({ cell: layers.gruCell({ units: 1 }), trainable: false }), [3, 2]],
    [
      "one that makes layers when it is built",
      () => {
        class Late extends Layer {
          inner: Layer | undefined;
          override build(): void {
            this.inner = dense({ units: 2 });
            this.inner.ensureBuilt([2]);
          }
          call(x: AnyTensor): Tensor {
            return (this.inner as Layer).apply(x);
          }
        }
        return new Late("late", { trainable: false });
      },
      [2],
    ],
  ])("freezes what is inside: %s", (_, make, shape) => {
    const layer = make();
    layer.ensureBuilt(shape);
    expect(layer.weights.length).toBeGreaterThan(0);
    expect(layer.trainableWeights).toEqual([]);
    layer.trainable = true;
    expect(layer.trainableWeights.length).toBe(layer.weights.length);
  });
});

describe("sub-models", () => {
  const x = layers.input({ shape: [3] });
  const hidden = dense({ units: 2, name: "hidden" }).apply(x);
  const y = dense({ units: 1, name: "head" }).apply(hidden);
  const whole = new Model({ inputs: x, outputs: y });

  it("begin and end at results of layers inside, and share their weights", () => {
    const encoder = new Model({ inputs: x, outputs: hidden });
    const head = new Model({ inputs: hidden, outputs: y });
    const values = randomNormal([4, 3]);
    expect(outputs(head, encoder.apply(values))).toEqual(outputs(whole, values));
    expect(head.weights).toEqual(whole.weights.slice(2));
    const made = again(head);
    made.copyWeightsFrom(head);
    expect(outputs(made, encoder.apply(values))).toEqual(outputs(whole, values));
    expect(() => new Model({ inputs: hidden, outputs: dense({ units: 1 }).apply(x) })).toThrow(
      "must follow from its inputs",
    );
  });

  it("are drawn from what models tell of themselves", () => {
    expect([whole.input, whole.output, whole.inputs.length, whole.outputs.length]).toEqual([x, y, 1, 1]);
    expect(whole.layers.map(({ name }) => name)).toEqual([x.node.layer.name, "hidden", "head"]);
    expect(whole.getLayer("head")).toBe(whole.getLayer(2));
    expect(whole.getLayer(-1).name).toBe("head");
    expect(() => whole.getLayer("haed")).toThrow(/hidden, head, got "haed"/);
    const row = new Sequential([dense({ units: 2, inputShape: [3] }), dense({ units: 1 })]);
    const longer = new Model({ inputs: row.input, outputs: layers.relu().apply(row.output) });
    const values = randomNormal([4, 3]);
    expect(outputs(longer, values)).toEqual(outputs(row, values).map((value) => Math.max(value, 0)));
    expect(longer.weights).toEqual(row.weights);
    expect(() => towers().input).toThrow("there must be one of the inputs, got 2; use inputs");
    expect(() => new Sequential([dense({ units: 1 })]).input).toThrow(StateError);
    expect(() => new Own().output).toThrow(StateError);
  });

  it("may have properties of these names in subclasses", () => {
    class Named extends Model {
      override readonly layers: Layer[] = [dense({ units: 1 })];
      override call(x: AnyTensor): Tensor {
        return this.layers[0].apply(x);
      }
    }
    const model = new Named();
    expect(model.apply(ones([1, 2])).shape).toEqual([1, 1]);
    expect(model.weights.length).toBe(2);
  });
});

describe("a sequential model that grows", () => {
  it("takes layers one by one, also when it is built, and predicts with them", async () => {
    const model = new Sequential();
    expect(() => model.apply(ones([1, 2]))).toThrow("there must be at least one layer, got none");
    model.add(dense({ units: 2, inputShape: [2], kernelInitializer: "ones", name: "first" }));
    expect(model.weights.length).toBe(2);
    const x = tensor([[1, 2]]);
    expect((await model.predict(x)).array()).toEqual([[3, 3]]);
    model.add(dense({ units: 1, kernelInitializer: "ones" }));
    expect(model.weights.length).toBe(4);
    expect((await model.predict(x)).array()).toEqual([[6]]);
    expect(model.summary()).toContain("(None, 1)");
    expect(() => model.add(dense({ units: 1, name: "first" }))).toThrow("names must be different");
    expect(() => model.add({} as never)).toThrow(ArgumentError);
    expect(model.layers.length).toBe(2);
    model.add(layers.relu());
    expect(model.output.shape).toEqual([1]);
  });

  it("is trained with the layers that were added", async () => {
    const model = new Sequential([dense({ units: 2, inputShape: [2] })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit(ones([4, 2]), ones([4, 2]), { verbose: 0 });
    const added = dense({ units: 2 });
    model.add(added);
    const before = values(added);
    await model.fit(ones([4, 2]), ones([4, 2]), { verbose: 0 });
    expect(values(added)).not.toEqual(before);
  });
});

describe("what a captured step depends on", () => {
  it("is followed where layers are exchanged between two calls", async () => {
    class Exchanged extends Model {
      inner: Layer = dense({ units: 1, kernelInitializer: "ones", useBias: false });
      override call(x: AnyTensor): Tensor {
        return this.inner.apply(x);
      }
    }
    const model = new Exchanged();
    expect((await model.predict(ones([1, 2]))).array()).toEqual([[2]]);
    model.inner = dense({ units: 1, kernelInitializer: { name: "constant", value: 3 }, useBias: false });
    expect((await model.predict(ones([1, 2]))).array()).toEqual([[6]]);
  });

  it.each(["onBatchBegin", "onBatchEnd"] as const)("is followed from the next batch on: frozen in %s", async (hook) => {
    const norm = layers.batchNormalization({ center: false, scale: false, momentum: 0 });
    const head = dense({ units: 1 });
    const model = new Sequential([norm, head]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const x = randomNormal([6, 2]);
    const seen: number[][][] = [];
    await model.fit(x, ones([6, 1]), {
      batchSize: 2,
      verbose: 0,
      shuffle: false,
      callbacks: [
        {
          [hook]: (batch: number) => {
            if (batch === (hook === "onBatchBegin" ? 1 : 0)) model.trainable = false;
          },
        },
        { onBatchEnd: () => void seen.push(values(model)) },
      ],
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    model.trainable = true;
    await model.fit(x, ones([6, 1]), { verbose: 0 });
    expect(values(model)).not.toEqual(seen[0]);
  });

  it("keeps what it learnt where two models freeze in turn, without a new recording", async () => {
    const model = new Sequential([dense({ units: 1, inputShape: [2] })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    model.trainOnBatch(ones([2, 2]), ones([2, 1]));
    const { steps } = model;
    model.trainable = false;
    model.trainable = true;
    expect(model.steps).toBe(steps);
  });
});

describe("a model whose shapes only a call can tell", () => {
  it("is called once for one batch, in training, testing and prediction", async () => {
    const runs: ((model: Model) => unknown)[] = [
      (model) => model.predict(ones([2, 3])),
      (model) => model.fit(ones([2, 3]), ones([2, 1]), { verbose: 0 }),
      (model) => model.evaluate(ones([2, 3]), ones([2, 1])),
      (model) => model.trainOnBatch(ones([2, 3]), ones([2, 1])),
    ];
    for (const run of runs) {
      let calls = 0;
      class Counted extends Own {
        override call(x: AnyTensor): Tensor {
          calls++;
          return super.call(x);
        }
      }
      const model = new Counted();
      model.compile({ optimizer: "sgd", loss: "mse" });
      await run(model);
      expect(calls).toBe(1);
      expect(model.weights.length).toBe(4);
    }
  });

  it("begins stateful recurrent layers where they stand, for whole batches", async () => {
    const made = (): layers.SimpleRNN =>
      layers.simpleRnn({
        units: 1,
        stateful: true,
        activation: "linear",
        kernelInitializer: "ones",
        recurrentInitializer: "ones",
      });
    class Stateful extends Model {
      readonly rnn = made();
      override call(x: AnyTensor): Tensor {
        return this.rnn.apply(x);
      }
    }
    for (const model of [new Stateful(), new Sequential([layers.lambda({ function: (x: Tensor) => x }), made()])]) {
      const own = model.layers.at(-1) as layers.SimpleRNN;
      const x = ones([4, 2, 1]);
      const how = { batchSize: 4 };
      expect((await model.predict(x, how)).array()).toEqual([[2], [2], [2], [2]]);
      expect((await model.predict(x, how)).array()).toEqual([[4], [4], [4], [4]]);
      own.resetStates([tensor([[5], [6], [7], [8]])]);
      expect((await model.predict(x, how)).array()).toEqual([[7], [8], [9], [10]]);
      own.resetStates();
      expect((await model.predict(x, how)).array()).toEqual([[2], [2], [2], [2]]);
      model.compile({ optimizer: "sgd", loss: "mse" });
      await model.fit(x, zeros([4, 1]), { ...how, verbose: 0, shuffle: false });
      // Another batch: the states and what was recorded with them are left behind.
      own.resetStates([tensor([[1]])]);
      const one = await model.predict(ones([1, 2, 1]));
      own.resetStates([tensor([[1]])]);
      expect((await model.predict(ones([1, 2, 1]))).array()).toEqual(one.array());
      await expect(model.predict(x, how)).rejects.toThrow("must have one size");
    }
  });

  it("tells the shapes it has seen in its summary, and its class where it is called", async () => {
    const model = new Own();
    expect(model.name).toMatch(/^own/);
    await model.predict(ones([2, 3]));
    expect(model.summary()).toContain("(None, 2)");
    expect(model.summary()).toContain("(None, 1)");
    expect(model.summary()).not.toContain("?");
  });

  it("must return a row for each example", async () => {
    class Summed extends Model {
      override call(x: AnyTensor): Tensor {
        return (x as Tensor).sum(0);
      }
    }
    await expect(new Summed().predict(ones([4, 3]))).rejects.toThrow(
      "predict: outputs must have a row for each of 4 examples, got shape [3]",
    );
  });

  it("may have layers of several inputs that say nothing of their shape", async () => {
    class Joined extends Layer {
      call([a, b]: readonly Tensor[]): Tensor {
        return a.mul(b).sum(-1, true);
      }
    }
    const layer = new Joined("joined");
    expect(layer.apply([ones([2, 3]), ones([2, 3])]).shape).toEqual([2, 1]);
  });
});
