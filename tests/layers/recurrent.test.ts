// What recurrent layers do beside the table of layers and the values of recurrent-golden.test.ts.
import { beforeEach, describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad, valueAndGrad } from "../../ts/autograd/grad.ts";
import * as layers from "../../ts/layers/index.ts";
import { meanSquaredError } from "../../ts/losses/index.ts";
import { add, mul, sub } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { flip, reshape, slice } from "../../ts/ops/layout.ts";
import { matmul } from "../../ts/ops/matmul.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { Shape } from "../../ts/tensor/shape.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import type { Variable } from "../../ts/tensor/variable.ts";
import { Sequential } from "../../ts/train/sequential.ts";
import { expectClose, spread } from "./close.ts";

const makers = { simpleRnn: layers.simpleRnn, lstm: layers.lstm, gru: layers.gru };
const names = ["simpleRnn", "lstm", "gru"] as const;

beforeEach(layers.resetLayerNames);

const bits = (x: Tensor): Uint8Array => new Uint8Array(x.data().slice().buffer);

/** Gives a layer weights that are the same in every run. */
function settle<L extends layers.Layer>(layer: L, inputShape: Shape): L {
  layer.ensureBuilt(inputShape);
  for (const [i, weight] of layer.weights.entries()) weight.assign(spread(weight.shape, { seed: i + 2 }));
  return layer;
}

describe("stateful layers", () => {
  const x = spread([2, 6, 3]);
  const parts = [slice(x, [0, 0, 0], [2, 4, 3]), slice(x, [0, 4, 0], [2, 2, 3])];

  it.each(names)("%s goes on where the last batch ended", (name) => {
    const whole = settle(makers[name]({ units: 2 }), [6, 3]);
    const layer = settle(makers[name]({ units: 2, stateful: true }), [4, 3]);
    layer.apply(parts[0]);
    expectClose(layer.apply(parts[1]).data(), whole.apply(x).data());
    layer.resetStates();
    expectClose(layer.apply(x).data(), whole.apply(x).data());
  });

  it("does so captured, and keeps the gradient to its own batch", () => {
    const run = (wrap: <F extends (x: Tensor) => Tensor>(f: F) => (x: Tensor) => Tensor): Uint8Array[] => {
      const layer = settle(layers.gru({ units: 2, stateful: true, name: "gru" }), [6, 3]);
      const step = wrap((input: Tensor) => {
        const gradient = grad((kernel: Tensor) => sum(add(layer.apply(input), mul(sum(kernel), 0))));
        return gradient(layer.weights[0]);
      });
      return [1, 2, 3].map(() => bits(step(x)));
    };
    const eager = run((f) => f);
    expect(run((f) => capture(f))).toEqual(eager);
    expect(eager[0]).not.toEqual(eager[1]);
  });

  it("takes states, and refuses batches of another size", () => {
    const layer = settle(layers.gru({ units: 2, stateful: true }), [6, 3]);
    const start = spread([2, 2]);
    layer.resetStates([start]);
    const other = settle(layers.gru({ units: 2 }), [6, 3]);
    expectClose(layer.apply(x).data(), other.apply([x, start]).data());
    expect(() => layer.apply(zeros([3, 6, 3]))).toThrow("gru: the batches of a stateful layer must have one size");
    expect(() => other.resetStates()).toThrow(expect.objectContaining({ name: "StateError" }));
  });
});

