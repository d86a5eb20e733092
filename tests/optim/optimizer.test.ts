// What all optimizers share: captured steps, saved state, collections of variables, names and bad arguments.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { backward, valueAndGrad } from "../../ts/autograd/grad.ts";
import * as constraints from "../../ts/layers/constraints.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import {
  Adam,
  AdamW,
  getOptimizer,
  LossScaleOptimizer,
  type Optimizer,
  type OptimizerName,
  RMSprop,
  SGD,
} from "../../ts/optim/index.ts";
import * as schedules from "../../ts/optim/schedules.ts";
import { memory } from "../../ts/runtime/engine.ts";
import { ArgumentError, FormatError, ShapeError, StateError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { Variable } from "../../ts/tensor/variable.ts";

const weights = (name = "w"): Variable => new Variable(tensor([1, -2, 3, 4, 5]), { name });

/** Half the squared norm: its gradient is the variable itself. */
const lossOf = (x: Tensor): Tensor => sum(mul(mul(x, x), tensor(new Float32Array(x.size).fill(0.5))));

describe("a step", () => {
  it("learns, with the gradients of valueAndGrad", () => {
    const x = weights();
    const optimizer = new Adam({ learningRate: 0.1 });
    const lossAndGradients = valueAndGrad((x: Tensor) => lossOf(x));
    const losses = Array.from({ length: 200 }, () => {
      const [loss, gradient] = lossAndGradients(x);
      optimizer.step([x], [gradient]);
      return loss.item();
    });
    expect(losses[0]).toBeCloseTo(27.5);
    expect(losses.at(-1)).toBeLessThan(1e-2);
  });

  it("takes the gradients that backward left, then forgets them", () => {
    const [x, unused] = [weights(), weights()];
    const optimizer = new SGD({ learningRate: 0.5 });
    backward(lossOf(x));
    backward(lossOf(x));
    optimizer.step([x, unused]);
    expect([...x.data()]).toEqual([0, 0, 0, 0, 0]);
    expect(x.grad).toBeUndefined();
    expect([...unused.data()]).toEqual([1, -2, 3, 4, 5]);
    expect(() => optimizer.step([x])).toThrow(StateError);
  });

  it("takes records as well as lists", () => {
    const record = { kernel: weights(), bias: new Variable(tensor([1, 1])) };
    new SGD({ learningRate: 1 }).step(record, { bias: tensor([1, 2]), kernel: tensor([1, 1, 1, 1, 1]) });
    expect([...record.kernel.data()]).toEqual([0, -3, 2, 3, 4]);
    expect([...record.bias.data()]).toEqual([0, -1]);
  });

  it("decays only the variables it is told to", () => {
    const [kernel, bias] = [weights("kernel"), weights("bias")];
    const zero = tensor([0, 0, 0, 0, 0]);
    new SGD({ learningRate: 0.1, weightDecay: 5, decays: ({ name }) => name !== "bias" }).step(
      [kernel, bias],
      [zero, zero],
    );
    expect([...kernel.data()]).toEqual([0.5, -1, 1.5, 2, 2.5]);
    expect([...bias.data()]).toEqual([1, -2, 3, 4, 5]);
  });

  it("leaves nothing behind in memory", () => {
    const x = weights();
    const optimizer = new Adam({ globalClipNorm: 1 });
    const step = (): void => scope(() => optimizer.step([x], [tensor([1, 2, 3, 4, 5])]));
    step();
    const before = memory.report().buffers;
    for (let i = 0; i < 50; i++) step();
    expect(memory.report().buffers).toBe(before);
  });
});

describe("captured steps", () => {
  const optimizers = {
    sgd: () => new SGD({ momentum: 0.9, nesterov: true }),
    rmsprop: () => new RMSprop({ momentum: 0.9, centered: true, clipValue: 1 }),
    adam: () => new Adam({ globalClipNorm: 2 }),
    adamw: () => new AdamW({ clipNorm: 2 }),
  };

  it.each(Object.entries(optimizers))("%s replays as it runs eagerly, its learning rate changing", (_name, make) => {
    const run = (captured: boolean): [number[], number] => {
      const x = weights();
      const optimizer = make();
      const both = valueAndGrad((x: Tensor) => lossOf(x));
      const step = (): Tensor => {
        const [loss, gradient] = both(x);
        optimizer.step([x], [gradient]);
        return loss;
      };
      const stepper = captured ? capture(step) : step;
      for (let t = 0; t < 12; t++) {
        if (t > 5) optimizer.learningRate = 0.5 / t;
        stepper();
      }
      return [Array.from(x.data()), optimizer.iterations.item()];
    };
    const [eager, steps] = run(false);
    expect(run(true)).toEqual([eager, steps]);
    expect(steps).toBe(12);
  });

  it("cannot set the learning rate themselves", () => {
    const optimizer = new SGD();
    const step = capture(() => {
      optimizer.learningRate = 1;
    });
    expect(step).toThrow(StateError);
  });
});

describe("state", () => {
  const gradient = (): Tensor => tensor([1, 2, -3, 4, 5]);

  it("is saved by name and continues where it was", () => {
    const [a, b] = [weights("dense/kernel"), weights("dense/kernel")];
    const first = new Adam({ learningRate: 0.25 });
    for (let i = 0; i < 3; i++) first.step([a, b], [gradient(), gradient()]);
    const saved = Object.fromEntries(
      Object.entries(first.state()).map(([name, x]) => [
        name,
        tensor<"f32">(x.data(), { shape: x.shape, dtype: x.dtype as "f32" }),
      ]),
    );
    expect(Object.keys(saved)).toEqual([
      "iterations",
      "learningRate",
      "dense/kernel/momentum",
      "dense/kernel/velocity",
      "dense/kernel/updates",
      "dense/kernel_1/momentum",
      "dense/kernel_1/velocity",
      "dense/kernel_1/updates",
    ]);
    const [c, d] = [a, b].map((x) => new Variable(x, { name: x.name }));
    const second = new Adam();
    second.restore(saved, [c, d]);
    expect(second.learningRate).toBe(0.25);
    for (const [optimizer, x, y] of [
      [first, a, b],
      [second, c, d],
    ] as const)
      optimizer.step([x, y], [gradient(), gradient()]);
    expect(c.data()).toEqual(a.data());
    expect(d.data()).toEqual(b.data());
    expect(second.iterations.item()).toBe(4);
  });

  it("is refused whole when something is missing or of another shape", () => {
    const x = weights();
    const optimizer = new SGD({ momentum: 0.5 });
    optimizer.step([x], [gradient()]);
    const before = Array.from(optimizer.state()["w/velocity"].data());
    const { iterations, learningRate } = optimizer.state();
    expect(() => optimizer.restore({ iterations, learningRate }, [x])).toThrow(FormatError);
    expect(() => optimizer.restore({ iterations, learningRate, "w/velocity": tensor([1]) }, [x])).toThrow(
      "restore: w/velocity must be f32 [5], got f32 [1]",
    );
    expect(Array.from(optimizer.state()["w/velocity"].data())).toEqual(before);
  });
});

describe("names and defaults", () => {
  it("are Keras's", () => {
    const names = "sgd rmsprop adagrad adadelta adam adamw adamax nadam lion lamb adafactor ftrl muon".split(" ");
    const made = names.map((name) => getOptimizer(name as OptimizerName));
    expect(made.map((optimizer) => optimizer.constructor.name.toLowerCase())).toEqual(names);
    expect(made.map((optimizer) => optimizer.learningRate)).toEqual(
      names.map((name) => Math.fround(name === "sgd" ? 0.01 : 0.001)),
    );
    const own = new SGD();
    expect(getOptimizer(own)).toBe(own);
    expect(() => getOptimizer("adamaxx" as OptimizerName)).toThrow(/one of adafactor, .*sgd, got "adamaxx"/);
  });
});

describe("groups", () => {
  const one = tensor([1, 1, 1, 1, 1]);
  const step = (optimizer: Optimizer, list: Variable[]): void =>
    optimizer.step(
      list,
      list.map(() => one),
    );

  it("have learning rates, multiples of the common one and weight decays of their own", () => {
    const [a, b, c] = [new Variable(one, { name: "a" }), new Variable(one, { name: "b" }), new Variable(one)];
    const groups = [
      { variables: [a], learningRate: 0.5 },
      { variables: (x: Variable) => x.name === "b", learningRateMultiplier: 2, weightDecay: 1 },
    ];
    const optimizer = new SGD({ learningRate: 0.125, groups });
    const captured = capture(() => step(optimizer, [a, b, c]));
    captured();
    expect([a, b, c].map((x) => x.data()[0])).toEqual([0.5, 1 - 0.25 - 0.25, 0.875]);
    optimizer.learningRate = 0.25;
    optimizer.setGroupLearningRate(0, 0.25);
    captured();
    expect([a, b, c].map((x) => x.data()[0])).toEqual([0.25, 0.5 - 0.25 - 0.5, 0.625]);
    expect(optimizer.groupLearningRates).toEqual([0.25, 0.5]);
    expect(() => optimizer.setGroupLearningRate(1, 1)).toThrow(ArgumentError);
    expect(() => optimizer.setGroupLearningRate(2, 1)).toThrow("a group must be from 0 to 1, got 2");
    expect(Object.keys(optimizer.state())).toEqual(["iterations", "learningRate", "learningRate_1", "learningRate_2"]);
  });

  it("may follow schedules", () => {
    const [a, b] = [new Variable(one), new Variable(one)];
    const halved = schedules.exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 });
    const optimizer = new SGD({ learningRate: 1, groups: [{ variables: [a], learningRate: halved }] });
    const captured = capture(() => step(optimizer, [a, b]));
    for (let i = 0; i < 3; i++) captured();
    expect([a, b].map((x) => x.data()[0])).toEqual([1 - 0.5 - 0.25 - 0.125, -2]);
  });
});

