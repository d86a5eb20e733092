// Lists among options stay their owner's: what becomes of them later does not reach the layer that was made from them.
import { expect, it } from "vitest";
import { constraints, layers, Model, ones, Sequential, type Tensor, variable } from "../../ts/index.ts";
import type { Shapes } from "../../ts/layers/shapes.ts";

type Make = (options: never) => layers.Layer;

const image = [6, 6, 2];
const rows: [name: string, make: Make, options: object, input: Shapes][] = [
  ["inputShape", layers.dense as Make, { units: 1, inputShape: [3] }, [3]],
  ["axis of a constraint", layers.dense as Make, { units: 1, kernelConstraint: { name: "maxNorm", axis: [0] } }, [3]],
  ["sharedAxes", layers.prelu as Make, { sharedAxes: [1, 2] }, image],
  ["targetShape", layers.reshape as Make, { targetShape: [9, -1] }, image],
  ["dims", layers.permute as Make, { dims: [2, 1, 3] }, image],
  ["a conv's window", layers.conv2d as Make, { filters: 1, kernelSize: [2, 3], strides: [2, 1] }, image],
  ["dilationRate", layers.conv2d as Make, { filters: 1, kernelSize: [2, 2], dilationRate: [2, 1] }, image],
  [
    "a transposed window",
    layers.conv2dTranspose as Make,
    { filters: 1, kernelSize: [2, 2], strides: [2, 2], outputPadding: [1, 0] },
    image,
  ],
  ["a depthwise window", layers.depthwiseConv2d as Make, { kernelSize: [2, 3] }, image],
  ["a separable window", layers.separableConv2d as Make, { filters: 2, kernelSize: [2, 3] }, image],
  ["a recurrent window", layers.convLstm2d as Make, { filters: 1, kernelSize: [2, 2], strides: [1, 2] }, [2, ...image]],
  ["poolSize", layers.maxPooling2d as Make, { poolSize: [2, 3], strides: [1, 2] }, image],
  ["outputSize", layers.adaptiveMaxPooling2d as Make, { outputSize: [2, 3] }, image],
  ["size", layers.upSampling2d as Make, { size: [1, 2] }, image],
  [
    "padding",
    layers.zeroPadding2d as Make,
    {
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
    image,
  ],
  ["cropping", layers.cropping2d as Make, { cropping: [[1, 0], 1] }, image],
  ["cropping of sequences", layers.cropping1d as Make, { cropping: [1, 2] }, [6, 2]],
  [
    "axes",
    layers.dot as Make,
    { axes: [1, 2] },
    [
      [3, 4],
      [4, 3],
    ],
  ],
  [
    "an equation's outputShape",
    layers.einsumDense as Make,
    { equation: "abc,cd->abd", outputShape: [null, 3] },
    [2, 4],
  ],
  [
    "attention's axes",
    layers.multiHeadAttention as Make,
    { numHeads: 1, keyDim: 2, attentionAxes: [2], outputShape: [3] },
    [2, 3, 4],
  ],
  ["statistics", layers.normalization as Make, { axis: [-1], mean: [1, 2], variance: [1, 2] }, image],
  ["axis of a length", layers.unitNormalization as Make, { axis: [1, 2] }, image],
  ["a lambda's outputShape", layers.lambda as Make, { function: (x: Tensor) => x, outputShape: [3] }, [3]],
  ["noiseShape", layers.dropout as Make, { rate: 0.5, seed: 1, noiseShape: [null, 3] }, [3]],
  ["noiseShape of alpha dropout", layers.alphaDropout as Make, { rate: 0.5, seed: 1, noiseShape: [1, 3] }, [3]],
];

/** Writes into all lists and records. */
function spoil(value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach(spoil);
    value.reverse().fill(77).push(99);
  } else if (value?.constructor === Object) {
    for (const [name, item] of Object.entries(value)) {
      spoil(item);
      if (name !== "function") Reflect.set(value, name, "spoiled");
    }
  }
}

const inputs = (shape: Shapes): Tensor | Tensor[] =>
  Array.isArray(shape[0]) ? shape.map((one) => ones([2, ...(one as number[])])) : ones([2, ...(shape as number[])]);

it.each(rows)("%s", (_, make, options, shape) => {
  const clean = make(cloned(options) as never);
  const layer = make(options as never);
  const given = structuredClone(shape) as number[];
  spoil(options);
  layer.ensureBuilt(given);
  clean.ensureBuilt(shape);
  spoil(given);
  if (clean.weights.length > 0) layer.copyWeightsFrom(clean);
  const apply = (one: layers.Layer): number[][] =>
    one.applyAll(inputs(shape), { training: true }).map((y) => [...y.shape, ...y.data()]);
  const expected = apply(clean);
  expect(apply(layer)).toEqual(expected);
  expect(String(layer).replace(/^\S+/, "")).toBe(String(clean).replace(/^\S+/, ""));
  if (layer.kind === "lambda") return;
  const { name: _name, ...config } = layer.config();
  expect(config).toEqual((({ name: _name, ...rest }) => rest)(clean.config()));
  // What it tells is a copy as well.
  spoil(layer.config());
  expect(layer.config()).toMatchObject(config);
  expect(layer.copy().outputShape(shape)).toEqual(clean.outputShape(shape));
});

function cloned(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "function" ? value : structuredClone(value),
    ]),
  );
}

it("lists of layers, cells, inputs and results", () => {
  const cells = [layers.lstmCell({ units: 2 }), layers.lstmCell({ units: 3 })];
  const stacked = layers.rnn({ cell: layers.stackedRnnCells({ cells }) });
  cells.pop();
  expect(stacked.outputShape([4, 1])).toEqual([3]);
  const list = [layers.dense({ units: 2 }), layers.dense({ units: 3 })];
  const row = new Sequential(list);
  list.pop();
  expect(row.outputShape([1])).toEqual([3]);
  const shape = [4];
  const ins = [layers.input({ shape }), layers.input({ shape })];
  shape[0] = 5;
  const outs = [layers.add().apply(ins)];
  const model = new Model({ inputs: ins, outputs: outs });
  ins.pop();
  outs.pop();
  expect(model.applyAll([ones([1, 4]), ones([1, 4])]).map((y) => y.shape)).toEqual([[1, 4]]);
});

it("axes of a constraint that was made by hand", () => {
  const axis = [0];
  const weight = variable(ones([4, 4]));
  for (const make of [constraints.maxNorm, constraints.unitNorm, constraints.minMaxNorm]) {
    const limit = make({ axis });
    const before = limit(weight).array();
    axis[0] = 1;
    axis.push(0);
    expect(limit(weight).array()).toEqual(before);
    axis.splice(0, 2, 0);
  }
});
