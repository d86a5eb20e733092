// What every layer must do, derived from a table: shapes, names, gradients, training, capture, freezing, saving; then
// what each does by itself. Values are compared with PyTorch in golden.test.ts.
import { beforeEach, describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { checkGradient } from "../../ts/autograd/check.ts";
import { valueAndGrad } from "../../ts/autograd/grad.ts";
import * as layers from "../../ts/layers/index.ts";
import { isShapeList } from "../../ts/layers/shapes.ts";
import { meanSquaredError } from "../../ts/losses/index.ts";
import { mul, sub } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { seed } from "../../ts/ops/random.ts";
import { mean } from "../../ts/ops/reduce.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { Shape } from "../../ts/tensor/shape.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";
import type { Case } from "./cases/case.ts";
import { cases } from "./cases/index.ts";
import { expectClose, spread } from "./close.ts";

const BATCH = 4;

/** The shapes of a row's inputs, each alone. */
function shapesOf({ input }: Case): readonly Shape[] {
  return isShapeList(input) ? input : [input];
}

/** A tensor, or a list where the layer takes several. */
function given(row: Case, list: readonly AnyTensor[]): layers.Inputs {
  return isShapeList(row.input) ? list : list[0];
}

/** Batches for a layer: floats well apart from each other, or ids. */
function inputsFor(row: Case): AnyTensor[] {
  return shapesOf(row).map((one, i) => {
    const shape = [BATCH, ...one];
    const size = shape.reduce((a, b) => a * b, 1);
    if (row.ids) {
      return tensor(
        Int32Array.from({ length: size }, (_, at) => (at * 5) % 7),
        { shape },
      );
    }
    const values = Float32Array.from(
      { length: size },
      (_, at) => ((((at + 3 * i) * 37) % size) - size / 2) / (size / 4) + 0.013 * (i + 1),
    );
    return tensor(values, { shape });
  });
}

/** A step down the gradients. */
function descend(weights: readonly Variable[], gradients: readonly Tensor[]): void {
  for (const [i, weight] of weights.entries()) weight.assign(sub(weight, mul(gradients[i], 0.05)));
}

const isPlain = (row: Case): boolean => !row.ids;
const training = { training: true };
const bits = (x: AnyTensor): Uint8Array => new Uint8Array(x.data().slice().buffer);
const factories: Record<string, unknown> = { ...layers };

beforeEach(layers.resetLayerNames);

describe.each(Object.entries(cases))("%s", (kind, row) => {
  it("has the output shape and the weights it says, for any batch", () => {
    const layer = row.make();
    expect(layer.kind).toBe(kind);
    expect(layer.name).toBe(kind);
    expect(layer.built).toBe(false);
    expect(layer.outputShape(row.input)).toEqual(row.output);
    for (const batch of [2, 0, 1]) {
      const x = shapesOf(row).map((shape) => (row.ids ? zeros([batch, ...shape], "i32") : zeros([batch, ...shape])));
      expect(layer.apply(given(row, x)).shape).toEqual([batch, ...row.output]);
    }
    expect(layer.built).toBe(true);
    expect(layer.outputShape(row.input)).toEqual(row.output);
    if (row.adapts) return;
    expect(Object.fromEntries(layer.weights.map(({ name, shape }) => [name, shape]))).toEqual(
      Object.fromEntries(Object.entries(row.weights ?? {}).map(([name, shape]) => [`${kind}/${name}`, shape])),
    );
  });

  it("has the gradients of finite differences", () => {
    const layer = row.make();
    const context = { training: !row.random && !row.adapts };
    const x = inputsFor(row);
    const direction = spread([BATCH, ...row.output], { low: 0.5, high: 1.5 });
    layer.ensureBuilt(row.input);
    const wanted = [...(isPlain(row) ? (x as Tensor[]) : []), ...layer.trainableWeights];
    const { error } = checkGradient(
      (...values) =>
        sum(mul(layer.apply(given(row, isPlain(row) ? values.slice(0, x.length) : x), context), direction)),
      wanted,
    );
    expect(error).toBeLessThan(5e-3);
  });

  it("learns: three steps, each with a smaller loss", () => {
    const layer = row.make();
    layer.ensureBuilt(row.input);
    const x = inputsFor(row).map((input) => (isPlain(row) ? new Variable(input as Tensor) : input));
    const target = spread([BATCH, ...row.output]);
    // Without weights the inputs learn.
    const learned = layer.trainableWeights.length > 0 ? layer.trainableWeights : (x as Variable[]);
    const lossAndGradients = valueAndGrad((_: readonly Tensor[]) =>
      meanSquaredError(target, layer.apply(given(row, x))),
    );
    const losses = Array.from({ length: 4 }, () => {
      const [loss, gradients] = lossAndGradients(learned);
      descend(learned, gradients);
      return loss.item();
    });
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1]);
  });

  it("trains the same when captured, also when the captured step is what builds it", () => {
    const x = inputsFor(row);
    const target = spread([BATCH, ...row.output]);
    type Step = (...x: AnyTensor[]) => Tensor;
    const run = (wrap: (step: Step) => Step): Uint8Array[] => {
      seed(5);
      const layer = row.make();
      const step = wrap((...list) => {
        const inputs = given(row, list);
        layer.ensureBuilt(row.input);
        const weights = layer.trainableWeights;
        if (weights.length === 0) return layer.apply(inputs, training);
        const [loss, gradients] = valueAndGrad((_: readonly Tensor[]) =>
          meanSquaredError(target, layer.apply(inputs, training)),
        )(weights);
        descend(weights, gradients);
        return loss;
      });
      const results = [1, 2, 3].map(() => bits(step(...x)));
      return [...results, ...layer.weights.map(bits)];
    };
    expect(run(capture)).toEqual(run((step) => step));
  });

  it("stays as it is while frozen", () => {
    const layer = row.make();
    layer.trainable = false;
    layer.ensureBuilt(row.input);
    expect(layer.trainableWeights).toEqual([]);
    const before = layer.weights.map((weight) => weight.data());
    layer.apply(given(row, inputsFor(row)), training);
    if (!row.adapts) expect(layer.weights.map((weight) => weight.data())).toEqual(before);
    layer.trainable = true;
    const moving = layer.weights.filter(({ name }) => /moving|vectorU|seed|state/.test(name));
    expect(layer.trainableWeights.length).toBe(layer.weights.length - moving.length);
  });

  it("is made again from its config as JSON", () => {
    const layer = row.make();
    layer.ensureBuilt(row.input);
    const again = layers.fromConfig({ kind: layer.kind, config: JSON.parse(JSON.stringify(layer.config())) });
    expect(again.constructor).toBe(layer.constructor);
    expect(again.name).toBe(layer.name);
    expect(again.config()).toEqual(layer.config());
    again.ensureBuilt(row.input);
    for (const [i, weight] of layer.weights.entries()) again.weights[i].assign(weight);
    const x = given(row, inputsFor(row));
    expect(bits(again.apply(x))).toEqual(bits(layer.apply(x)));
  });

  it("frees its weights", () => {
    const layer = row.make();
    layer.ensureBuilt(row.input);
    layer.dispose();
    expect(layer.weights.every((weight) => weight.disposed)).toBe(true);
  });
});