describe("schedules", () => {
  it("set the rate of each step, also captured, and nothing else may", () => {
    const x = new Variable(tensor([0]));
    const optimizer = new SGD({
      learningRate: schedules.piecewiseConstantDecay({ boundaries: [1, 3], values: [1, 10, 100] }),
    });
    const captured = capture(() => optimizer.step([x], [tensor([-1])]));
    const seen = Array.from({ length: 6 }, () => {
      captured();
      return x.item();
    });
    expect(seen).toEqual([1, 2, 12, 22, 122, 222]);
    expect(optimizer.learningRate).toBe(100);
    expect(() => {
      optimizer.learningRate = 1;
    }).toThrow(StateError);
  });

  it("count updates while gradients are accumulated", () => {
    const x = new Variable(tensor([0]));
    const learningRate = schedules.piecewiseConstantDecay({ boundaries: [0], values: [1, 10] });
    const optimizer = new SGD({ learningRate, gradientAccumulationSteps: 2 });
    const captured = capture((g: Tensor) => optimizer.step([x], [g]));
    const seen = [-1, -3, -5, -7].map((g) => {
      captured(tensor([g]));
      return [x.item(), optimizer.iterations.item()];
    });
    expect(seen).toEqual([
      [0, 0],
      [2, 1],
      [2, 1],
      [62, 2],
    ]);
  });
});

