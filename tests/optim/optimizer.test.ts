// What all optimizers share: captured steps, saved state, collections of variables, names and bad arguments.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { backward, valueAndGrad } from "../../ts/autograd/grad.ts";
import { mul } from "../../ts/ops/binary.ts";
import { sum } from "../../ts/ops/reduce.ts";
import { Adam, AdamW, getOptimizer, type OptimizerName, RMSprop, SGD } from "../../ts/optim/index.ts";
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
      "dense/kernel_1/momentum",
      "dense/kernel_1/velocity",
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
      'restore: the state must have "w/velocity" of f32 [5], got f32 [1]',
    );
    expect(Array.from(optimizer.state()["w/velocity"].data())).toEqual(before);
  });
});

describe("names and defaults", () => {
  it("are Keras's", () => {
    const made = (["sgd", "rmsprop", "adam", "adamw"] as const).map((name) => getOptimizer(name));
    expect(made.map((optimizer) => optimizer.constructor)).toEqual([SGD, RMSprop, Adam, AdamW]);
    expect(made.map((optimizer) => optimizer.learningRate)).toEqual([0.01, 0.001, 0.001, 0.001].map(Math.fround));
    const own = new SGD();
    expect(getOptimizer(own)).toBe(own);
    expect(() => getOptimizer("adamax" as OptimizerName)).toThrow(/one of sgd, rmsprop, adam, adamw, got "adamax"/);
  });
});

describe("bad arguments", () => {
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
    ["a gradient of another shape", () => new SGD().step([x], [tensor([1])]), ShapeError],
    ["no gradient for a variable", () => new SGD().step({ x }, { y: five }), ShapeError],
    ["more gradients than variables", () => new SGD().step([x], [five, five]), ArgumentError],
    ["a plain tensor", () => new SGD().step([five as Variable], [five]), ArgumentError],
  ])("%s", (_name, f, type) => {
    expect(f).toThrow(type);
  });
});