it("has a factory for every class", () => {
  const name = (kind: string): string => kind.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const kind of Object.keys(cases)) expect(factories[name(kind)], kind).toBeTypeOf("function");
});

describe("inputs that do not fit are ShapeErrors naming the layer, before anything is computed", () => {
  const wrong: [string, () => layers.Layer, Shape][] = [
    [
      "dense: inputs must have an axis of features after the batch, got shape [batch]",
      () => layers.dense({ units: 2 }),
      [],
    ],
    [
      "conv2d: inputs must be images [batch, height, width, channels], got shape [batch, 28, 28]",
      () => layers.conv2d({ filters: 2, kernelSize: 3 }),
      [28, 28],
    ],
    [
      "conv2d: inputs must have channels in 2 equal groups, got shape [batch, 9, 9, 3]",
      () => layers.conv2d({ filters: 2, kernelSize: 3, groups: 2 }),
      [9, 9, 3],
    ],
    [
      "conv2d: a window must fit into the image, got windows of 5 for size 4",
      () => layers.conv2d({ filters: 2, kernelSize: 5 }),
      [4, 9, 3],
    ],
    ["depthwise_conv2d: inputs must be images", () => layers.depthwiseConv2d({ kernelSize: 3 }), [9]],
    ["conv2d_transpose: inputs must be images", () => layers.conv2dTranspose({ filters: 2, kernelSize: 3 }), [9, 9]],
    ["max_pooling2d: inputs must be images", () => layers.maxPooling2d(), [9]],
    ["max_pooling2d: a window must fit into the image", () => layers.maxPooling2d({ poolSize: 3 }), [2, 2, 1]],
    ["global_average_pooling2d: inputs must be images", () => layers.globalAveragePooling2d(), [9]],
    [
      "reshape: inputs must have as many numbers an example as [2, 5], got shape [batch, 9]",
      () => layers.reshape({ targetShape: [2, 5] }),
      [9],
    ],
    ["reshape: inputs must have as many", () => layers.reshape({ targetShape: [2, -1] }), [9]],
    ["batch_normalization: inputs must have an axis of channels", () => layers.batchNormalization(), []],
  ];
  it.each(wrong)("%s", (message, make, inputShape) => {
    const layer = make();
    expect(() => layer.outputShape(inputShape)).toThrow(message);
    expect(() => layer.apply(zeros([1, ...inputShape]))).toThrow(expect.objectContaining({ name: "ShapeError" }));
    expect(layer.built).toBe(false);
  });

  it("once built, also other sizes than those built for", () => {
    const built: [layers.Layer, Shape, Shape, string][] = [
      [
        layers.dense({ units: 2 }),
        [5],
        [6],
        "dense: inputs must keep the 5 features it was built for, got shape [batch, 6]",
      ],
      [
        layers.conv2d({ filters: 2, kernelSize: 3 }),
        [9, 9, 3],
        [9, 9, 4],
        "conv2d: inputs must keep the 3 channels it was built for",
      ],
      [layers.batchNormalization(), [3], [4], "batch_normalization: inputs must keep the 3 channels it was built for"],
    ];
    for (const [layer, first, second, message] of built) {
      layer.apply(zeros([1, ...first]));
      expect(() => layer.apply(zeros([1, ...second]))).toThrow(message);
    }
    const conv = layers.conv2d({ filters: 2, kernelSize: 3 });
    conv.apply(zeros([1, 9, 9, 3]));
    expect(conv.apply(zeros([1, 5, 6, 3])).shape).toEqual([1, 3, 4, 2]);
  });

  it("no batch axis, no tensor, the wrong dtype", () => {
    const dense = layers.dense({ units: 2 });
    expect(() => dense.apply(tensor(1))).toThrow("dense: inputs must have a batch axis, got shape []");
    expect(() => dense.apply([1, 2] as never)).toThrow("dense: inputs must be a tensor, got number");
    expect(() => dense.apply(zeros([2, 3], "u8"))).toThrow(expect.objectContaining({ name: "DtypeError" }));
    expect(() => layers.embedding({ inputDim: 3, outputDim: 2 }).apply(zeros([2]))).toThrow(
      "embedding: inputs must be i32, got f32",
    );
  });
});