describe("weight decay", () => {
  it("leaves out variables and parts of names", () => {
    const all = ["dense/kernel", "dense/bias", "norm/gamma"].map((name) => new Variable(tensor([1]), { name }));
    const optimizer = new SGD({ learningRate: 0.5, weightDecay: 1 });
    optimizer.excludeFromWeightDecay({ names: ["bias"], variables: [all[2]] });
    optimizer.step(
      all,
      all.map(() => tensor([0])),
    );
    expect(all.map((x) => x.item())).toEqual([0.5, 1, 1]);
    expect(() => optimizer.excludeFromWeightDecay({ names: ["kernel"] })).toThrow(StateError);
  });
});

describe("constraints", () => {
  it("hold after each update, also captured", () => {
    const x = new Variable(tensor([3, -1, 0.5]));
    x.constraint = constraints.nonNeg();
    const optimizer = new SGD({ learningRate: 1 });
    const captured = capture((g: Tensor) => optimizer.step([x], [g]));
    captured(tensor([1, 0, 1]));
    expect([...x.data()]).toEqual([2, 0, 0]);
    captured(tensor([3, -2, 0]));
    expect([...x.data()]).toEqual([0, 2, 0]);
  });
});

describe("averages of weights", () => {
  it("can be exchanged with the weights", () => {
    const x = new Variable(tensor([8]));
    const optimizer = new SGD({ learningRate: 1, useEma: true, emaMomentum: 0.5 });
    optimizer.swapAverages([x]);
    expect(x.item()).toBe(8);
    for (let i = 0; i < 2; i++) optimizer.step([x], [tensor([2])]);
    expect(x.item()).toBe(4);
    optimizer.swapAverages([x]);
    expect(x.item()).toBe(5);
    optimizer.swapAverages([x]);
    expect(x.item()).toBe(4);
    expect(optimizer.averagesInPlace).toBe(false);
    optimizer.finalizeVariableValues([x]);
    expect(x.item()).toBe(5);
  });

  it("stay in place at the end if they are there", () => {
    const x = new Variable(tensor([8]));
    const optimizer = new SGD({ learningRate: 1, useEma: true, emaMomentum: 0.5 });
    for (let i = 0; i < 2; i++) optimizer.step([x], [tensor([2])]);
    optimizer.swapAverages([x]);
    expect(optimizer.averagesInPlace).toBe(true);
    optimizer.finalizeVariableValues([x]);
    expect([x.item(), optimizer.averagesInPlace]).toEqual([5, false]);
    optimizer.finalizeVariableValues([x]);
    expect(x.item()).toBe(5);
  });
});

