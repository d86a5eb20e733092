// Weights and whole trainings as files: by path, whatever layers are called; files of older versions too.
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AnyTensor,
  BackupAndRestore,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  LambdaCallback,
  layers,
  Model,
  ones,
  optimizers,
  Sequential,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

const { dense } = layers;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-weights-"));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = (name: string): URL => new URL(`../golden/${name}`, import.meta.url);
const values = (model: Model): number[][] => model.weights.map((w) => [...w.data()]);

/** Two models inside whose layers have one name. */
function twins(a: number, b: number): Sequential {
  const inner = (value: number): Sequential =>
    new Sequential([dense({ name: "a", units: 1, inputShape: [1], kernelInitializer: { name: "constant", value } })]);
  return new Sequential([inner(a), inner(b)]);
}

describe("exported weights", () => {
  it("are told apart where layers share a name", () => {
    const model = twins(2, 3);
    const file = model.exportWeights();
    expect([...decodeSafetensors(file).tensors.keys()]).toEqual([
      "layers/0/layers/0/kernel",
      "layers/0/layers/0/bias",
      "layers/1/layers/0/kernel",
      "layers/1/layers/0/bias",
    ]);
    const other = twins(0, 0);
    other.importWeights(file);
    expect(values(other)).toEqual([[2], [0], [3], [0]]);
  });

  it("fit every model made by the same code, whatever its layers are called", () => {
    const make = (names: string[]): Sequential =>
      new Sequential(names.map((name) => dense({ units: 2, inputShape: [2], name })));
    const model = make(["a", "b"]);
    const other = make(["b", "a"]);
    other.importWeights(model.exportWeights());
    expect(values(other)).toEqual(values(model));
  });

  it("hold loose variables that share a name", () => {
    class Pair extends Model {
      readonly left = dense({ units: 1, name: "same" });
      readonly right = [dense({ units: 1, name: "same" })];
      override call(x: AnyTensor): Tensor {
        return this.right[0].apply(this.left.apply(x));
      }
    }
    const [a, b] = [new Pair(), new Pair()];
    for (const model of [a, b]) model.apply(ones([1, 1]));
    b.importWeights(a.exportWeights());
    expect(values(b)).toEqual(values(a));
  });

  it("build layers that are not built yet as those they are of, also where only a call would", () => {
    class Own extends Model {
      readonly parts: Sequential[] = [
        new Sequential([dense({ units: 2 }), layers.lambda({ function: (x: Tensor) => x }), dense({ units: 1 })]),
      ];
      override call(x: AnyTensor): Tensor {
        return this.parts[0].apply(x);
      }
    }
    const [a, b] = [new Own(), new Own()];
    expect(() => b.importWeights(twins(1, 2).exportWeights())).toThrow(/must be built and have weights, got none/);
    a.apply(ones([1, 3]));
    b.importWeights(a.exportWeights());
    expect(values(b)).toEqual(values(a));
    const { tensors } = decodeSafetensors(a.exportWeights());
    for (const shapes of ["3", "{", '{"":[-1]}', '{"":["a"]}', "null"]) {
      const bytes = encodeSafetensors(tensors, { format: "heddle", names: "paths", shapes });
      expect(() => new Own().importWeights(bytes)).toThrow(FormatError);
    }
  });

  it("of another program are taken by the names of weights, else in order, and refused where they are others", () => {
    const model = new Sequential([dense({ units: 1, inputShape: [2], name: "x" }), dense({ units: 1, name: "y" })]);
    const f = (...data: number[]) => ({ dtype: "f32" as const, shape: [data.length], data: Float32Array.from(data) });
    const kernel = (...data: number[]) => ({ ...f(...data), shape: [data.length, 1] });
    // In another order than the model's.
    const named = { "y/kernel": kernel(3), "y/bias": f(4), "x/kernel": kernel(1, 2), "x/bias": f(5) };
    model.importWeights(encodeSafetensors(named));
    expect(values(model)).toEqual([[1, 2], [5], [3], [4]]);
    const counted = { "x_1/kernel": kernel(6, 7), "x_1/bias": f(8), "y_1/kernel": kernel(9), "y_1/bias": f(10) };
    model.importWeights(encodeSafetensors(counted));
    expect(values(model)).toEqual([[6, 7], [8], [9], [10]]);
    const { "x_1/bias": _, ...fewer } = counted;
    for (const bad of [fewer, { ...counted, more: f(1) }, { ...fewer, "x_1/gamma": f(8) }]) {
      expect(() => model.importWeights(encodeSafetensors(bad))).toThrow(FormatError);
    }
    expect(() => model.importWeights(encodeSafetensors({ ...counted, "y_1/bias": f(1, 2) }))).toThrow(
      "loadWeights: layers/1/bias must be f32 [1], got f32 [2]",
    );
    expect(values(model)).toEqual([[6, 7], [8], [9], [10]]);
  });
});

