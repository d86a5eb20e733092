// Models with steps of their own: a GAN, a VAE, distillation and adversarial training, each of which learns, and replays to
// the bit what it computes eagerly.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  add,
  BackupAndRestore,
  type CompileOptions,
  concat,
  exp,
  grad,
  layers,
  losses,
  Model,
  mean,
  mul,
  noGrad,
  ones,
  optimizers,
  randomNormal,
  Sequential,
  type StepBatch,
  type StepFigures,
  scope,
  seed,
  sign,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../ts/index.ts";

const silent = { verbose: 0, seed: 3 } as const;
const bits = (model: Model): string =>
  model.weights.map((x) => [...new Uint32Array(x.data().buffer)].join()).join("; ");

/** Points on two arcs, and which arc each is on. */
function arcs(count: number): { x: number[][]; y: number[] } {
  const at = (i: number, k: number): number => ((Math.sin(i * 12.9898 + k * 78.233) * 43758.5453) % 1) * 0.15;
  const y = Array.from({ length: count }, (_, i) => i % 2);
  const x = y.map((arc, i) => {
    const t = (Math.PI * i) / count;
    return arc === 0
      ? [Math.cos(t) + at(i, 1), Math.sin(t) + at(i, 2)]
      : [1 - Math.cos(t) + at(i, 1), 0.4 - Math.sin(t) + at(i, 2)];
  });
  return { x, y };
}

/** What `run` gives for a captured model and for one that runs eagerly. */
async function both<T>(run: (options: CompileOptions) => Promise<T>): Promise<[T, T]> {
  const results: T[] = [];
  for (const runEagerly of [false, true]) {
    seed(7);
    results.push(await run({ runEagerly }));
  }
  return results as [T, T];
}

class GAN extends Model {
  readonly generator = new Sequential([
    layers.dense({ units: 16, activation: "relu", inputShape: [2] }),
    layers.dense({ units: 2 }),
  ]);
  readonly discriminator = new Sequential([
    layers.dense({ units: 24, activation: "leakyRelu", inputShape: [2] }),
    layers.dense({ units: 1 }),
  ]);
  readonly discriminatorOptimizer = new optimizers.Adam({ learningRate: 0.02, beta1: 0.5 });

  override trainStep({ x }: StepBatch): StepFigures {
    const judge = (points: Tensor, isReal: boolean): Tensor => {
      const logits = this.discriminator.apply(points, { training: true });
      const truth = isReal ? ones(logits.shape) : zeros(logits.shape);
      return losses.binaryCrossentropy(truth, logits, { fromLogits: true });
    };
    const noise = randomNormal([x.shape[0], 2]);
    const fake = noGrad(() => this.generator.apply(noise, { training: true }));
    const discriminatorLoss = this.discriminatorOptimizer.minimize(this.discriminator, () =>
      add(judge(x, true), judge(fake, false)),
    );
    const generatorLoss = this.optimizer.minimize(this.generator, () =>
      judge(this.generator.apply(noise, { training: true }), true),
    );
    return { generatorLoss, discriminatorLoss };
  }
}

class VAE extends Model {
  readonly encoder = new Sequential([
    layers.dense({ units: 16, activation: "tanh", inputShape: [2] }),
    layers.dense({ units: 2 }),
  ]);
  readonly decoder = new Sequential([
    layers.dense({ units: 16, activation: "tanh", inputShape: [1] }),
    layers.dense({ units: 2 }),
  ]);
  /** How much the divergence counts: from 0 on a little more in each step. */
  readonly beta = variable(tensor(0), { name: "beta", trainable: false });

  override trainStep({ x }: StepBatch): StepFigures {
    const [loss, reconstruction, divergence] = this.optimizer.minimize(this, () => {
      const code = this.encoder.apply(x, { training: true });
      const [center, logVariance] = [code.slice([0, 0], [-1, 1]), code.slice([0, 1], [-1, 1])];
      const z = add(center, mul(exp(mul(logVariance, 0.5)), randomNormal(center.shape)));
      const ways = sum(square(sub(this.decoder.apply(z, { training: true }), x)), -1);
      const divergence = mul(sub(add(square(center), exp(logVariance)), add(logVariance, 1)), 0.5);
      const [reconstruction, spread] = [mean(ways), mean(divergence)];
      return [add(reconstruction, mul(spread, this.beta)), reconstruction, spread] as const;
    });
    this.beta.assign(add(this.beta, 0.0005) as Tensor);
    return { loss, reconstruction, divergence };
  }
}

