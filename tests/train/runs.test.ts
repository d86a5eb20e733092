// Runs of a model beside and after each other: each has its own metrics and random numbers, goes on where another ended,
// ends when told to, and leaves nothing behind.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  argMax,
  BackupAndRestore,
  type Callback,
  EarlyStopping,
  Generator,
  type History,
  layers,
  Model,
  mean,
  memory,
  mul,
  optimizers,
  randomNormal,
  Sequential,
  StateError,
  SwapEMAWeights,
  seed,
  square,
  sub,
  type Tensor,
  tensor,
} from "../../ts/index.ts";
import type { Inputs } from "../../ts/layers/layer.ts";
import { defaultGenerator } from "../../ts/ops/random.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => seed(5));
afterEach(() => vi.restoreAllMocks());

const x = tensor(Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]));
const y = tensor(Array.from({ length: 12 }, (_, i) => [i % 2]));
const silent = { verbose: 0, batchSize: 4 } as const;

/** A model whose weights follow from its seeds alone. */
function network({ dropout = {}, rate = 0.1 }: { dropout?: { seed?: number }; rate?: number } = {}): Sequential {
  const kernelInitializer = { name: "glorotUniform", seed: 3 } as const;
  const model = new Sequential([
    layers.dense({ name: "a", units: 8, activation: "tanh", inputShape: [2], kernelInitializer }),
    layers.dropout({ rate: 0.5, ...dropout }),
    layers.dense({ name: "b", units: 1, activation: "sigmoid", kernelInitializer }),
  ]);
  model.compile({ optimizer: new optimizers.Adam({ learningRate: rate }), loss: "mse", metrics: ["accuracy", "auc"] });
  return model;
}

const weightsOf = (model: Model): Float32Array[] => model.weights.map((weight) => weight.data());

// First, where no other test's garbage is counted.
it("what compile and fit make is freed when the model is compiled again, and with the model", async () => {
  const once = async (): Promise<void> => {
    const model = new Sequential([layers.dense({ units: 1, inputShape: [2], activation: "sigmoid" })]);
    for (const optimizer of ["adam", "sgd", new optimizers.RMSprop()] as const) {
      model.compile({ optimizer, loss: "mse", metrics: ["accuracy", "auc", "r2Score"] });
      await model.fit(x, y, { ...silent, seed: 1, validationSplit: 0.5 });
      (await model.predict(x)).dispose();
      await model.evaluate(x, y);
      if (typeof optimizer !== "string") optimizer.dispose();
    }
    model.dispose();
  };
  await once();
  const { buffers } = memory.report();
  for (let i = 0; i < 5; i++) await once();
  expect(memory.report().buffers).toBeLessThanOrEqual(buffers);
});

describe("each run has metrics of its own", () => {
  it("also where the model is evaluated after a batch, or at the same time", async () => {
    const options = { ...silent, shuffle: false, seed: 1, epochs: 2 };
    const alone = await network().fit(x, y, options);
    const model = network();
    const within: number[] = [];
    const evaluates: Callback = {
      onBatchEnd: async () => {
        within.push((await model.evaluate(x, y, { batchSize: 5 })).auc);
        model.testOnBatch(x, y);
      },
    };
    const { history } = await model.fit(x, y, { ...options, callbacks: [evaluates] });
    expect(history).toEqual(alone.history);
    // Evaluations in turn, step by step.
    const apart = await model.evaluate(x, y, { batchSize: 1 });
    const [a, b] = await Promise.all([1, 12].map((batchSize) => model.evaluate(x, y, { batchSize })));
    expect(a).toEqual(apart);
    expect(b.auc).toBe(apart.auc);
    expect(within.length).toBe(6);
    expect(within.at(-1)).toBe(apart.auc);
  });

  it("and a model is trained by one run at a time", async () => {
    const model = network();
    const first = model.fit(x, y, silent);
    await expect(model.fit(x, y, silent)).rejects.toThrow(StateError);
    expect(() => model.compile({ loss: "mse" })).toThrow(StateError);
    await first;
    await model.fit(x, y, silent);
    await expect(model.fit(x, tensor([1]), silent)).rejects.toThrow();
    await model.fit(x, y, silent);
  });
});