describe("bad options are ArgumentErrors at construction", () => {
  const wrong: [string, () => unknown][] = [
    ["dense: units must be a whole number of at least 1, got 0", () => layers.dense({ units: 0 })],
    ["dense: units must be a whole number of at least 1, got undefined", () => layers.dense({} as never)],
    [
      "activation: the name must be one of linear, relu, relu6, leakyRelu, elu,",
      () => layers.dense({ units: 1, activation: "rellu" as never }),
    ],
    ['got "rellu"', () => layers.dense({ units: 1, activation: "rellu" as never })],
    [
      "initializer: the name must be one of zeros, ones,",
      () => layers.dense({ units: 1, kernelInitializer: "xavier" as never }),
    ],
    [
      "regularizer: the name must be one of l1, l2, l1l2",
      () => layers.dense({ units: 1, kernelRegularizer: "l3" as never }),
    ],
    ["conv2d: filters must be a whole number", () => layers.conv2d({ filters: 1.5, kernelSize: 3 })],
    [
      "conv2d: kernelSize must be one or two whole numbers",
      () => layers.conv2d({ filters: 1, kernelSize: [1, 2, 3] as never }),
    ],
    ["conv2d: strides must be", () => layers.conv2d({ filters: 1, kernelSize: 3, strides: 0 })],
    [
      "conv2d: padding must be valid or same, got full",
      () => layers.conv2d({ filters: 1, kernelSize: 3, padding: "full" as never }),
    ],
    [
      "conv2d: filters must be a multiple of groups, got 3 and 2",
      () => layers.conv2d({ filters: 3, kernelSize: 3, groups: 2 }),
    ],
    ["depthwise_conv2d: depthMultiplier must be", () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 0 })],
    ["max_pooling2d: poolSize must be", () => layers.maxPooling2d({ poolSize: 0 })],
    ["reshape: targetShape must hold sizes", () => layers.reshape({ targetShape: [-1, -1] })],
    ["reshape: targetShape must hold sizes", () => layers.reshape({} as never)],
    ["dropout: rate must be at least 0 and less than 1, got 1", () => layers.dropout({ rate: 1 })],
    ["embedding: inputDim must be", () => layers.embedding({ inputDim: 0, outputDim: 1 })],
    ["batch_normalization: momentum must be from 0 to 1, got 2", () => layers.batchNormalization({ momentum: 2 })],
    ["layer_normalization: epsilon must be at least 0, got -1", () => layers.layerNormalization({ epsilon: -1 })],
    ["layer: the name must be one of relu, leaky_relu,", () => layers.fromConfig({ kind: "loom", config: {} })],
  ];
  it.each(wrong)("%s", (message, make) => {
    layers.resetLayerNames();
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ name: "ArgumentError" }));
  });

  it("and so is an inputShape that is none, as a ShapeError", () => {
    expect(() => layers.flatten({ inputShape: [28, -1] })).toThrow(expect.objectContaining({ name: "ShapeError" }));
  });
});

