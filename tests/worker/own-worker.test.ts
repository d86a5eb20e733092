// Worker files of a user's own, bundled as users bundle them, in Node.
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import { afterAll, describe, expect, it, vi } from "vitest";
import { ArgumentError, ArrayData, StateError, tensor } from "../../ts/index.ts";
import { EngineWorker, type LayerConfig, RemoteModel, serve } from "../../ts/worker/index.ts";

const { outputFiles } = buildSync({
  entryPoints: [new URL("own-worker.ts", import.meta.url).pathname],
  bundle: true,
  write: false,
  format: "iife",
  target: "es2022",
  define: { "import.meta.url": '""' },
});
const engine = new EngineWorker({
  threads: 1,
  deterministic: true,
  worker: () => new Worker(outputFiles[0].text, { eval: true, execArgv: [] }),
});
afterAll(() => engine.dispose());

const x = new ArrayData(Float32Array.of(1, 2, 3, 4), [4, 1], "f32");

describe("a worker file of one's own", () => {
  it("adds layers, optimizers, losses, metrics, callbacks and methods", async () => {
    const layers: LayerConfig[] = [
      { kind: "triple", config: { name: "three" } },
      { kind: "dense", config: { units: 1, kernelInitializer: "ones", inputShape: [1] } },
    ];
    const model = new RemoteModel(layers, { engine });
    await model.compile({
      optimizer: { kind: "still" },
      loss: { kind: "shifted" },
      metrics: [{ kind: "distance", config: { name: "apart" } }],
    });
    expect([...(await model.predict(x)).data]).toEqual([3, 6, 9, 12]);
    const { history } = await model.fit(x, x, {
      epochs: 2,
      verbose: 0,
      callbacks: [{ kind: "stop", config: { epochs: 5 } }],
    });
    expect(history).toEqual({ loss: [31, 31], apart: [5, 5], left: [5, 4] });
    expect(await model.method("names", "its ")).toEqual(["its three", "its dense"]);
    await expect(model.method("thread")).rejects.toThrow("method: the name must be one of names, seen, uncloneable");
    const options = { kind: "shifted", config: { by: 2 } };
    await expect(model.compile({ loss: options })).rejects.toThrow("shifted: unknown option by");
  });

  it("has models without targets, whose layers add losses and figures", async () => {
    const model = new RemoteModel([{ kind: "shrink", config: { inputShape: [1] } }], { engine });
    await model.compile({ optimizer: { kind: "sgd", config: { learningRate: 0.01 } } });
    const { history } = await model.fit(x, undefined, { epochs: 2, verbose: 0, validationData: [x] });
    expect(Object.keys(history)).toEqual(["loss", "size", "val_loss", "val_size"]);
    expect(history.loss[0]).toBeCloseTo(30 / 4, 5);
    expect(history.size[0]).toBeCloseTo(2.5, 5);
    expect(history.loss[1]).toBeCloseTo(history.val_loss[0], 5);
    expect((await model.evaluate<"size">(x)).size).toBeCloseTo(history.val_size[1], 5);
    await expect(model.fit(x, x, { verbose: 0 })).rejects.toThrow("y must be left out where compile was given no loss");
  });

  it("runs steps anew each time where one asks for it", async () => {
    const model = new RemoteModel(
      [
        { kind: "spy", config: { inputShape: [1] } },
        { kind: "dense", config: { units: 1 } },
      ],
      {
        engine,
      },
    );
    await model.compile({ optimizer: "sgd", loss: "mse" });
    await expect(model.evaluate(x, x, { batchSize: 1 })).rejects.toThrow(StateError);
    await model.compile({ optimizer: "sgd", loss: "mse", runEagerly: true });
    await model.evaluate(x, x, { batchSize: 1 });
    expect(((await model.method("seen")) as number[]).slice(-4)).toEqual([1, 2, 3, 4]);
  });

  it("refuses to give and take what cannot travel", async () => {
    const model = new RemoteModel([{ kind: "triple", config: { inputShape: [1] } }], { engine });
    await expect(model.method("uncloneable")).rejects.toThrow(ArgumentError);
    await expect(model.method("uncloneable")).rejects.toThrow("method: what a worker gives must be plain data");
    await expect(model.method("names", () => 0)).rejects.toThrow("method: what goes to a worker must be plain data");
    await expect(model.method("names", tensor([1]))).rejects.toThrow("send its data()");
    expect(await model.method("names", "")).toEqual(["triple"]);
  });

  it("tries again by itself with threads, where there were none", async () => {
    const model = new RemoteModel([{ kind: "dense", config: { units: 1, inputShape: [1] } }], { engine });
    expect((await engine.info()).reason).toBe("one thread was asked for, or the machine has one core");
    await model.method("allowThreads", false);
    await engine.configure({ threads: 2 });
    const refusal = "threads could not be made: this runtime has no threads that share memory";
    expect(await engine.info()).toMatchObject({ threads: 1, reason: refusal });
    await model.method("allowThreads", true);
    await vi.waitFor(async () => expect((await engine.info()).threads).toBe(2), { timeout: 10_000 });
    expect((await engine.info()).reason).toBeUndefined();
    expect((await model.predict(x)).shape).toEqual([4, 1]);
  });

  it("is for workers only", () => {
    expect(() => serve()).toThrow(StateError);
  });
});