describe("random numbers", () => {
  it("of runs at the same time follow from the seed and the order of runs", async () => {
    const train = async (turns: number): Promise<Float32Array[][]> => {
      seed(11);
      const models = [network(), network()];
      // How often each hook lets the other run go on differs.
      const idle: Callback = {
        onBatchEnd: async () => {
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 0));
        },
      };
      await Promise.all(
        models.map((model, i) => model.fit(x, y, { ...silent, epochs: 2, callbacks: i ? [idle] : [] })),
      );
      return models.map(weightsOf);
    };
    const [first, second] = await train(0);
    expect(first).not.toEqual(second);
    expect(await train(1)).toEqual([first, second]);
    expect(await train(2)).toEqual([first, second]);
  });

  it("of the program and of a run do not disturb each other", async () => {
    seed(2);
    const model = network();
    await model.fit(x, y, { ...silent, epochs: 2 });
    const after = randomNormal([3]).data();
    seed(2);
    const other = network();
    const draws: Callback = { onBatchEnd: () => void randomNormal([5]).dispose() };
    const state = defaultGenerator().state.data();
    await other.fit(x, y, { ...silent, epochs: 2, callbacks: [draws] });
    expect(weightsOf(other)).toEqual(weightsOf(model));
    expect(defaultGenerator().state.data()[2]).toBe(state[2] + 6);
    seed(2);
    network();
    expect(randomNormal([3]).data()).toEqual(after);
  });

  it("of generators without a seed follow from the default one's, each its own", () => {
    const draw = (): Float32Array[] =>
      [new Generator(), new Generator()].map((generator) => randomNormal([4], { generator }).data());
    seed(9);
    const [a, b] = draw();
    expect(a).not.toEqual(b);
    expect(draw()[0]).not.toEqual(a);
    seed(9);
    expect(draw()).toEqual([a, b]);
    expect(() => new Generator(0.5)).toThrow("safe integer");
  });
});

describe("a training that is taken up again", () => {
  const whole = async (options: object, dropout?: { seed?: number }): Promise<Float32Array[]> => {
    const model = network({ dropout });
    await model.fit(x, y, { ...silent, epochs: 5, ...options });
    return weightsOf(model);
  };

  it.each([[{}], [{ seed: 4 }]])("takes the same steps, given the seed and the epoch: dropout %o", async (dropout) => {
    const expected = await whole({ seed: 8 }, dropout);
    const first = network({ dropout });
    await first.fit(x, y, { ...silent, seed: 8, epochs: 2 });
    const bytes = first.exportWeights();
    const state = first.compilation.optimizer.state();
    const second = network({ dropout });
    second.importWeights(bytes);
    second.compilation.optimizer.restore(state, second.trainableWeights);
    await second.fit(x, y, { ...silent, seed: 8, initialEpoch: 2, epochs: 5 });
    expect(weightsOf(second)).toEqual(expected);
  });

  it.each([[{}], [{ seed: 4 }]])("takes the same steps from a backup, seeds left out: dropout %o", async (dropout) => {
    const backupDir = join(folder, `backup-${JSON.stringify(dropout).length}`);
    seed(21);
    const expected = await whole({}, dropout);
    seed(21);
    const failing: Callback = {
      onEpochBegin: (epoch) => {
        if (epoch === 3) throw new Error("power cut");
      },
    };
    const callbacks = [new BackupAndRestore({ backupDir }), failing];
    await expect(network({ dropout }).fit(x, y, { ...silent, epochs: 5, callbacks })).rejects.toThrow("power cut");
    seed(1234);
    const model = network({ dropout });
    await model.fit(x, y, { ...silent, epochs: 5, callbacks: [new BackupAndRestore({ backupDir })] });
    expect(weightsOf(model)).toEqual(expected);
  });

  it("sees another order and other noise in each epoch, and in each fit without a seed", async () => {
    const model = network({ rate: 0 });
    const { history } = await model.fit(x, y, { ...silent, epochs: 3, seed: 1 });
    expect(new Set(history.loss).size).toBe(3);
    const own = network({ dropout: { seed: 1 } });
    const losses = [];
    for (let i = 0; i < 3; i++) {
      own.compilation.optimizer.learningRate = 0;
      losses.push((await own.fit(x, y, { ...silent, shuffle: false })).history.loss[0]);
    }
    expect(new Set(losses).size).toBe(3);
  });

  it("has an epoch left to train", async () => {
    await expect(network().fit(x, y, { ...silent, epochs: 2, initialEpoch: 2 })).rejects.toThrow(
      "less than epochs, got 2 and 2",
    );
  });
});