describe("names", () => {
  it("count up by kind", () => {
    expect([layers.flatten(), layers.flatten(), layers.dense({ units: 1 })].map(({ name }) => name)).toEqual([
      "flatten",
      "flatten_1",
      "dense",
    ]);
  });

  it("can be given, and are in the weights' names", () => {
    const layer = layers.dense({ units: 1, name: "head", useBias: false });
    layer.ensureBuilt([2]);
    expect(layer.weights.map(({ name }) => name)).toEqual(["head/kernel"]);
  });
});

describe("dropout", () => {
  const x = spread([50, 40], { low: 1, high: 2 });

  it("drops in training alone, and keeps the mean", () => {
    const layer = layers.dropout({ rate: 0.25, seed: 5 });
    expect(layer.apply(x).data()).toEqual(x.data());
    const values = x.data();
    const dropped = layer.apply(x, training).data();
    dropped.forEach((value, i) => {
      if (value !== 0) expect(value).toBeCloseTo(values[i] / 0.75, 5);
    });
    const part = dropped.filter((value) => value === 0).length / dropped.length;
    expect(part).toBeGreaterThan(0.22);
    expect(part).toBeLessThan(0.28);
    expect(layer.apply(x, training).data()).not.toEqual(dropped);
    expect(layers.dropout({ rate: 0.25, seed: 5 }).apply(x, training).data()).toEqual(dropped);
  });

  it("draws anew at each replay", () => {
    const layer = layers.dropout({ rate: 0.5, seed: 5 });
    const step = capture((inputs: Tensor) => layer.apply(inputs, training));
    expect(step(x).data()).not.toEqual(step(x).data());
  });
});

describe("batch normalization", () => {
  it("moves its statistics in training alone, and uses the moving ones while frozen", () => {
    const layer = layers.batchNormalization({ momentum: 0.5, epsilon: 0 });
    const x = tensor([[0], [4]]);
    expectClose(layer.apply(x).data(), [0, 4]);
    expectClose(layer.apply(x, training).data(), [-1, 1]);
    expectClose(layer.movingMean.data(), [1]);
    expectClose(layer.movingVariance.data(), [2.5]);
    layer.trainable = false;
    expectClose(layer.apply(x, training).data(), [-1 / Math.sqrt(2.5), 3 / Math.sqrt(2.5)]);
    expectClose(layer.movingMean.data(), [1]);
  });

  it("goes without gamma and beta", () => {
    const layer = layers.batchNormalization({ center: false, scale: false });
    layer.apply(zeros([2, 3]));
    expect(layer.weights.map(({ name }) => name)).toEqual([
      "batch_normalization/movingMean",
      "batch_normalization/movingVariance",
    ]);
  });
});

