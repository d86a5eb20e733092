// What people bring of their own: data in lists, losses inside a model, figures, loops over batches.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArrayData,
  batches,
  type CallContext,
  CSVLogger,
  capture,
  crossValidate,
  EarlyStopping,
  FormatError,
  kFold,
  LambdaCallback,
  Layer,
  layers,
  Model,
  mean,
  optimizers,
  Sequential,
  ShapeError,
  square,
  sub,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../ts/index.ts";
import type { Inputs } from "../../ts/layers/layer.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-own-"));
afterAll(() => rmSync(folder, { recursive: true }));

const silent = { verbose: 0 } as const;
const dense = (): layers.Dense => layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" });

function line(): Sequential {
  const model = new Sequential([dense()]);
  model.compile({ optimizer: new optimizers.SGD({ learningRate: 0 }), loss: "mse" });
  return model;
}

describe("data", () => {
  it("may be nested lists and typed arrays wherever a model takes data", async () => {
    const model = line();
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const expected = [3, 7, 11];
    const typed = rows.map((row) => Float32Array.from(row));
    for (const x of [
      rows,
      typed,
      typed.map((row) => Float64Array.from(row)),
      tensor(rows),
      tensor(rows, { dtype: "f32" }),
    ]) {
      expect([...(await model.predict(x)).data()]).toEqual(expected);
    }
    for (const y of [
      [[3], [7], [12]],
      Float32Array.of(3, 7, 12),
      Int32Array.of(3, 7, 12),
      Float64Array.of(3, 7, 12),
      [3, 7, 12],
    ]) {
      expect((await model.evaluate(rows, y)).loss).toBeCloseTo(1 / 3);
      expect(model.testOnBatch(rows, y, { sampleWeight: [0, 0, 1] }).loss).toBeCloseTo(1 / 3);
      const { history } = await model.fit(rows, y, { ...silent, validationData: [rows.slice(0, 2), [3, 7]] });
      expect([history.loss[0], history.val_loss[0]]).toEqual([expect.closeTo(1 / 3), 0]);
      expect(model.trainOnBatch(rows, y).loss).toBeCloseTo(1 / 3);
    }
    await expect(model.predict([[1, 2], [3]])).rejects.toThrow(ShapeError);
    await expect(model.predict("rows" as never)).rejects.toThrow("got string; lists and typed arrays do too");
    await expect(model.predict([])).rejects.toThrow("at least one example");
  });

  it("of several outputs are asked for by their names", async () => {
    const x = layers.input({ shape: [2] });
    const outputs = ["sum", "side"].map((name) => layers.dense({ units: 1, name }).apply(x));
    const model = new Model({ inputs: x, outputs });
    model.compile({ loss: { sum: "mse", side: "mse" } });
    const [data, y] = [[[1, 2]], [[3]]];
    await expect(model.evaluate(data, { sum: y, sdie: y })).rejects.toThrow("for the outputs sum, side, got sum, sdie");
    await expect(model.evaluate(data, { sum: y })).rejects.toThrow("for the outputs sum, side, got sum");
    expect(() => model.compile({ loss: { sum: "mse", sdie: "mse" } })).toThrow(
      'name the outputs sum, side, got "sdie"',
    );
    expect(() => model.compile({ loss: ["mse", "mse"], lossWeights: { sdie: 1 } })).toThrow(
      "compile: lossWeights must name",
    );
    model.compile({ loss: ["mse", "mse"], lossWeights: { side: 0 } });
    const { loss, sum_loss } = await model.evaluate<"sum_loss">(data, { sum: y, side: y });
    expect(loss).toBe(sum_loss);
  });

  it("in JavaScript memory can be picked, filtered, mapped and walked", () => {
    const data = new ArrayData(Int32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
    expect(data.dtype).toBe("i32");
    expect(new ArrayData(Uint8Array.of(1, 2)).shape).toEqual([2]);
    expect(data.gather([2, 0, 2]).array()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(data.filter(([a], row) => a > 1 && row < 2).array()).toEqual([[3, 4]]);
    expect(data.map(([a, b]) => a * b).array()).toEqual([2, 12, 30]);
    expect(data.map(([a, b], row) => [a / 2, b, row], "f32").array()).toEqual([
      [0.5, 2, 0],
      [1.5, 4, 1],
      [2.5, 6, 2],
    ]);
    expect(() => data.map(([a]) => a / 2)).toThrow("i32 values must be whole numbers");
    expect(() => data.map((_, row) => Array(row + 1).fill(0))).toThrow(ShapeError);
    expect(Array.from(data, (row) => [...row])).toEqual(data.array());
    expect(data.tensor().array()).toEqual(data.array());
    const pixels = new ArrayData(Uint8Array.of(0, 255), [2, 1], "f32", 1 / 255);
    expect(pixels.tensor().array()).toEqual([[0], [1]]);
    expect(pixels.gather([1]).array()).toEqual([[1]]);
    for (const [{ train, test }] of [kFold(3, { folds: 3 })]) {
      expect(data.gather(train).length + data.gather(test).length).toBe(3);
    }
    expect(() => tensor(data as never)).toThrow("call its tensor()");
    expect(() => dense().apply(data as never)).toThrow("call its tensor()");
    expect(() => new ArrayData(Float64Array.of(1) as never)).toThrow("got Float64Array");
  });
});

describe("a loss inside a model", () => {
  /** Learns to give back its input: its loss is its own affair. */
  class Mirror extends Model {
    private readonly inner = dense();
    override call(inputs: Inputs, { addLoss, addMetric, training }: CallContext): Tensor {
      const x = inputs as Tensor;
      const y = this.inner.apply(x);
      addLoss(mean(square(sub(y, 1))), "distance");
      addLoss(mean(square(y)));
      addMetric("mean", mean(y, 1));
      if (training) addMetric("trained", mean(y));
      return y;
    }
  }

  it("needs neither a loss nor targets, and names what is to be seen of it", async () => {
    const model = new Mirror();
    model.compile({ optimizer: new optimizers.SGD({ learningRate: 0 }) });
    const x = [
      [1, 1],
      [0, 0],
      [2, 0],
    ];
    const expected = { loss: 1 + 8 / 3, distance: 1, mean: 4 / 3 };
    const close = (logs: object): object =>
      Object.fromEntries(Object.entries(logs).map(([n, v]) => [n, expect.closeTo(v, 5)]));
    expect(await model.evaluate(x, undefined, { batchSize: 2 })).toEqual(close(expected));
    const watch = new EarlyStopping({ monitor: "distance", mode: "min", patience: 1 });
    const { history } = await model.fit(x, undefined, {
      ...silent,
      epochs: 3,
      validationData: [x],
      callbacks: [watch],
    });
    expect(Object.keys(history).sort()).toEqual(
      ["distance", "loss", "mean", "trained", "val_distance", "val_loss", "val_mean"].sort(),
    );
    expect(history.val_mean[0]).toBeCloseTo(4 / 3);
    expect(history.loss.length).toBe(2);
    expect(model.trainOnBatch(x)).toEqual(close({ ...expected, trained: 4 / 3 }));
    await expect(model.fit(x, x, silent)).rejects.toThrow("y must be left out where compile was given no loss");
    await expect(model.evaluate(x, undefined, { sampleWeight: [1, 1, 1] })).rejects.toThrow(
      "sampleWeight must be left out",
    );
    const metered = new Mirror();
    metered.compile({ metrics: ["mae"] });
    expect((await metered.evaluate(x, [[2], [0], [5]])).mae).toBeCloseTo(1);
    const none = new Sequential([dense()]);
    none.compile({});
    await expect(none.fit(x, undefined, silent)).rejects.toThrow("must have a loss, or layers that call addLoss");
  });

  it("may name a figure twice", () => {
    class Twice extends Layer {
      constructor() {
        super("twice");
      }
      override call(inputs: Inputs, { addMetric }: CallContext): Tensor {
        const x = inputs as Tensor;
        addMetric("size", mean(x));
        return x;
      }
    }
    const model = new Sequential([dense(), new Twice(), new Twice()]);
    model.compile({ loss: "mse", metrics: [Object.defineProperty(() => tensor([1]), "name", { value: "size" })] });
    expect(model.testOnBatch([[1, 2]], [[3]])).toEqual({ loss: 0, size: 1, size_1: 3, size_1_1: 3 });
  });
});

describe("batches", () => {
  const x = new ArrayData(
    Int32Array.from({ length: 10 }, (_, i) => i),
    [10, 1],
  );

  it("come in fit's order, a new one in each epoch, the same again for a seed", async () => {
    const order = (seed: number, epoch?: number): number[] => {
      const epochs = batches(x, undefined, { size: 4, seed });
      if (epoch !== undefined) epochs.epoch = epoch;
      return Array.from(epochs, ([batch]) => [...batch.data()]).flat();
    };
    expect(order(1).toSorted((a, b) => a - b)).toEqual([...x.data]);
    expect(order(1)).toEqual(order(1));
    expect(order(2)).not.toEqual(order(1));
    const both = batches(x, undefined, { size: 4, seed: 1 });
    const epochs = [0, 1].map(() => Array.from(both, ([batch]) => [...batch.data()]).flat());
    expect(epochs).toEqual([order(1, 0), order(1, 1)]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    const seen: number[] = [];
    class Spy extends layers.Activation {
      override call(inputs: Tensor): Tensor {
        seen.push(...inputs.data());
        return inputs;
      }
    }
    const model = new Sequential([layers.dense({ units: 1, inputShape: [1] }), new Spy({ activation: "linear" })]);
    model.layers[0].weights[0].assign([1]);
    model.compile({ loss: "mse", runEagerly: true, optimizer: new optimizers.SGD({ learningRate: 0 }) });
    const floats = x.map(([a]) => [a], "f32");
    await model.fit(floats, floats, { ...silent, batchSize: 4, seed: 1 });
    expect(seen).toEqual(order(1, 0));
  });

  it("suit captured steps, and leave the rest out if told to", () => {
    const layer = layers.dense({ units: 1, inputShape: [1] });
    layer.ensureBuilt([1]);
    const optimizer = new optimizers.SGD({ learningRate: 0.01 });
    const y = x.map(([a]) => [2 * a + 1], "f32");
    const step = capture((inputs: Tensor, targets: Tensor) => {
      const [loss, gradients] = valueAndGrad(() => mean(square(sub(layer.apply(inputs), targets))))(
        layer.trainableWeights,
      );
      optimizer.step(layer.trainableWeights, gradients as Tensor[]);
      return loss as Tensor;
    });
    const data = batches(
      x.map(([a]) => [a], "f32"),
      y,
      { size: 4, dropLast: true, seed: 3 },
    );
    expect(data.length).toBe(2);
    let last = 0;
    for (let epoch = 0; epoch < 200; epoch++) for (const [a, b] of data) last = step(a, b).item();
    expect(last).toBeLessThan(0.05);
    expect(step.recordings).toBe(1);
    data.dispose();
    expect(Array.from(batches(x, y, { size: 4 }), ([a]) => a.shape[0])).toEqual([4, 4, 2]);
    expect(Array.from(batches(x, y, { size: 3, shuffle: false }), ([a]) => a.data()[0])).toEqual([0, 3, 6, 9]);
    expect(() => batches(x, y.slice(1))).toThrow(ShapeError);
  });
});

describe("cross-validation", () => {
  const x = Array.from({ length: 9 }, (_, i) => [i, 1]);
  const y = x.map(([i]) => [i * i]);

  it("lets callbacks watch the part left out, or another, and keeps the histories", async () => {
    const early = new EarlyStopping({ patience: 1 });
    const { histories, folds } = await crossValidate(line, x, y, { folds: 3, epochs: 5, seed: 1, callbacks: [early] });
    expect(histories.map(({ epochs }) => epochs.length)).toEqual([2, 2, 2]);
    for (const [i, { history }] of histories.entries()) expect(history.val_loss.at(-1)).toBeCloseTo(folds[i].loss, 5);
    const split = await crossValidate(line, x, y, { folds: 3, seed: 1, validationSplit: 0.5 });
    expect(split.histories[0].history.val_loss[0]).not.toBeCloseTo(split.folds[0].loss, 5);
  });

  it("disposes a model whose training fails", async () => {
    const made: Model[] = [];
    const make = (): Model => {
      made.push(line());
      return made[0];
    };
    const fails = new LambdaCallback({
      onEpochEnd: () => {
        throw new Error("no more");
      },
    });
    await expect(crossValidate(make, x, y, { callbacks: [fails] })).rejects.toThrow("no more");
    expect(made[0].weights[0].disposed).toBe(true);
  });
});

describe("CSVLogger", () => {
  it("gives figures that join later a column, in files of before too", async () => {
    const filename = join(folder, "log.csv");
    const play = async (rows: readonly Record<string, number>[]): Promise<string> => {
      const logger = new CSVLogger({ filename, append: true });
      await logger.onTrainBegin();
      for (const [epoch, logs] of rows.entries()) await logger.onEpochEnd(epoch, logs);
      return readFileSync(filename, "utf8");
    };
    expect(await play([{ loss: 1 }, { loss: 2, b: 3, a: 4 }])).toBe("epoch,loss,a,b\n0,1,NA,NA\n1,2,4,3\n");
    writeFileSync(filename, "epoch,loss\n0,1");
    expect(await play([{ loss: 2, constructor: 5 }])).toBe("epoch,loss,constructor\n0,1,NA\n0,2,5\n");
    writeFileSync(filename, "loss\n1\n");
    await expect(play([])).rejects.toThrow(FormatError);
  });
});