class Distiller extends Sequential {
  teacher: Model | undefined;

  override trainStep({ x }: StepBatch): StepFigures {
    const soft = noGrad(() => softmax(mul((this.teacher as Model).apply(x), 0.5)));
    const loss = this.optimizer.minimize(this, () => {
      const yPred = this.apply(x, { training: true });
      return losses.categoricalCrossentropy(soft, mul(yPred, 0.5) as Tensor, { fromLogits: true });
    });
    return { loss };
  }
}

class Robust extends Sequential {
  static readonly reach = 0.2;

  override trainStep({ x, y }: StepBatch): StepFigures {
    const towards = grad((input: Tensor) => this.computeLoss({ y, yPred: this.apply(input) }))(x);
    const attacked = add(x, mul(sign(towards), Robust.reach)) as Tensor;
    const [inputs, targets] = [concat([x, attacked], 0), concat([y, y], 0)];
    const [loss, yPred] = this.optimizer.minimize(this, () => {
      const yPred = this.apply(inputs, { training: true });
      return [this.computeLoss({ y: targets, yPred }), yPred] as const;
    });
    this.updateMetrics({ y: targets, yPred });
    return { loss };
  }
}

describe("steps of one's own", () => {
  const { x, y } = arcs(128);

  it("a GAN with two optimizers learns where the data are, without targets", async () => {
    const far = x.map(([a, b]) => [a + 2, b + 1]);
    const run = async (
      options: CompileOptions,
    ): Promise<{ bits: string; model: GAN; history: Record<string, number[]> }> => {
      const model = new GAN();
      model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01, beta1: 0.5 }), ...options });
      const { history } = await model.fit(far, undefined, {
        ...silent,
        epochs: 3,
        batchSize: 32,
      });
      return { bits: bits(model), model, history };
    };
    const [captured, eager] = await both(run);
    expect(captured.bits).toBe(eager.bits);
    expect(captured.history).toEqual(eager.history);
    expect(Object.keys(captured.history)).toEqual(["generatorLoss", "discriminatorLoss"]);
    const { model } = captured;
    const miss = (): number =>
      scope(() => {
        seed(11);
        const center = mean(model.generator.apply(randomNormal([256, 2])), 0).array() as number[];
        return Math.hypot(center[0] - 2.5, center[1] - 1.2);
      });
    const before = miss();
    await model.fit(far, undefined, { ...silent, epochs: 60, initialEpoch: 3, batchSize: 32 });
    expect(miss()).toBeLessThan(before / 2);
    model.dispose();
  });

  it("a GAN goes on after an interruption with the same bits, both optimizers and its figures too", async () => {
    const backupDir = mkdtempSync(join(tmpdir(), "heddle-gan-"));
    const make = (): GAN => {
      seed(7);
      const model = new GAN();
      model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01 }) });
      return model;
    };
    const options = { ...silent, epochs: 4, batchSize: 16 };
    const whole = make();
    const { history } = await whole.fit(x, undefined, options);
    let batches = 0;
    const cut = {
      onBatchEnd: () => {
        if (++batches === 19) throw new Error("cut");
      },
    };
    const backup = (): BackupAndRestore => new BackupAndRestore({ backupDir, saveFreq: 3 });
    await expect(make().fit(x, undefined, { ...options, callbacks: [cut, backup()] })).rejects.toThrow("cut");
    const model = make();
    const { history: rest } = await model.fit(x, undefined, { ...options, callbacks: [backup()] });
    expect(rest.generatorLoss).toEqual(history.generatorLoss.slice(2));
    expect(bits(model)).toBe(bits(whole));
    rmSync(backupDir, { recursive: true });
  });

  it("read batches as they come", async () => {
    const model = new GAN();
    model.compile({ optimizer: "adam" });
    function* batches(): Generator<readonly [number[][]]> {
      for (let i = 0; i < x.length; i += 32) yield [x.slice(i, i + 32)];
    }
    const { history } = await model.fit(() => batches(), { ...silent, epochs: 2 });
    expect(Object.keys(history)).toEqual(["generatorLoss", "discriminatorLoss"]);
    expect(history.generatorLoss.every(Number.isFinite)).toBe(true);
  });

  it("a VAE with an annealed weight reconstructs better than the mean does", async () => {
    const [captured, eager] = await both(async (options) => {
      const model = new VAE();
      model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.02 }), ...options });
      const { history } = await model.fit(x, undefined, { ...silent, epochs: 3 });
      return { bits: bits(model), model, history };
    });
    expect(captured.bits).toBe(eager.bits);
    const { model } = captured;
    expect(model.beta.item()).toBeCloseTo(3 * 4 * 0.0005, 6);
    const { history } = await model.fit(x, undefined, { ...silent, epochs: 60 });
    const variance = [0, 1].reduce((all, k) => {
      const center = x.reduce((total, point) => total + point[k], 0) / x.length;
      return all + x.reduce((total, point) => total + (point[k] - center) ** 2, 0) / x.length;
    }, 0);
    expect(history.reconstruction.at(-1)).toBeLessThan(variance / 2);
    expect(history.divergence.at(-1)).toBeGreaterThan(0.1);
    expect(model.beta.item()).toBeGreaterThan(0.1);
  });

  it("distillation teaches what only the teacher has seen", async () => {
    const dense = (): layers.Dense[] => [
      layers.dense({ units: 16, activation: "tanh", inputShape: [2] }),
      layers.dense({ units: 2 }),
    ];
    seed(1);
    const teacher = new Sequential(dense());
    teacher.compile({
      optimizer: new optimizers.Adam({ learningRate: 0.03 }),
      loss: losses.sparseCategoricalCrossentropy.with({ fromLogits: true }),
      metrics: ["accuracy"],
    });
    await teacher.fit(x, y, { ...silent, epochs: 40 });
    const before = bits(teacher);
    const [captured, eager] = await both(async (options) => {
      const student = new Distiller(dense());
      student.teacher = teacher;
      student.compile({
        optimizer: new optimizers.Adam({ learningRate: 0.03 }),
        loss: losses.sparseCategoricalCrossentropy.with({ fromLogits: true }),
        metrics: ["accuracy"],
        ...options,
      });
      const untaught = (await student.evaluate(x, y)).accuracy;
      await student.fit(x, undefined, { ...silent, epochs: 30 });
      return { bits: bits(student), untaught, taught: await student.evaluate(x, y) };
    });
    expect(captured).toEqual(eager);
    expect(bits(teacher)).toBe(before);
    expect(captured.untaught).toBeLessThan(0.8);
    expect(captured.taught.accuracy).toBeGreaterThan(0.93);
  });

  it("adversarial training withstands the attack that it was trained with", async () => {
    const underAttack = async (model: Robust): Promise<number> => {
      const points = tensor(x);
      const labels = tensor(y, { dtype: "i32" }).reshape([y.length, 1]);
      const attacked = scope(() => {
        const away = grad((input: Tensor) => model.computeLoss({ y: labels, yPred: model.apply(input) }))(points);
        return add(points, mul(sign(away), Robust.reach)) as Tensor;
      });
      return (await model.evaluate(attacked, y)).accuracy;
    };
    const make = (step: boolean, options: CompileOptions): Robust => {
      const model = new Robust([
        layers.dense({ units: 32, activation: "tanh", inputShape: [2] }),
        layers.dense({ units: 2 }),
      ]);
      if (!step) model.trainStep = Model.prototype.trainStep as never;
      model.compile({
        optimizer: new optimizers.Adam({ learningRate: 0.03 }),
        loss: losses.sparseCategoricalCrossentropy.with({ fromLogits: true }),
        metrics: ["accuracy"],
        ...options,
      });
      return model;
    };
    const [captured, eager] = await both(async (options) => {
      const model = make(true, options);
      const { history } = await model.fit(x, y, { ...silent, epochs: 40, validationData: [x, y] });
      return { bits: bits(model), history, withstands: await underAttack(model) };
    });
    expect(captured).toEqual(eager);
    expect(Object.keys(captured.history).sort()).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
    seed(7);
    const plain = make(false, {});
    await plain.fit(x, y, { ...silent, epochs: 40 });
    expect(captured.withstands).toBeGreaterThan((await underAttack(plain)) + 0.03);
    expect(captured.history.accuracy.at(-1)).toBeGreaterThan(0.8);
  });
});
