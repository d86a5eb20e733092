// What steps of one's own return becomes the logs; what they must not return, and when they are recorded anew.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  abs,
  type CallContext,
  CSVLogger,
  cast,
  DtypeError,
  EarlyStopping,
  Layer,
  type LossParts,
  layers,
  losses,
  Model,
  ModelCheckpoint,
  mean,
  mul,
  optimizers,
  ReduceLROnPlateau,
  randomUniform,
  Sequential,
  ShapeError,
  StateError,
  type StepBatch,
  type StepFigures,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../ts/index.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-steps-"));
afterAll(() => rmSync(folder, { recursive: true }));

const silent = { verbose: 0, shuffle: false } as const;
const x = Array.from({ length: 10 }, (_, i) => [i / 10, 1 - i / 10]);
const y = x.map(([a]) => [2 * a]);
const dense = (): layers.Dense => layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" });

/** A model whose training step returns what `figures` makes of a batch. */
function returning(figures: (batch: StepBatch) => unknown): Sequential {
  class Own extends Sequential {
    override trainStep(batch: StepBatch): StepFigures {
      return figures(batch) as StepFigures;
    }
  }
  const model = new Own([dense()], { name: "own" });
  model.compile();
  return model;
}

describe("figures that steps return", () => {
  it("are averaged over examples, and seen by callbacks under their names", async () => {
    const model = returning(({ x }) => ({ first: sum(x.slice([0, 0], [1, 1])), negative: mul(mean(x), -1) }));
    const path = join(folder, "log.csv");
    const { history } = await model.fit(x, undefined, {
      ...silent,
      batchSize: 4,
      epochs: 8,
      callbacks: [
        new CSVLogger({ filename: path }),
        new EarlyStopping({ monitor: "first", mode: "min", patience: 2 }),
        new ReduceLROnPlateau({ monitor: "negative", mode: "min", patience: 1 }),
        new ModelCheckpoint({
          filepath: join(folder, "{epoch}-{first:.2f}"),
          monitor: "first",
          mode: "min",
          saveWeightsOnly: true,
        }),
      ],
    });
    // Of batches of 4, 4 and 2.
    const first = Math.fround(0.4) * 4 + Math.fround(0.8) * 2;
    expect(history.first[0]).toBe(first / 10);
    expect(history.negative[0]).toBeCloseTo(-0.5, 6);
    expect(history.first.length).toBe(3);
    expect(history.learningRate.at(-1)).toBeLessThan(history.learningRate[0]);
    expect(readFileSync(path, "utf8").split("\n")[0]).toBe("epoch,first,negative");
    expect(readFileSync(join(folder, "1-0.32")).length).toBeGreaterThan(0);
    expect(model.trainOnBatch(x)).toEqual({ first: 0, negative: expect.closeTo(-0.5, 6) });
    await expect(
      model.fit(x, undefined, { ...silent, callbacks: [new EarlyStopping({ monitor: "first" })] }),
    ).rejects.toThrow("mode must be min or max for first");
  });

  it.each<[string, (batch: StepBatch) => unknown, abstract new (...args: never) => Error, string]>([
    ["nothing", () => undefined, ArgumentError, "own: trainStep: it must return a record of scalars, got undefined"],
    ["a tensor", ({ x }) => mean(x), ArgumentError, "must return a record of scalars"],
    ["a list", ({ x }) => [mean(x)], ArgumentError, "must return a record of scalars"],
    ["a number", () => ({ loss: 3 }), ArgumentError, "figures must be tensors, got 3 for loss"],
    [
      "a promise",
      async ({ x }) => ({ loss: mean(x) }),
      ArgumentError,
      "must be synchronous, got one that returns a promise",
    ],
    ["more than one number", ({ x }) => ({ loss: x }), ShapeError, "got shape [10, 2] for loss; reduce it with mean"],
    ["integers", ({ x }) => ({ sum: cast(sum(x), "i32") }), DtypeError, "the figure sum"],
    ["a name of validation", ({ x }) => ({ val_loss: mean(x) }), ArgumentError, "names that nobody else's have"],
    ["a name of callbacks", ({ x }) => ({ learningRate: mean(x) }), ArgumentError, "got learningRate"],
  ])("must not be %s", async (_, figures, kind, message) => {
    for (const runEagerly of [false, true]) {
      const model = returning(figures);
      model.compile({ runEagerly });
      const error = await model.fit(x, undefined, silent).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toContain(message);
    }
  });

  it("must not have the names of metrics", async () => {
    const model = returning(({ x }) => ({ mae: mean(x) }));
    model.compile({ loss: "mse", metrics: ["mae"] });
    await expect(model.fit(x, y, silent)).rejects.toThrow("names that nobody else's have, got mae");
  });
});