describe("hooks", () => {
  it("may stop training before an epoch, which is then not recorded", async () => {
    const stopIn = async (hook: "onTrainBegin" | "onEpochBegin" | "onBatchBegin"): Promise<[number[], number]> => {
      const model = network();
      let ended = 0;
      const callback: Callback = { [hook]: () => void (model.stopTraining = true), onTrainEnd: () => void ended++ };
      const { epochs, history } = await model.fit(x, y, { ...silent, epochs: 3, callbacks: [callback] });
      for (const losses of Object.values(history)) expect(losses.every(Number.isFinite)).toBe(true);
      expect(model.compilation.optimizer.iterations.item()).toBe(hook === "onBatchBegin" ? 1 : 0);
      return [epochs, ended];
    };
    expect(await stopIn("onTrainBegin")).toEqual([[], 1]);
    expect(await stopIn("onEpochBegin")).toEqual([[], 1]);
    expect(await stopIn("onBatchBegin")).toEqual([[0], 1]);
  });

  it("are told of the end, each that was told of the beginning, and the first error is the one that is thrown", async () => {
    const told: string[] = [];
    const callbacks: Callback[] = [
      { onTrainEnd: () => void told.push("first") },
      {
        onBatchEnd: () => {
          throw new Error("in a batch");
        },
        onTrainEnd: () => {
          throw new Error("at the end");
        },
      },
      { onTrainEnd: () => void told.push("last") },
    ];
    await expect(network().fit(x, y, { ...silent, callbacks })).rejects.toThrow("in a batch");
    expect(told).toEqual(["first", "last"]);
    await expect(
      network().fit(x, y, { ...silent, callbacks: [{ onTrainEnd: callbacks[1].onTrainEnd }] }),
    ).rejects.toThrow("at the end");
    const stop = new EarlyStopping({ monitor: "loss", restoreBestWeights: true });
    const model = network();
    await model.fit(x, y, { ...silent, callbacks: [stop] });
    const after = weightsOf(network());
    for (const [i, weight] of model.weights.entries()) weight.assign(after[i]);
    const refuses: Callback = { onTrainBegin: () => Promise.reject(new Error("no")) };
    await expect(model.fit(x, y, { ...silent, callbacks: [refuses, stop] })).rejects.toThrow("no");
    expect(weightsOf(model)).toEqual(after);
  });

  it.each([
    "onTrainBegin",
    "onEpochBegin",
    "onBatchBegin",
    "onBatchEnd",
    "onTestEnd",
    "onEpochEnd",
    "onTrainEnd",
  ] as const)("that never end do not keep an abort from ending training: %s", async (hook) => {
    const abort = new AbortController();
    const ended: string[] = [];
    const hangs: Callback = {
      [hook]: () => new Promise<void>(() => setTimeout(() => abort.abort(new Error("enough")), 5)),
    };
    const callbacks = [{ onTrainEnd: () => void ended.push("other") }, hangs];
    const run = network().fit(x, y, { ...silent, validationSplit: 0.25, callbacks, signal: abort.signal });
    await expect(run).rejects.toThrow("enough");
    expect(ended).toEqual(["other"]);
  });

  it("that are misspelt are refused", async () => {
    const train = (callback: unknown): Promise<History> =>
      network().fit(x, y, { ...silent, callbacks: [callback as Callback] });
    await expect(train({ onEpochDone: () => {} })).rejects.toThrow("got onEpochDone");
    await expect(train({ on_epoch_end: () => {} })).rejects.toThrow("got on_epoch_end");
    await expect(train(EarlyStopping)).rejects.toThrow("got function");
    await expect(train(new SwapEMAWeights())).rejects.toThrow("useEma");
  });

  it("may freeze a layer from the next batch on", async () => {
    const model = network();
    const [first] = model.layers;
    const kernels: Float32Array[] = [];
    const freezes: Callback = {
      onBatchEnd: () => {
        first.trainable = false;
        kernels.push(model.weights[0].data());
      },
    };
    await model.fit(x, y, { ...silent, callbacks: [freezes] });
    expect(kernels[2]).toEqual(kernels[0]);
  });
});