describe("dropout", () => {
  const options = { units: 4, dropout: 0.5, recurrentDropout: 0.5, seed: 3, returnSequences: true } as const;

  it.each(names)("of %s draws anew for each batch, and only in training", (name) => {
    const layer = settle(makers[name](options), [5, 3]);
    const plain = settle(makers[name]({ units: 4, returnSequences: true }), [5, 3]);
    const x = spread([2, 5, 3]);
    expectClose(layer.apply(x).data(), plain.apply(x).data());
    const drawn = [1, 2].map(() => bits(layer.apply(x, { training: true })));
    expect(drawn[0]).not.toEqual(drawn[1]);
  });

  it("drops the same features at every step", () => {
    const layer = layers.simpleRnn({ units: 3, activation: "linear", dropout: 0.5, seed: 3, returnSequences: true });
    layer.ensureBuilt([4, 3]);
    const [kernel, recurrent] = layer.weights;
    kernel.assign([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    recurrent.assign(zeros([3, 3]));
    const y = layer
      .apply(tensor(new Float32Array(12).fill(1), { shape: [1, 4, 3] }), { training: true })
      .array() as number[][][];
    for (const step of y[0]) expect(step).toEqual(y[0][0]);
    expect(new Set(y[0][0])).toEqual(new Set([0, 2]));
  });
});

describe("initial weights", () => {
  it("the forget gate's bias is 1, the recurrent kernel is orthogonal", () => {
    const { cell } = layers.lstm({ units: 3 });
    const lstm = cell as layers.LSTMCell;
    lstm.ensureBuilt([[2], [3], [3]]);
    expect([...(lstm.bias as Variable).data()]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    const product = matmul(lstm.recurrentKernel, lstm.recurrentKernel, { transposeB: true });
    expectClose(product.data(), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const plain = layers.lstmCell({ units: 1, unitForgetBias: false, biasInitializer: "ones" });
    plain.ensureBuilt([[2], [1], [1]]);
    expect([...(plain.bias as Variable).data()]).toEqual([1, 1, 1, 1]);
  });

  it("have the regularizers and constraints given", () => {
    const half = (weight: Tensor): Tensor => mul(weight, 0.5);
    const layer = layers.gru({
      units: 2,
      kernelRegularizer: "l2",
      recurrentRegularizer: "l1",
      biasRegularizer: "l2",
      kernelConstraint: half,
      recurrentConstraint: half,
      biasConstraint: half,
    });
    layer.ensureBuilt([3, 2]);
    expect(layer.penalties().length).toBe(3);
    for (const weight of layer.weights) expect(weight.constraint).toBe(half);
  });
});

/** A cell of one's own: states of its own shapes, an output that is none of them. */
class Average extends layers.RecurrentCell {
  constructor() {
    super("average");
  }

  override stateShapes(inputShape: Shape): Shape[] {
    return [inputShape, [1]];
  }

  call([x, total, count]: readonly Tensor[]): Tensor[] {
    const [sums, steps] = [add(total, x), add(count, 1)];
    return [mul(sums, 2), sums, steps];
  }
}

describe("rnn", () => {
  it("takes cells of one's own", () => {
    const layer = layers.rnn({ cell: new Average(), returnState: true });
    const [output, sums, steps] = layer.applyAll(tensor([1, 2, 3, 4, 5, 6], { shape: [1, 3, 2] }));
    expect(output.array()).toEqual([[18, 24]]);
    expect(sums.array()).toEqual([[9, 12]]);
    expect(steps.array()).toEqual([[3]]);
  });

  it("a cell alone is one step of it", () => {
    const layer = settle(layers.lstm({ units: 2, returnState: true }), [1, 3]);
    const [x, h, c] = [spread([2, 1, 3]), spread([2, 2], { seed: 5 }), spread([2, 2], { seed: 6 })];
    const all = layer.applyAll([x, h, c]);
    const one = layer.cell.applyAll([reshape(x, [2, 3]), h, c]);
    for (const [i, y] of all.entries()) expectClose(one[i].data(), y.data());
  });

  it("stacked cells all learn, step by step as in one launch", () => {
    const make = (unroll: boolean) => {
      const cells = [layers.lstmCell({ units: 3 }), layers.simpleRnnCell({ units: 2 })];
      return settle(layers.rnn({ cell: layers.stackedRnnCells({ cells }), unroll }), [4, 2]);
    };
    const x = spread([3, 4, 2]);
    const gradients = [make(false), make(true)].map((layer) =>
      grad((_: readonly Tensor[]) => sum(layer.apply(x)))(layer.weights as readonly Tensor[]),
    );
    expect(gradients[0].length).toBe(6);
    for (const [i, gradient] of gradients[0].entries()) expectClose(gradient.data(), gradients[1][i].data());
  });
});

describe("bidirectional", () => {
  it("runs a layer of one's own backwards", () => {
    const layer = layers.lstm({ units: 2, returnSequences: true });
    const backwardLayer = layers.gru({ units: 2, returnSequences: true, goBackwards: true });
    const both = settle(layers.bidirectional({ layer, backwardLayer, mergeMode: null }), [3, 2]);
    const x = spread([2, 3, 2]);
    const [forward, backward] = both.applyAll(x);
    expect(bits(both.forwardLayer.apply(x))).toEqual(bits(forward));
    expect(bits(flip(both.backwardLayer.apply(x), 1))).toEqual(bits(backward));
    expect(both.outputShape([3, 2])).toEqual([
      [3, 2],
      [3, 2],
    ]);
  });

  it("hands on states", () => {
    const layer = layers.gru({ units: 2, returnState: true });
    const both = settle(layers.bidirectional({ layer }), [3, 2]);
    const results = both.applyAll([spread([1, 3, 2]), spread([1, 2]), spread([1, 2], { seed: 4 })]);
    expect(results.map(({ shape }) => shape)).toEqual([
      [1, 4],
      [1, 2],
      [1, 2],
    ]);
  });
});

it("timeDistributed applies one layer to all steps, and learns", () => {
  const layer = layers.timeDistributed({ layer: layers.dense({ units: 2 }) });
  const x = spread([3, 4, 5]);
  const target = spread([3, 4, 2], { seed: 3 });
  layer.ensureBuilt([4, 5]);
  const losses = Array.from({ length: 4 }, () => {
    const [loss, gradients] = valueAndGrad((_: readonly Tensor[]) => meanSquaredError(target, layer.apply(x)))(
      layer.trainableWeights as readonly Tensor[],
    );
    for (const [i, weight] of layer.trainableWeights.entries()) weight.assign(sub(weight, mul(gradients[i], 0.1)));
    return loss.item();
  });
  for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1]);
});

it("a model of two layers under a mask learns to count", async () => {
  const model = new Sequential([
    layers.masking({ inputShape: [5, 1] }),
    layers.lstm({ units: 8, returnSequences: true }),
    layers.gru({ units: 8 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const rows = Array.from({ length: 32 }, (_, row) => Array.from({ length: 5 }, (_, t) => (t < 1 + (row % 5) ? 1 : 0)));
  const x = tensor(rows.flat(), { shape: [32, 5, 1] });
  const y = tensor(
    rows.map((row) => row.filter((x) => x === 1).length / 5),
    { shape: [32, 1] },
  );
  const { history } = await model.fit(x, y, { epochs: 30, batchSize: 16, verbose: 0 });
  expect(history.loss[29]).toBeLessThan(0.2 * history.loss[0]);
});

describe("what does not fit is an error", () => {
  const wrong: [string, string, () => unknown][] = [
    ["ArgumentError", "lstm/lstm_cell: units must be a whole number", () => layers.lstm({ units: 0 })],
    ["ArgumentError", "dropout must be at least 0 and less than 1, got 1", () => layers.gru({ units: 1, dropout: 1 })],
    ["ArgumentError", "rnn: cell must be a recurrent cell, got undefined", () => layers.rnn({} as never)],
    ["ArgumentError", "stacked_rnn_cells: cells must be a list", () => layers.stackedRnnCells({ cells: [] })],
    ["ArgumentError", "bidirectional: layer must be a recurrent", () => layers.bidirectional({ layer: 3 } as never)],
    [
      "ArgumentError",
      "bidirectional: one layer must go backwards and one forwards",
      () => layers.bidirectional({ layer: layers.gru({ units: 1 }), backwardLayer: layers.gru({ units: 1 }) }),
    ],
    [
      "ArgumentError",
      "bidirectional: mergeMode must be concat, sum, mul, ave or null, got max",
      () => layers.bidirectional({ layer: layers.gru({ units: 1 }), mergeMode: "max" as never }),
    ],
    ["ArgumentError", "time_distributed: layer must be a layer", () => layers.timeDistributed({} as never)],
    [
      "ShapeError",
      "gru: inputs must have an axis of at least one step",
      () => layers.gru({ units: 1 }).apply(zeros([2, 3])),
    ],
    [
      "ShapeError",
      "lstm: the states given must have shapes [2], [2] for each example, got [2]",
      () => layers.lstm({ units: 2 }).apply([zeros([1, 3, 2]), zeros([1, 2])]),
    ],
  ];
  it.each(wrong)("%s %s", (name, message, f) => {
    layers.resetLayerNames();
    expect(f).toThrow(message);
    expect(f).toThrow(expect.objectContaining({ name }));
  });
});