describe("steps of one's own", () => {
  it("may override the loss, the metrics, and what is predicted", async () => {
    class Own extends Sequential {
      override computeLoss({ y, yPred }: LossParts): Tensor {
        return mean(abs(sub(y as Tensor, yPred as Tensor)));
      }
      override predictStep({ x }: StepBatch): Tensor {
        return mul(this.apply(x), 10) as Tensor;
      }
    }
    const model = new Own([dense()]);
    model.compile({ optimizer: new optimizers.SGD({ learningRate: 0 }), loss: "mse", metrics: ["mae"] });
    const { history } = await model.fit(x, y, silent);
    expect(history.loss[0]).toBeCloseTo(history.mae[0], 6);
    expect([...(await model.predict([[1, 2]])).data()]).toEqual([30]);
    expect(model.metrics.map(({ name }) => name)).toEqual(["mae"]);
    expect(model.optimizer).toBe(model.compilation.optimizer);
    class Wrong extends Sequential {
      override predictStep(): Tensor {
        return 3 as never;
      }
    }
    await expect(new Wrong([dense()], { name: "wrong" }).predict([[1, 2]])).rejects.toThrow("wrong: predictStep");
  });

  it("get what layers add to the loss, as often as they are called, and in computeLoss once", async () => {
    class Adding extends Layer {
      call(x: Tensor, { addLoss }: CallContext): Tensor {
        addLoss(mean(square(x)), "squares");
        return x;
      }
    }
    class Own extends Sequential {
      override trainStep({ x }: StepBatch): StepFigures {
        const [loss, rest] = this.optimizer.minimize(this, () => {
          const yPred = this.apply(x, { training: true });
          return [this.computeLoss({ yPred }), this.computeLoss({ y: yPred, yPred })] as const;
        });
        return { loss, rest };
      }
    }
    const make = (): Own => {
      const model = new Own([dense(), new Adding("adding")]);
      model.compile({ optimizer: "sgd", metrics: [] });
      return model;
    };
    const model = make();
    await expect(model.fit(x, undefined, silent)).rejects.toThrow("must have a loss, or layers that call addLoss");
    class Regular extends Own {
      override trainStep({ x }: StepBatch): StepFigures {
        const yPred = (): Tensor => this.apply(x, { training: true });
        return { loss: this.optimizer.minimize(this, () => this.computeLoss({ yPred: yPred() })) };
      }
    }
    const regular = new Regular([dense(), new Adding("adding")]);
    regular.compile({ optimizer: new optimizers.SGD({ learningRate: 0 }) });
    const { history } = await regular.fit(x, undefined, silent);
    expect(history.loss).toEqual(history.squares);
    expect(history.loss[0]).toBeCloseTo(1, 6);
    // Outside a step nobody takes them.
    expect(() => regular.computeLoss({ yPred: regular.apply(tensor(x)) })).toThrow("must have a loss");
  });

  it("say what targets are missing, and take what they are given", async () => {
    const model = returning(({ y }) => ({ targets: mean(y) }));
    expect(model.trainOnBatch(x, y)).toEqual({ targets: expect.closeTo(0.9, 6) });
    expect(model.trainOnBatch(x, y, { sampleWeight: x.map(() => 2) })).toEqual({ targets: expect.closeTo(0.9, 6) });
    class Judged extends Sequential {
      override trainStep({ x }: StepBatch): StepFigures {
        return { loss: this.computeLoss({ yPred: this.apply(x) }) };
      }
    }
    const judged = new Judged([dense()]);
    judged.compile({ loss: "mse" });
    expect(() => judged.trainOnBatch(x)).toThrow("computeLoss: y must be given for each of the outputs");
    expect(() => new Sequential([dense()]).compile({ loss: "mse" })).not.toThrow();
  });

  it("are recorded anew where an optimizer or the step is another", async () => {
    class Own extends Sequential {
      second = new optimizers.SGD({ learningRate: 0 });
      override trainStep({ x }: StepBatch): StepFigures {
        return { loss: this.second.minimize(this, () => mean(square(this.apply(x)))) };
      }
    }
    const model = new Own([dense()]);
    model.compile();
    const weights = (): string => model.weights.map((x) => x.data().join()).join();
    const begin = weights();
    await model.fit(x, undefined, silent);
    expect(weights()).toBe(begin);
    model.second = new optimizers.SGD({ learningRate: 0.1 });
    await model.fit(x, undefined, silent);
    expect(weights()).not.toBe(begin);
    model.trainStep = ({ x }) => ({ other: mean(x as Tensor) });
    const { history } = await model.fit(x, undefined, silent);
    expect(Object.keys(history)).toEqual(["other"]);
    model.weights[0].trainable = false;
    model.weights[1].trainable = false;
    model.trainStep = Own.prototype.trainStep as never;
    await expect(model.fit(x, undefined, silent)).rejects.toThrow(
      "minimize: there must be trainable weights, got none",
    );
  });

  it("draw random numbers that follow from the seed of fit", async () => {
    const drawn = async (runEagerly: boolean): Promise<number[]> => {
      const model = returning(() => ({ drawn: mean(randomUniform([8])) }));
      model.compile({ runEagerly });
      return (await model.fit(x, undefined, { ...silent, batchSize: 5, seed: 4, epochs: 2 })).history.drawn;
    };
    const first = await drawn(false);
    expect(first[0]).not.toBe(first[1]);
    expect([await drawn(false), await drawn(true)]).toEqual([first, first]);
  });

  it("forget a disposed model in optimizers of its own, which stay their owner's", async () => {
    const second = new optimizers.Adam();
    class Own extends Model {
      readonly inner = dense();
      readonly optimizers = { second };
      override trainStep({ x }: StepBatch): StepFigures {
        return { loss: this.optimizers.second.minimize(this.inner, () => mean(square(this.inner.apply(x)))) };
      }
    }
    const model = new Own();
    model.compile();
    await model.fit(x, undefined, silent);
    expect(Object.keys(second.state()).length).toBeGreaterThan(2);
    model.dispose();
    expect(Object.keys(second.state())).toEqual(["iterations", "learningRate"]);
    expect(() => model.optimizer).toThrow(StateError);
  });

  it("may take options of their own in compile", () => {
    class Own extends Sequential {
      wanted = losses.meanSquaredError;
      override compile(
        options: Parameters<Sequential["compile"]>[0] & { wanted?: typeof losses.meanAbsoluteError } = {},
      ): void {
        const { wanted = losses.meanAbsoluteError, ...rest } = options;
        this.wanted = wanted;
        super.compile(rest);
      }
      override trainStep({ x, y }: StepBatch): StepFigures {
        return { loss: this.wanted(y, this.apply(x)) };
      }
    }
    const model = new Own([dense()]);
    model.compile({ optimizer: "sgd" });
    const { loss } = model.trainOnBatch([[1, 1]], [[5]]);
    expect(loss).toBe(3);
    model.compile({ optimizer: "sgd", wanted: losses.meanSquaredError });
    expect(model.trainOnBatch([[1, 1]], [[5]]).loss).toBe(9);
  });
});