describe("regularizers", () => {
  it("of trained weights are penalties", () => {
    const layer = layers.dense({
      units: 2,
      kernelInitializer: "ones",
      kernelRegularizer: { l2: 0.5 },
      biasInitializer: "ones",
      biasRegularizer: "l1",
    });
    layer.ensureBuilt([3]);
    expectClose(
      layer.penalties().map((penalty) => penalty.item()),
      [3, 0.02],
    );
    layer.trainable = false;
    expect(layer.penalties()).toEqual([]);
  });
});

describe("activations", () => {
  it("may be functions; those cannot be saved", () => {
    const layer = layers.dense({ units: 2, activation: (x) => mul(x, 2), kernelInitializer: "ones" });
    expect(layer.apply(tensor([[1, 2]])).data()).toEqual(Float32Array.of(6, 6));
    expect(() => layer.config()).toThrow(
      "dense: to be saved or sent, activation must be plain values or known by name, got function",
    );
  });
});

/** A layer of one's own: x scale, with a scale for each feature. */
class Scale extends layers.Layer {
  scale!: Variable;

  constructor(options: layers.LayerOptions & { start?: number } = {}) {
    super("scale", options);
    this.start = options.start ?? 1;
  }

  readonly start: number;

  override build(inputShape: Shape): void {
    this.scale = this.addWeight("scale", {
      shape: [inputShape[0]],
      initializer: { name: "constant", value: this.start },
      regularizer: "l2",
    });
  }

  call(x: AnyTensor): Tensor {
    return mul(this.floats(x), this.scale);
  }
}

/** Two layers in one. */
class Block extends layers.Layer {
  readonly scale = new Scale();
  readonly dense = layers.dense({ units: 3 });

  override sublayers(): layers.Layer[] {
    return [this.scale, this.dense];
  }

  override outputShape(inputShape: Shape): Shape {
    return this.dense.outputShape(inputShape);
  }

  call(x: AnyTensor): Tensor {
    return this.dense.apply(this.scale.apply(x));
  }
}

/** Says nothing about its shape, and changes it. */
class Mean extends layers.Layer {
  call(x: AnyTensor): Tensor {
    return mean(this.floats(x), -1);
  }
}

describe("a layer of one's own", () => {
  it("works like a built-in one", () => {
    const layer = new Scale({ start: 2 });
    const x = tensor([[1, 2, 3]]);
    expect(layer.apply(x).data()).toEqual(Float32Array.of(2, 4, 6));
    expect(layer.name).toBe("scale");
    expect(layer.weights.map(({ name }) => name)).toEqual(["scale/scale"]);
    expectClose(
      layer.penalties().map((penalty) => penalty.item()),
      [0.12],
    );
    const [, [gradient]] = valueAndGrad((_: readonly Tensor[]) => sum(layer.apply(x)))(layer.trainableWeights);
    expect(gradient.data()).toEqual(Float32Array.of(1, 2, 3));
    expect(layer.config()).toEqual({ name: "scale", trainable: true, start: 2 });
    expect(() => layers.fromConfig({ kind: "scale", config: layer.config() })).toThrow(
      "layer: the name must be one of",
    );
    layers.defineLayer("scale", Scale);
    expect((layers.fromConfig({ kind: "scale", config: layer.config() }) as Scale).start).toBe(2);
  });

  it("may hold others: their weights, penalties and freezing are its own", () => {
    const block = new Block("block");
    block.apply(zeros([2, 4]));
    expect(block.weights.map(({ name }) => name)).toEqual(["scale/scale", "dense/kernel", "dense/bias"]);
    expect(block.penalties().length).toBe(1);
    block.trainable = false;
    expect(block.trainableWeights).toEqual([]);
  });

  it("must say what shape it returns", () => {
    expect(() => new Mean("mean").apply(zeros([2, 3]))).toThrow(
      "mean: outputShape must give the shape of what call returns, got [batch, 3] and [2]",
    );
  });

  it("must start weights in the shape it asked for", () => {
    const layer = layers.dense({ units: 2, kernelInitializer: () => zeros([1]) });
    expect(() => layer.apply(zeros([1, 3]))).toThrow(
      "dense: the initializer of kernel must return shape [3, 2], got [1]",
    );
  });
});