describe("files of versions that named weights by their layers", () => {
  /** The model that made them; it had been the first of its program. */
  function network(): Sequential {
    const inner = new Sequential([dense({ units: 3, activation: "tanh" }), layers.batchNormalization()]);
    const dropped = layers.dropout({ rate: 0.25, seed: 3 });
    const model = new Sequential([dense({ units: 3, inputShape: [2] }), inner, dropped, dense({ units: 1 })]);
    model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01 }), loss: "meanSquaredError" });
    return model;
  }
  const x = tensor([
    [0, 1],
    [1, 0],
    [1, 1],
    [0, 0],
  ]);
  const predicted = [-0.0769963413476944, -0.27516093850135803, -0.3571314215660095, 0.04115338623523712];

  it.each([0, 1])("load weights, after %i other models were made", async (others) => {
    layers.resetLayerNames();
    for (let i = 0; i < others; i++) network();
    const model = network();
    model.importWeights(await readFile(golden("weights-by-name.safetensors")));
    expect([...(await model.predict(x)).data()]).toEqual(predicted);
  });

  it.each([0, 1])("take a training up again, after %i other models were made", async (others) => {
    const backupDir = await mkdtemp(join(folder, "backup-"));
    await copyFile(golden("training-by-name.safetensors"), join(backupDir, "training.safetensors"));
    layers.resetLayerNames();
    for (let i = 0; i < others; i++) network();
    const model = network();
    const begun: number[] = [];
    const y = tensor([[1], [2], [3], [0]]);
    const backup = new BackupAndRestore({ backupDir });
    const watch = new LambdaCallback({ onEpochBegin: (epoch) => void begun.push(epoch) });
    await model.fit(x, y, { epochs: 3, verbose: 0, callbacks: [backup, watch] });
    expect(begun).toEqual([]);
    expect([...(await model.predict(x)).data()]).toEqual(predicted);
    expect(model.compilation.optimizer.iterations.item()).toBe(6);
  });
});

describe("a training that is taken up again", () => {
  it("goes on in a model that only a call would build", async () => {
    class Own extends Model {
      readonly inner = dense({ units: 1 });
      override call(x: AnyTensor): Tensor {
        return this.inner.apply(x);
      }
    }
    const make = (): Own => {
      const model = new Own();
      model.compile({ optimizer: "adam", loss: "mse" });
      return model;
    };
    const backupDir = await mkdtemp(join(folder, "backup-"));
    const first = make();
    const kept = new BackupAndRestore({ backupDir, deleteCheckpoint: false });
    await first.fit(ones([4, 2]), ones([4, 1]), { epochs: 2, verbose: 0, callbacks: [kept] });
    const second = make();
    await second.fit(ones([4, 2]), ones([4, 1]), {
      epochs: 2,
      verbose: 0,
      callbacks: [new BackupAndRestore({ backupDir })],
    });
    expect(values(second)).toEqual(values(first));
    expect(second.compilation.optimizer.iterations.item()).toBe(2);
  });

  it("goes on with the same bits, random streams and states of recurrent layers included, in a model of other names", async () => {
    const make = (): Sequential => {
      const model = new Sequential([
        layers.simpleRnn({
          units: 2,
          stateful: true,
          returnSequences: true,
          inputShape: [3, 1],
          recurrentDropout: 0.3,
          seed: 1,
        }),
        layers.dropout({ rate: 0.5, seed: 7 }),
        layers.batchNormalization(),
        layers.simpleRnn({ units: 1 }),
      ]);
      model.compile({ optimizer: "adam", loss: "mse" });
      return model;
    };
    const x = tensor(
      Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      { shape: [4, 3, 1] },
    );
    const y = tensor([[0], [1], [0], [1]]);
    const how = { verbose: 0, batchSize: 2, shuffle: false } as const;
    const whole = make();
    const start = whole.getWeights();
    await whole.fit(x, y, { ...how, epochs: 4 });

    const backupDir = await mkdtemp(join(folder, "backup-"));
    const first = make();
    first.setWeights(start);
    const cut = new LambdaCallback({
      onEpochEnd: (epoch) => {
        if (epoch === 1) throw new Error("cut");
      },
    });
    const interrupted = first.fit(x, y, { ...how, epochs: 4, callbacks: [new BackupAndRestore({ backupDir }), cut] });
    await expect(interrupted).rejects.toThrow("cut");
    const second = make();
    await second.fit(x, y, { ...how, epochs: 4, callbacks: [new BackupAndRestore({ backupDir })] });
    expect(values(second)).toEqual(values(whole));
  });
});