describe("what a model gives", () => {
  /** The class of each row, as whole numbers. */
  class Classes extends Model {
    override call(inputs: Inputs): Tensor {
      return argMax(inputs as Tensor) as unknown as Tensor;
    }
  }

  it("keeps its dtype in predictions, and is judged as numbers", async () => {
    const model = new Classes();
    const classes = await model.predict(x, { batchSize: 5 });
    expect(classes.dtype).toBe("i32");
    expect(classes.shape).toEqual([12]);
    const own = classes.data();
    model.compile({ loss: "mse", metrics: ["mae"] });
    expect((await model.predict(x)).data()).toEqual(own);
    expect(await model.evaluate(x, classes)).toEqual({ loss: 0, mae: 0 });
  });

  it("may be looked at in each step when it runs eagerly, with the same results", async () => {
    let beta = 0;
    const compileWith = (runEagerly: boolean): Sequential => {
      const model = network({ dropout: { seed: 1 } });
      model.compile({
        runEagerly,
        optimizer: new optimizers.SGD({ learningRate: 0.1 }),
        loss: (t, p) => mul(mean(square(sub(p, t))), beta),
        metrics: ["accuracy"],
      });
      return model;
    };
    const change: Callback = { onEpochBegin: (epoch) => void (beta = epoch) };
    const train = async (model: Model): Promise<History> => {
      beta = 1;
      model.trainOnBatch(x.slice([0, 0], [4, 2]), y.slice([0, 0], [4, 1]));
      return model.fit(x, y, { ...silent, seed: 1, epochs: 3, callbacks: [change] });
    };
    const eager = await train(compileWith(true));
    expect(eager.history.loss[0]).toBe(0);
    expect(eager.history.loss[2]).toBeGreaterThan(eager.history.loss[1] * 1.5);
    const captured = await train(compileWith(false));
    // The beta of the first step, for ever.
    expect(captured.history.loss[0]).toBeGreaterThan(0);
    beta = 1;
    const [a, b] = [compileWith(true), compileWith(false)];
    const options = { ...silent, seed: 1, epochs: 3 };
    expect((await a.fit(x, y, options)).history).toEqual((await b.fit(x, y, options)).history);
    expect(weightsOf(a)).toEqual(weightsOf(b));
    expect((await a.predict(x)).data()).toEqual((await b.predict(x)).data());
  });
});

it("training that trains nothing says so", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const model = network();
  model.trainable = false;
  const before = weightsOf(model);
  await model.fit(x, y, silent);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/has no trainable weights/)]]);
  expect(weightsOf(model)).toEqual(before);
  expect(() => model.compilation.optimizer.step([], [])).toThrow("step: there must be variables to update, got none");
});

describe("what compile and fit make", () => {
  it("stays where it was handed in, but for what an optimizer keeps of a model that is gone", async () => {
    const optimizer = new optimizers.Adam();
    const models = [network(), network()];
    for (const model of models) {
      model.compile({ optimizer, loss: "mse" });
      model.trainOnBatch(x, y);
    }
    const size = Object.keys(optimizer.state()).length;
    models[0].dispose();
    expect(Object.keys(optimizer.state()).length).toBe(2 + (size - 2) / 2);
    models[1].trainOnBatch(x, y);
    expect(optimizer.iterations.item()).toBe(3);
  });

  it("an optimizer that goes on keeps its state", () => {
    const model = network();
    model.compile({ optimizer: "adam", loss: "mse" });
    model.trainOnBatch(x, y);
    const { optimizer } = model.compilation;
    model.compile({ optimizer, loss: "mae" });
    model.trainOnBatch(x, y);
    expect(optimizer.iterations.item()).toBe(2);
    model.compile({ loss: "mse" });
    expect(() => optimizer.iterations.item()).toThrow(StateError);
  });
});