describe("loss scaling", () => {
  it("leaves out gradients that are not finite from those that are accumulated", () => {
    const x = new Variable(tensor([0]));
    const inner = new SGD({ learningRate: 1, gradientAccumulationSteps: 2 });
    const optimizer = new LossScaleOptimizer({ innerOptimizer: inner, initialScale: 4 });
    const captured = capture((g: Tensor) => optimizer.step([x], [g]));
    const seen = [4, Number.NaN, 6, Number.POSITIVE_INFINITY, 8, 10].map((g) => {
      captured(tensor([g]));
      return [x.item(), optimizer.dynamicScale.item()];
    });
    // Gradients 4/4, then 6/2 once the scale is halved; later 8/1 and 10/1.
    expect(seen).toEqual([
      [0, 4],
      [0, 2],
      [-2, 2],
      [-2, 1],
      [-2, 1],
      [-11, 1],
    ]);
    expect(optimizer.iterations.item()).toBe(2);
  });

  it("trains as without it, and saves what it has learnt", () => {
    const [plain, scaled] = [weights(), weights()];
    const [adam, optimizer] = [
      new Adam(),
      new LossScaleOptimizer({ innerOptimizer: new Adam(), dynamicGrowthSteps: 2 }),
    ];
    const gradients = valueAndGrad((x: Tensor) => lossOf(x));
    const scaledGradients = valueAndGrad((x: Tensor) => optimizer.scaleLoss(lossOf(x)));
    for (let i = 0; i < 3; i++) {
      adam.step([plain], [gradients(plain)[1]]);
      optimizer.step([scaled], [scaledGradients(scaled)[1]]);
    }
    expect(scaled.data()).toEqual(plain.data());
    expect(optimizer.dynamicScale.item()).toBe(2 ** 16);
    const other = new LossScaleOptimizer({ innerOptimizer: new Adam() });
    other.restore(optimizer.state(), [weights()]);
    expect(other.dynamicScale.item()).toBe(2 ** 16);
    expect(other.iterations.item()).toBe(3);
    expect(() => new LossScaleOptimizer({ innerOptimizer: optimizer })).toThrow(ArgumentError);
  });
});

describe("bad arguments", () => {
  const sgdWith = (options: object): SGD => new SGD({ groups: [{ variables: [], ...options }] });
  const x = weights();
  const five = tensor([1, 2, 3, 4, 5]);
  it.each<[string, () => unknown, new (message: string) => Error]>([
    ["a negative learning rate", () => new SGD({ learningRate: -1 }), ArgumentError],
    ["NaN", () => new Adam({ learningRate: Number.NaN }), ArgumentError],
    ["a beta of 1", () => new Adam({ beta1: 1 }), ArgumentError],
    ["a rho of 2", () => new RMSprop({ rho: 2 }), ArgumentError],
    ["a negative momentum", () => new SGD({ momentum: -0.1 }), ArgumentError],
    ["two ways of clipping", () => new SGD({ clipNorm: 1, clipValue: 1 }), ArgumentError],
    ["a clip norm of 0", () => new SGD({ clipNorm: 0 }), ArgumentError],
    ["a group with two rates", () => sgdWith({ learningRate: 1, learningRateMultiplier: 2 }), ArgumentError],
    ["half a step of accumulation", () => new SGD({ gradientAccumulationSteps: 1.5 }), ArgumentError],
    ["an average that keeps all", () => new SGD({ useEma: true, emaMomentum: 1 }), ArgumentError],
    ["a rate that is a word", () => new SGD({ learningRate: "fast" as unknown as number }), ArgumentError],
    ["a rate that is text", () => new SGD({ learningRate: "0.1" as unknown as number }), ArgumentError],
    [
      "descending boundaries",
      () => schedules.piecewiseConstantDecay({ boundaries: [3, 2], values: [1, 2, 3] }),
      ArgumentError,
    ],
    ["a decay in no steps", () => schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 0 }), ArgumentError],
    ["a gradient of another shape", () => new SGD().step([x], [tensor([1])]), ShapeError],
    ["no gradient for a variable", () => new SGD().step({ x }, { y: five }), ShapeError],
    ["more gradients than variables", () => new SGD().step([x], [five, five]), ArgumentError],
    ["a plain tensor", () => new SGD().step([five as Variable], [five]), ArgumentError],
  ])("%s", (_name, f, type) => {
    expect(f).toThrow(type);
  });
});

it("a step that is skipped applies no constraint either", () => {
  const v = new Variable(tensor([4]), { name: "v" });
  v.constraint = constraints.getConstraint({ name: "minMaxNorm", maxValue: 1, rate: 0.5 });
  const optimizer = new LossScaleOptimizer({ innerOptimizer: new SGD({ learningRate: 0.1 }), initialScale: 2 });
  optimizer.step([v], [tensor([Number.POSITIVE_INFINITY])]);
  expect(v.item()).toBe(4);
  optimizer.step([v], [tensor([0])]);
  expect(v.item()).toBeCloseTo(2.5, 5);
});
