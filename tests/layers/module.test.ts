// What a layer finds inside itself, by which paths, and how weights go from one layer to another.
import { describe, expect, it } from "vitest";
import {
  type AnyTensor,
  ArgumentError,
  ArrayData,
  capture,
  Layer,
  layers,
  Model,
  noGrad,
  ones,
  Sequential,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from "../../ts/index.ts";
import { STRUCTURE } from "../../ts/layers/module.ts";

const { dense } = layers;

function paths(layer: Layer): string[] {
  return [...layer[STRUCTURE]().weights.keys()];
}

/** A model that holds a layer in the way given, and calls it. */
function holding(hold: (layer: Layer) => unknown): Model {
  class Holder extends Model {
    readonly parts: unknown;
    private readonly used: () => Layer;
    constructor() {
      super({}, "holder");
      const layer = dense({ units: 1 });
      this.parts = hold(layer);
      this.used = () => layer;
    }
    override call(x: AnyTensor): Tensor {
      return this.used().apply(x);
    }
  }
  return new Holder();
}

describe("layers inside a layer", () => {
  it.each<[string, (layer: Layer) => unknown]>([
    ["parts", (layer) => layer],
    ["parts/a", (a) => ({ a })],
    ["parts/0/1", (layer) => [[null, layer]]],
    ["parts/a/b/0", (layer) => ({ a: { b: [layer] } })],
    ["parts/left", (layer) => new Map([["left", layer]])],
    ["parts/0", (layer) => new Map([[{}, layer]])],
    ["parts/0", (layer) => new Set([layer])],
    ["parts/a", (a) => Object.assign(Object.create(null), { a })],
    ["parts/0", (layer) => [layer, layer, { again: layer }]],
  ])("are found at %s, trained and saved", async (path, hold) => {
    const model = holding(hold);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit(ones([4, 2]), ones([4, 1]), { verbose: 0 });
    expect(paths(model)).toEqual([`${path}/kernel`, `${path}/bias`]);
    expect(model.trainableWeights.length).toBe(2);
    expect(model.weights[1].item()).not.toBe(0);
    model.trainable = false;
    expect(model.trainableWeights).toEqual([]);
    const other = holding(hold);
    other.apply(ones([1, 2]));
    other.importWeights(model.exportWeights());
    expect(other.weights.map((w) => w.data())).toEqual(model.weights.map((w) => w.data()));
  });

  it("are found in cyclic and large data too, and what is no layer is passed over", () => {
    const model = holding((layer) => {
      const ring: { layer: Layer; self?: object } = { layer };
      ring.self = ring;
      return [
        ring,
        new Float32Array(8),
        "text",
        null,
        undefined,
        () => layer,
        new ArrayData(new Float32Array(2), [2], "f32"),
      ];
    });
    model.apply(ones([1, 2]));
    expect(paths(model)).toEqual(["parts/0/layer/kernel", "parts/0/layer/bias"]);
  });

  it("of subclasses of functional and sequential models count beside those drawn", () => {
    class Drawn extends Model {
      readonly extra: Layer[] = [dense({ units: 1, inputShape: [1] })];
      constructor() {
        const x = layers.input({ shape: [2] });
        super({ inputs: x, outputs: dense({ units: 1 }).apply(x) });
      }
    }
    class Row extends Sequential {
      readonly extra: { head: Layer } = { head: dense({ units: 1 }) };
    }
    const drawn = new Drawn();
    drawn.extra[0].ensureBuilt([1]);
    expect(paths(drawn)).toEqual(["layers/0/kernel", "layers/0/bias", "extra/0/kernel", "extra/0/bias"]);
    const row = new Row([dense({ units: 1, inputShape: [2] })]);
    row.extra.head.ensureBuilt([1]);
    expect(paths(row)).toEqual(["layers/0/kernel", "layers/0/bias", "extra/head/kernel", "extra/head/bias"]);
  });

  it("count once where they are shared, at their first place, and so do their penalties", () => {
    const shared = dense({ units: 2, kernelRegularizer: { l2: 1 }, kernelInitializer: "ones" });
    const model = new Sequential([
      new Sequential([shared]),
      layers.timeDistributed({ layer: new Sequential([dense({ units: 2 })]) }),
      new Sequential([shared]),
    ]);
    model.ensureBuilt([3, 2]);
    expect(paths(model)).toEqual([
      "layers/0/layers/0/kernel",
      "layers/0/layers/0/bias",
      "layers/1/layer/layers/0/kernel",
      "layers/1/layer/layers/0/bias",
    ]);
    expect(model.penalties().map((x) => x.item())).toEqual([4]);
  });

  it("may be named by an override where properties do not show them", () => {
    class Hidden extends Layer {
      readonly #inner = dense({ units: 1 });
      override sublayers(): Layer[] {
        return [this.#inner];
      }
      override outputShape(): number[] {
        return [1];
      }
      call(x: AnyTensor): Tensor {
        return this.#inner.apply(x);
      }
    }
    const layer = new Hidden("hidden");
    layer.apply(ones([1, 2]));
    expect(paths(layer)).toEqual(["sublayers/0/kernel", "sublayers/0/bias"]);
  });
});

describe("variables that a subclass keeps in properties", () => {
  class Scaled extends Layer {
    readonly scale: Variable = variable(tensor([2]));
    readonly fixed: { bias: Variable } = { bias: variable(tensor([1]), { trainable: false }) };
    call(x: AnyTensor): Tensor {
      return (x as Tensor).mul(this.scale).add(this.fixed.bias);
    }
  }

  it("are weights: trained, saved, frozen and freed with it", async () => {
    const layer = new Scaled("scaled");
    const model = new Sequential([layer]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit(ones([4, 1]), zeros([4, 1]), { verbose: 0 });
    expect(layer.scale.item()).toBeLessThan(2);
    expect(paths(model)).toEqual(["layers/0/scale", "layers/0/fixed/bias"]);
    expect(model.trainableWeights).toEqual([layer.scale]);
    model.trainable = false;
    expect(model.trainableWeights).toEqual([]);
    model.trainable = true;
    expect(model.trainableWeights).toEqual([layer.scale]);
    model.dispose();
    expect(layer.scale.disposed && layer.fixed.bias.disposed).toBe(true);
  });
});

describe("a layer that the caller does not hold", () => {
  class Secret extends Model {
    readonly #hidden = dense({ units: 1, name: "hidden" });
    readonly noWeights: () => Layer = () => layers.relu();
    constructor() {
      super({}, "secret");
    }
    override call(x: AnyTensor): Tensor {
      return this.noWeights()
        .apply(x)
        .add(this.#hidden.apply(x) as Tensor);
    }
  }
  const message = "secret: call used hidden, which is not among the layers of secret; keep it in a property";

  it("is an error, in training and without", async () => {
    expect(() => new Secret().apply(ones([1, 2]))).toThrow(message);
    await expect(new Secret().predict(ones([1, 2]))).rejects.toThrow(StateError);
    const model = new Sequential([new Secret()], { name: "outer" });
    model.compile({ loss: "mse" });
    await expect(model.fit(ones([1, 2]), ones([1, 1]), { verbose: 0 })).rejects.toThrow(
      "outer: call used hidden, which is not among the layers of outer; keep it in a property",
    );
  });

  it("is an error in a lambda, unless the model around it holds the layer", () => {
    const inner = dense({ units: 1 });
    const lambda = layers.lambda({ function: (x: Tensor) => inner.apply(x) });
    expect(() => new Sequential([lambda]).apply(ones([1, 2]))).toThrow("keep it in a property");
    class Owner extends Model {
      readonly inner = inner;
      readonly row = new Sequential([lambda]);
      override call(x: AnyTensor): Tensor {
        return this.row.apply(x);
      }
    }
    expect(new Owner().apply(ones([1, 2])).shape).toEqual([1, 1]);
  });
});

describe("a model inside itself", () => {
  it.each<[string, (model: Model & { inner?: unknown }) => void]>([
    ["inner", (model) => void (model.inner = model)],
    ["inner/0/a", (model) => void (model.inner = [{ a: model }])],
    ["inner/layers/0", (model) => void (model.inner = new Sequential([model]))],
  ])("is refused, at %s", async (path, contain) => {
    class Own extends Model {
      inner: unknown;
      override call(x: AnyTensor): Tensor {
        return x as Tensor;
      }
    }
    const model = new Own({ name: "own" });
    contain(model);
    const message = `own: a layer must not contain itself, got own again at ${path}`;
    expect(() => model.weights).toThrow(message);
    expect(() => (model.trainable = false)).toThrow(ArgumentError);
    await expect(model.predict(ones([1, 2]))).rejects.toThrow(message);
    model.dispose();
  });
});

/** Models of one structure, made by the same code. */
function network(units = 3): Sequential {
  const inner = new Sequential([dense({ units }), layers.batchNormalization()]);
  return new Sequential([
    dense({ units, inputShape: [2], kernelInitializer: "glorotNormal" }),
    inner,
    dense({ units: 1 }),
  ]);
}

const values = (layer: Layer): number[][] => layer.weights.map((w) => [...w.data()]);

describe("build, called by hand", () => {
  it("makes the weights once, and the shape is checked", () => {
    const layer = dense({ units: 1 });
    layer.build([2]);
    expect(layer.built).toBe(true);
    layer.build([2]);
    layer.apply(ones([1, 2]));
    expect(layer.weights.length).toBe(2);
    expect(() => layer.build([3])).toThrow(ShapeError);
  });
});

describe("weights", () => {
  it("go from one model to another as a list", () => {
    const [a, b] = [network(), network()];
    expect(values(b)).not.toEqual(values(a));
    const list = a.getWeights();
    b.setWeights(list);
    expect(values(b)).toEqual(values(a));
    expect(list.map((w) => w.shape)).toEqual(a.weights.map((w) => w.shape));
    b.weights[0].assign(zeros(b.weights[0].shape));
    expect([...list[0].data()]).toEqual(values(a)[0]);
  });

  it("are taken from nested lists and from numbers with their shape", () => {
    const layer = dense({ units: 2 });
    layer.ensureBuilt([1]);
    layer.setWeights([[[1, 2]], new ArrayData(Float32Array.of(3, 4), [2], "f32")]);
    expect(values(layer)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("that do not fit are refused by path, and nothing changes", () => {
    const model = network();
    const before = values(model);
    const list = model.getWeights();
    expect(() => model.setWeights(list.slice(1))).toThrow("there must be 10 weights, got 9");
    const wrong = [...list.slice(0, 9), zeros([2])];
    expect(() => model.setWeights([zeros([2, 3]), ...wrong.slice(1)])).toThrow(
      expect.objectContaining({
        name: "ShapeError",
        message: "setWeights: layers/2/bias must be f32 [1], got f32 [2]",
      }),
    );
    expect(() => model.setWeights([...list.slice(0, 9), zeros([1], "i32") as never])).toThrow(ShapeError);
    expect(() => model.setWeights([...list.slice(0, 9), 3 as never])).toThrow(ArgumentError);
    expect(() => model.setWeights(undefined as never)).toThrow(ArgumentError);
    expect(values(model)).toEqual(before);
    expect(() => dense({ units: 1 }).setWeights([])).toThrow(StateError);
  });

  it("are copied by structure, averages too, and layers here are built as those there", () => {
    const source = network();
    source.apply(ones([4, 2]), { training: true });
    const target = new Sequential([
      dense({ units: 3 }),
      new Sequential([dense({ units: 3 }), layers.batchNormalization()]),
      dense({ units: 1 }),
    ]);
    target.copyWeightsFrom(source);
    expect(values(target)).toEqual(values(source));
    expect(target.weights.some((w) => source.weights.includes(w))).toBe(false);
  });

  it("of layers inside a model that only a call would build are copied too", () => {
    const [a, b] = [holding((layer) => ({ layer })), holding((layer) => ({ layer }))];
    a.apply(ones([1, 2]));
    b.copyWeightsFrom(a);
    expect(values(b)).toEqual(values(a));
  });

  it("go between a sequential model and the same chain drawn", () => {
    const row = new Sequential([dense({ units: 2, inputShape: [3] }), dense({ units: 1 })]);
    const x = layers.input({ shape: [3] });
    const drawn = new Model({ inputs: x, outputs: dense({ units: 1 }).apply(dense({ units: 2 }).apply(x)) });
    drawn.copyWeightsFrom(row);
    expect(values(drawn)).toEqual(values(row));
    drawn.weights[0].assign(zeros([3, 2]));
    row.importWeights(drawn.exportWeights());
    expect(values(drawn)).toEqual(values(row));
  });

  it("follow softly with tau, also in a captured step", () => {
    const [online, target] = [network(), network()];
    const expected = values(target).map((row, i) => row.map((x, j) => 0.25 * values(online)[i][j] + 0.75 * x));
    target.copyWeightsFrom(online, { tau: 0.25 });
    values(target).forEach((row, i) => void row.forEach((x, j) => void expect(x).toBeCloseTo(expected[i][j], 6)));
    const follow = capture(() => noGrad(() => void target.copyWeightsFrom(online, { tau: 0.5 })));
    for (let i = 0; i < 30; i++) follow();
    values(target).forEach((row, i) => void row.forEach((x, j) => void expect(x).toBeCloseTo(values(online)[i][j], 6)));
    target.copyWeightsFrom(network(), { tau: 0 });
    for (const tau of [-0.1, 1.1, Number.NaN])
      expect(() => target.copyWeightsFrom(online, { tau })).toThrow("tau must be");
  });

  it("of layers that both models have are read before one changes", () => {
    const [a, b] = [1, 2].map((x) =>
      dense({ units: 1, inputShape: [1], kernelInitializer: { name: "constant", value: x } }),
    );
    const one = new Sequential([a, b]);
    const other = new Sequential([b, a]);
    one.copyWeightsFrom(other);
    expect(values(one)).toEqual([[2], [0], [1], [0]]);
  });

  it("of another structure or size are refused by path, and nothing changes", () => {
    const model = network();
    const before = values(model);
    expect(() => model.copyWeightsFrom(network(4))).toThrow(
      "copyWeightsFrom: layers/0/kernel must be f32 [2, 3], got f32 [2, 4]",
    );
    expect(() => model.copyWeightsFrom(new Sequential([dense({ units: 3, inputShape: [2] })]))).toThrow(
      /must have the structure of .*, got 10 and 2 weights, and layers\/1\/layers\/0\/kernel in one of them only/,
    );
    expect(() => model.copyWeightsFrom({} as never)).toThrow(ArgumentError);
    expect(() => dense({ units: 1 }).copyWeightsFrom(dense({ units: 1 }))).toThrow(StateError);
    expect(values(model)).toEqual(before);
  });
});
